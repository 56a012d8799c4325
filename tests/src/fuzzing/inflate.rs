//! Inflating messages (RFC 7692 section 7.2.2): cut anywhere, in a large and in a small
//! window, compared with zlib-rs and `miniz_oxide`.

use ws_echo_core::{Inflate, Window};

use super::{MAX_PIECES, Script, lens};
use crate::deflate::Compressor;
use crate::inflaters::{Other, inflate};

/// The messages that were inflated up to the first that is refused, and whether one is.
#[derive(Debug, PartialEq, Eq)]
struct Inflated {
    messages: Vec<Vec<u8>>,
    is_refused: bool,
}

/// Bytes: a mode, the lengths of pieces, how a byte is damaged, the messages.
///
/// Bit 0 of the mode says that the messages are compressed here, and bit 1 that the window is kept
/// between them. The other bits are the level of compression.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let mode = script.byte();
    let cuts = script.array::<4>();
    let damage = script.array::<3>();
    let mut messages = messages(&mut script);
    let is_kept = mode & 2 != 0;
    if mode & 1 != 0 {
        compress(&mut messages, i32::from(mode >> 2) % 10, is_kept);
        spoil(&mut messages, damage);
    }
    let whole = inflate_all::<{ 32 << 10 }>(&messages, [0; 4], is_kept);
    let cut = inflate_all::<{ 32 << 10 }>(&messages, cuts, is_kept);
    assert_eq!(whole, cut);
    check_small(&whole, &inflate_all::<512>(&messages, cuts, is_kept));
    for other in [Other::Zlib, Other::Miniz] {
        check(other, &whole, &messages, is_kept);
    }
}

/// Each begins with its length; 255 means all that is left.
fn messages(script: &mut Script<'_>) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while !script.is_empty() {
        let len = match script.byte() {
            255 => usize::MAX,
            len => len.into(),
        };
        messages.push(script.bytes(len).to_vec());
    }
    messages
}

fn compress(messages: &mut [Vec<u8>], level: i32, is_kept: bool) {
    let window = match is_kept {
        true => Window::MAX,
        false => Window::MAX.fresh(),
    };
    let mut compressor = Compressor::with_level(window, level);
    for message in messages {
        *message = compressor.compress(message);
    }
}

/// Changes bits of a byte.
fn spoil(messages: &mut [Vec<u8>], [high, low, bits]: [u8; 3]) {
    let place = usize::from(high) << 8 | usize::from(low);
    let len = messages.iter().map(Vec::len).sum::<usize>().max(1);
    if let Some(byte) = messages.iter_mut().flatten().nth(place % len) {
        *byte ^= bits;
    }
}

fn inflate_all<const LEN: usize>(messages: &[Vec<u8>], cuts: [u8; 4], is_kept: bool) -> Inflated {
    let mut inflater = Inflate::<LEN>::new();
    let mut inflated = Vec::new();
    for message in messages {
        let cuts = lens(cuts, message.len() / MAX_PIECES);
        let Ok(message) = inflate(&mut inflater, message, cuts) else {
            let stays_refused = inflater.piece(&mut &b"\0"[..]).is_err();
            assert!(stays_refused, "an error does not stick");
            return Inflated {
                messages: inflated,
                is_refused: true,
            };
        };
        inflated.push(message);
        if !is_kept {
            inflater.reset();
        }
    }
    Inflated {
        messages: inflated,
        is_refused: false,
    }
}

/// A small window is the reason to refuse more, and for no other difference.
fn check_small(large: &Inflated, small: &Inflated) {
    assert!(large.messages.starts_with(&small.messages));
    assert!(small == large || small.is_refused);
}

fn check(other: Other, inflated: &Inflated, messages: &[Vec<u8>], is_kept: bool) {
    let mut history = Vec::new();
    let refused = inflated.is_refused.then_some(None);
    let all = inflated.messages.iter().map(Some).chain(refused);
    for (ours, message) in all.zip(messages) {
        other.check(&history, message, ours.map(Vec::as_slice));
        if is_kept {
            history.extend(ours.into_iter().flatten());
        }
    }
}
