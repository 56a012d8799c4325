//! Opens all connections, a bounded number at a time.

use std::hash::RandomState;
use std::time::Duration;

use mio::{Events, Poll};

use super::error::{BenchError, ConnectionError};
use super::events;
use super::load_connection::LoadConnection;
use super::pending_connection::{Destination, PendingConnection, Slot};
use crate::stop_signal::StopSignal;

/// How many connections are opened at a time: few enough for the accept queue of any server.
const PENDING_MAX: usize = 256;
const BUFFER_LEN: usize = 16 << 10;
/// The longest wait for an event, so that a late connection is noticed.
const WAIT_MAX: Duration = Duration::from_millis(100);

/// Opens `count` connections and registers them with the poll, each under its index.
pub(super) fn open_all(
    poll: &mut Poll,
    stop: &StopSignal,
    destination: &Destination<'_>,
    count: usize,
) -> Result<Vec<LoadConnection>, BenchError> {
    let mut events = Events::with_capacity(PENDING_MAX);
    let mut connections = Connections {
        destination,
        random: RandomState::new(),
        slots: Vec::with_capacity(count),
        open_count: 0,
        oldest: 0,
        has_more: Vec::new(),
        buffer: vec![0; BUFFER_LEN],
    };
    while connections.open_count < count {
        connections.start_up_to(count, poll)?;
        events::wait(poll, &mut events, connections.wait_max())?;
        if stop.is_requested() {
            return Err(BenchError::Stopped);
        }
        let ready = events.iter().map(|event| event.token().0);
        let has_more = std::mem::take(&mut connections.has_more);
        for index in has_more.into_iter().chain(ready) {
            let advanced = connections.advance(index);
            advanced.map_err(|error| error.on(index))?;
        }
        connections.check_oldest()?;
    }
    Ok(connections.into_open())
}

/// The connections, each at its index.
struct Connections<'a> {
    destination: &'a Destination<'a>,
    random: RandomState,
    /// A slot is empty once its connection has failed, and the run with it.
    slots: Vec<Option<Slot<'a>>>,
    open_count: usize,
    /// No connection before this one is pending.
    oldest: usize,
    /// The connections that may have more to read: the poll does not report them again.
    has_more: Vec<usize>,
    buffer: Vec<u8>,
}

impl Connections<'_> {
    /// Starts connections until `count` exist, or as many are pending as may be.
    fn start_up_to(&mut self, count: usize, poll: &Poll) -> Result<(), BenchError> {
        while self.slots.len() < count.min(self.open_count + PENDING_MAX) {
            let index = self.slots.len();
            let pending = PendingConnection::start(poll, self.destination, &self.random, index)
                .map_err(|error| error.on(index))?;
            self.slots.push(Some(Slot::Pending(pending)));
        }
        Ok(())
    }

    /// How long to wait for an event. A connection that has more to read must not wait.
    fn wait_max(&self) -> Duration {
        if self.has_more.is_empty() {
            WAIT_MAX
        } else {
            Duration::ZERO
        }
    }

    /// Does what the socket of a pending connection is ready for. What an open connection has
    /// received is read when the load begins.
    fn advance(&mut self, index: usize) -> Result<(), ConnectionError> {
        // The waker of the signals has no slot.
        let Some(slot) = self.slots.get_mut(index) else {
            return Ok(());
        };
        let is_pending = |slot: &mut Slot<'_>| matches!(slot, Slot::Pending(_));
        let Some(Slot::Pending(pending)) = slot.take_if(is_pending) else {
            return Ok(());
        };
        let advanced = slot.insert(pending.advance(self.destination, &mut self.buffer)?);
        match advanced {
            Slot::Open(_) => self.open_count += 1,
            Slot::Pending(pending) if pending.has_more() && !self.has_more.contains(&index) => {
                self.has_more.push(index);
            }
            Slot::Pending(_) => {}
        }
        Ok(())
    }

    /// Fails if the connection that was started first is late. The others have more time left.
    fn check_oldest(&mut self) -> Result<(), BenchError> {
        while let Some(Some(Slot::Open(_))) = self.slots.get(self.oldest) {
            self.oldest += 1;
        }
        let Some(Some(Slot::Pending(pending))) = self.slots.get(self.oldest) else {
            return Ok(());
        };
        let in_time = pending.check_time(self.destination.timeout);
        in_time.map_err(|error| error.on(self.oldest))
    }

    fn into_open(self) -> Vec<LoadConnection> {
        let slots = self.slots.into_iter().flatten();
        slots.filter_map(Slot::into_connection).collect()
    }
}
