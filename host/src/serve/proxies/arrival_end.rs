//! Why a connection of a proxy ends before anyone knows whose it is.

use std::fmt::{self, Display};
use std::io;

use super::proxy_header::HeaderError;

/// Why a connection is dropped before it has a client.
#[derive(Debug)]
pub(crate) enum ArrivalEnd {
    /// It ended without a byte, as a health check may.
    Left,
    /// It failed.
    Failed(io::Error),
    /// What has arrived is no header that is read.
    Header(HeaderError),
    /// It ended inside of its header.
    CutOff,
    /// The header was not complete in time.
    Late,
    /// This many others wait, which are all that may.
    TooMany(usize),
}

impl Display for ArrivalEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("without a PROXY header"),
            Self::Failed(error) => error.kind().fmt(f),
            Self::Header(error) => error.fmt(f),
            Self::CutOff => f.write_str("a part of a PROXY header"),
            Self::Late => f.write_str("no PROXY header in time (--handshake-timeout)"),
            Self::TooMany(others) => write!(f, "{others} others wait for their PROXY headers"),
        }
    }
}
