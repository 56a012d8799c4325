//! How to talk to a server.

use std::time::Duration;

use regex_lite::Regex;

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
    /// The time for connecting and the handshake, from a millisecond to a day; with an
    /// [`Expectation`], the time for everything.
    pub(crate) timeout: Duration,
    /// The message that ends the chat, if there is one.
    pub(crate) expectation: Option<Expectation>,
    /// Whether the handshake and each frame are shown on stderr.
    pub(crate) verbose: bool,
    /// Whether events are objects of JSON on stdout.
    pub(crate) json: bool,
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

/// The message that ends the chat: a reply, or one that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// What is sent, instead of the lines of the input. Only a message after it is the reply.
    pub(crate) once: Option<String>,
    /// What the message must match.
    pub(crate) pattern: Option<Pattern>,
    /// Whether the first message of the connection does not count.
    pub(crate) ignore_greeting: bool,
}

/// A regular expression.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(pub(crate) Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}
