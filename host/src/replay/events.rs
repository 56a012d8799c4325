//! Waiting for the socket, and for the signal with which the user ends a replay early.

use std::io;
use std::process;
use std::sync::Arc;
use std::time::Instant;

use crate::client::error::ConnectError;
use crate::client::waiter::{SocketPoll, Waiter};
use crate::stop_signal::StopSignal;

const STATUS_STOPPED: i32 = 1;

/// What the one thread waits for.
pub(super) struct ReplayEvents {
    poll: SocketPoll,
    pub(super) stop: StopSignal,
}

impl ReplayEvents {
    /// Handles the process's signals from now on.
    ///
    /// # Errors
    ///
    /// When the system refuses a poll, or the handling of signals.
    pub(super) fn new() -> io::Result<Self> {
        let poll = SocketPoll::new()?;
        let end_process = || process::exit(STATUS_STOPPED);
        let stop = StopSignal::install(Arc::clone(poll.waker()), end_process)?;
        Ok(Self { poll, stop })
    }
}

impl Waiter for ReplayEvents {
    fn socket_poll(&mut self) -> &mut SocketPoll {
        &mut self.poll
    }

    fn is_past(&mut self, until: Instant) -> Result<bool, ConnectError> {
        if self.stop.is_requested() {
            return Err(ConnectError::Cancelled);
        }
        Ok(Instant::now() >= until)
    }
}
