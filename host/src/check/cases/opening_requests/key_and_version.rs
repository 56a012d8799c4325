//! `Sec-WebSocket-Key` and `Sec-WebSocket-Version` (RFC 6455 sections 4.2.1, 4.2.2 and 4.4).

use super::allowed::{NO_HANDSHAKE, not_opened, opened, rather_refused, tolerated};
use crate::check::case::{Case, Rule};
use crate::check::request::request;
use crate::check::response_head::HeadFault;

const KEY: Rule = Rule::new(
    "4.2.1",
    "A |Sec-WebSocket-Key| header field with a base64-encoded (see Section 4 of [RFC4648]) value \
     that, when decoded, is 16 bytes in length.",
);
const KEY_ONCE: Rule = Rule::new(
    "11.3.1",
    "The |Sec-WebSocket-Key| header field MUST NOT appear more than once in an HTTP request.",
);
const ACCEPT: Rule = Rule::new(
    "4.2.2",
    "The value of this header field is constructed by concatenating /key/, defined above in step 4 \
     in Section 4.2.2, with the string \"258EAFA5-E914-47DA-95CA-C5AB0DC85B11\", taking the SHA-1 \
     hash of this concatenated value to obtain a 20-byte value and base64-encoding (see Section 4 \
     of [RFC4648]) this 20-byte hash.",
);
const VERSION: Rule = Rule::new(
    "4.2.2",
    "If this version does not match a version understood by the server, the server MUST abort the \
     WebSocket handshake described in this section and instead send an appropriate HTTP error code \
     (such as 426 Upgrade Required) and a |Sec-WebSocket-Version| header field indicating the \
     version(s) the server is capable of understanding.",
);
const VERSION_ONCE: Rule = Rule::new(
    "11.3.5",
    "However, the |Sec-WebSocket-Version| header field MUST NOT appear more than once in an HTTP \
     request.",
);
const VERSIONS: Rule = Rule::new(
    "4.4",
    "If the server doesn't support the requested version, it MUST respond with a \
     |Sec-WebSocket-Version| header field (or multiple |Sec-WebSocket-Version| header fields) \
     containing all versions it is willing to use.",
);

pub(super) fn cases() -> Vec<Case> {
    [
        keys(),
        missing_keys(),
        wrong_keys(),
        other_versions(),
        wrong_versions(),
    ]
    .concat()
}

fn keys() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, what, key) in [
        (
            "section-1.3",
            "of the example in section 1.3",
            "dGhlIHNhbXBsZSBub25jZQ==",
        ),
        (
            "section-4.1",
            "of section 4.1, whose last bits mean nothing,",
            "AQIDBAUGBwgJCgsMDQ4PEC==",
        ),
        ("all-zeros", "of zeros", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("signs", "with \"+\" and \"/\"", "+/+/+/+/+/+/+/+/+/+/+w=="),
    ] {
        cases.push(
            Case::must(
                format!("4.2.2-accept-of-the-key-{name}"),
                format!("The key {what} is answered with the right Sec-WebSocket-Accept"),
                &ACCEPT,
            )
            .asks(opened(request().with("Sec-WebSocket-Key", key)).watches(HeadFault::Accept)),
        );
    }
    cases
}

fn missing_keys() -> Vec<Case> {
    vec![
        Case::must(
            "4.2.1-no-key",
            "A request without Sec-WebSocket-Key is refused",
            &NO_HANDSHAKE,
        )
        .asks(not_opened(request().without("Sec-WebSocket-Key"))),
        Case::must(
            "4.2.1-empty-key",
            "A request with an empty Sec-WebSocket-Key is refused",
            &NO_HANDSHAKE,
        )
        .asks(not_opened(
            request().replaced("Sec-WebSocket-Key", "Sec-WebSocket-Key:"),
        )),
        Case::should(
            "11.3.1-key-twice",
            "A request with the same Sec-WebSocket-Key twice is refused",
            &KEY_ONCE,
        )
        .asks(rather_refused(request().line("Sec-WebSocket-Key: {key}"))),
        Case::should(
            "11.3.1-two-keys",
            "A request with two different values of Sec-WebSocket-Key is refused",
            &KEY_ONCE,
        )
        .asks(rather_refused(
            request().line("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
        )),
    ]
}

fn wrong_keys() -> Vec<Case> {
    let mut cases = Vec::new();
    // > It is not necessary for the server to base64-decode the |Sec-WebSocket-Key| value.
    // > (section 4.2.2)
    // So a server that does not look is not wrong.
    for (name, what, key) in [
        ("of-15-bytes", "of 15 bytes", "AAAAAAAAAAAAAAAAAAAA"),
        ("of-17-bytes", "of 17 bytes", "AAAAAAAAAAAAAAAAAAAAAAA="),
        (
            "without-padding",
            "without \"==\"",
            "AAAAAAAAAAAAAAAAAAAAAA",
        ),
        (
            "with-other-letters",
            "that is not base64",
            "AAAAAAAAAAAAAAAAAAAA!!==",
        ),
        (
            "for-urls",
            "in the base64 of URLs",
            "-_-_-_-_-_-_-_-_-_-_-w==",
        ),
        (
            "with-a-space",
            "with a space inside",
            "AAAAAAAAAAA AAAAAAAAAA==",
        ),
        ("in-quotes", "in quotes", "\"AAAAAAAAAAAAAAAAAAAAAA==\""),
    ] {
        cases.push(
            Case::should(
                format!("4.2.1-key-{name}"),
                format!("A request with a Sec-WebSocket-Key {what} is refused"),
                &KEY,
            )
            .asks(rather_refused(request().with("Sec-WebSocket-Key", key))),
        );
    }
    cases
}

fn other_versions() -> Vec<Case> {
    let with_version = |version: String| request().with("Sec-WebSocket-Version", version);
    let mut cases = Vec::new();
    for version in [0, 12, 14, 25, 255] {
        cases.push(
            Case::must(
                format!("4.2.2-version-{version}"),
                format!("A request with Sec-WebSocket-Version {version} is refused"),
                &VERSION,
            )
            .asks(not_opened(with_version(version.to_string()))),
        );
    }
    // These were the versions of drafts, which some servers still speak.
    for version in [7, 8] {
        cases.push(
            Case::robust(
                format!("4.2.2-version-{version}"),
                format!("A request with Sec-WebSocket-Version {version}, of a draft, is refused"),
                &VERSION,
            )
            .asks(tolerated(with_version(version.to_string()))),
        );
    }
    cases.push(
        Case::must(
            "4.4-versions-of-the-server",
            "The answer to a version that the server does not speak has Sec-WebSocket-Version: 13",
            &VERSIONS,
        )
        .asks(not_opened(with_version("25".into())).watches(HeadFault::Versions)),
    );
    cases
}

fn wrong_versions() -> Vec<Case> {
    let mut cases = vec![
        Case::must(
            "4.2.1-no-version",
            "A request without Sec-WebSocket-Version is refused",
            &NO_HANDSHAKE,
        )
        .asks(not_opened(request().without("Sec-WebSocket-Version"))),
        Case::should(
            "11.3.5-version-twice",
            "A request with Sec-WebSocket-Version 13 twice is refused",
            &VERSION_ONCE,
        )
        .asks(rather_refused(request().line("Sec-WebSocket-Version: 13"))),
        Case::should(
            "11.3.5-two-versions",
            "A request with Sec-WebSocket-Version 13 and 8 is refused",
            &VERSION_ONCE,
        )
        .asks(rather_refused(request().line("Sec-WebSocket-Version: 8"))),
    ];
    for (name, value) in [
        ("list", "13, 8"),
        ("list-that-begins-with-8", "8, 13"),
        ("256", "256"),
        ("269", "269"),
        ("with-letters", "13a"),
        ("with-a-point", "13.0"),
        ("with-a-sign", "+13"),
        ("with-a-zero-in-front", "013"),
        ("without-value", ""),
    ] {
        cases.push(
            Case::must(
                format!("4.2.1-version-{name}"),
                format!("A request with \"Sec-WebSocket-Version: {value}\" is refused"),
                &NO_HANDSHAKE,
            )
            .asks(not_opened(request().with("Sec-WebSocket-Version", value))),
        );
    }
    cases
}
