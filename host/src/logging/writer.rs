//! The thread that writes log lines, and the only one that a slow or broken stream can hold up.
//!
//! It passes each line to an output, which may block or panic. A line at which the output fails
//! counts as dropped, and the thread continues.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use log::kv::ToValue as _;
use log::{Level, Record};

use super::line::{Format, LogLine};
use super::output::Output;
use super::{event, target};
use crate::quantity::Count;

/// How many lines may wait to be written.
pub(super) const QUEUE_LEN: usize = 1_024;

/// An entry of the queue.
pub(super) enum Entry {
    /// A line to write.
    Line(LogLine),
    /// A request to answer when everything before it is written.
    Flush(SyncSender<()>),
    /// Nothing to write: the writer looks at what it [shares](Shared).
    Wake,
}

/// What the threads that log share with the one that writes.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Dropped lines that the log does not report yet.
    unreported: AtomicU64,
    /// All lines that were dropped.
    dropped: AtomicU64,
    /// The output must be opened again.
    must_reopen: AtomicBool,
}

impl Shared {
    /// A line was dropped.
    pub(super) fn drop_line(&self) {
        self.unreported.fetch_add(1, Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// How many lines were dropped since the start.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Makes the writer open the output again before its next entry.
    pub(super) fn ask_to_reopen(&self) {
        self.must_reopen.store(true, Ordering::Release);
    }
}

/// The receiving side of the queue.
pub(super) struct Writer<O> {
    format: Format,
    queue: Receiver<Entry>,
    shared: Arc<Shared>,
    output: O,
}

impl<O: Output> Writer<O> {
    pub(super) fn new(
        format: Format,
        queue: Receiver<Entry>,
        shared: Arc<Shared>,
        output: O,
    ) -> Self {
        Self {
            format,
            queue,
            shared,
            output,
        }
    }

    /// Writes lines until the sending side is gone.
    pub(super) fn run(mut self) {
        while let Ok(entry) = self.queue.recv() {
            self.handle(entry);
            // Dropped lines are reported when the queue is empty; under a load that keeps it
            // filled, once for each `QUEUE_LEN` lines.
            for _ in 1..QUEUE_LEN {
                let Ok(entry) = self.queue.try_recv() else {
                    break;
                };
                self.handle(entry);
            }
            self.report_dropped();
        }
    }

    fn handle(&mut self, entry: Entry) {
        if self.shared.must_reopen.swap(false, Ordering::AcqRel) {
            self.output.reopen();
        }
        match entry {
            Entry::Line(line) => {
                if !self.write(&line) {
                    self.shared.drop_line();
                }
            }
            Entry::Flush(done) => {
                self.report_dropped();
                // The requester may have stopped waiting.
                let _ = done.try_send(());
            }
            Entry::Wake => {}
        }
    }

    fn report_dropped(&mut self) {
        let count = self.shared.unreported.swap(0, Ordering::Relaxed);
        if count == 0 {
            return;
        }
        let were = if count == 1 { "was" } else { "were" };
        let mut record = Record::builder();
        let record = record.level(Level::Warn).target(target::LOG);
        let fields = [
            ("event", event::LINES_DROPPED.to_value()),
            ("count", count.to_value()),
        ];
        let report = LogLine::new(
            self.format,
            &record
                .key_values(&fields)
                .args(format_args!("{} {were} dropped", Count(count, "log line")))
                .build(),
        );
        if !self.write(&report) {
            self.shared.unreported.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Returns whether the output accepted the line.
    #[must_use]
    fn write(&mut self, line: &LogLine) -> bool {
        let output = &mut self.output;
        let written = panic::catch_unwind(AssertUnwindSafe(|| output.write(line)));
        written.is_ok_and(|written| written.is_ok())
    }
}
