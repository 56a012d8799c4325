//! Waiting for sockets, until the user interrupts it: the first signal ends the run early, the
//! second one ends the process.

use std::io::ErrorKind;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};

use super::error::BenchError;
use crate::platform;

/// An index that no connection has.
const WAKER: Token = Token(usize::MAX);
const STATUS_STOPPED: i32 = 1;

/// Whether the user has asked for the end of the run.
#[derive(Debug)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Handles the process's signals from now on. They wake `poll`.
    pub(super) fn install(poll: &Poll) -> Result<Self, BenchError> {
        let is_set = Arc::new(AtomicBool::new(false));
        let waker = Waker::new(poll.registry(), WAKER)
            .map_err(|error| BenchError::System("handle signals", error))?;
        let flag = Arc::clone(&is_set);
        let stop = move || {
            if flag.swap(true, Ordering::Relaxed) {
                process::exit(STATUS_STOPPED);
            }
            // If this fails, the next event or timeout ends the wait.
            let _ = waker.wake();
        };
        platform::on_stop_signal(stop)
            .map_err(|error| BenchError::System("handle signals", error))?;
        Ok(Self(is_set))
    }

    /// Returns whether there was a signal.
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Waits for events, but no longer than `timeout`.
pub(super) fn wait(
    poll: &mut Poll,
    events: &mut Events,
    timeout: Duration,
) -> Result<(), BenchError> {
    match poll.poll(events, Some(timeout)) {
        Err(error) if error.kind() != ErrorKind::Interrupted => {
            Err(BenchError::System("wait for sockets", error))
        }
        _ => Ok(()),
    }
}
