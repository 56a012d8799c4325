//! How to talk to a server.

use std::time::Duration;

use rustls::pki_types::TrustAnchor;

use crate::options::url::Url;

/// How to talk to a server. Every value is within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChatOptions {
    /// The server.
    pub(crate) url: Url,
    /// Whose certificates are believed, where there is TLS.
    pub(crate) trust: Trust,
    /// The subprotocols to offer, HTTP tokens, the preferred one first; may be empty.
    pub(crate) subprotocols: Vec<String>,
    /// What else the request says.
    pub(crate) headers: Vec<Header>,
    /// The value of `Origin`, if that is sent.
    pub(crate) origin: Option<String>,
    /// Whether to connect again when the connection is lost.
    pub(crate) reconnect: bool,
    /// How long to wait for the next reply after the end of the input; may be zero.
    pub(crate) wait: Duration,
    /// The time for connecting and the handshake, from a millisecond to a day.
    pub(crate) timeout: Duration,
    /// Whether a terminal may be shown colours.
    pub(crate) color: bool,
}

/// Whose word it is that the server is the one that it says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// That of the authorities which the system trusts.
    System,
    /// That of these authorities, one at least.
    Only(Vec<TrustAnchor<'static>>),
    /// Nobody's: any certificate will do.
    Anyone,
}

/// A header of the request that the handshake itself does not send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// An HTTP token.
    pub(crate) name: String,
    /// Visible characters, blanks and tabs.
    pub(crate) value: String,
}
