//! What carries a client's bytes: a socket, or something in memory that stands for one.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;
#[cfg(unix)]
use rustix::net::{RecvFlags, SendFlags};

use crate::serve::response::{self, WrongProtocol};

/// A stream of bytes in both directions that never blocks: where a call would have to wait, it fails
/// with [`WouldBlock`](io::ErrorKind::WouldBlock), and [`Clients::handle`](crate::Clients::handle) has
/// to be called when there is something to read, or room to write, again. A write that succeeds has taken
/// a byte at least, and a read that returns none says that the client has ended its side.
///
/// After a write that would have to wait, the next one begins with the same bytes: some of them may be on
/// their way. (A record of TLS is taken when all of it is.)
pub trait Transport: Read + Write {
    /// The most bytes that it keeps itself.
    const MEMORY: usize = 0;

    /// Says that nothing more will be written. It can be read still, for its end: what the client sends
    /// then may be lost.
    ///
    /// # Errors
    ///
    /// When the transport is broken.
    fn shut(&mut self) -> io::Result<()>;

    /// Whether it carries bytes already: there may be a handshake of its own before.
    fn is_open(&self) -> bool {
        true
    }

    /// Whether the last read that returned less than it was offered has left something, of which no event
    /// will tell: its end, or more than one read may work through.
    fn is_cut_short(&self) -> bool {
        false
    }

    /// What the client takes this server for, if its first bytes show that it is wrong.
    fn wrong_protocol(&self, _first: &[u8]) -> Option<&'static WrongProtocol> {
        None
    }
}

impl<T: Transport> Transport for Box<T> {
    const MEMORY: usize = size_of::<T>() + T::MEMORY;

    fn shut(&mut self) -> io::Result<()> {
        T::shut(self)
    }

    fn is_open(&self) -> bool {
        T::is_open(self)
    }

    fn is_cut_short(&self) -> bool {
        T::is_cut_short(self)
    }

    fn wrong_protocol(&self, first: &[u8]) -> Option<&'static WrongProtocol> {
        T::wrong_protocol(self, first)
    }
}

/// How a client that has connected becomes a transport: one for all clients of a server.
pub(crate) trait Acceptor: Clone + Send + 'static {
    type Transport: Transport + Send;

    fn accept(&self, socket: Socket) -> io::Result<Self::Transport>;

    /// What the transport may hold, of whose socket an event tells this.
    fn readiness(socket: Readiness) -> Readiness;
}

/// Sockets as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

impl Acceptor for Plain {
    type Transport = Socket;

    fn accept(&self, socket: Socket) -> io::Result<Socket> {
        Ok(socket)
    }

    fn readiness(socket: Readiness) -> Readiness {
        socket
    }
}

/// What a client that speaks TLS begins with: the type of its first record (RFC 8446 section 5.1).
const TLS_HANDSHAKE: u8 = 22;

/// A client that is gone is an error, not a signal: there the flag does not exist, and the signal is
/// ignored in every Rust program.
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: SendFlags = SendFlags::empty();
#[cfg(all(unix, not(target_vendor = "apple")))]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;

/// A client's socket. On Unix it is read and written without the C library's way around system
/// calls, which costs a program with more than one thread 60 instructions each time.
#[derive(Debug)]
pub(crate) struct Socket(pub(crate) TcpStream);

impl Read for Socket {
    #[cfg(unix)]
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let (len, _) = rustix::net::recv(&self.0, bytes, RecvFlags::empty())?;
        Ok(len)
    }

    #[cfg(not(unix))]
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Socket {
    #[cfg(unix)]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::net::send(&self.0, bytes, SEND_FLAGS)?)
    }

    #[cfg(not(unix))]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Socket {
    fn shut(&mut self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)
    }

    fn wrong_protocol(&self, first: &[u8]) -> Option<&'static WrongProtocol> {
        (first.first() == Some(&TLS_HANDSHAKE)).then_some(&response::TLS_NOT_SERVED)
    }
}

/// What a transport may hold, as far as its events tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// Nothing.
    None,
    /// Bytes. A read that returns less than it was offered has returned all of them.
    Data,
    /// Bytes, urgent data or the end of the stream: it has to be read until it says that there is
    /// nothing.
    UntilWouldBlock,
}
