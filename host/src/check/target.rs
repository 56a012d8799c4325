//! The server under test, and what is known of it.

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use super::timing::Timing;
use super::transcript::Detail;
use crate::client::destination::Destination;
use crate::client::tls::TlsConnector;
use crate::options::check::ServerOptions;

/// The server under test, and what is known of it.
pub(crate) struct Target<'a> {
    pub(crate) options: &'a ServerOptions,
    pub(crate) destination: Destination<'a>,
    /// Where the server is; the first address that accepted a connection.
    pub(crate) address: SocketAddr,
    pub(crate) connector: Option<TlsConnector<'a>>,
    pub(crate) timing: Timing,
    /// How many messages it sends before any is sent to it.
    pub(crate) greeting_len: usize,
    /// How many cases are played at the same time: one if the server serves one connection at a time.
    pub(crate) jobs: NonZeroUsize,
    /// What the record of a case has.
    pub(crate) detail: Detail,
}
