//! One connection after its opening handshake: frames are read and answered (RFC 6455
//! section 5).

use std::io;
use std::net::TcpStream;

use super::closing;
use super::compression::Compression;
use super::fault::{Fault, Faults};
use super::input::Input;
use super::negotiation::Agreed;
use super::utf8::Utf8;
use crate::wire::{FIN, RSV1, with_key};

/// The longest message that is taken.
pub(super) const MESSAGE_LEN_MAX: usize = 64 << 20;
const CONTROL_LEN_MAX: u64 = 125;

pub(super) const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

const RESERVED_BITS: u8 = 0x70;
const OPCODE: u8 = 0x0F;
pub(super) const MASKED: u8 = 0x80;
const TOP_BIT: u64 = 1 << 63;

const PROTOCOL_ERROR: u16 = 1002;
const INVALID_DATA: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Client,
}

/// Why no more frames are read.
pub(super) enum Stop {
    /// The TCP connection has ended.
    Ended,
    /// The peer has broken a rule, and this is the close code that says so.
    Failed(u16),
    /// The peer has sent a Close with this payload.
    Closed(Vec<u8>),
}

impl From<io::Error> for Stop {
    fn from(_: io::Error) -> Self {
        Self::Ended
    }
}

pub(super) struct Conversation {
    pub(super) input: Input,
    pub(super) stream: TcpStream,
    pub(super) role: Role,
    pub(super) faults: Faults,
    pub(super) compression: Option<Compression>,
    message: Option<Message>,
    /// Pongs that a fault holds back.
    pongs: Vec<Vec<u8>>,
    /// What a fault has kept of the last message.
    kept: Vec<u8>,
    /// Messages are put here instead of being echoed.
    pub(super) kept_messages: Option<Vec<Vec<u8>>>,
}

/// A message of which not all fragments are there.
struct Message {
    opcode: u8,
    is_compressed: bool,
    payload: Vec<u8>,
    utf8: Utf8,
    fragments: usize,
    /// Whether a control frame came after the last fragment.
    is_interrupted: bool,
}

/// What a header says.
struct Header {
    first: u8,
    len: u64,
    key: [u8; 4],
}

impl Conversation {
    pub(super) fn new(
        input: Input,
        stream: TcpStream,
        role: Role,
        agreed: Option<Agreed>,
        faults: Faults,
    ) -> Self {
        let compression = agreed.map(|Agreed { server, client }| match role {
            Role::Server => Compression::new(server, client, faults),
            Role::Client => Compression::new(client, server, faults),
        });
        Self {
            input,
            stream,
            role,
            faults,
            compression,
            message: None,
            pongs: Vec::new(),
            kept: Vec::new(),
            kept_messages: None,
        }
    }

    /// Echoes until the end of the connection.
    pub(super) fn run(mut self) -> Option<Vec<Vec<u8>>> {
        loop {
            if let Err(stop) = self.frame() {
                closing::end(&mut self, stop);
                return self.kept_messages;
            }
        }
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.faults.has(fault)
    }

    /// Reads a frame, and answers it.
    pub(super) fn frame(&mut self) -> Result<(), Stop> {
        let header = self.header()?;
        if header.first & 0x08 != 0 {
            self.control(&header)?;
        } else if header.first & OPCODE > BINARY {
            self.payload(&header, |_, _| Ok(()))?;
        } else {
            self.data(&header)?;
        }
        if self.has(Fault::PongsOutOfOrder) && !self.input.has_more() {
            let pongs = std::mem::take(&mut self.pongs);
            for pong in pongs.iter().rev() {
                self.send(FIN | PONG, pong)?;
            }
        }
        Ok(())
    }

    fn header(&mut self) -> Result<Header, Stop> {
        let first = self.input.byte()?;
        self.check_first(first)?;
        let second = self.input.byte()?;
        let is_masked = second & MASKED != 0;
        let is_right = is_masked == (self.role == Role::Server);
        if !is_right && !self.has(Fault::TakesWrongMasking) {
            return Err(Stop::Failed(PROTOCOL_ERROR));
        }
        let short = second & !MASKED;
        let is_long = u64::from(short) > CONTROL_LEN_MAX;
        if first & 0x08 != 0 && is_long && !self.has(Fault::TakesLongControl) {
            return Err(Stop::Failed(PROTOCOL_ERROR));
        }
        let len = self.length(short)?;
        if len > MESSAGE_LEN_MAX as u64 {
            return Err(Stop::Failed(TOO_BIG));
        }
        let key = match is_masked {
            true => self.input.exact()?,
            false => [0; 4],
        };
        Ok(Header { first, len, key })
    }

    /// Checks the first byte of a frame, before anything else of it has come.
    fn check_first(&self, first: u8) -> Result<(), Stop> {
        let opcode = first & OPCODE;
        let is_control = opcode >= CLOSE;
        let is_known = matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG);
        let takes_it = match is_control {
            true => self.has(Fault::TakesReservedControlOpcodes),
            false => self.has(Fault::TakesReservedDataOpcodes),
        };
        let mut allowed = match self.compression {
            Some(_) if matches!(opcode, TEXT | BINARY) => RSV1,
            Some(_) if is_control && self.has(Fault::TakesCompressedControl) => RSV1,
            Some(_) if opcode == CONTINUATION && self.has(Fault::TakesRsv1OnContinuation) => RSV1,
            _ => 0,
        };
        let faults = [
            (Fault::TakesRsv1, 0x40),
            (Fault::TakesRsv2, 0x20),
            (Fault::TakesRsv3, 0x10),
        ];
        for (fault, bit) in faults {
            allowed |= if self.has(fault) { bit } else { 0 };
        }
        let is_fragment = first & FIN == 0;
        let is_inside = self.message.is_some();
        let is_out_of_order = match opcode {
            CONTINUATION => !is_inside && !self.has(Fault::TakesContinuationOfNothing),
            TEXT | BINARY => is_inside && !self.has(Fault::TakesBeginningInside),
            _ => is_control && is_fragment && !self.has(Fault::TakesFragmentedControl),
        };
        let is_bad = first & RESERVED_BITS & !allowed != 0
            || !is_known && !takes_it
            || is_out_of_order
            || self.compression.is_some()
                && matches!(opcode, TEXT | BINARY)
                && first & RSV1 == 0
                && self.has(Fault::RefusesPlainMessages);
        match is_bad {
            true => Err(Stop::Failed(PROTOCOL_ERROR)),
            false => Ok(()),
        }
    }

    /// Reads the rest of a length.
    fn length(&mut self, short: u8) -> Result<u64, Stop> {
        match short {
            126 => {
                let len = u16::from_be_bytes(self.input.exact()?);
                let is_negative = (len as i16) < 0;
                match is_negative && self.has(Fault::Takes16BitsAsSigned) {
                    true => Err(Stop::Failed(PROTOCOL_ERROR)),
                    false => Ok(len.into()),
                }
            }
            127 => {
                let mut len = u64::from_be_bytes(self.input.exact()?);
                if self.has(Fault::Cuts64BitsTo32) {
                    len = (len as u32).into();
                }
                if self.has(Fault::TakesTopBitOfLength) {
                    len &= !TOP_BIT;
                }
                match len & TOP_BIT {
                    0 => Ok(len),
                    _ => Err(Stop::Failed(PROTOCOL_ERROR)),
                }
            }
            len => Ok(len.into()),
        }
    }

    /// Reads the payload, and gives each part that is there to `take`.
    fn payload(
        &mut self,
        header: &Header,
        mut take: impl FnMut(&mut Self, Vec<u8>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut at = 0;
        while at < header.len {
            let part = self.input.some(header.len - at)?;
            let phase = match self.has(Fault::ForgetsMaskPhaseAtCut) {
                true => 0,
                false => at % 4,
            };
            let mut key = header.key;
            key.rotate_left(phase as usize);
            at += part.len() as u64;
            take(self, with_key(key, &part))?;
        }
        Ok(())
    }

    fn control(&mut self, header: &Header) -> Result<(), Stop> {
        let mut payload = Vec::new();
        self.payload(header, |_, part| {
            payload.extend(part);
            Ok(())
        })?;
        let is_inside = self.message.is_some();
        if let Some(message) = &mut self.message {
            message.is_interrupted = true;
        }
        if is_inside && self.has(Fault::ControlEndsMessage) {
            self.message = None;
        }
        match header.first & OPCODE {
            CLOSE if is_inside && self.has(Fault::IgnoresCloseInMessage) => Ok(()),
            CLOSE => Err(Stop::Closed(payload)),
            PING => self.ping(payload, is_inside),
            PONG if self.has(Fault::FailsAtPong) => Err(Stop::Failed(PROTOCOL_ERROR)),
            PONG if self.has(Fault::AnswersPong) => Ok(self.send(FIN | PONG, &payload)?),
            _ => Ok(()),
        }
    }

    fn ping(&mut self, mut payload: Vec<u8>, is_inside: bool) -> Result<(), Stop> {
        let is_ignored = is_inside && self.has(Fault::NoPongInsideMessage)
            || payload.is_empty() && self.has(Fault::NoPongToEmptyPing)
            || payload.len() == 125 && self.has(Fault::NoPongToLongestPing);
        if is_ignored {
            return Ok(());
        }
        if self.has(Fault::CutsPong) {
            payload.truncate(100);
        }
        if self.has(Fault::ChangesPong) {
            payload = String::from_utf8_lossy(&payload).into_owned().into_bytes();
        }
        if self.has(Fault::PongsWithoutPayload) {
            payload.clear();
        }
        let is_held = is_inside && self.has(Fault::PongsAfterMessage);
        if is_held || self.has(Fault::PongsOutOfOrder) {
            self.pongs.push(payload);
            return Ok(());
        }
        if payload.len() > 1 && self.has(Fault::SendsFragmentedPong) {
            self.send(PONG, &payload[..1])?;
            return Ok(self.send(FIN | CONTINUATION, &payload[1..])?);
        }
        if payload.len() == 125 && self.has(Fault::SendsLongPong) {
            payload.push(b'!');
        }
        let rsv = match &mut self.compression {
            Some(compression) if self.faults.has(Fault::CompressesPongs) => {
                payload = compression.compress(&payload);
                RSV1
            }
            _ => 0,
        };
        Ok(self.send(FIN | PONG | rsv, &payload)?)
    }

    fn data(&mut self, header: &Header) -> Result<(), Stop> {
        let is_final = header.first & FIN != 0;
        let is_dropped = header.len == 0
            && match is_final {
                true => self.message.is_some() && self.has(Fault::DropsEmptyLastFragment),
                false => self.message.is_none() && self.has(Fault::DropsEmptyFirstFragment),
            };
        if is_dropped {
            return Ok(());
        }
        let mut message = match self.message.take() {
            Some(message) if header.first & OPCODE == CONTINUATION => message,
            _ => self.new_message(header.first),
        };
        message.fragments += 1;
        let mut loses_byte = message.is_interrupted && self.has(Fault::LosesByteAfterControl);
        message.is_interrupted = false;
        if self.has(Fault::ChecksEachFragmentAlone) {
            message.utf8 = Utf8::new(self.faults);
        }
        self.payload(header, |it, mut part| {
            if std::mem::take(&mut loses_byte) {
                part.remove(0);
            }
            it.add(&mut message, &part)
        })?;
        if self.has(Fault::ChecksEachFragmentAlone) && message.opcode == TEXT {
            let ended = message.utf8.end();
            ended.map_err(|_| Stop::Failed(INVALID_DATA))?;
        }
        if is_final {
            return self.end_message(message);
        }
        if self.has(Fault::EchoesEachFragment) {
            let part = std::mem::take(&mut message.payload);
            self.echo(message.opcode, &part)?;
        } else if let (true, Some(compression)) = (message.is_compressed, &mut self.compression) {
            let ended = compression.end_fragment(&mut message.payload);
            ended.map_err(Stop::Failed)?;
        }
        self.message = Some(message);
        Ok(())
    }

    fn new_message(&mut self, first: u8) -> Message {
        let opcode = match first & OPCODE {
            CONTINUATION => TEXT,
            opcode => opcode,
        };
        Message {
            opcode,
            is_compressed: self.compression.is_some() && first & RSV1 != 0,
            payload: std::mem::take(&mut self.kept),
            utf8: Utf8::new(self.faults),
            fragments: 0,
            is_interrupted: false,
        }
    }

    /// Adds a part of a message.
    fn add(&mut self, message: &mut Message, part: &[u8]) -> Result<(), Stop> {
        let start = message.payload.len();
        match (&mut self.compression, message.is_compressed) {
            (Some(compression), true) => {
                let inflated = compression.inflate(part, &mut message.payload);
                inflated.map_err(Stop::Failed)?;
            }
            _ => message.payload.extend_from_slice(part),
        }
        if message.payload.len() > MESSAGE_LEN_MAX {
            return Err(Stop::Failed(TOO_BIG));
        }
        if self.has(Fault::ChecksTextAtEnd) {
            return Ok(());
        }
        self.check(message, start)
    }

    /// Checks the text of a message from a place.
    fn check(&mut self, message: &mut Message, start: usize) -> Result<(), Stop> {
        let is_text = message.opcode == TEXT || self.has(Fault::ChecksBinaryAsText);
        let is_unchecked = self.has(Fault::ChecksNoText)
            || self.has(Fault::ReplacesInvalidText)
            || message.is_compressed && self.has(Fault::ChecksNoInflatedText)
            || message.fragments > 1 && self.has(Fault::ChecksFirstFragmentOnly);
        if !is_text || is_unchecked {
            return Ok(());
        }
        let code = match self.has(Fault::InvalidTextCode1002) {
            true => PROTOCOL_ERROR,
            false => INVALID_DATA,
        };
        let checked = message.utf8.push(&message.payload[start..]);
        checked.map_err(|_| Stop::Failed(code))?;
        if self.has(Fault::LosesCharacterAtCut) {
            let valid = valid_len(&message.payload[start..]);
            message.payload.truncate(start + valid);
        }
        Ok(())
    }

    fn end_message(&mut self, mut message: Message) -> Result<(), Stop> {
        let start = message.payload.len();
        if let (true, Some(compression)) = (message.is_compressed, &mut self.compression) {
            let ended = compression.end_message(&mut message.payload);
            ended.map_err(Stop::Failed)?;
        }
        let start = match self.has(Fault::ChecksTextAtEnd) {
            true => 0,
            false => start,
        };
        self.check(&mut message, start)?;
        let is_text = message.opcode == TEXT;
        if is_text && message.utf8.end().is_err() && !self.has(Fault::LosesCharacterAtCut) {
            return Err(Stop::Failed(match self.has(Fault::InvalidTextCode1002) {
                true => PROTOCOL_ERROR,
                false => INVALID_DATA,
            }));
        }
        let is_fragmented = message.fragments > 1;
        if is_fragmented && self.has(Fault::JoinsMessages) {
            self.kept = message.payload.clone();
        }
        if is_text && is_fragmented && self.has(Fault::EchoesFragmentsAsBinary) {
            message.opcode = BINARY;
        }
        if is_text {
            self.change_text(&mut message.payload);
        }
        if message.payload.len() > 0xFFFF && self.has(Fault::LosesLastByteOfLongMessage) {
            message.payload.pop();
        }
        let is_silent = message.payload.is_empty() && self.has(Fault::NoEchoOfEmptyMessage);
        if !is_silent {
            self.echo(message.opcode, &message.payload)?;
        }
        let pongs = std::mem::take(&mut self.pongs);
        for pong in &pongs {
            self.send(FIN | PONG, pong)?;
        }
        Ok(())
    }

    fn change_text(&self, text: &mut Vec<u8>) {
        if self.has(Fault::CutsTextAtZero) {
            let zero = text.iter().position(|&byte| byte == 0);
            text.truncate(zero.unwrap_or(text.len()));
        }
        if self.has(Fault::ReplacesInvalidText) {
            *text = String::from_utf8_lossy(text).into_owned().into_bytes();
        }
        if self.has(Fault::StripsByteOrderMark) && text.starts_with(b"\xEF\xBB\xBF") {
            text.drain(..3);
        }
    }
}

/// How many bytes are whole characters.
fn valid_len(bytes: &[u8]) -> usize {
    match str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}
