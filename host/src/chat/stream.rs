//! A server's socket, and the bytes between it and the core.
//!
//! What is ready is taken out of the core's buffer at once, so that there is always room to receive: a
//! server that echoes takes nothing while what it sends is not taken.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;
use ws_echo_core::Buffer;

use super::command::FRAGMENT_LEN_MAX;

/// Room for the longest frame that is sent, and for what comes.
const BUFFER_LEN: usize = 4 * FRAGMENT_LEN_MAX;
/// How many bytes may be unsent: only a server that sends Pings and does not read Pongs leaves so many.
const UNSENT_MAX: usize = 8 * FRAGMENT_LEN_MAX;

/// A connected socket.
pub(super) struct Stream {
    socket: TcpStream,
    pub(super) buffer: Buffer<Box<[u8]>>,
    unsent: VecDeque<u8>,
    /// Why nothing can be sent any longer. What has come can still be received.
    write_error: Option<io::Error>,
}

/// What a read has brought.
#[derive(Debug)]
pub(super) enum Received {
    /// Nothing that is there already.
    Nothing,
    Bytes,
    /// The end of the stream, or its failure.
    End(Option<io::Error>),
}

impl Stream {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self {
            socket,
            // No frame waits in it to be whole.
            buffer: Buffer::for_pieces(vec![0; BUFFER_LEN].into_boxed_slice()),
            unsent: VecDeque::new(),
            write_error: None,
        }
    }

    /// Sends what is ready, as far as the socket takes it; the rest is sent next time. Returns whether
    /// that has made room, so that there may be more to do.
    pub(super) fn transmit(&mut self) -> bool {
        let ready = self.buffer.ready();
        let mut has_made_room = !ready.is_empty();
        self.unsent.extend(ready);
        self.buffer.consume(usize::MAX);
        if self.write_error.is_some() {
            self.unsent.clear();
        }
        while !self.unsent.is_empty() {
            match self.socket.write(self.unsent.as_slices().0) {
                Ok(len) => {
                    has_made_room = true;
                    self.unsent.drain(..len);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => {
                    self.write_error = Some(error);
                    self.unsent.clear();
                }
            }
        }
        has_made_room
    }

    /// How many bytes the socket has not taken.
    pub(super) fn unsent_len(&self) -> usize {
        self.unsent.len()
    }

    /// Whether the server reads so little that nothing more should be received from it.
    pub(super) fn is_choked(&self) -> bool {
        self.unsent.len() > UNSENT_MAX
    }

    /// Receives what has come into the buffer.
    pub(super) fn receive(&mut self) -> Received {
        let spare = self.buffer.spare_mut();
        if spare.is_empty() {
            return Received::Nothing;
        }
        loop {
            match self.socket.read(spare) {
                Ok(0) => return Received::End(self.write_error.take()),
                Ok(len) => {
                    self.buffer.commit(len);
                    return Received::Bytes;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Received::Nothing,
                Err(error) => return Received::End(Some(error)),
            }
        }
    }
}
