//! What is sent: the recorded frames, in their order, and at their time.

use std::io::Write as _;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ws_echo_tests::scripted_server::{accept, accept_with, frame, server, unmasked};
use ws_echo_tests::server::PATIENCE;
use ws_echo_tests::wire::{BINARY, CLOSE, CONTINUATION, PING, PONG, RSV1, TEXT};

use super::{
    CLIENT_CLOSE, END, NO_COOKIE, Outcome, REQUEST, Recording, SERVER_CLOSE, echoed, listening,
    replay, same, text,
};

#[test]
fn the_frames_of_the_client_are_sent_as_they_were_recorded() {
    let recording = Recording::new(&[
        r#"{"type":"message","after":0.1,"from":"client","kind":"text","text":"aß水","frames":[2,0,4]}"#,
        r#"{"type":"ping","after":0.1,"from":"client","base64":"AQI="}"#,
        r#"{"type":"pong","after":0.1,"from":"client","text":"unasked"}"#,
        r#"{"type":"message","after":0.1,"from":"client","kind":"binary","base64":"AP8=","frames":[2]}"#,
        r#"{"type":"message","after":0.1,"from":"client","kind":"text","text":"","frames":[0]}"#,
        CLIENT_CLOSE,
        SERVER_CLOSE,
        END,
    ]);
    let (url, received) = listening([]);
    for options in [&[][..], &["--fast"]] {
        assert_eq!(
            replay(recording.path(), &url, options),
            same("1 of 1 answer")
        );
        let (_, frames) = received.recv_timeout(PATIENCE).unwrap();
        let expected = [
            (0x01, b"a\xc3".to_vec()),
            (0x00, Vec::new()),
            (CONTINUATION, b"\x9f\xe6\xb0\xb4".to_vec()),
            (PING, vec![1, 2]),
            (PONG, b"unasked".to_vec()),
            (BINARY, vec![0, 0xFF]),
            (TEXT, Vec::new()),
            (CLOSE, b"\x03\xe8bye".to_vec()),
        ];
        assert_eq!(frames, expected);
    }
}

#[test]
fn the_request_has_the_headers_of_the_application_and_the_path_of_the_url() {
    let recording = echoed(&[]);
    let (url, received) = listening([]);
    replay(recording.path(), &format!("{url}new?a=b"), &[]);
    let (request, _) = received.recv_timeout(PATIENCE).unwrap();
    assert!(
        request.starts_with("GET /new?a=b HTTP/1.1\r\n"),
        "{request}"
    );
    for header in [
        "User-Agent: test/1",
        "Sec-WebSocket-Protocol: v2, v1",
        "Origin: http://old.example",
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{request}");
    }
    for other in ["old.example\r\nUpgrade", "AAAAAAAA", "Cookie", "permessage"] {
        assert!(!request.contains(other), "{request}");
    }
    assert_eq!(request.matches("Sec-WebSocket-Version").count(), 1);
    assert_eq!(request.matches("Host: 127.0.0.1").count(), 1);
}

#[test]
fn a_ping_is_answered_when_it_comes_and_not_when_it_was_answered_before() {
    let recording = Recording::new(&[
        r#"{"type":"ping","after":0.1,"from":"server","text":"old"}"#,
        r#"{"type":"pong","after":0.1,"from":"client","text":"old"}"#,
        &text("client", "a"),
        CLIENT_CLOSE,
        SERVER_CLOSE,
        END,
    ]);
    let (url, received) = listening([]);
    assert_eq!(replay(recording.path(), &url, &[]).status, Some(0));
    let (_, frames) = received.recv_timeout(PATIENCE).unwrap();
    let firsts: Vec<_> = frames.iter().map(|(first, _)| *first).collect();
    assert_eq!(firsts, [TEXT, CLOSE]);
    let recording = Recording::new(&[&text("server", "a"), CLIENT_CLOSE, SERVER_CLOSE, END]);
    let greeting = [unmasked(PING, "new"), unmasked(TEXT, "a")].concat();
    let (url, received) = listening(greeting);
    assert_eq!(replay(recording.path(), &url, &[]).status, Some(0));
    let (_, frames) = received.recv_timeout(PATIENCE).unwrap();
    assert_eq!(frames[0], (PONG, b"new".to_vec()));
    assert_eq!(frames.len(), 2);
}

#[test]
fn a_close_without_a_code_stays_without_one() {
    let recording = Recording::new(&[
        r#"{"type":"close","after":0.1,"from":"client","code":null,"reason":""}"#,
        r#"{"type":"close","after":0.1,"from":"server","code":null,"reason":""}"#,
        END,
    ]);
    let (url, received) = listening([]);
    assert_eq!(replay(recording.path(), &url, &[]), same("1 of 1 answer"));
    let (_, frames) = received.recv_timeout(PATIENCE).unwrap();
    assert_eq!(frames, [(CLOSE, Vec::new())]);
}

#[test]
fn at_what_no_client_may_send_the_replay_ends() {
    let recording = Recording::new(&[
        &text("client", "a"),
        &text("server", "a"),
        r#"{"type":"invalid","after":0.1,"from":"client","reason":"a reserved opcode","base64":"gw=="}"#,
        r#"{"type":"close","after":0.1,"from":"server","code":1002,"reason":""}"#,
        END,
    ]);
    let url = super::answering(|_, first, payload| unmasked(first, payload));
    let expected = Outcome {
        stderr: format!(
            "{NO_COOKIE}ws-echo: line 5 is what no client may send: the recording was played up to \
             there\n"
        ),
        ..same("1 of 1 answer")
    };
    assert_eq!(replay(recording.path(), &url, &[]), expected);
}

#[test]
fn at_the_recorded_pace_a_message_waits_for_its_time() {
    let first = text("client", "a");
    let later = first.replace("0.02", "0.42");
    let close = CLIENT_CLOSE.replace("3.0", "0.42");
    let recording = Recording::new(&[&first, &later, &close, SERVER_CLOSE, END]);
    let (sender, times) = channel();
    let sender = Arc::new(Mutex::new(sender));
    let url = server(move |mut stream| {
        accept(&mut stream)?;
        loop {
            let (first, payload) = frame(&mut stream)?;
            if first == CLOSE {
                return stream.write_all(&unmasked(CLOSE, payload)).ok();
            }
            sender.lock().unwrap().send(Instant::now()).ok()?;
        }
    });
    assert_eq!(replay(recording.path(), &url, &[]).status, Some(0));
    let [first, later] = [(); 2].map(|()| times.recv_timeout(PATIENCE).unwrap());
    // The first may be received late.
    assert!(later - first > Duration::from_millis(200));
}

#[test]
fn without_pauses_a_message_waits_for_the_answers_before_it() {
    let recording = echoed(&["a", "b", "c"]);
    let url = server(|mut stream| {
        accept(&mut stream)?;
        loop {
            let (first, payload) = frame(&mut stream)?;
            // If there were another frame, this would receive it.
            let pause = Some(Duration::from_millis(100));
            stream.set_read_timeout(pause).ok()?;
            let further = stream.peek(&mut [0]);
            stream.set_read_timeout(None).ok()?;
            if further.is_ok() && first != CLOSE {
                return stream.write_all(&unmasked(TEXT, "too early")).ok();
            }
            stream.write_all(&unmasked(first, payload)).ok()?;
        }
    });
    let ended = replay(recording.path(), &url, &["--fast"]);
    assert_eq!(ended, same("4 of 4 answers"));
}

const DEFLATED_RESPONSE: &str = r#"{"type":"response","after":0.01,"status":101,"headers":[["Sec-WebSocket-Extensions","permessage-deflate; client_no_context_takeover; server_no_context_takeover"]]}"#;
const FRESH: &str = "permessage-deflate; client_no_context_takeover; server_no_context_takeover";
/// `Hello` (RFC 7692 section 7.2.3.1), in two frames.
const HELLO: [&str; 2] = [
    r#"{"type":"message","after":0.02,"from":"client","kind":"text","base64":"8kjNyckHAA==","frames":[3,4],"compressed":true}"#,
    r#"{"type":"message","after":0.02,"from":"server","kind":"text","base64":"8kjNyckHAA==","frames":[7],"compressed":true}"#,
];

#[test]
fn a_compressed_message_is_sent_as_it_was_recorded_if_the_server_agrees() {
    let lines = [HELLO[0], HELLO[1], CLIENT_CLOSE, SERVER_CLOSE, END];
    let recording = Recording::with_handshake(&[REQUEST, DEFLATED_RESPONSE], &lines);
    let url = server(|mut stream| {
        let request = accept_with(&mut stream, FRESH)?;
        let offer = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; \
                     client_no_context_takeover";
        assert!(request.contains(offer), "{request}");
        let frames = [frame(&mut stream)?, frame(&mut stream)?];
        let expected = [
            (0x01 | RSV1, b"\xf2\x48\xcd".to_vec()),
            (CONTINUATION, b"\xc9\xc9\x07\x00".to_vec()),
        ];
        assert_eq!(frames, expected);
        // The same text, not compressed.
        stream.write_all(&unmasked(TEXT, "Hello")).ok()?;
        let (_, payload) = frame(&mut stream)?;
        stream.write_all(&unmasked(CLOSE, payload)).ok()
    });
    assert_eq!(replay(recording.path(), &url, &[]), same("2 of 2 answers"));
}

#[test]
fn a_compressed_message_is_sent_plain_if_the_server_does_not_agree() {
    let lines = [HELLO[0], HELLO[1], CLIENT_CLOSE, SERVER_CLOSE, END];
    let recording = Recording::with_handshake(&[REQUEST, DEFLATED_RESPONSE], &lines);
    let url = super::answering(|_, first, payload| {
        assert_eq!((first, payload), (TEXT, &b"Hello"[..]));
        unmasked(first, payload)
    });
    let expected = Outcome {
        stderr: format!(
            "{NO_COOKIE}ws-echo: 1 message sent without compression: the server has not agreed to \
             the recorded one\n"
        ),
        ..same("2 of 2 answers")
    };
    assert_eq!(replay(recording.path(), &url, &[]), expected);
}

#[test]
fn a_message_that_is_truncated_is_sent_as_far_as_it_is_recorded_and_not_compared() {
    let truncated = |from| {
        format!(
            r#"{{"type":"message","after":0.02,"from":"{from}","kind":"text","base64":"YcM=","frames":[900,900],"truncated":true,"len":1800}}"#
        )
    };
    let recording = Recording::new(&[
        &truncated("client"),
        &truncated("server"),
        CLIENT_CLOSE,
        SERVER_CLOSE,
        END,
    ]);
    let url = super::answering(|_, first, payload| {
        assert_eq!((first, payload), (TEXT, &b"a"[..]));
        unmasked(first, payload)
    });
    let ended = replay(recording.path(), &url, &[]);
    assert_eq!(
        ended.stdout,
        "same: 1 of 2 answers as recorded, 1 not compared\n"
    );
    assert_eq!(ended.status, Some(0));
    for note in [
        "1 message sent only as far as the recording has it",
        "1 answer not compared: truncated in the recording, or impossible to inflate",
    ] {
        assert!(ended.stderr.contains(note), "{}", ended.stderr);
    }
}

#[test]
fn a_compressed_message_that_is_truncated_is_not_sent_and_its_answer_not_waited_for() {
    let truncated = |line: &str| {
        let end = r#""compressed":true,"truncated":true,"len":1800}"#;
        line.replace(r#""compressed":true}"#, end)
    };
    let recording = Recording::with_handshake(
        &[REQUEST, DEFLATED_RESPONSE],
        &[
            &truncated(HELLO[0]),
            &truncated(HELLO[1]),
            HELLO[0],
            HELLO[1],
            CLIENT_CLOSE,
            SERVER_CLOSE,
            END,
        ],
    );
    let url = super::answering(|_, first, payload| unmasked(first, payload));
    let ended = replay(recording.path(), &url, &["--fast", "--timeout=24h"]);
    assert_eq!(
        ended.stdout,
        "same: 2 of 3 answers as recorded, 1 not compared\n"
    );
    assert!(ended.stderr.contains("ws-echo: 1 message not sent\n"));
}
