//! RFC 6455 section 5.3: how a client masks its frames.

use crate::check::answer::{binary_back, pong_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::frame::{Role, binary, ping, text};
use crate::check::received::FaultKind;

const FRESH: Rule = Rule::new(
    "5.3",
    "When preparing a masked frame, the client MUST pick a fresh masking key from the set of \
     allowed 32-bit values.",
);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::must(
            "5.3-masking-keys-differ",
            "A client masks each frame with another key",
            &FRESH,
        )
        .of(Role::Client)
        .watches(FaultKind::RepeatedKey)
        .sends([text("one"), text("two")])
        .answers([text_back("one"), text_back("two")])
        .sends([ping("three"), binary("four")])
        .answers([pong_back("three"), binary_back("four")]),
    ]
}
