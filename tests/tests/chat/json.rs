//! With `--json`, each event is an object on a line of stdout.

use std::io::Write;

use serde_json::{Value, json};
use ws_echo_tests::scripted_server::{close, request, response, sending, server, unmasked};
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT};

use super::{OPEN_WITH_OURS, Outcome, Pipe, listen, talk};

const COMPRESSION: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// The events in an output: objects whose times do not decrease. The times are left out.
fn events(stdout: &str) -> Vec<Value> {
    let mut before = 0.0;
    let event = |line: &str| {
        let is_safe = |it: char| !it.is_control() && !('\u{202a}'..='\u{202e}').contains(&it);
        assert!(line.chars().all(is_safe), "{line:?}");
        assert!(line.starts_with("{\"type\":"), "{line}");
        let mut event: Value = serde_json::from_str(line).unwrap();
        let after = event.as_object_mut().unwrap().remove("after").unwrap();
        let after = after.as_f64().unwrap();
        assert!(after >= before, "{line}");
        before = after;
        event
    };
    stdout.lines().map(event).collect()
}

/// The same without the first, which must say that a connection is open.
fn events_once_connected(stdout: &str) -> Vec<Value> {
    let mut events = events(stdout);
    assert_eq!(events[0]["type"], "connected", "{stdout}");
    events.remove(0);
    events
}

fn text(text: &str) -> Value {
    json!({"type": "message", "kind": "text", "len": text.len(), "text": text})
}

fn sent(kind: &str, len: usize) -> Value {
    json!({"type": "sent", "kind": kind, "len": len})
}

fn closed(from: &str, code: u16, reason: &str) -> Value {
    json!({"type": "close", "from": from, "code": code, "reason": reason})
}

fn error(text: &str) -> Value {
    json!({"type": "error", "text": text})
}

fn end(status: i32) -> Value {
    json!({"type": "end", "status": status})
}

#[test]
fn each_event_of_a_conversation_is_printed_at_once() {
    let server = Server::start(&["--subprotocol=b", "--welcome=Hi"]);
    let mut pipe = Pipe::start(&server.url("/"), &["--json", "--subprotocol=b"]);
    let mut stdout = String::new();
    let mut next = |pipe: &mut Pipe| {
        stdout += &pipe.line();
        stdout += "\n";
        events(&stdout).pop().unwrap()
    };
    let peer = server.url("").replace("ws://", "");
    let connected = json!({
        "type": "connected", "peer": peer.trim_end_matches('/'), "subprotocol": "b",
        "extensions": COMPRESSION, "tls": null,
    });
    assert_eq!(next(&mut pipe), connected);
    assert_eq!(next(&mut pipe), text("Hi"));
    pipe.write("aß\u{202e}\u{9b}\u{7f}\"\\\n");
    assert_eq!(next(&mut pipe), sent("text", 11));
    assert_eq!(next(&mut pipe), text("aß\u{202e}\u{9b}\u{7f}\"\\"));
    pipe.end_input();
    let Outcome {
        status,
        stdout: rest,
        stderr,
    } = pipe.wait();
    let expected = [
        closed("client", 1000, ""),
        closed("server", 1000, ""),
        end(0),
    ];
    assert_eq!((status, &events(&rest)[..]), (Some(0), &expected[..]));
    let expected = "# socket open, subprotocol b, compression on\n# socket closed 1000\n";
    assert_eq!(stderr, expected);
}

#[test]
fn the_connection_says_what_was_agreed_on_in_tls() {
    let options = ["--tls-self-signed"];
    let server = Server::start(&options);
    let ended = talk(
        &server.url("/"),
        &["--json", "--insecure", "--no-compression"],
        "",
    );
    let connected = &events(&ended.stdout)[0];
    let tls = json!({
        "version": "TLSv1.3", "cipher": "TLS13_AES_256_GCM_SHA384", "resumed": false,
    });
    assert_eq!(connected["tls"], tls);
    assert_eq!(connected["extensions"], Value::Null);
    assert_eq!(connected["subprotocol"], Value::Null);
    assert!(
        ended
            .stderr
            .contains("--insecure: the server's certificate is not checked")
    );
}

#[test]
fn messages_are_whole_and_bytes_are_in_base64() {
    let frames = [
        unmasked(0x02, b"\xff\0"),
        unmasked(PING, "ping"),
        unmasked(CONTINUATION, "a"),
        unmasked(BINARY, ""),
        unmasked(TEXT, "\r\n\x1b[2J"),
        unmasked(PONG, b"\xff"),
        close(3000, "b\x1be"),
    ];
    let ended = listen(&sending(frames.concat()), &["--json"]);
    let binary = |len, base64: &str| json!({"type": "message", "kind": "binary", "len": len, "base64": base64});
    let expected = [
        json!({"type": "ping", "from": "server", "base64": "cGluZw=="}),
        binary(3, "/wBh"),
        binary(0, ""),
        text("\r\n\x1b[2J"),
        json!({"type": "pong", "from": "server", "base64": "/w=="}),
        closed("server", 3000, "b\x1be"),
        end(1),
    ];
    assert_eq!(ended.status, Some(1));
    assert_eq!(events_once_connected(&ended.stdout), expected);
}

#[test]
fn compressed_messages_are_shown_as_they_were_before() {
    let server = Server::start(&["--no-welcome"]);
    let long = "compressed ".repeat(1000);
    let ended = talk(&server.url("/"), &["--json"], format!("{long}\n"));
    let events = events_once_connected(&ended.stdout);
    assert_eq!(events[..2], [sent("text", long.len()), text(&long)]);
    assert!(ended.stderr.contains("# compression: "), "{}", ended.stderr);
}

#[test]
fn a_line_that_is_sent_in_fragments_is_one_message() {
    let server = Server::start(&["--no-welcome"]);
    let line = [&b"\xff"[..], &[b'x'; 200_000]].concat();
    let ended = talk(&server.url("/"), &["--json"], [&line[..], b"\n"].concat());
    let events = events_once_connected(&ended.stdout);
    assert_eq!(events[0], sent("binary", 200_001));
    assert_eq!(events[1]["len"], 200_001);
    assert_eq!(events.len(), 5, "{events:?}");
}

#[test]
fn a_message_that_is_cut_off_or_too_long_says_so() {
    let cut_off = [unmasked(0x01, "beg"), close(1001, "")].concat();
    let ended = listen(&sending(cut_off), &["--json"]);
    let message = json!({
        "type": "message", "kind": "text", "len": 3, "text": "beg", "cut_off": true,
    });
    let expected = [closed("server", 1001, ""), message, end(0)];
    assert_eq!(events_once_connected(&ended.stdout), expected);

    let long = [unmasked(TEXT, "ß".repeat((8 << 20) + 1)), close(1000, "")].concat();
    let ended = listen(&sending(long), &["--json"]);
    let message = &events_once_connected(&ended.stdout)[0];
    assert_eq!(message["len"], (16 << 20) + 2);
    assert_eq!(message["truncated"], true);
    assert_eq!(message["text"].as_str().unwrap().len(), 16 << 20);
}

#[test]
fn an_empty_close_has_no_code() {
    let ended = listen(&sending(unmasked(CLOSE, "")), &["--json"]);
    let closed = json!({"type": "close", "from": "server", "code": null, "reason": ""});
    assert_eq!(events_once_connected(&ended.stdout), [closed, end(1)]);
}

#[test]
fn an_error_is_an_event_and_the_last_event_has_the_exit_status() {
    let refusing = server(|mut stream| {
        request(&mut stream)?;
        let response = "HTTP/1.1 429 No\\\r\nContent-Length: 3\r\n\r\nbye";
        stream.write_all(response.as_bytes()).ok()
    });
    let ended = talk(&refusing, &["--json"], "");
    let error_of_http = json!({
        "type": "error", "text": r"the server refused: 429 No\\", "http_status": 429,
    });
    assert_eq!(events(&ended.stdout), [error_of_http, end(3)]);
    assert!(ended.stderr.ends_with("#   bye\n"), "{}", ended.stderr);

    let ended = talk(&sending(""), &["--json", "--wait=300ms"], "a\n");
    let expected = [
        sent("text", 1),
        closed("client", 1000, ""),
        closed("server", 1000, ""),
        error("the only message was not answered: no further reply within 300 ms"),
        end(4),
    ];
    assert_eq!(events_once_connected(&ended.stdout), expected);

    let violating = sending([unmasked(TEXT, "a"), b"\x83\0".to_vec()].concat());
    let ended = listen(&violating, &["--json"]);
    let [message, error, end_of] = &events_once_connected(&ended.stdout)[..] else {
        panic!("{}", ended.stdout);
    };
    assert_eq!((message, end_of), (&text("a"), &end(1)));
    let reason = error["text"].as_str().unwrap();
    assert!(reason.starts_with("socket error: the server violated the protocol: "));
}

#[test]
fn a_lost_connection_and_the_next_one_are_events() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let url = server(move |mut stream| {
        let response = response(&request(&mut stream)?);
        if count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            let bytes = [response.as_bytes(), &close(1012, "")].concat();
            return stream.write_all(&bytes).ok();
        }
        let bytes = [response.as_bytes(), &close(1000, "")].concat();
        stream.write_all(&bytes).ok()
    });
    let pipe = Pipe::start(&url, &["--json", "--reconnect"]);
    pipe.stderr.wait_for("# socket closed 1000");
    let ended = pipe.wait();
    let mut events = events_once_connected(&ended.stdout);
    let wait = events[1]["wait"].take().as_f64().unwrap();
    assert!((0.25..=0.5).contains(&wait), "{wait}");
    assert_eq!(events[2]["type"], "connected");
    events.remove(2);
    let again = json!({"type": "reconnecting", "wait": null});
    let expected = [
        closed("server", 1012, ""),
        again,
        closed("server", 1000, ""),
        end(0),
    ];
    assert_eq!(events, expected);
}

#[test]
fn the_message_that_is_expected_is_marked() {
    let server = Server::start(&[]);
    let ended = talk(&server.url("/"), &["--json", "--once=a"], "");
    let mut expected_message = text("a");
    expected_message["expected"] = true.into();
    let expected = [
        text("Welcome to Awesome Chat"),
        sent("text", 1),
        expected_message,
        closed("client", 1000, ""),
        closed("server", 1000, ""),
        end(0),
    ];
    assert_eq!(events_once_connected(&ended.stdout), expected);

    let options = ["--json", "--expect=b", "--timeout=2s"];
    let ended = talk(&server.url("/"), &options, "a\n");
    let note = "none of 2 messages matched within 2 s (--timeout)";
    assert_eq!(ended.stderr, format!("{OPEN_WITH_OURS}\n# {note}\n"));
    let events = events_once_connected(&ended.stdout);
    let last = [closed("client", 1000, ""), error(note), end(4)];
    assert_eq!(events[events.len() - 3..], last);
}

#[test]
fn a_closed_stdout_ends_the_chat_quietly() {
    let server = Server::start(&[]);
    let mut pipe = Pipe::start(&server.url("/"), &["--json"]);
    assert!(pipe.line().starts_with("{\"type\":\"connected\","));
    let Outcome { status, stderr, .. } = pipe.wait_unread("more\n");
    let expected = format!("{OPEN_WITH_OURS}\n# socket closed 1000\n");
    assert_eq!((status, stderr), (Some(0), expected));
}
