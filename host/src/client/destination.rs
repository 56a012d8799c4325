//! Where a client connects to.

use std::time::Duration;

use crate::options::trust::Trust;
use crate::options::url::Url;

/// Where a client connects to, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination<'a> {
    /// The server.
    pub(crate) url: &'a Url,
    /// Which certificates are trusted, with TLS.
    pub(crate) trust: &'a Trust,
    /// The time for connecting, from the host's address to the end of the handshake.
    pub(crate) timeout: Duration,
}
