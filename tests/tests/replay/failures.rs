//! Recordings that cannot be read or are cut off, servers that refuse, vanish or hang, and users
//! who stop.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use ws_echo_tests::scripted_server::{accept, frame, request, server, unmasked};
use ws_echo_tests::server::{PATIENCE, free_address, peak_memory, signal, wait};
use ws_echo_tests::wire::{CLOSE, TEXT};

use super::{
    CLIENT_CLOSE, END, NO_COOKIE, Outcome, REQUEST, RESPONSE, Recording, SERVER_CLOSE, SHORT,
    answering, different, echoed, listening, replay, replay_command, same, text,
};

/// The most memory of a replay of short messages.
const MEMORY_MAX: u64 = 40 << 20;

fn echo() -> String {
    answering(|_, first, payload| unmasked(first, payload))
}

#[test]
fn a_recording_that_cannot_be_read_is_an_error_before_a_connection_is_made() {
    let unused = "ws://192.0.2.1:1/";
    let missing = std::env::temp_dir().join("ws-echo-replay-missing.jsonl");
    let ended = replay(&missing, unused, &[]);
    assert_eq!((ended.status, &*ended.stdout), (Some(1), ""));
    let start = format!("ws-echo: {}: ", missing.display());
    assert!(ended.stderr.starts_with(&start), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("there is no such file"),
        "{}",
        ended.stderr
    );
    let ended = replay(&std::env::temp_dir(), unused, &[]);
    assert_eq!((ended.status, &*ended.stdout), (Some(1), ""));
    assert!(
        ended.stderr.contains("it is a folder: write a file"),
        "{}",
        ended.stderr
    );
    for (text, expected) in [
        (String::new(), "no recording: it has no whole line"),
        (
            "hello\n".into(),
            "no recording: line 1 is not a request; write a file that ws-echo --record has made",
        ),
        (
            "2026-11-29\n".into(),
            "no recording: line 1 is not a request",
        ),
        ("{\"type\":\"request\"}\n".into(), "line 1: missing field"),
        (
            format!("{RESPONSE}\n"),
            "no recording: line 1 is not a request",
        ),
        (
            format!("{REQUEST}\n"),
            "line 2: the recording ends before the response",
        ),
        (
            format!("{REQUEST}\n{END}\n"),
            "line 2: there is no response to the request",
        ),
        (
            REQUEST.replace("\"format\":1", "\"format\":9") + "\n",
            "recorded in format 9",
        ),
    ] {
        let recording = Recording::of_text(&text);
        let ended = replay(recording.path(), unused, &["--json"]);
        assert_eq!((ended.status, &*ended.stdout), (Some(1), ""));
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
}

#[test]
fn a_wrong_line_ends_the_replay_where_it_is() {
    let recording = Recording::new(&[
        &text("client", "a"),
        &text("server", "a"),
        "{\"type\":\"other\"}",
        &text("client", "b"),
    ]);
    let ended = replay(recording.path(), &echo(), &["--fast"]);
    assert_eq!(ended.status, Some(1));
    let error = "ws-echo: cannot read the recording: line 5: unknown variant `other`";
    assert!(ended.stderr.contains(error), "{}", ended.stderr);
    assert_eq!(ended.stdout, "interrupted: 1 of 1 answer as recorded\n");
}

#[test]
fn a_recording_that_is_cut_off_is_played_to_its_end() {
    let whole = echoed(&["a", "b"]);
    let text = fs::read_to_string(whole.path()).unwrap();
    let (start, _) = text.split_at(text.find("\"b\"").unwrap());
    let recording = Recording::of_text(start);
    let expected = Outcome {
        stderr: format!(
            "{NO_COOKIE}ws-echo: the recording is cut off: it was played up to its end\n"
        ),
        ..same("1 of 1 answer")
    };
    assert_eq!(replay(recording.path(), &echo(), &[]), expected);
    // So is one that ends with a whole line, and one whose recorder has stopped.
    let (client, server) = (super::text("client", "a"), super::text("server", "a"));
    let stopped = END.replace("server", "recorder");
    for lines in [&[&*client, &server][..], &[&*client, &server, &stopped]] {
        let recording = Recording::new(lines);
        let (url, received) = listening(unmasked(TEXT, "a"));
        assert_eq!(replay(recording.path(), &url, &[]), expected);
        let (_, frames) = received.recv_timeout(PATIENCE).unwrap();
        let expected = [(TEXT, b"a".to_vec()), (CLOSE, b"\x03\xe8".to_vec())];
        assert_eq!(frames, expected);
    }
}

#[test]
fn a_recording_without_an_answer_compares_nothing_which_is_a_failure() {
    let recording = Recording::new(&[&text("client", "a")]);
    let (url, _received) = listening(Vec::new());
    let ended = replay(recording.path(), &url, &[]);
    assert_eq!(ended.status, Some(1));
    assert_eq!(
        ended.stdout,
        "nothing to compare: 0 of 0 answers as recorded\n"
    );
}

#[test]
fn where_lines_are_missing_the_replay_ends() {
    let recording = Recording::new(&[
        &text("client", "a"),
        &text("server", "a"),
        r#"{"type":"missing","after":0.5,"lines":2}"#,
        &text("server", "b"),
        CLIENT_CLOSE,
        SERVER_CLOSE,
        END,
    ]);
    let expected = Outcome {
        stderr: format!(
            "{NO_COOKIE}ws-echo: lines are missing in the recording at line 5: it was played up to \
             there\n"
        ),
        ..same("1 of 1 answer")
    };
    assert_eq!(replay(recording.path(), &echo(), &["--fast"]), expected);
}

#[test]
fn no_connection_is_no_comparison() {
    let recording = echoed(&["a"]);
    let nobody = format!("ws://{}/", free_address());
    let ended = replay(recording.path(), &nobody, &[]);
    assert_eq!((ended.status, &*ended.stdout), (Some(1), ""));
    assert!(
        ended.stderr.contains("cannot connect to"),
        "{}",
        ended.stderr
    );
    let silent = server(|mut stream| {
        request(&mut stream)?;
        stream.read(&mut [0]).ok().map(drop)
    });
    let ended = replay(recording.path(), &silent, &[SHORT]);
    assert_eq!((ended.status, &*ended.stdout), (Some(1), ""));
    let error = "no response to the handshake within 2 s (--timeout)";
    assert!(ended.stderr.contains(error), "{}", ended.stderr);
}

fn refusing(status: &'static str) -> String {
    server(move |mut stream| {
        request(&mut stream)?;
        let response = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(response.as_bytes()).ok()
    })
}

#[test]
fn a_refusal_is_no_comparison_unless_it_was_recorded() {
    let ended = replay(echoed(&["a"]).path(), &refusing("503 Busy"), &[]);
    assert_eq!((ended.status, &*ended.stdout), (Some(3), ""));
    assert_eq!(ended.stderr, "ws-echo: the server refused: 503 Busy\n");
    let response = RESPONSE.replace("101", "503");
    let recording = Recording::with_handshake(&[REQUEST, &response], &[END]);
    let ended = replay(recording.path(), &refusing("503 Busy"), &[]);
    assert_eq!(ended, same("1 of 1 answer"));
    for (url, status) in [(refusing("403 No"), 403), (echo(), 101)] {
        let line = format!(
            "1: line 2: expected a response with status 503, got a response with status {status}"
        );
        let last = "different: 1 difference; 0 of 1 answer as recorded";
        let ended = replay(recording.path(), &url, &[]);
        assert_eq!(ended, different(&[&line, last]));
    }
}

#[test]
fn a_server_that_no_longer_answers_is_given_up_after_three_answers() {
    let texts: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let recording = echoed(&texts);
    let url = answering(|number, first, payload| match number {
        0 => unmasked(first, payload),
        _ => Vec::new(),
    });
    let ended = replay(recording.path(), &url, &["--fast", SHORT]);
    assert_eq!(ended.status, Some(4));
    let last = "different: 3 differences; 1 of 4 answers as recorded";
    assert_eq!(ended.stdout.lines().last(), Some(last), "{}", ended.stdout);
    let note = "ws-echo: given up at line 10: the server no longer answers\n";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
}

#[test]
fn a_server_that_does_not_read_is_given_up() {
    // More than the buffers of a socket hold.
    let recording = Recording::new(&[
        &text("client", &"x".repeat(30 << 20)),
        CLIENT_CLOSE,
        SERVER_CLOSE,
        END,
    ]);
    let url = server(|mut stream| {
        accept(&mut stream)?;
        std::thread::sleep(PATIENCE);
        Some(())
    });
    let ended = replay(recording.path(), &url, &["--fast", SHORT]);
    assert_eq!(ended.status, Some(4), "{ended:?}");
    let note = "the server does not take what is sent\n";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
}

#[test]
fn a_long_message_is_sent_in_one_frame_while_its_echo_is_received() {
    let long = "x".repeat(10 << 20);
    let (sent, echoed) = (text("client", &long), text("server", &long));
    let [close, answer] = [CLIENT_CLOSE, SERVER_CLOSE].map(|line| line.replace("bye", ""));
    let recording = Recording::new(&[&sent, &echoed, &close, &answer, END]);
    let ours = ws_echo_tests::server::Server::start(&["--no-welcome", "--origin=*"]);
    let ended = replay(recording.path(), &ours.url("/"), &["--fast"]);
    assert_eq!(
        (ended.status, &*ended.stdout),
        (Some(0), "same: 2 of 2 answers as recorded\n")
    );
}

#[test]
fn a_user_who_stops_the_replay_ends_it_with_a_close() {
    let later = text("client", "b").replace("0.02", "3600");
    let recording = Recording::new(&[&text("client", "a"), &text("server", "a"), &later]);
    let (sender, frames) = channel();
    let sender = Mutex::new(sender);
    let url = server(move |mut stream| {
        accept(&mut stream)?;
        let sender = sender.lock().unwrap();
        loop {
            let (first, payload) = frame(&mut stream)?;
            stream.write_all(&unmasked(first, &payload)).ok()?;
            sender.send((first, payload)).ok()?;
        }
    });
    let mut command = replay_command(recording.path(), &url, &[]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let received = frames.recv_timeout(PATIENCE).unwrap();
    assert_eq!(received, (TEXT, b"a".to_vec()));
    signal(&child, "INT");
    let received = frames.recv_timeout(PATIENCE).unwrap();
    assert_eq!(received, (CLOSE, b"\x03\xe8".to_vec()));
    assert_eq!(wait(&mut child).code(), Some(1));
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.starts_with("interrupted: "), "{stdout}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("ws-echo: interrupted at line "), "{stderr}");
}

#[test]
fn a_long_recording_costs_no_more_memory_than_a_short_one() {
    let line = text("client", &"x".repeat(60_000));
    let echo_of_it = text("server", &"x".repeat(60_000));
    let mut all = format!("{REQUEST}\n{RESPONSE}\n");
    for _ in 0..1500 {
        all += &format!("{line}\n{echo_of_it}\n");
    }
    // So that its memory can be asked for.
    all += &format!("{}\n", text("server", "never").replace("0.02", "3600"));
    let recording = Recording::of_text(&all);
    let (sender, echoed) = channel();
    let sender = Mutex::new(sender);
    let url = server(move |mut stream| {
        accept(&mut stream)?;
        for _ in 0..1500 {
            let (first, payload) = frame(&mut stream)?;
            stream.write_all(&unmasked(first, payload)).ok()?;
        }
        sender.lock().unwrap().send(()).ok()?;
        frame(&mut stream).map(drop)
    });
    let mut command = replay_command(recording.path(), &url, &["--fast", "--timeout=1h"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    echoed.recv_timeout(PATIENCE).unwrap();
    let memory = peak_memory(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    if let Some(memory) = memory {
        assert!(memory < MEMORY_MAX, "{memory} bytes");
    }
}
