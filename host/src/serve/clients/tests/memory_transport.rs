//! A transport in memory, of which a test has the other end.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

use crate::serve::transport::Transport;

/// A request for a WebSocket.
pub(crate) const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The bytes between a client and the server.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) to_server: VecDeque<u8>,
    pub(crate) to_client: Vec<u8>,
    /// How many more bytes to the client are taken; then a write would block.
    pub(crate) room: usize,
    /// Whether nothing follows what is on the way to the server.
    pub(crate) has_ended: bool,
    pub(crate) is_shut: bool,
    pub(crate) is_reset: bool,
    /// Whether a read would have blocked.
    pub(crate) has_read_blocked: bool,
    /// How many writes would have blocked.
    pub(crate) blocked_writes: usize,
}

/// The server's end; the test has the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct End(pub(crate) Rc<RefCell<Line>>);

impl Read for End {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut line = self.0.borrow_mut();
        match line.to_server.read(bytes)? {
            0 if !line.has_ended => {
                line.has_read_blocked = true;
                Err(ErrorKind::WouldBlock.into())
            }
            len => Ok(len),
        }
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut line = self.0.borrow_mut();
        let len = bytes.len().min(line.room);
        line.room -= len;
        line.to_client.extend_from_slice(&bytes[..len]);
        if len == 0 {
            line.blocked_writes += 1;
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for End {
    fn shut(&mut self) -> io::Result<()> {
        self.0.borrow_mut().is_shut = true;
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        self.0.borrow_mut().is_reset = true;
        Ok(())
    }
}
