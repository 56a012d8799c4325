//! Why no connection could be opened, as text.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::time::Duration;

use ws_echo_core::{ClientRequestError, ResponseError};

use crate::escape::Untrusted;
use crate::time::{DAY, Time};

/// Why no connection could be opened.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// The server refused the handshake.
    Refused(ServerRefusal),
    /// The server's response is not a valid handshake.
    InvalidResponse(ResponseError),
    /// The server answered in TLS; what to do instead.
    SpeaksTls(String),
    /// The request cannot be sent.
    InvalidRequest(ClientRequestError),
    /// No address accepted a connection, or it ended during the handshake; why.
    NotConnected(String),
    /// TLS failed for a reason that another attempt would not change, such as a certificate that is
    /// not trusted.
    Tls(String),
    /// The response did not arrive within the time for the handshake.
    TimedOut(Duration),
    /// The user gave up before a connection was open.
    Cancelled,
    /// The process cannot poll its sockets.
    Poll(io::Error),
}

/// A response with a status other than 101.
#[derive(Debug)]
pub(crate) struct ServerRefusal {
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// The value of `Location`, if the response has one.
    pub(crate) location: Option<String>,
    /// How long to wait before the next attempt, if the response says it.
    pub(crate) retry_after: Option<Duration>,
    /// The beginning of the response's content.
    pub(crate) content: Vec<u8>,
}

impl From<io::Error> for ConnectError {
    /// The error of a poll.
    fn from(error: io::Error) -> Self {
        Self::Poll(error)
    }
}

impl Display for ConnectError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::InvalidResponse(error) => {
                write!(f, "the server sent an invalid handshake response: {error}")
            }
            Self::SpeaksTls(advice) => write!(f, "the server speaks TLS: {advice}"),
            Self::InvalidRequest(error) => write!(f, "invalid request: {error}"),
            Self::NotConnected(reason) | Self::Tls(reason) => f.write_str(reason),
            Self::TimedOut(time) => write!(
                f,
                "no response to the handshake within {} (--timeout)",
                Time::from(*time)
            ),
            Self::Cancelled => f.write_str("stopped while no connection was open"),
            Self::Poll(error) => write!(f, "cannot poll the socket: {error}"),
        }
    }
}

impl Display for ServerRefusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "the server refused: {}", self.status)?;
        if !self.reason.is_empty() {
            write!(f, " {}", Untrusted::excerpt(&self.reason))?;
        }
        if let Some(location) = &self.location {
            write!(
                f,
                "; redirect not followed: {}",
                Untrusted::excerpt(location)
            )?;
        }
        match self.retry_after {
            None | Some(Duration::ZERO) => Ok(()),
            Some(time) if time > DAY => f.write_str("; try again in more than a day"),
            Some(time) => write!(f, "; try again in {}", Time::from(time)),
        }
    }
}
