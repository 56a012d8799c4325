//! Short texts that are not UTF-8, of all of Markus Kuhn's kinds.

use super::rules::{INVALID, NEVER, PARTIAL, PROTECT, RANGE, SURROGATES};
use super::valid_sequences::GREEK;
use crate::check::case::Rule;

/// A text that must fail the connection.
pub(super) struct Invalid {
    pub(super) autobahn: Option<String>,
    /// The end of the case's id.
    pub(super) name: String,
    /// What it is, such as `a lonely continuation byte`.
    pub(super) what: String,
    pub(super) rule: &'static Rule,
    pub(super) bytes: Vec<u8>,
}

/// Sequences that are wrong in the same way. Autobahn counts them from 1, after those that it has
/// in the same group before.
struct Group {
    autobahn: &'static str,
    before: usize,
    rule: &'static Rule,
    /// The name, what it is, and the bytes.
    sequences: &'static [(&'static str, &'static str, &'static [u8])],
}

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    Group {
        autobahn: "6.8",
        before: 0,
        rule: &RANGE,
        sequences: &[
            ("first-of-5-bytes", "a sequence of 5 bytes", b"\xF8\x88\x80\x80\x80"),
            ("first-of-6-bytes", "a sequence of 6 bytes", b"\xFC\x84\x80\x80\x80\x80"),
        ],
    },
    Group {
        autobahn: "6.10",
        before: 0,
        rule: &RANGE,
        sequences: &[
            ("last-of-4-bytes", "U+1FFFFF, beyond U+10FFFF", b"\xF7\xBF\xBF\xBF"),
            ("last-of-5-bytes", "a sequence of 5 bytes", b"\xFB\xBF\xBF\xBF\xBF"),
            ("last-of-6-bytes", "a sequence of 6 bytes", b"\xFD\xBF\xBF\xBF\xBF\xBF"),
        ],
    },
    Group {
        autobahn: "6.11",
        before: 4,
        rule: &RANGE,
        sequences: &[(
            "first-beyond-the-last",
            "U+110000, the first one beyond U+10FFFF",
            b"\xF4\x90\x80\x80",
        )],
    },
    Group {
        autobahn: "6.12",
        before: 0,
        rule: &INVALID,
        sequences: &[
            ("continuation-80", "a continuation byte alone", b"\x80"),
            ("continuation-bf", "a continuation byte alone", b"\xBF"),
            ("2-continuations", "2 continuation bytes alone", b"\x80\xBF"),
            ("3-continuations", "3 continuation bytes alone", b"\x80\xBF\x80"),
            ("4-continuations", "4 continuation bytes alone", b"\x80\xBF\x80\xBF"),
            ("5-continuations", "5 continuation bytes alone", b"\x80\xBF\x80\xBF\x80"),
            ("6-continuations", "6 continuation bytes alone", b"\x80\xBF\x80\xBF\x80\xBF"),
            (
                "all-continuations",
                "the continuation bytes 80 to be in a row",
                b"\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8A\x8B\x8C\x8D\x8E\x8F\
                  \x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9A\x9B\x9C\x9D\x9E\x9F\
                  \xA0\xA1\xA2\xA3\xA4\xA5\xA6\xA7\xA8\xA9\xAA\xAB\xAC\xAD\xAE\xAF\
                  \xB0\xB1\xB2\xB3\xB4\xB5\xB6\xB7\xB8\xB9\xBA\xBB\xBC\xBD\xBE",
            ),
        ],
    },
    Group {
        autobahn: "6.13",
        before: 0,
        rule: &INVALID,
        sequences: &[
            (
                "starts-of-2-bytes",
                "first bytes of 2, each with a space behind it",
                b"\xC0 \xC1 \xC2 \xC3 \xC4 \xC5 \xC6 \xC7 \xC8 \xC9 \xCA \xCB \xCC \xCD \xCE \xCF \
                  \xD0 \xD1 \xD2 \xD3 \xD4 \xD5 \xD6 \xD7 \xD8 \xD9 \xDA \xDB \xDC \xDD \xDE ",
            ),
            (
                "starts-of-3-bytes",
                "first bytes of 3, each with a space behind it",
                b"\xE0 \xE1 \xE2 \xE3 \xE4 \xE5 \xE6 \xE7 \xE8 \xE9 \xEA \xEB \xEC \xED \xEE ",
            ),
            (
                "starts-of-4-bytes",
                "first bytes of 4, each with a space behind it",
                b"\xF0 \xF1 \xF2 \xF3 \xF4 \xF5 \xF6 ",
            ),
            (
                "starts-of-5-bytes",
                "first bytes of 5, each with a space behind it",
                b"\xF8 \xF9 \xFA ",
            ),
            ("starts-of-6-bytes", "a first byte of 6, with a space behind it", b"\xFC "),
        ],
    },
    Group {
        autobahn: "6.14",
        before: 0,
        rule: &INVALID,
        sequences: &[
            ("c0-unfinished", "c0 without its last byte", b"\xC0"),
            ("e0-80-unfinished", "e0 80 without its last byte", b"\xE0\x80"),
            ("f0-80-80-unfinished", "f0 80 80 without its last byte", b"\xF0\x80\x80"),
            ("f8-unfinished", "5 bytes without the last one", b"\xF8\x80\x80\x80"),
            ("fc-unfinished", "6 bytes without the last one", b"\xFC\x80\x80\x80\x80"),
            ("df-unfinished", "df without its last byte", b"\xDF"),
            ("ef-bf-unfinished", "ef bf without its last byte", b"\xEF\xBF"),
            ("f7-bf-bf-unfinished", "f7 bf bf without its last byte", b"\xF7\xBF\xBF"),
            ("fb-unfinished", "5 bytes without the last one", b"\xFB\xBF\xBF\xBF"),
            ("fd-unfinished", "6 bytes without the last one", b"\xFD\xBF\xBF\xBF\xBF"),
        ],
    },
    Group {
        autobahn: "6.15",
        before: 0,
        rule: &INVALID,
        sequences: &[(
            "all-unfinished",
            "ten characters in a row, each without its last byte",
            b"\xC0\xE0\x80\xF0\x80\x80\xF8\x80\x80\x80\xFC\x80\x80\x80\x80\
              \xDF\xEF\xBF\xF7\xBF\xBF\xFB\xBF\xBF\xBF\xFD\xBF\xBF\xBF\xBF",
        )],
    },
    Group {
        autobahn: "6.16",
        before: 0,
        rule: &NEVER,
        sequences: &[
            ("fe", "the byte fe", b"\xFE"),
            ("ff", "the byte ff", b"\xFF"),
            ("fe-fe-ff-ff", "fe and ff, twice", b"\xFE\xFE\xFF\xFF"),
        ],
    },
    Group {
        autobahn: "6.17",
        before: 0,
        rule: &PROTECT,
        sequences: &[
            ("overlong-slash-2", "\"/\" in 2 bytes", b"\xC0\xAF"),
            ("overlong-slash-3", "\"/\" in 3 bytes", b"\xE0\x80\xAF"),
            ("overlong-slash-4", "\"/\" in 4 bytes", b"\xF0\x80\x80\xAF"),
            ("overlong-slash-5", "\"/\" in 5 bytes", b"\xF8\x80\x80\x80\xAF"),
            ("overlong-slash-6", "\"/\" in 6 bytes", b"\xFC\x80\x80\x80\x80\xAF"),
        ],
    },
    Group {
        autobahn: "6.18",
        before: 0,
        rule: &PROTECT,
        sequences: &[
            ("overlong-7f", "U+007F in 2 bytes", b"\xC1\xBF"),
            ("overlong-7ff", "U+07FF in 3 bytes", b"\xE0\x9F\xBF"),
            ("overlong-ffff", "U+FFFF in 4 bytes", b"\xF0\x8F\xBF\xBF"),
            ("overlong-1fffff", "U+1FFFFF in 5 bytes", b"\xF8\x87\xBF\xBF\xBF"),
            ("overlong-3ffffff", "a number of 5 bytes in 6", b"\xFC\x83\xBF\xBF\xBF\xBF"),
        ],
    },
    Group {
        autobahn: "6.19",
        before: 0,
        rule: &PROTECT,
        sequences: &[
            ("overlong-nul-2", "U+0000 in 2 bytes", b"\xC0\x80"),
            ("overlong-nul-3", "U+0000 in 3 bytes", b"\xE0\x80\x80"),
            ("overlong-nul-4", "U+0000 in 4 bytes", b"\xF0\x80\x80\x80"),
            ("overlong-nul-5", "U+0000 in 5 bytes", b"\xF8\x80\x80\x80\x80"),
            ("overlong-nul-6", "U+0000 in 6 bytes", b"\xFC\x80\x80\x80\x80\x80"),
        ],
    },
    Group {
        autobahn: "6.20",
        before: 0,
        rule: &SURROGATES,
        sequences: &[
            ("surrogate-d800", "the surrogate U+D800", b"\xED\xA0\x80"),
            ("surrogate-db7f", "the surrogate U+DB7F", b"\xED\xAD\xBF"),
            ("surrogate-db80", "the surrogate U+DB80", b"\xED\xAE\x80"),
            ("surrogate-dbff", "the surrogate U+DBFF", b"\xED\xAF\xBF"),
            ("surrogate-dc00", "the surrogate U+DC00", b"\xED\xB0\x80"),
            ("surrogate-df80", "the surrogate U+DF80", b"\xED\xBE\x80"),
            ("surrogate-dfff", "the surrogate U+DFFF", b"\xED\xBF\xBF"),
        ],
    },
    Group {
        autobahn: "6.21",
        before: 0,
        rule: &SURROGATES,
        sequences: &[
            ("pair-d800-dc00", "the surrogates U+D800 U+DC00", b"\xED\xA0\x80\xED\xB0\x80"),
            ("pair-d800-dfff", "the surrogates U+D800 U+DFFF", b"\xED\xA0\x80\xED\xBF\xBF"),
            ("pair-db7f-dc00", "the surrogates U+DB7F U+DC00", b"\xED\xAD\xBF\xED\xB0\x80"),
            ("pair-db7f-dfff", "the surrogates U+DB7F U+DFFF", b"\xED\xAD\xBF\xED\xBF\xBF"),
            ("pair-db80-dc00", "the surrogates U+DB80 U+DC00", b"\xED\xAE\x80\xED\xB0\x80"),
            ("pair-db80-dfff", "the surrogates U+DB80 U+DFFF", b"\xED\xAE\x80\xED\xBF\xBF"),
            ("pair-dbff-dc00", "the surrogates U+DBFF U+DC00", b"\xED\xAF\xBF\xED\xB0\x80"),
            ("pair-dbff-dfff", "the surrogates U+DBFF U+DFFF", b"\xED\xAF\xBF\xED\xBF\xBF"),
        ],
    },
];

pub(super) fn all() -> Vec<Invalid> {
    let mut sequences = prefixes();
    for group in GROUPS {
        for (index, &(name, what, bytes)) in group.sequences.iter().enumerate() {
            sequences.push(Invalid {
                autobahn: Some(format!("{}.{}", group.autobahn, group.before + index + 1)),
                name: name.to_owned(),
                what: what.to_owned(),
                rule: group.rule,
                bytes: bytes.to_vec(),
            });
        }
    }
    sequences
}

/// The prefixes of the Greek word that end inside a character.
fn prefixes() -> Vec<Invalid> {
    let ends = (1..GREEK.len()).filter(|&len| !GREEK.is_char_boundary(len));
    ends.map(|len| Invalid {
        autobahn: Some(format!("6.6.{len}")),
        name: format!("greek-cut-at-{len}"),
        what: format!("a Greek word cut inside a character, behind {len} bytes"),
        rule: &PARTIAL,
        bytes: GREEK.as_bytes()[..len].to_vec(),
    })
    .collect()
}
