//! Why a server could not be measured, with what to change.

use std::fmt::{self, Display, Formatter};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use ws_echo_core::{ClientRequestError, ResponseError};

use crate::deflate::inflater::InvalidCompression;
use crate::escape::Untrusted;
use crate::options::bench::Compression;
use crate::quantity::Count;
use crate::time::Time;

/// Why a server could not be measured.
#[derive(Debug)]
pub(crate) enum BenchError {
    /// The system refused something; the text names what could not be done.
    System(&'static str, io::Error),
    /// The process may not open this many files: the number needed, and the hard limit.
    Files { needed: u64, limit: u64 },
    /// The address of the server is not known; why.
    Unresolved(String),
    /// A connection failed, counted from 1.
    Connection {
        number: usize,
        error: ConnectionError,
    },
    /// No part of an echo was received for this time, while this many messages were missing.
    Silent { time: Duration, missing: u64 },
    /// The user stopped the run before anything was measured.
    Stopped,
}

/// What was wrong with a connection, or with what the server sent.
#[derive(Debug)]
pub(crate) enum ConnectionError {
    /// The connection to this address could not be made.
    Connect(SocketAddr, io::Error),
    /// The connection broke.
    Socket(io::Error),
    /// The server ended the connection without a Close frame.
    Ended,
    /// Opening it took longer than this time; the text says what is missing.
    Late(&'static str, Duration),
    /// The response is not HTTP/1; this is its start.
    NotHttp(String),
    /// The server refused the upgrade: the status code and the reason phrase.
    Refused(u16, String),
    /// The response is not a valid handshake.
    Response(ResponseError),
    /// The request cannot be sent.
    Request(ClientRequestError),
    /// A frame that no server may send.
    Frame(&'static str),
    /// The server does not compress messages, although this was offered.
    NotCompressed(Compression),
    /// A compressed message that is not valid.
    Compression,
    /// The server closed the connection: the code if there is one, and the reason.
    Closed(Option<u16>, String),
    /// The server sends Pings but does not read the Pongs.
    Pings,
    /// A message was received that is not the echo of the message sent.
    Echo(EchoMismatch),
}

/// How a received message differs from the echo that was expected.
#[derive(Debug)]
pub(crate) enum EchoMismatch {
    /// It has another type, text or binary.
    Type {
        received: &'static str,
        sent: &'static str,
    },
    /// It has another length; of a longer one, as much as was received so far.
    Length { received: u64, sent: u64 },
    /// It has another byte at an offset.
    Byte { offset: u64, received: u8, sent: u8 },
    /// No message was sent for it.
    Unasked,
}

impl ConnectionError {
    /// Names the connection that failed by its index.
    pub(super) fn on(self, index: usize) -> BenchError {
        BenchError::Connection {
            number: index + 1,
            error: self,
        }
    }
}

impl From<EchoMismatch> for ConnectionError {
    fn from(mismatch: EchoMismatch) -> Self {
        Self::Echo(mismatch)
    }
}

impl From<InvalidCompression> for ConnectionError {
    fn from(_: InvalidCompression) -> Self {
        Self::Compression
    }
}

impl From<io::Error> for ConnectionError {
    fn from(error: io::Error) -> Self {
        Self::Socket(error)
    }
}

impl Display for BenchError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(purpose, error) => write!(formatter, "cannot {purpose}: {error}"),
            Self::Files { needed, limit } => write!(
                formatter,
                "{needed} files must be open at once, but this process may open {limit}: raise the \
                 hard limit (ulimit -Hn), or use fewer --connections"
            ),
            Self::Unresolved(reason) => formatter.write_str(reason),
            Self::Connection { number, error } => write!(formatter, "connection {number}: {error}"),
            Self::Silent { time, missing } => {
                let were = if *missing == 1 { "was" } else { "were" };
                let (time, missing) = (Time::from(*time), Count(*missing, "message"));
                write!(
                    formatter,
                    "no echo arrived for {time} (--timeout), and {missing} {were} not echoed"
                )
            }
            Self::Stopped => formatter.write_str("stopped before anything was measured"),
        }
    }
}

impl Display for ConnectionError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(address, error) if error.kind() == ErrorKind::AddrNotAvailable => write!(
                formatter,
                "cannot connect to {address}: {error}: this machine may have no port left; use \
                 fewer --connections"
            ),
            Self::Connect(address, error) => {
                write!(formatter, "cannot connect to {address}: {error}")
            }
            Self::Socket(error) => write!(formatter, "{error}"),
            Self::Ended => {
                formatter.write_str("the server ended the connection without a Close frame")
            }
            Self::Late(what, time) => {
                let time = Time::from(*time);
                write!(formatter, "no {what} within {time} (--timeout)")
            }
            Self::NotHttp(start) => {
                let start = Untrusted::excerpt(start);
                write!(formatter, "the server does not speak HTTP/1: {start}")
            }
            Self::Refused(status, reason) if reason.is_empty() => {
                write!(formatter, "the server refused the upgrade: {status}")
            }
            Self::Refused(status, reason) => write!(
                formatter,
                "the server refused the upgrade: {status} {}",
                Untrusted::excerpt(reason)
            ),
            Self::Response(error) => write!(
                formatter,
                "the server's response is not a valid WebSocket handshake: {error}"
            ),
            Self::Request(error) => write!(formatter, "invalid request: {error}"),
            Self::Frame(what) => write!(formatter, "the server sent an invalid frame: {what}"),
            Self::NotCompressed(offered) => write_not_compressed(*offered, formatter),
            Self::Compression => formatter.write_str("a compressed message cannot be inflated"),
            Self::Pings => formatter.write_str(
                "the server sends Pings but does not read the Pongs: over 64 KiB of Pongs are \
                 unsent",
            ),
            Self::Closed(code, reason) => write_close(*code, reason, formatter),
            Self::Echo(mismatch) => write!(formatter, "wrong echo: {mismatch}"),
        }
    }
}

fn write_not_compressed(offered: Compression, formatter: &mut Formatter<'_>) -> fmt::Result {
    let or = match offered {
        Compression::Fresh => ", or try --compression=window",
        Compression::Window => "",
    };
    write!(
        formatter,
        "the server did not agree to compress messages (permessage-deflate): leave out \
         --compression{or}"
    )
}

fn write_close(code: Option<u16>, reason: &str, formatter: &mut Formatter<'_>) -> fmt::Result {
    let Some(code) = code else {
        return formatter.write_str("the server closed without a code");
    };
    write!(formatter, "the server closed with {code}")?;
    if reason.is_empty() {
        return Ok(());
    }
    write!(formatter, ": {}", Untrusted::excerpt(reason))
}

impl Display for EchoMismatch {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type { received, sent } => write!(
                formatter,
                "a {received} message, but a {sent} message was sent"
            ),
            Self::Length { received, sent } => {
                let least = if received > sent { "at least " } else { "" };
                let received = Count(*received, "byte");
                write!(formatter, "{least}{received} instead of {sent}")
            }
            Self::Byte {
                offset,
                received,
                sent,
            } => write!(
                formatter,
                "byte {offset} of the message is {received:#04x}, but {sent:#04x} was sent"
            ),
            Self::Unasked => formatter.write_str("a message was received that was not sent"),
        }
    }
}
