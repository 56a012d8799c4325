//! RFC 6455 section 5.5: control frames.

use crate::check::answer::{pong_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::frame::{continuation, ping, text};

const ANSWERED: Rule = Rule::new(
    "5.5.2",
    "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it \
     already received a Close frame.",
);
const BETWEEN_FRAGMENTS: Rule = Rule::new(
    "5.5",
    "Control frames can be interjected in the middle of a fragmented message.",
);
const SHORT: Rule = Rule::new(
    "5.5",
    "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be \
     fragmented.",
);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::must(
            "5.5.2-ping-without-payload",
            "A Ping without payload is answered by a Pong without payload",
            &ANSWERED,
        )
        .autobahn("2.1")
        .sends([ping("")])
        .answers([pong_back("")]),
        Case::must(
            "5.5-ping-between-fragments",
            "A Ping between two fragments is answered, and the message is not disturbed",
            &BETWEEN_FRAGMENTS,
        )
        .autobahn("5.7")
        .sends([text("frag").not_final(), ping("between")])
        .answers([pong_back("between")])
        .sends([continuation("ment")])
        .answers([text_back("fragment")]),
        Case::must(
            "5.5-ping-of-126-bytes",
            "A Ping with more than 125 bytes fails the connection",
            &SHORT,
        )
        .autobahn("2.5")
        .sends([ping("*".repeat(126))])
        .fails(&[1002]),
    ]
}
