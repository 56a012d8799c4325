//! Where the server listens.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the server listens, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenOptions {
    /// At least one.
    pub(crate) sockets: Vec<ListenSocket>,
    /// Whether another process of the same user may listen on the same addresses at the same time.
    pub(crate) reuse_port: bool,
}

/// A socket to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListenSocket {
    /// For port 0 the system chooses the port.
    Address(SocketAddr),
    /// A Unix socket with this path, and the mode of its file.
    Unix { path: PathBuf, mode: u32 },
    /// A socket that was passed to this process: its place among those, from 0.
    Passed(usize),
    /// A socket that this process has inherited: its file descriptor.
    Inherited(usize),
}

impl ListenOptions {
    /// The addresses, as far as they are known before the server listens.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.sockets.iter().filter_map(|socket| match socket {
            ListenSocket::Address(address) => Some(*address),
            ListenSocket::Unix { .. } | ListenSocket::Passed(_) | ListenSocket::Inherited(_) => {
                None
            }
        })
    }
}
