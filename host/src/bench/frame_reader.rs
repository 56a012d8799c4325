//! A server's frames, taken apart as they arrive (RFC 6455 section 5.2): payloads are handed out where
//! they stand, and only what is cut by the end of a read is kept.
//!
//! What the messages say is judged elsewhere.

use super::error::ConnectionError;
use super::prepared_message::{BINARY, CLOSE, FIN, MASKED, PING, PONG, TEXT};
use crate::options::bench::Echo;

const RESERVED: u8 = 0x70;
const CONTINUATION: u8 = 0x0;
const CONTROL_LEN_MAX: u64 = 125;
const HEADER_LEN_MAX: usize = 14;
const MASKING_KEY_LEN: usize = 4;

/// What a server has sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FrameEvent<'a> {
    /// A part of a message: where it stands in its message, and whether it is the last.
    Data {
        opcode: u8,
        offset: u64,
        bytes: &'a [u8],
        is_last: bool,
    },
    /// A Ping with its payload.
    Ping(Vec<u8>),
    /// A Pong.
    Pong,
    /// A Close: its code if there is one, and its reason.
    Close(Option<u16>, String),
}

/// What the next byte is.
#[derive(Debug)]
enum State {
    /// One of a header: so many have come.
    Header {
        gathered: [u8; HEADER_LEN_MAX],
        len: usize,
    },
    /// One of a data frame's payload, or of the next header if none is left.
    PayloadKind { left: u64, is_final: bool },
    /// One of a control frame's payload, or of the next header if none is left.
    Control {
        opcode: u8,
        left: usize,
        payload: Vec<u8>,
    },
}

impl State {
    const START: Self = Self::Header {
        gathered: [0; HEADER_LEN_MAX],
        len: 0,
    };
}

/// A message whose end has not come.
#[derive(Debug)]
struct PartialMessage {
    opcode: u8,
    received: u64,
}

/// The frames of one connection.
#[derive(Debug)]
pub(super) struct FrameReader {
    state: State,
    message: Option<PartialMessage>,
    echo: Echo,
}

impl FrameReader {
    /// Nothing has come.
    pub(super) fn new(echo: Echo) -> Self {
        Self {
            state: State::START,
            message: None,
            echo,
        }
    }

    /// Whether the next byte begins a message, or a control frame between two messages.
    pub(super) fn is_between_messages(&self) -> bool {
        self.message.is_none() && matches!(self.state, State::Header { len: 0, .. })
    }

    /// Takes the next piece off the front of `input`; `None` when more must be received first.
    pub(super) fn next<'a>(
        &mut self,
        input: &mut &'a [u8],
    ) -> Result<Option<FrameEvent<'a>>, ConnectionError> {
        loop {
            match &mut self.state {
                State::Header { gathered, len } => {
                    if !gather(gathered, len, self.echo, input) {
                        return Ok(None);
                    }
                    let header = *gathered;
                    self.state = self.begin(&header)?;
                }
                State::PayloadKind { left, is_final } => {
                    let is_final = *is_final;
                    return Ok(payload(left, input).map(|(bytes, ends)| {
                        let is_last = ends && is_final;
                        self.data(bytes, ends, is_last)
                    }));
                }
                State::Control {
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
                    let piece = control(*opcode, std::mem::take(payload));
                    self.state = State::START;
                    return piece.map(Some);
                }
            }
        }
    }

    /// What follows a whole header.
    fn begin(&mut self, header: &[u8; HEADER_LEN_MAX]) -> Result<State, ConnectionError> {
        let [first, second, ..] = *header;
        let (opcode, is_final) = (first & 0x0F, first & FIN != 0);
        if first & RESERVED != 0 {
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
                return Ok(State::Control {
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
        Ok(State::PayloadKind { left, is_final })
    }

    fn data<'a>(&mut self, bytes: &'a [u8], ends_frame: bool, is_last: bool) -> FrameEvent<'a> {
        if ends_frame {
            self.state = State::START;
        }
        let (mut opcode, mut offset) = (CONTINUATION, 0);
        if let Some(message) = &mut self.message {
            (opcode, offset) = (message.opcode, message.received);
            message.received += bytes.len() as u64;
        }
        if is_last {
            self.message = None;
        }
        FrameEvent::Data {
            opcode,
            offset,
            bytes,
            is_last,
        }
    }
}

/// Takes what has come of a header, and tells whether it is whole.
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

/// What has come of a payload, and whether it ends there; `None` when nothing has come.
fn payload<'a>(left: &mut u64, input: &mut &'a [u8]) -> Option<(&'a [u8], bool)> {
    if *left > 0 && input.is_empty() {
        return None;
    }
    let len = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
    *left -= len as u64;
    Some((input.split_off(..len).unwrap_or_default(), *left == 0))
}

/// The length of a header whose first two bytes are known.
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

    /// What is taken from pieces of input: messages joined, and control frames, in their order.
    fn taken(parts: &[&[u8]]) -> Result<Vec<String>, String> {
        let mut frames = FrameReader::new(Echo::Messages);
        let mut events = Vec::new();
        let mut message = Vec::new();
        for part in parts {
            let mut input = *part;
            while let Some(piece) = frames.next(&mut input).map_err(|it| it.to_string())? {
                match piece {
                    FrameEvent::Data {
                        opcode,
                        offset,
                        bytes,
                        is_last,
                    } => {
                        assert_eq!(offset, message.len() as u64);
                        message.extend(bytes);
                        if is_last {
                            events.push(format!("{opcode} {}", message.escape_ascii()));
                            message.clear();
                        }
                    }
                    control => events.push(format!("{control:?}")),
                }
            }
            assert!(input.is_empty(), "all is taken");
        }
        Ok(events)
    }

    /// What is taken at every cut in two, and byte by byte, which must be the same.
    fn taken_always(input: &[u8]) -> Result<Vec<String>, String> {
        let whole = taken(&[input]);
        for cut in 0..=input.len() {
            let (first, second) = input.split_at(cut);
            assert_eq!(taken(&[first, second]), whole, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(taken(&bytes), whole, "byte by byte");
        whole
    }

    #[test]
    fn messages_of_all_length_forms_are_the_same_at_every_split() {
        let medium = [b"\x82\x7e\x01\x00".as_slice(), &[b'm'; 256]].concat();
        let input = [b"\x81\x02hi".as_slice(), b"\x82\x00", &medium, b"\x81\x01x"].concat();
        let expected = ["1 hi", "2 ", &format!("2 {}", "m".repeat(256)), "1 x"];
        assert_eq!(taken_always(&input).expect("it is right"), expected);

        let long = [b"\x82\x7f\0\0\0\0\0\x01\0\0".as_slice(), &[b'l'; 65_536]].concat();
        for cut in (0..20).chain([1000, 65_545, 65_546]) {
            let (first, second) = long.split_at(cut);
            let expected = ["2 ".to_string() + &"l".repeat(65_536)];
            assert_eq!(taken(&[first, second]).expect("it is right"), expected);
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
        assert_eq!(taken_always(input).expect("it is right"), expected);
        assert_eq!(
            taken_always(b"\x88\x00").expect("it is right"),
            ["Close(None, \"\")"]
        );
    }

    #[test]
    fn what_no_server_may_send_is_an_error_at_every_split() {
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
            let message = taken_always(input).expect_err(expected);
            assert!(message.contains(expected), "{message}");
        }
    }
}
