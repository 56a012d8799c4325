//! The opening handshake of a server (RFC 6455 sections 4.1 and 4.2, RFC 9112): requests, and their
//! responses. The requests of real clients follow the documentation of those clients.

use ws_echo_core::{
    Acceptance, Agreed, Buffer, Connection, HttpResponse, HttpResponseError, MAX_HEADERS,
    MIN_BUFFER_LEN, MIN_HEAD_LEN, Message, Progress, Refusal, ServerHandshake, SyntaxError,
};
use ws_echo_tests::driver::server::{Application, Served, serve, serve_always};
use ws_echo_tests::driver::{Cuts, Outcome};
use ws_echo_tests::wire::{Frame, TEXT, masked};

/// The response to the key of section 1.3.
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The minimal request: a line and five headers.
const REQUEST: [&str; 6] = [
    "GET /chat HTTP/1.1",
    "Host: server.example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

fn head(lines: &[&str]) -> Vec<u8> {
    format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
}

fn request() -> Vec<u8> {
    head(&REQUEST)
}

/// The minimal request with another request line.
fn with_request_line(line: &str) -> Vec<u8> {
    head(&[&[line], &REQUEST[1..]].concat())
}

/// The minimal request with lines instead of the one that begins with `name`.
fn with(name: &str, lines: &[&str]) -> Vec<u8> {
    let at = REQUEST.iter().position(|line| line.starts_with(name));
    let at = at.unwrap();
    head(&[&REQUEST[..at], lines, &REQUEST[at + 1..]].concat())
}

/// The minimal request with more lines.
fn with_more(lines: &[&str]) -> Vec<u8> {
    head(&[&REQUEST[..], lines].concat())
}

/// Serves a request and a text right after it, with all cuts.
fn served(application: Application<'_>, request: &[u8]) -> Served {
    let input = [request, &masked(TEXT, "hello")].concat();
    serve_always::<1024>(application, &input)
}

/// Checks that a request is accepted, however it is cut, and that the text after it comes back.
fn assert_accepted(request: &[u8]) {
    let expected = Served {
        head: RESPONSE.to_owned(),
        body: String::new(),
        refusal: None,
        session: Some(Outcome {
            frames: vec![Frame::new(TEXT, "hello")],
            ..Outcome::default()
        }),
    };
    let served = served(Application::default(), request);
    assert_eq!(served, expected, "{}", request.escape_ascii());
}

/// Checks that a request is refused, however it is cut, and that the bytes after it are ignored.
fn assert_refused(request: &[u8], refusal: Refusal) {
    let served = served(Application::default(), request);
    let what = request.escape_ascii();
    assert_eq!(served.refusal, Some(refusal), "{what}");
    assert_eq!(served.session, None, "{what}");
    assert_is_refusal(&served.head, &served.body, refusal);
}

fn assert_is_refusal(head: &str, body: &str, refusal: Refusal) {
    let served = Served {
        head: head.to_owned(),
        body: body.to_owned(),
        refusal: Some(refusal),
        session: None,
    };
    let status_line = format!("HTTP/1.1 {}", refusal.status());
    assert_eq!(served.status_line(), status_line, "{refusal}");
    assert_eq!(body, format!("{}\n", refusal.text()), "{refusal}");
    let len = body.len().to_string();
    assert_eq!(served.headers("Content-Length"), [&len], "{refusal}");
    assert_eq!(served.headers("Content-Type"), ["text/plain"], "{refusal}");
    let [connection] = served.headers("Connection")[..] else {
        panic!("Connection is missing or repeated: {head}");
    };
    assert!(connection.split(", ").any(|option| option == "close"));
    let status = &refusal.status()[..3];
    let allow: &[&str] = if status == "405" { &["GET"] } else { &[] };
    assert_eq!(served.headers("Allow"), allow);
    let is_upgrade = status == "426";
    let (upgrade, version): (&[&str], &[&str]) = if is_upgrade {
        (&["websocket"], &["13"])
    } else {
        (&[], &[])
    };
    assert_eq!(served.headers("Upgrade"), upgrade);
    assert_eq!(served.headers("Sec-WebSocket-Version"), version);
    assert_eq!(connection.contains("Upgrade"), is_upgrade);
}

mod accepted {
    use super::*;

    // > Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo= (section 1.3)
    #[test]
    fn the_request_of_section_1_2() {
        assert_accepted(&head(&[
            "GET /chat HTTP/1.1",
            "Host: server.example.com",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Origin: http://example.com",
            "Sec-WebSocket-Protocol: chat, superchat",
            "Sec-WebSocket-Version: 13",
        ]));
    }

    #[test]
    fn another_key_has_another_answer() {
        for (key, accept) in [
            ("x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="),
            ("AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="),
        ] {
            let line = format!("Sec-WebSocket-Key: {key}");
            let request = with("Sec-WebSocket-Key", &[&line]);
            let served = served(Application::default(), &request);
            assert_eq!(served.headers("Sec-WebSocket-Accept"), [accept]);
        }
    }

    /// Bytes may follow each other slowly; the request just has not ended.
    #[test]
    fn a_request_is_not_answered_before_its_last_byte() {
        let request = request();
        for len in 0..request.len() {
            let whole = Cuts::whole();
            let application = Application::default();
            let served = serve::<1024>(application, &request[..len], &whole, &whole, 4096);
            assert_eq!((served.head.as_str(), served.refusal), ("", None), "{len}");
        }
    }

    // > Field names are case-insensitive [...] (RFC 9110 section 5.1)
    #[test]
    fn header_names_and_tokens_in_any_case() {
        let lines = REQUEST.map(|line| match line.split_once(": ") {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (line.to_owned(), String::new()),
        });
        for change in [str::to_ascii_lowercase, str::to_ascii_uppercase] {
            let changed: Vec<_> = lines[1..]
                .iter()
                .map(|(name, value)| match name.as_str() {
                    "Sec-WebSocket-Key" => format!("{}: {value}", change(name)),
                    _ => format!("{}: {}", change(name), change(value)),
                })
                .collect();
            let mut request = vec![REQUEST[0]];
            request.extend(changed.iter().map(String::as_str));
            assert_accepted(&head(&request));
        }
    }

    // > The order in which field lines with differing field names are received in a section is
    // > not significant. (RFC 9110 section 5.3)
    #[test]
    fn headers_in_any_order() {
        for first in 0..5 {
            let mut headers = REQUEST[1..].to_vec();
            headers.rotate_left(first);
            assert_accepted(&head(&[&REQUEST[..1], &headers].concat()));
            headers.reverse();
            assert_accepted(&head(&[&REQUEST[..1], &headers].concat()));
        }
    }

    #[test]
    fn white_space_around_values_is_optional_and_may_be_tabs() {
        assert_accepted(&head(&[
            "GET /chat HTTP/1.1",
            "Host:server.example.com",
            "Upgrade:\twebsocket\t",
            "Connection: \t  Upgrade \t ",
            "Sec-WebSocket-Key:  dGhlIHNhbXBsZSBub25jZQ==  ",
            "Sec-WebSocket-Version:\t13",
            "X-Empty:",
            "X-White: \t ",
        ]));
    }

    // > A |Connection| header field that includes the token "Upgrade", treated as an ASCII
    // > case-insensitive value. (section 4.2.1)
    #[test]
    fn upgrade_and_connection_are_lists() {
        for lines in [
            &["Connection: keep-alive, Upgrade"][..],
            &["Connection: Upgrade, HTTP2-Settings"],
            &["Connection: keep-alive,upgrade,close"],
            &["Connection: ,, \t,Upgrade , ,"],
            &["Connection: keep-alive", "Connection: Upgrade"],
            &["Connection: upgrade", "Connection: keep-alive"],
        ] {
            assert_accepted(&with("Connection", lines));
        }
        for lines in [
            &["Upgrade: WebSocket"][..],
            &["Upgrade: h2c, websocket"],
            &["Upgrade: websocket,h2c"],
            &["Upgrade: h2c", "Upgrade: websocket"],
            &["Upgrade: websocket", "Upgrade: websocket"],
            &["Upgrade: websocket, websocket"],
        ] {
            assert_accepted(&with("Upgrade", lines));
        }
    }

    // > [...] a server that is expecting to receive and parse a request-line SHOULD ignore at least
    // > one empty line (CRLF) received prior to the request-line. (RFC 9112 section 2.2)
    #[test]
    fn one_empty_line_before_the_request() {
        assert_accepted(&[b"\r\n", &request()[..]].concat());
        let two = [b"\r\n\r\n", &request()[..]].concat();
        assert_refused(&two, Refusal::MalformedRequestLine);
    }

    // > A server MUST accept the absolute-form in requests [...] (RFC 9112 section 3.2.2)
    #[test]
    fn targets_in_origin_form_and_in_absolute_form() {
        for target in [
            "/",
            "/chat?a=b&c=/d?e",
            "//",
            "/%20/~:@!$&'()*+,;=",
            "/?u=ws://other/",
            "http://server.example.com/chat",
            "ws://server.example.com",
            "WSS://server.example.com:443/?x",
            "https://[::1]:3000/",
        ] {
            assert_accepted(&with_request_line(&format!("GET {target} HTTP/1.1")));
        }
    }

    #[test]
    fn hosts_with_ports_and_addresses() {
        for host in [
            "a",
            "localhost:3000",
            "127.0.0.1:3000",
            "[::1]:3000",
            "[::1]",
        ] {
            assert_accepted(&with("Host", &[&format!("Host: {host}")]));
        }
    }

    #[test]
    fn values_with_any_bytes_but_control_characters() {
        let value: Vec<u8> = (b' '..=b'~').chain(0x80..=0xFF).collect();
        let mut request = request();
        request.truncate(request.len() - 2);
        request.extend([b"X-Any: ", &value[..], b"\tx\r\n\r\n"].concat());
        assert_accepted(&request);
        assert_accepted(&with_more(&["!#$%&'*+-.^_`|~09aZ: any token is a name"]));
    }

    #[test]
    fn a_body_of_no_bytes() {
        for len in ["0", "00"] {
            assert_accepted(&with_more(&[&format!("Content-Length: {len}")]));
        }
        assert_accepted(&with_more(&["Content-Length: 0", "Content-Length: 0"]));
    }

    /// No extension is supported, so none is in the response (section 9.1).
    #[test]
    fn extensions_are_not_negotiated() {
        for offer in [
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
            "Sec-WebSocket-Extensions: x-unknown; a=\"b\", permessage-deflate",
        ] {
            assert_accepted(&with_more(&[offer]));
        }
    }
}

mod real_clients {
    use super::*;

    #[test]
    fn qt() {
        assert_accepted(&head(&[
            "GET / HTTP/1.1",
            "Host: localhost:3000",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        ]));
    }

    #[test]
    fn chromium_with_cookies() {
        assert_accepted(&head(&[
            "GET /socket HTTP/1.1",
            "Host: localhost:3000",
            "Connection: Upgrade",
            "Pragma: no-cache",
            "Cache-Control: no-cache",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/131.0.0.0 Safari/537.36",
            "Upgrade: websocket",
            "Origin: http://localhost:8080",
            "Sec-WebSocket-Version: 13",
            "Accept-Encoding: gzip, deflate, br, zstd",
            "Accept-Language: en-US,en;q=0.9",
            "Cookie: _ga=GA1.1.1234567890.1700000000; session=eyJhbGciOiJIUzI1NiJ9.e30; theme=dark",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        ]));
    }

    #[test]
    fn firefox() {
        assert_accepted(&head(&[
            "GET / HTTP/1.1",
            "Host: localhost:3000",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Accept: */*",
            "Accept-Language: en-US,en;q=0.5",
            "Accept-Encoding: gzip, deflate, br, zstd",
            "Sec-WebSocket-Version: 13",
            "Origin: null",
            "Sec-WebSocket-Extensions: permessage-deflate",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Connection: keep-alive, Upgrade",
            "Sec-Fetch-Dest: empty",
            "Sec-Fetch-Mode: websocket",
            "Sec-Fetch-Site: cross-site",
            "Pragma: no-cache",
            "Cache-Control: no-cache",
            "Upgrade: websocket",
        ]));
    }

    #[test]
    fn safari() {
        assert_accepted(&head(&[
            "GET / HTTP/1.1",
            "Host: localhost:3000",
            "Sec-Fetch-Dest: websocket",
            "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 \
             (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
            "Upgrade: websocket",
            "Pragma: no-cache",
            "Cache-Control: no-cache",
            "Sec-Fetch-Mode: websocket",
            "Sec-WebSocket-Version: 13",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Origin: http://localhost:8080",
            "Accept-Encoding: gzip, deflate",
            "Sec-WebSocket-Extensions: permessage-deflate",
        ]));
    }

    #[test]
    fn ws_of_node_sends_host_last() {
        assert_accepted(&head(&[
            "GET / HTTP/1.1",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
            "Host: localhost:3000",
        ]));
    }

    #[test]
    fn undici_sends_lower_case_names() {
        assert_accepted(&head(&[
            "GET / HTTP/1.1",
            "host: localhost:3000",
            "connection: upgrade",
            "upgrade: websocket",
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-version: 13",
            "sec-websocket-extensions: permessage-deflate; client_max_window_bits",
            "accept: */*",
            "accept-language: *",
            "sec-fetch-mode: websocket",
            "user-agent: node",
            "pragma: no-cache",
            "cache-control: no-cache",
            "accept-encoding: gzip, deflate",
        ]));
    }

    #[test]
    fn websockets_of_python() {
        assert_accepted(&head(&[
            "GET / HTTP/1.1",
            "Host: localhost:3000",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
            "User-Agent: Python/3.12 websockets/14.1",
        ]));
    }

    #[test]
    fn curl() {
        assert_accepted(&head(&[
            "GET / HTTP/1.1",
            "Host: localhost:3000",
            "User-Agent: curl/8.11.0",
            "Accept: */*",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]));
    }

    #[test]
    fn tungstenite() {
        assert_accepted(&head(&[
            "GET / HTTP/1.1",
            "Host: localhost:3000",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]));
    }

    #[test]
    fn a_browser_that_asks_for_an_icon_gets_426() {
        let icon = head(&[
            "GET /favicon.ico HTTP/1.1",
            "Host: localhost:3000",
            "Connection: keep-alive",
            "User-Agent: Mozilla/5.0",
            "Accept: image/avif,image/webp,*/*;q=0.8",
            "Referer: http://localhost:3000/",
        ]);
        assert_refused(&icon, Refusal::UpgradeRequired);
    }

    #[test]
    fn a_tls_client_is_refused_at_its_first_byte() {
        assert_refused(b"\x16", Refusal::Syntax(SyntaxError::ControlCharacter));
    }
}

mod refused {
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
            assert_refused_at_last_byte(
                first.as_bytes(),
                Refusal::Syntax(SyntaxError::FoldedHeader),
            );
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
            "", "a b", "a/b", "a, b", "user@a", "http://a", "a:port", "a:65536", "[::1", "::1",
            "a?b", "a\u{e9}",
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
                ("OPTIONS", Refusal::MethodNotAllowed),
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
}

mod limits {
    use super::*;

    #[test]
    fn there_are_64_headers_at_most() {
        let lines: Vec<_> = (0..MAX_HEADERS).map(|i| format!("X-{i}: x")).collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let (most, too_many) = (MAX_HEADERS - 5, MAX_HEADERS - 4);
        assert_eq!(MAX_HEADERS, 64);
        assert_accepted(&with_more(&lines[..most]));
        assert_refused(&with_more(&lines[..too_many]), Refusal::TooManyHeaders);
    }

    fn request_of(len: usize) -> Vec<u8> {
        let cookie_len = len - with_more(&["Cookie: "]).len();
        let request = with_more(&[&format!("Cookie: {}", "x".repeat(cookie_len))]);
        assert_eq!(request.len(), len);
        request
    }

    fn assert_head_is_limited_to<const N: usize>() {
        for input in [
            request_of(N),
            [b"\r\n", &request_of(N)[..]].concat(),
            [&request_of(N), &masked(TEXT, "hello")[..]].concat(),
        ] {
            let served = serve_always::<N>(Application::default(), &input);
            assert_eq!((served.refusal, &*served.head), (None, RESPONSE), "{N}");
        }
        let endless = [b"GET / HTTP/1.1\r\nCookie: ", &vec![b'x'; 3 * N][..]].concat();
        let endless_line = vec![b'x'; N + 1];
        for input in [request_of(N + 1), request_of(2 * N), endless, endless_line] {
            let served = serve_always::<N>(Application::default(), &input);
            assert_eq!(served.refusal, Some(Refusal::HeadTooLarge), "{N}");
            assert_is_refusal(&served.head, &served.body, Refusal::HeadTooLarge);
        }
    }

    #[test]
    fn a_head_may_fill_the_room_for_it() {
        assert_head_is_limited_to::<MIN_HEAD_LEN>();
        assert_head_is_limited_to::<1000>();
        assert_head_is_limited_to::<1024>();
    }

    #[test]
    fn a_greeting_may_fill_the_room_that_the_head_leaves() {
        let longest = "x".repeat(1024 - RESPONSE.len() - 4);
        let too_long = "x".repeat(longest.len() + 1);
        let greets = |text| Application {
            greeting: Some(Message::Text(text)),
            ..Application::default()
        };
        let accepted = served(greets(&longest), &request());
        assert_eq!((accepted.refusal, &*accepted.head), (None, RESPONSE));
        let refused = served(greets(&too_long), &request());
        assert_eq!(refused.refusal, Some(Refusal::ResponseTooLarge));
        assert_is_refusal(&refused.head, &refused.body, Refusal::ResponseTooLarge);
    }
}

mod subprotocols {
    use super::*;

    /// The subprotocol that an application with these subprotocols chooses from the offers in the
    /// lines.
    fn chosen(spoken: &[&str], lines: &[&str]) -> Vec<String> {
        let application = Application {
            subprotocols: spoken,
            ..Application::default()
        };
        let served = served(application, &with_more(lines));
        assert_eq!(served.refusal, None);
        let session = served.session.as_ref().unwrap();
        assert_eq!(session.frames, [Frame::new(TEXT, "hello")]);
        let values = served.headers("Sec-WebSocket-Protocol");
        values.into_iter().map(str::to_owned).collect()
    }

    // > (meaning that if the server does not wish to agree to one of the suggested subprotocols, it
    // > MUST NOT send back a |Sec-WebSocket-Protocol| header field in its response) (section 4.2.2)
    #[test]
    fn none_is_chosen_that_is_not_offered_and_supported() {
        let offer = &["Sec-WebSocket-Protocol: chat, superchat"];
        let none: [&str; 0] = [];
        assert_eq!(chosen(&[], offer), none);
        assert_eq!(chosen(&["echo"], offer), none);
        assert_eq!(chosen(&["Chat"], offer), none);
        assert_eq!(chosen(&["cha", "chatt"], offer), none);
        assert_eq!(chosen(&["chat"], &[]), none);
        assert_eq!(chosen(&["chat"], &["Sec-WebSocket-Protocol:"]), none);
        assert_eq!(chosen(&["chat"], &["Sec-WebSocket-Protocols: chat"]), none);
    }

    // > The value chosen MUST be derived from the client's handshake, specifically by selecting one
    // > of the values from the |Sec-WebSocket-Protocol| field [...] (section 4.2.2)
    #[test]
    fn one_that_is_offered_and_supported_is_chosen() {
        for lines in [
            &["Sec-WebSocket-Protocol: chat"][..],
            &["sec-websocket-protocol: chat, superchat"],
            &["Sec-WebSocket-Protocol: superchat,chat"],
            &["Sec-WebSocket-Protocol: superchat , ,\tchat,"],
            &[
                "Sec-WebSocket-Protocol: superchat",
                "Sec-WebSocket-Protocol: chat",
            ],
            &[
                "Sec-WebSocket-Protocol: chat",
                "Sec-WebSocket-Protocol: a, b",
            ],
        ] {
            assert_eq!(chosen(&["chat"], lines), ["chat"]);
            assert_eq!(chosen(&["echo", "chat"], lines), ["chat"]);
        }
    }

    // > The elements that comprise this value MUST be non-empty strings with characters in the
    // > range U+0021 to U+007E not including separator characters [...] (section 4.1)
    #[test]
    fn an_offer_that_is_not_a_token_is_ignored() {
        let offer = &["Sec-WebSocket-Protocol: a b, \"c\", \u{e9}, chat"];
        for spoken in ["a b", "\"c\"", "\u{e9}"] {
            assert_eq!(chosen(&[spoken, "chat"], offer), ["chat"]);
        }
    }

    #[test]
    fn offers_keep_their_order() {
        let request = with_more(&[
            "Sec-WebSocket-Protocol: one,, two ,",
            "X-Other: three",
            "Sec-WebSocket-Protocol: four",
        ]);
        let (mut handshake, mut buffer) = complete(&request);
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
        let offers: Vec<_> = handshake.request().subprotocols().collect();
        assert_eq!(offers, ["one", "two", "four"]);
        // The application is wrong: no client offered that.
        assert_eq!(handshake.accept(with_subprotocol("three")), Ok(()));
        assert_eq!(
            handshake.advance(&mut buffer),
            Ok(Progress::Open(Agreed::NOTHING))
        );
        assert_eq!(buffer.ready(), RESPONSE.as_bytes());
    }
}

fn with_subprotocol(name: &str) -> Acceptance<'_> {
    Acceptance {
        subprotocol: Some(name),
        ..Acceptance::default()
    }
}

/// A handshake, and a buffer that holds all of `input`.
fn complete(input: &[u8]) -> (ServerHandshake, Buffer<Vec<u8>>) {
    let mut buffer = Buffer::new(vec![0; 2048]);
    buffer.spare_mut()[..input.len()].copy_from_slice(input);
    buffer.commit(input.len());
    (ServerHandshake::new(), buffer)
}

mod http_1_0 {
    use super::*;

    type WithHttp10 = ServerHandshake<1024, true>;

    /// Receives a request whole or byte by byte, and checks it when it is complete. A request that
    /// is wrong is refused.
    fn checked(request: &[u8], step: usize) -> (Result<(), Refusal>, WithHttp10) {
        let mut handshake = WithHttp10::with_http_1_0();
        let mut buffer = Buffer::new(vec![0; 1024]);
        for part in request.chunks(step) {
            buffer.spare_mut()[..part.len()].copy_from_slice(part);
            buffer.commit(part.len());
            match handshake.advance(&mut buffer) {
                Ok(Progress::Wait) => {}
                Ok(Progress::Request) => return (handshake.check(), handshake),
                Ok(progress) => panic!("{progress:?}"),
                Err(refusal) => return (Err(refusal), handshake),
            }
        }
        panic!("not complete: {}", request.escape_ascii());
    }

    fn assert_checked(lines: &[&str], expected: Result<(), Refusal>) -> WithHttp10 {
        let request = head(lines);
        let (bytewise, _) = checked(&request, 1);
        let (whole, handshake) = checked(&request, request.len());
        assert_eq!([bytewise, whole], [expected; 2], "{lines:?}");
        handshake
    }

    // > A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message
    // > that lacks a Host header field and to any request message that contains more than one [...]
    // > (RFC 9112 section 3.2)
    #[test]
    fn a_request_may_lack_a_host_but_not_have_a_wrong_one() {
        let line = "GET /chat HTTP/1.0";
        for lines in [&[line][..], &[line, "Host: a"], &[line, "Upgrade: h2c"]] {
            let handshake = assert_checked(lines, Err(Refusal::UpgradeRequired));
            assert_eq!(handshake.request().path(), "/chat");
            assert!(!handshake.request().is_for_websocket());
        }
        assert_checked(&["HEAD / HTTP/1.0"], Err(Refusal::MethodNotAllowed));
        for (headers, refusal) in [
            (&["Host: a b"][..], Refusal::MalformedHost),
            (&["Host: a", "Host: a"], Refusal::RepeatedHost),
            (&["Content-Length: 1"], Refusal::Body),
        ] {
            assert_checked(&[&[line], headers].concat(), Err(refusal));
        }
        assert_checked(&["GET / HTTP/1.1"], Err(Refusal::MissingHost));
        assert_checked(&REQUEST, Ok(()));
    }

    // > A server MUST ignore an Upgrade header field that is received in an HTTP/1.0 request.
    // > (RFC 9110 section 7.8)
    #[test]
    fn no_request_is_upgraded_and_one_with_a_sign_of_a_websocket_is_told_why() {
        for present in 0..16 {
            let headers = REQUEST[2..].iter().enumerate();
            let some = headers.filter(|(i, _)| present >> i & 1 == 1);
            let mut lines = vec!["GET / HTTP/1.0"];
            lines.extend(some.map(|(_, it)| it));
            let is_sign = present & 0b1101 != 0;
            let refusal = if is_sign {
                Refusal::UpgradeByHttp10
            } else {
                Refusal::UpgradeRequired
            };
            let mut handshake = assert_checked(&lines, Err(refusal));
            assert_eq!(handshake.request().is_for_websocket(), is_sign);
            assert_eq!(handshake.accept(Acceptance::default()), Err(refusal));
        }
    }

    #[test]
    fn other_versions_are_refused_as_before() {
        for version in ["0.9", "1.2", "1.9", "2.0", "3.0"] {
            let line = format!("GET / HTTP/{version}");
            assert_checked(&[&line], Err(Refusal::UnsupportedHttpVersion));
        }
        for line in [
            "GET /",
            "GET / HTTP/1.00",
            "GET /HTTP/1.0",
            "GET  / HTTP/1.0",
        ] {
            assert_checked(&[line], Err(Refusal::MalformedRequestLine));
        }
    }

    #[test]
    fn a_check_changes_nothing_and_says_what_accept_says() {
        let (mut handshake, mut buffer) = complete(&request());
        assert_eq!(handshake.check(), Ok(()));
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
        assert_eq!([handshake.check(), handshake.check()], [Ok(()); 2]);
        assert_eq!(handshake.accept(Acceptance::default()), Ok(()));
        assert_eq!(handshake.check(), Ok(()));
        assert!(matches!(
            handshake.advance(&mut buffer),
            Ok(Progress::Open(_))
        ));
    }
}

mod the_application {
    use super::*;

    #[test]
    fn sees_the_path_and_the_query_without_the_host() {
        for (target, path, query) in [
            ("/", "/", None),
            ("/chat", "/chat", None),
            ("/chat?a=b", "/chat", Some("a=b")),
            ("/chat?a=%20b+c&d", "/chat", Some("a=%20b+c&d")),
            ("/?", "/", Some("")),
            ("/??", "/", Some("?")),
            ("/a/b/?c?d", "/a/b/", Some("c?d")),
            ("//double", "//double", None),
            ("/a://b", "/a://b", None),
            ("/?u=ws://other/x", "/", Some("u=ws://other/x")),
            ("ws://host", "/", None),
            ("ws://host?", "/", Some("")),
            ("ws://host?x=/y", "/", Some("x=/y")),
            ("ws://host/", "/", None),
            ("http://host:80/chat?x", "/chat", Some("x")),
        ] {
            let request = with_request_line(&format!("GET {target} HTTP/1.1"));
            let (mut handshake, mut buffer) = complete(&request);
            assert_eq!(handshake.request().query(), None, "before it is complete");
            assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
            assert_eq!(handshake.request().target(), target);
            assert_eq!(handshake.request().path(), path, "{target}");
            assert_eq!(handshake.request().query(), query, "{target}");
        }
    }

    #[test]
    fn sees_headers_by_name_in_their_order() {
        let request = with_more(&["Cookie: a=b", "X-Other:", "cookie: \tc=d ", "Cookies: no"]);
        let (mut handshake, mut buffer) = complete(&request);
        assert_eq!(handshake.request().headers("cookie").count(), 0);
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
        let cookies: Vec<_> = handshake.request().headers("COOKIE").collect();
        assert_eq!(cookies, [b"a=b", b"c=d"]);
        let others: Vec<_> = handshake.request().headers("x-other").collect();
        assert_eq!(others, [b""]);
        assert_eq!(handshake.request().headers("GET /chat HTTP/1.1").count(), 0);
    }

    #[test]
    fn refuses_a_path_that_is_not_served() {
        let application = Application {
            paths: &["/chat", "/echo"],
            ..Application::default()
        };
        for (target, is_served) in [
            ("/chat", true),
            ("/echo?x", true),
            ("ws://host/echo", true),
            ("/", false),
            ("/Chat", false),
            ("/chat/", false),
            ("ws://chat", false),
        ] {
            let request = with_request_line(&format!("GET {target} HTTP/1.1"));
            let served = served(application, &request);
            if is_served {
                assert_eq!((served.refusal, &*served.head), (None, RESPONSE));
            } else {
                assert_eq!(served.refusal, Some(Refusal::NotFound), "{target}");
                assert_is_refusal(&served.head, &served.body, Refusal::NotFound);
            }
        }
    }

    const ALL: [(Refusal, &str); 28] = [
        (Refusal::Syntax(SyntaxError::BareLineFeed), "400 "),
        (Refusal::Syntax(SyntaxError::BareCarriageReturn), "400 "),
        (Refusal::Syntax(SyntaxError::ControlCharacter), "400 "),
        (Refusal::MalformedRequestLine, "400 "),
        (Refusal::MalformedTarget, "400 "),
        (Refusal::Syntax(SyntaxError::MalformedHeader), "400 "),
        (Refusal::Syntax(SyntaxError::FoldedHeader), "400 "),
        (Refusal::MissingHost, "400 "),
        (Refusal::RepeatedHost, "400 "),
        (Refusal::MalformedHost, "400 "),
        (Refusal::Body, "400 "),
        (Refusal::RepeatedVersion, "400 "),
        (Refusal::MissingKey, "400 "),
        (Refusal::RepeatedKey, "400 "),
        (Refusal::MalformedKey, "400 "),
        (Refusal::NotFound, "404 "),
        (Refusal::MethodNotAllowed, "405 "),
        (Refusal::Timeout, "408 "),
        (Refusal::UpgradeRequired, "426 "),
        (Refusal::UpgradeByHttp10, "426 "),
        (Refusal::MissingConnectionUpgrade, "426 "),
        (Refusal::MissingUpgrade, "426 "),
        (Refusal::MissingVersion, "426 "),
        (Refusal::UnsupportedVersion, "426 "),
        (Refusal::HeadTooLarge, "431 "),
        (Refusal::TooManyHeaders, "431 "),
        (Refusal::ResponseTooLarge, "500 "),
        (Refusal::UnsupportedHttpVersion, "505 "),
    ];

    /// Refuses, transmits, and checks that nothing but the refusal was sent.
    fn assert_refuses<const N: usize>(
        handshake: &mut ServerHandshake<N>,
        buffer: &mut Buffer<Vec<u8>>,
        refusal: Refusal,
    ) {
        assert!(handshake.refuse(refusal, refusal.text()));
        assert!(!handshake.refuse(Refusal::NotFound, "too late"));
        handshake.explain("too late");
        let mut transmitted = Vec::new();
        while !handshake.is_done() || !buffer.ready().is_empty() {
            assert_eq!(handshake.advance(buffer), Ok(Progress::Wait));
            transmitted.extend(buffer.ready());
            buffer.consume(usize::MAX);
        }
        let response = String::from_utf8(transmitted).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert_is_refusal(&format!("{head}\r\n\r\n"), body, refusal);
    }

    #[test]
    fn may_refuse_with_every_refusal_and_each_is_sent_whole() {
        for (refusal, status) in ALL {
            assert!(refusal.status().starts_with(status), "{refusal}");
            let mut handshake = ServerHandshake::<MIN_HEAD_LEN>::new();
            let mut buffer = Buffer::new(vec![0; 40]);
            assert_refuses(&mut handshake, &mut buffer, refusal);
        }
    }

    /// The response to a refused request, with this explanation.
    fn explained<const N: usize>(request: &[u8], text: Option<&str>) -> String {
        let mut handshake = ServerHandshake::<N>::new();
        let mut buffer = Buffer::new(vec![0; 1024]);
        buffer.spare_mut()[..request.len()].copy_from_slice(request);
        buffer.commit(request.len());
        assert!(
            handshake
                .advance(&mut buffer)
                .is_ok_and(|it| !matches!(it, Progress::Open(_)))
        );
        assert!(handshake.refuse(Refusal::NotFound, text.unwrap_or_default()));
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Wait));
        assert!(handshake.is_done());
        String::from_utf8(buffer.ready().to_vec()).unwrap()
    }

    #[test]
    fn gives_a_refusal_its_content_or_none() {
        let head = "HTTP/1.1 404 Not Found\r\nConnection: close\r\n";
        let none = format!("{head}Content-Length: 0\r\n\r\n");
        assert_eq!(explained::<1024>(&request(), None), none);
        assert_eq!(explained::<1024>(&request(), Some("")), none);
        for (len, text) in [("10", "not here."), ("101", &"x".repeat(100))] {
            let some = format!("{head}Content-Type: text/plain\r\nContent-Length: {len}\r\n\r\n");
            let answer = explained::<1024>(&request(), Some(text));
            assert_eq!(answer, format!("{some}{text}\n"));
            let get = String::from_utf8(request()).unwrap();
            let answer = explained::<1024>(get.replace("GET", "HEAD").as_bytes(), Some(text));
            assert_eq!(answer, some, "HEAD");
        }
        let too_long = "x".repeat(MIN_HEAD_LEN);
        assert_eq!(explained::<MIN_HEAD_LEN>(&request(), Some(&too_long)), none);
    }

    const FORBIDDEN: HttpResponse<'_> = HttpResponse {
        status: "403 Forbidden",
        headers: &[("Retry-After", "5"), ("X", "")],
        content_type: Some("text/plain"),
        content_len: 1234,
    };
    const FORBIDDEN_HEAD: &str = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\
        Content-Type: text/plain\r\nContent-Length: 1234\r\nRetry-After: 5\r\nX: \r\n\r\n";

    /// Everything that is ready once the handshake is done.
    fn until_done(handshake: &mut ServerHandshake, buffer: &mut Buffer<Vec<u8>>) -> String {
        let mut transmitted = Vec::new();
        while !handshake.is_done() || !buffer.ready().is_empty() {
            assert_eq!(handshake.advance(buffer), Ok(Progress::Wait));
            transmitted.extend(buffer.ready());
            buffer.consume(usize::MAX);
        }
        String::from_utf8(transmitted).unwrap()
    }

    #[test]
    fn responds_with_any_http_response_wherever_the_head_is_cut() {
        let request = request();
        for len in 0..=request.len() {
            let mut buffer = Buffer::new(vec![0; request.len() + MIN_BUFFER_LEN]);
            buffer.spare_mut()[..len].copy_from_slice(&request[..len]);
            buffer.commit(len);
            let mut handshake = ServerHandshake::new();
            assert!(handshake.advance(&mut buffer).is_ok());
            assert_eq!(handshake.respond(&FORBIDDEN), Ok(1234));
            let answered = Err(HttpResponseError::Answered);
            assert_eq!(handshake.respond(&FORBIDDEN), answered);
            assert!(!handshake.refuse(Refusal::NotFound, ""));
            assert!(!handshake.is_done());
            assert_eq!(until_done(&mut handshake, &mut buffer), FORBIDDEN_HEAD);
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn what_was_agreed_reaches_a_new_connection_and_one_that_is_reused() {
        let (mut handshake, mut buffer) = complete(&request());
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
        assert_eq!(handshake.accept(Acceptance::default()), Ok(()));
        let Ok(Progress::Open(agreed)) = handshake.advance(&mut buffer) else {
            panic!("not open");
        };
        buffer.consume(usize::MAX);
        let mut connection = Connection::server(agreed);
        assert_eq!(connection.agreed(), agreed);
        for payload in ["first", "second"] {
            connection.reuse(agreed);
            assert_eq!(connection.agreed(), agreed);
            let frame = masked(TEXT, payload);
            buffer.spare_mut()[..frame.len()].copy_from_slice(&frame);
            buffer.commit(frame.len());
            assert!(connection.exchange(&mut buffer).echo_whole_messages());
            assert_eq!(&buffer.ready()[2..], payload.as_bytes());
            buffer.consume(usize::MAX);
            assert!(connection.is_idle());
        }
    }

    #[test]
    fn responds_without_content_to_head() {
        let request = with_request_line("HEAD / HTTP/1.1");
        let (mut handshake, mut buffer) = complete(&request);
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
        assert_eq!(handshake.respond(&FORBIDDEN), Ok(0));
        assert_eq!(until_done(&mut handshake, &mut buffer), FORBIDDEN_HEAD);
    }

    #[test]
    fn responds_to_a_request_that_is_wrong_instead_of_refusing_it() {
        let (mut handshake, mut buffer) = complete(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
        let accepted = handshake.accept(Acceptance::default());
        assert_eq!(accepted, Err(Refusal::UpgradeRequired));
        assert_eq!(handshake.respond(&FORBIDDEN), Ok(1234));
        assert_eq!(until_done(&mut handshake, &mut buffer), FORBIDDEN_HEAD);
    }

    #[test]
    fn does_not_respond_with_a_head_that_says_something_else_or_does_not_fit() {
        let (mut handshake, mut buffer) = complete(&request());
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
        let long = "x".repeat(1024);
        for (status, headers, content_type, error) in [
            ("", &[][..], None, HttpResponseError::Status),
            ("403", &[], None, HttpResponseError::Status),
            (
                "101 Switching Protocols",
                &[],
                None,
                HttpResponseError::Status,
            ),
            ("600 X", &[], None, HttpResponseError::Status),
            ("403 \r\nX: y", &[], None, HttpResponseError::Status),
            ("403 X", &[("a b", "")], None, HttpResponseError::Header),
            (
                "403 X",
                &[("a", "b\r\nc: d")],
                None,
                HttpResponseError::Header,
            ),
            ("403 X", &[], Some("\n"), HttpResponseError::Header),
            (
                "403 X",
                &[("connection", "x")],
                None,
                HttpResponseError::ReservedHeader,
            ),
            (
                "403 X",
                &[("Content-Length", "1")],
                None,
                HttpResponseError::ReservedHeader,
            ),
            (
                "403 X",
                &[("upgrade", "x")],
                None,
                HttpResponseError::ReservedHeader,
            ),
            ("403 X", &[("a", &long)], None, HttpResponseError::TooLarge),
        ] {
            let response = HttpResponse {
                status,
                headers,
                content_type,
                content_len: 0,
            };
            assert_eq!(handshake.respond(&response), Err(error), "{response:?}");
        }
        assert_eq!(handshake.request().path(), "/chat", "it is as it was");
        assert_eq!(handshake.accept(Acceptance::default()), Ok(()));
    }

    #[test]
    fn writes_a_response_to_a_client_that_made_no_request() {
        let mut head = Vec::new();
        let written = FORBIDDEN.write(|part| head.extend_from_slice(part));
        assert_eq!(written, Ok(()));
        assert_eq!(String::from_utf8(head).unwrap(), FORBIDDEN_HEAD);
        let written = HttpResponse::new("x").write(|_| panic!("it is wrong"));
        assert_eq!(written, Err(HttpResponseError::Status));
    }

    #[test]
    fn refuses_with_408_after_a_timeout_wherever_the_head_is_cut() {
        let request = request();
        for len in 0..=request.len() {
            let (mut handshake, mut buffer) = complete(&request[..len]);
            let progress = handshake.advance(&mut buffer);
            let is_whole = len == request.len();
            let expected = if is_whole {
                Progress::Request
            } else {
                Progress::Wait
            };
            assert_eq!(progress, Ok(expected));
            let target = if is_whole { "/chat" } else { "" };
            assert_eq!(handshake.request().target(), target);
            assert_refuses(&mut handshake, &mut buffer, Refusal::Timeout);
            // Late input is ignored.
            let late = &request[len..];
            buffer.spare_mut()[..late.len()].copy_from_slice(late);
            buffer.commit(late.len());
            assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Wait));
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn answers_once() {
        let (mut handshake, mut buffer) = complete(&request());
        let accepted = handshake.accept(Acceptance::default());
        assert_eq!(accepted, Ok(()), "nothing to accept yet");
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
        assert_eq!(handshake.accept(Acceptance::default()), Ok(()));
        assert_eq!(handshake.request().target(), "", "it is answered");
        assert!(!handshake.refuse(Refusal::Timeout, ""));
        let late = Acceptance {
            greeting: Some(Message::Text("late")),
            ..Acceptance::default()
        };
        assert_eq!(handshake.accept(late), Ok(()));
        assert_eq!(
            handshake.advance(&mut buffer),
            Ok(Progress::Open(Agreed::NOTHING))
        );
        assert_eq!(
            handshake.advance(&mut buffer),
            Ok(Progress::Open(Agreed::NOTHING))
        );
        assert!(!handshake.refuse(Refusal::Timeout, ""));
        assert!(!handshake.is_done());
        assert_eq!(buffer.ready(), RESPONSE.as_bytes());
    }
}
