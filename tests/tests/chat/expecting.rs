//! `--once` and `--expect` wait for one message, print it, and end with status 0, or with 4 without
//! it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::{Mutex, mpsc};
use std::thread;

use ws_echo_tests::foreign::is_windows;
use ws_echo_tests::needs;
use ws_echo_tests::peers::python_command;
use ws_echo_tests::scripted_server::{accept, close, frame, request, response, server, unmasked};
use ws_echo_tests::server::{Server, free_address};
use ws_echo_tests::wire::{BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT};

use super::certificates::Certificate;
use super::screen::Screen;
use super::tls::{self, tls_server};
use super::{OPEN_WITH_OURS, Outcome, Pipe, chat, listen, talk, well, well_with_ours};

/// Longer than a loaded machine needs, and short where nothing will arrive.
const SHORT: &str = "--timeout=2s";

/// A server that accepts, and sends these bytes for the first message. It answers Close.
fn replying(reply: impl Into<Vec<u8>>) -> String {
    let reply = reply.into();
    server(move |mut stream| {
        accept(&mut stream)?;
        frame(&mut stream)?;
        stream.write_all(&reply).ok()?;
        until_close(&mut stream)
    })
}

/// Receives up to a Close, and answers it.
fn until_close(stream: &mut TcpStream) -> Option<()> {
    loop {
        if let (CLOSE, payload) = frame(stream)? {
            return stream.write_all(&unmasked(CLOSE, payload)).ok();
        }
    }
}

/// The result of a chat that has waited in vain.
fn missing(end: &str, note: &str) -> Outcome {
    Outcome {
        status: Some(4),
        stdout: String::new(),
        stderr: format!("# socket open\n{end}# {note}\n"),
    }
}

#[test]
fn a_text_is_sent_and_its_reply_printed_without_the_greeting_that_came_before() {
    for (options, url_of) in [
        (&["--welcome=Hi"][..], "ws"),
        (&["--no-welcome"], "ws"),
        (&["--welcome=Hi", "--tls-self-signed"], "wss"),
    ] {
        let server = Server::start(options);
        assert!(server.url("/").starts_with(&format!("{url_of}://")));
        let insecure: &[&str] = if url_of == "wss" {
            &["--insecure"]
        } else {
            &[]
        };
        let options = [&["--once", "hello"], insecure].concat();
        // The input is not read, and need not end.
        let ended = listen(&server.url("/"), &options);
        let expected = well_with_ours("hello\n");
        assert_eq!((ended.status, &ended.stdout), (Some(0), &expected.stdout));
        assert!(ended.stderr.ends_with(&expected.stderr), "{}", ended.stderr);
        let end = server.logged("disconnected");
        assert!(end.contains("by client with 1000"), "{end}");
    }
}

#[test]
fn a_text_may_be_empty_long_or_begin_with_a_hyphen() {
    let server = Server::start(&[]);
    // A command line of Windows has at most 32,767 characters, and this is five or six of them.
    let count = if is_windows() { 5_000 } else { 10_000 };
    let long = "aß水🦀 ".repeat(count);
    for text in ["", "-1", "--json", "a\nb", &long] {
        let ended = talk(&server.url("/"), &[&format!("--once={text}")], "ignored\n");
        assert_eq!(ended.status, Some(0));
        assert!(ended.stdout == format!("{}\n", text.replace('\n', "\\n")));
    }
}

#[test]
fn a_reply_may_come_in_fragments_or_be_binary() {
    let fragments = [
        unmasked(0x01, "one"),
        unmasked(PING, "between"),
        unmasked(0x00, ""),
        unmasked(CONTINUATION, "\x1b[2J\n"),
        unmasked(TEXT, "two"),
    ];
    let ended = talk(&replying(fragments.concat()), &["--once=a"], "");
    assert_eq!(ended, well("one\x1b[2J\\n\n"));
    let ended = talk(&replying(unmasked(BINARY, b"\xff\0")), &["--once=a"], "");
    assert_eq!(ended, well("0xff00\n"));
}

#[test]
fn a_message_that_begins_before_the_text_was_sent_is_not_the_reply() {
    let url = server(|mut stream| {
        let response = response(&request(&mut stream)?);
        let greeting = unmasked(0x01, "good ");
        stream
            .write_all(&[response.as_bytes(), &greeting].concat())
            .ok()?;
        assert_eq!(frame(&mut stream)?, (TEXT, b"a".to_vec()));
        let rest = [unmasked(CONTINUATION, "day"), unmasked(TEXT, "reply")];
        stream.write_all(&rest.concat()).ok()?;
        until_close(&mut stream)
    });
    assert_eq!(talk(&url, &["--once=a"], ""), well("reply\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn everything_that_has_arrived_is_received_before_the_text_is_sent() {
    needs!(Signals);
    let certificate = Certificate::trusted();
    let (arrived, requests) = mpsc::channel();
    let (go, may_write) = mpsc::channel::<()>();
    let (written, writes) = mpsc::channel();
    let channels = Mutex::new((arrived, may_write, written));
    let url = tls_server(tls::config(&certificate), move |stream| {
        let response = response(&request(stream)?);
        let (arrived, may_write, written) = &*channels.lock().unwrap();
        arrived.send(()).ok()?;
        may_write.recv().ok()?;
        // In TLS, the greeting is another record, and more than is received at once.
        stream.write_all(response.as_bytes()).ok()?;
        stream.write_all(&unmasked(TEXT, "x".repeat(12_000))).ok()?;
        written.send(()).ok()?;
        frame(stream)?;
        stream.write_all(&unmasked(TEXT, "reply")).ok()?;
        let (_, payload) = frame(stream)?;
        stream.write_all(&unmasked(CLOSE, payload)).ok()
    });
    let options = [
        "--once=a",
        "--timeout=1m",
        "--ca",
        &certificate.authority_file(),
    ];
    let pipe = Pipe::start(&url, &options);
    requests.recv().unwrap();
    pipe.signal("STOP");
    let state = format!("/proc/{}/stat", pipe.child.id());
    while !std::fs::read_to_string(&state).unwrap().contains(") T ") {
        thread::yield_now();
    }
    go.send(()).unwrap();
    writes.recv().unwrap();
    pipe.signal("CONT");
    assert_eq!(pipe.wait(), well("reply\n"));
}

#[test]
fn a_greeting_that_comes_late_is_ignored_if_that_is_asked_for() {
    let messages = [unmasked(TEXT, "welcome"), unmasked(TEXT, "reply")].concat();
    let url = replying(messages);
    assert_eq!(talk(&url, &["--once=a"], ""), well("welcome\n"));
    let ended = talk(&url, &["--once=a", "--ignore-greeting"], "");
    assert_eq!(ended, well("reply\n"));
}

#[test]
fn a_reply_that_does_not_come_in_time_is_status_4() {
    let (sender, closes) = mpsc::channel();
    let sender = Mutex::new(sender);
    let url = server(move |mut stream| {
        accept(&mut stream)?;
        frame(&mut stream)?;
        let close = frame(&mut stream)?;
        sender.lock().unwrap().send(close).ok()
    });
    let ended = talk(&url, &["--once=a", SHORT], "");
    assert_eq!(ended, missing("", "no reply came within 2 s (--timeout)"));
    let normal = (CLOSE, 1000_u16.to_be_bytes().to_vec());
    assert_eq!(closes.recv().unwrap(), normal);
}

#[test]
fn the_time_bounds_the_handshake_too() {
    let url = server(|mut stream| {
        request(&mut stream)?;
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    });
    let ended = talk(&url, &["--once=a", SHORT], "");
    let expected = "# socket error: no response to the handshake within 2 s (--timeout)\n";
    assert_eq!((ended.status, &*ended.stderr), (Some(4), expected));
}

#[test]
fn a_connection_that_ends_before_the_reply_is_status_4() {
    let before = "no reply came before the connection ended";
    for (bytes, end) in [
        (close(1011, "bye"), "# socket closed 1011: bye\n"),
        (close(1000, ""), "# socket closed 1000\n"),
        (
            Vec::new(),
            "# socket error: the server closed the connection without a Close frame\n",
        ),
    ] {
        let url = server(move |mut stream| {
            accept(&mut stream)?;
            frame(&mut stream)?;
            stream.write_all(&bytes).ok()
        });
        assert_eq!(talk(&url, &["--once=a"], ""), missing(end, before));
    }
    // A message that is cut off is no reply.
    let cut_off = [unmasked(0x01, "good "), close(1001, "")].concat();
    let ended = talk(&replying(cut_off), &["--once=a"], "");
    assert_eq!(ended, missing("# socket closed 1001\n", before));
    let ended = talk(&replying(b"\xf1\0"), &["--once=a"], "");
    assert_eq!(ended.status, Some(4));
    assert!(ended.stderr.contains("violated the protocol"));
    assert!(ended.stderr.ends_with(&format!("# {before}\n")));
}

#[test]
fn a_connection_that_could_not_be_opened_has_its_usual_status() {
    let ended = talk(&format!("ws://{}/", free_address()), &["--once=a"], "");
    assert_eq!(ended.status, Some(4));
    assert!(
        ended
            .stderr
            .starts_with("# socket error: cannot connect to ")
    );
    let url = server(|mut stream| {
        request(&mut stream)?;
        stream
            .write_all(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
            .ok()
    });
    let ended = talk(&url, &["--expect=a"], "");
    let expected = (Some(3), "# the server refused: 503 No\n");
    assert_eq!((ended.status, &*ended.stderr), expected);
}

#[test]
fn once_the_reply_has_come_the_end_of_the_connection_does_not_matter() {
    let reply = unmasked(TEXT, "reply");
    let closed = [reply.clone(), close(1011, "bye")].concat();
    let ended = talk(&replying(closed), &["--once=a"], "");
    assert_eq!((ended.status, &*ended.stdout), (Some(0), "reply\n"));
    assert!(ended.stderr.ends_with("# socket closed 1011: bye\n"));
    // A server that never answers the Close frame.
    let url = server(move |mut stream| {
        accept(&mut stream)?;
        frame(&mut stream)?;
        stream.write_all(&reply).ok()?;
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    });
    let ended = talk(&url, &["--once=a", SHORT], "");
    assert_eq!((ended.status, &*ended.stdout), (Some(0), "reply\n"));
    let note = "# socket error: the server did not answer the Close frame within ";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
    // The time for an answer is only what is left of the time for everything.
    assert!(!ended.stderr.contains("within 5 s"), "{}", ended.stderr);
}

#[test]
fn of_many_messages_the_first_that_matches_is_printed() {
    let server = Server::start(&[]);
    let url = server.url("/");
    let ended = talk(&url, &["--expect=^b[0-9]$"], "a\nb\nb1\nb2\n");
    assert_eq!(ended, well_with_ours("b1\n"));
    // The greeting may match, unless it is ignored, and the input need not end.
    let ended = listen(&url, &["--expect=Awesome"]);
    assert_eq!(ended, well_with_ours("Welcome to Awesome Chat\n"));
    let mut pipe = Pipe::start(&url, &["--expect=Chat$", "--ignore-greeting"]);
    pipe.write("Chatter\nThe Chat\n");
    assert_eq!(pipe.line(), "The Chat");
    assert_eq!(pipe.wait(), well_with_ours(""));
}

#[test]
fn a_binary_message_matches_as_it_is_printed() {
    let server = Server::start(&[]);
    let ended = talk(&server.url("/"), &["--expect=^0xff..62$"], b"\xffab\n");
    assert_eq!(ended, well_with_ours("0xff6162\n"));
}

#[test]
fn a_reply_can_be_required_to_match() {
    let texts = ["hello", "a1", "b1", "b2"].map(|text| unmasked(TEXT, text));
    let url = replying(texts.concat());
    let ended = talk(&url, &["--once=hello", "--expect=b"], "");
    assert_eq!(ended, well("b1\n"));
    let ended = talk(&url, &["--once=hello", "--expect=c", SHORT], "");
    let note = "none of 4 messages matched within 2 s (--timeout)";
    assert_eq!(ended, missing("", note));
}

#[test]
fn after_the_end_of_the_input_a_message_that_matches_is_still_waited_for() {
    let server = Server::start(&["--no-welcome"]);
    let ended = talk(&server.url("/"), &["--expect=c", SHORT], "a\nb\n");
    assert_eq!(ended.status, Some(4));
    let note = "# none of 2 messages matched within 2 s (--timeout)\n";
    assert_eq!(ended.stderr, format!("{OPEN_WITH_OURS}\n{note}"));
}

#[test]
fn a_server_that_pushes_without_end_cannot_keep_the_text_from_being_sent() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        let mut reader = stream.try_clone().ok()?;
        thread::spawn(move || {
            let noise = unmasked(TEXT, "noise").repeat(1000);
            while stream.write_all(&noise).is_ok() {}
        });
        let is_text = frame(&mut reader)? == (TEXT, b"a".to_vec());
        assert!(is_text);
        while frame(&mut reader)?.0 != CLOSE {}
        Some(())
    });
    let ended = talk(&url, &["--once=a", "--timeout=30s"], "");
    assert_eq!((ended.status, &*ended.stdout), (Some(0), "noise\n"));
}

#[test]
fn a_signal_ends_the_wait() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        until_close(&mut stream)
    });
    let pipe = Pipe::start(&url, &["--once=a", "--timeout=1h"]);
    pipe.stderr.wait_for("# socket open");
    pipe.signal("INT");
    let note = "no reply came before the connection ended";
    assert_eq!(pipe.wait(), missing("# socket closed 1000\n", note));
}

#[test]
fn of_a_message_that_is_too_long_the_beginning_is_printed() {
    const LEN: usize = (16 << 20) + 5;
    let ended = talk(
        &replying(unmasked(TEXT, "x".repeat(LEN))),
        &["--once=a", "--timeout=30s"],
        "",
    );
    assert_eq!(
        (ended.status, ended.stdout.len()),
        (Some(0), (16 << 20) + 1)
    );
    let note = "# the message has 16777221 B, of which 16777216 B are printed\n";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn a_reply_that_cannot_be_printed_is_status_1() {
    let full = File::create("/dev/full").unwrap();
    let url = replying(unmasked(TEXT, "reply"));
    let mut command = chat(&url, &["--once=a"]);
    let command = command.stdin(Stdio::piped()).stdout(full);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let Outcome { status, stderr, .. } = Pipe::of(child).end(String::new());
    assert_eq!(status, Some(1));
    assert!(stderr.contains("# socket error: cannot write the output: "));
}

#[test]
fn on_a_terminal_only_the_reply_is_shown_and_it_cannot_control_it() {
    needs!(Terminal);
    let reply = unmasked(TEXT, "\x1b[2Jreply\u{202e}");
    let screen = Screen::start(chat(&replying(reply), &["--once=a"]).env("TERM", "xterm"));
    let ended = screen.wait();
    assert_eq!(ended.status, Some(0));
    let expected = [
        "# socket open",
        r"\u{1b}[2Jreply\u{202e}",
        "# socket closed 1000",
    ];
    assert_eq!(ended.lines, expected);
}

#[test]
fn python_websockets_replies_after_a_greeting_or_without_one() {
    let arguments = ["127.0.0.1", "0"];
    let Some(mut command) = python_command("websockets_server.py", &arguments) else {
        return;
    };
    let server = Server::spawn(&mut command);
    assert_eq!(talk(&server.url("/"), &["--once=ä"], ""), well("ä\n"));
    let ended = talk(&server.url("/"), &["--expect=b"], "a\nb\nbb\n");
    assert_eq!(ended, well("b\n"));
    // Its greeting is not in the segment of its response.
    let server = Server::spawn(command.env("GREETING", "welcome"));
    let options = ["--once=ä", "--ignore-greeting"];
    assert_eq!(talk(&server.url("/"), &options, ""), well("ä\n"));
}

#[test]
fn a_pong_is_no_reply() {
    let pong = [unmasked(PONG, "a"), unmasked(TEXT, "reply")].concat();
    assert_eq!(talk(&replying(pong), &["--once=a"], ""), well("reply\n"));
}

#[test]
fn behaviours_of_our_server_are_seen_for_what_they_are() {
    let server = Server::start(&[]);
    for (behaviour, options, status, stdout, end) in [
        (
            "separate=50ms",
            &["--ignore-greeting"][..],
            0,
            "a\n",
            "socket closed 1000",
        ),
        (
            "fragment=2&prefix=bcd&delay=50ms",
            &[],
            0,
            "bcda\n",
            "socket closed 1000",
        ),
        (
            "as=binary&pong=unasked",
            &[],
            0,
            "0x61\n",
            "socket closed 1000",
        ),
        ("after=1&end=reset", &[], 0, "a\n", "connection lost: "),
        (
            "after=1&close=1011&reason=b",
            &[],
            0,
            "a\n",
            "socket closed 1011: b",
        ),
        (
            "drop=every:1",
            &[SHORT],
            4,
            "",
            "no reply came within 2 s (--timeout)",
        ),
        (
            "end=hang",
            &[SHORT],
            4,
            "",
            "no reply came within 2 s (--timeout)",
        ),
        (
            "close=1012",
            &[],
            4,
            "",
            "no reply came before the connection ended",
        ),
        ("status=503&body=b", &[], 3, "", "the server refused: 503 "),
        (
            "violate=rsv",
            &[],
            4,
            "",
            "the server violated the protocol: ",
        ),
    ] {
        let url = server.url(&format!("/test?{behaviour}"));
        let ended = talk(&url, &[&["--once=a"], options].concat(), "");
        assert_eq!(ended.status, Some(status), "{behaviour}: {ended:?}");
        assert_eq!(ended.stdout, stdout, "{behaviour}");
        assert!(ended.stderr.contains(end), "{behaviour}: {}", ended.stderr);
    }
}
