//! A message on its way to the client: its payload is there once, its frames and its copies are
//! made while they are written.

use super::frames::{TEXT, first_byte, write_header};

/// What fills pushed messages after their number.
const FILLER: u8 = b'.';

/// A message, or several.
#[derive(Debug)]
pub(super) struct Outgoing {
    body: Body,
    /// The first byte of the message's first frame, without FIN.
    first: u8,
    /// How many bytes of payload a frame has; 0 for one frame.
    fragment_len: usize,
    /// Whether characters are not cut.
    keeps_characters: bool,
    /// The next byte of the payload.
    at: usize,
    /// Where the frame ends of which the header was made.
    frame_end: usize,
    /// Whether there is such a frame: otherwise a header is next.
    is_in_frame: bool,
    /// How many copies are left, with the one that is begun.
    copies: u64,
}

/// What is sent.
#[derive(Debug)]
enum Body {
    /// The same payload in each copy.
    Payload(Vec<u8>),
    /// The number of the message, and dots up to this length.
    Number { number: u64, len: usize },
}

/// How messages are cut into frames.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fragments {
    /// How many bytes of payload a frame has; 0 for one frame.
    pub(super) len: usize,
    /// Whether a text may be cut inside a character.
    pub(super) cuts_characters: bool,
}

impl Outgoing {
    /// A message with this first byte, without FIN, so many times: at least once.
    pub(super) fn new(first: u8, payload: Vec<u8>, copies: u64, fragments: Fragments) -> Self {
        Self::of(Body::Payload(payload), first, copies.max(1), fragments)
    }

    /// So many text messages, at least one, of this length: the number of each, and dots.
    pub(super) fn numbers(count: u64, len: usize, fragments: Fragments) -> Self {
        let body = Body::Number { number: 1, len };
        Self::of(body, TEXT, count.max(1), fragments)
    }

    fn of(body: Body, first: u8, copies: u64, fragments: Fragments) -> Self {
        Self {
            body,
            first,
            fragment_len: fragments.len,
            keeps_characters: first == TEXT && !fragments.cuts_characters,
            at: 0,
            frame_end: 0,
            is_in_frame: false,
            copies,
        }
    }

    /// The memory that its payload takes, in bytes.
    pub(super) fn cost(&self) -> usize {
        match &self.body {
            Body::Payload(payload) => payload.capacity(),
            Body::Number { .. } => 0,
        }
    }

    /// The length of the payload of one message, in bytes.
    pub(super) fn len(&self) -> usize {
        match &self.body {
            Body::Payload(payload) => payload.len(),
            Body::Number { number, len } => (*len).max(digits(*number)),
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.copies == 0
    }

    /// Whether a message is begun and not ended.
    pub(super) fn is_inside_message(&self) -> bool {
        self.is_in_frame || self.at > 0
    }

    /// Adds the next bytes, about `room` at most: a header is not cut. Returns whether a message
    /// has ended with them.
    pub(super) fn produce(&mut self, room: usize, bytes: &mut Vec<u8>) -> bool {
        let len = self.len();
        if !self.is_in_frame {
            self.begin_frame(len, bytes);
        }
        let end = self.frame_end.min(self.at.saturating_add(room));
        self.body.write(self.at, end, bytes);
        self.at = end;
        if self.at < self.frame_end {
            return false;
        }
        self.is_in_frame = false;
        if self.frame_end < len {
            return false;
        }
        self.end_message();
        true
    }

    fn begin_frame(&mut self, len: usize, bytes: &mut Vec<u8>) {
        self.frame_end = match self.fragment_len {
            0 => len,
            fragment_len => self.boundary(self.at.saturating_add(fragment_len), len),
        };
        let first = first_byte(self.first, self.at > 0, self.frame_end == len);
        write_header(first, self.frame_end - self.at, bytes);
        self.is_in_frame = true;
    }

    /// Where a frame ends that should end here. A character that does not fit makes it longer.
    fn boundary(&self, end: usize, len: usize) -> usize {
        if end >= len {
            return len;
        }
        let Body::Payload(payload) = &self.body else {
            return end;
        };
        let is_inside = |at: usize| payload.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
        if !self.keeps_characters || !is_inside(end) {
            return end;
        }
        let before = (self.at + 1..end).rev().find(|&at| !is_inside(at));
        let after = || (end..len).find(|&at| !is_inside(at));
        before.or_else(after).unwrap_or(len)
    }

    fn end_message(&mut self) {
        self.copies -= 1;
        self.at = 0;
        self.frame_end = 0;
        if let Body::Number { number, .. } = &mut self.body {
            *number += 1;
        }
    }

    /// Leaves out all but the rest of the begun frame, which is returned, without its header.
    pub(super) fn rest_of_frame(&self) -> Vec<u8> {
        let mut rest = Vec::new();
        if self.is_in_frame {
            self.body.write(self.at, self.frame_end, &mut rest);
        }
        rest
    }

    /// Leaves out all but the rest of the begun message.
    pub(super) fn keep_begun_message(&mut self) {
        self.copies = u64::from(self.is_inside_message());
    }
}

impl Body {
    /// Adds the bytes of this range of the payload.
    fn write(&self, start: usize, end: usize, bytes: &mut Vec<u8>) {
        match self {
            Self::Payload(payload) => {
                bytes.extend_from_slice(payload.get(start..end).unwrap_or_default());
            }
            Self::Number { number, .. } => {
                let number = number.to_string();
                let digits = number.get(start..end.min(number.len()));
                let digits = digits.unwrap_or_default();
                bytes.extend_from_slice(digits.as_bytes());
                bytes.resize(bytes.len() + (end - start) - digits.len(), FILLER);
            }
        }
    }
}

/// How many digits a number has.
fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::behaviour::performance::frames::BINARY;

    fn all(mut outgoing: Outgoing, room: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !outgoing.is_done() {
            outgoing.produce(room, &mut bytes);
        }
        bytes
    }

    fn fragments(len: usize) -> Fragments {
        Fragments {
            len,
            cuts_characters: false,
        }
    }

    #[test]
    fn copies_and_fragments_are_the_same_however_much_is_made_at_once() {
        let expected = b"\x01\x03hel\x80\x02lo\x01\x03hel\x80\x02lo";
        for room in [1, 2, 3, 5, 100] {
            let outgoing = Outgoing::new(TEXT, b"hello".into(), 2, fragments(3));
            assert_eq!(all(outgoing, room), expected, "{room}");
        }
    }

    #[test]
    fn a_message_that_fits_one_fragment_is_one_frame_and_so_is_an_empty_one() {
        let outgoing = Outgoing::new(BINARY, b"abc".into(), 1, fragments(3));
        assert_eq!(all(outgoing, 100), b"\x82\x03abc");
        let outgoing = Outgoing::new(TEXT, Vec::new(), 2, fragments(3));
        assert_eq!(all(outgoing, 100), b"\x81\0\x81\0");
    }

    #[test]
    fn a_text_is_not_cut_inside_a_character_unless_that_is_asked_for() {
        let text = "aé水🦀".as_bytes();
        for (len, expected) in [
            (1, &[1, 2, 3, 4][..]),
            (2, &[1, 2, 3, 4]),
            (3, &[3, 3, 4]),
            (5, &[3, 3, 4]),
            (6, &[6, 4]),
            (7, &[6, 4]),
            (9, &[6, 4]),
        ] {
            let outgoing = Outgoing::new(TEXT, text.into(), 1, fragments(len));
            let bytes = all(outgoing, 100);
            let mut rest = &bytes[..];
            let mut lens = Vec::new();
            while let [_, len, after @ ..] = rest {
                lens.push(*len);
                rest = &after[usize::from(*len)..];
            }
            assert_eq!(lens, expected, "fragments of {len}");
        }
        let anywhere = Fragments {
            len: 2,
            cuts_characters: true,
        };
        let outgoing = Outgoing::new(TEXT, "é水".into(), 1, anywhere);
        assert_eq!(
            all(outgoing, 100),
            b"\x01\x02\xC3\xA9\x00\x02\xE6\xB0\x80\x01\xB4"
        );
        let outgoing = Outgoing::new(BINARY, "é水".into(), 1, fragments(3));
        assert_eq!(all(outgoing, 100), b"\x02\x03\xC3\xA9\xE6\x80\x02\xB0\xB4");
    }

    #[test]
    fn pushed_messages_are_numbers_and_dots() {
        let outgoing = Outgoing::numbers(11, 4, Fragments::default());
        let bytes = all(outgoing, 3);
        assert!(bytes.starts_with(b"\x81\x041...\x81\x042..."));
        assert!(bytes.ends_with(b"\x81\x049...\x81\x0410..\x81\x0411.."));
        let outgoing = Outgoing::numbers(10, 1, Fragments::default());
        assert!(all(outgoing, 3).ends_with(b"\x81\x019\x81\x0210"));
        let outgoing = Outgoing::numbers(1, 5, fragments(2));
        assert_eq!(all(outgoing, 1), b"\x01\x021.\x00\x02..\x80\x01.");
    }

    #[test]
    fn the_rest_of_a_frame_or_of_a_message_can_be_all_that_follows() {
        let mut outgoing = Outgoing::new(TEXT, b"hello".into(), 3, fragments(3));
        let mut bytes = Vec::new();
        outgoing.produce(1, &mut bytes);
        bytes.extend(outgoing.rest_of_frame());
        assert_eq!(bytes, b"\x01\x03hel");
        let mut outgoing = Outgoing::new(TEXT, b"hello".into(), 3, fragments(3));
        let mut bytes = Vec::new();
        outgoing.produce(3, &mut bytes);
        assert_eq!(outgoing.rest_of_frame(), b"");
        outgoing.keep_begun_message();
        while !outgoing.is_done() {
            outgoing.produce(1, &mut bytes);
        }
        assert_eq!(bytes, b"\x01\x03hel\x80\x02lo");
        outgoing.keep_begun_message();
        assert!(outgoing.is_done());
    }
}
