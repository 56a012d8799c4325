//! Compressed messages (RFC 7692 section 7.2), inflated by the core, and by zlib-rs and
//! miniz_oxide to compare.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use ws_echo_core::{Inflate, ProtocolError};
use zlib_rs::{InflateFlush, Status};

use crate::deflate::TAIL;

/// How far back a reference can be, in bytes.
const MAX_DISTANCE: usize = 32 << 10;

/// A message that [`Inflate`] has inflated, with the bytes cut in pieces of these lengths.
///
/// # Errors
///
/// If it is not a compressed message.
pub fn inflate<const LEN: usize>(
    inflate: &mut Inflate<LEN>,
    mut message: &[u8],
    cuts: impl IntoIterator<Item = usize>,
) -> Result<Vec<u8>, ProtocolError> {
    let mut inflated = Vec::new();
    let mut cuts = cuts.into_iter();
    loop {
        let len = cuts.next().unwrap_or(usize::MAX).min(message.len());
        let (mut now, later) = message.split_at(len);
        while let Some(piece) = inflate.piece(&mut now)? {
            assert!(!piece.is_empty() && piece.len() <= LEN);
            inflated.extend(piece);
        }
        assert!(now.is_empty(), "bytes were left");
        message = later;
        if message.is_empty() {
            return inflate.end_message().map(|()| inflated);
        }
    }
}

/// Another inflater.
#[derive(Clone, Copy, Debug)]
pub enum Other {
    /// zlib-rs
    Zlib,
    /// `miniz_oxide`
    Miniz,
}

/// What another inflater made of a stream, up to its final block.
struct Inflated {
    bytes: Vec<u8>,
    consumed: usize,
    /// Whether there was a final block.
    is_final: bool,
}

impl Other {
    /// Asserts that another inflater makes the same of a message: what `Inflate` made of it
    /// after the messages in `history`.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn check(self, history: &[u8], message: &[u8], ours: Option<&[u8]>) {
        // A final block, which must be found where the message ends.
        let end = b"\x01\x04\x00\xFB\xFFdone";
        let with = |between: &[u8]| self.complete(history, message, &[between, end].concat());
        let [ended, without_header] = [with(&TAIL), with(&[])];
        let Some(ours) = ours else {
            assert!(
                ended.is_none() && without_header.is_none(),
                "{self:?} takes it"
            );
            return;
        };
        // As much of a header as the message has: up to two bits.
        let in_header = with(&[&[0][..], &TAIL].concat());
        let all = [ended, without_header, in_header];
        let is_same = all.iter().flatten().any(|bytes| bytes == ours);
        assert!(is_same, "{self:?} does not say the same");
    }

    /// The bytes of a message, if the final block in `end` is found directly after it.
    fn complete(self, history: &[u8], message: &[u8], end: &[u8]) -> Option<Vec<u8>> {
        let (bytes, _) = self.all(history, message)?;
        let (with_end, is_final) = self.all(history, &[message, end].concat())?;
        let is_complete = is_final && with_end.strip_suffix(b"done") == Some(&bytes);
        is_complete.then_some(bytes)
    }

    /// All blocks, also those after a final one. Returns whether the last of them was final.
    fn all(self, history: &[u8], mut stream: &[u8]) -> Option<(Vec<u8>, bool)> {
        let mut all = history.to_vec();
        loop {
            let window = &all[all.len().saturating_sub(MAX_DISTANCE)..];
            let inflated = match self {
                Self::Zlib => zlib(window, stream),
                Self::Miniz => miniz(window, stream),
            }?;
            all.extend(inflated.bytes);
            stream = &stream[inflated.consumed..];
            if !inflated.is_final || stream.is_empty() {
                return Some((all.split_off(history.len()), inflated.is_final));
            }
        }
    }
}

fn zlib(window: &[u8], stream: &[u8]) -> Option<Inflated> {
    let mut inflate = zlib_rs::Inflate::new(false, 15);
    inflate.set_dictionary(window).unwrap();
    let mut bytes = Vec::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let (consumed, produced) = (inflate.total_in() as usize, inflate.total_out() as usize);
        let rest = &stream[consumed..];
        let status = inflate.decompress(rest, &mut piece, InflateFlush::NoFlush);
        let status = match status {
            Ok(status) => status,
            Err(_) => return None,
        };
        let len = inflate.total_out() as usize - produced;
        bytes.extend(&piece[..len]);
        let is_stuck = len == 0 && inflate.total_in() as usize == consumed;
        if status == Status::StreamEnd || is_stuck {
            return Some(Inflated {
                bytes,
                consumed: inflate.total_in() as usize,
                is_final: status == Status::StreamEnd,
            });
        }
    }
}

fn miniz(window: &[u8], stream: &[u8]) -> Option<Inflated> {
    let mut state = Box::<DecompressorOxide>::default();
    let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT
        | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut bytes = window.to_vec();
    let mut end = bytes.len();
    let mut consumed = 0;
    loop {
        bytes.resize(end + (64 << 10), 0);
        let rest = &stream[consumed..];
        let (status, read, written) = decompress(&mut state, rest, &mut bytes, end, flags);
        consumed += read;
        end += written;
        match status {
            TINFLStatus::HasMoreOutput => continue,
            TINFLStatus::Done | TINFLStatus::NeedsMoreInput => {}
            _ => return None,
        }
        bytes.truncate(end);
        return Some(Inflated {
            bytes: bytes.split_off(window.len()),
            consumed,
            is_final: status == TINFLStatus::Done,
        });
    }
}
