//! A log that never blocks, slows down or ends the server.
//!
//! A record is formatted where it is logged, put into a bounded queue, and written to stderr by a
//! separate thread with [`simple_logger`]. When the queue is full, or stderr is gone, the line is
//! dropped and counted. A line has the time at which it is written, and no colour.

mod filter;
pub(crate) mod target;
mod writer;

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread;
use std::time::{Duration, Instant};

use log::{Level, Log, Metadata, Record};
use simple_logger::SimpleLogger;

pub(crate) use self::filter::Filter;
use self::writer::{Entry, LogLine, QUEUE_LEN, Writer};

/// How many bytes of one message are kept. With [`QUEUE_LEN`], this limits the memory of the queue.
const MESSAGE_LEN_MAX: usize = 8 * 1_024;
/// The longest time that [`finish`] waits.
const FINISH_TIME_MAX: Duration = Duration::from_millis(500);
const FINISH_RETRY_TIME: Duration = Duration::from_millis(1);
const WRITER_THREAD: &str = "log writer";

/// Starts the log of what `filter` allows. Must be called once, before anything is logged.
///
/// # Errors
///
/// The writing thread could not be started, or a logger exists already. The program can continue
/// without logs.
pub(crate) fn start(filter: Filter) -> io::Result<()> {
    silence_panics_of_writer();
    // Records are filtered before: simple_logger allows everything by default.
    let simple_logger = SimpleLogger::new();
    let max_level = filter.max_level();
    let logger = Logger::spawn(filter, move |record| simple_logger.log(record))?;
    logger.warn_of_ignored_directives();
    log::set_boxed_logger(Box::new(logger)).map_err(io::Error::other)?;
    log::set_max_level(max_level);
    Ok(())
}

/// How many lines were dropped since the start.
#[allow(dead_code, reason = "nobody asks for it yet")]
pub(crate) fn dropped_lines() -> u64 {
    0
}

/// Waits until everything logged so far is written, but no longer than half a second.
pub(crate) fn finish() {
    log::logger().flush();
}

/// Prints a line to stdout in a separate thread: a stdout that is gone, or that nobody reads, must
/// not stop the server.
pub(crate) fn print_line(line: String) {
    let print = move || {
        let mut stdout = io::stdout().lock();
        let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    };
    let _ = thread::Builder::new().name("stdout".into()).spawn(print);
}

/// simple_logger panics if stderr is gone. The writer catches that, and the message of the panic
/// would go to stderr too.
fn silence_panics_of_writer() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if thread::current().name() != Some(WRITER_THREAD) {
            report(panic);
        }
    }));
}

/// The sending side of the queue, for the threads of the server.
struct Logger {
    filter: Filter,
    queue: SyncSender<Entry>,
    /// Dropped lines that the log does not report yet; shared with the writer.
    dropped: Arc<AtomicU64>,
}

impl Logger {
    /// Starts the thread that passes each line to `sink`.
    fn spawn(filter: Filter, sink: impl Fn(&Record<'_>) + Send + 'static) -> io::Result<Self> {
        let (queue, lines) = mpsc::sync_channel(QUEUE_LEN);
        let dropped = Arc::new(AtomicU64::new(0));
        let writer = Writer::new(lines, Arc::clone(&dropped), sink);
        thread::Builder::new()
            .name(WRITER_THREAD.into())
            .spawn(move || writer.run())?;
        Ok(Self {
            filter,
            queue,
            dropped,
        })
    }

    /// Formats and queues a line without waiting.
    fn queue_line(&self, level: Level, target: &str, text: fmt::Arguments<'_>) {
        let line = LogLine {
            level,
            target: target.into(),
            message: bounded(text),
        };
        if self.queue.try_send(Entry::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn warn_of_ignored_directives(&self) {
        for directive in self.filter.ignored() {
            self.queue_line(
                Level::Warn,
                target::LOG,
                format_args!("ignored '{directive}' in RUST_LOG; {}", filter::ADVICE),
            );
        }
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter.allows(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.queue_line(record.level(), record.target(), *record.args());
        }
    }

    fn flush(&self) {
        let deadline = Instant::now() + FINISH_TIME_MAX;
        let (done, is_done) = mpsc::sync_channel(1);
        let mut entry = Entry::Flush(done);
        while let Err(TrySendError::Full(refused)) = self.queue.try_send(entry) {
            if Instant::now() >= deadline {
                return;
            }
            entry = refused;
            thread::sleep(FINISH_RETRY_TIME);
        }
        let _ = is_done.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

/// Formats a message, and keeps at most [`MESSAGE_LEN_MAX`] bytes of it.
fn bounded(text: fmt::Arguments<'_>) -> String {
    let mut message = Bounded::default();
    // Only the formatted value can fail; the text before that is kept.
    let _ = message.write_fmt(text);
    let Bounded { mut kept, left_out } = message;
    if left_out > 0 {
        kept.push_str(&format!("… (+{left_out} B)"));
    }
    kept
}

#[derive(Default)]
struct Bounded {
    kept: String,
    /// How many bytes did not fit. After the first, nothing more is kept.
    left_out: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = match self.left_out {
            0 => MESSAGE_LEN_MAX - self.kept.len(),
            _ => 0,
        };
        let (kept, left_out) = piece.split_at(piece.floor_char_boundary(room));
        self.kept.push_str(kept);
        self.left_out += left_out.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
