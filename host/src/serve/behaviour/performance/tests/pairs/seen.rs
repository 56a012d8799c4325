//! What the client has seen: bytes become frames, and these messages. Frames that break a rule are
//! set apart.

use crate::serve::behaviour::performance::sending::Action;
use crate::serve::behaviour::performance::tests::stage::{RESPONSE, Stage, Written};

/// A frame, with the times of its first and its last byte in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) first: u8,
    pub(super) payload: Vec<u8>,
}

/// A message, with the lengths of its frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) is_text: bool,
    pub(super) payload: Vec<u8>,
    pub(super) lens: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Seen {
    /// What was written at once, and when.
    pub(super) writes: Vec<Written>,
    pub(super) messages: Vec<Message>,
    pub(super) controls: Vec<Frame>,
    /// What no server may send, and how many messages were there before it.
    pub(super) violations: Vec<(usize, Frame)>,
    pub(super) ended: Option<(u64, Action)>,
    pub(super) is_shut: bool,
    pub(super) is_there: bool,
}

impl Seen {
    pub(super) fn of(stage: &mut Stage) -> Self {
        let mut seen = Self {
            writes: stage.taken(),
            messages: Vec::new(),
            controls: Vec::new(),
            violations: Vec::new(),
            ended: stage.ended,
            is_shut: stage.is_shut,
            is_there: stage.is_there(),
        };
        let mut begun: Option<Message> = None;
        for frame in frames(&seen.writes) {
            if is_of_violation(&frame) {
                assert_eq!(begun, None, "a violation is inside a message");
                seen.violations.push((seen.messages.len(), frame));
            } else if frame.first & 0x08 != 0 {
                assert_eq!(begun, None, "a control frame is inside a message");
                seen.controls.push(frame);
            } else {
                begun = seen.add(begun, frame);
            }
        }
        assert_eq!(begun, None, "a message does not end");
        seen
    }

    /// Adds a frame to the message that is begun, or begins one. Returns it if it does not end.
    fn add(&mut self, begun: Option<Message>, frame: Frame) -> Option<Message> {
        let opcode = frame.first & 0x7F;
        assert_eq!(opcode == 0, begun.is_some(), "{frame:?} after {begun:?}");
        let mut message = begun.unwrap_or(Message {
            start: frame.start,
            is_text: opcode == 1,
            ..Message::default()
        });
        assert!(opcode <= 2, "{frame:?}");
        message.end = frame.end;
        message.lens.push(frame.payload.len());
        message.payload.extend(frame.payload);
        if frame.first & 0x80 == 0 {
            return Some(message);
        }
        self.messages.push(message);
        None
    }

    /// The control frames with this first byte.
    pub(super) fn controls(&self, first: u8) -> impl Iterator<Item = &Frame> {
        self.controls.iter().filter(move |it| it.first == first)
    }
}

/// Without the most significant bit, which must be 0 (RFC 6455 section 5.2).
const LEN_MAX: usize = usize::MAX >> 1;

/// The frames after the response. A length may have the bit that must be 0.
fn frames(writes: &[Written]) -> Vec<Frame> {
    let with_times = |(at, bytes): &Written| bytes.iter().map(|byte| (*at, *byte)).collect();
    let bytes: Vec<(u64, u8)> = writes.iter().flat_map::<Vec<_>, _>(with_times).collect();
    let value = |index: usize| bytes[index].1;
    let response: Vec<u8> = (0..RESPONSE.len()).map(value).collect();
    assert_eq!(response, RESPONSE);
    let mut frames = Vec::new();
    let mut at = RESPONSE.len();
    while at < bytes.len() {
        let start = at;
        let (first, second) = (value(at), value(at + 1));
        let (len, header_len) = match second & 0x7F {
            126 => (
                usize::from(u16::from_be_bytes([value(at + 2), value(at + 3)])),
                4,
            ),
            127 => {
                let bytes = [2, 3, 4, 5, 6, 7, 8, 9].map(|it| value(at + it));
                (u64::from_be_bytes(bytes) as usize & LEN_MAX, 10)
            }
            len => (usize::from(len), 2),
        };
        let key_len = if second & 0x80 == 0 { 0 } else { 4 };
        let payload_at = at + header_len + key_len;
        let key: Vec<u8> = (payload_at - key_len..payload_at).map(value).collect();
        let masked = (payload_at..payload_at + len).map(value);
        let unmask = |(index, byte): (usize, u8)| byte ^ key.get(index % 4).unwrap_or(&0);
        let payload = masked.enumerate().map(unmask).collect();
        at = payload_at + len;
        frames.push(Frame {
            start: bytes[start].0,
            end: bytes[at - 1].0,
            first,
            payload,
        });
    }
    frames
}

/// The tests of `frames` say what each violation is.
fn is_of_violation(frame: &Frame) -> bool {
    let Frame { first, payload, .. } = frame;
    payload == b"violation"
        || payload == b"\xFF\xFE"
        || payload.len() > 125 && *first == 0x89
        || payload == b"\x03\xED" && *first == 0x88
}
