//! Lines on a terminal on which somebody types: each is shown above the prompt, which stays below.
//!
//! `rustyline` does that as long as it edits a line. While it does not, lines wait, or they would be
//! written into the prompt that is just being drawn. They are printed by a thread of their own: while an
//! editor waits for the second key of two, the connection must not.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustyline::ExternalPrinter;

use crate::lock::lock;

/// How many lines may wait to be printed before the next one is waited for.
const WAITING_MAX: usize = 1024;
/// How long to wait for the last lines.
const FINISH_TIME: Duration = Duration::from_secs(10);
/// Up, and down again: a line that shows nothing.
const NO_LINE: &str = "\x1b[A\n";

/// The lines' way to the terminal.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    lines: SyncSender<Line>,
}

#[derive(Debug)]
enum Line {
    Text(String),
    /// All before were printed: the sender is told.
    Last(SyncSender<()>),
}

/// The line that is being edited.
#[derive(Clone, Debug, Default)]
pub(super) struct Edited(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
enum State {
    /// There is none.
    #[default]
    None,
    Empty,
    Begun,
}

impl Edited {
    /// Says that there is one, and what stands in it: lines can be printed above.
    pub(super) fn is(&self, line: &str) {
        *lock(&self.0.0) = if line.is_empty() {
            State::Empty
        } else {
            State::Begun
        };
        self.0.1.notify_all();
    }

    /// Says that there is none: lines have to wait.
    pub(super) fn is_none(&self) {
        *lock(&self.0.0) = State::None;
    }

    /// Whether there is one in which something stands.
    pub(super) fn is_begun(&self) -> bool {
        matches!(*lock(&self.0.0), State::Begun)
    }

    fn wait(&self) {
        let (_, changed) = &*self.0;
        let waited = changed.wait_while(lock(&self.0.0), |state| matches!(state, State::None));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Screen {
    /// A terminal on which a line is edited.
    pub(super) fn with_editor(
        printer: Box<dyn ExternalPrinter + Send>,
        edited: Edited,
    ) -> io::Result<Self> {
        Self::start(move |lines| print_above(&lines, printer, &edited))
    }

    /// A terminal that can do nothing but show one line after the other.
    pub(super) fn plain() -> io::Result<Self> {
        Self::start(|lines| print_plainly(&lines))
    }

    fn start(print: impl FnOnce(Receiver<Line>) + Send + 'static) -> io::Result<Self> {
        let (sender, lines) = sync_channel(WAITING_MAX);
        let thread = thread::Builder::new().name("screen".into());
        thread.spawn(move || print(lines))?;
        Ok(Self { lines: sender })
    }

    /// Prints a line, once it can be.
    pub(super) fn print(&self, line: String) {
        // The other end goes with the process.
        let _ = self.lines.send(Line::Text(line));
    }

    /// Waits until all was printed, unless that takes too long.
    pub(super) fn finish(&self) {
        let (sender, done) = sync_channel(1);
        let _ = self.lines.send(Line::Last(sender));
        let _ = done.recv_timeout(FINISH_TIME);
    }
}

fn print_above(
    lines: &Receiver<Line>,
    mut printer: Box<dyn ExternalPrinter + Send>,
    edited: &Edited,
) {
    let mut print = |line: String| {
        edited.wait();
        // It fails when the editor is gone, and then nothing is in the way.
        if printer.print(line.clone()).is_err() {
            let _ = io::stdout().write_all(line.as_bytes());
        }
    };
    for line in lines {
        match line {
            Line::Text(text) => print(text + "\n"),
            Line::Last(done) => {
                // One line waits at the editor, and it takes the next when it has printed the one before.
                print(NO_LINE.into());
                print(NO_LINE.into());
                let _ = done.send(());
            }
        }
    }
}

fn print_plainly(lines: &Receiver<Line>) {
    for line in lines {
        match line {
            Line::Text(text) => {
                let _ = writeln!(io::stdout(), "{text}");
            }
            Line::Last(done) => {
                let _ = done.send(());
            }
        }
    }
}
