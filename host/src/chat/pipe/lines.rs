//! The lines of a pipe, each a message of any length. A line is read in parts that fit a frame, so
//! no line has to fit in memory.
//!
//! A line ends at its line feed. Whether a carriage return before it belongs to the message depends
//! on the system.

use std::io::{self, BufRead, Read};
use std::mem;

use ws_echo_core::Fin;

use crate::chat::command::{MessageData, UserCommand};
use crate::client::stream::FRAGMENT_LEN_MAX;
use crate::platform::LineEnd;

/// Reads a pipe, and turns each part of a line into a command.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    line_end: LineEnd,
    /// The number of the line that is being read, from 1.
    line_number: u64,
    /// How many bytes of the line were returned.
    returned_len: u64,
    state: LineState,
    /// The first bytes of the character that the last part was cut in.
    incomplete: Vec<u8>,
}

/// Where in a line the next part is.
#[derive(Clone, Copy, Debug)]
enum LineState {
    /// At its start: the first part decides which kind of message it is.
    Start,
    /// In a text message.
    Text,
    /// In a binary message.
    Binary,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R, line_end: LineEnd) -> Self {
        Self {
            input,
            line_end,
            line_number: 1,
            returned_len: 0,
            state: LineState::Start,
            incomplete: Vec::new(),
        }
    }

    /// The next command: a fragment, or the end, which is the last.
    pub(super) fn next_command(&mut self) -> UserCommand {
        let (part, fin) = match self.read_part() {
            Ok(Some(part)) => part,
            Ok(None) => return UserCommand::End,
            Err(error) => return UserCommand::Fail(format!("cannot read the input: {error}")),
        };
        let len = part.len() as u64;
        let payload = match self.payload(part, fin) {
            Ok(payload) => payload,
            Err(reason) => return UserCommand::Fail(reason),
        };
        self.returned_len += len - self.incomplete.len() as u64;
        self.state = match &payload {
            MessageData::Text(_) => LineState::Text,
            MessageData::Binary(_) => LineState::Binary,
        };
        if fin == Fin::Last {
            self.line_number += 1;
            self.returned_len = 0;
            self.state = LineState::Start;
        }
        UserCommand::Send(payload, fin)
    }

    /// The next part of a line, without its end; `None` at the end of the input.
    fn read_part(&mut self) -> io::Result<Option<(Vec<u8>, Fin)>> {
        let mut part = mem::take(&mut self.incomplete);
        let room = (FRAGMENT_LEN_MAX - part.len()) as u64;
        let read_len = self
            .input
            .by_ref()
            .take(room)
            .read_until(b'\n', &mut part)?;
        let has_line_feed = part.pop_if(|last| *last == b'\n').is_some();
        if has_line_feed || self.take_line_feed_after(&part)? {
            if self.line_end == LineEnd::ReturnAndLineFeed {
                part.pop_if(|last| *last == b'\r');
            }
            return Ok(Some((part, Fin::Last)));
        }
        if part.len() == FRAGMENT_LEN_MAX {
            return Ok(Some((part, Fin::More)));
        }
        // The last line may lack its line feed.
        let is_over = read_len == 0 && part.is_empty() && matches!(self.state, LineState::Start);
        Ok((!is_over).then_some((part, Fin::Last)))
    }

    /// Takes the line feed if the end of the line is cut after its carriage return, and returns
    /// whether it is.
    fn take_line_feed_after(&mut self, part: &[u8]) -> io::Result<bool> {
        let may_be_cut = self.line_end == LineEnd::ReturnAndLineFeed
            && part.len() == FRAGMENT_LEN_MAX
            && part.last() == Some(&b'\r');
        if !may_be_cut || self.input.fill_buf()?.first() != Some(&b'\n') {
            return Ok(false);
        }
        self.input.consume(1);
        Ok(true)
    }

    /// Decides whether the part is text or binary. If a text part is cut in a character, the first
    /// bytes of that character wait for the next part.
    fn payload(&mut self, part: Vec<u8>, fin: Fin) -> Result<MessageData, String> {
        if let LineState::Binary = self.state {
            return Ok(MessageData::Binary(part));
        }
        let error = match String::from_utf8(part) {
            Ok(text) => return Ok(MessageData::Text(text)),
            Err(error) => error,
        };
        let (valid_len, is_incomplete) = {
            let error = error.utf8_error();
            (error.valid_up_to(), error.error_len().is_none())
        };
        let mut part = error.into_bytes();
        if fin == Fin::More && is_incomplete {
            self.incomplete = part.split_off(valid_len);
            return Ok(MessageData::Text(
                String::from_utf8_lossy(&part).into_owned(),
            ));
        }
        match self.state {
            LineState::Start => Ok(MessageData::Binary(part)),
            _ => Err(format!(
                "line {} starts as text, but is not UTF-8 at byte {}: keep binary lines shorter \
                 than 64 KiB",
                self.line_number,
                self.returned_len + valid_len as u64
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands of an input, up to its end.
    fn commands(input: impl AsRef<[u8]>) -> Vec<UserCommand> {
        commands_of(input, LineEnd::LineFeed)
    }

    /// The same, of lines that end like this.
    fn commands_of(input: impl AsRef<[u8]>, line_end: LineEnd) -> Vec<UserCommand> {
        let mut lines = Lines::new(input.as_ref(), line_end);
        let mut commands = Vec::new();
        loop {
            match lines.next_command() {
                UserCommand::End => return commands,
                UserCommand::Fail(reason) => {
                    commands.push(UserCommand::Fail(reason));
                    return commands;
                }
                command => commands.push(command),
            }
        }
    }

    fn text(text: &str, fin: Fin) -> UserCommand {
        UserCommand::Send(MessageData::Text(text.into()), fin)
    }

    fn binary(bytes: &[u8], fin: Fin) -> UserCommand {
        UserCommand::Send(MessageData::Binary(bytes.into()), fin)
    }

    #[test]
    fn each_line_is_a_message_and_the_last_needs_no_line_feed() {
        assert_eq!(commands(""), []);
        assert_eq!(commands("\n"), [text("", Fin::Last)]);
        let expected = [
            text("/a", Fin::Last),
            text("", Fin::Last),
            text("b\r", Fin::Last),
            text("c", Fin::Last),
        ];
        assert_eq!(commands("/a\n\nb\r\nc"), expected);
        assert_eq!(commands("/a\n\nb\r\nc\n"), expected);
    }

    #[test]
    fn a_carriage_return_before_a_line_feed_is_removed_where_both_end_a_line() {
        let input = "a\r\nb\n\r\nc\r\r\nd\re\r\n\r\n";
        let texts = |line_end| {
            let commands = commands_of(input, line_end).into_iter();
            commands.map(|command| match command {
                UserCommand::Send(MessageData::Text(text), Fin::Last) => text,
                other => panic!("{other:?}"),
            })
        };
        let both: Vec<_> = texts(LineEnd::ReturnAndLineFeed).collect();
        assert_eq!(both, ["a", "b", "", "c\r", "d\re", ""]);
        let line_feed: Vec<_> = texts(LineEnd::LineFeed).collect();
        assert_eq!(line_feed, ["a\r", "b", "\r", "c\r\r", "d\re\r", "\r"]);
        let commands = commands_of(b"\xff\r\n\r", LineEnd::ReturnAndLineFeed);
        assert_eq!(
            commands,
            [binary(b"\xff", Fin::Last), text("\r", Fin::Last)]
        );
    }

    #[test]
    fn a_line_end_that_is_cut_after_the_carriage_return_is_removed() {
        let almost = "x".repeat(FRAGMENT_LEN_MAX - 1);
        let commands = |rest: &str| {
            let input = format!("{almost}\r{rest}");
            commands_of(input, LineEnd::ReturnAndLineFeed)
        };
        assert_eq!(commands("\n"), [text(&almost, Fin::Last)]);
        assert_eq!(
            commands("\nz"),
            [text(&almost, Fin::Last), text("z", Fin::Last)]
        );
        let with_return = text(&format!("{almost}\r"), Fin::More);
        assert_eq!(commands(""), [with_return.clone(), text("", Fin::Last)]);
        assert_eq!(commands("\r\n"), [with_return.clone(), text("", Fin::Last)]);
        assert_eq!(commands("z\r\n"), [with_return, text("z", Fin::Last)]);
    }

    #[test]
    fn a_line_that_is_not_utf_8_is_binary() {
        let expected = [
            binary(b"\xff", Fin::Last),
            text("ß", Fin::Last),
            binary(b"a\xc3", Fin::Last),
        ];
        assert_eq!(commands(b"\xff\n\xc3\x9f\na\xc3\n"), expected);
    }

    #[test]
    fn a_long_line_is_sent_in_fragments_that_split_no_character() {
        let almost = "x".repeat(FRAGMENT_LEN_MAX - 1);
        let expected = [text(&almost, Fin::More), text("ßy", Fin::Last)];
        assert_eq!(commands(format!("{almost}ßy\n")), expected);

        let exact = "x".repeat(FRAGMENT_LEN_MAX);
        let expected = [
            text(&exact, Fin::More),
            text("", Fin::Last),
            text("z", Fin::Last),
        ];
        assert_eq!(commands(format!("{exact}\nz")), expected);
        assert_eq!(commands(&exact), expected[..2]);

        let bytes = vec![0xFF; FRAGMENT_LEN_MAX + 1];
        let expected = [binary(&bytes[1..], Fin::More), binary(b"\xff", Fin::Last)];
        assert_eq!(commands(&bytes), expected);
    }

    #[test]
    fn a_line_that_starts_as_text_and_is_not_utf_8_is_reported_with_its_number_and_position() {
        let almost = "x".repeat(FRAGMENT_LEN_MAX - 1);
        for wrong in [&b"\xff\n"[..], b"\xc3\xff\n", b"\xc3\n", b"\xc3"] {
            let input = [b"a\n", almost.as_bytes(), b"\xc3\x9f", wrong].concat();
            let commands = commands(input);
            let Some(UserCommand::Fail(reason)) = commands.last() else {
                panic!("{commands:?}");
            };
            let place = almost.len() + 2;
            let expected = format!("line 2 starts as text, but is not UTF-8 at byte {place}:");
            assert!(reason.starts_with(&expected), "{reason}");
        }
    }
}
