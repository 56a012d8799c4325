//! RFC 7692 section 7, and RFC 6455 section 9.1: offers to a server that it must decline, and lists
//! of extensions that break the grammar.

use super::deflate_rules::{GRAMMAR, INVALID, NOT_REQUESTED, RESERVED, TWICE, UNKNOWN};
use crate::check::answer::text_back;
use crate::check::case::{Case, Rule};
use crate::check::frame::{Role, text};
use crate::check::negotiation::{Expected, Negotiation};

/// Offers that must be declined: the words of the id, what is wrong, the parameters, and the rule.
const DECLINED: [(&str, &str, &str, &Rule); 43] = [
    (
        "unknown-parameter",
        "an unknown parameter",
        "unknown",
        &UNKNOWN,
    ),
    (
        "unknown-parameter-with-value",
        "an unknown parameter with a value",
        "unknown=1",
        &UNKNOWN,
    ),
    (
        "unknown-parameter-behind-known-ones",
        "an unknown parameter behind known ones",
        "client_max_window_bits; server_no_context_takeover; unknown",
        &UNKNOWN,
    ),
    (
        "server-bits-without-value",
        "no value",
        "server_max_window_bits",
        &INVALID,
    ),
    (
        "server-bits-0",
        "a window of 0 bits",
        "server_max_window_bits=0",
        &INVALID,
    ),
    (
        "server-bits-7",
        "a window of 7 bits",
        "server_max_window_bits=7",
        &INVALID,
    ),
    (
        "server-bits-16",
        "a window of 16 bits",
        "server_max_window_bits=16",
        &INVALID,
    ),
    (
        "server-bits-100",
        "a window of 100 bits",
        "server_max_window_bits=100",
        &INVALID,
    ),
    (
        "server-bits-266",
        "a window of 256 + 10 bits",
        "server_max_window_bits=266",
        &INVALID,
    ),
    (
        "server-bits-4294967306",
        "a window of 2^32 + 10 bits",
        "server_max_window_bits=4294967306",
        &INVALID,
    ),
    (
        "server-bits-very-long",
        "a number of thirty digits",
        "server_max_window_bits=100000000000000000000000000010",
        &INVALID,
    ),
    (
        "server-bits-leading-zero",
        "a leading zero",
        "server_max_window_bits=010",
        &INVALID,
    ),
    (
        "server-bits-plus",
        "a sign",
        "server_max_window_bits=+10",
        &INVALID,
    ),
    (
        "server-bits-minus",
        "a negative number",
        "server_max_window_bits=-10",
        &INVALID,
    ),
    (
        "server-bits-fraction",
        "a fraction",
        "server_max_window_bits=10.0",
        &INVALID,
    ),
    (
        "server-bits-hexadecimal",
        "a hexadecimal number",
        "server_max_window_bits=0xA",
        &INVALID,
    ),
    (
        "server-bits-exponent",
        "an exponent",
        "server_max_window_bits=1e1",
        &INVALID,
    ),
    (
        "server-bits-word",
        "a word",
        "server_max_window_bits=ten",
        &INVALID,
    ),
    (
        "server-bits-letters-behind",
        "letters behind the number",
        "server_max_window_bits=10a",
        &INVALID,
    ),
    (
        "server-bits-quoted-7",
        "a window of \"7\" bits",
        "server_max_window_bits=\"7\"",
        &INVALID,
    ),
    (
        "client-bits-0",
        "a window of 0 bits",
        "client_max_window_bits=0",
        &INVALID,
    ),
    (
        "client-bits-7",
        "a window of 7 bits",
        "client_max_window_bits=7",
        &INVALID,
    ),
    (
        "client-bits-16",
        "a window of 16 bits",
        "client_max_window_bits=16",
        &INVALID,
    ),
    (
        "client-bits-100",
        "a window of 100 bits",
        "client_max_window_bits=100",
        &INVALID,
    ),
    (
        "client-bits-266",
        "a window of 256 + 10 bits",
        "client_max_window_bits=266",
        &INVALID,
    ),
    (
        "client-bits-4294967306",
        "a window of 2^32 + 10 bits",
        "client_max_window_bits=4294967306",
        &INVALID,
    ),
    (
        "client-bits-leading-zero",
        "a leading zero",
        "client_max_window_bits=010",
        &INVALID,
    ),
    (
        "client-bits-plus",
        "a sign",
        "client_max_window_bits=+10",
        &INVALID,
    ),
    (
        "client-bits-minus",
        "a negative number",
        "client_max_window_bits=-10",
        &INVALID,
    ),
    (
        "client-bits-word",
        "a word",
        "client_max_window_bits=true",
        &INVALID,
    ),
    (
        "client-bits-letters-behind",
        "letters behind the number",
        "client_max_window_bits=10a",
        &INVALID,
    ),
    (
        "client-bits-quoted-16",
        "a window of \"16\" bits",
        "client_max_window_bits=\"16\"",
        &INVALID,
    ),
    (
        "server-takeover-with-1",
        "the value 1",
        "server_no_context_takeover=1",
        &INVALID,
    ),
    (
        "server-takeover-with-true",
        "the value true",
        "server_no_context_takeover=true",
        &INVALID,
    ),
    (
        "server-takeover-with-0",
        "the value 0",
        "server_no_context_takeover=0",
        &INVALID,
    ),
    (
        "client-takeover-with-1",
        "the value 1",
        "client_no_context_takeover=1",
        &INVALID,
    ),
    (
        "client-takeover-with-quoted",
        "the value \"1\"",
        "client_no_context_takeover=\"1\"",
        &INVALID,
    ),
    (
        "server-bits-twice",
        "the same parameter twice",
        "server_max_window_bits=10; server_max_window_bits=10",
        &TWICE,
    ),
    (
        "server-bits-of-two-values",
        "the same parameter twice, with two values",
        "server_max_window_bits=10; server_max_window_bits=12",
        &TWICE,
    ),
    (
        "client-bits-twice",
        "the same parameter twice",
        "client_max_window_bits; client_max_window_bits",
        &TWICE,
    ),
    (
        "client-bits-with-and-without-value",
        "the same parameter twice, with a value and without",
        "client_max_window_bits; client_max_window_bits=10",
        &TWICE,
    ),
    (
        "server-takeover-twice",
        "the same parameter twice",
        "server_no_context_takeover; server_no_context_takeover",
        &TWICE,
    ),
    (
        "client-takeover-twice",
        "the same parameter twice",
        "client_no_context_takeover; client_no_context_takeover",
        &TWICE,
    ),
];

/// Values of the header that break its grammar: the words of the id, what is wrong, and the value.
const BROKEN: [(&str, &str, &str); 13] = [
    (
        "semicolon-at-the-end",
        "a semicolon at the end",
        "permessage-deflate;",
    ),
    (
        "two-semicolons",
        "two semicolons",
        "permessage-deflate;; client_max_window_bits",
    ),
    (
        "semicolon-before",
        "a semicolon before the name",
        "; permessage-deflate",
    ),
    (
        "no-semicolon",
        "no semicolon",
        "permessage-deflate client_max_window_bits",
    ),
    (
        "value-missing",
        "nothing behind =",
        "permessage-deflate; client_max_window_bits=",
    ),
    (
        "name-missing",
        "nothing before =",
        "permessage-deflate; =10",
    ),
    (
        "two-values",
        "two values",
        "permessage-deflate; server_max_window_bits=10=10",
    ),
    (
        "two-words",
        "two words as a value",
        "permessage-deflate; server_max_window_bits=10 12",
    ),
    (
        "open-quote",
        "an open quotation mark",
        "permessage-deflate; server_max_window_bits=\"10",
    ),
    (
        "empty-quotes",
        "an empty value",
        "permessage-deflate; server_max_window_bits=\"\"",
    ),
    (
        "value-of-extension",
        "a value of the extension itself",
        "permessage-deflate=1",
    ),
    ("slash", "a name with a slash", "permessage-deflate; a/b"),
    (
        "brackets",
        "a name in brackets",
        "permessage-deflate; (client_max_window_bits)",
    ),
];

/// Names of extensions that there are not.
const OTHER_NAMES: [&str; 4] = [
    "permessage-deflated",
    "x-permessage-deflate",
    "deflate",
    "permessage-unknown; client_max_window_bits",
];

pub(super) fn cases() -> Vec<Case> {
    let declined = DECLINED.iter().map(|&(words, what, parameters, rule)| {
        let claim = format!("An offer with {what} ({parameters}) is declined");
        let case = Case::must(format!("rfc7692-7-{words}"), claim, rule);
        plain(
            case,
            format!("permessage-deflate; {parameters}"),
            Expected::Declined,
        )
    });
    let broken = BROKEN.iter().map(|&(words, what, value)| {
        let claim = format!("An offer that has {what} ({value}) is refused");
        let case = Case::must(format!("9.1-{words}"), claim, &GRAMMAR);
        plain(case, value.to_owned(), Expected::Refused)
    });
    let others = OTHER_NAMES.iter().zip(1..).map(|(&offer, number)| {
        let claim = format!("An unknown extension ({offer}) is declined");
        let case = Case::must(
            format!("9-unknown-extension-{number}"),
            claim,
            &NOT_REQUESTED,
        );
        plain(case, offer.to_owned(), Expected::Declined)
    });
    let mut cases: Vec<Case> = declined.chain(broken).chain(others).collect();
    cases.push(
        Case::must(
            "5.2-compressed-after-a-declined-offer",
            "A compressed message after an offer that was declined fails the connection",
            &RESERVED,
        )
        .of(Role::Server)
        .negotiates(Negotiation::offer(
            ["permessage-deflate; unknown".to_owned()],
            Expected::Declined,
        ))
        .sends([text(b"\xF2\x48\xCD\xC9\xC9\x07\x00").reserved_bits(4)])
        .fails(&[1002]),
    );
    cases
}

/// A message that is not compressed comes back.
fn plain(case: Case, offer: String, expected: Expected) -> Case {
    case.of(Role::Server)
        .negotiates(Negotiation::offer([offer], expected))
        .sends([text("plain")])
        .answers([text_back("plain")])
}
