//! A client's session, made from a fuzzer's bytes. The frames are mostly valid, since random bytes
//! are hardly ever masked correctly.

use std::sync::LazyLock;

use ws_echo_core::{Agreed, Window};

use super::Script;
use crate::deflate::{Compressor, TAIL, zeros};
use crate::wire::{self, BINARY, CLOSE, CONTINUATION, Frame, PING, PONG, RSV1, TEXT};

/// The most bytes of a session before its last frame: more would be slow, and find no more.
pub(super) const MAX_LEN: usize = 2048;

/// Payload lengths at which headers change.
const EDGES: [usize; 6] = [1, 124, 125, 126, 127, 1000];

/// The same for long headers. Used for the first frame only, and rarely, since they take long.
const LONG_EDGES: [(u8, usize); 2] = [(254, 65_535), (255, 65_536)];

/// Close codes that are allowed on the wire, and some that are not.
const CODES: [u16; 12] = [
    1000, 1001, 1003, 1007, 1011, 3000, 4999, 1014, 999, 1005, 1015, 5000,
];

/// How many of these every implementation accepts: 1014 is too new for some.
const ALLOWED_CODES: usize = 7;

/// Characters of one to four bytes, at the limits of what each length can encode.
const TEXT_PATTERN: &str = "a\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}";

/// Frames as the rest of `script` describes them, three bytes or more for each.
pub(super) fn damaged(script: &mut Script<'_>) -> Vec<u8> {
    damaged_with(Agreed::NOTHING, script)
}

/// The same, with compressed messages among them if compression was agreed on. They contain
/// anything.
pub(super) fn damaged_with(agreed: Agreed, script: &mut Script<'_>) -> Vec<u8> {
    let mut session = Vec::new();
    while !script.is_empty() && session.len() < MAX_LEN {
        let [kind, damage] = script.array();
        let payload = payload(script, kind >> 4, session.is_empty());
        let mut first = first(kind & 0x0F);
        if agreed.deflate.is_some() && damage & 1 != 0 && first & 0x03 != 0 && first & 8 == 0 {
            first |= RSV1;
        }
        let mut frame = wire::masked_with(key(session.len()), first, &payload);
        let [place, bits] = match damage {
            0..=199 => [0, 0],
            200.. => script.array(),
        };
        let place = usize::from(place) % frame.len();
        match damage {
            0..=199 => {}
            200..=229 => frame[place] ^= bits,
            230..=239 => frame.truncate(place),
            240..=249 => frame.insert(place, bits),
            250.. => frame = script.bytes(usize::from(bits)).to_vec(),
        }
        session.append(&mut frame);
    }
    session
}

/// The frames of a client that follows every rule: messages, whole and in fragments, with Pings and
/// Pongs between them, and a Close at the end if the script is long enough.
pub(super) fn well_formed(script: &mut Script<'_>) -> Vec<Frame> {
    let mut frames = Vec::new();
    let ending = script.byte();
    let mut len = 0;
    while !script.is_empty() && len < MAX_LEN {
        let [kind, cuts] = script.array();
        let mut message = payload(script, kind >> 4, len == 0);
        let first = if kind & 1 == 0 { TEXT } else { BINARY };
        if first == TEXT {
            message = String::from_utf8_lossy(&message).into_owned().into_bytes();
        }
        len += message.len();
        push_message(&mut frames, first, message, cuts, script);
    }
    let code = CODES[usize::from(ending) % ALLOWED_CODES];
    match ending >> 6 {
        0 => {}
        1 => frames.push(Frame::new(CLOSE, [])),
        2 => frames.push(Frame::close(code)),
        _ => {
            let payload = [&code.to_be_bytes(), TEXT_PATTERN.as_bytes()].concat();
            frames.push(Frame::new(CLOSE, payload));
        }
    }
    frames
}

/// A message that inflates to more than a server inflates at once: it is a thousand times shorter.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| zeros(2));

/// The frames of a client that compresses its messages, not always as it should.
pub(super) fn compressing(script: &mut Script<'_>) -> Vec<Frame> {
    let [bits, level] = script.array();
    let window = Window::new(8 + bits % 8).expect("there is such a window");
    let window = if bits & 8 == 0 { window } else { window.kept() };
    let mut compressor = Compressor::with_level(window, i32::from(level % 10));
    let mut frames = Vec::new();
    let mut len = 0;
    while !script.is_empty() && len < MAX_LEN {
        let [kind, cuts, how] = script.array();
        let mut message = payload(script, kind >> 4, len == 0);
        let mut first = if kind & 1 == 0 { TEXT } else { BINARY };
        if first == TEXT && how & 0x80 == 0 {
            message = String::from_utf8_lossy(&message).into_owned().into_bytes();
        }
        if how & 0x0F != 1 {
            first |= RSV1;
            message = compressed_somehow(message, how & 0x0F, &mut compressor, script);
        }
        len += message.len();
        push_message(&mut frames, first, message, cuts, script);
    }
    frames
}

/// A compressed message, or something else in its place.
fn compressed_somehow(
    message: Vec<u8>,
    how: u8,
    compressor: &mut Compressor,
    script: &mut Script<'_>,
) -> Vec<u8> {
    match how {
        2 => return message,
        3 => return BOMB.clone(),
        _ => {}
    }
    let mut compressed = compressor.compress(&message);
    match how {
        // The end that must be left out, and then perhaps a final block and the next one.
        4 => compressed.extend(TAIL),
        8 => compressed.extend(TAIL.into_iter().chain([3, 0, 0])),
        5 => compressed.truncate(compressed.len() - 1),
        6 => {
            let [place, bits] = script.array();
            let place = usize::from(place) % compressed.len();
            compressed[place] ^= bits;
        }
        7 => compressed.extend(script.bytes(8)),
        _ => {}
    }
    compressed
}

/// Adds the frames of a message, and control frames between and after them.
pub(super) fn push_message(
    frames: &mut Vec<Frame>,
    first: u8,
    mut message: Vec<u8>,
    cuts: u8,
    script: &mut Script<'_>,
) {
    let mut opcode = first & !wire::FIN;
    for _ in 0..cuts % 4 {
        let cut = usize::from(script.byte()) % (message.len() + 1);
        let later = message.split_off(cut);
        frames.push(Frame::new(opcode, &message));
        frames.extend(control(script));
        (message, opcode) = (later, 0);
    }
    frames.push(Frame::new(opcode | wire::FIN, &message));
    frames.extend((cuts & 0x80 != 0).then(|| control(script)).flatten());
}

/// A Ping, a Pong or nothing.
fn control(script: &mut Script<'_>) -> Option<Frame> {
    let first = match script.byte() {
        0..=99 => return None,
        100..=199 => PING,
        200.. => PONG,
    };
    let len = usize::from(script.byte()) % 126;
    Some(Frame::new(first, script.bytes(len)))
}

/// A well-formed client's bytes.
pub(super) fn encoded(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Frame { first, payload } in frames {
        bytes.append(&mut wire::masked_with(key(bytes.len()), *first, payload));
    }
    bytes
}

fn first(kind: u8) -> u8 {
    match kind {
        0 | 1 => TEXT,
        2 | 3 => BINARY,
        4 | 5 => TEXT ^ wire::FIN,
        6 => BINARY ^ wire::FIN,
        7..=9 => CONTINUATION ^ wire::FIN,
        10 | 11 => CONTINUATION,
        12 | 13 => PING,
        14 => PONG,
        _ => CLOSE,
    }
}

/// A payload: the script's own bytes, or a pattern with a length that the script gives.
pub(super) fn payload(script: &mut Script<'_>, kind: u8, is_first: bool) -> Vec<u8> {
    let len = usize::from(script.byte());
    match kind {
        0..=7 => script.bytes(len % 32).to_vec(),
        8 => script.bytes(len).to_vec(),
        9 => close_payload(script, len),
        10..=13 => pattern(len + usize::from(kind - 10) * 256, script),
        _ => pattern(edge(len, is_first), script),
    }
}

fn edge(choice: usize, is_first: bool) -> usize {
    let is_chosen = |&&(long, _): &&(u8, usize)| is_first && choice == usize::from(long);
    let long = LONG_EDGES.iter().find(is_chosen);
    long.map_or(EDGES[choice % EDGES.len()], |&(_, len)| len)
}

/// A close code, and a reason of the script's own bytes.
fn close_payload(script: &mut Script<'_>, len: usize) -> Vec<u8> {
    let code = CODES[len % CODES.len()];
    let reason = script.bytes(len / CODES.len());
    [&code.to_be_bytes(), reason].concat()
}

/// A repeated pattern of characters, `len` bytes of it; the first character may be cut.
fn pattern(len: usize, script: &mut Script<'_>) -> Vec<u8> {
    let skipped = usize::from(script.byte()) % TEXT_PATTERN.len();
    let times = (skipped + len).div_ceil(TEXT_PATTERN.len());
    TEXT_PATTERN.repeat(times).as_bytes()[skipped..skipped + len].to_vec()
}

/// A masking key: any, but not the same for all frames.
fn key(seed: usize) -> [u8; 4] {
    (seed as u32).wrapping_mul(0x9E37_79B9).to_be_bytes()
}
