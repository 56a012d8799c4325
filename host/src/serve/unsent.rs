//! The messages among the bytes that wait for a client: what the log must not count as sent. They
//! are counted when they are made ready, and no longer when the frames that carry them have been
//! sent (RFC 6455 section 5.2).

use crate::frame_header::FIN;
use crate::serve::traffic::Traffic;

/// The bit that distinguishes the opcodes of control frames.
const IS_CONTROL: u8 = 0x08;
/// Without a masking key: a server's frames have none.
const HEADER_LEN_MAX: usize = 10;

/// The messages that were made ready and are not sent yet.
#[derive(Debug, Default)]
pub(crate) struct Unsent {
    traffic: Traffic,
    /// The first `header_len` bytes of the next frame were sent.
    header: [u8; HEADER_LEN_MAX],
    header_len: usize,
    /// What was sent last, and how many of its bytes are left.
    content: Content,
    left: u64,
}

/// What a payload belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Content {
    /// Not to a message: to a control frame, or to a response before all frames.
    #[default]
    Other,
    /// To a message that goes on in another frame.
    Part,
    /// To a message that ends with it.
    EndOfMessage,
}

impl Unsent {
    /// What waits if the next bytes are the rest of a response, `len` bytes, and then frames.
    pub(crate) fn after_response(len: usize) -> Self {
        Self {
            left: len as u64,
            ..Self::default()
        }
    }

    /// The messages.
    pub(crate) fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Counts messages, or parts of one, that were made ready.
    pub(crate) fn add(&mut self, ready: Traffic) {
        self.traffic = self.traffic + ready;
    }

    /// Takes out what is in the next bytes, which have been sent.
    #[inline]
    pub(crate) fn remove(&mut self, sent: &[u8]) {
        let len = sent.len() as u64;
        // Most often they are in the middle of a long frame.
        if len < self.left && self.content != Content::Other {
            self.left -= len;
            self.traffic.bytes = self.traffic.bytes.wrapping_sub(len);
        } else {
            self.remove_frames(sent);
        }
    }

    fn remove_frames(&mut self, mut sent: &[u8]) {
        while !sent.is_empty() {
            if self.left > 0 {
                let len =
                    usize::try_from(self.left).map_or(sent.len(), |left| left.min(sent.len()));
                sent = &sent[len..];
                self.remove_payload(len as u64);
            } else if self.header_len == 0
                && let Some(header) = Header::decode(sent)
            {
                sent = &sent[header.len..];
                self.begin(&header);
            } else if let Some(byte) = sent.split_off_first() {
                self.gather(*byte);
            }
        }
    }

    /// Takes a byte of a header that is cut.
    fn gather(&mut self, byte: u8) {
        self.header[self.header_len] = byte;
        self.header_len += 1;
        if let Some(header) = Header::decode(&self.header[..self.header_len]) {
            self.header_len = 0;
            self.begin(&header);
        }
    }

    fn begin(&mut self, header: &Header) {
        self.left = header.payload_len;
        self.content = match header.first {
            first if first & IS_CONTROL != 0 => Content::Other,
            first if first & FIN != 0 => Content::EndOfMessage,
            _ => Content::Part,
        };
        if self.left == 0 {
            self.remove_payload(0);
        }
    }

    fn remove_payload(&mut self, len: u64) {
        self.left -= len;
        if self.content == Content::Other {
            return;
        }
        let ends_message = self.left == 0 && self.content == Content::EndOfMessage;
        let sent = Traffic {
            messages: ends_message.into(),
            bytes: len,
        };
        self.traffic = self.traffic - sent;
    }
}

/// The header of a frame.
struct Header {
    len: usize,
    first: u8,
    payload_len: u64,
}

impl Header {
    /// The header at the start of these bytes; `None` if it is not complete.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let (len, payload_len) = match second {
            ..=125 => (2, second.into()),
            126 => (4, u16::from_be_bytes(*rest.first_chunk()?).into()),
            _ => (10, u64::from_be_bytes(*rest.first_chunk()?)),
        };
        Some(Self {
            len,
            first,
            payload_len,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(messages: u64, bytes: u64) -> Traffic {
        Traffic { messages, bytes }
    }

    /// A response, a text, a Ping in a message of two frames, a longer and a long one, and a Close.
    fn sent() -> Vec<u8> {
        [
            &b"HTTP/1.1 101\r\n\r\n\x81\x02hi\x02\x01b\x89\x01p\x80\x00"[..],
            b"\x82\x7e\x01\x00",
            &[0x81; 256],
            b"\x82\x7f\0\0\0\0\0\x01\0\0",
            &[0x81; 65_536],
            b"\x88\x02\x03\xe8",
        ]
        .concat()
    }

    #[test]
    fn nothing_is_left_when_all_frames_are_sent_however_they_are_cut() {
        for len in [1, 2, 3, 5, 100, usize::MAX] {
            let mut unsent = Unsent::after_response(16);
            unsent.add(traffic(4, 2 + 1 + 256 + 65_536));
            sent().chunks(len).for_each(|piece| unsent.remove(piece));
            assert_eq!(unsent.traffic(), traffic(0, 0), "{len} bytes at a time");
            assert_eq!((unsent.left, unsent.header_len), (0, 0));
        }
    }

    #[test]
    fn a_message_is_sent_with_its_last_byte_and_its_bytes_one_by_one() {
        for (len, messages, bytes) in [
            (16, 4, 65_795),
            (18, 4, 65_795),
            (19, 4, 65_794),
            (20, 3, 65_793),
            (22, 3, 65_793),
            (23, 3, 65_792),
            (27, 3, 65_792),
            (28, 2, 65_792),
            (32, 2, 65_792),
            (32 + 256, 1, 65_536),
            (32 + 256 + 10 + 65_535, 1, 1),
            (32 + 256 + 10 + 65_536, 0, 0),
        ] {
            let mut unsent = Unsent::after_response(16);
            unsent.add(traffic(4, 65_795));
            unsent.remove(&sent()[..len]);
            assert_eq!(
                unsent.traffic(),
                traffic(messages, bytes),
                "after {len} bytes"
            );
        }
    }
}
