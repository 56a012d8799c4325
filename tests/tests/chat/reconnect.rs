//! With `--reconnect`, a lost connection is made again.

use std::io::Write;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ws_echo_tests::scripted_server::{accept, close, frame, request, server, unmasked};
use ws_echo_tests::wire::{CLOSE, TEXT};

use super::screen::Screen;
use super::{Outcome, Pipe, chat, talk};

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

#[test]
fn a_refusal_with_a_4xx_and_a_close_with_1000_are_final() {
    let refusing = server(|mut stream| {
        request(&mut stream)?;
        let response = "HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(response.as_bytes()).ok()
    });
    let ended = talk(&refusing, &["--reconnect"], "a\n");
    assert_eq!(ended.status, Some(3));
    assert_eq!(ended.stderr, "# the server refused: 429 Slow down\n");

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
    pipe.signal("TERM");
    let Outcome { status, stderr, .. } = pipe.wait();
    assert_eq!(status, Some(4));
    assert!(
        stderr.ends_with("# stopped before a connection was open\n"),
        "{stderr}"
    );
}
