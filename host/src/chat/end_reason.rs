//! How a connection, or the attempt to make one, has ended: in words, and as an exit status.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::time::Duration;

use ws_echo_core::{ClientRequestError, CloseCode, ProtocolError, ResponseError};

use crate::escape::Untrusted;
use crate::time::Time;

/// How many characters of a server's words are shown.
const SHOWN_LEN_MAX: usize = 200;

/// What the process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum ExitStatus {
    /// Closed with 1000 or 1001.
    Closed = 0,
    /// Closed with another code, lost or broken.
    Broken = 1,
    /// The request that the command line asks for cannot be sent.
    Usage = 2,
    /// The server refused the handshake.
    Refused = 3,
    /// There was no connection, or messages were not answered.
    Unanswered = 4,
}

/// How it has ended.
#[derive(Debug)]
pub(super) enum EndReason {
    /// By a Close frame: its code if there was one, and its reason.
    Closed(Option<CloseCode>, String),
    /// Without one; why.
    Lost(String),
    /// The server broke the protocol.
    Failed(ProtocolError),
    /// The input cannot be sent, or the output not be written; why.
    Unusable(String),
    /// The server refused the handshake.
    Refused(ServerRefusal),
    /// What the server answered is no handshake.
    Response(ResponseError),
    /// It answered in TLS; what to write instead.
    SpeaksTls(String),
    /// The request cannot be sent.
    Request(ClientRequestError),
    /// No address took a connection that became a WebSocket one; why.
    NotConnected(String),
    /// There is no secure connection, for a reason that stays: a certificate that is not trusted, say.
    Insecure(String),
    /// The response did not come within the time for the handshake.
    Late(Duration),
    /// The user wanted no connection any longer.
    Stopped,
    /// The system does not let the process wait.
    System(io::Error),
}

/// An answer with another status than 101.
#[derive(Debug)]
pub(super) struct ServerRefusal {
    pub(super) status: u16,
    pub(super) reason: String,
    /// Where to go instead, if the server says so.
    pub(super) location: Option<String>,
    /// The beginning of the response's content.
    pub(super) content: Vec<u8>,
}

impl EndReason {
    pub(super) fn status(&self) -> ExitStatus {
        match self {
            Self::Closed(Some(CloseCode::NORMAL | CloseCode::GOING_AWAY), _) => ExitStatus::Closed,
            Self::Closed(..) | Self::Lost(_) | Self::Failed(_) => ExitStatus::Broken,
            Self::Unusable(_) | Self::System(_) => ExitStatus::Broken,
            Self::Request(_) => ExitStatus::Usage,
            Self::Refused(_) | Self::Response(_) | Self::SpeaksTls(_) => ExitStatus::Refused,
            Self::NotConnected(_) | Self::Insecure(_) | Self::Late(_) => ExitStatus::Unanswered,
            Self::Stopped => ExitStatus::Unanswered,
        }
    }

    /// Whether it may go better a little later.
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Self::Lost(_) | Self::NotConnected(_) | Self::Late(_) => true,
            Self::Refused(refusal) => refusal.status >= 500,
            // Going away, an error in the server, a restart, an overload, a bad gateway.
            Self::Closed(Some(code), _) => {
                matches!(code.get(), 1001 | 1011 | 1012 | 1013 | 1014)
            }
            _ => false,
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
                write!(f, "socket closed {code}: {}", shown(reason))
            }
            Self::Lost(reason) | Self::Unusable(reason) => write!(f, "socket error: {reason}"),
            Self::Failed(error) => {
                write!(f, "socket error: the server broke the protocol: {error}")
            }
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Response(error) => write!(
                f,
                "socket error: the server's answer opens no WebSocket: {error}"
            ),
            Self::SpeaksTls(advice) => write!(f, "socket error: the server speaks TLS: {advice}"),
            Self::Request(error) => write!(f, "socket error: this cannot be asked for: {error}"),
            Self::NotConnected(reason) | Self::Insecure(reason) => {
                write!(f, "socket error: {reason}")
            }
            Self::Late(time) => write!(
                f,
                "socket error: the answer to the request did not come within {} (--timeout)",
                Time::from(*time)
            ),
            Self::Stopped => f.write_str("stopped before there was a connection"),
            Self::System(error) => write!(f, "socket error: cannot wait for sockets: {error}"),
        }
    }
}

impl Display for ServerRefusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "the server refused: {}", self.status)?;
        if !self.reason.is_empty() {
            write!(f, " {}", shown(&self.reason))?;
        }
        if let Some(location) = &self.location {
            write!(
                f,
                ", and names another place, which is not asked: {}",
                shown(location)
            )?;
        }
        Ok(())
    }
}

fn shown(text: &str) -> Untrusted<'_> {
    Untrusted::new(text, SHOWN_LEN_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(code: u16) -> EndReason {
        EndReason::Closed(CloseCode::new(code), String::new())
    }

    fn refused(status: u16) -> EndReason {
        EndReason::Refused(ServerRefusal {
            status,
            reason: "No\u{1b}".into(),
            location: Some("http://a/\n".into()),
            content: Vec::new(),
        })
    }

    #[test]
    fn only_1000_and_1001_are_good_endings() {
        assert_eq!(closed(1000).status(), ExitStatus::Closed);
        assert_eq!(closed(1001).status(), ExitStatus::Closed);
        for code in [0, 1002, 1011, 3000, 4999] {
            assert_eq!(closed(code).status(), ExitStatus::Broken);
        }
    }

    #[test]
    fn what_may_pass_is_worth_another_attempt() {
        for ending in [
            EndReason::Lost(String::new()),
            EndReason::NotConnected(String::new()),
            EndReason::Late(Duration::ZERO),
            refused(503),
            closed(1012),
        ] {
            assert!(ending.is_temporary(), "{ending}");
        }
        for ending in [
            closed(1000),
            closed(1008),
            closed(0),
            refused(404),
            refused(302),
            EndReason::Response(ResponseError::WrongAccept),
            EndReason::Failed(ProtocolError::Masked),
            EndReason::Insecure(String::new()),
            EndReason::SpeaksTls(String::new()),
            EndReason::Stopped,
        ] {
            assert!(!ending.is_temporary(), "{ending}");
        }
    }

    #[test]
    fn what_the_server_says_is_escaped() {
        assert_eq!(
            refused(302).to_string(),
            r"the server refused: 302 No\u{1b}, and names another place, which is not asked: http://a/\n"
        );
        let ending = EndReason::Closed(Some(CloseCode::NORMAL), "bye\n\\".into());
        assert_eq!(ending.to_string(), r"socket closed 1000: bye\n\\");
    }
}
