//! The file of `--log-file`: lines are added to its end, and it can be opened again, for programs
//! that rotate logs.
//!
//! It belongs to the thread that writes the log, so a disk that is slow or full holds up nothing
//! else.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::escape::Excerpt;
use crate::stderr;

/// The permissions of a file that is made, before the process's mask: it has the addresses of
/// clients, which concern the owner and a group that reads logs.
#[cfg(unix)]
const MODE: u32 = 0o640;

/// A file to which lines are added.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    /// The last line is not whole: the disk was full, for example.
    is_line_cut: bool,
    /// The user was told that this file cannot be written.
    is_failure_told: bool,
}

impl LogFile {
    /// Opens a file, or makes it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.into(),
            file: open(path)?,
            is_line_cut: false,
            is_failure_told: false,
        })
    }

    /// Opens the file with the same name, which another program may have moved away. If that
    /// fails, the file that is open stays.
    pub(super) fn reopen(&mut self) {
        match Self::open(&self.path) {
            Ok(opened) => *self = opened,
            Err(error) => self.tell(&format!("cannot open it again, the old one stays: {error}")),
        }
    }

    /// Writes a line with its end. The first failure is told on stderr as well.
    pub(super) fn write_line(&mut self, line: &str) -> io::Result<()> {
        let written = self.end_cut_line().and_then(|()| self.write_all(line));
        if let Err(error) = &written
            && !self.is_failure_told
        {
            self.is_failure_told = true;
            self.tell(&format!("cannot write, lines are dropped: {error}"));
        }
        written
    }

    fn end_cut_line(&mut self) -> io::Result<()> {
        if self.is_line_cut {
            self.write_all("\n")?;
        }
        Ok(())
    }

    fn write_all(&mut self, text: &str) -> io::Result<()> {
        let mut left = text.as_bytes();
        while !left.is_empty() {
            match self.file.write(left) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(len) => left = &left[len..],
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            self.is_line_cut = !left.is_empty();
        }
        Ok(())
    }

    fn tell(&self, what: &str) {
        let path = self.path.display().to_string();
        stderr::print(&format!("--log-file {}: {what}", Excerpt::new(&path)));
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::OFlags;
        // A FIFO that nobody reads is an error, and one that is full drops lines.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.mode(MODE).custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

#[cfg(test)]
mod tests;
