//! Shows lines on a terminal while another line is typed: each is printed above the prompt, which
//! stays at the bottom.
//!
//! `rustyline` can do that only while it edits a line. Between two edits the lines wait, or they
//! would be written into the prompt that is being drawn. A thread of its own prints them: while the
//! editor waits for the second key of a sequence, printing blocks, and the connection must not.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustyline::ExternalPrinter;

use super::rows::Place;
use crate::lock::lock;

/// How many lines may wait to be printed before the sender has to wait.
const WAITING_MAX: usize = 1024;
/// How long to wait for the last lines.
const FINISH_TIME: Duration = Duration::from_secs(10);
/// Cursor up and down again: a line that shows nothing.
const NO_LINE: &str = "\x1b[A\n";

/// Sends lines to the thread that prints them.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    jobs: SyncSender<PrintJob>,
}

/// What the printing thread has to do.
#[derive(Debug)]
enum PrintJob {
    Line(String),
    /// Report that every line before was printed.
    Finish(SyncSender<()>),
}

/// The line that is being edited, shared by the editor and the screen; `None` while none is.
#[derive(Clone, Debug, Default)]
pub(super) struct EditedLine(Arc<(Mutex<Option<DrawnLine>>, Condvar)>);

/// What is known of a line that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DrawnLine {
    pub(super) len: usize,
    /// Where in the line the cursor is, in bytes.
    pub(super) cursor: usize,
    /// How many columns the terminal has.
    pub(super) columns: u16,
    /// Where the line ends.
    pub(super) end: Place,
}

impl EditedLine {
    /// Sets the line that is being edited: from now on lines can be printed above it.
    pub(super) fn set(&self, line: DrawnLine) {
        *lock(&self.0.0) = Some(line);
        self.0.1.notify_all();
    }

    /// The line that is being edited.
    pub(super) fn get(&self) -> Option<DrawnLine> {
        *lock(&self.0.0)
    }

    /// Says that no line is being edited: lines have to wait.
    pub(super) fn clear(&self) {
        *lock(&self.0.0) = None;
    }

    /// Whether a line is being edited and is not empty.
    pub(super) fn has_text(&self) -> bool {
        self.get().is_some_and(|line| line.len > 0)
    }

    /// Waits until a line is being edited.
    fn wait(&self) {
        let (_, changed) = &*self.0;
        let waited = changed.wait_while(lock(&self.0.0), |line| line.is_none());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Screen {
    /// A terminal on which lines are edited.
    pub(super) fn with_editor(
        printer: Box<dyn ExternalPrinter + Send>,
        edited: EditedLine,
    ) -> io::Result<Self> {
        Self::start(move |jobs| print_above(&jobs, printer, &edited))
    }

    /// A terminal that can only show one line after the other.
    pub(super) fn plain() -> io::Result<Self> {
        Self::start(|jobs| print_plainly(&jobs))
    }

    fn start(print: impl FnOnce(Receiver<PrintJob>) + Send + 'static) -> io::Result<Self> {
        let (sender, jobs) = sync_channel(WAITING_MAX);
        let thread = thread::Builder::new().name("screen".into());
        thread.spawn(move || print(jobs))?;
        Ok(Self { jobs: sender })
    }

    /// Prints a line, as soon as it can be printed.
    pub(super) fn print(&self, line: String) {
        // The receiver lives as long as the process.
        let _ = self.jobs.send(PrintJob::Line(line));
    }

    /// Prints a line, unless too many wait already. Does not block, so the editor may call it.
    pub(super) fn print_if_possible(&self, line: String) {
        let _ = self.jobs.try_send(PrintJob::Line(line));
    }

    /// Waits until every line is printed, or for ten seconds.
    pub(super) fn finish(&self) {
        let (sender, done) = sync_channel(1);
        let _ = self.jobs.send(PrintJob::Finish(sender));
        let _ = done.recv_timeout(FINISH_TIME);
    }
}

fn print_above(
    jobs: &Receiver<PrintJob>,
    mut printer: Box<dyn ExternalPrinter + Send>,
    edited: &EditedLine,
) {
    let mut print = |line: String| {
        edited.wait();
        // It fails when the editor has ended; then nothing is in the way.
        if printer.print(line.clone()).is_err() {
            let _ = io::stdout().write_all(line.as_bytes());
        }
    };
    for job in jobs {
        match job {
            PrintJob::Line(text) => print(text + "\n"),
            PrintJob::Finish(done) => {
                // The editor holds one line, and takes the next only when it has printed that one.
                print(NO_LINE.into());
                print(NO_LINE.into());
                let _ = done.send(());
            }
        }
    }
}

fn print_plainly(jobs: &Receiver<PrintJob>) {
    for job in jobs {
        match job {
            PrintJob::Line(text) => {
                let _ = writeln!(io::stdout(), "{text}");
            }
            PrintJob::Finish(done) => {
                let _ = done.send(());
            }
        }
    }
}
