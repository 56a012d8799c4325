//! Signals that stop `bench` and `chat`: the first asks for a clean end, the second ends the
//! process at once. (The server handles its signals itself: it logs them, and counts two in quick
//! succession as one.)

use std::io;
use std::sync::{Arc, Mutex};

use mio::Waker;

use crate::lock::lock;
use crate::platform;

/// Whether a signal has asked for the end.
#[derive(Clone, Debug)]
pub(crate) struct StopSignal(Arc<Mutex<StopState>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopState {
    NotRequested,
    Requested,
    /// Further signals are ignored.
    Ignored,
}

impl StopSignal {
    /// Handles the process's signals, which wake the poll from now on. The second signal calls
    /// `end_process`.
    pub(crate) fn install(
        waker: Arc<Waker>,
        end_process: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let stop = Self(Arc::new(Mutex::new(StopState::NotRequested)));
        let installed = stop.clone();
        platform::on_stop_signal(move || {
            let mut state = lock(&installed.0);
            match *state {
                StopState::NotRequested => *state = StopState::Requested,
                StopState::Requested => end_process(),
                StopState::Ignored => {}
            }
            // If this fails, the next event or timeout ends the wait.
            let _ = waker.wake();
        })?;
        Ok(stop)
    }

    /// Whether a signal has asked for the end.
    pub(crate) fn is_requested(&self) -> bool {
        *lock(&self.0) == StopState::Requested
    }

    /// Ignores signals from now on.
    pub(crate) fn ignore(&self) {
        *lock(&self.0) = StopState::Ignored;
    }
}
