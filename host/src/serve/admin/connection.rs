//! One connection to the admin listener: a request, its answer, and the end.

use std::io::{self, ErrorKind};

use ws_echo_core::{Buffer, Progress};

use crate::serve::service::Handshake;
use crate::serve::transport::Transport;

/// The buffer for the request, in bytes. A longer one passes through it.
const BUFFER_LEN: usize = 1024;
/// How many bytes behind the request are read at most. Bytes that nobody reads would reset the
/// connection, and its answer would be lost.
const DISCARDED_MAX: usize = 64 << 10;

/// One connection.
pub(super) struct Connection<T> {
    transport: T,
    phase: Phase,
}

enum Phase {
    Request(Box<Request>),
    Response {
        bytes: Vec<u8>,
        sent: usize,
    },
    /// All is sent. The client must end the connection now.
    End {
        discarded: usize,
    },
}

struct Request {
    handshake: Handshake,
    buffer: Buffer<[u8; BUFFER_LEN]>,
}

impl<T: Transport> Connection<T> {
    pub(super) fn new(transport: T) -> Self {
        let request = Request {
            handshake: Handshake::default(),
            buffer: Buffer::new([0; BUFFER_LEN]),
        };
        Self {
            transport,
            phase: Phase::Request(Box::new(request)),
        }
    }

    /// Does all that can be done now. `answer` answers a request that is complete, and returns the
    /// content that follows the head of the response. Returns whether the connection goes on.
    pub(super) fn turn(&mut self, answer: &mut dyn FnMut(&mut Handshake) -> Vec<u8>) -> bool {
        loop {
            let transport = &mut self.transport;
            let next = match &mut self.phase {
                Phase::Request(request) => request.receive(transport, answer),
                Phase::Response { bytes, sent } => send(transport, bytes, sent),
                Phase::End { discarded } => discard(transport, discarded),
            };
            match next {
                Ok(phase) => self.phase = phase,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
    }
}

impl Request {
    /// Receives the request, and answers it when it is complete.
    fn receive(
        &mut self,
        transport: &mut impl Transport,
        answer: &mut dyn FnMut(&mut Handshake) -> Vec<u8>,
    ) -> io::Result<Phase> {
        loop {
            let content = match self.handshake.advance(&mut self.buffer) {
                Ok(Progress::Request) => Some(answer(&mut self.handshake)),
                Ok(_) => None,
                Err(refusal) => {
                    self.handshake.explain(refusal.text());
                    Some(Vec::new())
                }
            };
            if let Some(content) = content {
                return Ok(self.response(content));
            }
            match transport.read(self.buffer.spare_mut())? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                len => self.buffer.commit(len),
            }
        }
    }

    /// The response: its head, and this content.
    fn response(&mut self, content: Vec<u8>) -> Phase {
        let mut bytes = Vec::new();
        // The head is ready in parts.
        while !self.handshake.is_done() {
            let _ = self.handshake.advance(&mut self.buffer);
            bytes.extend_from_slice(self.buffer.ready());
            self.buffer.consume(usize::MAX);
        }
        bytes.extend_from_slice(&content);
        Phase::Response { bytes, sent: 0 }
    }
}

fn send(transport: &mut impl Transport, bytes: &[u8], sent: &mut usize) -> io::Result<Phase> {
    while *sent < bytes.len() {
        *sent += transport.write(&bytes[*sent..])?;
    }
    transport.shut()?;
    Ok(Phase::End { discarded: 0 })
}

/// Waits for the end of the connection.
fn discard(transport: &mut impl Transport, discarded: &mut usize) -> io::Result<Phase> {
    while *discarded < DISCARDED_MAX {
        match transport.read(&mut [0; 4096])? {
            0 => break,
            len => *discarded += len,
        }
    }
    Err(ErrorKind::UnexpectedEof.into())
}
