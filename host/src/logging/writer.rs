//! The thread that writes log lines, and the only one that a slow or broken stream can hold up.
//!
//! It hands each line to a sink, which may block or panic: a line whose sink panicked counts as
//! dropped, and the thread goes on.

use std::iter;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use log::{Level, Record};

use super::{QUEUE_LEN, target};
use crate::escape::OneLine;

/// What stands in the queue.
pub(super) enum Entry {
    /// To be written.
    Line(Line),
    /// To be answered when everything before it is written.
    Flush(SyncSender<()>),
}

/// A log record that owns its parts.
pub(super) struct Line {
    pub(super) level: Level,
    pub(super) target: String,
    pub(super) message: String,
}

/// The reading side of the queue.
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

    /// Writes until the other side is gone.
    pub(super) fn run(self) {
        while let Ok(entry) = self.queue.recv() {
            // Dropped lines are told of when the queue is empty, or, under a load that never lets
            // it be, once for each filling of it.
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
                // Who asked may have stopped waiting.
                let _ = done.try_send(());
            }
        }
    }

    fn report_dropped(&self) {
        let count = self.dropped.swap(0, Ordering::Relaxed);
        if count == 0 {
            return;
        }
        let report = Line {
            level: Level::Warn,
            target: target::LOG.into(),
            message: format!("{count} log lines were dropped"),
        };
        if !self.write(&report) {
            self.dropped.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Whether the sink took the line.
    #[must_use]
    fn write(&self, line: &Line) -> bool {
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
