//! The options of `ws-echo chat`.

use std::time::Duration;

use rustls::pki_types::TrustAnchor;

use crate::options::url::Url;

/// How to talk to a server. Every value is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChatOptions {
    /// The server.
    pub(crate) url: Url,
    /// Which certificates are trusted, if the URL asks for TLS.
    pub(crate) trust: Trust,
    /// The subprotocols to offer: HTTP tokens, in order of preference; may be empty.
    pub(crate) subprotocols: Vec<String>,
    /// Further headers of the request.
    pub(crate) headers: Vec<Header>,
    /// The value of `Origin`, if the request has one.
    pub(crate) origin: Option<String>,
    /// Whether to reconnect when the connection is lost.
    pub(crate) reconnect: bool,
    /// How long to wait for the next reply after the end of the input; may be zero.
    pub(crate) wait: Duration,
    /// The time for connecting and the handshake, from a millisecond to a day.
    pub(crate) timeout: Duration,
    /// Whether a terminal is shown colours.
    pub(crate) color: bool,
}

/// Which certificates are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Those of the authorities that the system trusts.
    System,
    /// Those of these authorities, at least one.
    Only(Vec<TrustAnchor<'static>>),
    /// All certificates.
    Anyone,
}

/// A header of the request, other than those that the handshake itself sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// An HTTP token.
    pub(crate) name: String,
    /// Visible characters, spaces and tabs.
    pub(crate) value: String,
}
