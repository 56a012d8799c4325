//! `Host` (RFC 9112 section 3.2, RFC 9110 section 7.2).

use super::allowed::{refused_with_400, tolerated};
use crate::check::case::{Case, Rule};
use crate::check::request::request;
use crate::check::request_play::{Response, ask};
use crate::check::session::Grade;

const HOST: Rule = Rule::of(
    9112,
    "3.2",
    "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message \
     that lacks a Host header field and to any request message that contains more than one Host \
     header field line or a Host header field with an invalid field value.",
);
const AUTHORITY: Rule = Rule::new(
    "4.2.1",
    "A |Host| header field containing the server's authority.",
);

pub(super) fn cases() -> Vec<Case> {
    [counts(), wrong_values(), other_values()].concat()
}

fn counts() -> Vec<Case> {
    vec![
        Case::must(
            "rfc9112-3.2-no-host",
            "A request without Host is refused with status 400",
            &HOST,
        )
        .asks(refused_with_400(request().without("Host"))),
        Case::must(
            "rfc9112-3.2-host-twice",
            "A request with the same Host twice is refused with status 400",
            &HOST,
        )
        .asks(refused_with_400(request().line("Host: {authority}"))),
        Case::must(
            "rfc9112-3.2-two-hosts",
            "A request with two different Hosts is refused with status 400",
            &HOST,
        )
        .asks(refused_with_400(request().line("Host: other.invalid"))),
    ]
}

fn wrong_values() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, words, value) in [
        ("a-space", "a space in it", "exa mple.invalid"),
        ("a-path", "a path behind it", "{authority}/chat"),
        ("a-user", "a user's name in front of it", "user@{authority}"),
        (
            "a-wrong-port",
            "a port that is no number",
            "example.invalid:port",
        ),
        ("an-open-bracket", "a bracket that is not closed", "[::1"),
        (
            "a-wrong-percent-sign",
            "a percent sign without digits",
            "exa%mple.invalid",
        ),
    ] {
        cases.push(
            Case::must(
                format!("rfc9112-3.2-host-with-{name}"),
                format!("A request with a Host that has {words} is refused with status 400"),
                &HOST,
            )
            .asks(refused_with_400(request().with("Host", value))),
        );
    }
    cases
}

fn other_values() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, words, value) in [
        (
            "of-another-server",
            "the Host of another server",
            "other.invalid",
        ),
        ("without-port", "a Host without the port", "localhost"),
        (
            "that-is-an-ipv6-address",
            "an IPv6 address as its Host",
            "[::1]:80",
        ),
        ("in-capitals", "a Host in capitals", "LOCALHOST"),
    ] {
        cases.push(
            Case::robust(
                format!("4.2.1-host-{name}"),
                format!("A request with {words} gets a response"),
                &AUTHORITY,
            )
            .asks(
                ask(request().with("Host", value))
                    .opens()
                    .or(Grade::Passed, Response::Declines),
            ),
        );
    }
    cases.push(
        Case::robust(
            "4.2.1-host-that-is-empty",
            "A request with an empty Host is refused",
            &AUTHORITY,
        )
        .asks(tolerated(request().replaced("Host", "Host:"))),
    );
    cases
}
