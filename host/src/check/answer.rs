//! What a peer may answer: a message, or a Pong.

use std::fmt::{self, Display, Formatter};

use super::payload::Payload;

/// A message, or a Pong. Fragments are put together, and compressed messages inflated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub kind: Kind,
    pub payload: Payload,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Binary,
    Pong,
}

/// A text message.
pub fn text_back(payload: impl Into<Payload>) -> Answer {
    let payload = payload.into();
    Answer {
        kind: Kind::Text,
        payload,
    }
}

/// A binary message.
pub fn binary_back(payload: impl Into<Payload>) -> Answer {
    let payload = payload.into();
    Answer {
        kind: Kind::Binary,
        payload,
    }
}

/// A Pong.
pub fn pong_back(payload: impl Into<Payload>) -> Answer {
    let payload = payload.into();
    Answer {
        kind: Kind::Pong,
        payload,
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::Text => "text",
            Kind::Binary => "binary message",
            Kind::Pong => "Pong",
        };
        match self.payload.is_empty() {
            true => write!(f, "an empty {what}"),
            false => write!(f, "the {what} {}", self.payload),
        }
    }
}
