//! How far a run is, for a waiting user, and whether a signal has asked for its end.

use std::io;
use std::process;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use mio::Waker;

use super::exit_status::ExitStatus;
use crate::lock::lock;
use crate::progress_line::ProgressLine;
use crate::stop_signal::StopSignal;

/// How far a run is.
pub(crate) struct Progress {
    start: Instant,
    count: usize,
    state: Mutex<State>,
    stop: StopSignal,
}

struct State {
    line: ProgressLine,
    played: usize,
}

impl Progress {
    /// Of so many cases, none is played. From now on the first signal asks for the end of the run,
    /// and the second one ends the process.
    ///
    /// # Errors
    ///
    /// When the system refuses to tell of signals.
    pub(crate) fn start(count: usize, waker: Arc<Waker>) -> io::Result<Self> {
        let end_process = || process::exit(ExitStatus::Failed as i32);
        Ok(Self {
            start: Instant::now(),
            count,
            state: Mutex::new(State {
                line: ProgressLine::new("check"),
                played: 0,
            }),
            stop: StopSignal::install(waker, end_process)?,
        })
    }

    /// Whether no further case is to be played.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_requested()
    }

    /// Another case is played.
    pub(crate) fn played_one(&self) {
        let mut state = lock(&self.state);
        state.played += 1;
        let now = self.start.elapsed().as_nanos() as u64;
        let (played, count) = (state.played, self.count);
        let text = |_| format!("{played} of {count} cases");
        state.line.show(now, played as u64, text);
    }
}
