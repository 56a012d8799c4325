//! A socket that listens for clients: one of TCP, or a Unix socket.

use std::io;
use std::net;
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

use crate::escape::OneLine;
use crate::serve::container;
use crate::serve::peer::Peer;
#[cfg(unix)]
use crate::serve::unix_socket::SocketFile;

/// A socket that listens. It does not block.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: ListeningSocket,
    /// Whether other processes may have it too, because it was passed to this one: then clients can
    /// wait in it for a later process.
    pub(crate) is_passed: bool,
    /// Whether it is the only one for all workers.
    pub(crate) is_for_all: bool,
}

#[derive(Debug)]
enum ListeningSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: mio::net::UnixListener,
        /// If this process has made it. It is removed with the socket.
        _file: Option<SocketFile>,
    },
}

impl From<net::TcpListener> for Listener {
    fn from(listener: net::TcpListener) -> Self {
        Self::new(ListeningSocket::Tcp(TcpListener::from_std(listener)))
    }
}

#[cfg(unix)]
impl From<(unix::net::UnixListener, Option<SocketFile>)> for Listener {
    fn from((listener, file): (unix::net::UnixListener, Option<SocketFile>)) -> Self {
        let listener = mio::net::UnixListener::from_std(listener);
        Self::new(ListeningSocket::Unix {
            listener,
            _file: file,
        })
    }
}

impl Listener {
    fn new(socket: ListeningSocket) -> Self {
        Self {
            socket,
            is_passed: false,
            is_for_all: false,
        }
    }

    /// Where clients connect, as a person would write it: `ws://127.0.0.1:3000`, or
    /// `unix:/run/ws-echo.sock`. `None` if the system does not tell it.
    pub(crate) fn url(&self, scheme: &str) -> Option<String> {
        match &self.socket {
            ListeningSocket::Tcp(listener) => {
                let address = listener.local_addr().ok()?;
                Some(format!("{scheme}://{address}"))
            }
            #[cfg(unix)]
            ListeningSocket::Unix { listener, .. } => {
                let address = listener.local_addr().ok()?;
                let path = address.as_pathname()?.display().to_string();
                Some(format!("unix:{}", OneLine(&path)))
            }
        }
    }

    /// Bounds what the system keeps for each client of TCP, in bytes.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(crate) fn bound_buffers(&self, len: usize) -> io::Result<()> {
        match &self.socket {
            ListeningSocket::Tcp(listener) => container::bound_buffers(listener, len),
            // Its clients have the system's default, which does not grow.
            #[cfg(unix)]
            ListeningSocket::Unix { .. } => Ok(()),
        }
    }

    /// Accepts a client. A Unix socket is read and written as one of TCP is, by its descriptor, so
    /// the type is the same, and a client is no larger.
    pub(super) fn accept(&self) -> io::Result<(TcpStream, Peer)> {
        match &self.socket {
            ListeningSocket::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                Ok((stream, peer.into()))
            }
            #[cfg(unix)]
            ListeningSocket::Unix { listener, .. } => {
                let (stream, _) = listener.accept()?;
                Ok((OwnedFd::from(stream).into(), Peer::UNIX))
            }
        }
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE;
        match &mut self.socket {
            ListeningSocket::Tcp(listener) => registry.register(listener, token, interest),
            #[cfg(unix)]
            ListeningSocket::Unix { listener, .. } => registry.register(listener, token, interest),
        }
    }
}
