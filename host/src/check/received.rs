//! The frames that a peer has sent (RFC 6455 section 5), read with tolerance: what is wrong with
//! one is noted, and the next one is read all the same.
//!
//! So a fault is found by the case that is about it, and does not fail every other one.

use super::answer::{Answer, Kind};
use super::compression::Compression;
use super::frame::{OPCODE, RESERVED_BITS, Role, first_in_words, mask};
use super::payload::Shown;
use crate::frame_header::{
    BINARY, CLOSE, CONTINUATION, FIN, FrameHeader, PING, PONG, RSV1, TEXT, read_header,
};

/// The longest payload of a control frame (RFC 6455 section 5.5).
const CONTROL_LEN_MAX: u64 = 125;
/// The longest frame that is read. No case asks for a longer one.
const FRAME_LEN_MAX: u64 = 64 << 20;

/// What can be wrong with a frame, or with the messages that frames are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// A server has masked a frame, or a client has not.
    Mask,
    /// A client has masked a frame with the key of the frame before.
    RepeatedKey,
    /// A reserved bit that no extension has given a meaning.
    ReservedBits,
    ReservedOpcode,
    /// A control frame with more than 125 bytes.
    LongControl,
    FragmentedControl,
    /// A length in more bytes than it needs.
    LongLength,
    /// A continuation without a beginning, or a beginning inside a message.
    Sequence,
    /// Text that is not UTF-8.
    InvalidText,
    /// A Close with one byte of payload, with a code that must not be sent, or with a reason
    /// that is not UTF-8.
    Close,
    /// Compressed bytes that cannot be inflated.
    Compression,
    /// Compressed bytes that refer back further than was agreed on.
    Window,
    /// A length that no frame can have.
    Length,
    /// Something after the Close.
    AfterClose,
}

/// What is wrong with a received frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// In words, such as `a frame of a server is masked`.
    pub what: String,
}

/// A frame as it was received.
#[derive(Clone, Debug)]
pub struct ReceivedFrame {
    pub first: u8,
    /// What is wrong with its mask, such as `, masked`; empty if nothing is.
    mask: &'static str,
    /// Unmasked, and not inflated.
    pub payload: Vec<u8>,
}

impl ReceivedFrame {
    /// In words, such as `text: "abc"`.
    pub fn words(&self) -> String {
        let words = first_in_words(self.first) + self.mask;
        if self.first & OPCODE == CLOSE
            && let Some((code, reason)) = self.payload.split_first_chunk()
        {
            let code = u16::from_be_bytes(*code);
            return match reason {
                [] => format!("{words}: {code}"),
                reason => format!("{words}: {code} {}", Shown(reason)),
            };
        }
        format!("{words}: {}", Shown(&self.payload))
    }
}

/// What frames mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    Answer(Answer),
    /// A Ping with this payload.
    Ping(Vec<u8>),
    /// The first Close: its code and reason, if it has one.
    Close(Option<Close>),
}

/// The payload of a Close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    pub code: u16,
    pub reason: Vec<u8>,
}

/// Reads the frames of a peer.
#[derive(Debug)]
pub struct FrameReader {
    from: Role,
    compression: Option<Compression>,
    bytes: Vec<u8>,
    /// How many of them are read.
    read_len: usize,
    /// Where the last frame among them began.
    frame_start: usize,
    message: Option<Fragments>,
    /// What the last frame was masked with.
    last_key: Option<[u8; 4]>,
    is_closed: bool,
    /// Why frames cannot be told apart any longer.
    lost: Option<String>,
    /// The first of each kind.
    pub faults: Vec<Fault>,
}

#[derive(Debug)]
struct Fragments {
    kind: Kind,
    is_compressed: bool,
    payload: Vec<u8>,
}

impl FrameReader {
    /// A reader of what a peer of this role sends.
    pub fn new(from: Role, compression: Option<Compression>) -> Self {
        Self {
            from,
            compression,
            bytes: Vec::new(),
            read_len: 0,
            frame_start: 0,
            message: None,
            last_key: None,
            is_closed: false,
            lost: None,
            faults: Vec::new(),
        }
    }

    /// Why no more frames can be read, if that is so: what one says of its length.
    pub fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    /// The compression that was agreed on, for messages to send.
    pub fn compression(&mut self) -> Option<&mut Compression> {
        self.compression.as_mut()
    }

    /// Adds bytes that were received.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.lost.is_some() {
            return;
        }
        self.bytes.drain(..self.read_len);
        self.read_len = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next frame that is complete, and what it means, if it ends something.
    pub fn next_frame(&mut self) -> Option<(ReceivedFrame, Option<Meaning>)> {
        if self.lost.is_some() {
            return None;
        }
        let bytes = &self.bytes[self.read_len..];
        let header = read_header(bytes)?;
        if header.len > FRAME_LEN_MAX {
            let what = format!("a frame says that it has {} bytes", header.len);
            // > the most significant bit MUST be 0 (RFC 6455 section 5.2)
            if header.len >= 1 << 63 {
                self.fault(FaultKind::Length, what.clone());
            }
            self.look_at(&header);
            self.lost = Some(what);
            return None;
        }
        let end = header.header_len + header.len as usize;
        let mut payload = bytes.get(header.header_len..end)?.to_vec();
        if let Some(key) = header.key {
            mask(&mut payload, key);
        }
        self.frame_start = self.read_len;
        self.read_len += end;
        self.look_at(&header);
        let frame = ReceivedFrame {
            first: header.first,
            mask: match (self.from, header.key) {
                (Role::Server, Some(_)) => ", masked",
                (Role::Client, None) => ", not masked",
                _ => "",
            },
            payload,
        };
        let meaning = self.meaning(&frame);
        Some((frame, meaning))
    }

    /// The bytes of the frame that was taken last, as they were received.
    pub fn frame_bytes(&self) -> &[u8] {
        &self.bytes[self.frame_start..self.read_len]
    }

    /// Notes the first fault of its kind: a peer may send any number of them.
    fn fault(&mut self, kind: FaultKind, what: impl Into<String>) {
        if self.faults.iter().all(|fault| fault.kind != kind) {
            let what = what.into();
            self.faults.push(Fault { kind, what });
        }
    }

    /// Notes what is wrong with a header alone.
    fn look_at(&mut self, header: &FrameHeader) {
        let opcode = header.first & OPCODE;
        let words = first_in_words(header.first);
        if self.is_closed {
            self.fault(
                FaultKind::AfterClose,
                format!("a frame follows the Close ({words})"),
            );
        }
        match (self.from, header.key) {
            (Role::Server, Some(_)) => {
                self.fault(
                    FaultKind::Mask,
                    format!("a frame of the server is masked ({words})"),
                );
            }
            (Role::Client, None) => {
                self.fault(
                    FaultKind::Mask,
                    format!("a frame of the client is not masked ({words})"),
                );
            }
            _ => {}
        }
        if header.key.is_some() && header.key == self.last_key {
            self.fault(
                FaultKind::RepeatedKey,
                format!("a frame has the masking key of the frame before ({words})"),
            );
        }
        self.last_key = header.key;
        let allowed = match self.compression {
            Some(_) if matches!(opcode, TEXT | BINARY) => RSV1,
            _ => 0,
        };
        if header.first & RESERVED_BITS & !allowed != 0 {
            self.fault(
                FaultKind::ReservedBits,
                format!("a frame has a reserved bit ({words})"),
            );
        }
        if !matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) {
            self.fault(
                FaultKind::ReservedOpcode,
                format!("a frame has a reserved opcode ({words})"),
            );
        }
        self.look_at_length(header, &words);
    }

    /// Notes what is wrong with a length, and with a control frame.
    fn look_at_length(&mut self, header: &FrameHeader, words: &str) {
        if !header.is_shortest {
            let what = format!(
                "a length of {} is not in the shortest form ({words})",
                header.len
            );
            self.fault(FaultKind::LongLength, what);
        }
        let is_control = header.first & OPCODE >= CLOSE;
        if is_control && header.len > CONTROL_LEN_MAX {
            let what = format!("a control frame has {} bytes ({words})", header.len);
            self.fault(FaultKind::LongControl, what);
        }
        if is_control && header.first & FIN == 0 {
            self.fault(
                FaultKind::FragmentedControl,
                format!("a control frame is not final ({words})"),
            );
        }
    }

    /// What a frame means. After a Close nothing means anything.
    fn meaning(&mut self, frame: &ReceivedFrame) -> Option<Meaning> {
        if self.is_closed {
            return None;
        }
        match frame.first & OPCODE {
            TEXT => self.begin(Kind::Text, frame),
            BINARY => self.begin(Kind::Binary, frame),
            CONTINUATION => {
                if self.message.is_none() {
                    self.fault(FaultKind::Sequence, "a continuation continues nothing");
                }
                self.add(frame)
            }
            PING => Some(Meaning::Ping(frame.payload.clone())),
            PONG => Some(Meaning::Answer(Answer {
                kind: Kind::Pong,
                payload: frame.payload.clone().into(),
            })),
            CLOSE => self.close(&frame.payload),
            _ => None,
        }
    }

    fn begin(&mut self, kind: Kind, frame: &ReceivedFrame) -> Option<Meaning> {
        if self.message.is_some() {
            self.fault(FaultKind::Sequence, "a message begins inside another one");
        }
        self.message = Some(Fragments {
            kind,
            is_compressed: self.compression.is_some() && frame.first & RSV1 != 0,
            payload: Vec::new(),
        });
        self.add(frame)
    }

    fn add(&mut self, frame: &ReceivedFrame) -> Option<Meaning> {
        let mut message = self.message.take()?;
        message.payload.extend_from_slice(&frame.payload);
        if frame.first & FIN == 0 {
            self.message = Some(message);
            return None;
        }
        if message.is_compressed
            && let Some(compression) = &mut self.compression
        {
            match compression.inflate(&message.payload) {
                Ok(inflated) => {
                    message.payload = inflated.content;
                    if let Some(what) = inflated.beyond_window {
                        self.fault(FaultKind::Window, what);
                    }
                }
                Err(what) => {
                    let what = format!("a compressed message cannot be inflated: {what}");
                    self.fault(FaultKind::Compression, what);
                }
            }
        }
        if message.kind == Kind::Text && str::from_utf8(&message.payload).is_err() {
            self.fault(FaultKind::InvalidText, "a text message is not UTF-8");
        }
        Some(Meaning::Answer(Answer {
            kind: message.kind,
            payload: message.payload.into(),
        }))
    }

    fn close(&mut self, payload: &[u8]) -> Option<Meaning> {
        self.is_closed = true;
        let close = payload.split_first_chunk().map(|(code, reason)| Close {
            code: u16::from_be_bytes(*code),
            reason: reason.to_vec(),
        });
        match &close {
            None if payload.len() == 1 => {
                self.fault(FaultKind::Close, "a Close has one byte of payload");
            }
            Some(close) if !may_be_sent(close.code) => {
                let what = format!("a Close has code {}, which must not be sent", close.code);
                self.fault(FaultKind::Close, what);
            }
            Some(close) if str::from_utf8(&close.reason).is_err() => {
                self.fault(FaultKind::Close, "the reason of a Close is not UTF-8");
            }
            _ => {}
        }
        Some(Meaning::Close(close))
    }
}

/// Whether an endpoint may send this close code (RFC 6455 section 7.4, and the registry that
/// section 11.7 makes).
pub fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::answer::{binary_back, pong_back, text_back};

    /// Reads these bytes of a server, all at once and one by one.
    fn read(bytes: &[u8]) -> (Vec<Meaning>, Vec<FaultKind>) {
        let read = read_from(Role::Server, &[bytes]);
        let one_by_one: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read, read_from(Role::Server, &one_by_one), "byte by byte");
        read
    }

    fn read_from(role: Role, pieces: &[&[u8]]) -> (Vec<Meaning>, Vec<FaultKind>) {
        let mut reader = FrameReader::new(role, None);
        let mut meanings = Vec::new();
        for piece in pieces {
            reader.receive(piece);
            while let Some((_, meaning)) = reader.next_frame() {
                meanings.extend(meaning);
            }
        }
        (meanings, reader.faults.iter().map(|it| it.kind).collect())
    }

    /// The fault of these bytes of a server, the only one.
    #[track_caller]
    fn assert_fault(bytes: &[u8], fault: FaultKind) {
        let (_, faults) = read(bytes);
        assert_eq!(faults, [fault], "{bytes:02x?}");
    }

    #[test]
    fn the_words_of_a_frame_say_that_its_mask_is_wrong() {
        for (role, bytes, words) in [
            (Role::Server, &b"\x81\x01a"[..], "text: \"a\""),
            (Role::Server, b"\x81\x81\0\0\0\0a", "text, masked: \"a\""),
            (Role::Client, b"\x81\x01a", "text, not masked: \"a\""),
        ] {
            let mut reader = FrameReader::new(role, None);
            reader.receive(bytes);
            let frame = reader.next_frame().map(|(frame, _)| frame.words());
            assert_eq!(frame.as_deref(), Some(words));
        }
    }

    #[test]
    fn messages_and_control_frames_are_read_without_a_fault() {
        let (meanings, faults) =
            read(b"\x81\x01a\x01\x01b\x89\x01?\x80\x01c\x82\x00\x8A\x01!\x88\x05\x03\xE8bye");
        let close = Close {
            code: 1000,
            reason: b"bye".to_vec(),
        };
        let expected = [
            Meaning::Answer(text_back("a")),
            Meaning::Ping(b"?".to_vec()),
            Meaning::Answer(text_back("bc")),
            Meaning::Answer(binary_back("")),
            Meaning::Answer(pong_back("!")),
            Meaning::Close(Some(close)),
        ];
        assert_eq!(meanings, expected);
        assert_eq!(faults, []);
    }

    #[test]
    fn a_client_masks_and_a_server_does_not() {
        let masked = b"\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58";
        let hello = || vec![Meaning::Answer(text_back("Hello"))];
        assert_eq!(read_from(Role::Client, &[masked]), (hello(), vec![]));
        let fault = vec![FaultKind::Mask];
        assert_eq!(read_from(Role::Server, &[masked]), (hello(), fault.clone()));
        assert_eq!(
            read_from(Role::Client, &[b"\x81\x05Hello"]),
            (hello(), fault)
        );
    }

    #[test]
    fn each_fault_is_noted_for_itself() {
        assert_fault(b"\xC1\x00", FaultKind::ReservedBits);
        assert_fault(b"\x83\x00", FaultKind::ReservedOpcode);
        assert_fault(b"\x81\x7E\x00\x01a", FaultKind::LongLength);
        assert_fault(b"\x81\x7F\0\0\0\0\0\0\0\x01a", FaultKind::LongLength);
        assert_fault(b"\x09\x00", FaultKind::FragmentedControl);
        assert_fault(
            &[&b"\x8A\x7E\x00\x7E"[..], &[7; 126]].concat(),
            FaultKind::LongControl,
        );
        assert_fault(b"\x80\x00", FaultKind::Sequence);
        assert_fault(b"\x01\x00\x81\x00", FaultKind::Sequence);
        assert_fault(b"\x81\x01\xFF", FaultKind::InvalidText);
        assert_fault(b"\x88\x01\x03", FaultKind::Close);
        assert_fault(b"\x88\x02\x03\xED", FaultKind::Close);
        assert_fault(b"\x88\x03\x03\xE8\xFF", FaultKind::Close);
        assert_fault(b"\x88\x00\x81\x00", FaultKind::AfterClose);
        assert_fault(b"\x82\x7F\x80\0\0\0\0\0\0\0", FaultKind::Length);
    }

    #[test]
    fn a_character_may_be_cut_by_fragments() {
        let (meanings, faults) = read(b"\x01\x01\xCE\x80\x01\xBA");
        assert_eq!(meanings, [Meaning::Answer(text_back("κ"))]);
        assert_eq!(faults, []);
    }

    #[test]
    fn a_fault_is_noted_once_and_what_follows_is_read() {
        let (meanings, faults) = read(b"\xC1\x01a\xC1\x01b\x81\x01c");
        let expected = ["a", "b", "c"].map(|it| Meaning::Answer(text_back(it)));
        assert_eq!(meanings, expected);
        assert_eq!(faults, [FaultKind::ReservedBits]);
    }

    #[test]
    fn what_follows_a_close_means_nothing() {
        let (meanings, _) = read(b"\x88\x00\x81\x01a\x89\x00\x88\x02\x03\xE8");
        assert_eq!(meanings, [Meaning::Close(None)]);
    }

    #[test]
    fn nothing_is_read_behind_a_frame_that_is_longer_than_any_that_was_sent() {
        let mut reader = FrameReader::new(Role::Server, None);
        reader.receive(b"\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFFa");
        assert!(reader.next_frame().is_none());
        reader.receive(b"\x81\x01a");
        assert!(reader.next_frame().is_none());
        let lost = "a frame says that it has 9223372036854775807 bytes";
        assert_eq!(reader.lost(), Some(lost));
        assert_eq!(reader.faults, []);
    }

    #[test]
    fn a_frame_is_kept_until_it_is_complete() {
        let mut reader = FrameReader::new(Role::Server, None);
        for piece in [&b"\x81"[..], b"\x03", b"ab"] {
            reader.receive(piece);
            assert!(reader.next_frame().is_none());
        }
        reader.receive(b"c\x81");
        let (frame, _) = reader.next_frame().expect("it is complete");
        assert_eq!(frame.words(), "text: \"abc\"");
        assert_eq!(reader.frame_bytes(), b"\x81\x03abc");
        assert!(reader.next_frame().is_none());
    }
}
