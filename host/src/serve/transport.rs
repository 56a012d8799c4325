//! What carries a client's bytes: a socket, or something in memory that stands for one.

use std::io::{self, Read, Write};

use crate::serve::response::WrongProtocol;

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
