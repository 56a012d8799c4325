//! What happened on a connection: what was sent, what came, and how it ended.

use std::time::{Duration, Instant};

use super::answer::{Answer, Kind};
use super::received::{Close, Fault, Meaning};

/// The payload of the Ping that asks whether a connection has survived a fault.
pub const PROBE: &str = "still open?";

/// What happened on one connection, or on several that were played one after the other until one
/// failed.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// Why no case could be played: no connection, or no opening handshake.
    pub not_opened: Option<String>,
    /// The messages and Pongs that came, without the greeting.
    pub answers: Vec<Answer>,
    /// What was wrong with received frames.
    pub faults: Vec<Fault>,
    /// The first Close that came; the inner value is its code and reason.
    pub close: Option<Option<Close>>,
    /// How the TCP connection ended.
    pub tcp: Tcp,
    /// Whether the peer answered a Ping that came behind what should have ended the connection, and
    /// did not end it then.
    pub has_survived: bool,
    /// Whether the peer ended the connection where it must stay open until the player ends it.
    pub has_ended_first: bool,
    /// Why nothing more was read: the peer sends without end, or a frame says that it is too long.
    pub lost: Option<String>,
    /// Whether the connection ended where it must stay open.
    pub has_ended_early: bool,
    /// Whether the connection went on where it should have ended, so that more was sent.
    pub is_late: bool,
    /// What was sent and received, for a person to read.
    pub record: Record,
}

/// How a TCP connection ended, as far as the peer is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tcp {
    /// It has not, or it was not waited for.
    #[default]
    Open,
    /// The peer has ended its direction.
    Fin,
    /// The peer has reset it.
    Reset,
}

/// What was sent and received, in order, up to a length.
#[derive(Clone, Debug)]
pub struct Record {
    start: Instant,
    pub entries: Vec<Entry>,
    /// How many entries were left out in the [middle](Self::left_out_at).
    pub left_out: usize,
    detail: Detail,
}

/// How much is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The beginning of each frame, and the first frames.
    Usual,
    /// Every byte.
    All,
}

/// Something that was sent or received, or that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Since the connection began.
    pub at: Duration,
    pub direction: Direction,
    /// What it is, such as `Ping: "abc"`.
    pub words: String,
    /// The bytes, or the first of them.
    pub bytes: Vec<u8>,
    /// How many bytes there were.
    pub len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Sent,
    Received,
    /// Neither, such as the end of the connection.
    Event,
}

impl Record {
    const USUAL_BYTES: usize = 512;
    const USUAL_ENTRIES: usize = 64;

    /// An empty record that begins now.
    pub fn new(detail: Detail) -> Self {
        Self {
            start: Instant::now(),
            entries: Vec::new(),
            left_out: 0,
            detail,
        }
    }

    /// Adds what was sent or received.
    pub fn add(&mut self, direction: Direction, words: impl Into<String>, bytes: &[u8]) {
        let (bytes_max, entries_max) = match self.detail {
            Detail::Usual => (Self::USUAL_BYTES, Self::USUAL_ENTRIES),
            Detail::All => (usize::MAX, usize::MAX),
        };
        if self.entries.len() >= entries_max {
            // The last entries say how it ended, so they take the place of those in the middle.
            self.entries.remove(self.left_out_at());
            self.left_out += 1;
        }
        self.entries.push(Entry {
            at: self.start.elapsed(),
            direction,
            words: words.into(),
            bytes: bytes[..bytes.len().min(bytes_max)].to_vec(),
            len: bytes.len(),
        });
    }

    /// The index of the entry before which some are left out, if any are.
    pub fn left_out_at(&self) -> usize {
        Self::USUAL_ENTRIES / 2
    }

    /// Adds something that happened.
    pub fn event(&mut self, words: impl Into<String>) {
        self.add(Direction::Event, words, &[]);
    }
}

impl Default for Record {
    fn default() -> Self {
        Self::new(Detail::Usual)
    }
}

impl Transcript {
    /// An empty one, that begins now.
    pub fn new(detail: Detail) -> Self {
        Self {
            record: Record::new(detail),
            ..Self::default()
        }
    }

    /// Notes what came. A Ping is nothing that is waited for.
    pub fn receive(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Answer(answer)
                if answer.kind == Kind::Pong && answer.payload == PROBE.into() =>
            {
                self.has_survived = true;
            }
            Meaning::Answer(answer) => self.answers.push(answer),
            Meaning::Ping(_) => {}
            Meaning::Close(close) => self.close = Some(close),
        }
    }
}
