//! Judges the frames of one side, and joins them to messages (RFC 6455 sections 5.2, 5.4, 5.5). A
//! frame that may not be sent is found, and those after it as well.

use std::sync::Arc;

use ws_echo_core::CloseCode;

use crate::frame_header::RSV1;
pub(super) use crate::frame_header::{BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT};
use crate::recording::{MessageKind, Side};
use crate::serve::tap::frame::{FrameReader, Header, Masked, Piece};
use crate::serve::tap::gathered::{Budget, Gathered};

/// The most frames of a message whose lengths are kept.
pub(super) const FRAMES_MAX: usize = 256;
/// The longest payload of a control frame.
const CONTROL_LEN_MAX: usize = 125;

/// What one side has sent.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// The header of a frame. A control frame is whole, and this is the beginning of its payload;
    /// another one has only begun.
    Frame(Header, &'a [u8]),
    /// The payload of a control frame that may be sent, with this opcode.
    Control(u8, &'a [u8]),
    /// A whole message, if messages are gathered.
    Message(WholeMessage),
    /// What may not be sent, and the beginning of its payload.
    Invalid(&'static str, &'a [u8]),
}

/// A message.
#[derive(Debug)]
pub(super) struct WholeMessage {
    pub(super) kind: MessageKind,
    pub(super) is_compressed: bool,
    pub(super) gathered: Gathered,
    /// The lengths of its frames, of the first [`FRAMES_MAX`] at most.
    pub(super) frames: Vec<u64>,
    pub(super) frame_count: u64,
    /// The length of the whole message in bytes.
    pub(super) len: u64,
}

/// Reads what one side sends after the handshake.
#[derive(Debug)]
pub(super) struct MessageReader {
    side: Side,
    frames: FrameReader,
    /// Whether messages may be compressed.
    pub(super) may_compress: bool,
    /// The frame that is being read.
    frame: Option<Frame>,
    /// Whether a message is begun.
    is_inside_message: bool,
    /// That message, if messages are gathered.
    message: Option<Box<WholeMessage>>,
    /// Where the memory for messages comes from; `None` if they are not gathered.
    budget: Option<Arc<Budget>>,
}

/// A frame that is being read.
#[derive(Debug)]
struct Frame {
    header: Header,
    /// What is wrong with it.
    fault: Option<&'static str>,
    /// The beginning of its payload, if it is a control frame or wrong.
    payload: Vec<u8>,
}

impl MessageReader {
    pub(super) fn new(side: Side, budget: Option<Arc<Budget>>) -> Self {
        Self {
            side,
            frames: FrameReader::new(),
            may_compress: false,
            frame: None,
            is_inside_message: false,
            message: None,
            budget,
        }
    }

    /// Reads all of `bytes`, and passes on what is found.
    pub(super) fn read(&mut self, mut bytes: &[u8], found: &mut dyn FnMut(Found<'_>)) {
        while let Some(piece) = self.frames.next(&mut bytes) {
            match piece {
                Piece::Header(header) => self.begin(header, found),
                Piece::Payload(payload) => self.add(payload),
                Piece::End => self.end_frame(found),
                Piece::NoFrame => found(Found::Invalid("a length of 2^63 or more", &[])),
            }
        }
    }

    /// What was begun when the connection has ended.
    pub(super) fn end(&mut self, found: &mut dyn FnMut(Found<'_>)) {
        if let Some(frame) = self.frame.take() {
            let reason = frame.fault.unwrap_or("a frame that does not end");
            found(Found::Invalid(reason, &frame.payload));
        } else if self.frames.is_inside_header() {
            found(Found::Invalid("a frame that does not end", &[]));
        } else if self.is_inside_message {
            found(Found::Invalid("a message that does not end", &[]));
        }
    }

    fn begin(&mut self, header: Header, found: &mut dyn FnMut(Found<'_>)) {
        let fault = self.fault(header);
        if fault.is_none() && !header.is_control() {
            self.begin_data_frame(header);
        }
        if !header.is_control() {
            found(Found::Frame(header, &[]));
        }
        self.frame = Some(Frame {
            header,
            fault,
            payload: Vec::new(),
        });
    }

    fn begin_data_frame(&mut self, header: Header) {
        self.is_inside_message = !header.is_last();
        let Some(budget) = &self.budget else {
            return;
        };
        let message = self.message.get_or_insert_with(|| {
            Box::new(WholeMessage {
                kind: match header.opcode() {
                    TEXT => MessageKind::Text,
                    _ => MessageKind::Binary,
                },
                is_compressed: header.reserved_bits() & RSV1 != 0,
                gathered: Gathered::new(budget.clone()),
                frames: Vec::new(),
                frame_count: 0,
                len: 0,
            })
        });
        message.frame_count += 1;
        if message.frames.len() < FRAMES_MAX {
            message.frames.push(header.len);
        }
        message.len = message.len.saturating_add(header.len);
    }

    fn add(&mut self, payload: Masked<'_>) {
        let Some(frame) = &mut self.frame else {
            return;
        };
        if frame.header.is_control() || frame.fault.is_some() {
            let room = CONTROL_LEN_MAX.saturating_sub(frame.payload.len());
            frame.payload.extend(payload.unmasked(room));
        } else if let Some(message) = &mut self.message {
            message.gathered.append(payload);
        }
    }

    fn end_frame(&mut self, found: &mut dyn FnMut(Found<'_>)) {
        let Some(frame) = self.frame.take() else {
            return;
        };
        let payload = &frame.payload[..];
        let Frame { header, .. } = frame;
        if header.is_control() {
            found(Found::Frame(header, payload));
        }
        if let Some(fault) = frame.fault.or_else(|| content_fault(&frame)) {
            found(Found::Invalid(fault, payload));
        } else if header.is_control() {
            found(Found::Control(header.opcode(), payload));
        } else if header.is_last()
            && let Some(message) = self.message.take()
        {
            found(Found::Message(*message));
        }
    }

    /// What is wrong with a frame, as far as its header says.
    fn fault(&self, header: Header) -> Option<&'static str> {
        let rsv = header.reserved_bits();
        let opcode = header.opcode();
        let is_message = matches!(opcode, TEXT | BINARY);
        let faults = [
            // > a server MUST mask [...] (section 5.1)
            (
                self.side == Side::Client && !header.is_masked,
                "no masking key",
            ),
            (
                self.side == Side::Server && header.is_masked,
                "a masking key",
            ),
            (rsv & !RSV1 != 0, "RSV2 or RSV3"),
            (
                rsv & RSV1 != 0 && !self.may_compress,
                "RSV1 without compression",
            ),
            (
                rsv & RSV1 != 0 && !is_message,
                "RSV1 in a frame that begins no message",
            ),
            (
                !matches!(opcode, CONTINUATION..=BINARY | CLOSE..=PONG),
                "a reserved opcode",
            ),
            (
                header.is_control() && !header.is_last(),
                "a control frame without FIN",
            ),
            (
                header.is_control() && header.len > CONTROL_LEN_MAX as u64,
                "a control frame longer than 125 bytes",
            ),
            (
                opcode == CONTINUATION && !self.is_inside_message,
                "a continuation of nothing",
            ),
            (
                is_message && self.is_inside_message,
                "a message inside another",
            ),
            (
                !header.is_shortest,
                "a length that is not in the shortest form",
            ),
        ];
        let first = faults.into_iter().find(|(is_wrong, _)| *is_wrong);
        first.map(|(_, fault)| fault)
    }
}

/// What is wrong with the payload of a Close (sections 5.5.1, 7.4).
fn content_fault(frame: &Frame) -> Option<&'static str> {
    if frame.header.opcode() != CLOSE {
        return None;
    }
    match close(&frame.payload) {
        (None, []) => None,
        (None, _) => Some("a Close with one byte"),
        (Some(code), _) if CloseCode::new(code).is_none() => {
            Some("a close code that must not be sent")
        }
        (_, reason) if std::str::from_utf8(reason).is_err() => {
            Some("a close reason that is not UTF-8")
        }
        _ => None,
    }
}

/// The code and the reason of a Close.
pub(super) fn close(payload: &[u8]) -> (Option<u16>, &[u8]) {
    match payload.split_first_chunk() {
        Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
        None => (None, payload),
    }
}
