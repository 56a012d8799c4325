//! One open connection: what it still has to send, and which echoes are missing.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};

use mio::net::TcpStream;
use ws_echo_core::Window;

use super::echo_checker::{Comparison, EchoChecker};
use super::error::{ConnectionError, EchoMismatch};
use super::frame::{self, CLOSE};
use super::prepared_message::PreparedMessage;
use crate::platform::EXHAUSTION;

/// The close code of a normal end.
const NORMAL: u16 = 1000;
/// How many bytes of Pongs may be unsent. A server that reads never leaves this many.
const PONGS_LEN_MAX: usize = 64 << 10;

/// Messages that were sent at the same time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    /// The time, in nanoseconds since the start of the phase.
    pub(super) at: u64,
    pub(super) count: u64,
}

/// The result of one read.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReceivedEchoes {
    /// Whether the socket may have more that no event will report.
    pub(super) may_have_more: bool,
    /// The number of echoes that ended in them.
    pub(super) count: u64,
    /// Whether a missing echo, or a part of one, was received.
    pub(super) is_progress: bool,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct LoadConnection {
    stream: TcpStream,
    checker: EchoChecker,
    /// Pongs that are sent at the next end of a frame, or are being sent.
    pongs: Vec<u8>,
    /// The bytes of messages that are still to be sent. All messages are the same, so the position
    /// in the current one follows from this.
    unsent: u64,
    /// Whether the socket takes no more, and was not reported as writable since.
    is_blocked: bool,
    /// The messages that were sent, or queued, and not yet echoed.
    pub(super) in_flight: u64,
    /// When they were sent. Unused with a schedule, which says so.
    pub(super) batches: VecDeque<Batch>,
    /// The messages that are due by the schedule, but may not be in flight yet.
    pub(super) waiting: u64,
    /// The messages that were echoed in this phase.
    pub(super) echoed: u64,
    /// The bytes that were received in this phase.
    pub(super) received: u64,
}

impl LoadConnection {
    /// A connection that is open; `pongs` are still to be sent.
    pub(super) fn new(stream: TcpStream, checker: EchoChecker, pongs: Vec<u8>) -> Self {
        Self {
            stream,
            checker,
            pongs,
            unsent: 0,
            is_blocked: false,
            in_flight: 0,
            batches: VecDeque::new(),
            waiting: 0,
            echoed: 0,
            received: 0,
        }
    }

    /// Begins a phase, with this comparison of messages.
    pub(super) fn begin(&mut self, comparison: Comparison) {
        self.checker.compare(comparison);
        self.echoed = 0;
        self.received = 0;
    }

    /// The window with which the server inflates, if it was agreed that messages are compressed.
    pub(super) fn client_window(&self) -> Option<Window> {
        self.checker.client_window()
    }

    /// Notes the time at which messages are sent.
    pub(super) fn note_sent(&mut self, at: u64, count: u64) {
        if count > 0 {
            self.batches.push_back(Batch { at, count });
        }
    }

    /// Reads once, into a buffer that all connections share.
    pub(super) fn receive(
        &mut self,
        buffer: &mut [u8],
        message: &PreparedMessage,
    ) -> Result<ReceivedEchoes, ConnectionError> {
        let len = match self.stream.read(buffer) {
            Ok(0) => return Err(ConnectionError::Ended),
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error.into()),
        };
        self.received += len as u64;
        let echoes = self
            .checker
            .check(&buffer[..len], message, &mut self.pongs)?;
        if echoes.count > self.in_flight {
            return Err(EchoMismatch::Unasked.into());
        }
        Ok(ReceivedEchoes {
            may_have_more: len > 0 && !EXHAUSTION.is_shown_by(len, buffer.len()),
            count: echoes.count,
            is_progress: echoes.is_progress && self.in_flight > 0,
        })
    }

    /// Queues messages to be sent.
    pub(super) fn send(&mut self, count: u64, message: &PreparedMessage) {
        self.unsent += count * message.frame_len;
        self.in_flight += count;
    }

    /// Drops the queued and waiting messages of which no byte was sent, and returns their number.
    pub(super) fn withdraw(&mut self, message: &PreparedMessage) -> u64 {
        let count = self.unsent / message.frame_len;
        self.unsent -= count * message.frame_len;
        self.in_flight -= count;
        count + std::mem::take(&mut self.waiting)
    }

    /// Notes that the socket is writable again.
    pub(super) fn unblock(&mut self) {
        self.is_blocked = false;
    }

    /// Writes as much as the socket accepts.
    pub(super) fn flush(&mut self, message: &PreparedMessage) -> Result<(), ConnectionError> {
        while !self.is_blocked && (self.unsent > 0 || !self.pongs.is_empty()) {
            let cut = self.unsent % message.frame_len;
            let is_pong = cut == 0 && !self.pongs.is_empty();
            let bytes = if is_pong {
                &self.pongs
            } else if self.pongs.is_empty() {
                next_bytes(message, cut, self.unsent)
            } else {
                next_bytes(message, cut, cut)
            };
            match self.stream.write(bytes) {
                Ok(len) => {
                    self.is_blocked = EXHAUSTION.is_shown_by(len, bytes.len());
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

    /// Sends a Close, if the socket accepts it now.
    pub(super) fn close(mut self) {
        let frame = frame::masked(CLOSE, &NORMAL.to_be_bytes());
        let _ = self.stream.write(&frame);
    }
}

/// Fails if a server sends Pings and does not read the Pongs, which would fill the memory.
pub(super) fn check_pongs(unsent: &[u8]) -> Result<(), ConnectionError> {
    if unsent.len() <= PONGS_LEN_MAX {
        return Ok(());
    }
    Err(ConnectionError::Pings)
}

/// Returns the next bytes of consecutive messages, at most `most`. Of the current message `cut`
/// bytes are left; 0 means that none was begun.
fn next_bytes(message: &PreparedMessage, cut: u64, most: u64) -> &[u8] {
    let offset = if cut == 0 { 0 } else { message.frame_len - cut };
    // The offset is within a frame, and the batch holds at least one.
    let rest = &message.batch[offset as usize..];
    let len = usize::try_from(most).map_or(rest.len(), |most| most.min(rest.len()));
    &rest[..len]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::bench::{Echo, PayloadKind};

    #[test]
    fn each_write_continues_where_the_last_one_ended() {
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
