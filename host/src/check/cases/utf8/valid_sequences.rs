//! Short texts that are UTF-8: ordinary ones, both ends of each length, and code points that some
//! decoders refuse although they are valid.

/// A text that must come back.
pub(super) struct Valid {
    pub(super) autobahn: Option<String>,
    /// The end of the case's id.
    pub(super) name: String,
    /// What it is, such as `the euro sign`.
    pub(super) what: String,
    pub(super) bytes: Vec<u8>,
}

/// The Greek word that Markus Kuhn's test file begins with. Autobahn's cases are made of it.
pub(super) const GREEK: &str = "κ\u{1F79}σμε";

/// The number in Autobahn's suite, the name, what it is, and the text.
#[rustfmt::skip]
const SEQUENCES: &[(&str, &str, &str, &str)] = &[
    ("6.5.1", "dollar", "a dollar sign in a word", "hello$world"),
    ("6.5.2", "cent", "a cent sign (2 bytes) in a word", "hello\u{A2}world"),
    ("6.5.3", "euro", "a euro sign (3 bytes) in a word", "hello\u{20AC}world"),
    ("6.5.4", "han", "a Han character of 4 bytes in a word", "hello\u{24B62}world"),
    ("6.5.5", "greek", "a Greek word", GREEK),
    // The prefixes of the Greek word that end between two characters.
    ("6.6.2", "greek-1", "the first character of a Greek word", "κ"),
    ("6.6.5", "greek-2", "the first 2 characters of a Greek word", "κ\u{1F79}"),
    ("6.6.7", "greek-3", "the first 3 characters of a Greek word", "κ\u{1F79}σ"),
    ("6.6.9", "greek-4", "the first 4 characters of a Greek word", "κ\u{1F79}σμ"),
    ("6.6.11", "greek-5", "all 5 characters of a Greek word", GREEK),
    ("6.7.1", "first-of-1-byte", "U+0000, the first character of 1 byte", "\0"),
    ("6.7.2", "first-of-2-bytes", "U+0080, the first character of 2 bytes", "\u{80}"),
    ("6.7.3", "first-of-3-bytes", "U+0800, the first character of 3 bytes", "\u{800}"),
    ("6.7.4", "first-of-4-bytes", "U+10000, the first character of 4 bytes", "\u{10000}"),
    ("6.9.1", "last-of-1-byte", "U+007F, the last character of 1 byte", "\u{7F}"),
    ("6.9.2", "last-of-2-bytes", "U+07FF, the last character of 2 bytes", "\u{7FF}"),
    ("6.9.3", "last-of-3-bytes", "U+FFFF, the last character of 3 bytes", "\u{FFFF}"),
    ("6.9.4", "last-of-4-bytes", "U+10FFFF, the last character of 4 bytes", "\u{10FFFF}"),
    ("6.11.1", "before-surrogates", "U+D7FF, the last one before the surrogates", "\u{D7FF}"),
    ("6.11.2", "behind-surrogates", "U+E000, the first one behind the surrogates", "\u{E000}"),
    ("6.11.3", "replacement-character", "U+FFFD, the replacement character", "\u{FFFD}"),
    ("6.11.4", "last-code-point", "U+10FFFF, the last code point", "\u{10FFFF}"),
    ("6.23.1", "special-fff9", "U+FFF9, interlinear annotation anchor", "\u{FFF9}"),
    ("6.23.2", "special-fffa", "U+FFFA, interlinear annotation separator", "\u{FFFA}"),
    ("6.23.3", "special-fffb", "U+FFFB, interlinear annotation terminator", "\u{FFFB}"),
    ("6.23.4", "special-fffc", "U+FFFC, object replacement character", "\u{FFFC}"),
    ("6.23.5", "special-fffd", "U+FFFD, replacement character", "\u{FFFD}"),
    ("6.23.6", "special-fffe", "U+FFFE, a noncharacter", "\u{FFFE}"),
    ("6.23.7", "special-ffff", "U+FFFF, a noncharacter", "\u{FFFF}"),
];

pub(super) fn all() -> Vec<Valid> {
    let listed = SEQUENCES.iter().map(|&(number, name, what, text)| Valid {
        autobahn: Some(number.to_owned()),
        name: name.to_owned(),
        what: what.to_owned(),
        bytes: text.into(),
    });
    listed.chain(noncharacters()).collect()
}

/// The last two code points of each plane are no characters, and are valid in UTF-8.
fn noncharacters() -> impl Iterator<Item = Valid> {
    let code_points = (0..=0x10_u32).flat_map(|plane| [plane << 16 | 0xFFFE, plane << 16 | 0xFFFF]);
    let characters = code_points.filter_map(char::from_u32);
    characters.enumerate().map(|(index, character)| Valid {
        autobahn: Some(format!("6.22.{}", index + 1)),
        name: format!("noncharacter-{:x}", u32::from(character)),
        what: format!("U+{:X}, a noncharacter", u32::from(character)),
        bytes: character.to_string().into_bytes(),
    })
}
