//! The stream of a client's bytes: a socket, TLS over a socket, or a stand-in in memory.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use serde::Serialize;

use crate::serve::response::WrongProtocol;

/// A stream of bytes in both directions that never blocks.
///
/// A call that would have to wait fails with [`WouldBlock`](io::ErrorKind::WouldBlock). The driver
/// must then call [`Clients::handle`](crate::Clients::handle) when there is something to read, or
/// room to write. A successful write takes at least one byte. A read of 0 bytes means that the
/// client has ended its side.
///
/// After a write that would have to wait, the next write must begin with the same bytes: some of
/// them may be in flight. (A TLS record is taken only as a whole.)
pub trait Transport: Read + Write {
    /// The most memory that the transport itself takes, in bytes.
    const MEMORY: usize = 0;

    /// Ends our side: nothing more will be written. The transport can still be read, to find its
    /// end; bytes that the client sends after this may be lost.
    ///
    /// # Errors
    ///
    /// When the transport is broken.
    fn shut(&mut self) -> io::Result<()>;

    /// Lets the connection be reset, instead of ended, when the transport is dropped.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    fn reset(&mut self) -> io::Result<()>;

    /// Whether the client has ended its side or has reset the connection, as far as the system
    /// tells it without a read. It asks the system.
    fn is_left(&self) -> bool {
        false
    }

    /// How far the transport's own handshake has come, if it has one.
    fn stage(&self) -> Stage {
        Stage::Open
    }

    /// Whether the transport's own handshake is complete, if it has one.
    fn is_open(&self) -> bool {
        self.stage() == Stage::Open
    }

    /// Whether the last read returned less than it was offered, and yet left something that no
    /// event will report: the end of the stream, or more bytes than one read may process.
    fn is_cut_short(&self) -> bool {
        false
    }

    /// The wrong protocol that the client speaks, if its first bytes show one.
    fn wrong_protocol(&self, _first: &[u8]) -> Option<&'static WrongProtocol> {
        None
    }

    /// The address at which the client has arrived; `None` if the system does not tell it. It asks
    /// the system.
    fn local_address(&self) -> Option<SocketAddr> {
        None
    }

    /// The address that has connected, which may be that of a proxy; `None` if the system does not
    /// tell it. It asks the system.
    fn remote_address(&self) -> Option<SocketAddr> {
        None
    }

    /// What was agreed on in the handshake of TLS, once that is over; `None` without TLS.
    fn tls_facts(&self) -> Option<TlsFacts> {
        None
    }

    /// The client's request is answered: what was kept only for [`tls_facts`](Self::tls_facts) is
    /// not needed any longer.
    fn forget_facts(&mut self) {}
}

/// What was agreed on in the handshake of TLS. (It is written in JSON like this.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TlsFacts {
    /// `TLSv1.3` or `TLSv1.2`.
    pub(crate) version: &'static str,
    /// As IANA has registered it: `TLS_AES_256_GCM_SHA384`.
    pub(crate) cipher: String,
    /// The host that the client wants to talk to (SNI, RFC 6066 section 3), if it says so.
    pub(crate) server_name: Option<Box<str>>,
    /// The protocol that was chosen of those that the client speaks (ALPN, RFC 7301), if there was
    /// a choice.
    pub(crate) alpn: Option<String>,
    /// Whether an earlier connection was resumed.
    pub(crate) resumed: bool,
}

impl<T: Transport> Transport for Box<T> {
    const MEMORY: usize = size_of::<T>() + T::MEMORY;

    fn shut(&mut self) -> io::Result<()> {
        T::shut(self)
    }

    fn reset(&mut self) -> io::Result<()> {
        T::reset(self)
    }

    fn is_left(&self) -> bool {
        T::is_left(self)
    }

    fn stage(&self) -> Stage {
        T::stage(self)
    }

    fn is_cut_short(&self) -> bool {
        T::is_cut_short(self)
    }

    fn wrong_protocol(&self, first: &[u8]) -> Option<&'static WrongProtocol> {
        T::wrong_protocol(self, first)
    }

    fn local_address(&self) -> Option<SocketAddr> {
        T::local_address(self)
    }

    fn remote_address(&self) -> Option<SocketAddr> {
        T::remote_address(self)
    }

    fn tls_facts(&self) -> Option<TlsFacts> {
        T::tls_facts(self)
    }

    fn forget_facts(&mut self) {
        T::forget_facts(self);
    }
}

/// How far a transport's own handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The client has not sent what can be answered.
    Begun,
    /// It was answered, and the client must send more.
    Answered,
    /// It is complete.
    Open,
}

/// What a transport may hold, as far as its events say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// Nothing.
    None,
    /// Bytes. A read that returns less than it was offered has returned all of them.
    Data,
    /// Bytes, urgent data or the end of the stream. The transport must be read until it fails with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock).
    UntilWouldBlock,
}
