//! Waiting for sockets, and for the signal with which the user ends a run early.

use std::io::ErrorKind;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};

use super::error::BenchError;
use crate::stop_signal::StopSignal;

/// An index that no connection has.
const WAKER: Token = Token(usize::MAX);
const STATUS_STOPPED: i32 = 1;

/// What wakes `poll`. There can be one.
pub(super) fn waker(poll: &Poll) -> Result<Arc<Waker>, BenchError> {
    let waker = Waker::new(poll.registry(), WAKER);
    let waker = waker.map_err(|error| BenchError::System("wait for sockets", error))?;
    Ok(Arc::new(waker))
}

/// Handles the process's signals from now on. They wake the poll.
pub(super) fn stop_signal(waker: Arc<Waker>) -> Result<StopSignal, BenchError> {
    let installed = StopSignal::install(waker, || process::exit(STATUS_STOPPED));
    installed.map_err(|error| BenchError::System("handle signals", error))
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
