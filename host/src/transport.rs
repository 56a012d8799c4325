//! What carries a client's bytes: a socket, or something in memory that stands for one.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;

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

impl Transport for TcpStream {
    fn shut(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
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
