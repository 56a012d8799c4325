//! The output of a chat through pipes: each message on a line of stdout, notices on stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use ws_echo_core::{Fin, Kind};

use crate::chat::event::{ChatEvent, MessageRole};
use crate::chat::user::{ReceivedPiece, View};
use crate::escape::OneLine;
use crate::hex;

/// How many bytes are collected before they are written.
const UNPRINTED_MAX: usize = 64 << 10;

/// A view for programs.
#[derive(Debug)]
pub(in crate::chat) struct Printer {
    /// Whether stdout is a terminal, which control characters could affect.
    is_terminal: bool,
    /// Whether the beginning of a message was printed.
    is_inside_message: bool,
    /// What the next write prints.
    unprinted: String,
}

impl Printer {
    pub(in crate::chat) fn new() -> Self {
        Self {
            is_terminal: io::stdout().is_terminal(),
            is_inside_message: false,
            unprinted: String::new(),
        }
    }

    /// A piece of a message as it is printed, without the line feed at its end.
    fn text(&self, piece: ReceivedPiece<'_>) -> String {
        match (piece.kind, str::from_utf8(piece.bytes)) {
            (Kind::Text, Ok(text)) if self.is_terminal => OneLine(text).to_string(),
            (Kind::Text, Ok(text)) => text.replace('\n', "\\n").replace('\r', "\\r"),
            _ => {
                let prefix = if self.is_inside_message { "" } else { "0x" };
                format!("{prefix}{}", hex::digits(piece.bytes))
            }
        }
    }
}

impl View for Printer {
    fn show(&mut self, piece: ReceivedPiece<'_>) -> io::Result<()> {
        let text = self.text(piece);
        self.unprinted.push_str(&text);
        self.is_inside_message = piece.fin == Fin::More;
        if !self.is_inside_message {
            self.unprinted.push('\n');
        }
        if self.unprinted.len() < UNPRINTED_MAX {
            return Ok(());
        }
        self.flush()
    }

    /// Shows the message that is expected, and no other one.
    fn happened(&mut self, event: &ChatEvent<'_>) -> io::Result<()> {
        let ChatEvent::Message(message, MessageRole::Expected) = event else {
            return Ok(());
        };
        self.show(ReceivedPiece {
            kind: message.kind,
            bytes: &message.bytes,
            fin: Fin::Last,
        })?;
        if message.is_truncated() {
            let (shown, len) = (message.bytes.len(), message.len);
            self.note(&format_args!(
                "the message has {len} B, of which {shown} B are printed"
            ));
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        let printed = io::stdout().write_all(self.unprinted.as_bytes());
        self.unprinted.clear();
        printed
    }

    fn end_message(&mut self) {
        if self.is_inside_message {
            self.is_inside_message = false;
            self.unprinted.push('\n');
            // The reader may be gone.
            let _ = self.flush();
            self.note(&"the last message was cut off");
        }
    }

    fn note(&mut self, note: &dyn Display) {
        let _ = writeln!(io::stderr(), "# {note}");
    }

    /// The messages of a pipe wait.
    fn set_connected(&mut self, _: bool) {}

    fn finish(&mut self) {}
}
