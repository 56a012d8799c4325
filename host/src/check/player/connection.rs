//! One connection to the peer that is tested: bytes in both directions at the same time, so that
//! neither side waits for ever for the other to read.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use mio::{Interest, Token};
use socket2::{SockRef, Socket};

use crate::check::target::Target;
use crate::check::transcript::Tcp;
use crate::client::error::ConnectError;
use crate::client::stream::ByteStream;
use crate::client::waiter::SocketPoll;

const SOCKET: Token = Token(0);
const READ_LEN: usize = 64 << 10;
/// How it is said that a peer accepts no connection.
pub(crate) const NO_CONNECTION: &str = "cannot connect to";

/// A connection.
pub(crate) struct Connection<'a> {
    poll: &'a mut SocketPoll,
    bytes: Box<dyn ByteStream>,
    /// The same socket, without TLS.
    socket: Socket,
    tcp: Tcp,
    /// Whether a write has found that the peer has reset the connection.
    is_reset: bool,
    room: Box<[u8]>,
}

/// What a write or a read has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// Nothing can be moved now.
    Nothing,
    /// So many bytes, or something that may be followed by more.
    Bytes(usize),
    /// The connection has ended in this direction.
    End,
}

impl<'a> Connection<'a> {
    /// Connects to a server, over TLS if its URL asks for that.
    ///
    /// # Errors
    ///
    /// Why there is no connection.
    pub(crate) fn open(
        poll: &'a mut SocketPoll,
        target: &Target<'_>,
    ) -> Result<Self, ConnectError> {
        let timeout = target.destination.timeout;
        let deadline = Instant::now() + timeout;
        let failed = |error: io::Error| {
            ConnectError::NotConnected(format!("{NO_CONNECTION} {}: {error}", target.address))
        };
        let stream = TcpStream::connect_timeout(&target.address, timeout).map_err(failed)?;
        let (stream, socket) = registered(poll, stream).map_err(failed)?;
        let bytes: Box<dyn ByteStream> = match &target.connector {
            Some(connector) => Box::new(connector.shake_hands(poll, stream, deadline)?),
            None => Box::new(stream),
        };
        Ok(Self {
            poll,
            bytes,
            socket,
            tcp: Tcp::Open,
            is_reset: false,
            room: vec![0; READ_LEN].into(),
        })
    }

    /// A connection that a client has made.
    ///
    /// # Errors
    ///
    /// When the system refuses to poll it.
    pub(crate) fn accepted(poll: &'a mut SocketPoll, stream: TcpStream) -> io::Result<Self> {
        let (stream, socket) = registered(poll, stream)?;
        Ok(Self {
            poll,
            bytes: Box::new(stream),
            socket,
            tcp: Tcp::Open,
            is_reset: false,
            room: vec![0; READ_LEN].into(),
        })
    }

    /// How the peer's direction has ended.
    pub(crate) fn tcp(&self) -> Tcp {
        self.tcp
    }

    /// Writes some of these bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Moved {
        let written = match self.bytes.write(bytes) {
            Ok(len) => Moved::Bytes(len),
            Err(error) => self.not_written(&error),
        };
        match self.flush() {
            Moved::End => Moved::End,
            _ => written,
        }
    }

    /// Sends what a write has kept, if there is room.
    pub(crate) fn flush(&mut self) -> Moved {
        match self.bytes.flush() {
            Ok(()) => Moved::Nothing,
            Err(error) => self.not_written(&error),
        }
    }

    fn not_written(&mut self, error: &io::Error) -> Moved {
        // The next read returns an end without an error then.
        self.is_reset |= error.kind() == ErrorKind::ConnectionReset;
        Self::moved(error)
    }

    /// Reads some bytes, and adds them.
    pub(crate) fn read(&mut self, bytes: &mut Vec<u8>) -> Moved {
        if self.tcp != Tcp::Open {
            return Moved::End;
        }
        match self.bytes.read(&mut self.room) {
            Ok(0) if self.is_reset => self.tcp = Tcp::Reset,
            Ok(0) => self.tcp = Tcp::Fin,
            Ok(len) => {
                bytes.extend_from_slice(&self.room[..len]);
                return Moved::Bytes(len);
            }
            // With TLS: the end without close_notify.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.tcp = Tcp::Fin,
            Err(error) => match Self::moved(&error) {
                Moved::End => self.tcp = Tcp::Reset,
                moved => return moved,
            },
        }
        Moved::End
    }

    fn moved(error: &io::Error) -> Moved {
        match error.kind() {
            ErrorKind::WouldBlock => Moved::Nothing,
            ErrorKind::Interrupted => Moved::Bytes(0),
            _ => Moved::End,
        }
    }

    /// Waits until something can be moved, or until a deadline.
    pub(crate) fn wait(&mut self, until: Instant) {
        // Without a poll nothing can be waited for, and the deadline ends all.
        if self.poll.wait(Some(until)).is_err() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends the TCP connection in the direction to the peer.
    pub(crate) fn end_sending(&mut self) {
        let _ = self.bytes.flush();
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Makes the end of this connection a reset.
    pub(crate) fn reset_at_end(&mut self) {
        let _ = self.socket.set_linger(Some(Duration::ZERO));
    }
}

/// A socket that does not block, and another handle for it.
fn registered(poll: &SocketPoll, stream: TcpStream) -> io::Result<(mio::net::TcpStream, Socket)> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream).try_clone()?;
    let mut stream = mio::net::TcpStream::from_std(stream);
    let both = Interest::READABLE | Interest::WRITABLE;
    poll.registry().register(&mut stream, SOCKET, both)?;
    Ok((stream, socket))
}
