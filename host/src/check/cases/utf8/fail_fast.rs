//! Text that cannot become UTF-8 any longer, before its message or its frame has ended: a peer
//! should fail the connection at once, and must do so at the end of the message.

use std::borrow::Cow;

use super::broken_text::KINDS;
use super::rules::{INVALID, INVALID_PAYLOAD};
use super::valid_sequences::GREEK;
use crate::check::answer::pong_back;
use crate::check::case::Case;
use crate::check::frame::{Length, Mask, continuation, ping, text};
use crate::check::session::Step;

/// U+110000, the first number beyond the last code point. Its second byte makes it invalid.
const BEYOND: &[u8] = b"\xF4\x90\x80\x80";
const EDITED: &[u8] = b"edited";
/// With this key the bytes of a frame are the same for a peer of either role.
const NO_KEY: Mask = Mask::Key([0; 4]);

/// One kind of each way in which a byte can be impossible. A peer that waits for the end of a
/// message does so with every kind.
const OF_EACH_WAY: &[&str] = &[
    "surrogate",
    "overlong-2",
    "overlong-3",
    "ff",
    "continuation",
    "3-unfinished",
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = autobahn();
    let kinds = KINDS.iter().filter(|kind| OF_EACH_WAY.contains(&kind.name));
    cases.extend(kinds.map(|kind| {
        let (certain, rest) = kind.bytes.split_at(kind.certain_len);
        let rest = [rest, b"z"].concat();
        let id = format!("8.1-{}-fails-fast", kind.name);
        in_a_frame(id, kind.what, ["é".as_bytes(), certain, &rest])
    }));
    cases
}

fn autobahn() -> Vec<Case> {
    let whole = [GREEK.as_bytes(), BEYOND, EDITED].concat();
    let cut = GREEK.len() + 1;
    let characters = [GREEK.as_bytes(), BEYOND, EDITED];
    let bytes = [&whole[..cut], &whole[cut..=cut], &whole[cut + 1..]];
    let character = "U+110000 (f4908080), beyond the last character,";
    let byte = "f4 90, which no character begins with,";
    vec![
        in_fragments("8.1-fails-fast-at-a-fragment", character, characters).autobahn("6.4.1"),
        in_fragments("8.1-fails-fast-at-a-byte", byte, bytes).autobahn("6.4.2"),
        in_a_frame("8.1-fails-fast-in-a-frame", character, characters).autobahn("6.4.3"),
        in_a_frame("8.1-fails-fast-at-a-byte-in-a-frame", byte, bytes).autobahn("6.4.4"),
    ]
}

/// A text in three fragments; the second one makes it invalid. The Ping shows that the first one
/// does not.
fn in_fragments(id: impl Into<Cow<'static, str>>, what: &str, parts: [&[u8]; 3]) -> Case {
    let claim =
        format!("A text with {what} fails the connection at once, before the last fragment comes");
    let [valid, invalid, rest] = parts.map(<[u8]>::to_vec);
    Case::must(id, claim, &INVALID)
        .sends([text(valid).not_final(), ping("valid so far")])
        .answers([pong_back("valid so far")])
        .sends([continuation(invalid).not_final()])
        .then(Step::ShouldEnd)
        .sends([continuation(rest)])
        .fails(INVALID_PAYLOAD)
}

/// A text in one frame that comes in three parts; the second one makes it invalid.
fn in_a_frame(id: impl Into<Cow<'static, str>>, what: &str, parts: [&[u8]; 3]) -> Case {
    let claim =
        format!("A text with {what} fails the connection at once, before its frame has ended");
    let [valid, invalid, rest] = parts.map(<[u8]>::to_vec);
    let len = valid.len() + invalid.len() + rest.len();
    Case::must(id, claim, &INVALID)
        .sends([text(valid).length(Length::OfWhole(len)).masked(NO_KEY)])
        .then(Step::StaysOpen)
        .sends_bytes(invalid)
        .then(Step::ShouldEnd)
        .sends_bytes(rest)
        .fails(INVALID_PAYLOAD)
}
