//! Where the lines of the log go: to stderr or to a file.

use std::io::{self, Write as _};

use log::Log as _;
use simple_logger::SimpleLogger;

use super::line::{Format, LogLine};
use super::log_file::LogFile;

/// What the writing thread writes to.
pub(super) trait Output {
    /// Writes a line, which may block, and may panic.
    ///
    /// # Errors
    ///
    /// When the line was not written, or not as a whole.
    fn write(&mut self, line: &LogLine) -> io::Result<()>;

    /// A file is opened again: another program may have moved it away.
    fn reopen(&mut self) {}
}

/// The standard error of the process. Text goes through [`simple_logger`], which panics if it is
/// gone, and allows everything: records are filtered before.
pub(super) struct Stderr(SimpleLogger);

impl Stderr {
    pub(super) fn new() -> Self {
        Self(SimpleLogger::new())
    }
}

impl Output for Stderr {
    fn write(&mut self, line: &LogLine) -> io::Result<()> {
        match line.format() {
            Format::Json => io::stderr().write_all(line.in_file().as_bytes()),
            Format::Text => {
                line.log_to(|record| self.0.log(record));
                Ok(())
            }
        }
    }
}

impl Output for LogFile {
    fn write(&mut self, line: &LogLine) -> io::Result<()> {
        self.write_line(&line.in_file())
    }

    fn reopen(&mut self) {
        LogFile::reopen(self);
    }
}
