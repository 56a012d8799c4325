//! How a connection ended.

use std::fmt::{self, Display};
use std::io;

use ws_echo_core::{CloseCode, ProtocolError};

use super::reason::Reason;
use crate::escape::Untrusted;
use crate::frame_header::RSV1;
use crate::quantity::Count;
use crate::serve::behaviour::TransportEnd;

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum Ending<'a> {
    /// The client sent Close, and it was answered.
    ClosedByClient(Option<CloseCode>, &'a str),
    /// The client answered our Close.
    ClosedByServer(CloseCode),
    /// The client answered our Close, which was sent because of the connection's age.
    LifetimeOver(CloseCode),
    /// The client broke the protocol.
    Failed(ProtocolError),
    /// The client did not answer our Close in time.
    CloseTimeout(CloseCode),
    /// The server stopped before the client had ended its message.
    CutOff(CloseCode),
    /// The client did not answer a Ping in time.
    Silent,
    /// The client stopped inside a frame, or took nothing of what was ready for it.
    Stalled,
    /// There was no memory for what the client did not take at once.
    ShortOfMemory,
    /// A message of the client was longer than this limit, in bytes.
    TooLong(u64),
    /// A message was longer than what is held for a client of the test path, in bytes.
    TooLongToHold(u64),
    /// The connection ended as the address asked, after this Close if there was one.
    AsAsked(Option<CloseCode>, TransportEnd),
    /// The connection on the test path has lasted as long as one may.
    TestTimeOver,
    /// The client took nothing of what was due for it, and no Close was sent.
    DroppedStalled,
    /// The server stopped, and no Close could be sent.
    Stopped,
    /// The transport ended without a Close frame.
    EndOfStream,
    /// The transport failed.
    Lost(io::Error),
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Initiator {
    Client,
    Server,
}

impl Initiator {
    /// The name, as it is in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl Ending<'_> {
    /// The code of the first Close frame; `None` if it had none, or if there was no such frame.
    pub(crate) fn code(&self) -> Option<CloseCode> {
        match self {
            Self::ClosedByClient(code, _) | Self::AsAsked(code, _) => *code,
            Self::ClosedByServer(code)
            | Self::LifetimeOver(code)
            | Self::CloseTimeout(code)
            | Self::CutOff(code) => Some(*code),
            Self::Failed(error) => Some(error.close_code()),
            Self::Silent => Some(CloseCode::INTERNAL_ERROR),
            Self::Stalled => Some(CloseCode::POLICY_VIOLATION),
            Self::TooLong(_) | Self::TooLongToHold(_) => Some(CloseCode::MESSAGE_TOO_BIG),
            Self::TestTimeOver => Some(CloseCode::GOING_AWAY),
            Self::ShortOfMemory
            | Self::DroppedStalled
            | Self::Stopped
            | Self::EndOfStream
            | Self::Lost(_) => None,
        }
    }

    /// Who ended the connection; `None` if it was lost.
    pub(crate) fn initiator(&self) -> Option<Initiator> {
        match self {
            Self::ClosedByClient(..) => Some(Initiator::Client),
            Self::EndOfStream | Self::Lost(_) => None,
            _ => Some(Initiator::Server),
        }
    }

    /// The name of the ending, for programs. It does not change.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::ClosedByClient(..) => "closed_by_client",
            Self::ClosedByServer(_) => "closed_by_server",
            Self::LifetimeOver(_) => "lifetime_over",
            Self::Failed(_) => "protocol_error",
            Self::CloseTimeout(_) => "close_timeout",
            Self::CutOff(_) => "cut_off",
            Self::Silent => "ping_timeout",
            Self::Stalled => "stalled",
            Self::ShortOfMemory => "short_of_memory",
            Self::TooLong(_) | Self::TooLongToHold(_) => "message_too_long",
            Self::AsAsked(..) => "as_asked",
            Self::TestTimeOver => "test_time_over",
            Self::DroppedStalled => "dropped_stalled",
            Self::Stopped => "stopped",
            Self::EndOfStream => "end_of_stream",
            Self::Lost(_) => "lost",
        }
    }

    /// Why, in words: the client's own, or those of an error. Nothing if the cause says all.
    pub(super) fn reason(&self) -> impl Display {
        fmt::from_fn(|f| match self {
            Self::ClosedByClient(_, reason) => Untrusted::excerpt(reason).fmt(f),
            Self::Failed(error) => error.fmt(f),
            Self::Lost(error) => Reason(error).fmt(f),
            _ => Ok(()),
        })
    }
}

impl Display for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedByClient(None, _) => f.write_str("closed by client without a code"),
            Self::ClosedByClient(Some(code), "") => write!(f, "closed by client with {code}"),
            Self::ClosedByClient(Some(code), reason) => {
                let reason = Untrusted::excerpt(reason);
                write!(f, "closed by client with {code}: {reason}")
            }
            Self::ClosedByServer(code) => closed_by_server(f, *code),
            Self::LifetimeOver(code) => {
                closed_by_server(f, *code)?;
                f.write_str(": its time was over (--max-lifetime)")
            }
            Self::Failed(error) => {
                closed_by_server(f, error.close_code())?;
                write!(f, ": {error}")?;
                match error {
                    ProtocolError::ReservedBits(RSV1) => {
                        f.write_str(" (RSV1, which begins a compressed message)")
                    }
                    _ => Ok(()),
                }
            }
            Self::CloseTimeout(code) => {
                closed_by_server(f, *code)?;
                f.write_str(", not answered in time")
            }
            Self::CutOff(code) => {
                closed_by_server(f, *code)?;
                f.write_str(", in the middle of a message")
            }
            Self::Silent => f.write_str("lost: no answer to a ping (--ping-timeout)"),
            Self::Stalled => {
                closed_by_server(f, CloseCode::POLICY_VIOLATION)?;
                f.write_str(": no progress (--stall-timeout)")
            }
            Self::ShortOfMemory => f.write_str(
                "dropped: short of memory (--max-memory), and it did not take at once what it \
                 was sent, or sent only a part of a message",
            ),
            Self::TooLong(max) => {
                closed_by_server(f, CloseCode::MESSAGE_TOO_BIG)?;
                let max = Count(*max, "byte");
                write!(f, ": a message is longer than {max} (--max-message-size)")
            }
            Self::TooLongToHold(max) => {
                closed_by_server(f, CloseCode::MESSAGE_TOO_BIG)?;
                let max = Count(*max, "byte");
                write!(f, ": a message is longer than {max} (--max-backlog)")
            }
            Self::AsAsked(None, end) => write!(f, "ended by server as asked ({end})"),
            Self::AsAsked(Some(code), end) => {
                closed_by_server(f, *code)?;
                write!(f, " and ended as asked ({end})")
            }
            Self::TestTimeOver => {
                closed_by_server(f, CloseCode::GOING_AWAY)?;
                f.write_str(": the time of a test is over (--max-test-time)")
            }
            Self::DroppedStalled => {
                f.write_str("dropped: it took nothing of what it was sent (--stall-timeout)")
            }
            Self::Stopped => f.write_str("dropped: the server stops"),
            Self::EndOfStream => f.write_str("lost: end of stream without a close"),
            Self::Lost(error) => write!(f, "lost: {}", Reason(error)),
        }
    }
}

fn closed_by_server(f: &mut fmt::Formatter<'_>, code: CloseCode) -> fmt::Result {
    write!(f, "closed by server with {code}")
}
