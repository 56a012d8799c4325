//! The event loop that loads a server, on one thread: it reads echoes, and sends the next messages.
//!
//! A batch of echoes that arrive together costs one read, one write and one look at the clock; each
//! message costs a comparison of its header.

use std::time::Duration;

use mio::event::Event;
use mio::{Events, Poll, Token};

use super::echo_checker::Comparison;
use super::error::BenchError;
use super::events;
use super::load_connection::LoadConnection;
use super::load_phase::{LoadPhase, Measurement, WireBytes};
use super::pace::Pace;
use super::prepared_message::PreparedMessage;
use super::summary::messages_per_second;
use crate::options::bench::Amount;
use crate::progress_line::ProgressLine;
use crate::stop_signal::StopSignal;

/// How many events are fetched at once.
const EVENTS_LEN: usize = 1024;
/// The length of the one buffer that all connections read into.
const BUFFER_LEN: usize = 256 << 10;
/// The longest sleep, so that progress is shown and silence is noticed.
const SLEEP_MAX: Duration = Duration::from_millis(100);
/// How much longer a sleep may be than asked for, in nanoseconds. The wait for a message that is
/// due sooner is a busy one.
const OVERSLEEP_MAX: u64 = 1_100_000;

/// The connections to a server, and the load that they carry.
#[derive(Debug)]
pub(super) struct Generator {
    pub(super) poll: Poll,
    pub(super) stop: StopSignal,
    pub(super) connections: Vec<LoadConnection>,
    pub(super) message: PreparedMessage,
    /// How many messages each connection may have in flight.
    pub(super) in_flight_max: u64,
    /// How many messages are due per second, if there is a schedule.
    pub(super) rate: Option<f64>,
    /// How long the server may be silent while an echo is missing.
    pub(super) timeout: Duration,
}

impl Generator {
    /// Loads the server until every message that was sent is echoed.
    pub(super) fn run(
        &mut self,
        amount: Amount,
        comparison: Comparison,
        progress: &mut ProgressLine,
    ) -> Result<Measurement, BenchError> {
        let pace = Pace::new(self.rate, self.connections.len(), amount);
        for connection in &mut self.connections {
            connection.begin(comparison);
        }
        let mut run = Run {
            phase: LoadPhase::start(pace, amount, self.in_flight_max)?,
            message: &self.message,
            connections: &mut self.connections,
            buffer: vec![0; BUFFER_LEN],
            has_more: Vec::new(),
        };
        let mut events = Events::with_capacity(EVENTS_LEN);
        run.start(self.in_flight_max)?;
        let mut now = run.phase.now();
        while !run.phase.is_over() {
            let wait = run.next_wait(now);
            if wait == Wait::Busy {
                // The time since the last look was spent sending, not idle.
                now = run.phase.now();
            }
            events::wait(&mut self.poll, &mut events, wait.timeout())?;
            run.exchange_more()?;
            for event in &events {
                run.handle(event)?;
            }
            let before = std::mem::replace(&mut now, run.phase.now());
            if wait == Wait::Busy && events.is_empty() {
                run.phase.idle += now - before;
            }
            run.send_due(now)?;
            if run.phase.is_time_over(now) || self.stop.is_requested() {
                run.end(now);
            }
            run.phase.check_silence(now, self.timeout)?;
            progress.show(now, run.phase.echoed(), |echoed| {
                messages_per_second(echoed as f64)
            });
        }
        let wire_bytes = run.wire_bytes();
        Ok(run.phase.measurement(wire_bytes))
    }

    /// Sends a Close on each connection.
    pub(super) fn close(self) {
        self.connections.into_iter().for_each(LoadConnection::close);
    }
}

/// How to wait for the next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// Not at all: there is something to do.
    No,
    /// In a busy loop, because a message is due soon.
    Busy,
    /// Asleep, for this time at most.
    Asleep(Duration),
}

impl Wait {
    fn timeout(self) -> Duration {
        match self {
            Self::No | Self::Busy => Duration::ZERO,
            Self::Asleep(time) => time,
        }
    }
}

/// A phase in progress, and what it works on.
struct Run<'a> {
    phase: LoadPhase,
    message: &'a PreparedMessage,
    connections: &'a mut [LoadConnection],
    buffer: Vec<u8>,
    /// The connections that may have more to read: the poll does not report them again.
    has_more: Vec<usize>,
}

impl Run<'_> {
    /// Reads what arrived before, which the poll does not report again, and sends the first
    /// messages. In this order, an earlier message is not taken for an echo.
    fn start(&mut self, in_flight_max: u64) -> Result<(), BenchError> {
        for index in 0..self.connections.len() {
            self.exchange(index)?;
            if let Pace::Closed { .. } = self.phase.pace {
                // Starting the connections before this one is not part of its latency.
                self.send(index, in_flight_max, self.phase.now())?;
            }
        }
        self.send_due(self.phase.now())
    }

    fn handle(&mut self, event: &Event) -> Result<(), BenchError> {
        let Token(index) = event.token();
        // The waker of the signals has no connection.
        let Some(connection) = self.connections.get_mut(index) else {
            return Ok(());
        };
        if event.is_writable() {
            connection.unblock();
        }
        self.exchange(index)?;
        // The poll does not report the end of the stream again.
        if event.is_read_closed() {
            self.has_more.push(index);
        }
        Ok(())
    }

    fn exchange_more(&mut self) -> Result<(), BenchError> {
        let indices = std::mem::take(&mut self.has_more);
        indices
            .into_iter()
            .try_for_each(|index| self.exchange(index))
    }

    /// Reads once, so that each connection gets its turn, and sends the next messages.
    fn exchange(&mut self, index: usize) -> Result<(), BenchError> {
        let connection = &mut self.connections[index];
        let received = connection
            .receive(&mut self.buffer, self.message)
            .map_err(|error| error.on(index))?;
        if received.is_progress {
            let now = self.phase.now();
            self.phase.last_progress_at = now;
            if received.count > 0 {
                self.phase
                    .record_echoes(connection, index, received.count, now);
                let count = self.phase.take(connection, received.count, now);
                connection.send(count, self.message);
            }
        }
        if received.may_have_more {
            self.has_more.push(index);
        }
        let flushed = connection.flush(self.message);
        flushed.map_err(|error| error.on(index))
    }

    /// Sends the messages that are due by the schedule.
    fn send_due(&mut self, now: u64) -> Result<(), BenchError> {
        let Pace::Open(schedule) = &mut self.phase.pace else {
            return Ok(());
        };
        for (index, count) in schedule.take_due(now) {
            self.phase.expect(count, now);
            self.connections[index].waiting += count;
            self.send(index, 0, now)?;
        }
        Ok(())
    }

    /// Sends the messages that a connection may send now: up to `wanted`, or with a schedule those
    /// that are waiting.
    fn send(&mut self, index: usize, wanted: u64, now: u64) -> Result<(), BenchError> {
        let connection = &mut self.connections[index];
        let count = self.phase.take(connection, wanted, now);
        connection.send(count, self.message);
        let flushed = connection.flush(self.message);
        flushed.map_err(|error| error.on(index))
    }

    /// Ends the phase: only messages that were begun are still sent.
    fn end(&mut self, now: u64) {
        self.phase.end(now);
        if let Pace::Open(_) = self.phase.pace {
            let message = self.message;
            let connections = self.connections.iter_mut();
            let withdrawn = connections.map(|connection| connection.withdraw(message));
            self.phase.give_up(withdrawn.sum());
        }
    }

    /// The bytes of all messages that were sent, and of all that was received.
    fn wire_bytes(&self) -> WireBytes {
        let received = self
            .connections
            .iter()
            .map(|connection| connection.received);
        WireBytes {
            sent: self.phase.echoed() * self.message.frame_len,
            received: received.sum(),
        }
    }

    fn next_wait(&self, now: u64) -> Wait {
        if !self.has_more.is_empty() {
            return Wait::No;
        }
        let next = match &self.phase.pace {
            Pace::Closed { .. } => None,
            Pace::Open(schedule) => schedule.next_at(),
        };
        let Some(next) = next else {
            return Wait::Asleep(SLEEP_MAX);
        };
        match next.saturating_sub(now) {
            ..OVERSLEEP_MAX => Wait::Busy,
            time => Wait::Asleep(SLEEP_MAX.min(Duration::from_nanos(time - OVERSLEEP_MAX))),
        }
    }
}
