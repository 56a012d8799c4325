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

/// Handles the process's signals from now on. They wake `poll`.
pub(super) fn stop_signal(poll: &Poll) -> Result<StopSignal, BenchError> {
    let installed = Waker::new(poll.registry(), WAKER)
        .and_then(|waker| StopSignal::install(Arc::new(waker), || process::exit(STATUS_STOPPED)));
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
