//! What clients send by mistake: other protocols, and bytes without a meaning.

use super::allowed::NO_HTTP;
use crate::check::case::Case;
use crate::check::request::bytes;
use crate::check::request_play::{Response, ask};
use crate::check::session::Grade;

/// The beginning of the hello of a TLS client.
const TLS: &[u8] = b"\x16\x03\x01\x00\x2e\x01\x00\x00\x2a\x03\x03AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
                     \x00\x00\x02\x13\x01\x01\x00\r\n\r\n";
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const SSH: &[u8] = b"SSH-2.0-OpenSSH_9.7\r\n\r\n";
const PROXY: &[u8] = b"PROXY TCP4 127.0.0.1 127.0.0.1 40000 80\r\n\r\n";
const OLD_HTTP: &[u8] = b"GET /\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const FRAMES: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\r\n\r\n";
const RANDOM: &[u8] = b"\xff\xfe\x00\x01\x80\xc3\x28\xf0\x90\x28\xbc\r\n\r\n";
const EMPTY_LINES: &[u8] = b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::should(
            "rfc9112-2.2-not-http-tls",
            "The beginning of a TLS handshake is refused with status 400, or with an alert of TLS",
            &NO_HTTP,
        )
        .asks(
            ask(bytes("the beginning of a TLS handshake", TLS))
                .refused(&[])
                .or(Grade::Passed, Response::Ends)
                .or(Grade::NotStrict, Response::Waits),
        ),
    ];
    for (name, what, sent) in [
        ("http-2", "the preface of HTTP/2", HTTP_2),
        ("ssh", "the greeting of SSH", SSH),
        ("proxy-protocol", "a line of the PROXY protocol", PROXY),
        ("http-0.9", "a request of HTTP/0.9", OLD_HTTP),
        ("a-response", "a response instead of a request", RESPONSE),
        ("frames", "a frame instead of a request", FRAMES),
        ("random-bytes", "random bytes", RANDOM),
        ("empty-lines", "empty lines only", EMPTY_LINES),
    ] {
        cases.push(
            Case::should(
                format!("rfc9112-2.2-not-http-{name}"),
                format!("What is not HTTP is refused with status 400: {what}"),
                &NO_HTTP,
            )
            .asks(
                ask(bytes(what, sent))
                    .refused(&[])
                    .or(Grade::NotStrict, Response::Declines)
                    .or(Grade::NotStrict, Response::Drops)
                    .or(Grade::NotStrict, Response::Waits),
            ),
        );
    }
    cases
}
