//! What carries a client's bytes: a socket, or something in memory that stands for one.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;
#[cfg(unix)]
use rustix::net::{RecvFlags, SendFlags};

/// A stream of bytes in both directions that never blocks: where a call would have to wait, it fails
/// with [`WouldBlock`](io::ErrorKind::WouldBlock), and [`Clients::handle`](crate::Clients::handle) has
/// to be called when there is something to read, or room to write, again. A write that succeeds has taken
/// a byte at least, and a read that returns none says that the client has ended its side.
pub trait Transport: Read + Write {
    /// Says that nothing more will be written. What the client sends can be read still.
    ///
    /// # Errors
    ///
    /// When the transport is broken.
    fn shut(&mut self) -> io::Result<()>;
}

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
}

/// What a transport may hold, as far as its events tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// Nothing.
    Nothing,
    /// Bytes. A read that returns less than it was offered has returned all of them.
    Bytes,
    /// Bytes, urgent data or the end of the stream: it has to be read until it says that there is
    /// nothing.
    All,
}
