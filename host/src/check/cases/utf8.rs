//! RFC 6455 section 8.1: text that is UTF-8, or not.

mod broken_text;
mod cut_text;
mod fail_fast;
mod invalid_sequences;
mod sequences;
mod unchanged_text;
mod valid_sequences;

use crate::check::case::{Case, Rule};

pub(super) use broken_text::{KINDS, Kind};

const INVALID: Rule = Rule::new(
    "8.1",
    "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is \
     not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_.",
);
const TEXT: Rule = Rule::new("5.6", "The \"Payload data\" is text data encoded as UTF-8.");
const PARTIAL: Rule = Rule::new(
    "5.6",
    "Note that a particular text frame might include a partial UTF-8 sequence; however, the whole \
     message MUST contain valid UTF-8.",
);
const BINARY: Rule = Rule::new(
    "5.6",
    "The \"Payload data\" is arbitrary binary data whose interpretation is solely up to the \
     application layer.",
);
const SAME_DATA: Rule = Rule::new(
    "5.5.3",
    "A Pong frame sent in response to a Ping frame must have identical \"Application data\" as \
     found in the message body of the Ping frame being replied to.",
);
const SURROGATES: Rule = Rule::of(
    3629,
    "3",
    "The definition of UTF-8 prohibits encoding character numbers between U+D800 and U+DFFF, which \
     are reserved for use with the UTF-16 encoding form (as surrogate pairs) and do not directly \
     represent characters.",
);
const RANGE: Rule = Rule::of(
    3629,
    "3",
    "In UTF-8, characters from the U+0000..U+10FFFF range (the UTF-16 accessible range) are \
     encoded using sequences of 1 to 4 octets.",
);
const NEVER: Rule = Rule::of(3629, "1", "The octet values C0, C1, F5 to FF never appear.");
const PROTECT: Rule = Rule::of(
    3629,
    "3",
    "Implementations of the decoding algorithm above MUST protect against decoding invalid \
     sequences.",
);

/// The close code for a message that is not what its type says.
const INVALID_PAYLOAD: &[u16] = &[1007];

pub(super) fn cases() -> Vec<Case> {
    [
        cut_text::cases(),
        broken_text::cases(),
        fail_fast::cases(),
        sequences::cases(),
        unchanged_text::cases(),
    ]
    .concat()
}
