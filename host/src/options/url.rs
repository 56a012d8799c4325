//! The server that `bench` and `chat` talk to (RFC 6455 section 3).

use std::net::SocketAddr;

use rustls::pki_types::ServerName;

/// How a server is talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// In the clear.
    Ws,
    /// Over TLS.
    Wss,
}

impl Scheme {
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Ws => "ws://",
            Self::Wss => "wss://",
        }
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

/// The address of a server, with nothing in it that could break a request's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// As it was written.
    pub(crate) text: String,
    /// The value of `Host`: the host, and the port if one was written.
    pub(crate) authority: String,
    /// The path with its leading `/`, and the query.
    pub(crate) resource: String,
    /// The name that the server's certificate has to have; `None` where there is no TLS.
    pub(crate) server_name: Option<ServerName<'static>>,
    /// Where the host is, if it is at no other address.
    pub(crate) address: SocketAddr,
    /// Where else it may be, to be preferred.
    pub(crate) other_addresses: Vec<SocketAddr>,
}

impl Url {
    /// Where the host may be, in the order in which to try.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        [&self.other_addresses[..], &[self.address]].concat()
    }

    /// The same with another scheme, as one writes it.
    pub(crate) fn with(&self, scheme: Scheme) -> String {
        format!("{}{}{}", scheme.prefix(), self.authority, self.resource)
    }
}
