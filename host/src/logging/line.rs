//! A line of the log while it waits to be written.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use log::{Level, Record};

use super::json;
use crate::escape::OneLine;
use crate::utc::Utc;

/// How many bytes of one message are kept as text. With the length of the queue, this limits its
/// memory. An object in JSON is not longer as a whole.
pub(super) const MESSAGE_LEN_MAX: usize = 8 * 1_024;

/// What lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people: time, level, target and message.
    Text,
    /// For programs: each line is a JSON object.
    Json,
}

/// A log record that owns its parts.
#[derive(Debug)]
pub(super) struct LogLine {
    format: Format,
    level: Level,
    target: String,
    /// The message, or the whole object.
    text: String,
}

impl LogLine {
    /// Formats a record, all of it for JSON, which has the time of the event. A text line has the
    /// time of writing it.
    pub(super) fn new(format: Format, record: &Record<'_>) -> Self {
        let text = match format {
            Format::Text => bounded(*record.args()),
            Format::Json => json::object(record, now()),
        };
        Self {
            format,
            level: record.level(),
            target: record.target().into(),
            text,
        }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Passes a text line to another logger.
    pub(super) fn log_to(&self, log: impl FnOnce(&Record<'_>)) {
        log(&Record::builder()
            .level(self.level)
            .target(&self.target)
            .args(format_args!("{}", OneLine(&self.text)))
            .build());
    }

    /// The line as it is in a file, with its end. A text line looks as simple_logger prints it.
    pub(super) fn in_file(&self) -> String {
        match self.format {
            Format::Json => format!("{}\n", self.text),
            Format::Text => format!(
                "{:.3} {:<5} [{}] {}\n",
                Utc(now()),
                self.level,
                self.target,
                OneLine(&self.text)
            ),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "it is shown, and not compared")]
fn now() -> SystemTime {
    SystemTime::now()
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
