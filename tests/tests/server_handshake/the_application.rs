//! What the application sees of a request, and how it answers.

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
fn sees_all_headers_as_they_were_written() {
    let more = [
        "coOKie: a=b",
        "X-Empty:",
        "X-Colon: a:b: c ",
        "COOKIE:c=d",
        "X-Tab: \ta\tb\t",
    ];
    let mut request = with_more(&more);
    let at = request.len() - 2;
    request.splice(at..at, *b"X-Bytes: a\xff\xfe\xc3\xa9\r\n");
    let (mut handshake, mut buffer) = complete(&request);
    assert_eq!(handshake.request().all_headers().count(), 0);
    assert_eq!(handshake.request().version(), "");
    assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
    assert_eq!(handshake.request().version(), "HTTP/1.1");
    let headers: Vec<_> = handshake.request().all_headers().collect();
    assert_eq!(headers[0].0, "Host");
    let last = &headers[headers.len() - 6..];
    let expected = [
        ("coOKie", &b"a=b"[..]),
        ("X-Empty", b""),
        ("X-Colon", b"a:b: c"),
        ("COOKIE", b"c=d"),
        ("X-Tab", b"a\tb"),
        ("X-Bytes", b"a\xff\xfe\xc3\xa9"),
    ];
    assert_eq!(last, expected);
    handshake
        .accept(Acceptance::default())
        .expect("it is accepted");
    assert_eq!(handshake.request().all_headers().count(), 0);
    assert_eq!(handshake.request().version(), "");
}

#[test]
fn sees_the_extensions_that_are_offered_as_they_were_written() {
    let request = with_more(&[
        "Sec-WebSocket-Extensions: permessage-deflate;  client_max_window_bits ,, foo; a=\"b,\\\"c\"",
        "sec-websocket-extensions:",
        "Sec-WebSocket-Extensions:bar",
    ]);
    let (mut handshake, mut buffer) = complete(&request);
    assert_eq!(handshake.request().extensions().count(), 0);
    assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
    let offered: Vec<_> = handshake.request().extensions().collect();
    let expected = [
        &b"permessage-deflate;  client_max_window_bits"[..],
        b"foo; a=\"b,\\\"c\"",
        b"bar",
    ];
    assert_eq!(offered, expected);
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
