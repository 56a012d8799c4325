//! Requests that are accepted, and the response (RFC 6455 sections 4.2.1 and 4.2.2).

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

/// Without an answer to its offer, no extension is in the response (section 9.1).
#[test]
fn extensions_are_not_negotiated() {
    for offer in [
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "Sec-WebSocket-Extensions: x-unknown; a=\"b\", permessage-deflate",
    ] {
        assert_accepted(&with_more(&[offer]));
    }
}
