//! What loads a server, while another client must still be served.

use std::fmt::{self, Display, Formatter};

use super::frame::Frame;

/// What a server must do.
pub const EXPECTED: &str = "another client is answered in time meanwhile, and the server opens \
                            connections afterwards";

/// Connections that load a server.
#[derive(Clone, Debug)]
pub struct Attack {
    /// How many there are at the same time.
    pub connections: usize,
    pub behaviour: Behaviour,
}

/// What each of these connections does.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Nothing is sent, not even a request.
    Silent,
    /// Half of the request is sent, and no more.
    HalfRequest,
    /// The request is sent, a byte now and then.
    SlowRequest,
    /// After the opening handshake nothing is sent.
    Idle,
    /// After the opening handshake these frames are sent, and no more.
    Holds(Vec<Frame>),
    /// After the opening handshake these frames are sent, a byte now and then.
    Slow(Vec<Frame>),
    /// Frames are sent as fast as the server takes them.
    Flood(Flood),
    /// It is opened and reset, again and again.
    Reopened,
}

/// Frames that are sent as fast as the server takes them.
#[derive(Clone, Debug)]
pub struct Flood {
    /// They are sent once.
    pub first: Vec<Frame>,
    /// They are sent again and again.
    pub again: Vec<Frame>,
    pub answers: Answers,
}

/// What becomes of the answers to a flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    Read,
    Unread,
}

impl Behaviour {
    /// Whether an opening handshake comes first.
    pub fn is_opened(&self) -> bool {
        match self {
            Self::Silent | Self::HalfRequest | Self::SlowRequest | Self::Reopened => false,
            Self::Idle | Self::Holds(_) | Self::Slow(_) | Self::Flood(_) => true,
        }
    }
}

/// In words, as in `8 connections, each of which ...`.
impl Display for Attack {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} connections, each of which ", self.connections)?;
        match &self.behaviour {
            Behaviour::Silent => f.write_str("sends nothing"),
            Behaviour::HalfRequest => f.write_str("sends half a request"),
            Behaviour::SlowRequest => f.write_str("sends its request a byte now and then"),
            Behaviour::Idle => f.write_str("does nothing after the opening handshake"),
            Behaviour::Holds(frames) => {
                write!(f, "sends {}, and then nothing", Named(frames))
            }
            Behaviour::Slow(frames) => {
                write!(f, "sends {}, a byte now and then", Named(frames))
            }
            Behaviour::Flood(flood) => {
                write!(f, "sends {} again and again", Named(&flood.again))?;
                match flood.answers {
                    Answers::Read => Ok(()),
                    Answers::Unread => f.write_str(", and does not read the answers"),
                }
            }
            Behaviour::Reopened => f.write_str("is opened and reset, again and again"),
        }
    }
}

/// The first of some frames.
struct Named<'a>(&'a [Frame]);

impl Display for Named<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.first() {
            Some(frame) => write!(f, "({frame})"),
            None => f.write_str("nothing"),
        }
    }
}
