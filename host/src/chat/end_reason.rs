//! Why a connection, or the attempt to open one, ended: as text, and as an exit status.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::time::Duration;

use ws_echo_core::{ClientRequestError, CloseCode, ProtocolError, ResponseError};

use crate::escape::Untrusted;
use crate::time::{DAY, Time};

/// The exit status of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    /// Closed with 1000 or 1001.
    Closed = 0,
    /// Closed with another code, lost or broken.
    Broken = 1,
    /// The command line asks for a request that cannot be sent.
    Usage = 2,
    /// The server refused the handshake.
    Refused = 3,
    /// No connection could be opened, or messages were not answered.
    Unanswered = 4,
}

/// Why a connection, or the attempt to open one, ended.
#[derive(Debug)]
pub(crate) enum EndReason {
    /// The server sent a Close frame: its code, if it had one, and its reason.
    Closed(Option<CloseCode>, String),
    /// The connection ended without a Close frame; why.
    Lost(String),
    /// The server violated the protocol.
    Protocol(ProtocolError),
    /// The input cannot be sent, or the output cannot be written; why.
    LocalError(String),
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
    /// Another connection is not needed, because all of the input was sent; the status of the last
    /// one.
    InputSent(ExitStatus),
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

impl EndReason {
    pub(crate) fn status(&self) -> ExitStatus {
        match self {
            Self::Closed(Some(CloseCode::NORMAL | CloseCode::GOING_AWAY), _) => ExitStatus::Closed,
            Self::Closed(..) | Self::Lost(_) | Self::Protocol(_) => ExitStatus::Broken,
            Self::LocalError(_) | Self::Poll(_) => ExitStatus::Broken,
            Self::InvalidRequest(_) => ExitStatus::Usage,
            Self::Refused(_) | Self::InvalidResponse(_) | Self::SpeaksTls(_) => ExitStatus::Refused,
            Self::NotConnected(_) | Self::Tls(_) | Self::TimedOut(_) => ExitStatus::Unanswered,
            Self::Cancelled => ExitStatus::Unanswered,
            Self::InputSent(status) => *status,
        }
    }

    /// Whether another attempt may succeed a little later.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Lost(_) | Self::NotConnected(_) | Self::TimedOut(_) => true,
            // A redirect is not followed, so a later one would not help.
            Self::Refused(refusal) => match refusal.status {
                400..500 => refusal.retry_after.is_some(),
                status => status >= 500,
            },
            // Going away, an error in the server, a restart, an overload, a bad gateway.
            Self::Closed(Some(code), _) => {
                matches!(code.get(), 1001 | 1011 | 1012 | 1013 | 1014)
            }
            _ => false,
        }
    }

    /// How long the server asks to wait before the next attempt.
    pub(crate) fn retry_after(&self) -> Duration {
        match self {
            Self::Refused(refusal) => refusal.retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }
}

impl Display for EndReason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(None, _) => f.write_str("socket closed without a code"),
            Self::Closed(Some(code), reason) if reason.is_empty() => {
                write!(f, "socket closed {code}")
            }
            Self::Closed(Some(code), reason) => {
                write!(f, "socket closed {code}: {}", Untrusted::excerpt(reason))
            }
            Self::Lost(reason) | Self::LocalError(reason) => write!(f, "socket error: {reason}"),
            Self::Protocol(error) => {
                write!(f, "socket error: the server violated the protocol: {error}")
            }
            Self::Refused(refusal) => refusal.fmt(f),
            Self::InvalidResponse(error) => write!(
                f,
                "socket error: the server sent an invalid handshake response: {error}"
            ),
            Self::SpeaksTls(advice) => write!(f, "socket error: the server speaks TLS: {advice}"),
            Self::InvalidRequest(error) => write!(f, "socket error: invalid request: {error}"),
            Self::NotConnected(reason) | Self::Tls(reason) => {
                write!(f, "socket error: {reason}")
            }
            Self::TimedOut(time) => write!(
                f,
                "socket error: no response to the handshake within {} (--timeout)",
                Time::from(*time)
            ),
            Self::Cancelled => f.write_str("stopped while no connection was open"),
            Self::InputSent(_) => f.write_str("not connecting again: all of the input was sent"),
            Self::Poll(error) => write!(f, "socket error: cannot poll the socket: {error}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(code: u16) -> EndReason {
        EndReason::Closed(CloseCode::new(code), String::new())
    }

    fn refused(status: u16) -> EndReason {
        refused_for(status, None)
    }

    fn refused_for(status: u16, retry_after: Option<Duration>) -> EndReason {
        EndReason::Refused(ServerRefusal {
            status,
            reason: "No\u{1b}".into(),
            location: Some("http://a/\n".into()),
            retry_after,
            content: Vec::new(),
        })
    }

    #[test]
    fn only_1000_and_1001_are_successful_ends() {
        assert_eq!(closed(1000).status(), ExitStatus::Closed);
        assert_eq!(closed(1001).status(), ExitStatus::Closed);
        for code in [0, 1002, 1011, 3000, 4999] {
            assert_eq!(closed(code).status(), ExitStatus::Broken);
        }
    }

    #[test]
    fn only_a_temporary_failure_is_worth_another_attempt() {
        for reason in [
            EndReason::Lost(String::new()),
            EndReason::NotConnected(String::new()),
            EndReason::TimedOut(Duration::ZERO),
            refused(503),
            refused_for(429, Some(Duration::ZERO)),
            refused_for(403, Some(Duration::ZERO)),
            closed(1012),
        ] {
            assert!(reason.is_temporary(), "{reason}");
        }
        for reason in [
            closed(1000),
            closed(1008),
            closed(0),
            refused(404),
            refused(302),
            refused_for(302, Some(Duration::ZERO)),
            EndReason::InvalidResponse(ResponseError::WrongAccept),
            EndReason::Protocol(ProtocolError::Masked),
            EndReason::Tls(String::new()),
            EndReason::SpeaksTls(String::new()),
            EndReason::Cancelled,
        ] {
            assert!(!reason.is_temporary(), "{reason}");
        }
    }

    #[test]
    fn text_from_the_server_is_escaped() {
        assert_eq!(
            refused(302).to_string(),
            r"the server refused: 302 No\u{1b}; redirect not followed: http://a/\n"
        );
        let reason = EndReason::Closed(Some(CloseCode::NORMAL), "bye\n\\".into());
        assert_eq!(reason.to_string(), r"socket closed 1000: bye\n\\");
    }
}
