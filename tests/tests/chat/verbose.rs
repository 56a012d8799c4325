//! With `--verbose`, the handshake and each frame are shown on stderr, and nothing else changes.

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::sync::{Mutex, mpsc};

use ws_echo_tests::needs;
use ws_echo_tests::scripted_server::{accept, close, frame, request, response, server, unmasked};
use ws_echo_tests::server::{Server, binary};
use ws_echo_tests::wire::{CLOSE, CONTINUATION, PING, TEXT};

use super::screen::{Screen, ScreenOutcome};
use super::{Outcome, Pipe, chat, listen, talk};

/// The lines of stderr about what travels, without their times, which do not decrease; and the
/// others.
fn split(stderr: &str) -> (Vec<String>, Vec<String>) {
    let (mut wire, mut others, mut before) = (Vec::new(), Vec::new(), 0);
    for line in stderr.lines() {
        let is_safe = |it: char| !it.is_control() && !('\u{202a}'..='\u{202e}').contains(&it);
        assert!(line.chars().all(is_safe), "{line:?}");
        match line.strip_prefix('+') {
            Some(line) => {
                let (time, rest) = line.split_once(" ms  ").expect(line);
                let time = time.parse().expect(line);
                assert!(time >= before, "{line}");
                before = time;
                wire.push(rest.to_owned());
            }
            None => others.push(line.to_owned()),
        }
    }
    (wire, others)
}

/// Receives frames until there are no more.
fn until_end(stream: &mut TcpStream) -> Option<()> {
    while frame(stream).is_some() {}
    Some(())
}

/// The lines of one direction. The end of the stream is left out: it may come too late.
fn of(direction: &str, wire: &[String]) -> Vec<String> {
    let prefix = format!("{direction:<8}  ");
    let lines = wire.iter().filter_map(|line| line.strip_prefix(&prefix));
    let lines = lines.filter(|line| *line != "end of the stream");
    lines.map(str::to_owned).collect()
}

#[test]
fn a_conversation_is_shown_in_both_directions_and_stdout_is_the_same() {
    let server = Server::start(&["--welcome=Hi"]);
    let long = "x".repeat(2000);
    let input = format!("a\n{long}\n");
    let quiet = talk(&server.url("/"), &[], &input);
    let ended = talk(&server.url("/"), &["-v"], &input);
    assert_eq!((ended.status, &ended.stdout), (Some(0), &quiet.stdout));
    let (wire, others) = split(&ended.stderr);
    let quiet: Vec<_> = quiet.stderr.lines().collect();
    assert_eq!(others, quiet);
    let (sent, received) = (of("sent", &wire), of("received", &wire));
    let host = server.url("").replace("ws://", "");
    let host = format!("Host: {}", host.trim_end_matches('/'));
    assert_eq!(sent[..2], ["GET / HTTP/1.1", &host]);
    let (head, frames) = sent.split_at(sent.len() - 3);
    assert!(
        head.iter()
            .any(|line| line.starts_with("Sec-WebSocket-Key: "))
    );
    assert_eq!(
        [&frames[0], &frames[2]],
        ["text, 1 byte, final", "Close 1000"]
    );
    assert!(
        frames[1].ends_with(" bytes, final, compressed"),
        "{}",
        frames[1]
    );
    assert_eq!(received[0], "HTTP/1.1 101 Switching Protocols");
    let expected = [
        "text, 2 bytes, final",
        "text, 1 byte, final",
        &frames[1],
        "Close 1000",
    ];
    assert_eq!(received[received.len() - 4..], expected);
}

#[test]
fn frames_are_shown_as_they_come_also_below_tls() {
    let options = ["--tls-self-signed", "--no-welcome"];
    let server = Server::start(&options);
    let options = ["--verbose", "--insecure", "--no-compression"];
    let ended = talk(&server.url("/"), &options, "x".repeat(100_000) + "\n");
    let (wire, _) = split(&ended.stderr);
    let sent = of("sent", &wire);
    let expected = [
        "text, 65536 bytes, not final",
        "continuation, 34464 bytes, final",
        "Close 1000",
    ];
    assert_eq!(sent[sent.len() - 3..], expected);
    let received = of("received", &wire);
    assert!(received.contains(&"Close 1000".to_owned()), "{received:?}");
}

#[test]
fn secrets_are_shown_only_by_their_length() {
    let url = server(|mut stream| {
        let response = response(&request(&mut stream)?);
        let response = response.replace("\r\n\r\n", "\r\nSet-Cookie: id=hidden\r\n\r\n");
        stream.write_all(response.as_bytes()).ok()?;
        stream.write_all(&close(1000, "")).ok()
    });
    let url = url.replace("ws://", "ws://user:hidden@");
    let options = [
        "--verbose",
        "--header=Cookie: a=hidden",
        "--header=X-Auth-Token: hidden",
        "--header=X-Seen: seen",
    ];
    let ended = talk(&url, &options, "");
    assert!(!ended.stderr.contains("hidden"), "{}", ended.stderr);
    let (wire, _) = split(&ended.stderr);
    let sent = of("sent", &wire);
    for line in [
        "Authorization: (22 bytes, not shown)",
        "Cookie: (8 bytes, not shown)",
        "X-Auth-Token: (6 bytes, not shown)",
        "X-Seen: seen",
    ] {
        assert!(sent.contains(&line.to_owned()), "{line}: {sent:?}");
    }
    let line = "Set-Cookie: (9 bytes, not shown)".to_owned();
    assert!(of("received", &wire).contains(&line));
}

#[test]
fn what_a_server_sends_cannot_harm_a_terminal() {
    let url = server(|mut stream| {
        let response = response(&request(&mut stream)?);
        let response = response.replace("\r\n\r\n", "\r\nX: \u{9b}2J\u{202e}\r\n\r\n");
        let frames = [
            unmasked(PING, "\x1b[2J\r\n"),
            unmasked(0x01, ""),
            unmasked(CONTINUATION, "\x1b"),
            close(1011, "\x1b]0;a\x07"),
        ];
        let bytes = [response.into_bytes(), frames.concat()].concat();
        stream.write_all(&bytes).ok()?;
        until_end(&mut stream)
    });
    let ended = listen(&url, &["-v"]);
    let (wire, _) = split(&ended.stderr);
    let received = of("received", &wire);
    let expected = [
        r"X: \u{9b}2J\u{202e}",
        r"Ping, 6 bytes: \u{1b}[2J\r\n",
        "text, 0 bytes, not final",
        "continuation, 1 byte, final",
        r"Close 1011: \u{1b}]0;a\u{7}",
    ];
    assert_eq!(received[4..], expected);
    assert!(of("sent", &wire).contains(&r"Pong, 6 bytes: \u{1b}[2J\r\n".to_owned()));
}

#[test]
fn a_refusal_is_shown_without_its_content() {
    let url = server(|mut stream| {
        request(&mut stream)?;
        let response = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nbye";
        stream.write_all(response.as_bytes()).ok()
    });
    let ended = talk(&url, &["-v"], "");
    assert_eq!(ended.status, Some(3));
    let (wire, others) = split(&ended.stderr);
    let received = of("received", &wire);
    assert_eq!(received, ["HTTP/1.1 404 Not Found", "Content-Length: 3"]);
    assert_eq!(others, ["# the server refused: 404 Not Found", "#   bye"]);
}

#[test]
fn a_closed_stderr_does_not_end_the_chat() {
    let server = Server::start(&["--no-welcome"]);
    let script = "exec \"$0\" chat \"$1\" --verbose 2>&-";
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .arg(binary())
        .arg(server.url("/"));
    let mut pipe = Pipe::spawn(&mut command);
    pipe.write("a\n");
    assert_eq!(pipe.line(), "a");
    assert_eq!(pipe.wait().status, Some(0));
}

/// The lines of a screen, without times, the handshake, and the end of the stream.
fn frames(lines: &[String]) -> Vec<String> {
    let shown = lines.iter().map(|line| match line.strip_prefix('+') {
        Some(line) => line.split_once(" ms  ").expect(line).1.to_owned(),
        None => line.clone(),
    });
    let left_out = [": ", "HTTP/1.1", "end of the stream"];
    let is_left_out = |line: &String| left_out.iter().any(|it| line.contains(it));
    shown.filter(|line| !is_left_out(line)).collect()
}

#[test]
fn on_a_terminal_the_lines_are_above_the_one_that_is_typed() {
    needs!(Terminal);
    let (sender, go) = mpsc::channel::<()>();
    let go = Mutex::new(go);
    let url = server(move |mut stream| {
        accept(&mut stream)?;
        go.lock().unwrap().recv().ok()?;
        stream.write_all(&unmasked(PING, "")).ok()?;
        stream.write_all(&unmasked(TEXT, "unasked")).ok()?;
        frame(&mut stream)?;
        frame(&mut stream)?;
        stream.write_all(&close(1000, "")).ok()
    });
    let mut command = chat(&url, &["--verbose"]);
    let mut screen = Screen::start(command.env("TERM", "xterm").env("NO_COLOR", "1"));
    screen.wait_for("# socket open");
    screen.keys("hel");
    screen.wait_for("> hel");
    sender.send(()).unwrap();
    screen.wait_for("< unasked");
    screen.wait_for_texts("sent      Pong, 0 bytes", 1);
    screen.line("lo");
    let ScreenOutcome { status, lines } = screen.wait();
    assert_eq!(status, Some(0));
    let mut shown = frames(&lines);
    let sent_pong = "sent      Pong, 0 bytes";
    let pong = shown.iter().position(|line| line == sent_pong);
    // It may be sent before or after the message is shown.
    shown.remove(pong.expect("a Pong"));
    let expected = [
        "# socket open",
        "received  Ping, 0 bytes",
        "received  text, 7 bytes, final",
        "< unasked",
        "> hello",
        "sent      text, 5 bytes, final",
        "received  Close 1000",
        "sent      Close 1000",
        "# socket closed 1000",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn on_a_terminal_the_lines_go_to_a_file_if_stderr_is_one() {
    needs!(Terminal);
    let server = Server::start(&["--no-welcome"]);
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/chat-verbose.txt");
    let script = "exec \"$0\" chat \"$1\" --verbose 2>\"$2\"";
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .arg(binary())
        .arg(server.url("/"))
        .arg(file);
    let mut screen = Screen::start(command.env("TERM", "xterm").env("NO_COLOR", "1"));
    screen.wait_for("# socket open, compression on");
    screen.line("hello");
    screen.wait_for("< hello");
    screen.line("/quit");
    let ended = screen.wait();
    let expected = [
        "# socket open, compression on",
        "> hello",
        "< hello",
        "> /quit",
        "# socket closed 1000",
    ];
    assert_eq!(
        (ended.status, &ended.lines[..]),
        (Some(0), &expected.map(String::from)[..])
    );
    let (wire, others) = split(&std::fs::read_to_string(file).unwrap());
    assert!(others.is_empty(), "{others:?}");
    assert!(
        wire.contains(&"sent      text, 5 bytes, final".to_owned()),
        "{wire:?}"
    );
}

#[test]
fn json_and_verbose_do_not_mix() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        while frame(&mut stream)?.0 != CLOSE {}
        stream.write_all(&close(1000, "")).ok()
    });
    let Outcome { stdout, stderr, .. } = talk(&url, &["--json", "--verbose"], "");
    assert!(
        stdout.lines().all(|line| line.starts_with("{\"type\":")),
        "{stdout}"
    );
    let (wire, others) = split(&stderr);
    assert!(
        wire.contains(&"sent      Close 1000".to_owned()),
        "{wire:?}"
    );
    assert_eq!(others, ["# socket open", "# socket closed 1000"]);
}
