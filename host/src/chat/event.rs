//! What happens in a chat, for a view that shows each event: data only.

use std::time::Duration;

use ws_echo_core::{CloseCode, Kind};

use super::whole_message::WholeMessage;
use crate::client::facts::ConnectionFacts;

/// Something that has happened.
#[derive(Debug)]
pub(super) enum ChatEvent<'a> {
    /// A connection is open.
    Connected(&'a ConnectionFacts),
    /// A message was received, as far as it came.
    Message(&'a WholeMessage, MessageRole),
    /// A message of this many bytes was sent.
    Sent(Kind, u64),
    /// The server has sent a Ping with this payload.
    Ping(&'a [u8]),
    /// The server has sent a Pong with this payload.
    Pong(&'a [u8]),
    /// One side has sent a Close, with this code and reason.
    Close(Side, Option<CloseCode>, &'a str),
    /// The connection is opened again after this time.
    Reconnecting(Duration),
    /// Something went wrong; what, on one line, and the HTTP status of a refusal.
    Error(&'a str, Option<u16>),
    /// The last event: the process ends with this status.
    End(u8),
}

/// What a received message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageRole {
    /// One of many.
    Ordinary,
    /// The one that `--once` or `--expect` waits for.
    Expected,
    /// The beginning of one that was cut off by the end of the connection.
    CutOff,
}

/// Who has sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}
