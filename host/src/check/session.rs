//! What is sent after an opening handshake, and what is allowed in answer.

use std::fmt::{self, Display, Formatter};

use super::answer::{Answer, Kind};
use super::comparison::Pongs;
use super::frame::{Frame, Role};
use super::negotiation::Negotiation;
use super::payload::Payload;
use super::received::FaultKind;
use crate::quantity::Count;

/// Frames that are sent, and the answers that are allowed.
#[derive(Clone, Debug)]
pub struct Session {
    /// What is negotiated of permessage-deflate; nothing if there is none.
    pub negotiation: Option<Negotiation>,
    /// Whether the first step is sent in one piece with the end of the opening handshake.
    pub is_glued: bool,
    /// Whether it is played again for each place where its bytes can be cut.
    pub is_cut_everywhere: bool,
    pub steps: Vec<Step>,
    /// What is allowed, at least one; the first is what a peer should do.
    pub allowed: Vec<Allowed>,
    /// Whether each Ping must be answered.
    pub pongs: Pongs,
    /// Whether the player leaves the peer's Close without an answer.
    pub is_silent: bool,
    /// A fault of received frames that fails the case.
    pub watched: Option<FaultKind>,
}

/// Something that is done, in order.
#[derive(Clone, Debug)]
pub enum Step {
    /// Frames are sent, cut in a way.
    Send(Vec<Frame>, Cut),
    /// Frames are sent, and nothing is read until all are sent, or the peer takes no more of them.
    SendUnread(Vec<Frame>),
    /// Bytes are sent as they are.
    SendBytes(Vec<u8>),
    /// A message is compressed as it was agreed, and sent.
    SendCompressed(Message),
    /// So many answers are waited for, since the start.
    Await(usize),
    /// Time passes, as long as what must not come is waited for.
    Pause,
    /// The same, and the connection must not end in this time or before.
    StaysOpen,
    /// The peer should end the connection now, and not only when more comes. What comes behind this
    /// step is for a peer that did not.
    ShouldEnd,
    /// The TCP connection is ended in the direction to the peer.
    EndSending,
    /// The TCP connection is reset.
    Reset,
}

impl Step {
    /// How many frames are sent.
    pub fn frame_count(&self) -> usize {
        match self {
            Self::Send(frames, _) | Self::SendUnread(frames) => frames.len(),
            _ => 0,
        }
    }
}

/// A message to compress.
#[derive(Clone, Debug)]
pub struct Message {
    pub kind: Kind,
    pub payload: Payload,
    /// The payload of each frame in bytes, after compression; `None` for one frame.
    pub fragment_len: Option<usize>,
}

/// Where the bytes of a step are cut into writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// All in one write.
    Whole,
    /// One write for each frame.
    Frames,
    /// One write for each byte.
    Bytes,
    /// A write for each so many bytes.
    Chunks(usize),
    /// Two writes; the first has so many bytes.
    At(usize),
}

/// One way in which a peer may answer.
#[derive(Clone, Debug)]
pub struct Allowed {
    pub grade: Grade,
    /// In this order.
    pub answers: Vec<Answer>,
    pub end: End,
}

/// How good an allowed way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    Passed,
    /// Allowed, but a SHOULD is not kept.
    NotStrict,
    /// Neither good nor bad: the RFC leaves it open.
    Informational,
}

/// How the connection is after the answers. A code of 1005 is a Close without a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Open. The player then closes it, and how it is closed does not matter here.
    Open,
    /// The peer has failed it: it has sent a Close with one of these codes, and ended the TCP
    /// connection. Another code or no Close is not strict.
    Fails(&'static [u16]),
    /// The peer has answered a Close with one of these codes. How the TCP connection ends does not
    /// matter here.
    Closes(&'static [u16]),
    /// The same, and the peer has ended the TCP connection in the usual way, with a FIN.
    Disconnects(&'static [u16]),
    /// The TCP connection has ended without a Close.
    Dropped,
    /// The TCP connection has ended, with or without a Close.
    Ended,
    /// Nothing comes, because the peer waits for more.
    Waiting,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            negotiation: None,
            is_glued: false,
            is_cut_everywhere: false,
            is_silent: false,
            pongs: Pongs::All,
            steps: Vec::new(),
            allowed: vec![Allowed {
                grade: Grade::Passed,
                answers: Vec::new(),
                end: End::Open,
            }],
            watched: None,
        }
    }
}

impl Session {
    /// What a peer should do.
    pub fn strict(&mut self) -> &mut Allowed {
        &mut self.allowed[0]
    }

    /// Whether a message must come back.
    pub fn needs_echo(&self) -> bool {
        self.allowed[0]
            .answers
            .iter()
            .any(|answer| answer.kind != Kind::Pong)
    }

    /// Whether one of the allowed ways ends so.
    pub fn allows(&self, is_end: impl Fn(&End) -> bool) -> bool {
        self.allowed.iter().any(|allowed| is_end(&allowed.end))
    }

    /// How many bytes the payloads of the answers have, of those that have most.
    pub fn answers_len(&self) -> usize {
        let len = |allowed: &Allowed| allowed.answers.iter().map(|it| it.payload.len()).sum();
        self.allowed.iter().map(len).max().unwrap_or(0)
    }

    /// How many answers are allowed at most.
    pub fn answer_count(&self) -> usize {
        let counts = self.allowed.iter().map(|allowed| allowed.answers.len());
        counts.max().unwrap_or(0)
    }

    /// All bytes that are sent to a peer of this role, as far as they do not depend on what was
    /// agreed.
    pub fn bytes(&self, to: Role) -> Vec<u8> {
        let mut bytes = Vec::new();
        for step in &self.steps {
            match step {
                Step::Send(frames, _) | Step::SendUnread(frames) => {
                    bytes.extend(frames.iter().flat_map(|frame| frame.bytes(to)));
                }
                Step::SendBytes(some) => bytes.extend(some),
                _ => {}
            }
        }
        bytes
    }
}

/// How many answers are named one by one.
const NAMED_MAX: usize = 3;

impl Display for Allowed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (named, others) = self.answers.split_at(self.answers.len().min(NAMED_MAX));
        for answer in named {
            write!(f, "{answer}, then ")?;
        }
        if !others.is_empty() {
            write!(f, "{}, then ", Count(others.len() as u64, "more answer"))?;
        }
        write!(f, "{}", self.end)
    }
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("nothing else, and the connection stays open"),
            Self::Fails([]) => f.write_str("the end of the connection"),
            Self::Fails(codes) => {
                write!(
                    f,
                    "a Close with {}, and the end of the connection",
                    Codes(codes)
                )
            }
            Self::Closes([]) => f.write_str("a Close in answer to the Close"),
            Self::Closes(codes) => {
                write!(f, "a Close with {} in answer to the Close", Codes(codes))
            }
            Self::Disconnects([]) => f.write_str("a Close, and the end of the TCP connection"),
            Self::Disconnects(codes) => {
                write!(
                    f,
                    "a Close with {}, and the end of the TCP connection",
                    Codes(codes)
                )
            }
            Self::Dropped => f.write_str("the end of the TCP connection without a Close"),
            Self::Ended => f.write_str("the end of the TCP connection"),
            Self::Waiting => f.write_str("nothing, because more must come first"),
        }
    }
}

/// Close codes in words.
pub struct Codes<'a>(pub &'a [u16]);

impl Display for Codes<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, code) in self.0.iter().enumerate() {
            match index {
                0 => {}
                _ if index + 1 == self.0.len() => f.write_str(" or ")?,
                _ => f.write_str(", ")?,
            }
            match code {
                1005 => f.write_str("no code")?,
                code => write!(f, "code {code}")?,
            }
        }
        Ok(())
    }
}
