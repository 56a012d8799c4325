//! The response and the greeting.

use super::stage::*;
use crate::serve::behaviour::performance::response::{refusal, rewrite};
use crate::serve::behaviour::{HandshakeBehaviour, TestRefusal};

const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[test]
fn the_greeting_is_in_one_write_with_the_response() {
    let mut stage = Stage::greeting("hi", |_| {});
    assert_eq!(stage.taken(), [(0, [RESPONSE, &echo("hi")].concat())]);
    assert_eq!(stage.pass(60 * SECOND), 0, "nothing wakes it");
}

#[test]
fn a_separate_greeting_follows_the_response_after_its_time() {
    let mut stage = Stage::greeting("hi", |it| {
        it.handshake.delay = 2 * SECOND;
        it.greeting.separate = Some(200 * MILLISECOND);
    });
    // It sends before it has the response.
    stage.send(text("early"));
    stage.pass(5 * SECOND);
    assert_eq!(
        stage.taken(),
        [
            (2000, RESPONSE.to_vec()),
            (2200, echo("hi")),
            (2200, echo("early"))
        ]
    );
}

#[test]
fn a_response_that_is_cut_is_written_piece_by_piece_a_millisecond_apart() {
    let mut stage = Stage::greeting("hi", |it| it.handshake.piece_len = 7);
    stage.pass(SECOND);
    let whole = [RESPONSE, &echo("hi")].concat();
    let pieces = whole.chunks(7).map(<[u8]>::to_vec);
    let expected: Vec<Written> = (0..).zip(pieces).collect();
    assert_eq!(stage.taken(), expected);
    stage.send(text("a message is not cut"));
    assert_eq!(stage.bytes(), echo("a message is not cut"));
}

#[test]
fn headers_a_subprotocol_and_a_wrong_accept_value_are_put_into_the_right_response() {
    let mut response = SWITCHING.to_vec();
    rewrite(&mut response, &HandshakeBehaviour::default());
    assert_eq!(response, SWITCHING);

    let handshake = HandshakeBehaviour {
        headers: vec![
            ("X-Name".into(), "a value".into()),
            ("X-Name".into(), "another".into()),
        ],
        subprotocol: Some("mqtt".into()),
        has_wrong_accept: true,
        ..HandshakeBehaviour::default()
    };
    rewrite(&mut response, &handshake);
    let expected = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\
        Sec-WebSocket-Protocol: mqtt\r\nX-Name: a value\r\nX-Name: another\r\n\r\n";
    assert_eq!(str::from_utf8(&response), Ok(expected));
    // The value is wrong for this key as well.
    rewrite(&mut response, &handshake);
    let response = String::from_utf8_lossy(&response);
    assert!(response.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

#[test]
fn a_refusal_has_what_was_asked_for() {
    let refused = TestRefusal {
        status: 503,
        retry_after: Some(5),
        ..TestRefusal::default()
    };
    let bytes = refusal(&refused, &[("X-Name".into(), "value".into())]);
    let expected = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\
        Content-Type: text/plain; charset=utf-8\r\nContent-Length: 24\r\nRetry-After: 5\r\n\
        X-Name: value\r\n\r\n503 Service Unavailable\n";
    assert_eq!(str::from_utf8(&bytes), Ok(expected));

    let refused = TestRefusal {
        status: 307,
        location: Some("ws://localhost/".into()),
        body: Some("<p>é</p>".into()),
        ..TestRefusal::default()
    };
    let bytes = refusal(&refused, &[("content-type".into(), "text/html".into())]);
    let expected = "HTTP/1.1 307 Temporary Redirect\r\nConnection: close\r\n\
        Content-Type: text/html\r\nContent-Length: 9\r\nLocation: ws://localhost/\r\n\r\n<p>é</p>";
    assert_eq!(str::from_utf8(&bytes), Ok(expected));

    let refused = TestRefusal {
        status: 204,
        ..TestRefusal::default()
    };
    let bytes = refusal(&refused, &[]);
    assert_eq!(
        bytes,
        b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
    );

    for (status, expected) in [(304, "304 Not Modified"), (599, "599 ")] {
        let refused = TestRefusal {
            status,
            ..TestRefusal::default()
        };
        let bytes = String::from_utf8(refusal(&refused, &[])).expect("it is ASCII");
        assert!(
            bytes.starts_with(&format!("HTTP/1.1 {expected}\r\n")),
            "{bytes}"
        );
        assert_eq!(
            bytes.contains("Content-Length: 0\r\n"),
            status == 304,
            "{bytes}"
        );
    }
}
