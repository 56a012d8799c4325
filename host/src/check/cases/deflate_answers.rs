//! RFC 7692 section 7: wrong answers to the offer of a client, which must refuse them.

use std::borrow::Cow;

use super::deflate_rules::{
    ANSWER_INVALID, ANSWER_TWICE, ANSWER_UNKNOWN, CLIENT_BITS, NOT_REQUESTED,
};
use crate::check::case::{Case, Play, Rule};
use crate::check::frame::Role;
use crate::check::response_play::{Needed, Reaction, ResponsePlay};
use crate::check::session::Grade;

/// The words of the id, what is wrong, the parameters, and the rule.
const WRONG: [(&str, &str, &str, &Rule); 21] = [
    (
        "unknown-parameter",
        "an unknown parameter",
        "unknown",
        &ANSWER_UNKNOWN,
    ),
    (
        "unknown-parameter-with-value",
        "an unknown parameter",
        "unknown=1",
        &ANSWER_UNKNOWN,
    ),
    (
        "server-bits-without-value",
        "no value",
        "server_max_window_bits",
        &ANSWER_INVALID,
    ),
    (
        "server-bits-0",
        "a window of 0 bits",
        "server_max_window_bits=0",
        &ANSWER_INVALID,
    ),
    (
        "server-bits-7",
        "a window of 7 bits",
        "server_max_window_bits=7",
        &ANSWER_INVALID,
    ),
    (
        "server-bits-16",
        "a window of 16 bits",
        "server_max_window_bits=16",
        &ANSWER_INVALID,
    ),
    (
        "server-bits-266",
        "a window of 256 + 10 bits",
        "server_max_window_bits=266",
        &ANSWER_INVALID,
    ),
    (
        "server-bits-leading-zero",
        "a leading zero",
        "server_max_window_bits=010",
        &ANSWER_INVALID,
    ),
    (
        "server-bits-word",
        "a word",
        "server_max_window_bits=ten",
        &ANSWER_INVALID,
    ),
    (
        "client-bits-without-value",
        "no value",
        "client_max_window_bits",
        &ANSWER_INVALID,
    ),
    (
        "client-bits-7",
        "a window of 7 bits",
        "client_max_window_bits=7",
        &ANSWER_INVALID,
    ),
    (
        "client-bits-16",
        "a window of 16 bits",
        "client_max_window_bits=16",
        &ANSWER_INVALID,
    ),
    (
        "client-bits-leading-zero",
        "a leading zero",
        "client_max_window_bits=010",
        &ANSWER_INVALID,
    ),
    (
        "client-bits-word",
        "a word",
        "client_max_window_bits=ten",
        &ANSWER_INVALID,
    ),
    (
        "server-takeover-with-1",
        "the value 1",
        "server_no_context_takeover=1",
        &ANSWER_INVALID,
    ),
    (
        "client-takeover-with-true",
        "the value true",
        "client_no_context_takeover=true",
        &ANSWER_INVALID,
    ),
    (
        "server-bits-twice",
        "the same parameter twice",
        "server_max_window_bits=15; server_max_window_bits=15",
        &ANSWER_TWICE,
    ),
    (
        "server-bits-of-two-values",
        "the same parameter twice, with two values",
        "server_max_window_bits=15; server_max_window_bits=14",
        &ANSWER_TWICE,
    ),
    (
        "client-bits-twice",
        "the same parameter twice",
        "client_max_window_bits=15; client_max_window_bits=15",
        &ANSWER_TWICE,
    ),
    (
        "server-takeover-twice",
        "the same parameter twice",
        "server_no_context_takeover; server_no_context_takeover",
        &ANSWER_TWICE,
    ),
    (
        "client-takeover-twice",
        "the same parameter twice",
        "client_no_context_takeover; client_no_context_takeover",
        &ANSWER_TWICE,
    ),
];

pub(super) fn cases() -> Vec<Case> {
    let wrong = WRONG.iter().map(|&(words, what, parameters, rule)| {
        let claim = format!("An answer with {what} ({parameters}) is refused");
        let id = format!("rfc7692-7-answer-{words}");
        let answer = format!("permessage-deflate; {parameters}");
        refused(id, claim, rule, &answer, Needed::Deflate)
    });
    let others = [
        refused(
            "rfc7692-7.1.2.2-answer-client-bits-not-offered",
            "An answer with client_max_window_bits, which the client has not offered, is refused",
            &CLIENT_BITS,
            "permessage-deflate; client_max_window_bits=15",
            Needed::DeflateWithout("client_max_window_bits"),
        ),
        refused(
            "9-answer-with-another-extension",
            "An answer with an extension that the client has not offered, beside one that it has, \
             is refused",
            &NOT_REQUESTED,
            "permessage-deflate, x-unasked",
            Needed::Deflate,
        ),
    ];
    wrong.chain(others).collect()
}

fn refused(
    id: impl Into<Cow<'static, str>>,
    claim: impl Into<Cow<'static, str>>,
    rule: &'static Rule,
    answer: &str,
    needed: Needed,
) -> Case {
    let mut play = ResponsePlay::new(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {{accept}}\r\nSec-WebSocket-Extensions: {answer}\r\n\r\n"
    ))
    .allows(Grade::Passed, Reaction::Refuses);
    play.needs = Some(needed);
    Case::must(id, claim, rule)
        .of(Role::Client)
        .play(Play::Response(play))
}
