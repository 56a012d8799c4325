//! permessage-deflate (RFC 7692) at the end that is not tested. What was negotiated is read by a
//! reader of its own, and so are the blocks that come; the compression itself is zlib's.

pub mod blocks;
mod extension_list;
mod huffman;
pub mod parameters;
pub mod stream;

use self::parameters::Agreement;
use self::stream::{StreamFault, StreamReader};
use super::frame::Role;
use crate::deflate::deflater::Deflater;
use crate::deflate::inflater::Inflater;

/// How much is inflated at once.
const PIECE_LEN: usize = 64 << 10;
/// The longest message that is inflated. No case asks for a longer one.
const MESSAGE_LEN_MAX: usize = 64 << 20;
/// zlib's fastest: what is sent should be compressed, and nobody asks how well.
const LEVEL: i32 = 1;

/// Compression on one connection, as the peer of the one that is tested sees it.
#[derive(Debug)]
pub struct Compression {
    deflater: Deflater,
    inflater: Inflater,
    /// Knows what is wrong, and is slow.
    reader: StreamReader,
    /// Whether it looks at every message.
    reads_all: bool,
}

/// A message that was inflated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inflated {
    pub content: Vec<u8>,
    /// How it refers back further than was agreed on, in words, if that was looked for.
    pub beyond_window: Option<String>,
}

impl Compression {
    /// The compression of the peer of the role that is tested.
    pub fn new(agreement: Agreement, tested: Role) -> Self {
        let (own, other) = match tested {
            Role::Server => (agreement.client, agreement.server),
            Role::Client => (agreement.server, agreement.client),
        };
        Self {
            deflater: Deflater::with_level(own, LEVEL),
            inflater: Inflater::new(other),
            reader: StreamReader::new(other.bits(), other.is_kept()),
            reads_all: false,
        }
    }

    /// Looks from now on how far each message refers back.
    pub fn look_at_distances(&mut self) {
        self.reads_all = true;
    }

    /// The compressed bytes of a message, without the tail.
    pub fn deflate(&mut self, message: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::new();
        self.deflater.compress(message, &mut compressed);
        compressed
    }

    /// Inflates a message.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn inflate(&mut self, bytes: &[u8]) -> Result<Inflated, String> {
        let mut reader = self.reader.clone();
        let Some(content) = self.content(bytes) else {
            return Err(match reader.read(bytes) {
                Err(StreamFault::Invalid(why) | StreamFault::Window(why)) => why,
                Ok(()) => "the compressed bytes of a message are not valid".into(),
            });
        };
        let read = match self.reads_all {
            true => reader.read(bytes),
            false => Ok(()),
        };
        self.reader.pass_over(content.len());
        Ok(Inflated {
            content,
            beyond_window: match read {
                Err(StreamFault::Window(why)) => Some(why),
                Ok(()) | Err(StreamFault::Invalid(_)) => None,
            },
        })
    }

    /// What a message inflates to; `None` if it is not valid, or longer than any that was sent.
    fn content(&mut self, mut bytes: &[u8]) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        let mut room = vec![0; PIECE_LEN];
        while content.len() <= MESSAGE_LEN_MAX {
            let inflated = self.inflater.inflate(&mut bytes, &mut room).ok()?;
            if inflated.is_empty() {
                self.inflater.end_message().ok()?;
                return Some(content);
            }
            content.extend_from_slice(inflated);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::blocks::{Blocks, Final, Symbol, literals};
    use super::parameters::Answer;
    use super::*;

    fn compression(answer: Answer) -> Compression {
        let mut compression = Compression::new(answer.agreement(), Role::Server);
        compression.look_at_distances();
        compression
    }

    /// A message of `len` bytes, and a copy of three from `distance`.
    fn referring(len: usize, distance: u16) -> Vec<u8> {
        let copy = Symbol::Copy { len: 3, distance };
        Blocks::new()
            .stored(&vec![b'*'; len], Final::No)
            .fixed(&[copy], Final::No)
            .message()
    }

    #[test]
    fn messages_of_all_three_types_of_blocks_are_inflated() {
        let symbols = [
            &literals(b"abc\xFFabc")[..],
            &[
                Symbol::Copy {
                    len: 258,
                    distance: 7,
                },
                Symbol::Copy {
                    len: 10,
                    distance: 200,
                },
            ],
        ]
        .concat();
        let mut compression = compression(Answer::default());
        let fixed = Blocks::new().fixed(&symbols, Final::No).message();
        let dynamic = Blocks::new().dynamic(&symbols, Final::No).message();
        let content = compression.inflate(&fixed).unwrap().content;
        assert_eq!(content.len(), 7 + 258 + 10);
        assert_eq!(compression.inflate(&dynamic).unwrap().content, content);
        let stored = Blocks::new().stored(&content, Final::No).message();
        assert_eq!(compression.inflate(&stored).unwrap().content, content);
    }

    #[test]
    fn a_distance_beyond_the_agreed_window_is_found() {
        for bits in 8..15 {
            let answer = Answer {
                server_max_window_bits: Some(bits),
                ..Answer::default()
            };
            let len = 1 << bits;
            let within = compression(answer)
                .inflate(&referring(40_000, len))
                .unwrap();
            assert_eq!(within.beyond_window, None, "{bits}");
            let beyond = compression(answer)
                .inflate(&referring(40_000, len + 1))
                .unwrap();
            let why = beyond.beyond_window.unwrap();
            assert!(why.contains(&format!("window of {len} bytes")), "{why}");
        }
    }

    #[test]
    fn a_reference_to_an_earlier_message_is_right_only_if_the_window_is_kept() {
        for is_fresh in [false, true] {
            let mut compression = compression(Answer {
                server_no_context_takeover: is_fresh,
                ..Answer::default()
            });
            compression.inflate(&referring(10, 10)).unwrap();
            let second = compression.inflate(&referring(0, 13));
            assert_eq!(second.is_err(), is_fresh);
        }
    }

    #[test]
    fn what_is_wrong_with_a_message_is_said() {
        for (message, expected) in [
            (Blocks::new().of_no_type().message(), "the type 3"),
            (referring(10, 11), "a distance of 11 goes back"),
            (b"\xF2\x48\xCD".to_vec(), "ends inside a block"),
            (vec![0, 5, 0, 5, 0, 0], "do not fit"),
        ] {
            let why = compression(Answer::default())
                .inflate(&message)
                .unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }

    #[test]
    fn every_right_end_of_a_message_is_taken() {
        let hello = literals(b"Hello");
        for (message, expected) in [
            (vec![], ""),
            (vec![0], ""),
            (b"\xF2\x48\xCD\xC9\xC9\x07\x00".to_vec(), "Hello"),
            (
                b"\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF".to_vec(),
                "Hello",
            ),
            (b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00".to_vec(), "Hello"),
            (Blocks::new().fixed(&hello, Final::Yes).bytes(), "Hello"),
            (
                Blocks::new()
                    .fixed(&hello, Final::Yes)
                    .dynamic(&hello, Final::No)
                    .message(),
                "HelloHello",
            ),
        ] {
            let mut reader = StreamReader::new(15, true);
            assert_eq!(reader.read(&message), Ok(()), "{message:X?}");
            let inflated = compression(Answer::default()).inflate(&message).unwrap();
            assert_eq!(inflated.content, expected.as_bytes(), "{message:X?}");
        }
    }
}
