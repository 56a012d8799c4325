//! What happens to connections of proxies that have not said whose they are (`--proxy-protocol`).

use std::fmt::{self, Display};
use std::io;
use std::time::Instant;

use log::{debug, warn};

use super::Journal;
use crate::logging::event;
use crate::logging::target::{CLIENT, LIMITS};
use crate::quantity::Count;
use crate::serve::peer::Peer;
use crate::serve::proxies::proxy_header::HeaderError;

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

impl Journal {
    /// A connection of a proxy is dropped, because of its PROXY header or instead of one.
    pub(crate) fn dropped_arrival(&mut self, proxy: Peer, end: &ArrivalEnd) {
        if let ArrivalEnd::Left | ArrivalEnd::Failed(_) = end {
            return debug!(
                target: CLIENT, event = event::LEFT, peer:% = proxy, reason:% = end;
                "client {proxy} left: {end}"
            );
        }
        if let Some(count) = self.headerless.add(Instant::now()) {
            warn!(
                target: LIMITS, event = event::PROXY_HEADER, peer:% = proxy, reason:% = end,
                count = count;
                "{end} from {proxy} (--proxy-protocol): dropped {} since the last such line",
                Count(count, "connection")
            );
        }
    }
}
