//! What a server transmitted, parsed as strictly as RFC 6455 section 5 lets a client parse it.

use std::ops::Range;

use crate::wire::{CLOSE, FIN, PONG, RSV1};

/// What a server sent, regardless of how messages are cut into frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The payloads of all frames.
    bytes: Vec<u8>,
    /// The marks between the bytes, each with the number of bytes before it.
    marks: Vec<(usize, Mark)>,
}

/// Where a message or a control frame begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A message with this opcode begins, [`RSV1`] or not.
    Begin(u8),
    /// The message ends.
    End,
    /// A control frame with this first byte begins.
    Control(u8),
    /// The control frame ends.
    EndOfControl,
}

impl Answer {
    pub(super) fn mark(&mut self, mark: Mark) {
        self.marks.push((self.bytes.len(), mark));
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    pub(super) fn add_control(&mut self, first: u8, payload: &[u8]) {
        self.mark(Mark::Control(first));
        self.extend(payload);
        self.mark(Mark::EndOfControl);
    }

    /// The number of bytes and marks.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() + self.marks.len()
    }

    /// The bytes of all frames.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether this begins with `start`.
    pub(super) fn starts_with(&self, start: &Self) -> bool {
        let next = self.marks.get(start.marks.len());
        self.bytes.starts_with(&start.bytes)
            && self.marks.starts_with(&start.marks)
            && next.is_none_or(|&(place, _)| place >= start.bytes.len())
    }
}

/// What was transmitted.
#[derive(Clone, Debug, Default)]
pub(super) struct Transmitted {
    pub(super) answer: Answer,
    /// For each data frame: the number of bytes in all data frames up to its end.
    pub(super) ends: Vec<usize>,
    /// The payload of the Close frame.
    pub(super) close: Option<Vec<u8>>,
    /// The opcode of a message that has begun, [`RSV1`] or not.
    open: Option<u8>,
}

impl Transmitted {
    /// Parses frames.
    ///
    /// # Panics
    ///
    /// If a frame is cut, masked, not minimal, out of order, or after a Close, or if a text
    /// fragment is not UTF-8 by itself.
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self::read_without(bytes, &[])
    }

    /// The same, without the frames at these places.
    pub(super) fn read_without(bytes: &[u8], left_out: &[Range<usize>]) -> Self {
        let mut this = Self::default();
        let mut left_out = left_out.iter().peekable();
        let mut at = 0;
        while at < bytes.len() {
            if let Some(range) = left_out.next_if(|range| range.start == at) {
                at = range.end;
                continue;
            }
            let payload = split_frame(&bytes[at..]);
            this.add(bytes[at], &bytes[at..][payload.clone()]);
            at += payload.end;
        }
        assert_eq!(
            left_out.next(),
            None,
            "a frame of the application's is lost"
        );
        this
    }

    fn add(&mut self, first: u8, payload: &[u8]) {
        // > [...] an endpoint MUST send a Pong frame in response, unless it already received a
        // > Close frame. (section 5.5.2)
        // So it also answers a Ping after it has sent a Close itself.
        assert!(self.close.is_none() || first == PONG, "a frame after Close");
        let begins = matches!(first & 0x0F, 1 | 2) && self.open.is_none();
        let reserved = if begins { 0x30 } else { 0x70 };
        assert_eq!(first & reserved, 0, "reserved bits");
        match first & 0x0F {
            8..=10 => self.add_control(first, payload),
            _ => self.add_data(first, payload),
        }
    }

    fn add_control(&mut self, first: u8, payload: &[u8]) {
        assert!(first & FIN != 0 && payload.len() <= 125, "a control frame");
        if first == CLOSE {
            self.close = Some(payload.to_vec());
            return;
        }
        self.answer.add_control(first, payload);
    }

    fn add_data(&mut self, first: u8, payload: &[u8]) {
        match (first & 0x0F, self.open) {
            (0, Some(_)) => {}
            (1 | 2, None) => {
                let kind = first & (RSV1 | 0x0F);
                self.open = Some(kind);
                self.answer.mark(Mark::Begin(kind));
            }
            _ => panic!("a data frame is out of order"),
        }
        if self.open == Some(1) {
            assert!(str::from_utf8(payload).is_ok(), "a text fragment is cut");
        }
        self.answer.extend(payload);
        let before = self.ends.last().copied().unwrap_or_default();
        self.ends.push(before + payload.len());
        if first & FIN != 0 {
            self.open = None;
            self.answer.mark(Mark::End);
        }
    }
}

/// Where the payload of the frame at the start of `bytes` is.
fn split_frame(bytes: &[u8]) -> Range<usize> {
    let [_, second, rest @ ..] = bytes else {
        panic!("a header is cut");
    };
    let (start, len, least) = match *second {
        126 => {
            let len = rest.first_chunk().copied().map(u16::from_be_bytes);
            (4, len.map(u64::from), 126)
        }
        127 => {
            let len = rest.first_chunk().copied().map(u64::from_be_bytes);
            (10, len, 1 << 16)
        }
        len @ 0..126 => (2, Some(u64::from(len)), 0),
        128.. => panic!("a frame is masked"),
    };
    let len = len.expect("a header is not cut");
    let end = start + usize::try_from(len).unwrap();
    assert!(len >= least && end <= bytes.len(), "a frame is cut");
    start..end
}
