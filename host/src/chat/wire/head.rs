//! The lines of a request or a response (RFC 9112 sections 3 to 5), as they are shown: without
//! secrets. Whether they are right is the core's question.

use crate::escape::Untrusted;
use crate::secret_header::is_secret;

/// How many characters of a line are shown.
const SHOWN_LEN_MAX: usize = 1000;
/// How many bytes of a line are kept: a character has up to 4.
const KEPT_LEN_MAX: usize = 4 * SHOWN_LEN_MAX;

/// The bytes of a head, line by line.
#[derive(Debug)]
pub(super) struct Head {
    is_request: bool,
    /// The status of a response, once its first line is complete; 0 if it has none.
    status: Option<u16>,
    is_first_line: bool,
    /// Whether the last line was a secret, which the next one may continue.
    was_secret: bool,
    /// The beginning of the line.
    line: Vec<u8>,
    /// The length of the line so far, and its last byte.
    line_len: u64,
    last: u8,
}

/// What bytes have completed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeadEvent {
    /// A line, safe for a terminal.
    Line(String),
    /// The head is complete, and the connection open.
    FramesFollow,
    /// The head is complete, and the connection refused.
    ContentFollows,
}

impl Head {
    pub(super) fn of_request() -> Self {
        Self::new(true)
    }

    pub(super) fn of_response() -> Self {
        Self::new(false)
    }

    fn new(is_request: bool) -> Self {
        Self {
            is_request,
            status: None,
            is_first_line: true,
            was_secret: false,
            line: Vec::new(),
            line_len: 0,
            last: 0,
        }
    }

    /// Takes bytes up to the end of a line.
    pub(super) fn take(&mut self, bytes: &mut &[u8]) -> Option<HeadEvent> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        *bytes = rest.get(1..).unwrap_or_default();
        let room = KEPT_LEN_MAX - self.line.len();
        self.line.extend(line.iter().take(room));
        self.line_len += line.len() as u64;
        self.last = line.last().copied().unwrap_or(self.last);
        end.map(|_| self.end_line())
    }

    fn end_line(&mut self) -> HeadEvent {
        let mut line = std::mem::take(&mut self.line);
        let mut len = std::mem::take(&mut self.line_len);
        // A bare LF ends a line, too (RFC 9112 section 2.2).
        if std::mem::take(&mut self.last) == b'\r' {
            len -= 1;
            line.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        }
        if line.is_empty() && !self.is_first_line {
            return self.end_head();
        }
        if self.is_first_line && !self.is_request {
            self.status = Some(status(&line));
        }
        let shown = self.shown(&line, len);
        self.is_first_line = false;
        HeadEvent::Line(shown)
    }

    fn end_head(&mut self) -> HeadEvent {
        match self.status {
            None | Some(101) => HeadEvent::FramesFollow,
            // Another response follows (RFC 9110 section 15.2).
            Some(100..=199) => {
                *self = Self::of_response();
                HeadEvent::Line("(another response follows)".into())
            }
            Some(_) => HeadEvent::ContentFollows,
        }
    }

    /// A line of this length, of which the beginning is here.
    fn shown(&mut self, line: &[u8], len: u64) -> String {
        let colon = line.iter().position(|byte| *byte == b':');
        let colon = colon.filter(|_| !self.is_first_line);
        let continues = line.starts_with(b" ") || line.starts_with(b"\t");
        let (name, value_start) = match colon {
            _ if continues => ("", 0),
            Some(colon) => (
                str::from_utf8(&line[..colon]).unwrap_or_default(),
                colon + 1,
            ),
            None => ("", 0),
        };
        self.was_secret = is_secret(name.trim_ascii().as_bytes()) || (continues && self.was_secret);
        if self.was_secret {
            let value = &line[value_start..];
            let blank = value.len() - value.trim_ascii_start().len();
            let hidden = len - (value_start + blank) as u64;
            let unit = if hidden == 1 { "byte" } else { "bytes" };
            let colon = if name.is_empty() { " " } else { ": " };
            return format!("{name}{colon}({hidden} {unit}, not shown)");
        }
        let text = String::from_utf8_lossy(line);
        let not_kept = len - line.len() as u64;
        Untrusted::new(&text, SHOWN_LEN_MAX)
            .and_more(not_kept)
            .to_string()
    }
}

/// The status in the first line of a response; 0 if there is none.
fn status(line: &[u8]) -> u16 {
    let word = line.split(|byte| *byte == b' ').nth(1);
    let status = word.and_then(|word| str::from_utf8(word).ok()?.parse().ok());
    status.unwrap_or(0)
}
