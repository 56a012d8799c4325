//! RFC 6455 sections 5.5.1 and 7.1.6: the payload of a Close, and the reason in it.

use super::rules::{ANSWERED, NORMAL, PROTOCOL_ERROR, REASON, TWO_BYTES};
use crate::check::case::Case;
use crate::check::cases::rules::SHORT_CONTROL;
use crate::check::cases::utf8::{KINDS, Kind};
use crate::check::frame::{Frame, close, close_with};

/// A reason that is not UTF-8 is invalid data, or an error in the protocol.
const INVALID_REASON: &[u16] = &[1007, 1002];
/// The longest reason, in bytes.
const REASON_LEN_MAX: usize = 123;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = autobahn();
    cases.extend([
        reason("of-1-byte", "of one byte", "a".into()),
        reason(
            "of-3-byte-characters",
            "of 41 characters of 3 bytes",
            "€".repeat(41),
        ),
        reason("with-nul", "with U+0000", "a\0b".into()),
        Case::must(
            "5.5.1-reason-cut-inside-a-character",
            "A Close with a reason of 123 bytes that ends inside a character fails the connection",
            &REASON,
        )
        .sends([with_reason(
            &"€".repeat(42).as_bytes()[..REASON_LEN_MAX - 1],
        )])
        .refuses_close(INVALID_REASON),
    ]);
    cases.extend(KINDS.iter().map(invalid_reason));
    cases
}

fn autobahn() -> Vec<Case> {
    vec![
        Case::must(
            "5.5.1-close-without-payload",
            "A Close without payload is answered by a Close with code 1000 or without one",
            &ANSWERED,
        )
        .autobahn("7.3.1")
        .sends([close_with("")])
        .closes(NORMAL),
        Case::must(
            "5.5.1-close-of-1-byte",
            "A Close with one byte of payload, half a code, is answered with 1002",
            &TWO_BYTES,
        )
        .autobahn("7.3.2")
        .sends([close_with("a")])
        .refuses_close(PROTOCOL_ERROR),
        Case::must(
            "5.5.1-close-of-2-bytes",
            "A Close with a code and no reason is answered",
            &ANSWERED,
        )
        .autobahn("7.3.3")
        .sends([close(1000, "")])
        .closes(NORMAL),
        reason("in-words", "in words", "Hello World!".into()).autobahn("7.3.4"),
        reason(
            "of-123-bytes",
            "of 123 bytes, the longest one,",
            "*".repeat(REASON_LEN_MAX),
        )
        .autobahn("7.3.5"),
        Case::must(
            "5.5.1-reason-of-124-bytes",
            "A Close with a reason of 124 bytes is too long, and is answered with 1002",
            &SHORT_CONTROL,
        )
        .autobahn("7.3.6")
        .sends([with_reason(&[b'*'; REASON_LEN_MAX + 1])])
        .refuses_close(PROTOCOL_ERROR),
        Case::must(
            "5.5.1-reason-is-not-utf-8",
            "A Close with a reason that is not UTF-8 is answered with 1007 or 1002",
            &REASON,
        )
        .autobahn("7.5.1")
        .sends([with_reason(
            b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80edited",
        )])
        .refuses_close(INVALID_REASON),
    ]
}

/// A Close with a reason.
fn with_reason(reason: &[u8]) -> Frame {
    close_with([&1000_u16.to_be_bytes(), reason].concat())
}

fn reason(name: &str, what: &str, reason: String) -> Case {
    Case::must(
        format!("5.5.1-reason-{name}"),
        format!("A Close with a reason {what} is answered"),
        &REASON,
    )
    .sends([close(1000, &reason)])
    .closes(NORMAL)
}

fn invalid_reason(kind: &Kind) -> Case {
    let reason = ["é".as_bytes(), kind.bytes, b"z"].concat();
    Case::must(
        format!("5.5.1-reason-with-{}", kind.name),
        format!(
            "A Close with {} in its reason is answered with 1007 or 1002",
            kind.what
        ),
        &REASON,
    )
    .sends([with_reason(&reason)])
    .refuses_close(INVALID_REASON)
}
