//! Signals that stop the program: the first asks for a clean end, the second ends the process.

use std::io;
use std::process;
use std::sync::{Arc, Mutex};

use mio::Waker;

use super::end_reason::ExitStatus;
use crate::lock::lock;
use crate::platform::{self, TerminalMode};

/// Whether a signal has asked for the end.
#[derive(Clone, Debug)]
pub(super) struct StopSignal(Arc<Mutex<StopState>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopState {
    NotRequested,
    Requested,
    /// Further signals are ignored.
    Ignored,
}

impl StopSignal {
    /// Handles the process's signals, which wake the poll from now on. The second signal restores
    /// the terminal's present mode before it ends the process.
    pub(super) fn install(waker: Arc<Waker>) -> io::Result<Self> {
        let stop = Self(Arc::new(Mutex::new(StopState::NotRequested)));
        let (installed, mode) = (stop.clone(), TerminalMode::now());
        platform::on_stop_signal(move || {
            let mut state = lock(&installed.0);
            match *state {
                StopState::NotRequested => *state = StopState::Requested,
                StopState::Requested => {
                    mode.restore();
                    process::exit(ExitStatus::Broken as i32);
                }
                StopState::Ignored => {}
            }
            // If this fails, the next event ends the wait.
            let _ = waker.wake();
        })?;
        Ok(stop)
    }

    /// Whether a signal has asked for the end.
    pub(super) fn is_requested(&self) -> bool {
        *lock(&self.0) == StopState::Requested
    }

    /// Ignores signals from now on.
    pub(super) fn ignore(&self) {
        *lock(&self.0) = StopState::Ignored;
    }
}
