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
mod tests {
    use super::*;
    use crate::options::bench::{Echo, PayloadKind};

    const ALL: [Comparison; 3] = [Comparison::Every, Comparison::Next, Comparison::Off];

    fn checked(
        comparison: Comparison,
        message: &PreparedMessage,
        parts: &[&[u8]],
    ) -> Result<(u64, Vec<u8>), String> {
        let mut checker = EchoChecker::new(FrameReader::new(Echo::Messages));
        checker.comparison = comparison;
        let mut pongs = Vec::new();
        let mut count = 0;
        for part in parts {
            let progress = checker.check(part, message, &mut pongs);
            count += progress.map_err(|error| error.to_string())?.count;
        }
        Ok((count, pongs))
    }

    /// Returns what is found, which must be the same at every cut.
    fn checked_always(
        comparison: Comparison,
        message: &PreparedMessage,
        input: &[u8],
    ) -> Result<(u64, Vec<u8>), String> {
        let whole = checked(comparison, message, &[input]);
        for cut in 0..=input.len() {
            let (first, second) = input.split_at(cut);
            let cut_once = checked(comparison, message, &[first, second]);
            match &whole {
                Ok(_) => assert_eq!(cut_once, whole, "cut at {cut}"),
                // A wrong length may be noticed later in one of them.
                Err(_) => assert!(cut_once.is_err(), "cut at {cut}"),
            }
        }
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(checked(comparison, message, &bytes).is_ok(), whole.is_ok());
        whole
    }

    fn echo(message: &PreparedMessage) -> Vec<u8> {
        [&message.echo_header[..], &message.echo_payload].concat()
    }

    #[test]
    fn whole_echoes_are_counted_at_every_split() {
        for (kind, len) in [
            (PayloadKind::Binary, 0),
            (PayloadKind::Ascii, 3),
            (PayloadKind::Chinese, 125),
            (PayloadKind::Binary, 126),
        ] {
            let message = PreparedMessage::new(kind, len, 1, Echo::Messages);
            for comparison in ALL {
                let progress = checked_always(comparison, &message, &echo(&message).repeat(5));
                assert_eq!(progress, Ok((5, vec![])), "{kind:?} {len}");
            }
        }
    }

    #[test]
    fn a_long_echo_is_counted_across_reads() {
        let message = PreparedMessage::new(PayloadKind::Binary, 70_000, 1, Echo::Messages);
        let echoes = echo(&message).repeat(3);
        for comparison in ALL {
            for len in [7, 1_000, 69_999, 70_010, 100_000] {
                let parts: Vec<&[u8]> = echoes.chunks(len).collect();
                assert_eq!(checked(comparison, &message, &parts), Ok((3, vec![])));
            }
        }
    }

    #[test]
    fn fragments_are_one_echo_and_pings_between_them_are_answered() {
        let message = PreparedMessage::new(PayloadKind::Ascii, 5, 1, Echo::Messages);
        let input = b"\x81\x05 !\"#$\x01\x02 !\x89\x01p\x00\x00\x80\x03\"#$\x81\x05 !\"#$";
        for comparison in ALL {
            let progress = checked_always(comparison, &message, input);
            assert_eq!(progress, Ok((3, frame::masked(PONG, b"p"))));
        }
    }

    #[test]
    fn another_opcode_or_length_is_an_error() {
        let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
        for comparison in ALL {
            let refusal = |input: &[u8]| {
                let after_one = [&echo(&message), input].concat();
                checked_always(comparison, &message, &after_one).expect_err("a wrong echo")
            };
            assert!(
                refusal(b"\x82\x03 !\"").contains("a binary message, but a text message was sent")
            );
            assert!(refusal(b"\x81\x02 !").contains(": 2 bytes instead of 3"));
            assert!(refusal(b"\x81\x04 !\"#").contains("at least 4 bytes instead of 3"));
            assert!(refusal(b"\x01\x03 !\"\x80\x01#").contains(" instead of 3"));
            assert!(refusal(b"\x88\x05\x03\xf3a\x1bb").contains(r"with 1011: a\u{1b}b"));
        }
    }

    #[test]
    fn a_wrong_byte_is_found_in_messages_that_are_compared() {
        let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
        let wrong = [&echo(&message)[..], b"\x81\x03 !x"].concat();
        let found = checked_always(Comparison::Every, &message, &wrong);
        assert!(found.expect_err("a wrong echo").contains("byte 2"));
        assert_eq!(
            checked_always(Comparison::Next, &message, &wrong),
            Ok((2, vec![]))
        );
        let first = checked_always(Comparison::Next, &message, b"\x81\x03 !x");
        assert!(
            first
                .expect_err("a wrong echo")
                .contains("0x78, but 0x22 was sent")
        );
    }

    #[test]
    fn the_first_message_is_compared_even_if_a_warm_up_had_none() {
        let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
        let wrong = b"\x81\x03 !x";
        let mut checker = EchoChecker::new(FrameReader::new(Echo::Messages));
        let mut takes = |comparison, input: &[u8]| {
            checker.compare(comparison);
            checker.check(input, &message, &mut Vec::new()).is_ok()
        };
        assert!(takes(Comparison::Every, b""), "a warm-up without a message");
        assert!(takes(Comparison::Off, &echo(&message)));
        assert!(takes(Comparison::Off, wrong), "only the first is compared");
        let mut fresh = EchoChecker::new(FrameReader::new(Echo::Messages));
        fresh.compare(Comparison::Every);
        fresh.compare(Comparison::Off);
        assert!(fresh.check(wrong, &message, &mut Vec::new()).is_err());
    }

    #[test]
    fn pings_and_empty_fragments_are_not_progress() {
        let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
        let empty = PreparedMessage::new(PayloadKind::Ascii, 0, 1, Echo::Messages);
        for comparison in ALL {
            let mut checker = EchoChecker::new(FrameReader::new(Echo::Messages));
            checker.comparison = comparison;
            let mut is_progress = |input: &[u8], message| {
                let progress = checker.check(input, message, &mut Vec::new());
                progress.expect("a valid echo").is_progress
            };
            for input in [
                &b"\x89\x01p"[..],
                b"\x8a\x00",
                b"\x01\x00",
                b"\x00\x00",
                b"\x00",
            ] {
                assert!(!is_progress(input, &message), "{input:?}");
            }
            assert!(is_progress(b"\x02 !", &message));
            assert!(is_progress(b"\x80\x01\"", &message));
            assert!(is_progress(&echo(&message), &message));
            assert!(is_progress(&echo(&empty), &empty));
        }
    }

    #[test]
    fn an_echo_of_bytes_is_the_frame_that_was_sent() {
        for len in [0, 5, 200, 70_000] {
            let message = PreparedMessage::new(PayloadKind::Ascii, len, 1, Echo::Bytes);
            for comparison in ALL {
                let mut checker = EchoChecker::new(FrameReader::new(Echo::Bytes));
                checker.comparison = comparison;
                let progress = checker.check(&message.batch.repeat(3), &message, &mut Vec::new());
                assert_eq!(progress.map_or(0, |progress| progress.count), 3);
            }
        }
    }
}
