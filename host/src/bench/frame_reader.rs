//! A server's frames, parsed as they arrive (RFC 6455 section 5.2). Payloads are handed out where
//! they are in the input, and only a header or a control frame that a read has cut is kept.
//!
//! This does not use the core's client. The generator must not share a fault with the server that
//! it measures, it must skip whole echoes at the cost of a comparison, and the raw echo that
//! servers are compared with sends masked frames, which a client must reject.
//!
//! The content of messages is checked elsewhere.

use super::error::ConnectionError;
use super::frame::{BINARY, CLOSE, FIN, MASKED, PING, PONG, RSV1, TEXT};
use crate::options::bench::Echo;

const RESERVED: u8 = 0x70;
const CONTINUATION: u8 = 0x0;
const CONTROL_LEN_MAX: u64 = 125;
const HEADER_LEN_MAX: usize = 14;
const MASKING_KEY_LEN: usize = 4;

/// What a server has sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FrameEvent<'a> {
    /// A part of a message.
    Data(DataPiece<'a>),
    /// A Ping with its payload.
    Ping(Vec<u8>),
    /// A Pong.
    Pong,
    /// A Close: its code if there is one, and its reason.
    Close(Option<u16>, String),
}

/// A part of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DataPiece<'a> {
    /// Text or binary.
    pub(super) opcode: u8,
    /// Whether the message is compressed.
    pub(super) is_compressed: bool,
    /// The position of its first byte in the message.
    pub(super) offset: u64,
    /// May be empty.
    pub(super) bytes: &'a [u8],
    /// Whether the message ends with it.
    pub(super) is_last: bool,
}

/// What the next byte is.
#[derive(Debug)]
enum FrameState {
    /// A byte of a header, of which the first `len` bytes are here.
    Header {
        gathered: [u8; HEADER_LEN_MAX],
        len: usize,
    },
    /// A byte of a data frame's payload, or of the next header if none is left.
    Payload { left: u64, is_final: bool },
    /// A byte of a control frame's payload, or of the next header if none is left.
    Control {
        opcode: u8,
        left: usize,
        payload: Vec<u8>,
    },
}

impl FrameState {
    const START: Self = Self::Header {
        gathered: [0; HEADER_LEN_MAX],
        len: 0,
    };
}

/// A message that has not ended.
#[derive(Debug)]
struct PartialMessage {
    opcode: u8,
    is_compressed: bool,
    received: u64,
}

/// What ends with a piece of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PieceEnd {
    Nothing,
    Frame,
    Message,
}

/// The frames of one connection.
#[derive(Debug)]
pub(super) struct FrameReader {
    state: FrameState,
    message: Option<PartialMessage>,
    echo: Echo,
    /// Whether messages may be compressed.
    is_deflate_agreed: bool,
}

impl FrameReader {
    /// A reader of a connection that has received no frame.
    pub(super) fn new(echo: Echo) -> Self {
        Self {
            state: FrameState::START,
            message: None,
            echo,
            is_deflate_agreed: false,
        }
    }

    /// Accepts compressed messages from now on.
    pub(super) fn accept_compressed(&mut self) {
        self.is_deflate_agreed = true;
    }

    /// Returns whether the next byte begins a message, or a control frame between two messages.
    pub(super) fn is_between_messages(&self) -> bool {
        self.message.is_none() && matches!(self.state, FrameState::Header { len: 0, .. })
    }

    /// Takes the next event off the front of `input`; `None` if more must be received first.
    pub(super) fn next<'a>(
        &mut self,
        input: &mut &'a [u8],
    ) -> Result<Option<FrameEvent<'a>>, ConnectionError> {
        if let FrameState::Header { gathered, len } = &mut self.state {
            if !gather(gathered, len, self.echo, input) {
                return Ok(None);
            }
            let header = *gathered;
            self.state = self.begin(&header)?;
        }
        match &mut self.state {
            // A complete header is followed by another state.
            FrameState::Header { .. } => Ok(None),
            FrameState::Payload { left, is_final } => {
                let is_final = *is_final;
                let Some(bytes) = split_payload(left, input) else {
                    return Ok(None);
                };
                let end = match *left {
                    0 if is_final => PieceEnd::Message,
                    0 => PieceEnd::Frame,
                    _ => PieceEnd::Nothing,
                };
                Ok(Some(FrameEvent::Data(self.data(bytes, end))))
            }
            FrameState::Control {
                opcode,
                left,
                payload,
            } => {
                let len = input.len().min(*left);
                payload.extend(input.split_off(..len).unwrap_or_default());
                *left -= len;
                if *left > 0 {
                    return Ok(None);
                }
                let event = control(*opcode, std::mem::take(payload));
                self.state = FrameState::START;
                event.map(Some)
            }
        }
    }

    /// Returns the state that follows a complete header.
    fn begin(&mut self, header: &[u8; HEADER_LEN_MAX]) -> Result<FrameState, ConnectionError> {
        let [first, second, ..] = *header;
        let (opcode, is_final) = (first & 0x0F, first & FIN != 0);
        let is_first = matches!(opcode, TEXT | BINARY);
        let is_compressed = first & RESERVED == RSV1 && is_first && self.is_deflate_agreed;
        if first & RESERVED != 0 && !is_compressed {
            return Err(ConnectionError::Frame("reserved bits"));
        }
        match (self.echo, second & MASKED != 0) {
            (Echo::Messages, true) => return Err(ConnectionError::Frame("a masking key")),
            (Echo::Bytes, false) => return Err(ConnectionError::Frame("no masking key")),
            _ => {}
        }
        let left = payload_len(header)?;
        match (opcode, &self.message) {
            (CONTINUATION, Some(_)) => {}
            (CONTINUATION, None) => {
                return Err(ConnectionError::Frame("a continuation without a message"));
            }
            (TEXT | BINARY, None) => {
                self.message = Some(PartialMessage {
                    opcode,
                    is_compressed,
                    received: 0,
                })
            }
            (TEXT | BINARY, Some(_)) => {
                return Err(ConnectionError::Frame(
                    "a new message inside a fragmented one",
                ));
            }
            (CLOSE | PING | PONG, _) if is_final && left <= CONTROL_LEN_MAX => {
                let (left, payload) = (usize::from(second & !MASKED), Vec::new());
                return Ok(FrameState::Control {
                    opcode,
                    left,
                    payload,
                });
            }
            (CLOSE | PING | PONG, _) => {
                return Err(ConnectionError::Frame(
                    "a control frame that is fragmented or too long",
                ));
            }
            _ => return Err(ConnectionError::Frame("a reserved opcode")),
        }
        Ok(FrameState::Payload { left, is_final })
    }

    fn data<'a>(&mut self, bytes: &'a [u8], end: PieceEnd) -> DataPiece<'a> {
        if end != PieceEnd::Nothing {
            self.state = FrameState::START;
        }
        let (mut opcode, mut is_compressed, mut offset) = (CONTINUATION, false, 0);
        if let Some(message) = &mut self.message {
            (opcode, offset) = (message.opcode, message.received);
            is_compressed = message.is_compressed;
            message.received += bytes.len() as u64;
        }
        let is_last = end == PieceEnd::Message;
        if is_last {
            self.message = None;
        }
        DataPiece {
            opcode,
            is_compressed,
            offset,
            bytes,
            is_last,
        }
    }
}

/// Moves bytes of a header from `input`, and returns whether the header is complete.
fn gather(
    gathered: &mut [u8; HEADER_LEN_MAX],
    len: &mut usize,
    echo: Echo,
    input: &mut &[u8],
) -> bool {
    while *len < 2 || *len < header_len(gathered, echo) {
        let Some(byte) = input.split_off_first() else {
            return false;
        };
        gathered[*len] = *byte;
        *len += 1;
    }
    true
}

/// Takes the received part of a payload; `None` if a part is missing and nothing was received.
fn split_payload<'a>(left: &mut u64, input: &mut &'a [u8]) -> Option<&'a [u8]> {
    if *left > 0 && input.is_empty() {
        return None;
    }
    let len = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
    *left -= len as u64;
    Some(input.split_off(..len).unwrap_or_default())
}

/// Returns the length of a header, of which the first two bytes are known.
fn header_len(header: &[u8; HEADER_LEN_MAX], echo: Echo) -> usize {
    let len = match header[1] & !MASKED {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    match echo {
        Echo::Messages => len,
        Echo::Bytes => len + MASKING_KEY_LEN,
    }
}

/// RFC 6455 section 5.2: "the minimal number of bytes MUST be used to encode the length".
fn payload_len(header: &[u8; HEADER_LEN_MAX]) -> Result<u64, ConnectionError> {
    let [_, second, a, b, rest @ ..] = *header;
    let [c, d, e, f, g, h, ..] = rest;
    let (len, least) = match second & !MASKED {
        126 => (u64::from(u16::from_be_bytes([a, b])), 126),
        127 => (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 0x1_0000),
        len => (u64::from(len), 0),
    };
    if len < least || len >> 63 != 0 {
        return Err(ConnectionError::Frame(
            "a length that is not minimal or exceeds 63 bits",
        ));
    }
    Ok(len)
}

fn control(opcode: u8, payload: Vec<u8>) -> Result<FrameEvent<'static>, ConnectionError> {
    match (opcode, payload.split_first_chunk()) {
        (PING, _) => Ok(FrameEvent::Ping(payload)),
        (PONG, _) => Ok(FrameEvent::Pong),
        (_, Some((code, reason))) => {
            let reason = String::from_utf8_lossy(reason).into_owned();
            Ok(FrameEvent::Close(Some(u16::from_be_bytes(*code)), reason))
        }
        (_, None) if payload.is_empty() => Ok(FrameEvent::Close(None, String::new())),
        (_, None) => Err(ConnectionError::Frame(
            "a Close frame with half a close code",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what is read from parts of the input, in order: whole messages, and control frames.
    fn read(parts: &[&[u8]]) -> Result<Vec<String>, String> {
        let mut frames = FrameReader::new(Echo::Messages);
        let mut events = Vec::new();
        let mut message = Vec::new();
        for part in parts {
            let mut input = *part;
            while let Some(event) = frames.next(&mut input).map_err(|error| error.to_string())? {
                match event {
                    FrameEvent::Data(piece) => {
                        assert_eq!(piece.offset, message.len() as u64);
                        message.extend(piece.bytes);
                        if piece.is_last {
                            events.push(format!("{} {}", piece.opcode, message.escape_ascii()));
                            message.clear();
                        }
                    }
                    control => events.push(format!("{control:?}")),
                }
            }
            assert!(input.is_empty(), "all is read");
        }
        Ok(events)
    }

    /// Returns what is read, which must be the same at every cut in two, and byte by byte.
    fn read_always(input: &[u8]) -> Result<Vec<String>, String> {
        let whole = read(&[input]);
        for cut in 0..=input.len() {
            let (first, second) = input.split_at(cut);
            assert_eq!(read(&[first, second]), whole, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(read(&bytes), whole, "byte by byte");
        whole
    }

    #[test]
    fn messages_of_all_length_forms_are_the_same_at_every_split() {
        let medium = [b"\x82\x7e\x01\x00".as_slice(), &[b'm'; 256]].concat();
        let input = [b"\x81\x02hi".as_slice(), b"\x82\x00", &medium, b"\x81\x01x"].concat();
        let expected = ["1 hi", "2 ", &format!("2 {}", "m".repeat(256)), "1 x"];
        assert_eq!(read_always(&input).expect("valid frames"), expected);

        let long = [b"\x82\x7f\0\0\0\0\0\x01\0\0".as_slice(), &[b'l'; 65_536]].concat();
        for cut in (0..20).chain([1000, 65_545, 65_546]) {
            let (first, second) = long.split_at(cut);
            let expected = ["2 ".to_string() + &"l".repeat(65_536)];
            assert_eq!(read(&[first, second]).expect("valid frames"), expected);
        }
    }

    #[test]
    fn fragments_are_one_message_with_control_frames_between_them() {
        let input = b"\x01\x02He\x89\x01p\x00\x00\x8a\x00\x00\x02ll\x80\x01o\x88\x04\x03\xe8ok";
        let expected = [
            "Ping([112])",
            "Pong",
            "1 Hello",
            "Close(Some(1000), \"ok\")",
        ];
        assert_eq!(read_always(input).expect("valid frames"), expected);
        assert_eq!(
            read_always(b"\x88\x00").expect("valid frames"),
            ["Close(None, \"\")"]
        );
    }

    #[test]
    fn a_frame_that_no_server_may_send_is_an_error_at_every_split() {
        for (input, expected) in [
            (&b"\xc1\x00"[..], "reserved bits"),
            (b"\x83\x00", "a reserved opcode"),
            (b"\x81\x80", "a masking key"),
            (b"\x80\x00", "a continuation without a message"),
            (b"\x01\x00\x01\x00", "a new message inside"),
            (b"\x09\x00", "fragmented or too long"),
            (b"\x89\x7e\x00\x7e", "fragmented or too long"),
            (b"\x81\x7e\x00\x7d", "not minimal"),
            (b"\x81\x7f\0\0\0\0\0\0\xff\xff", "not minimal"),
            (b"\x81\x7f\x80\0\0\0\0\0\0\0", "exceeds 63 bits"),
            (b"\x88\x01\x03", "a Close frame with half a close code"),
        ] {
            let message = read_always(input).expect_err(expected);
            assert!(message.contains(expected), "{message}");
        }
    }
}
