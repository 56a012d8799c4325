//! What a server sends, as it was recorded or as it is received, and how it is shown.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;
use ws_echo_core::Kind;

use crate::escape::Untrusted;
use crate::hex;
use crate::quantity::Size;

/// How many characters of a text, or bytes of a binary message, are shown.
const SHOWN_LEN_MAX: usize = 100;
/// How much is shown before the place where two messages begin to differ.
const SHOWN_BEFORE: usize = 20;

/// What a server has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Message(Kind, Content),
    /// A Close: its code, if it has one, and its reason.
    Close(Option<u16>, String),
    /// What no server may send; why.
    Violation(String),
    /// The end of the connection without a Close.
    End(String),
    /// A response to the request, by its status.
    Response(u16),
}

/// What a message contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Known(Vec<u8>),
    /// It cannot be compared; why.
    Unknown(&'static str),
    /// It is longer than any that is compared: this many bytes.
    TooLong(u64),
}

/// What a comparison has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    Different,
    /// The contents are not known.
    NotCompared,
}

impl Seen {
    /// Compares what was recorded with what is received.
    pub(super) fn compared_with(&self, received: &Self) -> Likeness {
        match (self, received) {
            (Self::Message(kind, content), Self::Message(other_kind, other)) => {
                match (content, other) {
                    _ if kind != other_kind => Likeness::Different,
                    (Content::Unknown(_), _) | (_, Content::Unknown(_)) => Likeness::NotCompared,
                    _ if content == other => Likeness::Same,
                    _ => Likeness::Different,
                }
            }
            (Self::Violation(_), Self::Violation(_)) | (Self::End(_), Self::End(_)) => {
                Likeness::Same
            }
            _ if self == received => Likeness::Same,
            _ => Likeness::Different,
        }
    }

    /// Whether nothing follows it.
    pub(super) fn is_last(&self) -> bool {
        !matches!(self, Self::Message(..))
    }

    /// Whether it is a message whose content is not known.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Message(_, Content::Unknown(_)))
    }

    /// How much memory the content takes, in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Message(_, Content::Known(bytes)) => bytes.len(),
            Self::Message(..) => 0,
            Self::Close(_, text) | Self::Violation(text) | Self::End(text) => text.len(),
            Self::Response(_) => 0,
        }
    }

    /// The first byte in which two messages differ, if both are known.
    pub(super) fn first_difference(&self, other: &Self) -> Option<usize> {
        let (Self::Message(kind, Content::Known(a)), Self::Message(other, Content::Known(b))) =
            (self, other)
        else {
            return None;
        };
        if kind != other {
            return None;
        }
        let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        (common < a.len().max(b.len())).then_some(common)
    }

    /// How it is shown, around the byte at `place`.
    pub(super) fn shown(&self, place: usize) -> Shown {
        match self {
            Self::Message(kind, content) => message(*kind, content, place),
            Self::Close(code, reason) => Shown {
                code: *code,
                ..Shown::of("close").with(reason)
            },
            Self::Response(status) => Shown {
                code: Some(*status),
                ..Shown::of("response")
            },
            Self::Violation(reason) => Shown::of("violation").with(reason),
            Self::End(reason) => Shown::of("end").with(reason),
        }
    }
}

fn message(kind: Kind, content: &Content, place: usize) -> Shown {
    let what = match kind {
        Kind::Text => "text",
        Kind::Binary => "binary",
    };
    let shown = Shown::of(what);
    match content {
        Content::Unknown(reason) => Shown {
            unknown: Some(reason),
            ..shown
        },
        Content::TooLong(len) => Shown {
            len: Some(*len),
            unknown: Some("too long to be compared"),
            ..shown
        },
        Content::Known(bytes) => {
            // What is common, and shown before the difference, is short.
            let from = match place {
                ..SHOWN_LEN_MAX => 0,
                place => place - SHOWN_BEFORE,
            };
            let (from, text) = match kind {
                Kind::Text => excerpt_of_text(bytes, from),
                Kind::Binary => excerpt_of_bytes(bytes, from),
            };
            Shown {
                len: Some(bytes.len() as u64),
                from: (from > 0).then_some(from as u64),
                content: Some(text),
                ..shown
            }
        }
    }
}

/// Some characters of a text from this byte on, or a little before it, and where they begin.
fn excerpt_of_text(bytes: &[u8], from: usize) -> (usize, String) {
    let is_inside = |byte: &u8| *byte & 0xC0 == 0x80;
    let mut from = from.min(bytes.len());
    while from > 0 && bytes.get(from).is_some_and(is_inside) {
        from -= 1;
    }
    let text = String::from_utf8_lossy(bytes.get(from..).unwrap_or_default());
    (from, Untrusted::new(&text, SHOWN_LEN_MAX).to_string())
}

fn excerpt_of_bytes(bytes: &[u8], from: usize) -> (usize, String) {
    let from = from.min(bytes.len());
    let bytes = bytes.get(from..).unwrap_or_default();
    let (shown, left_out) = bytes.split_at(bytes.len().min(SHOWN_LEN_MAX));
    let digits = hex::digits(shown);
    let text = match left_out.len() {
        0 => format!("0x{digits}"),
        len => format!("0x{digits}… (+{len} B)"),
    };
    (from, text)
}

/// What was seen, for people and as a part of a JSON object: escaped, and cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Shown {
    /// `text`, `binary`, `close`, `violation`, `end` or `response`.
    #[serde(rename = "type")]
    what: &'static str,
    /// The length of a message in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    len: Option<u64>,
    /// The code of a Close, or the status of a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    /// The byte at which the content begins, if it is not the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u64>,
    /// A text, bytes in hex, or a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    /// Why the content is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<&'static str>,
}

impl Shown {
    fn of(what: &'static str) -> Self {
        Self {
            what,
            len: None,
            code: None,
            from: None,
            content: None,
            unknown: None,
        }
    }

    fn with(self, reason: &str) -> Self {
        Self {
            content: Some(Untrusted::excerpt(reason).to_string()),
            ..self
        }
    }

    fn message(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { what, .. } = self;
        if let Some(unknown) = self.unknown {
            return match self.len {
                Some(len) => write!(formatter, "{what} of {}, {unknown}", Size(len)),
                None => write!(formatter, "{what}, {unknown}"),
            };
        }
        let content = self.content.as_deref().unwrap_or_default();
        match (self.from, self.len) {
            (Some(from), Some(len)) => {
                write!(formatter, "{what} of {len} bytes, from byte {from}: ")?;
            }
            _ => write!(formatter, "{what} ")?,
        }
        match *what {
            "text" => write!(formatter, "\"{content}\""),
            _ => formatter.write_str(content),
        }
    }
}

impl Display for Shown {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let content = self.content.as_deref().unwrap_or_default();
        match (self.what, self.code) {
            ("text" | "binary", _) => return self.message(formatter),
            ("close", Some(code)) => write!(formatter, "Close {code}")?,
            ("close", None) => write!(formatter, "Close without a code")?,
            ("response", Some(status)) => write!(formatter, "a response with status {status}")?,
            ("violation", _) => write!(formatter, "what no server may send")?,
            _ => write!(formatter, "the end of the connection without Close")?,
        }
        match content {
            "" => Ok(()),
            _ => write!(formatter, ": {content}"),
        }
    }
}
