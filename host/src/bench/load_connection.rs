//! One open connection: what it still has to send, and what has not come back.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};

use mio::net::TcpStream;

use super::echo_checker::{Comparison, EchoChecker};
use super::error::{ConnectionError, EchoMismatch};
use super::frame::{self, CLOSE};
use super::prepared_message::PreparedMessage;

/// The code of a Close that says that all is well.
const NORMAL: u16 = 1000;
/// How many bytes of Pongs may be unsent: a server that reads never leaves so many.
const PONGS_LEN_MAX: usize = 64 << 10;

/// Messages that were sent together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    /// When, in nanoseconds since the start of the phase.
    pub(super) at: u64,
    pub(super) count: u64,
}

/// What one read has brought.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadOutcome {
    /// How many bytes; none when there was nothing to read.
    pub(super) len: usize,
    /// How many echoes ended in them.
    pub(super) count: u64,
    /// Whether an echo that is awaited has come nearer.
    pub(super) is_progress: bool,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct LoadConnection {
    stream: TcpStream,
    echoes: EchoChecker,
    /// Answers to Pings that are to be sent at the next end of a frame, or that are being sent.
    pongs: Vec<u8>,
    /// How many bytes of messages are to be sent. As all messages are the same, this tells where in one
    /// the sending stands, too.
    unsent: u64,
    /// Whether the socket has taken less than it was given, and has not asked for more.
    is_blocked: bool,
    /// How many messages were sent, or are to be, and are not back.
    pub(super) in_flight: u64,
    /// When they were sent, if there is no schedule that says so.
    pub(super) batches: VecDeque<Batch>,
    /// How many messages are due by the schedule and exceed what may be in flight.
    pub(super) waiting: u64,
    /// How many messages have come back in this phase.
    pub(super) answered: u64,
}

impl LoadConnection {
    /// A connection whose server has answered; `pongs` are still to be sent.
    pub(super) fn new(stream: TcpStream, echoes: EchoChecker, pongs: Vec<u8>) -> Self {
        Self {
            stream,
            echoes,
            pongs,
            unsent: 0,
            is_blocked: false,
            in_flight: 0,
            batches: VecDeque::new(),
            waiting: 0,
            answered: 0,
        }
    }

    /// Begins a phase, in which messages are compared in this way.
    pub(super) fn begin(&mut self, comparison: Comparison) {
        self.echoes.compare(comparison);
        self.answered = 0;
    }

    /// Notes when messages are sent.
    pub(super) fn note(&mut self, at: u64, count: u64) {
        if count > 0 {
            self.batches.push_back(Batch { at, count });
        }
    }

    /// Reads once, into a buffer that is shared by all connections.
    pub(super) fn receive(
        &mut self,
        buffer: &mut [u8],
        message: &PreparedMessage,
    ) -> Result<ReadOutcome, ConnectionError> {
        let len = match self.stream.read(buffer) {
            Ok(0) => return Err(ConnectionError::Ended),
            Ok(len) => len,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock) => 0,
            Err(error) => return Err(error.into()),
        };
        let taken = self
            .echoes
            .check(&buffer[..len], message, &mut self.pongs)?;
        if taken.count > self.in_flight {
            return Err(EchoMismatch::Unasked.into());
        }
        Ok(ReadOutcome {
            len,
            count: taken.count,
            is_progress: taken.is_progress && self.in_flight > 0,
        })
    }

    /// Adds messages to those that are to be sent.
    pub(super) fn send(&mut self, count: u64, message: &PreparedMessage) {
        self.unsent += count * message.frame_len;
        self.in_flight += count;
    }

    /// Takes back the messages that are due and whose first byte was not sent, and returns how many
    /// they are.
    pub(super) fn recall(&mut self, message: &PreparedMessage) -> u64 {
        let count = self.unsent / message.frame_len;
        self.unsent -= count * message.frame_len;
        self.in_flight -= count;
        count + std::mem::take(&mut self.waiting)
    }

    /// The socket takes bytes again.
    pub(super) fn unblock(&mut self) {
        self.is_blocked = false;
    }

    /// Writes what the socket takes.
    pub(super) fn flush(&mut self, message: &PreparedMessage) -> Result<(), ConnectionError> {
        while !self.is_blocked && (self.unsent > 0 || !self.pongs.is_empty()) {
            let cut = self.unsent % message.frame_len;
            let is_pong = cut == 0 && !self.pongs.is_empty();
            let bytes = if is_pong {
                &self.pongs
            } else {
                let most = if self.pongs.is_empty() {
                    self.unsent
                } else {
                    cut
                };
                next_bytes(message, cut, most)
            };
            match self.stream.write(bytes) {
                Ok(len) => {
                    self.is_blocked = len < bytes.len();
                    if is_pong {
                        self.pongs.drain(..len);
                    } else {
                        self.unsent -= len as u64;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.is_blocked = true,
                Err(error) => return Err(error.into()),
            }
        }
        check_pongs(&self.pongs)
    }

    /// Says goodbye, if the socket takes it.
    pub(super) fn close(mut self) {
        let frame = frame::masked(CLOSE, &NORMAL.to_be_bytes());
        let _ = self.stream.write(&frame);
    }
}

/// Fails when a server sends Pings and does not read the answers, which would fill the memory.
pub(super) fn check_pongs(unsent: &[u8]) -> Result<(), ConnectionError> {
    if unsent.len() <= PONGS_LEN_MAX {
        return Ok(());
    }
    Err(ConnectionError::Pings)
}

/// What comes next of messages in a row, `most` bytes at most; `cut` bytes of the one that was begun are
/// left, or none was begun.
fn next_bytes(message: &PreparedMessage, cut: u64, most: u64) -> &[u8] {
    let offset = if cut == 0 { 0 } else { message.frame_len - cut };
    // An offset lies within a frame, and a frame within the batch.
    let rest = &message.batch[offset as usize..];
    let len = usize::try_from(most).map_or(rest.len(), |most| most.min(rest.len()));
    &rest[..len]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::bench::{Echo, PayloadKind};

    #[test]
    fn whatever_a_write_takes_the_next_one_goes_on_behind_it() {
        for in_flight in [1, 3] {
            let message = PreparedMessage::new(PayloadKind::Binary, 16, in_flight, Echo::Messages);
            for takes in [[1, 1], [5, 17], [22, 1], [23, 64], [100, 7]] {
                let mut unsent = 5 * message.frame_len;
                let mut written: Vec<u8> = Vec::new();
                for take in takes.into_iter().cycle() {
                    let bytes = next_bytes(&message, unsent % message.frame_len, unsent);
                    let len = bytes.len().min(take);
                    written.extend(&bytes[..len]);
                    unsent -= len as u64;
                    if unsent == 0 {
                        break;
                    }
                }
                let frames = frame::masked(message.opcode, &message.echo_payload).repeat(5);
                assert_eq!(written, frames, "{takes:?}");
            }
        }
    }
}
