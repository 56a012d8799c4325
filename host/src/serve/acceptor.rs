//! Makes a transport of the socket of a client that has connected: the socket itself, or a TLS
//! stream (see `tls`).

use std::io;

use crate::serve::peer::Peer;
use crate::serve::poller::Socket;
use crate::serve::transport::{Readiness, Transport};

/// Makes transports of sockets: one acceptor for all clients of a server.
pub(crate) trait Acceptor: Clone + Send + 'static {
    type Transport: Transport + Send;

    /// Makes the transport of a client with this address.
    fn accept(&self, socket: Socket, peer: Peer) -> io::Result<Self::Transport>;

    /// What the transport may hold when its socket may hold this.
    fn readiness(socket: Readiness) -> Readiness;
}

/// Uses sockets as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainAcceptor;

impl Acceptor for PlainAcceptor {
    type Transport = Socket;

    fn accept(&self, socket: Socket, _: Peer) -> io::Result<Socket> {
        Ok(socket)
    }

    fn readiness(socket: Readiness) -> Readiness {
        socket
    }
}
