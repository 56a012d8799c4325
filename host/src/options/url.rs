//! The server that a client talks to (RFC 6455 section 3).

use rustls::pki_types::ServerName;

/// The header that the name and the password of a URL become.
pub(crate) const AUTHORIZATION: &str = "Authorization";

/// The scheme of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Without TLS.
    Ws,
    /// With TLS.
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

/// The address of a server, without characters that could break the lines of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// The URL as it was written, without a name and a password.
    pub(crate) text: String,
    /// The value of `Host`: the host, and the port if one was written.
    pub(crate) authority: String,
    /// The value of the header [`AUTHORIZATION`], if the URL has a name and a password.
    pub(crate) authorization: Option<String>,
    /// The path with its leading `/`, and the query.
    pub(crate) resource: String,
    /// The name that the server's certificate must have; `None` without TLS.
    pub(crate) server_name: Option<ServerName<'static>>,
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Url {
    /// Returns the header with the name and the password, if the URL has them.
    pub(crate) fn authorization(&self) -> Option<(&str, &str)> {
        let value = self.authorization.as_deref()?;
        Some((AUTHORIZATION, value))
    }

    /// Returns the URL with another scheme.
    pub(crate) fn with(&self, scheme: Scheme) -> String {
        format!("{}{}{}", scheme.prefix(), self.authority, self.resource)
    }
}
