//! Why a connection, or the attempt to open one, ended: as text, and as an exit status.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::time::Duration;

use ws_echo_core::{CloseCode, ProtocolError};

use crate::client::error::ConnectError;
use crate::escape::Untrusted;

/// The exit status of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum ExitStatus {
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
pub(super) enum EndReason {
    /// The server sent a Close frame: its code, if it had one, and its reason.
    Closed(Option<CloseCode>, String),
    /// The connection ended without a Close frame; why.
    Lost(String),
    /// The server violated the protocol.
    Protocol(ProtocolError),
    /// The input cannot be sent, or the output cannot be written; why.
    LocalError(String),
    /// No connection could be opened.
    NotOpened(ConnectError),
    /// The message that `--once` or `--expect` waits for did not come in time; as text.
    TooLate(String),
    /// Another connection is not needed, because all of the input was sent; the status of the last
    /// one.
    InputSent(ExitStatus),
    /// The process cannot poll its sockets.
    Poll(io::Error),
}

impl From<ConnectError> for EndReason {
    fn from(error: ConnectError) -> Self {
        Self::NotOpened(error)
    }
}

impl EndReason {
    pub(super) fn status(&self) -> ExitStatus {
        match self {
            Self::Closed(Some(CloseCode::NORMAL | CloseCode::GOING_AWAY), _) => ExitStatus::Closed,
            Self::Closed(..) | Self::Lost(_) | Self::Protocol(_) => ExitStatus::Broken,
            Self::LocalError(_) | Self::Poll(_) => ExitStatus::Broken,
            Self::NotOpened(error) => status_of(error),
            Self::TooLate(_) => ExitStatus::Unanswered,
            Self::InputSent(status) => *status,
        }
    }

    /// Whether something went wrong, and no Close frame says what.
    pub(super) fn is_error(&self) -> bool {
        !matches!(
            self,
            Self::Closed(..) | Self::NotOpened(ConnectError::Cancelled) | Self::InputSent(_)
        )
    }

    /// The status of an answer that is not an acceptance.
    pub(super) fn http_status(&self) -> Option<u16> {
        match self {
            Self::NotOpened(ConnectError::Refused(refusal)) => Some(refusal.status),
            _ => None,
        }
    }

    /// Whether another attempt may succeed a little later.
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Self::Lost(_) => true,
            Self::NotOpened(ConnectError::NotConnected(_) | ConnectError::TimedOut(_)) => true,
            // A redirect is not followed, so a later one would not help.
            Self::NotOpened(ConnectError::Refused(refusal)) => match refusal.status {
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
    pub(super) fn retry_after(&self) -> Duration {
        match self {
            Self::NotOpened(ConnectError::Refused(refusal)) => {
                refusal.retry_after.unwrap_or_default()
            }
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
            Self::NotOpened(error @ (ConnectError::Refused(_) | ConnectError::Cancelled)) => {
                error.fmt(f)
            }
            Self::NotOpened(error) => write!(f, "socket error: {error}"),
            Self::TooLate(reason) => f.write_str(reason),
            Self::InputSent(_) => f.write_str("not connecting again: all of the input was sent"),
            Self::Poll(error) => write!(f, "socket error: cannot poll the socket: {error}"),
        }
    }
}

/// The exit status of a chat that had no connection.
fn status_of(error: &ConnectError) -> ExitStatus {
    match error {
        ConnectError::InvalidRequest(_) => ExitStatus::Usage,
        ConnectError::Refused(_)
        | ConnectError::InvalidResponse(_)
        | ConnectError::SpeaksTls(_) => ExitStatus::Refused,
        ConnectError::NotConnected(_)
        | ConnectError::Tls(_)
        | ConnectError::TimedOut(_)
        | ConnectError::Cancelled => ExitStatus::Unanswered,
        ConnectError::Poll(_) => ExitStatus::Broken,
    }
}

#[cfg(test)]
mod tests {
    use ws_echo_core::ResponseError;

    use super::*;
    use crate::client::error::ServerRefusal;

    fn closed(code: u16) -> EndReason {
        EndReason::Closed(CloseCode::new(code), String::new())
    }

    fn refused(status: u16) -> EndReason {
        refused_for(status, None)
    }

    fn refused_for(status: u16, retry_after: Option<Duration>) -> EndReason {
        EndReason::NotOpened(ConnectError::Refused(ServerRefusal {
            status,
            reason: "No\u{1b}".into(),
            location: Some("http://a/\n".into()),
            retry_after,
            content: Vec::new(),
        }))
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
            ConnectError::NotConnected(String::new()).into(),
            ConnectError::TimedOut(Duration::ZERO).into(),
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
            ConnectError::InvalidResponse(ResponseError::WrongAccept).into(),
            EndReason::Protocol(ProtocolError::Masked),
            ConnectError::Tls(String::new()).into(),
            ConnectError::SpeaksTls(String::new()).into(),
            ConnectError::Cancelled.into(),
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
