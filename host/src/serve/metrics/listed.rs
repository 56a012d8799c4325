//! One of the connections that are listed. Data only.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::serve::peer::Peer;
use crate::serve::traffic::Traffic;

/// The most connections that are listed.
pub(crate) const LISTED_MAX: usize = 1_000;

/// A client, and what its connection has carried.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) peer: Peer,
    /// The target of its request, as the log shows it. Not known of each client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<Box<str>>,
    pub(crate) state: State,
    /// What is known once it is a WebSocket.
    #[serde(flatten)]
    pub(crate) opened: Option<OpenedConnection>,
    /// For how long it has sent nothing, at least; not known if clients are not sent Pings.
    #[serde(rename = "idle_seconds_at_least")]
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "seconds_if_any"
    )]
    pub(crate) idle: Option<Duration>,
}

/// What a WebSocket connection has carried.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct OpenedConnection {
    #[serde(rename = "age_seconds", serialize_with = "seconds")]
    pub(crate) age: Duration,
    pub(crate) received: Traffic,
    pub(crate) sent: Traffic,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Its request, or its TLS handshake, is not complete.
    Handshake,
    /// It is a WebSocket.
    Open,
    /// It does what its address on the test path asks for.
    Test,
    /// The server ends it, and waits for the client.
    Closing,
    /// It is over, or gets an HTTP response, of which the client has not taken all.
    Ending,
}

/// Writes a time in seconds, to a millisecond: more is not known.
fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_millis() as f64 / 1_000.0)
}

fn seconds_if_any<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    seconds(&time.unwrap_or_default(), to)
}
