//! Whether what comes back is what was sent: kind and length of each message always, every byte of
//! those that are not yet trusted.

use super::error::{ConnectionError, EchoMismatch};
use super::frame_reader::{FrameEvent, FrameReader};
use super::prepared_message::{self, BINARY, PONG, PreparedMessage};

/// Which messages are compared byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Every one.
    Every,
    /// The next one, and none behind it.
    Next,
    /// None: the measurement would be of comparing.
    Off,
}

/// The echoes of one connection.
#[derive(Debug)]
pub(super) struct EchoChecker {
    frames: FrameReader,
    comparison: Comparison,
    /// Whether every byte of some message was compared.
    has_compared: bool,
}

/// What some bytes have brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EchoProgress {
    /// How many echoes ended in them.
    pub(super) count: u64,
    /// Whether they have any byte of a message's payload, or end a message. Pings and empty fragments
    /// bring no echo nearer.
    pub(super) is_progress: bool,
}

impl EchoChecker {
    /// Continues behind what `frames` has taken.
    pub(super) fn new(frames: FrameReader) -> Self {
        Self {
            frames,
            comparison: Comparison::Next,
            has_compared: false,
        }
    }

    /// Compares in this way from now on; but the first message always, whatever a warm-up has left out.
    pub(super) fn compare(&mut self, comparison: Comparison) {
        self.comparison = match comparison {
            Comparison::Off if !self.has_compared => Comparison::Next,
            comparison => comparison,
        };
    }

    /// Takes all of `input`, and tells how much of the echoes of `message` was in it. Answers to Pings
    /// are appended to `pongs`.
    pub(super) fn take(
        &mut self,
        mut input: &[u8],
        message: &PreparedMessage,
        pongs: &mut Vec<u8>,
    ) -> Result<EchoProgress, ConnectionError> {
        let mut count = 0;
        let mut is_progress = false;
        loop {
            if self.comparison == Comparison::Off && self.frames.is_between_messages() {
                count += skip_echoes(&mut input, message);
            }
            match self.frames.next(&mut input)? {
                None => {
                    is_progress |= count > 0;
                    return Ok(EchoProgress { count, is_progress });
                }
                Some(FrameEvent::Data {
                    opcode,
                    offset,
                    bytes,
                    is_last,
                }) => {
                    self.check(opcode, offset, bytes, message)?;
                    is_progress |= !bytes.is_empty();
                    if is_last {
                        check_len(offset + bytes.len() as u64, message)?;
                        self.trust();
                        count += 1;
                    }
                }
                Some(FrameEvent::Ping(payload)) => {
                    pongs.extend(prepared_message::masked(PONG, &payload))
                }
                Some(FrameEvent::Pong) => {}
                Some(FrameEvent::Close(code, reason)) => {
                    return Err(ConnectionError::Closed(code, reason));
                }
            }
        }
    }

    fn trust(&mut self) {
        self.has_compared |= self.comparison != Comparison::Off;
        if self.comparison == Comparison::Next {
            self.comparison = Comparison::Off;
        }
    }

    fn check(
        &self,
        opcode: u8,
        offset: u64,
        bytes: &[u8],
        message: &PreparedMessage,
    ) -> Result<(), ConnectionError> {
        if opcode != message.opcode {
            let kind = if opcode == BINARY { "binary" } else { "text" };
            return Err(EchoMismatch::Kind(kind).into());
        }
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| message.payload.get(offset..));
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
    let sent = message.payload.len() as u64;
    if received == sent {
        Ok(())
    } else {
        Err(EchoMismatch::Length { received, sent }.into())
    }
}

/// Takes the echoes that are whole and one frame each off the front, without looking into them. This
/// is what is done per message while measuring.
fn skip_echoes(input: &mut &[u8], message: &PreparedMessage) -> u64 {
    // Of a short message the header is two bytes: compared as one number.
    let Some((start, rest)) = message.reply_header.split_first_chunk::<2>() else {
        return 0;
    };
    let start = u16::from_ne_bytes(*start);
    let echo_len = message.reply_header.len() + message.payload.len();
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

    fn taken(
        comparison: Comparison,
        message: &PreparedMessage,
        parts: &[&[u8]],
    ) -> Result<(u64, Vec<u8>), String> {
        let mut echoes = EchoChecker::new(FrameReader::new(Echo::Messages));
        echoes.comparison = comparison;
        let mut pongs = Vec::new();
        let mut count = 0;
        for part in parts {
            let taken = echoes.take(part, message, &mut pongs);
            count += taken.map_err(|wrong| wrong.to_string())?.count;
        }
        Ok((count, pongs))
    }

    /// What is taken at every cut, which must be the same.
    fn taken_always(
        comparison: Comparison,
        message: &PreparedMessage,
        input: &[u8],
    ) -> Result<(u64, Vec<u8>), String> {
        let whole = taken(comparison, message, &[input]);
        for cut in 0..=input.len() {
            let (first, second) = input.split_at(cut);
            let cut_once = taken(comparison, message, &[first, second]);
            match &whole {
                Ok(_) => assert_eq!(cut_once, whole, "cut at {cut}"),
                // Where a length is wrong, more of it may have come.
                Err(_) => assert!(cut_once.is_err(), "cut at {cut}"),
            }
        }
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(taken(comparison, message, &bytes).is_ok(), whole.is_ok());
        whole
    }

    fn echo(message: &PreparedMessage) -> Vec<u8> {
        [&message.reply_header[..], &message.payload].concat()
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
                let taken = taken_always(comparison, &message, &echo(&message).repeat(5));
                assert_eq!(taken, Ok((5, vec![])), "{kind:?} {len}");
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
                assert_eq!(taken(comparison, &message, &parts), Ok((3, vec![])));
            }
        }
    }

    #[test]
    fn fragments_and_pings_between_them_are_an_echo_and_pongs() {
        let message = PreparedMessage::new(PayloadKind::Ascii, 5, 1, Echo::Messages);
        let input = b"\x81\x05 !\"#$\x01\x02 !\x89\x01p\x00\x00\x80\x03\"#$\x81\x05 !\"#$";
        for comparison in ALL {
            let taken = taken_always(comparison, &message, input);
            assert_eq!(taken, Ok((3, prepared_message::masked(PONG, b"p"))));
        }
    }

    #[test]
    fn another_opcode_or_length_is_never_an_echo() {
        let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
        for comparison in ALL {
            let refusal = |input: &[u8]| {
                let after_one = [&echo(&message), input].concat();
                taken_always(comparison, &message, &after_one).expect_err("it is wrong")
            };
            assert!(
                refusal(b"\x82\x03 !\"").contains("a binary message, but a text message was sent")
            );
            assert!(refusal(b"\x81\x02 !").contains(": 2 bytes, but 3 were sent"));
            assert!(refusal(b"\x81\x04 !\"#").contains("at least 4 bytes, but 3 were sent"));
            assert!(refusal(b"\x01\x03 !\"\x80\x01#").contains("but 3 were sent"));
            assert!(refusal(b"\x88\x05\x03\xf3a\x1bb").contains(r"with 1011: a\u{1b}b"));
        }
    }

    #[test]
    fn a_wrong_byte_is_found_where_bytes_are_compared() {
        let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
        let wrong = [&echo(&message)[..], b"\x81\x03 !x"].concat();
        let found = taken_always(Comparison::Every, &message, &wrong);
        assert!(found.expect_err("it is wrong").contains("byte 2"));
        assert_eq!(
            taken_always(Comparison::Next, &message, &wrong),
            Ok((2, vec![]))
        );
        let first = taken_always(Comparison::Next, &message, b"\x81\x03 !x");
        assert!(
            first
                .expect_err("it is wrong")
                .contains("0x78, but 0x22 was sent")
        );
    }

    #[test]
    fn the_first_message_is_compared_even_if_a_warm_up_had_none() {
        let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
        let wrong = b"\x81\x03 !x";
        let mut echoes = EchoChecker::new(FrameReader::new(Echo::Messages));
        let mut takes = |comparison, input: &[u8]| {
            echoes.compare(comparison);
            echoes.take(input, &message, &mut Vec::new()).is_ok()
        };
        assert!(takes(Comparison::Every, b""), "a warm-up without a message");
        assert!(takes(Comparison::Off, &echo(&message)));
        assert!(takes(Comparison::Off, wrong), "only the first is compared");
        let mut fresh = EchoChecker::new(FrameReader::new(Echo::Messages));
        fresh.compare(Comparison::Every);
        fresh.compare(Comparison::Off);
        assert!(fresh.take(wrong, &message, &mut Vec::new()).is_err());
    }

    #[test]
    fn pings_and_empty_fragments_are_no_progress() {
        let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
        let empty = PreparedMessage::new(PayloadKind::Ascii, 0, 1, Echo::Messages);
        for comparison in ALL {
            let mut echoes = EchoChecker::new(FrameReader::new(Echo::Messages));
            echoes.comparison = comparison;
            let mut is_progress = |input: &[u8], message| {
                let taken = echoes.take(input, message, &mut Vec::new());
                taken.expect("it is right").is_progress
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
                let mut echoes = EchoChecker::new(FrameReader::new(Echo::Bytes));
                echoes.comparison = comparison;
                let taken = echoes.take(&message.batch.repeat(3), &message, &mut Vec::new());
                assert_eq!(taken.map_or(0, |taken| taken.count), 3);
            }
        }
    }
}
