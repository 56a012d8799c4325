//! The byte stream to a server, plain or TLS, and the buffers between it and the core.
//!
//! Bytes that are ready to send are moved out of the core's buffer at once, so that it always has
//! room to receive: an echo server stops reading while nobody reads what it sends.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use ws_echo_core::Buffer;

/// The longest payload of a frame that is sent. A longer message is sent in fragments.
pub(crate) const FRAGMENT_LEN_MAX: usize = 64 << 10;
/// Room for the longest frame that is sent, and for what is received.
const BUFFER_LEN: usize = 4 * FRAGMENT_LEN_MAX;
/// How many bytes may be unsent besides a frame. Only a server that sends Pings and does not read
/// the Pongs causes more.
const UNSENT_MAX: usize = 8 * FRAGMENT_LEN_MAX;

/// A non-blocking socket, or TLS on one. A write may keep some of the bytes that it takes; a flush
/// sends them.
pub(crate) trait ByteStream: Read + Write {}

impl<T: Read + Write> ByteStream for T {}

/// A connection to a server.
pub(crate) struct Stream {
    byte_stream: Box<dyn ByteStream>,
    pub(crate) buffer: Buffer<Box<[u8]>>,
    unsent: VecDeque<u8>,
    /// How many bytes may be unsent while more is received.
    unsent_max: usize,
    /// Why nothing can be sent any longer. Bytes can still be received.
    write_error: Option<io::Error>,
}

/// The outcome of a read.
#[derive(Debug)]
pub(crate) enum ReadOutcome {
    /// Nothing can be received now.
    Nothing,
    /// Some bytes were received, or none yet; there may be more.
    Bytes,
    /// The end of the stream, or the error that ended it.
    End(Option<io::Error>),
}

impl Stream {
    pub(crate) fn new(byte_stream: Box<dyn ByteStream>) -> Self {
        Self {
            byte_stream,
            // Frames are taken in pieces, so none has to fit the buffer.
            buffer: Buffer::for_pieces(vec![0; BUFFER_LEN].into_boxed_slice()),
            unsent: VecDeque::new(),
            unsent_max: UNSENT_MAX,
            write_error: None,
        }
    }

    /// Sends what is ready, until the socket accepts no more; the rest is sent next time. Returns
    /// whether this made room, so that there may be more to do.
    pub(crate) fn transmit(&mut self) -> bool {
        let ready = self.buffer.ready();
        let is_ready = !ready.is_empty();
        self.unsent.extend(ready);
        self.buffer.consume(usize::MAX);
        if self.write_error.is_some() {
            self.unsent.clear();
            return is_ready;
        }
        let unsent_len = self.unsent.len();
        match self.send() {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => {
                self.write_error = Some(error);
                self.unsent.clear();
            }
        }
        is_ready || self.unsent.len() < unsent_len
    }

    /// Sends until the socket accepts no more, or everything is sent.
    fn send(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            let len = self.byte_stream.write(self.unsent.as_slices().0)?;
            self.unsent.drain(..len);
        }
        self.byte_stream.flush()
    }

    /// Sends these bytes behind all that is ready: whole frames, which the core does not know of.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.unsent.extend(self.buffer.ready());
        self.buffer.consume(usize::MAX);
        self.unsent.extend(bytes);
        // A server may send its answer before it has taken all of a long frame.
        self.unsent_max = self.unsent.len() + UNSENT_MAX;
    }

    /// How many bytes wait for the socket to accept them.
    pub(crate) fn unsent_len(&self) -> usize {
        self.unsent.len()
    }

    /// Whether too much is unsent to receive more.
    pub(crate) fn is_congested(&self) -> bool {
        self.unsent.len() > self.unsent_max
    }

    /// Receives bytes into the buffer.
    pub(crate) fn receive(&mut self) -> ReadOutcome {
        let spare = self.buffer.spare_mut();
        if spare.is_empty() {
            return ReadOutcome::Nothing;
        }
        match self.byte_stream.read(spare) {
            Ok(0) => ReadOutcome::End(self.write_error.take()),
            Ok(len) => {
                self.buffer.commit(len);
                ReadOutcome::Bytes
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => ReadOutcome::Bytes,
            Err(error) if error.kind() == ErrorKind::WouldBlock => ReadOutcome::Nothing,
            Err(error) => ReadOutcome::End(Some(error)),
        }
    }
}
