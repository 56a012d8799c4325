//! A log that never blocks, slows down or ends the server.
//!
//! A record is formatted where it is logged, put into a bounded queue, and written by a separate
//! thread: text to stderr with [`simple_logger`], JSON to stderr, or either to a file. When the
//! queue is full, or what is written to is full or gone, the line is dropped and counted.

pub(crate) mod event;
mod field;
mod filter;
mod json;
mod line;
mod log_file;
mod output;
pub(crate) mod target;
mod writer;

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, Write as _};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use log::kv::ToValue as _;
use log::{Level, Log, Metadata, Record};

pub(crate) use self::filter::Filter;
pub(crate) use self::line::Format;
use self::line::LogLine;
use self::log_file::LogFile;
use self::output::{Output, Stderr};
use self::writer::{Entry, QUEUE_LEN, Shared, Writer};
use crate::escape::Excerpt;
use crate::platform;

/// The longest time that [`finish`] waits.
const FINISH_TIME_MAX: Duration = Duration::from_millis(500);
const FINISH_RETRY_TIME: Duration = Duration::from_millis(1);
const WRITER_THREAD: &str = "log writer";

/// The log of the process, once it has started.
static LOGGER: OnceLock<Logger> = OnceLock::new();

/// Why there is no log.
#[derive(Debug)]
pub(crate) enum StartError {
    /// This file cannot be opened.
    File(PathBuf, io::Error),
    /// The writing thread could not be started, or a logger exists already. The program can
    /// continue without logs.
    System(io::Error),
}

impl Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, error) = match self {
            Self::File(path, error) => (path.display().to_string(), error),
            Self::System(error) => return write!(f, "no logs: {error}"),
        };
        write!(f, "--log-file {}: ", Excerpt::new(&path))?;
        match error.kind() {
            ErrorKind::NotFound => f.write_str("there is no such folder; make it first"),
            ErrorKind::IsADirectory => f.write_str("it is a folder; write a file"),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                f.write_str("permission denied; write a file that the server may write")
            }
            _ => write!(f, "{error}; write a file that the server may write"),
        }
    }
}

/// Starts the log of what `filter` allows, on stderr or at the end of a file. Must be called once,
/// before anything is logged.
pub(crate) fn start(filter: Filter, format: Format, file: Option<&Path>) -> Result<(), StartError> {
    let max_level = filter.max_level();
    let logger = match file {
        Some(path) => {
            let no_file = |error| StartError::File(path.into(), platform::file_error(path, error));
            let file = LogFile::open(path).map_err(no_file)?;
            Logger::spawn(filter, format, true, file)
        }
        None => {
            silence_panics_of_writer();
            Logger::spawn(filter, format, false, Stderr::new())
        }
    };
    let logger = logger.map_err(StartError::System)?;
    logger.warn_of_ignored_directives();
    let logger = LOGGER.get_or_init(|| logger);
    let is_set = log::set_logger(logger).map_err(io::Error::other);
    is_set.map_err(StartError::System)?;
    log::set_max_level(max_level);
    Ok(())
}

/// Opens the file of the log again, soon, for programs that rotate logs. Returns whether there is
/// a file.
pub(crate) fn reopen() -> bool {
    let logger = LOGGER.get().filter(|logger| logger.has_file);
    if let Some(logger) = logger {
        logger.reopen();
    }
    logger.is_some()
}

/// How many lines were dropped since the start.
pub(crate) fn dropped_lines() -> u64 {
    LOGGER.get().map_or(0, |logger| logger.shared.dropped())
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
    format: Format,
    has_file: bool,
    queue: SyncSender<Entry>,
    shared: Arc<Shared>,
}

impl Logger {
    /// Starts the thread that passes each line to the output.
    fn spawn(
        filter: Filter,
        format: Format,
        has_file: bool,
        output: impl Output + Send + 'static,
    ) -> io::Result<Self> {
        let (queue, lines) = mpsc::sync_channel(QUEUE_LEN);
        let shared = Arc::new(Shared::default());
        let writer = Writer::new(format, lines, shared.clone(), output);
        thread::Builder::new()
            .name(WRITER_THREAD.into())
            .spawn(move || writer.run())?;
        Ok(Self {
            filter,
            format,
            has_file,
            queue,
            shared,
        })
    }

    /// Formats and queues a line without waiting.
    fn queue_line(&self, record: &Record<'_>) {
        let line = LogLine::new(self.format, record);
        if self.queue.try_send(Entry::Line(line)).is_err() {
            self.shared.drop_line();
        }
    }

    fn reopen(&self) {
        self.shared.ask_to_reopen();
        // If the queue is full, the writer has something to do anyway.
        let _ = self.queue.try_send(Entry::Wake);
    }

    fn warn_of_ignored_directives(&self) {
        for directive in self.filter.ignored() {
            let mut record = Record::builder();
            self.queue_line(
                &record
                    .level(Level::Warn)
                    .target(target::LOG)
                    .key_values(&("event", event::DIRECTIVE_IGNORED.to_value()))
                    .args(format_args!(
                        "ignored '{directive}' in RUST_LOG; {}",
                        filter::ADVICE
                    ))
                    .build(),
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
            self.queue_line(record);
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

#[cfg(test)]
mod tests;
