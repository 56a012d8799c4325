//! Requests that are refused, each for the first thing that is wrong (RFC 6455 section 4.2.1, RFC
//! 9112).

use super::*;

/// Checks that a head is refused as soon as its last byte has arrived.
fn assert_refused_at_last_byte(start: &[u8], refusal: Refusal) {
    let whole = Cuts::whole();
    let application = Application::default();
    let before = &start[..start.len() - 1];
    let served = serve::<1024>(application, before, &whole, &whole, 4096);
    assert_eq!(served.refusal, None, "{}", start.escape_ascii());
    assert_refused(start, refusal);
}

// > A recipient of such a bare CR MUST consider that element to be invalid or replace each
// > bare CR with SP before processing the element [...] (RFC 9112 section 2.2)
#[test]
fn bare_line_ends() {
    for (start, refusal) in [
        (&b"\n"[..], Refusal::Syntax(SyntaxError::BareLineFeed)),
        (
            b"GET / HTTP/1.1\n",
            Refusal::Syntax(SyntaxError::BareLineFeed),
        ),
        (
            b"GET / HTTP/1.1\r\nHost: a\n",
            Refusal::Syntax(SyntaxError::BareLineFeed),
        ),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\n\n",
            Refusal::Syntax(SyntaxError::BareLineFeed),
        ),
        (b"\r\r", Refusal::Syntax(SyntaxError::BareCarriageReturn)),
        (b"\rG", Refusal::Syntax(SyntaxError::BareCarriageReturn)),
        (
            b"GET / HTTP/1.1\r\r",
            Refusal::Syntax(SyntaxError::BareCarriageReturn),
        ),
        (
            b"GET / HTTP/1.1\r\nHost: a\rb",
            Refusal::Syntax(SyntaxError::BareCarriageReturn),
        ),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\r",
            Refusal::Syntax(SyntaxError::BareCarriageReturn),
        ),
    ] {
        assert_refused_at_last_byte(start, refusal);
    }
}

#[test]
fn control_characters_at_once() {
    for byte in (0..=31).chain([127]) {
        if b"\t\r\n".contains(&byte) {
            continue;
        }
        for start in [
            &b""[..],
            b"GE",
            b"GET /",
            b"GET / HTTP/1.1\r\nHo",
            b"GET / HTTP/1.1\r\nHost: a",
        ] {
            let start = [start, &[byte]].concat();
            assert_refused_at_last_byte(&start, Refusal::Syntax(SyntaxError::ControlCharacter));
        }
    }
}

#[test]
fn invalid_request_lines() {
    for line in [
        "GET",
        "GET /",
        "GET / ",
        " GET / HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET\t/\tHTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /\u{e9} HTTP/1.1",
        " / HTTP/1.1",
        "G(T / HTTP/1.1",
        "G\u{cb}T / HTTP/1.1",
        "GET / http/1.1",
        "GET / HTTP/1",
        "GET / HTTP/1.",
        "GET / HTTP/.1",
        "GET / HTTP/11",
        "GET / HTTP/1.10",
        "GET / HTTP/a.b",
        "GET / HTTPS/1.1",
        "GET / XTTP/1.1",
        "Host: a",
    ] {
        let start = format!("{line}\r\n");
        assert_refused_at_last_byte(start.as_bytes(), Refusal::MalformedRequestLine);
    }
}

// Section 4.1 requires at least 1.1 of a client; nothing defines 1.2.
#[test]
fn other_versions_of_http() {
    for version in ["0.9", "1.2", "2.0", "3.0", "9.9"] {
        let start = format!("GET / HTTP/{version}\r\n");
        assert_refused_at_last_byte(start.as_bytes(), Refusal::UnsupportedHttpVersion);
    }
    // A remote server may read it: see the tests of `http_1_0`.
    for (start, refusal) in [
        ("GET / HTTP/1.0\r", None),
        ("GET / HTTP/1.0\r\n", Some(Refusal::UnsupportedHttpVersion)),
    ] {
        for cuts in [Cuts::whole(), Cuts::bytes()] {
            let application = Application::default();
            let served = serve::<1024>(application, start.as_bytes(), &cuts, &cuts, 4096);
            assert_eq!(served.refusal, refusal, "{start:?}");
        }
    }
}

#[test]
fn invalid_headers() {
    for line in [
        "Host",
        ": a",
        ":",
        "Host : a",
        "Host\t: a",
        "Ho st: a",
        "H\u{f6}st: a",
        "(Host): a",
        "Host/: a",
        "\"Host\": a",
    ] {
        let start = format!("GET / HTTP/1.1\r\n{line}\r\n");
        assert_refused_at_last_byte(
            start.as_bytes(),
            Refusal::Syntax(SyntaxError::MalformedHeader),
        );
    }
}

// > A server that receives an obs-fold in a request message [...] MUST either reject the
// > message by sending a 400 (Bad Request), [...] or replace [...] (RFC 9112 section 5.2)
#[test]
fn folded_headers() {
    for line in [" folded", "\tfolded", " Host: a", " ", "\t"] {
        let first = format!("GET / HTTP/1.1\r\n{line}\r\n");
        assert_refused_at_last_byte(first.as_bytes(), Refusal::Syntax(SyntaxError::FoldedHeader));
        let second = format!("GET / HTTP/1.1\r\nX-Long: a\r\n{line}\r\n");
        assert_refused_at_last_byte(
            second.as_bytes(),
            Refusal::Syntax(SyntaxError::FoldedHeader),
        );
    }
}

// > A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request
// > message that lacks a Host header field and to any [...] that contains more than one
// > [...] or a Host header field with an invalid field value. (RFC 9112 section 3.2)
#[test]
fn hosts_that_are_missing_repeated_or_invalid() {
    assert_refused_at_last_byte(&with("Host", &[]), Refusal::MissingHost);
    let same = "Host: server.example.com";
    assert_refused_at_last_byte(&with_more(&[same]), Refusal::RepeatedHost);
    assert_refused_at_last_byte(&with_more(&["host: b"]), Refusal::RepeatedHost);
    for host in [
        "", "a b", "a/b", "a, b", "user@a", "http://a", "a:port", "a:65536", "[::1", "::1", "a?b",
        "a\u{e9}",
    ] {
        let request = with("Host", &[&format!("Host: {host}")]);
        assert_refused_at_last_byte(&request, Refusal::MalformedHost);
    }
}

#[test]
fn an_announced_body_which_is_never_read_as_frames() {
    for lines in [
        &["Content-Length: 11"][..],
        &["Content-Length: 1"],
        &["content-length: 00001"],
        &["Content-Length:"],
        &["Content-Length: -0"],
        &["Content-Length: +0"],
        &["Content-Length: 0x0"],
        &["Content-Length: 0, 0"],
        &["Content-Length: 0", "Content-Length: 11"],
        &["Transfer-Encoding: chunked"],
        &["Transfer-Encoding: identity"],
        &["Transfer-Encoding:"],
        &["TRANSFER-ENCODING: gzip, chunked", "Content-Length: 0"],
    ] {
        // `assert_refused` appends a frame of 11 bytes.
        assert_refused_at_last_byte(&with_more(lines), Refusal::Body);
    }
}

#[test]
fn other_methods() {
    for method in ["POST", "PUT", "OPTIONS", "get", "GETS", "HEADS", "M-SEARCH"] {
        let request = with_request_line(&format!("{method} / HTTP/1.1"));
        assert_refused_at_last_byte(&request, Refusal::MethodNotAllowed);
    }
}

#[test]
fn another_method_before_its_body() {
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nx=1";
    assert_refused(request, Refusal::MethodNotAllowed);
}

// > The HEAD method is identical to GET except that the server MUST NOT send content in the
// > response. (RFC 9110 section 9.3.2)
#[test]
fn head_is_answered_without_content() {
    let request = with_request_line("HEAD / HTTP/1.1");
    let served = served(Application::default(), &request);
    assert_eq!(served.status_line(), "HTTP/1.1 405 Method Not Allowed");
    assert_eq!(served.headers("Content-Length"), ["18"]);
    assert_eq!(served.body, "");
}

#[test]
fn target_and_body_are_checked_for_get_and_head_only() {
    for (target, header, refusal) in [
        ("*", "Name: value", Refusal::MalformedTarget),
        ("/chat#fragment", "Name: value", Refusal::MalformedTarget),
        ("/", "Content-Length: 1", Refusal::Body),
        ("/", "Transfer-Encoding: chunked", Refusal::Body),
    ] {
        for (method, refusal) in [
            ("GET", refusal),
            ("HEAD", refusal),
            ("DELETE", Refusal::MethodNotAllowed),
        ] {
            let line = format!("{method} {target} HTTP/1.1");
            let served = served(Application::default(), &head(&[&line, "Host: a", header]));
            assert_eq!(served.refusal, Some(refusal), "{line}, {header}");
        }
    }
}

// > Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used
// > on these URIs. (section 3)
#[test]
fn targets_that_are_neither_a_path_nor_a_uri() {
    for target in [
        "*",
        "chat",
        "?query",
        "server.example.com:80",
        "/chat#fragment",
        "ftp://server.example.com/",
        "http:/chat",
        "http://",
        "http:///chat",
        "ws://?x",
    ] {
        let request = with_request_line(&format!("GET {target} HTTP/1.1"));
        assert_refused_at_last_byte(&request, Refusal::MalformedTarget);
    }
}

// > An |Upgrade| header field containing the value "websocket", treated as an ASCII
// > case-insensitive value. (section 4.2.1)
#[test]
fn missing_upgrades_and_lookalikes() {
    for lines in [
        &[][..],
        &["Upgrade: h2c"],
        &["Upgrade: websocketx"],
        &["Upgrade: xwebsocket"],
        &["Upgrade: websockets"],
        &["Upgrade: websocke"],
        &["Upgrade: web socket"],
        &["Upgrade: websocket; q=1"],
        &["Upgrade: \"websocket\""],
        &["Upgrade:"],
        &["X-Upgrade: websocket"],
    ] {
        assert_refused_at_last_byte(&with("Upgrade", lines), Refusal::MissingUpgrade);
    }
    for lines in [
        &[][..],
        &["Connection: keep-alive"],
        &["Connection: no-upgrade"],
        &["Connection: Upgrade-Insecure-Requests"],
        &["Connection: xUpgrade"],
        &["Connection: keep-alive Upgrade"],
        &["Connection: keep-alive; Upgrade"],
        &["Connection: close", "Connection: no-upgrade"],
        &["Proxy-Connection: Upgrade"],
    ] {
        let refusal = Refusal::MissingConnectionUpgrade;
        assert_refused_at_last_byte(&with("Connection", lines), refusal);
    }
}

// > If this version does not match a version understood by the server, the server MUST [...]
// > send an appropriate HTTP error code (such as 426 Upgrade Required) [...] (section 4.2.2)
#[test]
fn other_versions_of_the_protocol() {
    let missing = with("Sec-WebSocket-Version", &[]);
    assert_refused_at_last_byte(&missing, Refusal::MissingVersion);
    for lines in [
        &["Sec-WebSocket-Version: 8"],
        &["Sec-WebSocket-Version: 0"],
        &["Sec-WebSocket-Version: 14"],
        &["Sec-WebSocket-Version: 013"],
        &["Sec-WebSocket-Version: 130"],
        &["Sec-WebSocket-Version: 13, 8"],
        &["Sec-WebSocket-Version: 13.0"],
        &["Sec-WebSocket-Version:"],
    ] {
        let request = with("Sec-WebSocket-Version", lines);
        assert_refused_at_last_byte(&request, Refusal::UnsupportedVersion);
    }
    for version in ["13", "8"] {
        let request = with_more(&[&format!("sec-websocket-version: {version}")]);
        assert_refused_at_last_byte(&request, Refusal::RepeatedVersion);
    }
}

// > The |Sec-WebSocket-Key| header field MUST NOT appear more than once in an HTTP request.
// > (section 11.3.1)
#[test]
fn keys_that_are_missing_repeated_or_not_16_bytes() {
    let missing = with("Sec-WebSocket-Key", &[]);
    assert_refused_at_last_byte(&missing, Refusal::MissingKey);
    let repeated = with_more(&["sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="]);
    assert_refused_at_last_byte(&repeated, Refusal::RepeatedKey);
    for key in [
        "",
        "==",
        "AAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAA==",
        "AAAAAAAAAAA_AAAAAAAAAA==",
        "AAAAAAAAAAA AAAAAAAAAA==",
        "AAAAAAAAAA==AAAAAAAAAA==",
        "AAAAAAAAAAAAAAAAAAAAAA==, AAAAAAAAAAAAAAAAAAAAAA==",
    ] {
        let request = with("Sec-WebSocket-Key", &[&format!("Sec-WebSocket-Key: {key}")]);
        assert_refused_at_last_byte(&request, Refusal::MalformedKey);
    }
}

/// A request by a version of HTTP with those of the four headers of a handshake that `present`
/// has a bit for, and with others.
fn with_some(version: &str, present: usize, others: &[&str]) -> Vec<u8> {
    let line = format!("GET / HTTP/{version}");
    let mut lines = vec![&*line, "Host: a"];
    let headers = REQUEST[2..].iter().enumerate();
    lines.extend(
        headers
            .filter(|(i, _)| present >> i & 1 == 1)
            .map(|(_, it)| it),
    );
    lines.extend(others);
    head(&lines)
}

/// The bits of [`with_some`], in the order of the minimal request.
const UPGRADE: usize = 1;
const CONNECTION: usize = 2;
const KEY: usize = 4;
const VERSION: usize = 8;

// A proxy removes Upgrade and Connection, unless it is configured to keep them.
#[test]
fn each_combination_of_headers_is_told_what_it_lacks() {
    for present in 0..15 {
        let lacks = |header| present & header == 0;
        let refusal = if lacks(UPGRADE) && lacks(KEY) && lacks(VERSION) {
            Refusal::UpgradeRequired
        } else if lacks(CONNECTION) {
            Refusal::MissingConnectionUpgrade
        } else if lacks(UPGRADE) {
            Refusal::MissingUpgrade
        } else if lacks(VERSION) {
            Refusal::MissingVersion
        } else {
            Refusal::MissingKey
        };
        assert_refused_at_last_byte(&with_some("1.1", present, &[]), refusal);
    }
    for refusal in [Refusal::MissingConnectionUpgrade, Refusal::MissingUpgrade] {
        assert!(refusal.text().contains("is missing: a proxy removes it"));
    }
}

// > A server MAY ignore a received Upgrade header field if it wishes to continue using the
// > current protocol on that connection. (RFC 9110 section 7.8)
#[test]
fn an_upgrade_to_another_protocol_does_not_ask_for_a_websocket() {
    for upgrade in [
        "h2c",
        "TLS/1.0",
        "h2c, TLS/1.3",
        "websockets",
        "x/websocket",
        "",
    ] {
        let upgrade = format!("Upgrade: {upgrade}");
        let h2c = with_some(
            "1.1",
            CONNECTION,
            &[&upgrade, "HTTP2-Settings: AAMAAABkAAQ"],
        );
        assert_refused_at_last_byte(&h2c, Refusal::UpgradeRequired);
    }
    let either = with_some("1.1", 14, &["Upgrade: h2c, websocket"]);
    assert_accepted(&either);
}

#[test]
fn input_after_a_refusal_is_ignored() {
    for after in [
        &request()[..],
        &[masked(TEXT, "hello"), masked(TEXT, "world")].concat(),
        &[0xFF; 2000],
        &b"\r\n".repeat(300),
    ] {
        let input = [b"GET / HTTP/1.2\r\n", after].concat();
        let served = serve_always::<1024>(Application::default(), &input);
        assert_eq!(served.refusal, Some(Refusal::UnsupportedHttpVersion));
        assert_is_refusal(&served.head, &served.body, Refusal::UnsupportedHttpVersion);
    }
}
