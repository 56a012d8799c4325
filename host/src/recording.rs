//! The format of recordings: a file for each connection, with a line of JSON for each thing that
//! travelled on it. The server writes them with `--record`, and `ws-echo replay` reads them.
//!
//! The names of the fields are an interface: they do not change. A later version of the format has
//! another number in its first line.

mod payload;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "no program reads recordings yet")
)]
pub(crate) mod reader;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use self::payload::{Payload, Value};

/// The number of this format, in the first line of each file.
pub(crate) const FORMAT: u32 = 1;

/// A line of a recording. Times (`after`) are seconds since the time of the first line, to the
/// microsecond: see [`seconds`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Line {
    /// The first line of each file.
    Request(Request),
    Response(Response),
    Message(Message),
    Ping(Control),
    Pong(Control),
    Close(Close),
    Invalid(Invalid),
    Missing(Missing),
    End(End),
}

/// What the client requests: the head of its request, as it arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The [number of the format](FORMAT).
    pub(crate) format: u32,
    /// When the connection began, in UTC, as RFC 3339 says.
    pub(crate) time: String,
    /// The address of the client.
    pub(crate) peer: String,
    /// The address that the client has connected to.
    pub(crate) local: String,
    /// Empty, as what follows, if no request came, or none that can be read.
    pub(crate) method: Value,
    pub(crate) target: Value,
    pub(crate) version: Value,
    pub(crate) headers: Headers,
}

/// Names and values, in their order. A name has the case in which it was sent.
pub(crate) type Headers = Vec<(Value, Value)>;

/// The head of the server's response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Response {
    pub(crate) after: f64,
    pub(crate) status: u16,
    pub(crate) headers: Headers,
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Message {
    /// When its last byte travelled.
    pub(crate) after: f64,
    pub(crate) from: Side,
    pub(crate) kind: MessageKind,
    /// As it travelled: compressed if it [is](Self::is_compressed). Its beginning only if it is
    /// [truncated](Self::is_truncated).
    #[serde(flatten)]
    pub(crate) payload: Payload,
    /// The payload lengths of its frames, in bytes; the first ones if it is truncated.
    pub(crate) frames: Vec<u64>,
    #[serde(rename = "compressed", default, skip_serializing_if = "is_false")]
    pub(crate) is_compressed: bool,
    /// Whether the payload or the frames are not all here, because the message is too long.
    #[serde(rename = "truncated", default, skip_serializing_if = "is_false")]
    pub(crate) is_truncated: bool,
    /// The length of the whole message in bytes, if it is truncated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) len: Option<u64>,
}

/// Who has sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    Client,
    Server,
}

/// The type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MessageKind {
    Text,
    Binary,
}

/// A Ping or a Pong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Control {
    pub(crate) after: f64,
    pub(crate) from: Side,
    /// At most 125 bytes.
    #[serde(flatten)]
    pub(crate) payload: Payload,
}

/// A Close.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Close {
    pub(crate) after: f64,
    pub(crate) from: Side,
    /// `None` if the frame has none.
    pub(crate) code: Option<u16>,
    pub(crate) reason: Value,
}

/// Bytes that no client or no server may send. If it was a frame with a length, those after it are
/// recorded; otherwise nothing more is of this side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Invalid {
    pub(crate) after: f64,
    pub(crate) from: Side,
    /// What is wrong.
    pub(crate) reason: String,
    /// The beginning of those bytes.
    #[serde(flatten)]
    pub(crate) payload: Payload,
}

/// Lines that could not be written as fast as they came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Missing {
    pub(crate) after: f64,
    pub(crate) lines: u64,
}

/// The end of the connection, or of its recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) after: f64,
    pub(crate) by: EndedBy,
    pub(crate) reason: String,
}

/// Who has ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EndedBy {
    Client,
    Server,
    /// The connection goes on, but nothing more is recorded.
    Recorder,
}

impl Line {
    /// The line as it is in the file, with its line feed.
    pub(crate) fn to_json(&self) -> String {
        // Nothing here can fail: all keys are strings, and `after` is a finite number.
        let mut json = serde_json::to_string(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Seconds since the time of the first line; 0 in the first line.
    pub(crate) fn after(&self) -> f64 {
        match self {
            Self::Request(_) => 0.0,
            Self::Response(Response { after, .. })
            | Self::Message(Message { after, .. })
            | Self::Ping(Control { after, .. })
            | Self::Pong(Control { after, .. })
            | Self::Close(Close { after, .. })
            | Self::Invalid(Invalid { after, .. })
            | Self::Missing(Missing { after, .. })
            | Self::End(End { after, .. }) => *after,
        }
    }
}

/// A time as it is in a line: seconds, to the microsecond.
pub(crate) fn seconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e6
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests;
