//! Servers that refuse, fail, or violate the protocol: each results in an exit status and a
//! message.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Mutex;
use std::time::Duration;

use ws_echo_tests::scripted_server::{accept, close, frame, request, response, server, unmasked};
use ws_echo_tests::server::{Server, peak_memory};
use ws_echo_tests::wire::{CLOSE, PING, TEXT};

use super::{Outcome, Pipe, listen, talk, well};

const ENDED_EARLY: &str = "the server closed the connection during the handshake";

/// A server that answers each request with these bytes, and then reads to the end.
fn responding(bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    server(move |mut stream| {
        request(&mut stream)?;
        stream.write_all(&bytes).ok()?;
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    })
}

/// A server that accepts, sends these bytes, and reads until a Close.
fn sending(bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    server(move |mut stream| {
        accept(&mut stream)?;
        stream.write_all(&bytes).ok()?;
        while frame(&mut stream)?.0 != CLOSE {}
        Some(())
    })
}

/// A server that accepts with a changed response.
fn accepting(change: impl Fn(String) -> String + Send + Sync + 'static) -> String {
    server(move |mut stream| {
        let response = change(response(&request(&mut stream)?));
        stream.write_all(response.as_bytes()).ok()?;
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    })
}

/// The last note of a run that must end with this status.
fn note(ended: &Outcome, status: i32) -> String {
    let is_safe = |it: char| it == '\n' || !it.is_control();
    assert!(ended.stderr.chars().all(is_safe), "{:?}", ended.stderr);
    assert_eq!(
        (ended.status, &*ended.stdout),
        (Some(status), ""),
        "{}",
        ended.stderr
    );
    let mut lines = ended.stderr.lines();
    let line = lines.rfind(|line| line.starts_with("# "));
    line.expect("a note")[2..].into()
}

#[test]
fn a_refusal_is_shown_with_its_status_and_its_content() {
    let content = "no\x1b[2J entry\nfor you";
    let head = format!(
        "HTTP/1.1 403 For\tbidden\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    let ended = talk(&responding(head + content), &[], "a\n");
    let expected = Outcome {
        status: Some(3),
        stdout: String::new(),
        stderr: "# the server refused: 403 For\\tbidden\n#   no\\u{1b}[2J entry\n#   for you\n"
            .into(),
    };
    assert_eq!(ended, expected);
}

#[test]
fn our_server_says_why_it_refuses() {
    let server = Server::start(&["--path", "/chat"]);
    let Outcome { status, stderr, .. } = talk(&server.url("/"), &[], "");
    assert_eq!(status, Some(3));
    assert_eq!(
        stderr,
        "# the server refused: 404 Not Found\n#   path is not served\n"
    );
}

#[test]
fn a_refusal_with_an_incomplete_body_is_shown_in_part() {
    let long = format!("HTTP/1.1 500 Oh\r\n\r\n{}", "x".repeat(1 << 20));
    let Outcome { status, stderr, .. } = talk(&responding(long), &[], "");
    assert_eq!(status, Some(3));
    assert_eq!(
        stderr,
        format!("# the server refused: 500 Oh\n#   {}\n", "x".repeat(4096))
    );
    // The announced content never arrives.
    let cut = "HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nbut";
    let Outcome { status, stderr, .. } = talk(&responding(cut), &[], "");
    assert_eq!(
        (status, &*stderr),
        (Some(3), "# the server refused: 500 Oh\n#   but\n")
    );
}

#[test]
fn a_refusal_in_chunks_is_shown_as_its_text() {
    let chunked = |coding: &str, body: &str| {
        let response = format!("HTTP/1.1 403 Oh\r\nTransfer-Encoding: {coding}\r\n\r\n{body}");
        talk(&responding(response), &[], "").stderr
    };
    let shown = |text: &str| format!("# the server refused: 403 Oh\n{text}");
    for (body, text) in [
        // With extensions and trailers.
        (
            "4\r\nno e\r\n5;a=b\r\nntry\n\r\n0;c\r\nX: y\r\n\r\n",
            "#   no entry\n",
        ),
        ("2\r\n\x1b\x07\r\n0\r\n\r\n", "#   \\u{1b}\\u{7}\n"),
        ("0\r\n\r\n", ""),
        // Cut off in a chunk, and in a length; the server does not say so.
        ("FFFFFFFFFFFFFFFF\r\nno entry", "#   no entry\n"),
        ("8\r\nno entry\r\nFF", "#   no entry\n"),
        ("8\r\nno entry\r\nFFFFFFFFFFFFFFFFF\r\nx", "#   no entry\n"),
        ("8\r\nno entry\r\n-1\r\nx", "#   no entry\n"),
    ] {
        assert_eq!(chunked("chunked", body), shown(text), "{body:?}");
    }
    let body = "3\r\nyes\r\n0\r\n\r\n";
    assert_eq!(chunked("gzip, Chunked", body), shown("#   yes\n"));
    assert_eq!(
        chunked("chunked\r\nContent-Length: 2", body),
        shown("#   yes\n")
    );
    // Not in chunks after all.
    assert_eq!(chunked("chunked, gzip", "yes"), shown("#   yes\n"));
    let long = format!("{:x}\r\n{}", 1 << 20, "x".repeat(1 << 20));
    let text = format!("#   {}\n", "x".repeat(4096));
    assert_eq!(chunked("chunked", &long), shown(&text));
}

#[test]
fn a_redirect_is_reported_and_not_followed() {
    let url =
        responding("HTTP/1.1 302 Found\r\nLocation: ws://a/\x1b\r\nContent-Length: 0\r\n\r\n");
    let note = note(&talk(&url, &[], ""), 3);
    // A control character makes a malformed header.
    assert!(note.contains("an invalid handshake response"), "{note}");
    let url = responding("HTTP/1.1 302 Found\r\nLocation: ws://a/b\r\nContent-Length: 0\r\n\r\n");
    let expected = "the server refused: 302 Found; redirect not followed: ws://a/b";
    assert_eq!(self::note(&talk(&url, &[], ""), 3), expected);
}

#[test]
fn an_invalid_response_is_reported_with_its_error() {
    let wrong_accept = accepting(|response| response.replace("Accept: ", "Accept: x"));
    let no_accept = accepting(|response| response.replace("-Accept: ", "-Except: "));
    let subprotocol =
        accepting(|it| it.replace("Upgrade: w", "Sec-WebSocket-Protocol: x\r\nUpgrade: w"));
    let no_upgrade = accepting(|response| response.replace("Upgrade: websocket\r\n", ""));
    for (url, expected) in [
        (wrong_accept, "Sec-WebSocket-Accept does not answer the key"),
        (no_accept, "Sec-WebSocket-Accept is missing"),
        (subprotocol, "Sec-WebSocket-Protocol was not requested"),
        (no_upgrade, "Upgrade is missing, or not websocket alone"),
        (responding("SSH-2.0-x\r\n"), "not an HTTP response"),
        (responding(vec![b'x'; 100_000]), "too large"),
    ] {
        let note = note(&talk(&url, &[], ""), 3);
        assert!(note.starts_with("socket error: the server sent an invalid handshake response: "));
        assert!(note.ends_with(expected), "{note}");
    }
}

#[test]
fn a_port_without_a_listener_refuses_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let note = note(&talk(&format!("ws://{address}"), &[], ""), 4);
    assert!(
        note.starts_with(&format!("socket error: cannot connect to {address}: ")),
        "{note}"
    );
}

#[test]
fn a_silent_server_is_given_up_after_the_timeout() {
    let silent = server(|mut stream| stream.read_to_end(&mut Vec::new()).ok().map(drop));
    let slow = responding("HTTP/1.1 101 Switching");
    for url in [silent, slow] {
        let note = note(&talk(&url, &["--timeout", "300ms"], ""), 4);
        let expected = "socket error: no response to the handshake within 300 ms (--timeout)";
        assert_eq!(note, expected);
    }
}

#[test]
fn interim_responses_without_end_do_not_outlast_the_timeout() {
    let url = server(|mut stream| {
        request(&mut stream)?;
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
        while stream.write_all(interim.as_bytes()).is_ok() {}
        Some(())
    });
    let late = note(&talk(&url, &["--timeout", "300ms"], ""), 4);
    assert!(late.ends_with("within 300 ms (--timeout)"), "{late}");
}

#[test]
fn an_early_end_of_the_connection_is_reported() {
    let at_once = server(|mut stream| request(&mut stream).map(drop));
    let in_the_head = server(|mut stream| {
        request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 101 Swit").ok()
    });
    for url in [at_once, in_the_head] {
        assert_eq!(
            note(&talk(&url, &[], ""), 4),
            format!("socket error: {ENDED_EARLY}")
        );
    }
    let after_the_head = server(|mut stream| accept(&mut stream).map(drop));
    let in_a_frame = server(|mut stream| {
        accept(&mut stream)?;
        stream.write_all(b"\x81\x05He").ok()?;
        frame(&mut stream).map(drop)
    });
    let without_a_close = "socket error: the server closed the connection without a Close frame";
    assert_eq!(note(&listen(&after_the_head, &[]), 1), without_a_close);
    let ended = talk(&in_a_frame, &[], "a\n");
    assert_eq!((ended.status, &*ended.stdout), (Some(1), "He\n"));
    let expected = format!(
        "# socket open\n# the last message was cut off\n# {without_a_close}\n\
         # the only message was not answered\n"
    );
    assert_eq!(ended.stderr, expected);
}

#[test]
fn frames_after_the_response_are_shown_wherever_they_are_cut() {
    let frames = [
        unmasked(TEXT, "hi"),
        unmasked(TEXT, "ß"),
        close(1000, "bye"),
    ]
    .concat();
    let len = response("Sec-WebSocket-Key: ").len() + frames.len();
    for cut in 1..len {
        let frames = frames.clone();
        let url = server(move |mut stream| {
            let response = response(&request(&mut stream)?);
            let bytes = [response.as_bytes(), &frames].concat();
            stream.set_nodelay(true).ok()?;
            stream.write_all(&bytes[..cut]).ok()?;
            // The rest arrives in another read, most of the time.
            std::thread::yield_now();
            stream.write_all(&bytes[cut..]).ok()?;
            frame(&mut stream).map(drop)
        });
        let Outcome {
            status,
            stdout,
            stderr,
        } = listen(&url, &[]);
        assert_eq!((status, &*stdout), (Some(0), "hi\nß\n"), "cut at {cut}");
        assert!(stderr.ends_with("# socket closed 1000: bye\n"), "{stderr}");
    }
}

#[test]
fn invalid_frames_break_the_connection() {
    for (frame, expected) in [
        (&b"\x81\x80\0\0\0\0"[..], "frame from the server is masked"),
        (b"\x81\x02\xc3\x28", "text is not UTF-8"),
        (b"\xc1\x00", "reserved bits 0x40 are set"),
        (b"\x83\x00", "opcode 0x3 is reserved"),
        (b"\x80\x00", "continuation"),
        (b"\x88\x01\x03", "close code is incomplete"),
        (b"\x88\x02\x03\xed", "close code 1005 is not allowed"),
    ] {
        let note = note(&listen(&sending(frame), &[]), 1);
        let start = "socket error: the server violated the protocol: ";
        assert!(note.starts_with(start) && note.contains(expected), "{note}");
    }
}

#[test]
fn the_exit_status_depends_on_how_the_server_closed() {
    for (frame, status, expected) in [
        (close(1000, ""), 0, "socket closed 1000"),
        (close(1001, "later"), 0, "socket closed 1001: later"),
        (
            close(1011, "oh\n\x1b["),
            1,
            r"socket closed 1011: oh\n\u{1b}[",
        ),
        (close(4000, ""), 1, "socket closed 4000"),
        (unmasked(CLOSE, ""), 1, "socket closed without a code"),
    ] {
        let ended = listen(&sending(frame), &[]);
        assert_eq!((ended.status, &*ended.stdout), (Some(status), ""));
        assert_eq!(ended.stderr, format!("# socket open\n# {expected}\n"));
    }
}

#[test]
fn an_empty_close_answers_ours() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        frame(&mut stream)?;
        stream.write_all(&unmasked(CLOSE, "")).ok()
    });
    assert_eq!(talk(&url, &[], ""), well(""));
}

#[test]
fn a_server_that_does_not_answer_a_close_is_given_up() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    });
    let expected = "socket error: the server did not answer the Close frame within 5 s";
    assert_eq!(note(&talk(&url, &[], ""), 1), expected);
}

#[test]
fn a_server_that_sends_pings_and_does_not_read_costs_no_memory() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let sender = Mutex::new(sender);
    let url = server(move |mut stream| {
        accept(&mut stream)?;
        let pings = unmasked(PING, "x".repeat(125)).repeat(1000);
        stream
            .set_write_timeout(Some(Duration::from_millis(500)))
            .ok()?;
        // In the end, nothing more is accepted.
        while stream.write_all(&pings).is_ok() {}
        sender.lock().unwrap().send(()).ok()?;
        std::thread::park();
        Some(())
    });
    let pipe = Pipe::start(&url, &[]);
    pipe.stderr.wait_for("# socket open");
    receiver.recv().unwrap();
    let memory = peak_memory(pipe.child.id());
    assert!(memory.is_none_or(|it| it < 32 << 20), "{memory:?} bytes");
    pipe.signal("INT");
    let ended = pipe.wait();
    assert_eq!(ended.status, Some(1));
    let expected = "# socket error: the server did not answer the Close frame within 5 s\n";
    assert!(ended.stderr.ends_with(expected), "{}", ended.stderr);
}
