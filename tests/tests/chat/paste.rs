//! What is pasted on a terminal, or written by a program faster than a person types: each line is a
//! message, in order, and none is lost or cut.

use std::io::Write;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use ws_echo_tests::needs;
use ws_echo_tests::scripted_server::{accept, frame, server, unmasked};
use ws_echo_tests::server::PATIENCE;
use ws_echo_tests::wire::{CLOSE, TEXT};

use super::chat;
use super::screen::Screen;

const CONTROL_D: &str = "\x04";
const PASTE_START: &str = "\x1b[200~";
const PASTE_END: &str = "\x1b[201~";

/// A chat with a server that echoes, and the messages that the server receives.
struct Chat {
    screen: Screen,
    messages: Receiver<String>,
}

impl Chat {
    /// A chat with an open connection, on which the server sends this many messages unasked behind
    /// each echo.
    fn start(unasked: usize) -> Self {
        let (sender, messages) = channel();
        let sender = Mutex::new(sender);
        let url = server(move |mut stream| {
            accept(&mut stream)?;
            loop {
                let (first, payload) = frame(&mut stream)?;
                if first == CLOSE {
                    return stream.write_all(&unmasked(CLOSE, payload)).ok();
                }
                let text = String::from_utf8(payload.clone()).unwrap();
                sender.lock().unwrap().send(text).ok()?;
                let echo = if payload.len() < 126 {
                    payload
                } else {
                    b"long".into()
                };
                let others = unmasked(TEXT, "unasked").repeat(unasked);
                stream
                    .write_all(&[unmasked(first, echo), others].concat())
                    .ok()?;
            }
        });
        let mut command = chat(&url, &[]);
        let screen = Screen::start(command.env("TERM", "xterm").env("NO_COLOR", "1"));
        screen.wait_for("# socket open");
        screen.wait_for(">");
        Self { screen, messages }
    }

    fn expect<T: AsRef<str>>(&self, messages: &[T]) {
        for (number, message) in messages.iter().enumerate() {
            let received = self.messages.recv_timeout(PATIENCE).expect("a message");
            assert_eq!(received, message.as_ref(), "message {number}");
        }
    }

    /// Ends the chat; nothing else was received.
    fn end(mut self) {
        self.screen.line("/quit");
        self.ended();
    }

    fn ended(self) {
        assert_eq!(self.screen.wait().status, Some(0));
        let others: Vec<_> = self.messages.try_iter().collect();
        assert_eq!(others, [""; 0]);
    }
}

/// Lines with characters of each length, and empty ones.
fn lines(count: usize) -> Vec<String> {
    let line = |number| match number % 5 {
        4 => String::new(),
        _ => format!("{number}: Grüße, 世界 🦀 {}", "x".repeat(number % 90)),
    };
    (0..count).map(line).collect()
}

#[test]
fn lines_that_are_written_at_once_are_messages() {
    needs!(Terminal);
    for end in ["\r", "\n", "\r\n"] {
        let mut chat = Chat::start(0);
        let lines = lines(60);
        chat.screen.keys(lines.join(end) + end);
        chat.expect(&lines);
        chat.end();
    }
}

#[test]
fn lines_in_pieces_of_any_length_are_messages() {
    needs!(Terminal);
    let mut chat = Chat::start(0);
    let lines = lines(20);
    let bytes = lines.join("\r") + "\r";
    for len in [1, 2, 3, 7, 64, 1000] {
        for piece in bytes.as_bytes().chunks(len) {
            chat.screen.keys(piece);
        }
        chat.expect(&lines);
    }
    chat.end();
}

#[test]
fn characters_and_key_sequences_may_be_cut_at_every_place() {
    needs!(Terminal);
    let mut chat = Chat::start(0);
    let keys = format!("ß🦀\x1b[D\x1b[C\x1bOHa\x1b[1;5C世\r{PASTE_START}b\tc\rd\r{PASTE_END}");
    for cut in 1..keys.len() {
        let (before, after) = keys.as_bytes().split_at(cut);
        chat.screen.keys(before);
        chat.screen.keys(after);
        chat.expect(&["aß世🦀", "b\tc", "d"]);
    }
    chat.end();
}

#[test]
fn a_pasted_text_is_sent_line_by_line_and_what_has_no_end_stays_in_the_input() {
    needs!(Terminal);
    for end in ["\r", "\n", "\r\n"] {
        let mut chat = Chat::start(0);
        chat.screen.keys("zero ");
        // In brackets a control character is no command.
        let text = ["one", "", "/quit\ttwo", "\x04\x15\x1athree"].join(end);
        chat.screen.keys(format!("{PASTE_START}/{text}{PASTE_END}"));
        chat.expect(&["zero /one", ""]);
        chat.screen.wait_for("> three");
        chat.screen.line(" four");
        chat.expect(&["three four"]);
        chat.end();
    }
}

#[test]
fn long_lines_are_not_cut() {
    needs!(Terminal);
    let mut chat = Chat::start(0);
    let lines = [
        "a".repeat(5000),
        format!("x{}", "世🦀".repeat(1000)),
        "c".into(),
    ];
    chat.screen.keys(lines.join("\r") + "\r");
    chat.expect(&lines);
    let text = lines.join("\r");
    chat.screen
        .keys(format!("{PASTE_START}{text}\r{PASTE_END}"));
    chat.expect(&lines);
    chat.end();
}

#[test]
fn lines_are_pasted_while_messages_arrive() {
    needs!(Terminal);
    let mut chat = Chat::start(50);
    let lines = lines(40);
    let text = lines.join("\r");
    chat.screen.keys(format!("{text}\r"));
    chat.screen
        .keys(format!("{PASTE_START}{text}\r{PASTE_END}"));
    chat.expect(&lines);
    chat.expect(&lines);
    chat.end();
}

#[test]
fn all_lines_before_control_d_are_sent() {
    needs!(Terminal);
    for (before, after) in [("", ""), (PASTE_START, PASTE_END)] {
        let mut chat = Chat::start(0);
        let lines = lines(60);
        let text = lines.join("\r");
        chat.screen
            .keys(format!("{before}{text}\r{after}{CONTROL_D}"));
        chat.expect(&lines);
        chat.ended();
    }
}

#[test]
fn control_c_works_when_the_end_of_a_paste_is_missing() {
    needs!(Terminal);
    let mut chat = Chat::start(0);
    chat.screen.keys(format!("{PASTE_START}one\rtwo\x03"));
    chat.expect(&["one"]);
    chat.ended();
}

#[test]
fn a_pasted_text_that_is_not_utf_8_does_not_stop_the_input() {
    needs!(Terminal);
    let mut chat = Chat::start(0);
    let start = PASTE_START.as_bytes();
    chat.screen.keys([start, b"one\rtwo\xfc"].concat());
    chat.expect(&["one"]);
    chat.screen.wait_for("# not sent: the line is not UTF-8");
    chat.screen.line("three");
    chat.expect(&["three"]);
    chat.end();
}
