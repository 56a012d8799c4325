//! In a pipe, each line is a message, and each received message is a line.

use std::io::{Read, Write};
use std::net::{TcpListener, ToSocketAddrs};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use ws_echo_tests::scripted_server::{accept, close, frame, server, unmasked};
use ws_echo_tests::server::{Server, peak_memory};
use ws_echo_tests::wire::{BINARY, CLOSE, CONTINUATION, TEXT};

use super::{Outcome, Pipe, talk, well, well_with_ours};

/// Shorter than the default, since nothing will arrive.
const SHORT: [&str; 2] = ["--wait", "300ms"];
/// The most memory of a client that holds little of a message at a time.
const MEMORY_MAX: u64 = 32 << 20;

/// A server that accepts, and passes the frame of each message to `answer`, which returns the bytes
/// to send. It answers Close.
fn answering(answer: impl Fn(u8, Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> String {
    server(move |mut stream| {
        accept(&mut stream)?;
        loop {
            match frame(&mut stream)? {
                (CLOSE, payload) => return stream.write_all(&unmasked(CLOSE, payload)).ok(),
                (first, payload) => stream.write_all(&answer(first, payload)).ok()?,
            }
        }
    })
}

#[test]
fn each_line_is_sent_and_each_reply_is_printed() {
    let server = Server::start(&[]);
    let ended = talk(&server.url("/"), &[], "ping\n");
    assert_eq!(ended, well_with_ours("Welcome to Awesome Chat\nping\n"));
}

#[test]
fn a_line_may_be_empty_begin_with_a_slash_or_lack_its_end() {
    let server = Server::start(&["--no-welcome"]);
    let ended = talk(&server.url("/"), &[], "/quit\n\n//a\n\nüber");
    assert_eq!(ended, well_with_ours("/quit\n\n//a\n\nüber\n"));
    assert_eq!(talk(&server.url("/"), &[], ""), well_with_ours(""));
}

#[test]
fn a_line_that_is_not_utf_8_is_sent_as_binary_and_printed_as_hex() {
    let url = answering(|first, payload| {
        assert_eq!(first == BINARY, payload[0] == 0xFF);
        unmasked(first, payload)
    });
    let ended = talk(&url, &[], b"\xff\x00a\ntext\n");
    assert_eq!(ended, well("0xff0061\ntext\n"));
}

#[test]
fn only_line_breaks_are_escaped() {
    let url = answering(|_, _| unmasked(TEXT, "a\r\nb\t\x1b[1m\\n"));
    let ended = talk(&url, &SHORT, "x\n");
    assert_eq!(ended, well("a\\r\\nb\t\x1b[1m\\n\n"));
}

#[test]
fn ten_thousand_lines_come_back_in_their_order() {
    let server = Server::start(&["--no-welcome"]);
    let lines: String = (0..10_000).map(|number| format!("{number}\n")).collect();
    assert_eq!(talk(&server.url("/"), &[], &lines), well_with_ours(&lines));
}

#[test]
fn a_line_longer_than_any_buffer_is_sent_in_fragments_and_comes_back() {
    let server = Server::start(&["--no-welcome"]);
    let line = format!("{}\n", "aß水🦀".repeat(500_000));
    let ended = talk(&server.url("/"), &["--no-compression"], &line);
    assert!(ended == well(&line), "{} bytes", ended.stdout.len());
}

#[test]
fn only_the_last_fragment_of_a_long_line_is_final() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        let (first, mut received) = frame(&mut stream)?;
        assert_eq!(first, 0x01);
        while !received.ends_with(b"end") {
            let (first, payload) = frame(&mut stream)?;
            received.extend(payload);
            let is_last = received.ends_with(b"end");
            assert_eq!(first, if is_last { CONTINUATION } else { 0x00 });
        }
        assert_eq!(received.len(), 200_003);
        stream.write_all(&unmasked(TEXT, "right")).ok()?;
        let (_, payload) = frame(&mut stream)?;
        stream.write_all(&unmasked(CLOSE, payload)).ok()
    });
    let ended = talk(&url, &SHORT, format!("{}end\n", "x".repeat(200_000)));
    assert_eq!(ended, well("right\n"));
}

#[test]
fn a_long_line_that_becomes_invalid_utf_8_ends_the_chat() {
    let url = answering(|_, _| Vec::new());
    let input = [&b"a\n"[..], &[b'x'; 100_000], b"\xff\n"].concat();
    let ended = talk(&url, &[], input);
    assert_eq!(ended.status, Some(1));
    let reason = "# socket error: line 2 starts as text, but is not UTF-8 at byte 100000: ";
    assert!(ended.stderr.contains(reason), "{}", ended.stderr);
}

#[test]
fn missing_replies_are_reported_and_a_greeting_is_not_a_reply() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        stream.write_all(&unmasked(TEXT, "welcome")).ok()?;
        for _ in 0..5 {
            let (first, payload) = frame(&mut stream)?;
            if payload == b"1" {
                stream.write_all(&unmasked(first, payload)).ok()?;
            }
        }
        let (first, payload) = frame(&mut stream)?;
        assert_eq!((first, &payload[..]), (CLOSE, &1000_u16.to_be_bytes()[..]));
        stream.write_all(&close(1000, "")).ok()
    });
    let expected = Outcome {
        status: Some(4),
        stdout: "welcome\n1\n".into(),
        stderr: "# socket open\n# socket closed 1000\n\
                 # 4 of 5 messages were not answered: no further reply within 300 ms\n"
            .into(),
    };
    assert_eq!(talk(&url, &SHORT, "1\n2\n3\n4\n5\n"), expected);
}

#[test]
fn a_server_that_closes_early_is_not_said_to_be_late() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        frame(&mut stream)?;
        frame(&mut stream)?;
        stream.write_all(&close(1000, "")).ok()?;
        frame(&mut stream).map(drop)
    });
    let ended = talk(&url, &[], "1\n2\n");
    assert_eq!(ended.status, Some(4));
    let expected = "# socket open\n# socket closed 1000\n# 2 of 2 messages were not answered\n";
    assert_eq!(ended.stderr, expected);
}

#[test]
fn each_reply_has_its_own_timeout() {
    let url = answering(|first, payload| {
        thread::sleep(Duration::from_millis(500));
        unmasked(first, payload)
    });
    let ended = talk(&url, &["--wait", "2s"], "1\n2\n3\n4\n5\n6\n");
    assert_eq!(ended, well("1\n2\n3\n4\n5\n6\n"));
}

#[test]
fn any_message_counts_as_a_reply() {
    let url = answering(|_, payload| unmasked(TEXT, format!("{} bytes", payload.len())));
    assert_eq!(talk(&url, &SHORT, "a\nbb\n"), well("1 bytes\n2 bytes\n"));
}

#[test]
fn a_wait_of_zero_does_not_wait() {
    let url = answering(|_, _| Vec::new());
    let ended = talk(&url, &["--wait", "0"], "a\n");
    assert_eq!(ended.status, Some(4));
    assert!(
        ended
            .stderr
            .ends_with("# the only message was not answered: no further reply within 0 s\n")
    );
}

#[test]
fn a_closed_stdout_ends_the_chat_quietly() {
    let server = Server::start(&[]);
    let mut pipe = Pipe::start(&server.url("/"), &[]);
    assert_eq!(pipe.line(), "Welcome to Awesome Chat");
    let Outcome { status, stderr, .. } = pipe.wait_unread("more\n");
    assert_eq!((status, &*stderr), (Some(0), &*well_with_ours("").stderr));
    assert!(
        server
            .logged("disconnected")
            .contains("by client with 1000")
    );
}

#[test]
fn sigint_closes_with_1000() {
    let server = Server::start(&["--no-welcome"]);
    let mut pipe = Pipe::start(&server.url("/"), &[]);
    pipe.write("a\n");
    assert_eq!(pipe.line(), "a");
    pipe.signal("INT");
    assert_eq!(pipe.wait(), well_with_ours(""));
}

#[test]
fn a_server_that_does_not_read_stops_the_input_and_costs_no_memory() {
    const LEN: usize = 128 << 20;
    let (sender, go) = mpsc::channel::<()>();
    let go = Mutex::new(go);
    let url = server(move |mut stream| {
        accept(&mut stream)?;
        go.lock().unwrap().recv().ok()?;
        let mut len = 0;
        while len < LEN {
            len += frame(&mut stream)?.1.len();
        }
        stream.write_all(&unmasked(TEXT, "all")).ok()?;
        while frame(&mut stream)?.0 != CLOSE {}
        stream.write_all(&close(1000, "")).ok()
    });
    let mut pipe = Pipe::start(&url, &[]);
    let written = Arc::new(AtomicUsize::new(0));
    let (mut stdin, count) = (pipe.stdin.take().unwrap(), Arc::clone(&written));
    let writer = thread::spawn(move || {
        for _ in 0..LEN / 65_536 {
            stdin.write_all(&[b'x'; 65_536]).unwrap();
            count.fetch_add(65_536, Ordering::Relaxed);
        }
    });
    // When the count stays the same for a moment, the sockets are full.
    let mut before = 0;
    loop {
        thread::sleep(Duration::from_millis(300));
        let now = written.load(Ordering::Relaxed);
        if now == before && now > 0 {
            break;
        }
        before = now;
    }
    assert!(before < LEN / 2, "{before} bytes were taken");
    sender.send(()).unwrap();
    assert_eq!(pipe.line(), "all");
    let memory = peak_memory(pipe.child.id());
    assert!(memory.is_none_or(|it| it < MEMORY_MAX), "{memory:?} bytes");
    writer.join().unwrap();
    assert_eq!(pipe.wait(), well(""));
}

#[test]
fn only_pieces_of_a_huge_reply_are_in_memory() {
    const LEN: u64 = 64 << 20;
    let url = server(|mut stream| {
        accept(&mut stream)?;
        frame(&mut stream)?;
        let header = [&[TEXT, 127][..], &LEN.to_be_bytes()].concat();
        stream.write_all(&header).ok()?;
        for _ in 0..LEN / 65_536 {
            stream.write_all(&[b'x'; 65_536]).ok()?;
        }
        stream.write_all(&unmasked(TEXT, "end")).ok()?;
        while frame(&mut stream)?.0 != CLOSE {}
        stream.write_all(&close(1000, "")).ok()
    });
    let mut pipe = Pipe::start(&url, &[]);
    pipe.write("a\n");
    assert_eq!(pipe.line().len() as u64, LEN);
    assert_eq!(pipe.line(), "end");
    let memory = peak_memory(pipe.child.id());
    assert!(memory.is_none_or(|it| it < MEMORY_MAX), "{memory:?} bytes");
    pipe.signal("INT");
    assert_eq!(pipe.wait(), well(""));
}

#[test]
fn the_request_has_what_the_command_line_asks_for() {
    let (sender, requests) = mpsc::channel();
    let sender = Mutex::new(sender);
    let url = server(move |mut stream| {
        let request = ws_echo_tests::scripted_server::request(&mut stream)?;
        let response = ws_echo_tests::scripted_server::response(&request);
        let response = response.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: b\r\n\r\n");
        sender.lock().unwrap().send(request).ok()?;
        stream.write_all(response.as_bytes()).ok()?;
        stream.write_all(&close(1000, "")).ok()
    });
    let options = [
        "--subprotocol=a",
        "--subprotocol=b",
        "--header=X-A: b c",
        "--origin=http://o",
    ];
    let ended = talk(&format!("{url}path?query"), &options, "");
    assert_eq!(ended.status, Some(0));
    assert!(ended.stderr.starts_with("# socket open, subprotocol b\n"));
    let request = requests.recv().unwrap();
    assert!(
        request.starts_with("GET /path?query HTTP/1.1\r\n"),
        "{request}"
    );
    let host = url.trim_start_matches("ws://").trim_end_matches('/');
    for line in [
        &format!("Host: {host}"),
        "Sec-WebSocket-Protocol: a, b",
        "X-A: b c",
        "Origin: http://o",
    ] {
        assert!(
            request.contains(&format!("\r\n{line}\r\n")),
            "{line}: {request}"
        );
    }
}

#[test]
fn a_name_and_a_password_of_the_url_are_sent_and_not_shown() {
    let (sender, requests) = mpsc::channel();
    let sender = Mutex::new(sender);
    let url = server(move |mut stream| {
        let request = accept(&mut stream)?;
        sender.lock().unwrap().send(request).ok()?;
        stream.write_all(&close(1000, "")).ok()
    });
    let host = url.trim_start_matches("ws://");
    let ended = talk(&format!("ws://user:pass%20word@{host}x"), &[], "");
    assert_eq!(ended, well(""));
    let request = requests.recv().unwrap();
    assert!(
        request.starts_with("GET /x HTTP/1.1\r\nHost: 127.0.0.1:"),
        "{request}"
    );
    // user:pass word
    let header = "\r\nAuthorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n";
    assert_eq!(request.matches("uthorization").count(), 1, "{request}");
    assert!(request.contains(header), "{request}");
    assert!(!ended.stderr.contains("word"), "{}", ended.stderr);
}

#[test]
fn each_address_of_a_host_is_tried() {
    let mut tried = 0;
    for address in ("localhost", 0).to_socket_addrs().unwrap() {
        let Ok(listener) = TcpListener::bind(address) else {
            continue;
        };
        let port = listener.local_addr().unwrap().port();
        let accepted = thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            accept(&mut stream)?;
            stream.write_all(&close(1000, "")).ok()?;
            stream.read_to_end(&mut Vec::new()).ok()
        });
        let ended = talk(&format!("ws://localhost:{port}"), &[], "");
        assert_eq!(ended, well(""), "{address}");
        assert!(accepted.join().unwrap().is_some());
        tried += 1;
    }
    assert!(tried > 0, "localhost has an address");
}

#[test]
#[cfg(target_os = "linux")]
fn an_output_error_is_reported() {
    let server = Server::start(&[]);
    let full = std::fs::File::create("/dev/full").unwrap();
    let mut command = super::chat(&server.url("/"), &[]);
    let child = command.stdin(Stdio::piped()).stdout(full);
    let child = child.stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = Pipe::of(child);
    pipe.write("a\n");
    let Outcome { status, stderr, .. } = pipe.end(String::new());
    assert_eq!(status, Some(1));
    assert!(
        stderr.contains("# socket error: cannot write the output: "),
        "{stderr}"
    );
}
