//! Checks that what a server sends back is what it was sent: the type and length of every message,
//! and every byte of those messages that are compared.
//!
//! A server may compress a message in another way than it was sent. Such an echo is inflated. After
//! one that was right, those of the same length on the wire are taken for right too, unless later
//! messages refer to them.

use ws_echo_core::Window;

use super::error::{ConnectionError, EchoMismatch};
use super::frame::{self, BINARY, PONG, RSV1};
use super::frame_reader::{DataPiece, FrameEvent, FrameReader};
use super::message_inflater::MessageInflater;
use super::prepared_message::{EchoFrame, PreparedMessage};

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
    /// For a server that compresses messages.
    compressed: Option<Box<CompressedEchoes>>,
    comparison: Comparison,
    /// Whether a whole message was compared.
    has_compared: bool,
}

/// The echoes of a server that compresses messages.
#[derive(Debug)]
struct CompressedEchoes {
    inflater: MessageInflater,
    /// The last echo that was right, as it is if it is one frame.
    right: Option<EchoFrame>,
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
    /// Continues after what `frames` has read, and `inflater` has inflated.
    pub(super) fn new(frames: FrameReader, inflater: Option<MessageInflater>) -> Self {
        Self {
            frames,
            compressed: inflater.map(|inflater| {
                Box::new(CompressedEchoes {
                    inflater,
                    right: None,
                })
            }),
            comparison: Comparison::Next,
            has_compared: false,
        }
    }

    /// The window with which the server inflates, if it was agreed that messages are compressed.
    pub(super) fn client_window(&self) -> Option<Window> {
        let compressed = self.compressed.as_ref()?;
        Some(compressed.inflater.client_window())
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
                progress.count += self.skip_echoes(&mut input, message);
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

    /// Skips echoes whose length shows that they are right.
    fn skip_echoes(&self, input: &mut &[u8], message: &PreparedMessage) -> u64 {
        match self.compressed.as_deref() {
            None => skip_echoes(input, &message.echo_frame),
            Some(compressed) if compressed.inflater.needs_all() => 0,
            Some(CompressedEchoes { right, .. }) => {
                skip_echoes(input, right.as_ref().unwrap_or(&message.echo_frame))
            }
        }
    }

    fn check_piece(
        &mut self,
        piece: &DataPiece<'_>,
        message: &PreparedMessage,
        progress: &mut EchoProgress,
    ) -> Result<(), ConnectionError> {
        match &mut self.compressed {
            Some(echoes) if piece.is_compressed => {
                let inflater = &mut echoes.inflater;
                self.comparison.check_compressed(piece, message, inflater)?;
            }
            _ => self.comparison.check(piece, message)?,
        }
        progress.is_progress |= !piece.bytes.is_empty();
        if piece.is_last {
            self.note_echo(piece);
            progress.count += 1;
        }
        Ok(())
    }

    /// Notes that the echo that ends with this piece was right.
    fn note_echo(&mut self, last: &DataPiece<'_>) {
        if let Some(echoes) = &mut self.compressed {
            let compressed = if last.is_compressed { RSV1 } else { 0 };
            // The bytes before the piece were received, too.
            let len = last.offset as usize + last.bytes.len();
            echoes.right = Some(EchoFrame::new(last.opcode | compressed, len));
        }
        self.has_compared |= self.comparison != Comparison::Off;
        if self.comparison == Comparison::Next {
            self.comparison = Comparison::Off;
        }
    }
}

impl Comparison {
    /// Checks a piece of an echo.
    fn check(
        self,
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
        let end = offset + bytes.len() as u64;
        let Some(expected) = rest.and_then(|rest| rest.get(..bytes.len())) else {
            return check_len(end, message);
        };
        if self != Self::Off && bytes != expected {
            let mut pairs = bytes.iter().zip(expected).zip(offset..);
            if let Some(((&received, &sent), offset)) = pairs.find(|((a, b), _)| a != b) {
                return Err(EchoMismatch::Byte {
                    offset,
                    received,
                    sent,
                }
                .into());
            }
        }
        if piece.is_last {
            return check_len(end, message);
        }
        Ok(())
    }

    /// Checks a piece of a compressed echo. As long as it is what was sent, nothing has to be
    /// inflated.
    fn check_compressed(
        self,
        piece: &DataPiece<'_>,
        message: &PreparedMessage,
        inflater: &mut MessageInflater,
    ) -> Result<(), ConnectionError> {
        let check = |piece: &DataPiece<'_>| self.check(piece, message);
        if !inflater.has_begun() && !inflater.needs_all() {
            if message.is_continued_by(piece) {
                return Ok(());
            }
            let before = DataPiece {
                offset: 0,
                bytes: message.compressed_before(piece),
                is_last: false,
                ..*piece
            };
            inflater.inflate(&before, check)?;
        }
        inflater.inflate(piece, check)
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
fn skip_echoes(input: &mut &[u8], echo: &EchoFrame) -> u64 {
    // The header of a short message is two bytes, which are compared as one number.
    let Some((start, rest)) = echo.header.split_first_chunk::<2>() else {
        return 0;
    };
    let start = u16::from_ne_bytes(*start);
    let echo_len = echo.header.len() + echo.payload_len;
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
