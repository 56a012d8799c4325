//! On a terminal, lines are typed and edited, and received messages are shown above them.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::num::NonZero;
use std::process::Command;

use ws_echo_tests::needs;
use ws_echo_tests::programs::is_there;
use ws_echo_tests::scripted_server::{accept, close, frame, sending, server, unmasked};
use ws_echo_tests::server::{Server, binary};
use ws_echo_tests::wire::{PING, PONG, TEXT};

use super::screen::{Screen, ScreenOutcome};
use super::{OPEN_WITH_OURS, chat};

const UP: &str = "\x1b[A";
const LEFT: &str = "\x1b[D";
const CONTROL_C: &str = "\x03";
const CONTROL_D: &str = "\x04";
const CONTROL_Z: &str = "\x1a";

fn screen(url: &str, options: &[&str]) -> Screen {
    let mut command = chat(url, options);
    Screen::start(command.env("TERM", "xterm").env("NO_COLOR", "1"))
}

fn ended(status: i32, lines: &[&str]) -> ScreenOutcome {
    ScreenOutcome {
        status: Some(status),
        lines: lines.iter().map(|line| (*line).into()).collect(),
    }
}

/// A server that sends these bytes after it has received a message.
fn answering(bytes: Vec<u8>) -> String {
    server(move |mut stream| {
        accept(&mut stream)?;
        frame(&mut stream)?;
        stream.write_all(&bytes).ok()?;
        frame(&mut stream).map(drop)
    })
}

/// A chat whose connection is not open yet, and the server's end of it.
fn connecting() -> (Screen, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let screen = screen(&url, &[]);
    let client = listener.accept().unwrap().0;
    screen.wait_for(">");
    (screen, client)
}

#[test]
fn a_chat_shows_sent_and_received_messages_and_events() {
    needs!(Terminal);
    let server = Server::start(&[]);
    let mut screen = screen(&server.url("/"), &[]);
    screen.wait_for("< Welcome to Awesome Chat");
    screen.line("hello");
    screen.wait_for("< hello");
    screen.line("/binary 00 ff");
    screen.wait_for("< binary, 2 B: 0x00ff");
    screen.line("//help");
    screen.wait_for("< /help");
    screen.line("/close 1000 bye");
    let expected = [
        OPEN_WITH_OURS,
        "< Welcome to Awesome Chat",
        "> hello",
        "< hello",
        "> /binary 00 ff",
        "< binary, 2 B: 0x00ff",
        "> //help",
        "< /help",
        "> /close 1000 bye",
        "# socket closed 1000",
    ];
    assert_eq!(screen.wait(), ended(0, &expected));
    assert!(server.logged("disconnected").contains("1000: bye"));
}

#[test]
fn a_line_is_edited_and_comes_back_from_the_history() {
    needs!(Terminal);
    let server = Server::start(&["--no-welcome"]);
    let mut screen = screen(&server.url("/"), &[]);
    screen.wait_for(OPEN_WITH_OURS);
    screen.keys("hlo");
    screen.keys(LEFT.repeat(2));
    screen.line("el");
    screen.wait_for("< hello");
    screen.keys(UP);
    screen.line("!");
    screen.wait_for("< hello!");
    screen.line("/quit");
    assert_eq!(screen.wait().status, Some(0));
}

#[test]
fn a_message_received_while_a_line_is_typed_is_shown_above_it() {
    needs!(Terminal);
    let (sender, go) = std::sync::mpsc::channel::<()>();
    let go = std::sync::Mutex::new(go);
    let url = server(move |mut stream| {
        accept(&mut stream)?;
        go.lock().unwrap().recv().ok()?;
        stream.write_all(&unmasked(TEXT, "unasked")).ok()?;
        let (_, payload) = frame(&mut stream)?;
        stream
            .write_all(&close(1000, str::from_utf8(&payload).ok()?))
            .ok()
    });
    let mut screen = screen(&url, &[]);
    screen.wait_for("# socket open");
    screen.keys("hel");
    screen.wait_for("> hel");
    sender.send(()).unwrap();
    screen.wait_for("< unasked");
    screen.line("lo");
    let expected = [
        "# socket open",
        "< unasked",
        "> hello",
        "# socket closed 1000: hello",
    ];
    assert_eq!(screen.wait(), ended(0, &expected));
}

#[test]
fn all_messages_before_a_close_are_shown() {
    needs!(Terminal);
    let messages: Vec<u8> = (0..2000)
        .flat_map(|number| unmasked(TEXT, format!("message {number}")))
        .collect();
    let screen = screen(&sending([messages, close(1001, "")].concat()), &[]);
    let ScreenOutcome { status, lines } = screen.wait();
    assert_eq!(status, Some(0));
    let last = &lines[lines.len() - 3..];
    let expected = ["< message 1998", "< message 1999", "# socket closed 1001"];
    assert_eq!(last, expected);
}

#[test]
fn a_received_message_cannot_control_the_terminal() {
    needs!(Terminal);
    let evil = "\x1b[2J\x1b]0;title\x07\r\n\u{202e}\u{9b}1m";
    let reason = "\x1b[31mred\u{2028}";
    let bytes = [unmasked(TEXT, evil), close(1011, reason)].concat();
    let expected = [
        "# socket open",
        r"< \u{1b}[2J\u{1b}]0;title\u{7}\r\n\u{202e}\u{9b}1m",
        r"# socket closed 1011: \u{1b}[31mred\u{2028}",
    ];
    assert_eq!(screen(&sending(bytes), &[]).wait(), ended(1, &expected));
}

#[test]
fn a_long_message_is_cut_and_says_how_much_is_left_out() {
    needs!(Terminal);
    let fragment = |first| unmasked(first, "x".repeat(100));
    let fragments = [fragment(0x01), fragment(0x00).repeat(18), fragment(0x80)].concat();
    let screen = screen(&sending([fragments, close(1000, "")].concat()), &[]);
    let lines = screen.wait().lines.concat();
    assert!(
        lines.contains(&format!("< {}… (+1000 B)", "x".repeat(1000))),
        "{lines}"
    );
}

#[test]
fn a_ping_is_timed() {
    needs!(Terminal);
    let mut screen = screen(
        &answering([unmasked(PONG, ""), close(1000, "")].concat()),
        &[],
    );
    screen.wait_for("# socket open");
    screen.line("/ping");
    let ScreenOutcome { status, lines } = screen.wait();
    assert_eq!(status, Some(0));
    let pong = lines
        .iter()
        .find_map(|line| line.strip_prefix("# pong after "));
    let (number, unit) = pong.expect("a Pong").split_once(' ').unwrap();
    assert!(number.parse::<f64>().unwrap() > 0.0);
    assert!(["ns", "µs", "ms", "s"].contains(&unit));
}

#[test]
fn a_ping_of_the_server_is_answered_and_not_shown() {
    needs!(Terminal);
    let url = server(|mut stream| {
        accept(&mut stream)?;
        stream.write_all(&unmasked(PING, "are you there?")).ok()?;
        assert_eq!(frame(&mut stream)?, (PONG, b"are you there?".into()));
        stream.write_all(&close(1000, "")).ok()
    });
    let expected = ["# socket open", "# socket closed 1000"];
    assert_eq!(screen(&url, &[]).wait(), ended(0, &expected));
}

#[test]
fn an_unknown_command_is_reported_and_not_sent() {
    needs!(Terminal);
    let server = Server::start(&["--no-welcome"]);
    let mut screen = screen(&server.url("/"), &[]);
    screen.wait_for(OPEN_WITH_OURS);
    screen.line("/pong");
    screen.wait_for("# unknown command /pong: see /help, or write //pong to send it as a message");
    screen.line("/help");
    screen.wait_for("# //TEXT                   send a message that begins with /");
    screen.line("/binary 0");
    screen.wait_for("# write bytes as pairs of hexadecimal digits, such as /binary 00 ff");
    screen.line("/quit");
    let ScreenOutcome { status, lines } = screen.wait();
    assert_eq!(status, Some(0));
    assert!(!lines.iter().any(|line| line.starts_with('<')), "{lines:?}");
}

#[test]
fn a_key_that_is_not_utf_8_is_reported_and_the_chat_continues() {
    needs!(Terminal);
    let server = Server::start(&["--no-welcome"]);
    let mut screen = screen(&server.url("/"), &[]);
    screen.wait_for(OPEN_WITH_OURS);
    screen.keys(b"\xfc\r");
    screen.wait_for("# not sent: the line is not UTF-8");
    screen.line("still here");
    screen.wait_for("< still here");
    screen.line("/quit");
    assert_eq!(screen.wait().status, Some(0));
}

#[test]
fn help_is_shown_while_messages_arrive_faster_than_they_can_be_printed() {
    needs!(Terminal);
    let flood = unmasked(TEXT, "").repeat(50_000);
    let mut screen = screen(&sending([flood, close(1000, "")].concat()), &[]);
    screen.wait_for("<");
    for _ in 0..20 {
        screen.line("/help");
    }
    assert_eq!(screen.wait().status, Some(0));
}

#[test]
fn control_c_control_d_and_quit_close_with_1000() {
    needs!(Terminal);
    for keys in [CONTROL_C, CONTROL_D, "/quit\r"] {
        let server = Server::start(&["--no-welcome"]);
        let mut screen = screen(&server.url("/"), &[]);
        screen.wait_for(OPEN_WITH_OURS);
        screen.keys(keys);
        let ScreenOutcome { status, lines } = screen.wait();
        assert_eq!(status, Some(0), "{keys:?}: {lines:?}");
        assert_eq!(lines.last().unwrap(), "# socket closed 1000");
        assert!(
            server
                .logged("disconnected")
                .contains("by client with 1000")
        );
    }
}

#[test]
fn a_signal_closes_and_restores_the_terminal() {
    needs!(Terminal);
    for signal in ["TERM", "INT"] {
        let server = Server::start(&["--no-welcome"]);
        let screen = screen(&server.url("/"), &[]);
        screen.wait_for(OPEN_WITH_OURS);
        screen.wait_for(">");
        let id = screen.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.unwrap().success());
        let ScreenOutcome { status, lines } = screen.wait();
        assert_eq!(status, Some(0), "{signal}: {lines:?}");
        assert_eq!(lines.last().unwrap(), "# socket closed 1000");
    }
}

#[test]
fn input_typed_before_the_connection_is_open_is_not_sent() {
    needs!(Terminal);
    let (mut screen, client) = connecting();
    screen.line("hello");
    screen.wait_for("# not sent: no connection is open");
    screen.line("/quit");
    let expected = [
        "# not sent: no connection is open",
        "> hello",
        "/quit",
        "# stopped while no connection was open",
    ];
    assert_eq!(screen.wait(), ended(4, &expected));
    drop(client);
}

#[test]
fn a_line_that_could_not_be_sent_stays_in_the_input_and_is_edited_and_sent_later() {
    needs!(Terminal);
    let (mut screen, mut client) = connecting();
    screen.line("hlo");
    screen.wait_for_all(&["# not sent: no connection is open", "> hlo"]);
    screen.keys(LEFT.repeat(2));
    screen.keys("el");
    accept(&mut client).unwrap();
    screen.wait_for("# socket open");
    screen.keys("\r");
    assert_eq!(frame(&mut client), Some((TEXT, b"hello".into())));
    client.write_all(&close(1000, "")).unwrap();
    let expected = [
        "# not sent: no connection is open",
        "# socket open",
        "> hello",
        "# socket closed 1000",
    ];
    assert_eq!(screen.wait(), ended(0, &expected));
}

#[test]
fn lines_that_could_not_be_sent_are_sent_as_they_were_entered() {
    needs!(Terminal);
    let (mut screen, mut client) = connecting();
    screen.line("one");
    screen.wait_for_texts("# not sent", 1);
    screen.line("two");
    screen.wait_for_texts("# not sent", 2);
    // Entering them again does not change them.
    screen.keys("\r");
    screen.wait_for_texts("# not sent", 3);
    accept(&mut client).unwrap();
    screen.wait_for("# socket open");
    screen.line("three");
    for expected in ["one", "two", "three"] {
        assert_eq!(frame(&mut client), Some((TEXT, expected.into())));
    }
    client.write_all(&close(1000, "")).unwrap();
    assert_eq!(screen.wait().status, Some(0));
}

#[test]
fn colours_are_shown_unless_no_color_is_set() {
    needs!(Terminal);
    let has_color = |no_color: &str| {
        let url = sending([unmasked(TEXT, "hi"), close(1000, "")].concat());
        let mut command = chat(&url, &[]);
        let screen = Screen::start(command.env("TERM", "xterm").env("NO_COLOR", no_color));
        screen.wait_for("# socket closed 1000");
        let has_color = screen.has_color();
        assert_eq!(screen.wait().status, Some(0));
        has_color
    };
    assert!(has_color(""));
    assert!(!has_color("1"));
}

#[test]
fn a_terminal_that_cannot_edit_shows_one_line_after_the_other() {
    needs!(Terminal);
    let server = Server::start(&["--no-welcome"]);
    let mut screen = Screen::start(chat(&server.url("/"), &[]).env("TERM", "dumb"));
    screen.wait_for(OPEN_WITH_OURS);
    screen.line("hello");
    screen.wait_for("< hello");
    screen.line("/quit");
    // Without a prompt, which would be before what is received.
    let expected = [
        OPEN_WITH_OURS,
        "hello",
        "< hello",
        "/quit",
        "# socket closed 1000",
    ];
    assert_eq!(screen.wait(), ended(0, &expected));
}

#[test]
fn a_line_is_drawn_once_after_the_terminal_was_resized() {
    needs!(Terminal);
    let server = Server::start(&["--no-welcome"]);
    let mut command = chat(&server.url("/"), &[]);
    let command = command.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut screen = Screen::start(command.env_remove("XTERM_VERSION").env_remove("STY"));
    screen.wait_for(OPEN_WITH_OURS);
    let text = "0123456789".repeat(12);
    screen.keys(&text);
    // What the terminal has wrapped is one line here.
    let expected = [OPEN_WITH_OURS, &format!("> {text}")];
    screen.wait_for_all(&expected);
    for columns in [30, 50, 61, 90, 20, 100, 200].map(|columns| NonZero::new(columns).unwrap()) {
        screen.resize(columns);
        screen.wait_for_all(&expected);
    }
    screen.keys("\r");
    screen.wait_for_texts("< 0123", 1);
    screen.line("/quit");
    assert_eq!(screen.wait().status, Some(0));
}

#[test]
fn a_line_is_there_again_after_control_z_and_fg() {
    needs!(Terminal);
    let shell = ["--ctty", "--wait", "bash", "--norc", "-i"];
    let mut probe = Command::new("setsid");
    if !is_there(
        "setsid and bash",
        "apt install util-linux bash",
        probe.args(["--wait", "bash", "-c", ":"]),
    ) {
        return;
    }
    let server = Server::start(&["--no-welcome"]);
    let mut command = Command::new("setsid");
    let command = command.args(shell).env("PS1", "$ ").env("TERM", "xterm");
    let mut screen = Screen::start(command.env("NO_COLOR", "1").env("CHAT", binary()));
    screen.line(&format!("\"$CHAT\" chat {}", server.url("/")));
    screen.wait_for(OPEN_WITH_OURS);
    screen.keys("hel");
    screen.wait_for("> hel");
    screen.keys(CONTROL_Z);
    screen.wait_for_texts("Stopped", 1);
    screen.line("echo between");
    screen.wait_for("between");
    screen.line("fg");
    screen.wait_for_texts("> hel", 2);
    screen.line("lo");
    screen.wait_for("< hello");
    screen.line("/quit");
    screen.wait_for("# socket closed 1000");
    screen.line("exit");
    let lines = screen.wait().lines;
    assert!(lines.contains(&"> hello".into()), "{lines:#?}");
    assert!(lines.contains(&"between".into()), "{lines:#?}");
}

#[test]
fn a_pipe_into_a_terminal_cannot_control_it_either() {
    needs!(Terminal);
    let url = answering([unmasked(TEXT, "\x1b[2Ja\tb\n"), close(1000, "")].concat());
    let mut shell = Command::new("sh");
    let script = r#"printf 'x\n' | "$0" chat "$1""#;
    let screen = Screen::start(shell.args(["-c", script]).arg(binary()).arg(url));
    let expected = ["# socket open", r"\u{1b}[2Ja\tb\n", "# socket closed 1000"];
    assert_eq!(screen.wait(), ended(0, &expected));
}
