//! Requests by HTTP/1.0, which may have a page and no WebSocket (RFC 9110 section 7.8).

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
        assert_eq!(handshake.request().version(), "HTTP/1.0");
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

/// The head of a refusal.
fn answer(mut handshake: WithHttp10) -> String {
    let mut buffer = Buffer::new(vec![0; 1024]);
    while !handshake.is_done() {
        assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Wait));
    }
    String::from_utf8_lossy(buffer.ready()).into_owned()
}

#[test]
fn every_answer_has_the_version_of_the_request() {
    for (line, version) in [
        ("GET / HTTP/1.0", "HTTP/1.0"),
        ("GET / HTTP/1.1", "HTTP/1.1"),
        ("GET / HTTP/2.0", "HTTP/1.1"),
    ] {
        for header in ["Host: a", "Host: a b", "Upgrade: websocket"] {
            let request = head(&[line, header]);
            let (checked, mut handshake) = checked(&request, 1);
            assert!(checked.is_err());
            let _ = handshake.accept(Acceptance::default());
            handshake.explain("why");
            assert!(answer(handshake).starts_with(version), "{line} {header}");
        }
        let request = head(&[line, "Host: a"]);
        let (_, mut handshake) = checked(&request, request.len());
        handshake
            .respond(&HttpResponse::new("200 OK"))
            .expect("an answer");
        assert!(answer(handshake).starts_with(version), "{line}");
        // Not complete.
        let mut handshake = WithHttp10::with_http_1_0();
        let mut buffer = Buffer::new(vec![0; 1024]);
        let len = line.len() + 3;
        buffer.spare_mut()[..len].copy_from_slice(&request[..len]);
        buffer.commit(len);
        let _ = handshake.advance(&mut buffer);
        handshake.refuse(Refusal::Timeout, "");
        assert!(answer(handshake).starts_with(version), "{line}");
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
