//! Waiting for the socket, and for the signal with which the user ends a replay early.

use std::io;
use std::process;
use std::sync::Arc;
use std::time::Instant;

use mio::{Events, Poll, Registry, Token, Waker};

use crate::client::error::ConnectError;
use crate::client::waiter::{Waiter, poll_until};
use crate::stop_signal::StopSignal;

const WAKER: Token = Token(1);
/// How many events one poll returns at most: of the socket, and of the waker.
const EVENT_COUNT: usize = 8;
const STATUS_STOPPED: i32 = 1;

/// What the one thread waits for.
pub(super) struct ReplayEvents {
    poll: Poll,
    waker: Arc<Waker>,
    events: Events,
    pub(super) stop: StopSignal,
}

impl ReplayEvents {
    /// Handles the process's signals from now on.
    ///
    /// # Errors
    ///
    /// When the system refuses a poll, or the handling of signals.
    pub(super) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let end_process = || process::exit(STATUS_STOPPED);
        let stop = StopSignal::install(Arc::clone(&waker), end_process)?;
        Ok(Self {
            poll,
            waker,
            events: Events::with_capacity(EVENT_COUNT),
            stop,
        })
    }
}

impl Waiter for ReplayEvents {
    fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    fn waker(&self) -> &Arc<Waker> {
        &self.waker
    }

    fn wait(&mut self, until: Option<Instant>) -> io::Result<()> {
        poll_until(&mut self.poll, &mut self.events, until)
    }

    fn is_past(&mut self, until: Instant) -> Result<bool, ConnectError> {
        if self.stop.is_requested() {
            return Err(ConnectError::Cancelled);
        }
        Ok(Instant::now() >= until)
    }
}
