//! How to load a server and measure it.

use std::time::Duration;

use crate::options::url::Url;

/// The options of `ws-echo bench`. Every value is within its limits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BenchOptions {
    /// The server.
    pub(crate) url: Url,
    /// How many connections to open, from 1 to 20,000.
    pub(crate) connections: usize,
    /// The length of each message's payload in bytes, at most 64 MiB.
    pub(crate) size: usize,
    /// What the payload is made of.
    pub(crate) payload: PayloadKind,
    /// How many messages each connection may have in flight; `None` for any number.
    pub(crate) in_flight: Option<u64>,
    /// How many messages are sent per second over all connections, if there is a schedule.
    pub(crate) rate: Option<f64>,
    /// How much to measure.
    pub(crate) amount: Amount,
    /// How long to load the server before it is measured; may be zero.
    pub(crate) warm_up: Duration,
    /// How long the server may be silent while an echo or a response is due.
    pub(crate) timeout: Duration,
    /// What the server sends back.
    pub(crate) echo: Echo,
    /// What is offered for compressing messages; `None` to send them as they are.
    pub(crate) compression: Option<Compression>,
    /// The server's process, if its processor time is reported.
    pub(crate) process: Option<u32>,
    /// Whether the report is JSON.
    pub(crate) json: bool,
}

/// How much to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// All messages that can be sent in this time.
    For(Duration),
    /// This many messages, at least one.
    Messages(u64),
}

/// What a payload is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayloadKind {
    /// Bytes of every value, in binary messages.
    Binary,
    /// One-byte characters, in text messages.
    Ascii,
    /// Three-byte characters, in text messages.
    Chinese,
    /// JSON records, in text messages: they compress as the messages of many applications do.
    Json,
}

/// What is offered for compressing messages by permessage-deflate (RFC 7692).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// Both ends compress each message for itself.
    Fresh,
    /// Each end may keep its window between messages.
    Window,
}

/// What a server sends back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    /// Messages, in frames without a masking key.
    Messages,
    /// The bytes exactly as they were sent, with the masking key.
    Bytes,
}
