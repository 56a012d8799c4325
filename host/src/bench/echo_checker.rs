//! Checks that what a server sends back is what it was sent: the type and length of every message,
//! and every byte of those messages that are compared.

use super::error::{ConnectionError, EchoMismatch};
use super::frame::{self, BINARY, PONG};
use super::frame_reader::{DataPiece, FrameEvent, FrameReader};
use super::prepared_message::PreparedMessage;

/// Which messages are compared byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// All of them.
    Every,
    /// Only the next one.
    Next,
    /// None: the time that comparing takes would be measured too.
    Off,
}

/// Checks the echoes of one connection.
#[derive(Debug)]
pub(super) struct EchoChecker {
    frames: FrameReader,
    comparison: Comparison,
    /// Whether a whole message was compared.
    has_compared: bool,
}

/// What was found in received bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EchoProgress {
    /// The number of echoes that ended in them.
    pub(super) count: u64,
    /// Whether they hold a byte of a message's payload, or end a message. Pings and empty fragments
    /// are not progress.
    pub(super) is_progress: bool,
}

impl EchoChecker {
    /// Continues after what `frames` has read.
    pub(super) fn new(frames: FrameReader) -> Self {
        Self {
            frames,
            comparison: Comparison::Next,
            has_compared: false,
        }
    }

    /// Sets what is compared from now on. Until a message was compared, the next one always is.
    pub(super) fn compare(&mut self, comparison: Comparison) {
        self.comparison = match comparison {
            Comparison::Off if !self.has_compared => Comparison::Next,
            comparison => comparison,
        };
    }

    /// Checks all of `input`, and returns how much of the echoes of `message` was in it. Answers to
    /// Pings are appended to `pongs`.
    pub(super) fn check(
        &mut self,
        mut input: &[u8],
        message: &PreparedMessage,
        pongs: &mut Vec<u8>,
    ) -> Result<EchoProgress, ConnectionError> {
        let mut progress = EchoProgress::default();
        loop {
            if self.comparison == Comparison::Off && self.frames.is_between_messages() {
                progress.count += skip_echoes(&mut input, message);
            }
            let Some(event) = self.frames.next(&mut input)? else {
                progress.is_progress |= progress.count > 0;
                return Ok(progress);
            };
            match event {
                FrameEvent::Data(piece) => self.check_piece(&piece, message, &mut progress)?,
                FrameEvent::Ping(payload) => pongs.extend(frame::masked(PONG, &payload)),
                FrameEvent::Pong => {}
                FrameEvent::Close(code, reason) => {
                    return Err(ConnectionError::Closed(code, reason));
                }
            }
        }
    }

    fn check_piece(
        &mut self,
        piece: &DataPiece<'_>,
        message: &PreparedMessage,
        progress: &mut EchoProgress,
    ) -> Result<(), ConnectionError> {
        self.compare_piece(piece, message)?;
        progress.is_progress |= !piece.bytes.is_empty();
        if piece.is_last {
            check_len(piece.offset + piece.bytes.len() as u64, message)?;
            self.note_echo();
            progress.count += 1;
        }
        Ok(())
    }

    fn note_echo(&mut self) {
        self.has_compared |= self.comparison != Comparison::Off;
        if self.comparison == Comparison::Next {
            self.comparison = Comparison::Off;
        }
    }

    fn compare_piece(
        &self,
        piece: &DataPiece<'_>,
        message: &PreparedMessage,
    ) -> Result<(), ConnectionError> {
        let &DataPiece { offset, bytes, .. } = piece;
        if piece.opcode != message.opcode {
            let (received, sent) = match piece.opcode {
                BINARY => ("binary", "text"),
                _ => ("text", "binary"),
            };
            return Err(EchoMismatch::Type { received, sent }.into());
        }
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| message.echo_payload.get(offset..));
        let Some(expected) = rest.and_then(|rest| rest.get(..bytes.len())) else {
            return check_len(offset + bytes.len() as u64, message);
        };
        if self.comparison == Comparison::Off || bytes == expected {
            return Ok(());
        }
        let mut pairs = bytes.iter().zip(expected).zip(offset..);
        match pairs.find(|((received, sent), _)| received != sent) {
            Some(((&received, &sent), offset)) => Err(EchoMismatch::Byte {
                offset,
                received,
                sent,
            }
            .into()),
            None => Ok(()),
        }
    }
}

fn check_len(received: u64, message: &PreparedMessage) -> Result<(), ConnectionError> {
    let sent = message.echo_payload.len() as u64;
    if received == sent {
        Ok(())
    } else {
        Err(EchoMismatch::Length { received, sent }.into())
    }
}

/// Takes complete echoes, of one frame each, off the front without looking at their payloads, and
/// returns how many there were. This is the work per message while measuring.
fn skip_echoes(input: &mut &[u8], message: &PreparedMessage) -> u64 {
    // The header of a short message is two bytes, which are compared as one number.
    let Some((start, rest)) = message.echo_header.split_first_chunk::<2>() else {
        return 0;
    };
    let start = u16::from_ne_bytes(*start);
    let echo_len = message.echo_header.len() + message.echo_payload.len();
    let mut echoes = input.chunks_exact(echo_len);
    let begins = |echo: &[u8]| matches!(echo, [a, b, ..] if u16::from_ne_bytes([*a, *b]) == start);
    let count = if rest.is_empty() {
        echoes.position(|echo| !begins(echo))
    } else {
        echoes.position(|echo| !begins(echo) || !echo[2..].starts_with(rest))
    };
    let count = count.unwrap_or(input.len() / echo_len);
    *input = &input[count * echo_len..];
    count as u64
}

#[cfg(test)]
mod tests;
