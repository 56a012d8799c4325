//! The answer that a client's bytes must get: RFC 6455 sections 5 and 7 implemented in the plainest
//! way, over all bytes at once.

use ws_echo_core::{Agreed, MIN_BUFFER_LEN, ProtocolError};

use super::inflated::Inflated;
use super::transmitted::{Answer, Mark, Transmitted};
use crate::wire::{FIN, PONG, RSV1};

/// How much shorter than a buffer the payload of a frame must be.
const OVERHEAD: usize = MIN_BUFFER_LEN / 2;

/// The payload of the Close that ends a connection because a message is too long.
pub(super) const TOO_LONG: &[u8] = b"\x03\xf1message is too long";

/// The payload of the Close that ends a connection because a message is not what it should be.
const INVALID: &[u8] = &1007_u16.to_be_bytes();

/// How many inflated bytes a byte costs that is inflated.
const EFFORT_OF_BYTE: usize = 32;

/// The answer that a client's bytes must get.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    /// All that may be transmitted, without a Close.
    answer: Answer,
    /// How much of it must be transmitted: the rest belongs to a frame that is incomplete or
    /// invalid.
    certain: usize,
    /// The complete data frames.
    frames: Vec<Echo>,
    /// What ends the connection.
    pub(super) end: Option<End>,
    /// Whether nothing has begun that could be finished.
    pub(super) is_idle: bool,
    /// Whether a frame has begun and is incomplete.
    pub(super) is_inside_frame: bool,
    /// Whether the connection may end because a message is too long, as its headers say. If it is
    /// invalid too, this depends on how it arrives.
    pub(super) may_be_too_long: bool,
    /// Whether the connection may end because a frame that is incomplete is no part of a compressed
    /// message.
    pub(super) may_be_invalid: bool,
    /// How much it costs to verify the compressed messages, as the server counts it, and to verify
    /// the complete frames.
    pub(super) effort: usize,
    pub(super) certain_effort: usize,
    /// The payloads of the complete Ping and Pong frames.
    pub(super) pings: Vec<Vec<u8>>,
    pub(super) pongs: Vec<Vec<u8>>,
    agreed: Agreed,
    /// Whether compressed messages are inflated and checked.
    verifies: bool,
    /// What the compressed messages inflate to that the next one may refer to.
    history: Vec<u8>,
    message: Message,
    /// How many bytes of the message are in `answer`, and how many are allowed.
    message_len: usize,
    max_message_len: usize,
    /// How many bytes of messages are in `answer`.
    data_len: usize,
}

/// The reason why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The peer's protocol error.
    Error(ProtocolError),
    /// The peer's Close, with its payload.
    Close(Vec<u8>),
    /// The peer's message is too long.
    TooLong,
}

/// The echo of a complete data frame.
#[derive(Clone, Copy, Debug)]
struct Echo {
    /// How many bytes of messages there are up to its end.
    end: usize,
    /// The length of the payload, including the bytes that were held back from the frame before.
    len: usize,
}

#[derive(Clone, Debug, Default)]
enum Message {
    #[default]
    None,
    /// The beginning of an incomplete character.
    Text(Vec<u8>),
    Binary,
    /// The payload of a compressed message that is verified.
    Compressed {
        is_text: bool,
        payload: Vec<u8>,
        inflated_len: usize,
    },
}

struct Header {
    first: u8,
    key: [u8; 4],
    len: u64,
    header_len: usize,
}

impl Expected {
    pub(super) fn of(input: &[u8]) -> Self {
        Self::with_limit(input, usize::MAX)
    }

    /// The same, with a limit to the length of a message.
    pub(super) fn with_limit(input: &[u8], max_message_len: usize) -> Self {
        Self::with(Agreed::NOTHING, input, max_message_len)
    }

    /// The same, on a connection for which this was agreed on. Compressed messages come back as
    /// they are.
    pub(super) fn with(agreed: Agreed, input: &[u8], max_message_len: usize) -> Self {
        let this = Self {
            agreed,
            max_message_len,
            ..Self::default()
        };
        this.of_all(input)
    }

    /// The same, if the compressed messages are verified. The limit is that of what they inflate
    /// to.
    pub(super) fn verified(agreed: Agreed, input: &[u8], max_message_len: usize) -> Self {
        let this = Self {
            agreed,
            max_message_len,
            verifies: true,
            ..Self::default()
        };
        this.of_all(input)
    }

    fn of_all(mut self, input: &[u8]) -> Self {
        self.is_idle = input.is_empty();
        if let Err(error) = self.read(input) {
            self.end = Some(End::Error(error));
        }
        self
    }

    fn read(&mut self, mut input: &[u8]) -> Result<(), ProtocolError> {
        while self.end.is_none() {
            self.is_inside_frame = !input.is_empty();
            let Some(header) = self.read_header(input)? else {
                break;
            };
            let rest = &input[header.header_len..];
            let announced = usize::try_from(header.len).unwrap_or(usize::MAX);
            let received = rest.len().min(announced);
            let (payload, later) = rest.split_at(received);
            let is_whole = received as u64 == header.len;
            let key = header.key.repeat(payload.len().div_ceil(4));
            let payload: Vec<u8> = payload.iter().zip(&key).map(|(a, b)| a ^ b).collect();
            input = later;
            if header.first & 8 != 0 {
                self.read_control(header.first, payload, is_whole)?;
            } else {
                self.read_data(header.first, &payload, header.len)?;
            }
            if !is_whole || self.end == Some(End::TooLong) {
                break;
            }
            self.certain = self.answer.len();
            self.certain_effort = self.effort;
            self.is_idle = input.is_empty() && matches!(self.message, Message::None);
        }
        Ok(())
    }

    fn read_control(
        &mut self,
        first: u8,
        payload: Vec<u8>,
        is_whole: bool,
    ) -> Result<(), ProtocolError> {
        match first & 0x0F {
            10 if is_whole => self.pongs.push(payload),
            9 if is_whole => {
                self.answer.add_control(PONG, &payload);
                self.pings.push(payload);
            }
            8 => {
                check_close(&payload, is_whole)?;
                self.end = is_whole.then_some(End::Close(payload));
            }
            _ => {}
        }
        Ok(())
    }

    fn read_data(&mut self, first: u8, payload: &[u8], len: u64) -> Result<(), ProtocolError> {
        let is_whole = payload.len() as u64 == len;
        let (opcode, fin) = (first & 0x0F, first & FIN != 0);
        let kind = first & (RSV1 | 0x0F);
        if opcode != 0 {
            self.message_len = 0;
            self.message = match kind {
                1 => Message::Text(Vec::new()),
                _ if kind & RSV1 != 0 && self.verifies => Message::Compressed {
                    is_text: opcode == 1,
                    payload: Vec::new(),
                    inflated_len: 0,
                },
                _ => Message::Binary,
            };
        }
        if let Message::Compressed { .. } = self.message {
            return self.read_compressed(first, payload, is_whole);
        }
        let (text, is_text) = match &mut self.message {
            Message::Text(held) => ([&held[..], payload].concat(), true),
            _ => (payload.to_vec(), false),
        };
        let (valid, is_broken) = if is_text {
            utf8(&text)
        } else {
            (text.len(), false)
        };
        let held_len = text.len() - payload.len();
        let known_len = len.saturating_add((self.message_len + held_len) as u64);
        // With 32 bits, a frame may announce more than a number without a limit.
        let is_limited = self.max_message_len < usize::MAX;
        self.may_be_too_long = is_limited && known_len > self.max_message_len as u64;
        if !self.may_be_too_long {
            if opcode != 0 && (is_whole || valid > 0) && !(is_broken && valid == 0) {
                self.answer.mark(Mark::Begin(kind));
            }
            self.answer.extend(&text[..valid]);
        }
        let is_cut = valid < text.len() && is_whole && fin;
        if is_broken || is_cut {
            return Err(ProtocolError::InvalidText);
        }
        if self.may_be_too_long {
            self.end = Some(End::TooLong);
            return Ok(());
        }
        self.data_len += valid;
        self.message_len += valid;
        if let Message::Text(held) = &mut self.message {
            *held = text[valid..].to_vec();
        }
        if is_whole {
            let (end, len) = (self.data_len, text.len());
            self.frames.push(Echo { end, len });
        }
        if is_whole && fin {
            self.message = Message::None;
            self.answer.mark(Mark::End);
        }
        Ok(())
    }

    /// Reads the payload of a frame of a compressed message that is verified.
    fn read_compressed(
        &mut self,
        first: u8,
        payload: &[u8],
        is_whole: bool,
    ) -> Result<(), ProtocolError> {
        let ends_message = is_whole && first & FIN != 0;
        let Message::Compressed {
            is_text,
            payload: all,
            inflated_len,
        } = &mut self.message
        else {
            return Ok(());
        };
        let before = all.len();
        all.extend(payload);
        let inflated = Inflated::new(&self.history, all);
        let (valid, is_broken) = match is_text {
            true => utf8(inflated.bytes()),
            false => (inflated.bytes().len(), false),
        };
        self.effort += EFFORT_OF_BYTE * payload.len() + inflated.bytes().len() - *inflated_len;
        *inflated_len = inflated.bytes().len();
        let too_long = inflated.needed_beyond(self.max_message_len);
        let broken = is_broken.then(|| inflated.needed_beyond(valid).unwrap_or(all.len()));
        let wrong = inflated.fault.into_iter().chain(broken).min();
        let is_cut = !inflated.is_complete || valid < inflated.bytes().len();
        let is_wrong = wrong.is_some() || ends_message && is_cut;
        // In one piece, what cannot be inflated is found first, then the length, then broken text.
        let fault = inflated.fault;
        let may_be_too_long = too_long.is_some_and(|len| fault.is_none_or(|fault| len < fault));
        let first_wrong = wrong.into_iter().chain(too_long).min();
        let certain = first_wrong.map_or(all.len(), |needed| needed - 1);
        if first & 0x0F != 0 && (is_whole || !payload.is_empty()) {
            self.answer.mark(Mark::Begin(first & (RSV1 | 0x0F)));
        }
        let possible = certain.saturating_sub(before).min(payload.len());
        self.answer.extend(&payload[..possible]);
        self.may_be_too_long = may_be_too_long;
        match (is_wrong, may_be_too_long) {
            _ if !is_whole => self.may_be_invalid = is_wrong,
            (true, _) => return Err(ProtocolError::InvalidCompression),
            (false, true) => self.end = Some(End::TooLong),
            (false, false) => {
                self.data_len += payload.len();
                let (end, len) = (self.data_len, payload.len());
                self.frames.push(Echo { end, len });
            }
        }
        if ends_message && self.end.is_none() {
            let deflate = self.agreed.deflate;
            let is_kept = deflate.is_some_and(|deflate| deflate.client.is_kept());
            self.history = if is_kept {
                inflated.history()
            } else {
                Vec::new()
            };
            self.message = Message::None;
            self.answer.mark(Mark::End);
        }
        Ok(())
    }

    /// The header at the start of `bytes`, byte by byte: the first wrong byte decides.
    fn read_header(&self, bytes: &[u8]) -> Result<Option<Header>, ProtocolError> {
        let [first, rest @ ..] = bytes else {
            return Ok(None);
        };
        let is_inside = !matches!(self.message, Message::None);
        let may_begin = !is_inside && self.agreed.deflate.is_some();
        let reserved = first & if may_begin { 0x30 } else { 0x70 };
        match first & 0x0F {
            _ if reserved != 0 => return Err(ProtocolError::ReservedBits(reserved)),
            0 | 3.. if first & RSV1 != 0 => {
                return Err(ProtocolError::ReservedBits(RSV1));
            }
            0 if !is_inside => return Err(ProtocolError::UnexpectedContinuation),
            1 | 2 if is_inside => return Err(ProtocolError::UnexpectedMessage),
            0..=2 => {}
            8..=10 if first & FIN == 0 => return Err(ProtocolError::FragmentedControlFrame),
            8..=10 => {}
            opcode => return Err(ProtocolError::ReservedOpcode(opcode)),
        }
        read_len_and_key(*first, rest)
    }

    /// Asserts that `transmitted` is the expected answer, whatever the cuts were.
    pub(super) fn check(&self, transmitted: &Transmitted) {
        self.check_prefix(transmitted);
        self.check_certain(transmitted);
        let close = match &self.end {
            None => None,
            Some(End::Error(error)) => Some(error.close_code().get().to_be_bytes().to_vec()),
            Some(End::Close(payload)) => Some(payload[..payload.len().min(2)].to_vec()),
            Some(End::TooLong) => Some(TOO_LONG.to_vec()),
        };
        if !self.is_found_invalid(transmitted) {
            assert_eq!(transmitted.close, close);
        }
    }

    /// Whether the connection has ended because of a frame that is incomplete.
    fn is_found_invalid(&self, transmitted: &Transmitted) -> bool {
        self.may_be_invalid && transmitted.close.as_deref() == Some(INVALID)
    }

    /// Whether the connection must have ended, if this was transmitted.
    pub(super) fn has_ended(&self, transmitted: &Transmitted) -> bool {
        self.end.is_some() || self.is_found_invalid(transmitted)
    }

    /// Whether there was something to verify.
    pub(super) fn has_compressed(&self) -> bool {
        self.effort > 0 || matches!(self.message, Message::Compressed { .. })
    }

    /// Asserts that nothing was `transmitted` except what is allowed.
    pub(super) fn check_prefix(&self, transmitted: &Transmitted) {
        let possible = self.answer.starts_with(&transmitted.answer);
        assert!(possible, "{transmitted:?} instead of {self:?}");
    }

    /// Asserts that all that is required was `transmitted`.
    pub(super) fn check_certain(&self, transmitted: &Transmitted) {
        let is_enough = self.certain <= transmitted.answer.len();
        assert!(is_enough, "not everything was answered");
    }

    /// Asserts that everything received was answered.
    pub(super) fn check_all(&self, transmitted: &Transmitted) {
        if self.end.is_none() {
            assert_eq!(transmitted.answer, self.answer);
        }
    }

    /// Asserts that frames that fit a buffer came back frame for frame.
    pub(super) fn check_frames(&self, transmitted: &Transmitted, buffer_len: usize) {
        let mut ends = transmitted.ends.iter().copied().peekable();
        let mut frames = self.frames.iter().peekable();
        while let Some(frame) = frames.next() {
            if frame.len + OVERHEAD <= buffer_len {
                assert_eq!(ends.next(), Some(frame.end), "a frame that fits was cut");
                continue;
            }
            while ends.next_if(|&end| end < frame.end).is_some() {}
            assert_eq!(ends.next(), Some(frame.end), "frames were joined");
            // Its last piece may be empty, and so may the next frame.
            if ends.peek() == Some(&frame.end) {
                if frames.peek().is_some_and(|next| next.end == frame.end) {
                    return;
                }
                ends.next();
            }
        }
    }
}

/// How many bytes of `text` are complete characters, and whether the rest can no longer become
/// valid.
fn utf8(text: &[u8]) -> (usize, bool) {
    match str::from_utf8(text) {
        Ok(_) => (text.len(), false),
        Err(error) => (error.valid_up_to(), error.error_len().is_some()),
    }
}

/// The part of a header after its first byte.
fn read_len_and_key(first: u8, bytes: &[u8]) -> Result<Option<Header>, ProtocolError> {
    let is_control = first & 8 != 0;
    let [second, rest @ ..] = bytes else {
        return Ok(None);
    };
    if *second < 128 {
        return Err(ProtocolError::Unmasked);
    }
    let (extended, least) = match second - 128 {
        126.. if is_control => return Err(ProtocolError::ControlFrameTooLong),
        126 => (2, 126),
        127 => (8, 1 << 16),
        _ => (0, 0),
    };
    if rest.len() < extended {
        return Ok(None);
    }
    let len = rest[..extended].iter();
    let len = len.fold(0, |len, &byte| len << 8 | u64::from(byte));
    let len = if extended == 0 {
        u64::from(second - 128)
    } else {
        len
    };
    if len < least {
        return Err(ProtocolError::LengthNotMinimal(len as u16));
    }
    if len >= 1 << 63 {
        return Err(ProtocolError::LengthTooLarge);
    }
    let Some(&key) = rest[extended..].first_chunk() else {
        return Ok(None);
    };
    let header_len = 2 + extended + key.len();
    Ok(Some(Header {
        first,
        key,
        len,
        header_len,
    }))
}

/// Checks the received part of a Close frame's payload.
fn check_close(payload: &[u8], is_whole: bool) -> Result<(), ProtocolError> {
    let [high, low, reason @ ..] = payload else {
        return match payload.len() {
            1 if is_whole => Err(ProtocolError::CloseCodeCut),
            _ => Ok(()),
        };
    };
    let code = u16::from(*high) * 256 + u16::from(*low);
    let is_allowed = match code {
        1004..=1006 => false,
        _ => (1000..=1014).contains(&code) || (3000..=4999).contains(&code),
    };
    if !is_allowed {
        return Err(ProtocolError::InvalidCloseCode(code));
    }
    let (valid, is_broken) = utf8(reason);
    if is_broken || (is_whole && valid < reason.len()) {
        return Err(ProtocolError::InvalidCloseReason);
    }
    Ok(())
}
