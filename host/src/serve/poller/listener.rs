//! A socket that listens for clients: one of TCP, or a Unix socket.

use std::io;
use std::net;
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
#[cfg(target_os = "linux")]
use socket2::{SockFilter, SockRef};

#[cfg(unix)]
use crate::escape::OneLine;
use crate::serve::container;
use crate::serve::peer::Peer;
#[cfg(unix)]
use crate::serve::unix_socket::SocketFile;

/// A filter of packets (classic BPF) that throws the first one of each connection away: of TCP's
/// flags (RFC 9293 section 3.1), that has SYN and not ACK.
#[cfg(target_os = "linux")]
const NO_SYN: [SockFilter; 5] = [
    SockFilter::new(LOAD_BYTE, 0, 0, 13),
    SockFilter::new(AND, 0, 0, 0x12),
    SockFilter::new(JUMP_IF_EQUAL, 0, 1, 0x02),
    SockFilter::new(RETURN, 0, 0, 0),
    SockFilter::new(RETURN, 0, 0, u32::MAX),
];
#[cfg(target_os = "linux")]
const LOAD_BYTE: u16 = 0x30;
#[cfg(target_os = "linux")]
const AND: u16 = 0x54;
#[cfg(target_os = "linux")]
const JUMP_IF_EQUAL: u16 = 0x15;
#[cfg(target_os = "linux")]
const RETURN: u16 = 0x06;

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

    /// One whose socket was passed to this process.
    #[cfg(unix)]
    pub(crate) fn passed(listener: Self) -> Self {
        Self {
            is_passed: true,
            ..listener
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

    /// Lets no client begin a handshake of TCP here: its attempt is thrown away, so it repeats that
    /// a second later, and gets to another server that listens on the same port. Handshakes that
    /// have begun go on.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    #[cfg(target_os = "linux")]
    pub(crate) fn stop_handshakes(&self) -> io::Result<()> {
        match &self.socket {
            ListeningSocket::Tcp(listener) => SockRef::from(listener).attach_filter(&NO_SYN),
            ListeningSocket::Unix { .. } => Ok(()),
        }
    }

    /// Other systems do not let two servers listen on one port.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn stop_handshakes(&self) -> io::Result<()> {
        Ok(())
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{ErrorKind, Read as _, Write as _};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_client_whose_handshake_is_stopped_is_neither_refused_nor_reset() {
        let std = net::TcpListener::bind("127.0.0.1:0").unwrap();
        std.set_nonblocking(true).unwrap();
        let address = std.local_addr().unwrap();
        let listener = Listener::from(std);
        let mut waiting = net::TcpStream::connect(address).unwrap();
        listener.stop_handshakes().unwrap();
        let short = Duration::from_millis(300);
        let error = net::TcpStream::connect_timeout(&address, short).expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        // Who has connected before is accepted, and served.
        let (stream, _) = listener.accept().unwrap();
        let mut stream = net::TcpStream::from(stream);
        stream.write_all(b"hello").unwrap();
        drop(stream);
        let mut received = String::new();
        waiting.read_to_string(&mut received).unwrap();
        assert_eq!(received, "hello");
    }
}
