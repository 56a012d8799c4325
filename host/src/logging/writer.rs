//! The thread that writes log lines, and the only one that a slow or broken stream can hold up.
//!
//! It passes each line to a sink, which may block or panic. A line at which the sink panics counts
//! as dropped, and the thread continues.

use std::iter;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use log::{Level, Record};

use super::target;
use crate::escape::OneLine;
use crate::quantity::Count;

/// How many lines may wait to be written.
pub(super) const QUEUE_LEN: usize = 1_024;

/// An entry of the queue.
pub(super) enum Entry {
    /// A line to write.
    Line(LogLine),
    /// A request to answer when everything before it is written.
    Flush(SyncSender<()>),
}

/// A log record that owns its parts.
pub(super) struct LogLine {
    pub(super) level: Level,
    pub(super) target: String,
    pub(super) message: String,
}

/// The receiving side of the queue.
pub(super) struct Writer<Sink> {
    queue: Receiver<Entry>,
    dropped: Arc<AtomicU64>,
    sink: Sink,
}

impl<Sink: Fn(&Record<'_>)> Writer<Sink> {
    pub(super) fn new(queue: Receiver<Entry>, dropped: Arc<AtomicU64>, sink: Sink) -> Self {
        Self {
            queue,
            dropped,
            sink,
        }
    }

    /// Writes lines until the sending side is gone.
    pub(super) fn run(self) {
        while let Ok(entry) = self.queue.recv() {
            // Dropped lines are reported when the queue is empty; under a load that keeps it
            // filled, once for each `QUEUE_LEN` lines.
            let entries = iter::once(entry).chain(self.queue.try_iter());
            entries.take(QUEUE_LEN).for_each(|entry| self.handle(entry));
            self.report_dropped();
        }
    }

    fn handle(&self, entry: Entry) {
        match entry {
            Entry::Line(line) => {
                if !self.write(&line) {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Entry::Flush(done) => {
                self.report_dropped();
                // The requester may have stopped waiting.
                let _ = done.try_send(());
            }
        }
    }

    fn report_dropped(&self) {
        let count = self.dropped.swap(0, Ordering::Relaxed);
        if count == 0 {
            return;
        }
        let were = if count == 1 { "was" } else { "were" };
        let report = LogLine {
            level: Level::Warn,
            target: target::LOG.into(),
            message: format!("{} {were} dropped", Count(count, "log line")),
        };
        if !self.write(&report) {
            self.dropped.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Returns whether the sink accepted the line.
    #[must_use]
    fn write(&self, line: &LogLine) -> bool {
        let write = || {
            (self.sink)(
                &Record::builder()
                    .level(line.level)
                    .target(&line.target)
                    .args(format_args!("{}", OneLine(&line.message)))
                    .build(),
            );
        };
        panic::catch_unwind(AssertUnwindSafe(write)).is_ok()
    }
}
