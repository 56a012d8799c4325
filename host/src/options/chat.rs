//! How to talk to a server.

use std::time::Duration;

use crate::options::trust::Trust;
use crate::options::url::Url;

/// The options of `ws-echo chat`. Every value is within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChatOptions {
    /// The server.
    pub(crate) url: Url,
    /// Which certificates are trusted, with TLS.
    pub(crate) trust: Trust,
    /// The subprotocols to offer, HTTP tokens, the preferred one first; may be empty.
    pub(crate) subprotocols: Vec<String>,
    /// Further headers of the request.
    pub(crate) headers: Vec<Header>,
    /// The value of `Origin`, if it is sent.
    pub(crate) origin: Option<String>,
    /// Whether compression is offered.
    pub(crate) compression: bool,
    /// Whether to connect again when the connection is lost.
    pub(crate) reconnect: bool,
    /// How long to wait for the next reply after the end of the input; may be zero.
    pub(crate) wait: Duration,
    /// The time for connecting and the handshake, from a millisecond to a day.
    pub(crate) timeout: Duration,
    /// Whether a terminal may show colours.
    pub(crate) color: bool,
}

/// A header that the handshake itself does not send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// An HTTP token.
    pub(crate) name: String,
    /// Visible characters, spaces and tabs.
    pub(crate) value: String,
}
