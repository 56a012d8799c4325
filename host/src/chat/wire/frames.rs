//! The frames of one direction (RFC 6455 section 5.2), in words. Whether they are right is the
//! core's question: what no frame may be is shown as it is.

use std::fmt::{self, Display, Formatter};

use crate::escape::Untrusted;
use crate::frame_header::{
    BINARY, CLOSE, CONTINUATION, FIN, FrameHeader, PING, PONG, TEXT, read_header,
};
use crate::hex;

/// The longest payload of a control frame (section 5.5).
const CONTROL_LEN_MAX: u64 = 125;

const RSV: [(u8, &str); 3] = [(0x40, "RSV1"), (0x20, "RSV2"), (0x10, "RSV3")];

/// Who sends frames: a client masks them, and a server does not (section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Server,
}

/// The frames of one direction, as they arrive.
#[derive(Debug)]
pub(super) struct Frames {
    sender: Sender,
    /// The beginning of a header.
    gathered: Vec<u8>,
    state: FrameState,
}

/// What the next byte belongs to.
#[derive(Debug)]
enum FrameState {
    Header,
    /// A payload of which this much is left.
    Payload {
        left: u64,
    },
    /// The payload of a control frame, which is shown.
    Control {
        frame: Frame,
    },
    /// Nothing: a Close was the last frame.
    Ended,
}

/// A frame, in words: `text, 5 bytes, final`. A control frame is shown with its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The first byte of the header.
    first: u8,
    sender: Sender,
    key: Option<[u8; 4]>,
    len: u64,
    /// What is known of a control frame's payload, without the mask.
    payload: Vec<u8>,
}

impl Frames {
    pub(super) fn of(sender: Sender) -> Self {
        Self {
            sender,
            gathered: Vec::new(),
            state: FrameState::Header,
        }
    }

    /// Takes bytes up to the end of a data frame's header, or of a control frame.
    pub(super) fn take(&mut self, bytes: &mut &[u8]) -> Option<Frame> {
        match &mut self.state {
            FrameState::Header => {
                let (byte, rest) = bytes.split_first()?;
                *bytes = rest;
                self.gathered.push(*byte);
                let frame = Frame::parse(&self.gathered, self.sender)?;
                self.gathered.clear();
                self.begin(frame)
            }
            FrameState::Payload { left } => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX);
                let len = len.min(bytes.len());
                *left -= len as u64;
                *bytes = bytes.get(len..).unwrap_or_default();
                if *left == 0 {
                    self.state = FrameState::Header;
                }
                None
            }
            FrameState::Control { frame } => {
                let left = frame.len - frame.payload.len() as u64;
                let len = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let (payload, rest) = bytes.split_at(len);
                *bytes = rest;
                frame.extend(payload);
                let is_whole = frame.payload.len() as u64 == frame.len;
                is_whole.then(|| frame.clone()).inspect(|frame| {
                    self.state = after(frame);
                })
            }
            FrameState::Ended => {
                *bytes = &[];
                None
            }
        }
    }

    /// A header is complete. Returns the frame if no more of it is shown.
    fn begin(&mut self, frame: Frame) -> Option<Frame> {
        if frame.is_control() && (1..=CONTROL_LEN_MAX).contains(&frame.len) {
            self.state = FrameState::Control { frame };
            return None;
        }
        self.state = match frame.len {
            0 => after(&frame),
            left => FrameState::Payload { left },
        };
        Some(frame)
    }
}

/// What follows a frame that has ended.
fn after(frame: &Frame) -> FrameState {
    match frame.opcode() {
        CLOSE => FrameState::Ended,
        _ => FrameState::Header,
    }
}

impl Frame {
    /// Reads a header; `None` if it is not complete.
    fn parse(header: &[u8], sender: Sender) -> Option<Self> {
        let FrameHeader {
            first, len, key, ..
        } = read_header(header)?;
        Some(Self {
            first,
            sender,
            key,
            len,
            payload: Vec::new(),
        })
    }

    /// Adds bytes of the payload, and removes the mask.
    fn extend(&mut self, bytes: &[u8]) {
        let key = self.key.unwrap_or_default();
        let keys = key.iter().cycle().skip(self.payload.len() % key.len());
        let unmasked = bytes.iter().zip(keys).map(|(byte, key)| byte ^ key);
        self.payload.extend(unmasked);
    }

    fn opcode(&self) -> u8 {
        self.first & 0x0F
    }

    fn is_control(&self) -> bool {
        self.opcode() >= CLOSE
    }

    fn is_final(&self) -> bool {
        self.first & FIN != 0
    }

    /// What kind of frame it is, and how long: of a Close, its code and its reason.
    fn fmt_kind(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let name = match self.opcode() {
            CONTINUATION => "continuation",
            TEXT => "text",
            BINARY => "binary",
            PING => "Ping",
            PONG => "Pong",
            CLOSE => match self.payload.split_first_chunk() {
                Some((code, _)) => return write!(formatter, "Close {}", u16::from_be_bytes(*code)),
                None if self.len == 0 => return formatter.write_str("Close without a code"),
                None => "Close",
            },
            opcode => {
                write!(formatter, "opcode {opcode}")?;
                ""
            }
        };
        let unit = if self.len == 1 { "byte" } else { "bytes" };
        write!(formatter, "{name}, {} {unit}", self.len)
    }

    /// What is unusual about a frame.
    fn fmt_bits(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let is_first = matches!(self.opcode(), TEXT | BINARY);
        for (bit, name) in RSV {
            match (self.first & bit, name) {
                (0, _) => {}
                // RFC 7692 section 6.
                (_, "RSV1") if is_first => formatter.write_str(", compressed")?,
                _ => write!(formatter, ", {name}")?,
            }
        }
        match (self.sender, self.key) {
            (Sender::Client, None) => formatter.write_str(", not masked"),
            (Sender::Server, Some(_)) => formatter.write_str(", masked"),
            _ => Ok(()),
        }
    }
}

impl Display for Frame {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.fmt_kind(formatter)?;
        match (self.is_control(), self.is_final()) {
            (true, true) => {}
            (false, true) => formatter.write_str(", final")?,
            (_, false) => formatter.write_str(", not final")?,
        }
        self.fmt_bits(formatter)?;
        let payload = match self.opcode() {
            CLOSE => self.payload.get(2..).unwrap_or_default(),
            _ => &self.payload,
        };
        if payload.is_empty() {
            return Ok(());
        }
        formatter.write_str(": ")?;
        match str::from_utf8(payload) {
            Ok(text) => Untrusted::excerpt(text).fmt(formatter),
            Err(_) => write!(formatter, "0x{}", hex::digits(payload)),
        }
    }
}
