//! What is compared, and how differences are printed.

use std::io::Write as _;

use serde_json::{Value, json};
use ws_echo_tests::scripted_server::{accept, close, frame, server, unmasked};
use ws_echo_tests::wire::{BINARY, CLOSE, PING, TEXT};

use super::{
    CLIENT_CLOSE, END, Recording, SERVER_CLOSE, SHORT, answering, different, echoed, replay, same,
    text,
};

#[test]
fn a_message_that_the_server_changes_is_a_difference() {
    let recording = echoed(&["a", "b\\u001b[2J", "c"]);
    let url = answering(|number, first, payload| match number {
        1 => unmasked(BINARY, "b\x1b"),
        _ => unmasked(first, payload),
    });
    let expected = different(&[
        r#"1: line 6: expected text "b\u{1b}[2J", got binary 0x621b"#,
        "different: 1 difference; 3 of 4 answers as recorded",
    ]);
    for options in [&[][..], &["--fast"]] {
        assert_eq!(replay(recording.path(), &url, options), expected);
    }
}

#[test]
fn an_answer_that_does_not_come_is_a_difference() {
    let recording = echoed(&["a", "b", "c"]);
    let url = answering(|number, first, payload| match number {
        1 => Vec::new(),
        _ => unmasked(first, payload),
    });
    let expected = different(&[
        r#"1: line 6: expected text "b", got nothing"#,
        "different: 1 difference; 3 of 4 answers as recorded",
    ]);
    for options in [&[SHORT][..], &["--fast", SHORT]] {
        assert_eq!(replay(recording.path(), &url, options), expected);
    }
}

#[test]
fn a_message_that_was_not_recorded_is_a_difference() {
    let recording = echoed(&["a", "b"]);
    let url = answering(|number, first, payload| match number {
        0 => [unmasked(TEXT, "x"), unmasked(first, payload)].concat(),
        _ => unmasked(first, payload),
    });
    let expected = different(&[
        r#"1: after line 4: got text "x", which was not recorded"#,
        "different: 1 difference; 3 of 3 answers as recorded",
    ]);
    assert_eq!(replay(recording.path(), &url, &["--fast"]), expected);
}

#[test]
fn another_close_is_a_difference() {
    let recording = echoed(&[]);
    let url = server(|mut stream| {
        accept(&mut stream)?;
        frame(&mut stream)?;
        stream.write_all(&close(1000, "see you")).ok()
    });
    let expected = different(&[
        "1: line 4: expected Close 1000: bye, got Close 1000: see you",
        "different: 1 difference; 0 of 1 answer as recorded",
    ]);
    assert_eq!(replay(recording.path(), &url, &["--fast"]), expected);
}

#[test]
fn a_server_that_closes_too_early_is_a_difference_and_the_rest_is_counted() {
    let recording = echoed(&["a", "b", "c"]);
    let url = server(|mut stream| {
        accept(&mut stream)?;
        let (first, payload) = frame(&mut stream)?;
        stream.write_all(&unmasked(first, payload)).ok()?;
        frame(&mut stream)?;
        stream.write_all(&close(1011, "oops")).ok()?;
        frame(&mut stream).map(drop)
    });
    let ended = replay(recording.path(), &url, &["--fast"]);
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            r#"1: line 6: expected text "b", got Close 1011: oops"#,
            r#"2: line 8: expected text "c", got nothing"#,
            "different: 3 differences; 1 of 4 answers as recorded",
        ]
    );
    assert!(ended.stderr.contains("ws-echo: 1 message not sent\n"));
    let note = "ws-echo: 1 further difference not listed\n";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
    assert_eq!(ended.status, Some(4));
}

#[test]
fn a_server_that_violates_the_protocol_is_a_difference_unless_it_did_before() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        // A reserved opcode.
        stream.write_all(&unmasked(0x83, "")).ok()?;
        frame(&mut stream).map(drop)
    });
    let recording = Recording::new(&[&text("server", "a"), END]);
    let ended = replay(recording.path(), &url, &["--fast", SHORT]);
    assert_eq!(ended.status, Some(4));
    let expected = r#"1: line 3: expected text "a", got what no server may send: "#;
    assert!(ended.stdout.starts_with(expected), "{}", ended.stdout);
    let recording = Recording::new(&[
        r#"{"type":"invalid","after":0.1,"from":"server","reason":"other words","base64":"gwA="}"#,
        END,
    ]);
    let ended = replay(recording.path(), &url, &["--fast", SHORT]);
    assert_eq!(ended.status, Some(0), "{ended:?}");
}

#[test]
fn an_end_without_a_close_is_compared_too() {
    let recording = Recording::new(&[&text("client", "a"), END]);
    let vanishing = server(|mut stream| {
        accept(&mut stream)?;
        frame(&mut stream).map(drop)
    });
    let ended = replay(recording.path(), &vanishing, &["--fast"]);
    assert_eq!(ended, same("1 of 1 answer"));
    let closing = server(|mut stream| {
        accept(&mut stream)?;
        frame(&mut stream)?;
        stream.write_all(&close(1000, "")).ok()
    });
    let expected = different(&[
        "1: line 4: expected the end of the connection without Close: end of stream, got Close 1000",
        "different: 1 difference; 0 of 1 answer as recorded",
    ]);
    assert_eq!(replay(recording.path(), &closing, &["--fast"]), expected);
}

#[test]
fn a_client_that_ended_without_a_close_ends_so_again() {
    let end = END.replace("server", "client");
    let recording = Recording::new(&[&text("client", "a"), &text("server", "a"), &end]);
    let (sender, frames) = std::sync::mpsc::channel();
    let sender = std::sync::Mutex::new(sender);
    let url = server(move |mut stream| {
        accept(&mut stream)?;
        let (first, payload) = frame(&mut stream)?;
        stream.write_all(&unmasked(first, payload)).ok()?;
        let last = frame(&mut stream);
        sender.lock().unwrap().send(last).ok()
    });
    assert_eq!(replay(recording.path(), &url, &[]), same("1 of 1 answer"));
    let last = frames.recv_timeout(ws_echo_tests::server::PATIENCE);
    assert_eq!(last, Ok(None));
}

#[test]
fn pings_of_the_server_and_the_frames_of_its_messages_are_not_compared() {
    let recording = echoed(&["abc"]);
    let url = answering(|_, _, _| {
        let ping = unmasked(PING, "x");
        let frames = [unmasked(0x01, "a"), ping.clone(), unmasked(0x80, "bc")];
        [ping, frames.concat()].concat()
    });
    let ended = replay(recording.path(), &url, &[]);
    assert_eq!(ended, same("2 of 2 answers"));
}

#[test]
fn a_greeting_is_compared_or_ignored_on_both_sides() {
    let greeted = Recording::new(&[
        &text("server", "welcome"),
        &text("client", "a"),
        &text("server", "a"),
        CLIENT_CLOSE,
        SERVER_CLOSE,
        END,
    ]);
    let echoed = echoed(&["a"]);
    let greeting = |greeting: &'static [&'static str]| {
        server(move |mut stream| {
            accept(&mut stream)?;
            for text in greeting {
                stream.write_all(&unmasked(TEXT, text)).ok()?;
            }
            loop {
                let (first, payload) = frame(&mut stream)?;
                stream.write_all(&unmasked(first, payload)).ok()?;
                if first == CLOSE {
                    return Some(());
                }
            }
        })
    };
    let servers = [
        greeting(&[]),
        greeting(&["welcome"]),
        greeting(&["hi", "there"]),
    ];
    for url in &servers {
        for recording in [&greeted, &echoed] {
            let options = ["--fast", "--ignore-greeting", SHORT];
            let ended = replay(recording.path(), url, &options);
            assert_eq!(ended, same("2 of 2 answers"));
        }
    }
    let ended = replay(greeted.path(), &servers[1], &["--fast"]);
    assert_eq!(ended, same("3 of 3 answers"));
    let ended = replay(greeted.path(), &servers[2], &["--fast"]);
    assert_eq!(ended.status, Some(4));
    let start = r#"1: line 3: expected text "welcome", got text "hi""#;
    assert!(ended.stdout.starts_with(start), "{}", ended.stdout);
}

#[test]
fn json_has_everything_in_one_object() {
    let recording = echoed(&["a", "bcd"]);
    let url = answering(|number, first, payload| match number {
        1 => unmasked(TEXT, "bCd\x1b"),
        _ => unmasked(first, payload),
    });
    let ended = replay(recording.path(), &url, &["--json"]);
    assert_eq!((ended.status, &*ended.stderr), (Some(4), ""));
    let mut report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(ended.stdout.lines().count(), 1);
    assert!(report["seconds"].take().is_f64());
    let file = recording.path().to_str();
    let expected = json!({
        "file": file, "url": url, "result": "different", "seconds": null,
        "sent": 2, "not_sent": 0, "same": 2, "changed": 1, "missing": 0, "late": 0,
        "unexpected": 0, "not_compared": 0, "greeting_recorded": null, "greeting_received": null,
        "cut_off": false,
        "notes": ["without headers that the recording does not have in full: Cookie"],
        "differences": [{
            "line": 6, "kind": "changed", "at": 1,
            "expected": {"type": "text", "len": 3, "content": "bcd"},
            "got": {"type": "text", "len": 4, "content": "bCd\\u{1b}"},
        }],
    });
    assert_eq!(report, expected);
}

#[test]
fn messages_may_cross() {
    // The client has sent both before an answer came, and the server answers at once.
    let (a, b) = (text("client", "a"), text("client", "b"));
    let (c, d) = (text("server", "a"), text("server", "b"));
    let recording = Recording::new(&[&a, &b, &c, &d, CLIENT_CLOSE, SERVER_CLOSE, END]);
    let url = answering(|_, first, payload| unmasked(first, payload));
    for options in [&[][..], &["--fast"]] {
        let ended = replay(recording.path(), &url, options);
        assert_eq!(ended, same("3 of 3 answers"));
    }
    // An answer that comes before it was recorded is no difference.
    let recording = Recording::new(&[&a, &c, &b, &d, CLIENT_CLOSE, SERVER_CLOSE, END]);
    let eager = answering(|number, _, _| match number {
        0 => [unmasked(TEXT, "a"), unmasked(TEXT, "b")].concat(),
        _ => Vec::new(),
    });
    let ended = replay(recording.path(), &eager, &["--fast"]);
    assert_eq!(ended, same("3 of 3 answers"));
}
