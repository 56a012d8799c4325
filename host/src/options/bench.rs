//! How to load a server and measure it.

use std::time::Duration;

use crate::options::url::Url;

/// How to load a server. Every value is within its limits.
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
    /// How many messages may be without their echo, for each connection; `None` for any number.
    pub(crate) in_flight: Option<u64>,
    /// How many messages are sent each second over all connections, if there is a schedule.
    pub(crate) rate: Option<f64>,
    /// How much to measure.
    pub(crate) amount: Amount,
    /// How long to load the server before it is measured; may be zero.
    pub(crate) warm_up: Duration,
    /// How long the server may be silent while something is expected of it.
    pub(crate) timeout: Duration,
    /// What the server sends back.
    pub(crate) echo: Echo,
    /// The server's process, whose processor time is to be told.
    pub(crate) process: Option<u32>,
    /// Whether the report is for programs.
    pub(crate) json: bool,
}

/// How much to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// What can be sent in this time.
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
}

/// What a server sends back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    /// Messages, and so frames without a masking key.
    Messages,
    /// The very bytes that it was sent, masking key and all.
    Bytes,
}
