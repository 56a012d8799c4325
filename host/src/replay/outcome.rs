//! How a replay ended, and what it has done.

use std::fmt::{self, Display, Formatter};
use std::io;

use crate::recording::reader::ReadError;

/// How a replay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The recording was played to its end.
    Whole,
    /// The server has ended the connection, at its time or too early.
    ByServer,
    /// The server has not answered several times.
    Unanswered,
    /// The server does not read.
    Stalled,
    /// The user has ended it.
    Interrupted,
}

/// Why a replay cannot go on.
#[derive(Debug)]
pub(super) enum Failure {
    /// The recording cannot be read.
    Recording(ReadError),
    /// The process cannot poll its socket.
    System(io::Error),
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording(error) => write!(formatter, "cannot read the recording: {error}"),
            Self::System(error) => write!(formatter, "cannot poll the socket: {error}"),
        }
    }
}

/// What a replay has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// The last line of the recording that was played.
    pub(super) line: u64,
    /// The messages that were sent.
    pub(super) sent: u64,
    /// The messages that were not sent: they cannot be, or the connection was over.
    pub(super) not_sent: u64,
}
