//! The parameters of the test path whose value is one of a few words, and what each word means.
//! Data only.

/// A word that may be a value, and what the server does then.
pub(crate) type Word = (&'static str, &'static str);

/// The words of a parameter; none if its value is no word, or not only a word.
pub(crate) fn words_of(parameter: &str) -> &'static [Word] {
    match parameter {
        "accept" => &[("wrong", "that of another key")],
        "fragment-text" => &[("anywhere", "also inside a character")],
        "as" => &[
            ("text", "bytes that are not UTF-8 are replaced"),
            ("binary", "the bytes of a text"),
        ],
        "pong" => PONGS,
        "end" => ENDS,
        "violate" => VIOLATIONS,
        _ => &[],
    }
}

const PONGS: &[Word] = &[
    ("none", "no Ping is answered"),
    ("unasked", "also without a Ping"),
];

const ENDS: &[Word] = &[
    ("fin", "the server ends the connection"),
    ("reset", "the server resets the connection"),
    ("hang", "the server reads, and sends nothing more"),
    ("half", "the server ends its side only"),
];

const VIOLATIONS: &[Word] = &[
    ("mask", "a masked frame"),
    ("rsv", "a reserved bit is set"),
    ("opcode", "a reserved opcode"),
    ("utf8", "a text that is not UTF-8"),
    ("length", "a length in too many bytes"),
    ("fragment", "a message inside another"),
    ("control", "a Ping of over 125 bytes"),
    ("close-code", "a code that may not be sent"),
    ("continuation", "one without a beginning"),
    ("accept", "the value of another key"),
];
