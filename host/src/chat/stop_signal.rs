//! Signals that ask for the end: the first is a wish, the second is the end.

use std::io;
use std::process;
use std::sync::{Arc, Mutex};

use mio::Waker;

use super::end_reason::Status;
use crate::lock::lock;
use crate::platform::{self, TerminalMode};

/// Whether a signal has asked for the end.
#[derive(Clone, Debug)]
pub(super) struct Stop(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    NotAsked,
    Asked,
    /// Signals are ignored.
    Over,
}

impl Stop {
    /// Takes over the process's signals, which from now on wake the poll. The second one leaves the
    /// terminal as it is now.
    pub(super) fn install(waker: Arc<Waker>) -> io::Result<Self> {
        let stop = Self(Arc::new(Mutex::new(State::NotAsked)));
        let (installed, mode) = (stop.clone(), TerminalMode::now());
        platform::on_stop_signal(move || {
            let mut state = lock(&installed.0);
            match *state {
                State::NotAsked => *state = State::Asked,
                State::Asked => {
                    mode.restore();
                    process::exit(Status::Broken as i32);
                }
                State::Over => {}
            }
            // At the latest the next event ends the wait.
            let _ = waker.wake();
        })?;
        Ok(stop)
    }

    /// Whether there was a signal.
    pub(super) fn is_asked_for(&self) -> bool {
        *lock(&self.0) == State::Asked
    }

    /// Ignores signals from now on.
    pub(super) fn ignore(&self) {
        *lock(&self.0) = State::Over;
    }
}
