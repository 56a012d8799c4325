//! The sentences behind the cases of text, and the close code that they ask for.

use crate::check::case::Rule;
pub(super) use crate::check::cases::rules::BINARY_DATA as BINARY;
pub(super) use crate::check::cases::rules::IDENTICAL_PONG as SAME_DATA;
pub(super) use crate::check::cases::rules::INVALID_UTF8 as INVALID;
pub(super) use crate::check::cases::rules::PARTIAL_UTF8 as PARTIAL;

pub(super) const TEXT: Rule =
    Rule::new("5.6", "The \"Payload data\" is text data encoded as UTF-8.");
pub(super) const SURROGATES: Rule = Rule::of(
    3629,
    "3",
    "The definition of UTF-8 prohibits encoding character numbers between U+D800 and U+DFFF, which \
     are reserved for use with the UTF-16 encoding form (as surrogate pairs) and do not directly \
     represent characters.",
);
pub(super) const RANGE: Rule = Rule::of(
    3629,
    "3",
    "In UTF-8, characters from the U+0000..U+10FFFF range (the UTF-16 accessible range) are \
     encoded using sequences of 1 to 4 octets.",
);
pub(super) const NEVER: Rule =
    Rule::of(3629, "1", "The octet values C0, C1, F5 to FF never appear.");
pub(super) const PROTECT: Rule = Rule::of(
    3629,
    "3",
    "Implementations of the decoding algorithm above MUST protect against decoding invalid \
     sequences.",
);

/// The close code for a message that is not what its type says.
pub(super) const INVALID_PAYLOAD: &[u16] = &[1007];
