//! The thread that writes recordings, and the only one that a slow or a full disk can hold up. Each
//! line is written at once, so that the file of a server that is killed has it.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use log::warn;

use crate::escape::OneLine;
use crate::lock::lock;
use crate::logging::event;
use crate::logging::target::RECORD;
use crate::options::serve::RecordOptions;
use crate::quantity::Count;
use crate::recording::{End, EndedBy, Line};
use crate::serve::rate_limited_counter::RateLimitedCounter;
use crate::serve::tap::record_file::{Entry, FileState, RecordFile, make_file};

/// What is kept free in each file for its last line.
const LAST_LINE_LEN_MAX: u64 = 512;
/// How many names are tried for a file.
const NAMES_MAX: usize = 10;

/// The receiving side of the queue.
pub(super) struct RecordWriter {
    entries: Receiver<Entry>,
    /// What the lines that wait weigh.
    waiting: Arc<AtomicUsize>,
    options: RecordOptions,
    /// Files that could not be written.
    failures: RateLimitedCounter,
}

impl RecordWriter {
    pub(super) fn new(
        entries: Receiver<Entry>,
        waiting: Arc<AtomicUsize>,
        options: RecordOptions,
    ) -> Self {
        Self {
            entries,
            waiting,
            options,
            failures: RateLimitedCounter::NONE,
        }
    }

    /// Writes lines until the sending side is gone.
    pub(super) fn run(mut self) {
        while let Ok(entry) = self.entries.recv() {
            match entry {
                Entry::Line {
                    file,
                    line,
                    weight,
                    reserved,
                } => {
                    self.waiting.fetch_sub(weight, Ordering::Relaxed);
                    self.write(&file, &line);
                    drop(reserved);
                }
                Entry::Flush(done) => {
                    // The requester may have stopped waiting.
                    let _ = done.try_send(());
                }
            }
        }
    }

    fn write(&mut self, file: &RecordFile, line: &Line) {
        let mut state = lock(&file.state);
        if let Err(error) = self.write_to(&mut state, &file.name, line) {
            // What follows a part of a line could not be read.
            *state = FileState::Over;
            self.report(&error);
        }
    }

    fn write_to(&self, state: &mut FileState, name: &str, line: &Line) -> io::Result<()> {
        if let FileState::NotMade = state {
            *state = FileState::Open(self.make(name)?, 0);
        }
        let FileState::Open(file, len) = state else {
            return Ok(());
        };
        let json = line.to_json();
        let kept_free = match line {
            Line::End(_) => 0,
            _ => LAST_LINE_LEN_MAX,
        };
        let max = self.options.max_len.saturating_sub(kept_free);
        let after = *len + json.len() as u64;
        if after <= max {
            *len = after;
            return file.write_all(json.as_bytes());
        }
        let last = Line::End(End {
            after: line.after(),
            by: EndedBy::Recorder,
            reason: format!("--record-max-size {}", self.options.max_len),
        });
        let written = file.write_all(last.to_json().as_bytes());
        *state = FileState::Over;
        written
    }

    /// Makes a file. If another process has one with the name, it has a number as well.
    fn make(&self, name: &str) -> io::Result<File> {
        let folder = &self.options.folder;
        let mut made = make_file(&folder.join(format!("{name}.jsonl")));
        for number in 2..NAMES_MAX {
            match made {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => return made,
            }
            made = make_file(&folder.join(format!("{name}-{number}.jsonl")));
        }
        made
    }

    fn report(&mut self, error: &io::Error) {
        if let Some(count) = self.failures.add(Instant::now()) {
            let folder = self.options.folder.display().to_string();
            warn!(
                target: RECORD, event = event::NOT_RECORDED, count = count, reason:% = error;
                "cannot write recordings in {}: {error}; {} not whole since the last such line",
                OneLine(&folder),
                Count(count, "recording")
            );
        }
    }
}
