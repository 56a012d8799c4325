//! With `--reconnect`, a lost connection is made again.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ws_echo_tests::needs;
use ws_echo_tests::scripted_server::{accept, close, frame, request, server, unmasked};
use ws_echo_tests::server::free_address;
use ws_echo_tests::wire::{CLOSE, TEXT};

use super::screen::Screen;
use super::{Outcome, Pipe, chat, talk};

const NOT_AGAIN: &str = "# not connecting again: all of the input was sent";

/// A server that drops its first connection after its first frame. The others echo.
fn losing_the_first() -> String {
    let count = AtomicUsize::new(0);
    server(move |mut stream| {
        accept(&mut stream)?;
        if count.fetch_add(1, Ordering::Relaxed) == 0 {
            return frame(&mut stream).map(drop);
        }
        loop {
            let (first, payload) = frame(&mut stream)?;
            stream.write_all(&unmasked(first, payload)).ok()?;
            if first == CLOSE {
                return Some(());
            }
        }
    })
}

#[test]
fn a_pipe_continues_and_counts_lost_messages() {
    let mut pipe = Pipe::start(&losing_the_first(), &["--reconnect"]);
    pipe.write("lost\n");
    pipe.stderr.wait_for("# reconnecting in ");
    pipe.write("sent\n");
    assert_eq!(pipe.line(), "sent");
    let Outcome { status, stderr, .. } = pipe.wait();
    assert_eq!(status, Some(4));
    let notes: Vec<_> = stderr.lines().collect();
    let [open, lost, again, open_again, closed, missing] = notes[..] else {
        panic!("{stderr}");
    };
    assert_eq!([open, open_again], ["# socket open"; 2]);
    assert_eq!(
        lost,
        "# socket error: the server closed the connection without a Close frame"
    );
    assert!(again.starts_with("# reconnecting in ") && again.ends_with(" ms"));
    assert_eq!(closed, "# socket closed 1000");
    assert_eq!(
        missing,
        "# 1 of 2 messages was not answered: no further reply within 5 s"
    );
}

#[test]
fn a_terminal_continues() {
    needs!(Terminal);
    let url = losing_the_first();
    let mut command = chat(&url, &["--reconnect"]);
    let mut screen = Screen::start(command.env("TERM", "xterm").env("NO_COLOR", "1"));
    screen.wait_for("# socket open");
    screen.line("lost");
    screen.wait_for_texts("# reconnecting in ", 1);
    screen.wait_for_texts("# socket open", 2);
    screen.line("hello");
    screen.wait_for("< hello");
    screen.line("/quit");
    assert_eq!(screen.wait().status, Some(0));
}

#[test]
fn a_server_that_starts_later_is_found() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut pipe = Pipe::start(&format!("ws://{address}"), &["--reconnect"]);
    pipe.write("a\n");
    pipe.stderr.wait_for("# socket error: cannot connect to ");
    let listener = TcpListener::bind(address).unwrap();
    let server = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        accept(&mut stream)?;
        let (first, payload) = frame(&mut stream)?;
        stream.write_all(&unmasked(first, payload)).ok()?;
        frame(&mut stream)?;
        stream.write_all(&close(1000, "")).ok()
    });
    assert_eq!(pipe.line(), "a");
    assert_eq!(pipe.wait().status, Some(0));
    assert!(server.join().unwrap().is_some());
}

/// A server that refuses its first connection with this head, which lacks its end. The others
/// echo one message, and are closed.
fn refusing_the_first(head: &'static str) -> String {
    let count = AtomicUsize::new(0);
    server(move |mut stream| {
        if count.fetch_add(1, Ordering::Relaxed) == 0 {
            request(&mut stream)?;
            let response = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n");
            return stream.write_all(response.as_bytes()).ok();
        }
        accept(&mut stream)?;
        let (_, payload) = frame(&mut stream)?;
        let bytes = [unmasked(TEXT, payload), close(1000, "")].concat();
        stream.write_all(&bytes).ok()
    })
}

#[test]
fn a_server_that_says_when_to_come_back_is_asked_then() {
    for head in [
        "429 Slow down\r\nRetry-After: 1",
        "503 Slow down\r\nRetry-After:  001 ",
        "403 Slow down\r\nretry-after: 1",
        "503 Slow down\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         Retry-After: Sun, 06 Nov 1994 08:49:38 GMT",
        "429 Slow down\r\nDate: Sunday, 06-Nov-94 08:49:37 GMT\r\n\
         Retry-After: Sun Nov  6 08:49:38 1994",
    ] {
        let mut pipe = Pipe::start(&refusing_the_first(head), &["--reconnect"]);
        pipe.write("a\n");
        assert_eq!(pipe.line(), "a");
        let Outcome { status, stderr, .. } = pipe.wait();
        assert_eq!(status, Some(0), "{head}");
        let status = &head[..3];
        let expected = format!(
            "# the server refused: {status} Slow down; try again in 1 s\n# reconnecting in 1 s\n\
             # socket open\n# socket closed 1000\n"
        );
        assert_eq!(stderr, expected);
    }
}

#[test]
fn a_date_that_has_passed_and_a_time_of_zero_do_not_shorten_the_pause() {
    for head in [
        "429 Slow down\r\nRetry-After: 0",
        "503 Slow down\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT",
    ] {
        let mut pipe = Pipe::start(&refusing_the_first(head), &["--reconnect"]);
        pipe.write("a\n");
        assert_eq!(pipe.line(), "a");
        let Outcome { status, stderr, .. } = pipe.wait();
        assert_eq!(status, Some(0), "{head}");
        let notes: Vec<_> = stderr.lines().collect();
        assert!(notes[0].ends_with(" Slow down"), "{stderr}");
        assert!(notes[1].ends_with(" ms"), "{stderr}");
    }
}

#[test]
fn a_server_cannot_ask_for_more_than_an_hour() {
    for (asked, shown) in [
        ("86400", "86400 s"),
        ("99999999999999999999", "more than a day"),
    ] {
        let url = server(move |mut stream| {
            request(&mut stream)?;
            let head = format!("HTTP/1.1 503 Later\r\nRetry-After: {asked}\r\n\r\n");
            stream.write_all(head.as_bytes()).ok()
        });
        let pipe = Pipe::start(&url, &["--reconnect"]);
        pipe.stderr.wait_for("# reconnecting in 3600 s");
        pipe.ask_to_stop();
        let Outcome { status, stderr, .. } = pipe.wait();
        assert_eq!(status, Some(4));
        let expected = format!("# the server refused: 503 Later; try again in {shown}\n");
        assert!(stderr.starts_with(&expected), "{stderr}");
        // Without --reconnect it is only said.
        let ended = talk(&url, &[], "");
        assert_eq!((ended.status, ended.stderr), (Some(3), expected));
    }
}

#[test]
fn a_refusal_with_a_4xx_and_a_close_with_1000_are_final() {
    for head in [
        "429 Slow down",
        "429 Slow down\r\nRetry-After: soon",
        "429 Slow down\r\nRetry-After: -1",
        "429 Slow down\r\nRetry-After: 1.5",
        "429 Slow down\r\nRetry-After:",
    ] {
        let ended = talk(&refusing_the_first(head), &["--reconnect"], "a\n");
        assert_eq!(ended.status, Some(3), "{head}");
        assert_eq!(ended.stderr, "# the server refused: 429 Slow down\n");
    }
    let redirect = "302 Found\r\nRetry-After: 1";
    let ended = talk(&refusing_the_first(redirect), &["--reconnect"], "a\n");
    assert_eq!(ended.status, Some(3));

    let closing = server(|mut stream| {
        accept(&mut stream)?;
        let (_, payload) = frame(&mut stream)?;
        let bytes = [unmasked(TEXT, payload), close(1000, "")].concat();
        stream.write_all(&bytes).ok()
    });
    let mut pipe = Pipe::start(&closing, &["--reconnect"]);
    pipe.write("a\n");
    assert_eq!(pipe.line(), "a");
    pipe.stderr.wait_for("# socket closed 1000");
    let stdin = pipe.stdin.take();
    assert_eq!(pipe.wait().status, Some(0));
    drop(stdin);
}

#[test]
fn a_signal_ends_the_pause() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let pipe = Pipe::start(&format!("ws://{address}"), &["--reconnect"]);
    pipe.stderr.wait_for("# reconnecting in ");
    pipe.ask_to_stop();
    let Outcome { status, stderr, .. } = pipe.wait();
    assert_eq!(status, Some(4));
    assert!(
        stderr.ends_with("# stopped while no connection was open\n"),
        "{stderr}"
    );
}

/// A server that accepts one connection, which `serve` ends. Afterwards nothing listens there.
fn serving_once(serve: impl FnOnce(TcpStream) -> Option<()> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        drop(listener);
        accept(&mut stream)?;
        serve(stream)
    });
    format!("ws://{address}")
}

/// A server that echoes one message and then ends the connection with these bytes.
fn echoing_once(end: Vec<u8>) -> String {
    serving_once(move |mut stream| {
        let (first, payload) = frame(&mut stream)?;
        stream.write_all(&unmasked(first, payload)).ok()?;
        stream.write_all(&end).ok()
    })
}

/// A server that drops its only connection after the first frame.
fn dropping_once() -> String {
    serving_once(|mut stream| frame(&mut stream).map(drop))
}

#[test]
fn a_pipe_whose_input_was_sent_does_not_connect_again() {
    let lost = "# socket error: the server closed the connection without a Close frame";
    for (end, status, reason) in [
        (Vec::new(), 1, lost),
        (close(1001, "bye"), 0, "# socket closed 1001: bye"),
    ] {
        let mut pipe = Pipe::start(&echoing_once(end), &["--reconnect"]);
        pipe.write("a\n");
        assert_eq!(pipe.line(), "a");
        pipe.stderr.wait_for("# reconnecting in ");
        pipe.end_input();
        pipe.stderr.wait_for(NOT_AGAIN);
        let Outcome {
            status: ended,
            stderr,
            ..
        } = pipe.wait();
        let notes: Vec<_> = stderr.lines().collect();
        assert_eq!(notes[..2], ["# socket open", reason], "{stderr}");
        // It may have tried before the input ended; then that is the last connection.
        let failed = stderr.contains("cannot connect to ");
        assert_eq!(ended, Some(if failed { 4 } else { status }), "{stderr}");
        assert_eq!(notes.last(), Some(&NOT_AGAIN));
    }
}

#[test]
fn messages_that_were_lost_do_not_keep_a_pipe_alive() {
    let mut pipe = Pipe::start(&dropping_once(), &["--reconnect"]);
    pipe.write("a\n");
    pipe.stderr.wait_for("# reconnecting in ");
    pipe.end_input();
    pipe.stderr.wait_for(NOT_AGAIN);
    let Outcome { status, stderr, .. } = pipe.wait();
    assert!(matches!(status, Some(1 | 4)), "{stderr}");
    let expected = format!("{NOT_AGAIN}\n# the only message was not answered\n");
    assert!(stderr.ends_with(&expected), "{stderr}");
}

#[test]
fn input_that_cannot_be_sent_ends_the_pause() {
    let mut pipe = Pipe::start(&dropping_once(), &["--reconnect"]);
    // The first part of a long line is text, and is sent; the second is not.
    pipe.write(&"a".repeat(64 << 10));
    pipe.stderr.wait_for("# reconnecting in ");
    let mut stdin = pipe.stdin.take().unwrap();
    stdin.write_all(b"\xff\n").unwrap();
    pipe.stderr
        .wait_for("# socket error: line 1 starts as text, but is not UTF-8");
    assert_eq!(pipe.wait().status, Some(1));
    drop(stdin);
}

#[test]
fn a_pipe_without_input_waits_for_its_first_connection() {
    let address = free_address();
    let mut pipe = Pipe::start(&format!("ws://{address}"), &["--reconnect"]);
    pipe.end_input();
    pipe.stderr.wait_for("# reconnecting in ");
    let listener = TcpListener::bind(address).unwrap();
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        accept(&mut stream)?;
        frame(&mut stream)?;
        stream.write_all(&close(1000, "")).ok()
    });
    assert_eq!(pipe.wait().status, Some(0));
}
