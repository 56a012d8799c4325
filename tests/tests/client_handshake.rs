//! The opening handshake of a client (RFC 6455 section 4.1): requests, and the handling of
//! responses.

use ws_echo_core::{
    Agreed, Buffer, ClientHandshake, ClientRequest, ClientRequestError, Deflate, DeflateOffer,
    Progress, ResponseError, SyntaxError, Window,
};
use ws_echo_tests::driver::client::{Connected, NONCE, connect, connect_always};
use ws_echo_tests::driver::{Cuts, Outcome};
use ws_echo_tests::wire::{Frame, PING, PONG, TEXT, masked, mirrored};

const REQUEST: ClientRequest<'_> = ClientRequest::new("server.example.com", "/chat");

/// The minimal response: a line and three headers.
const RESPONSE: [&str; 4] = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
];

fn head(lines: &[&str]) -> String {
    format!("{}\r\n\r\n", lines.join("\r\n"))
}

/// The minimal response with lines instead of the one that begins with `name`.
fn with(name: &str, lines: &[&str]) -> String {
    let at = RESPONSE.iter().position(|line| line.starts_with(name));
    let at = at.unwrap();
    head(&[&RESPONSE[..at], lines, &RESPONSE[at + 1..]].concat())
}

/// The minimal response with one more line.
fn with_more(line: &str) -> String {
    head(&[&RESPONSE[..], &[line]].concat())
}

/// Connects, with all cuts, to a server that sends a text right after its response.
fn connected(request: ClientRequest<'_>, response: &str) -> Connected {
    let text = mirrored(&masked(TEXT, "hello"));
    connect_always(request, &[response.as_bytes(), &text].concat())
}

/// Checks that a response opens the connection, however it is cut, and that the text after it is
/// received. Returns the subprotocol.
fn assert_opens(request: ClientRequest<'_>, response: &str) -> Option<String> {
    let connected = connected(request, response);
    assert_eq!(connected.error, None, "{response}");
    let echoed = Outcome {
        frames: vec![Frame::new(TEXT, "hello")],
        ..Outcome::default()
    };
    assert_eq!(connected.session, Some(echoed), "{response}");
    assert_eq!(connected.status, 101, "{response}");
    connected.subprotocol
}

/// Checks that a response does not open the connection, however it is cut.
fn assert_fails(response: &str, error: ResponseError) -> Connected {
    let connected = connected(REQUEST, response);
    assert_eq!(connected.error, Some(error), "{response}");
    assert_eq!(connected.session, None, "{response}");
    connected
}

/// Checks that a response has no error before its last byte, and that it then has this one.
fn assert_fails_at_last_byte(response: &str, error: ResponseError) {
    let whole = Cuts::whole();
    for (len, expected) in [(response.len() - 1, None), (response.len(), Some(error))] {
        let input = &response.as_bytes()[..len];
        let connected = connect::<1024>(REQUEST, input, &whole, &whole, 4096);
        assert_eq!(connected.error, expected, "{:?}", &response[..len]);
    }
}

mod the_request {
    use super::*;

    /// > The method of the request MUST be GET, and the HTTP version MUST be at least 1.1.
    #[test]
    fn has_a_line_and_five_headers_at_least() {
        let expected = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let connected = connected(REQUEST, &head(&RESPONSE));
        assert_eq!(connected.request, expected);
    }

    #[test]
    fn may_have_an_origin_subprotocols_and_other_headers() {
        let request = ClientRequest {
            origin: Some("http://example.com"),
            subprotocols: &["chat", "superchat"],
            headers: &[
                ("Authorization", "Bearer 1234"),
                ("X-Note", "gr\u{fc}\u{df}e\t!"),
            ],
            ..ClientRequest::new("[::1]:3000", "/a%20b?c=d&e")
        };
        let connected = connected(request, &head(&RESPONSE));
        assert_eq!(
            connected.request,
            "GET /a%20b?c=d&e HTTP/1.1\r\nHost: [::1]:3000\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n\
             Sec-WebSocket-Protocol: chat, superchat\r\nAuthorization: Bearer 1234\r\n\
             X-Note: gr\u{fc}\u{df}e\t!\r\n\r\n"
        );
    }

    /// > The value of this header field MUST be a nonce consisting of a randomly selected 16-byte
    /// > value that has been base64-encoded [...]
    #[test]
    fn has_the_nonce_in_base64() {
        for (nonce, key) in [
            ([0; 16], "AAAAAAAAAAAAAAAAAAAAAA=="),
            ([0xFF; 16], "/////////////////////w=="),
            (
                *b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10",
                "AQIDBAUGBwgJCgsMDQ4PEA==",
            ),
        ] {
            let mut handshake = ClientHandshake::<64>::new(REQUEST, nonce).unwrap();
            let mut buffer = Buffer::new([0; 1024]);
            handshake.advance(&mut buffer).unwrap();
            let request = String::from_utf8(buffer.ready().to_vec()).unwrap();
            assert!(request.contains(&format!("Sec-WebSocket-Key: {key}\r\n")));
        }
    }

    fn refused(request: ClientRequest<'_>) -> ClientRequestError {
        ClientHandshake::<64>::new(request, NONCE).unwrap_err()
    }

    #[test]
    fn cannot_be_made_with_invalid_values() {
        for host in ["", "a b", "a\r\nb", "u@a", "a/b"] {
            assert_eq!(
                refused(ClientRequest::new(host, "/")),
                ClientRequestError::Host
            );
        }
        for resource in ["", "a", "/a b", "/a\r\n", "/#a", "/\u{fc}", "?a"] {
            let request = ClientRequest::new("a", resource);
            assert_eq!(refused(request), ClientRequestError::Resource, "{resource}");
        }
        for origin in ["", "a b", "a\r\nb", "\u{fc}"] {
            let origin = Some(origin);
            let request = ClientRequest { origin, ..REQUEST };
            assert_eq!(refused(request), ClientRequestError::Origin, "{origin:?}");
        }
        for subprotocols in [&[""][..], &["a b"], &["a,b"], &["a\r\n"], &["a", "b", "a"]] {
            let request = ClientRequest {
                subprotocols,
                ..REQUEST
            };
            assert_eq!(refused(request), ClientRequestError::Subprotocol);
        }
        for header in [
            ("", "a"),
            ("a b", "c"),
            ("a:", "b"),
            ("a", "b\r\nc: d"),
            ("a", "\0"),
            ("a", "\x7f"),
        ] {
            let headers = &[header];
            let request = ClientRequest { headers, ..REQUEST };
            assert_eq!(refused(request), ClientRequestError::Header, "{header:?}");
        }
        for name in [
            "host",
            "Upgrade",
            "CONNECTION",
            "Origin",
            "Content-Length",
            "Transfer-Encoding",
            "Sec-WebSocket-Key",
            "sec-websocket-extensions",
            "SEC-webSocket-a",
        ] {
            let headers = &[(name, "a")];
            let request = ClientRequest { headers, ..REQUEST };
            assert_eq!(
                refused(request),
                ClientRequestError::ReservedHeader,
                "{name}"
            );
        }
    }
}

/// RFC 7692 section 7.1.
mod an_offer_of_compression {
    use super::*;

    fn window(bits: u8) -> Window {
        Window::new(bits).unwrap()
    }

    const fn offers(server: Window, client: Window) -> ClientRequest<'static> {
        ClientRequest {
            deflate: Some(DeflateOffer::new(Deflate { server, client })),
            ..REQUEST
        }
    }

    const OFFERS_ALL: ClientRequest<'_> = offers(Window::MAX, Window::MAX);

    fn answer(extensions: &str) -> String {
        with_more(&format!("Sec-WebSocket-Extensions: {extensions}"))
    }

    /// What is agreed on with a value of the header, whole and byte by byte.
    fn agreed(request: ClientRequest<'_>, extensions: &str) -> Result<Deflate, ResponseError> {
        let connected = connected(request, &answer(extensions));
        assert_eq!(connected.session.is_some(), connected.error.is_none());
        match (connected.agreed, connected.error) {
            (Some(agreed), None) => Ok(agreed.deflate.expect("it was answered")),
            (None, Some(error)) => Err(error),
            other => panic!("{extensions}: {other:?}"),
        }
    }

    #[test]
    fn names_what_is_not_the_default() {
        let fresh = window(15);
        for (server, client, expected) in [
            (Window::MAX, Window::MAX, "; client_max_window_bits"),
            (
                fresh,
                Window::MAX,
                "; server_no_context_takeover; client_max_window_bits",
            ),
            (
                Window::MAX,
                fresh,
                "; client_no_context_takeover; client_max_window_bits",
            ),
            (
                fresh,
                fresh,
                "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
            ),
            (
                Window::MAX,
                window(14).kept(),
                "; client_max_window_bits=14",
            ),
            (
                window(8).kept(),
                window(9).kept(),
                "; server_max_window_bits=8; client_max_window_bits=9",
            ),
            (
                window(10),
                window(11),
                "; server_no_context_takeover; client_no_context_takeover; \
                 server_max_window_bits=10; client_max_window_bits=11",
            ),
        ] {
            let request = ClientRequest {
                subprotocols: &["chat"],
                headers: &[("X", "y")],
                ..offers(server, client)
            };
            let connected = connected(request, &head(&RESPONSE));
            let lines = format!(
                "Sec-WebSocket-Protocol: chat\r\n\
                 Sec-WebSocket-Extensions: permessage-deflate{expected}\r\nX: y\r\n\r\n"
            );
            assert!(connected.request.ends_with(&lines), "{}", connected.request);
        }
    }

    #[test]
    fn may_be_declined() {
        let connected = connected(OFFERS_ALL, &head(&RESPONSE));
        assert_eq!(connected.agreed, Some(Agreed::NOTHING));
    }

    #[test]
    fn may_be_accepted_with_less() {
        let max = Window::MAX;
        let [eight, nine, ten] = [8, 9, 10].map(|bits| window(bits).kept());
        for (offer, parameters, server, client) in [
            (OFFERS_ALL, "", max, max),
            (OFFERS_ALL, ";server_max_window_bits=15", max, max),
            (OFFERS_ALL, "; client_max_window_bits=15", max, max),
            (OFFERS_ALL, "; server_max_window_bits=10", ten, max),
            (OFFERS_ALL, "; server_max_window_bits=8", eight, max),
            (OFFERS_ALL, "; client_max_window_bits=\"9\"", max, nine),
            (
                OFFERS_ALL,
                " ; client_max_window_bits = \"1\\0\" ",
                max,
                ten,
            ),
            (OFFERS_ALL, "; client_max_window_bits=8", max, eight),
            (OFFERS_ALL, "; server_no_context_takeover", window(15), max),
            (OFFERS_ALL, "; client_no_context_takeover", max, window(15)),
            (
                OFFERS_ALL,
                "; client_max_window_bits=9; client_no_context_takeover; \
                 server_max_window_bits=10; server_no_context_takeover",
                window(10),
                window(9),
            ),
            (offers(ten, max), "; server_max_window_bits=10", ten, max),
            (offers(ten, max), "; server_max_window_bits=9", nine, max),
            // A client may always use less than it is allowed.
            (offers(max, ten), "", max, ten),
            (offers(max, ten), "; client_max_window_bits=15", max, ten),
            (offers(max, ten), "; client_max_window_bits=9", max, nine),
            (offers(max, window(10)), "", max, window(10)),
            (
                offers(max, window(10)),
                "; client_max_window_bits=9",
                max,
                window(9),
            ),
            (
                offers(window(15), max),
                "; server_no_context_takeover",
                window(15),
                max,
            ),
        ] {
            let extensions = format!("permessage-deflate{parameters}");
            let expected = Ok(Deflate { server, client });
            assert_eq!(agreed(offer, &extensions), expected, "{extensions}");
        }
    }

    /// > A client MUST _Fail the WebSocket Connection_ if the peer server accepted an extension
    /// > negotiation offer for this extension with an extension negotiation response meeting any of
    /// > the following conditions [...] (section 7)
    #[test]
    fn must_not_be_accepted_with_parameters_that_do_not_answer_it() {
        for parameters in [
            "; unknown",
            "; unknown=1",
            "; Server_no_context_takeover",
            "; server_no_context_takeover; server_no_context_takeover",
            "; client_no_context_takeover; client_no_context_takeover",
            "; server_max_window_bits=10; server_max_window_bits=10",
            "; client_max_window_bits=10; client_max_window_bits=9",
            "; server_no_context_takeover=1",
            "; client_no_context_takeover=\"\"",
            "; server_max_window_bits",
            "; client_max_window_bits",
            "; server_max_window_bits=",
            "; server_max_window_bits=7",
            "; server_max_window_bits=16",
            "; server_max_window_bits=010",
            "; server_max_window_bits=+9",
            "; client_max_window_bits=0",
            "; client_max_window_bits=08",
            "; client_max_window_bits=266",
            "; client_max_window_bits=x",
            "; client_max_window_bits=\"10",
            "; client_max_window_bits=10\"",
            "; client_max_window_bits=\"10\\\"",
            // The grammar of RFC 6455 section 9.1.
            ";",
            ";;",
            "; server_no_context_takeover;",
            "; ; server_no_context_takeover",
            "; =",
            // Other extensions follow.
            "; client_max_window_bits=10, x",
            "; server_no_context_takeover, permessage-deflate",
            "; server_no_context_takeover,",
        ] {
            let extensions = format!("permessage-deflate{parameters}");
            let error = Err(ResponseError::WrongDeflate);
            assert_eq!(agreed(OFFERS_ALL, &extensions), error, "{extensions}");
        }
    }

    /// > A server accepts an extension negotiation offer with this parameter by including the
    /// > "server_max_window_bits" extension parameter in the extension negotiation response [...]
    /// > with the same or smaller value as the offer. (section 7.1.2.1)
    #[test]
    fn must_not_be_accepted_with_more() {
        let ten = offers(window(10).kept(), Window::MAX);
        let fresh = offers(window(15), Window::MAX);
        for (offer, parameters) in [
            (ten, ""),
            (ten, "; server_max_window_bits=11"),
            (ten, "; server_max_window_bits=15"),
            (ten, "; client_max_window_bits=10"),
            (fresh, ""),
            (fresh, "; server_max_window_bits=9"),
            (fresh, "; client_no_context_takeover"),
        ] {
            let extensions = format!("permessage-deflate{parameters}");
            let error = Err(ResponseError::WrongDeflate);
            assert_eq!(agreed(offer, &extensions), error, "{extensions}");
        }
    }

    #[test]
    fn must_not_be_answered_with_another_extension() {
        for extensions in [
            "",
            ",",
            "Permessage-deflate",
            "\"permessage-deflate\"",
            "x-webkit-deflate-frame",
            "x, permessage-deflate",
            "permessage-deflate, x",
            "permessage-deflate, permessage-deflate",
            ", permessage-deflate",
            "permessage-deflate,",
            "permessage-deflate\r\nSec-WebSocket-Extensions: permessage-deflate",
            "permessage-deflate\r\nSec-WebSocket-Extensions: x",
            "permessage-deflate\r\nSec-WebSocket-Extensions:",
        ] {
            let error = Err(ResponseError::UnexpectedExtension);
            assert_eq!(agreed(OFFERS_ALL, extensions), error, "{extensions}");
        }
    }

    #[test]
    fn has_its_error_before_that_of_the_subprotocol_and_after_that_of_the_key() {
        let lines = [
            "Sec-WebSocket-Extensions: permessage-deflate; x",
            "Sec-WebSocket-Protocol: x",
        ];
        let response = head(&[&RESPONSE[..], &lines].concat());
        let error = connected(OFFERS_ALL, &response).error;
        assert_eq!(error, Some(ResponseError::WrongDeflate));
        let response = response.replace("s3pP", "s3pQ");
        let error = connected(OFFERS_ALL, &response).error;
        assert_eq!(error, Some(ResponseError::WrongAccept));
    }
}

mod a_response_that_opens {
    use super::*;

    #[test]
    fn has_a_line_and_three_headers_at_least() {
        assert_eq!(assert_opens(REQUEST, &head(&RESPONSE)), None);
    }

    #[test]
    fn may_be_written_otherwise() {
        for response in [
            with("HTTP", &["HTTP/1.1 101 "]),
            with("HTTP", &["HTTP/1.1 101"]),
            with("HTTP", &["HTTP/1.9 101 a"]),
            with("HTTP", &["HTTP/1.1 101 Gr\u{fc}\u{df}e und so weiter"]),
            with("Upgrade", &["uPGRADE:\t WebSocket \t"]),
            with("Connection", &["connection: keep-alive, upgrade"]),
            with(
                "Connection",
                &["Connection: keep-alive", "Connection: UPGRADE"],
            ),
            with_more("Server: a: b"),
            with_more("Set-Cookie:"),
        ] {
            assert_opens(REQUEST, &response);
        }
    }

    #[test]
    fn may_choose_one_of_the_requested_subprotocols() {
        let request = ClientRequest {
            subprotocols: &["chat", "superchat"],
            ..REQUEST
        };
        assert_eq!(assert_opens(request, &head(&RESPONSE)), None);
        for chosen in ["chat", "superchat"] {
            let response = with_more(&format!("Sec-WebSocket-Protocol: {chosen}"));
            assert_eq!(assert_opens(request, &response).as_deref(), Some(chosen));
        }
    }

    /// > A client MUST be able to parse one or more 1xx responses received prior to a final
    /// > response
    #[test]
    fn may_follow_interim_responses() {
        let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n\
            HTTP/1.1 199 a\r\n\r\n";
        assert_opens(REQUEST, &format!("{early}{}", head(&RESPONSE)));
    }

    #[test]
    fn may_be_followed_directly_by_frames_of_any_kind() {
        let frames = [masked(PING, "1"), masked(TEXT, "hello"), masked(PING, "2")].concat();
        let input = [head(&RESPONSE).into_bytes(), mirrored(&frames)].concat();
        let session = connect_always(REQUEST, &input).session.unwrap();
        assert_eq!(
            session.frames,
            [
                Frame::new(PONG, "1"),
                Frame::new(TEXT, "hello"),
                Frame::new(PONG, "2"),
            ]
        );
    }
}

mod a_response_that_does_not_open {
    use super::*;

    /// > If the status code received from the server is not 101, the client handles the response
    /// > per HTTP [RFC2616] procedures.
    #[test]
    fn gives_its_status_its_reason_and_its_content() {
        for (line, status, reason) in [
            ("HTTP/1.1 403 Forbidden", 403, "Forbidden"),
            ("HTTP/1.0 404 Not Found", 404, "Not Found"),
            ("HTTP/1.1 302 Found", 302, "Found"),
            ("HTTP/1.1 200", 200, ""),
            ("HTTP/1.1 999 ?", 999, "?"),
            ("HTTP/1.1 503 a  b", 503, "a  b"),
        ] {
            let response = head(&[line, "Location: /b", "Content-Length: 7"]);
            let connected = assert_fails(&response, ResponseError::Status(status));
            assert_eq!((connected.status, &*connected.reason), (status, reason));
            assert_eq!(connected.content, b"\x81\x05hello");
        }
    }

    #[test]
    fn gives_its_headers() {
        let mut handshake = ClientHandshake::<256>::new(REQUEST, NONCE).unwrap();
        let mut buffer = Buffer::new([0; 1024]);
        let response = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nX: 1\r\nlocation:/c\r\n\r\n";
        buffer.spare_mut()[..response.len()].copy_from_slice(response);
        buffer.commit(response.len());
        let result = handshake.advance(&mut buffer);
        assert_eq!(result, Err(ResponseError::Status(302)));
        assert_eq!(
            handshake.advance(&mut buffer),
            Ok(Progress::Wait),
            "it is reported once"
        );
        assert!(handshake.is_done());
        let response = handshake.response();
        let locations: Vec<_> = response.headers("Location").collect();
        assert_eq!(locations, [b"/b", b"/c"]);
    }

    #[test]
    fn is_of_another_version() {
        let response = with("HTTP", &["HTTP/1.0 101 Switching Protocols"]);
        assert_fails(&response, ResponseError::UnsupportedHttpVersion);
    }

    #[test]
    fn lacks_what_it_must_have() {
        for (response, error) in [
            (with("Upgrade", &[]), ResponseError::NoUpgrade),
            (with("Upgrade", &["Upgrade: h2c"]), ResponseError::NoUpgrade),
            (
                with("Upgrade", &["Upgrade: websocket, h2c"]),
                ResponseError::NoUpgrade,
            ),
            (
                with("Upgrade", &["Upgrade: websocket, websocket"]),
                ResponseError::NoUpgrade,
            ),
            (
                with("Upgrade", &["Upgrade: websocket", "Upgrade: websocket"]),
                ResponseError::RepeatedUpgrade,
            ),
            (with("Connection", &[]), ResponseError::NoConnectionUpgrade),
            (
                with("Connection", &["Connection: keep-alive"]),
                ResponseError::NoConnectionUpgrade,
            ),
            (with("Sec", &[]), ResponseError::NoAccept),
        ] {
            assert_fails(&response, error);
        }
    }

    #[test]
    fn answers_another_key() {
        for accept in [
            "",
            "dGhlIHNhbXBsZSBub25jZQ==",
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
            "S3PPLMBITXAQ9KYGZZHZRBK+XOO=",
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        ] {
            let line = format!("Sec-WebSocket-Accept: {accept}");
            assert_fails(&with("Sec", &[&line]), ResponseError::WrongAccept);
        }
        let twice = with("Sec", &[RESPONSE[3], RESPONSE[3]]);
        assert_fails(&twice, ResponseError::RepeatedAccept);
    }

    /// > [...] indicates the use of an extension that was not present in the client's handshake
    #[test]
    fn chooses_an_extension() {
        for extension in ["permessage-deflate", "a, b", ""] {
            let response = with_more(&format!("Sec-WebSocket-Extensions: {extension}"));
            assert_fails(&response, ResponseError::UnexpectedExtension);
        }
    }

    /// > [...] indicates the use of a subprotocol that was not present in the client's handshake
    #[test]
    fn chooses_several_subprotocols_or_one_that_was_not_requested() {
        let error = ResponseError::UnexpectedSubprotocol;
        assert_fails(&with_more("Sec-WebSocket-Protocol: chat"), error);
        let request = ClientRequest {
            subprotocols: &["chat", "superchat"],
            ..REQUEST
        };
        for chosen in [
            "",
            "Chat",
            "chat, superchat",
            "chat\r\nSec-WebSocket-Protocol: superchat",
            "chat\r\nSec-WebSocket-Protocol: chat",
        ] {
            let response = with_more(&format!("Sec-WebSocket-Protocol: {chosen}"));
            let connected = connected(request, &response);
            let error = if chosen.contains("\r\n") {
                ResponseError::RepeatedSubprotocol
            } else {
                error
            };
            assert_eq!(connected.error, Some(error), "{chosen}");
        }
    }

    #[test]
    fn is_not_http() {
        for line in [
            "SSH-2.0-OpenSSH_9.2",
            "",
            "HTTP/1.1",
            "HTTP/1.1  101",
            "HTTP/2 101 a",
            "HTTP/1.1 10 a",
            "HTTP/1.1 1O1 a",
            "HTTP/1.1 1010 a",
            "HTTP/1.1 -10 a",
            "HTTP/1.1 001 a",
            "http/1.1 101 a",
            " HTTP/1.1 101 a",
        ] {
            let line = format!("{line}\r\n");
            assert_fails_at_last_byte(&line, ResponseError::MalformedStatusLine);
        }
    }

    #[test]
    fn is_malformed() {
        // A TLS alert.
        let error = ResponseError::Syntax(SyntaxError::ControlCharacter);
        assert_fails("\x15\x03\x03", error);
        for (start, error) in [
            ("HTTP/1.1 101 a\n", SyntaxError::BareLineFeed),
            ("HTTP/1.1 101 a\rb", SyntaxError::BareCarriageReturn),
            ("HTTP/1.1 101 a\0", SyntaxError::ControlCharacter),
            ("HTTP/1.1 101 a\r\nb\r\n", SyntaxError::MalformedHeader),
            ("HTTP/1.1 101 a\r\nb c: d\r\n", SyntaxError::MalformedHeader),
            (
                "HTTP/1.1 101 a\r\nb: c\r\n d\r\n",
                SyntaxError::FoldedHeader,
            ),
        ] {
            assert_fails_at_last_byte(start, ResponseError::Syntax(error));
            let connected = connected(REQUEST, start);
            assert_eq!((connected.status, &*connected.reason), (0, ""));
        }
    }

    #[test]
    fn is_too_long() {
        let start = "HTTP/1.1 101 ";
        let long = format!("{start}{}", "a".repeat(1024 - start.len() + 1));
        assert_fails_at_last_byte(&long, ResponseError::HeadTooLarge);
    }
}
