//! Recordings that the server makes of real clients, replayed against our server, against another
//! one, and against one that changes a message.

use std::fs;
use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use ws_echo_tests::peers::{expect_ok, node_command, python_command, python_websockets_with};
use ws_echo_tests::server::Server;

use super::{SHORT, replay};

/// A folder of recordings, which is removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("ws-echo-replay-{}-recordings-{number}", process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn recordings(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.0).expect("the server has made it");
        let files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        assert!(!files.is_empty());
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Records what a client does, which is started with the URL of the server.
fn record(options: &[&str], client: impl FnOnce(&str)) -> Folder {
    let folder = Folder::new();
    let option = format!("--record={}", folder.0.display());
    let mut server = Server::start(&[&[&*option], options].concat());
    client(&server.url("/"));
    // It writes all that it has of the recordings.
    server.ask_to_stop();
    server.wait();
    folder
}

/// Replays each recording, and expects no difference.
fn expect_the_same(folder: &Folder, url: &str, options: &[&str]) {
    let mut count = 0;
    for file in folder.recordings() {
        let lines = fs::read_to_string(&file).expect("a recording is text");
        // Of a client that is faster than the disk, lines are missing.
        let second = lines.lines().nth(1).unwrap_or_default();
        if !second.starts_with(r#"{"type":"response""#) {
            continue;
        }
        count += 1;
        let ended = replay(&file, url, options);
        let start: String = lines.chars().take(3000).collect();
        assert_eq!(ended.status, Some(0), "{ended:?}\n{start}");
        assert!(ended.stdout.starts_with("same: "), "{ended:?}");
    }
    assert!(count > 0, "no recording has a response");
}

/// What a chat in a pipe does with three messages.
fn chat(url: &str) {
    let mut command = ws_echo_tests::server::command(["chat", url]);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::null()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let long = "aß水🦀".repeat(20_000);
    let text = format!("one\ntwo\n{long}\n");
    std::io::Write::write_all(&mut stdin, text.as_bytes()).expect("it reads");
    drop(stdin);
    assert!(ws_echo_tests::server::wait(&mut child).success());
}

#[test]
fn what_a_chat_does_is_the_same_at_our_server_at_its_pace_and_without_pauses() {
    let folder = record(&[], chat);
    let ours = Server::start(&[]);
    expect_the_same(&folder, &ours.url("/"), &[]);
    expect_the_same(&folder, &ours.url("/"), &["--fast"]);
    let silent = Server::start(&["--no-welcome", "--deflate=off"]);
    expect_the_same(
        &folder,
        &silent.url("/"),
        &["--fast", "--ignore-greeting", SHORT],
    );
}

#[test]
fn what_python_does_is_the_same_at_our_server_and_at_its_own() {
    for offer in ["kept", "fresh", "9-bits"] {
        let Some(mut client) = python_websockets_with("", offer) else {
            return;
        };
        let arguments: Vec<_> = client.get_args().map(ToOwned::to_owned).collect();
        let program = client.get_program().to_owned();
        let options = match offer {
            "fresh" => &[][..],
            _ => &["--deflate=window"],
        };
        let folder = record(options, |url| {
            client = Command::new(program);
            let arguments = arguments
                .iter()
                .map(|it| if it.is_empty() { url.as_ref() } else { &**it });
            expect_ok(
                client
                    .env("WEBSOCKETS_MAX_FRAGMENTS", "1000000")
                    .args(arguments),
            );
        });
        let ours = Server::start(options);
        expect_the_same(&folder, &ours.url("/"), &["--fast"]);
    }
}

#[test]
fn what_ws_of_node_does_is_the_same_at_our_server() {
    let Some(mut client) = node_command("ws_client.cjs") else {
        return;
    };
    let folder = record(&[], |url| drop(expect_ok(client.arg(url))));
    let ours = Server::start(&[]);
    expect_the_same(&folder, &ours.url("/"), &["--fast"]);
}

#[test]
fn another_echo_server_answers_the_same_without_the_greeting() {
    let Some(mut command) = python_command("websockets_server.py", &["127.0.0.1", "0"]) else {
        return;
    };
    let folder = record(&[], chat);
    let options = ["--fast", "--ignore-greeting", SHORT];
    let plain = Server::spawn(&mut command);
    expect_the_same(&folder, &plain.url("/"), &options);
    command.env("DEFLATE", "{}");
    let compressing = Server::spawn(&mut command);
    expect_the_same(&folder, &compressing.url("/"), &options);
}

#[test]
fn a_server_that_changes_a_message_is_found() {
    let folder = record(&["--no-welcome"], chat);
    let url = super::answering(|number, first, payload| match number {
        1 => ws_echo_tests::scripted_server::unmasked(first, payload.to_ascii_uppercase()),
        _ => ws_echo_tests::scripted_server::unmasked(first, payload),
    });
    for file in folder.recordings() {
        let ended = replay(&file, &url, &["--fast"]);
        assert_eq!(ended.status, Some(4), "{ended:?}");
        let lines: Vec<_> = ended.stdout.lines().collect();
        let [difference, last] = lines[..] else {
            panic!("{ended:?}");
        };
        let expected = r#": expected text "two", got text "TWO" (from byte 0 on)"#;
        assert!(difference.ends_with(expected), "{difference}");
        assert_eq!(last, "different: 1 difference; 3 of 4 answers as recorded");
    }
}

#[test]
fn what_was_recorded_is_the_same_over_tls() {
    let folder = record(&[], chat);
    let certificate = concat!(env!("CARGO_TARGET_TMPDIR"), "/replay.pem");
    let secure = Server::start(&["--tls-self-signed", "--tls-write-cert", certificate]);
    expect_the_same(&folder, &secure.url("/"), &["--fast", "--ca", certificate]);
    let files = folder.recordings();
    let file = files.first().expect("one");
    let ended = replay(file, &secure.url("/"), &["--fast", "--insecure"]);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let warning = "ws-echo: --insecure: the server's certificate is not checked";
    assert!(ended.stderr.starts_with(warning), "{}", ended.stderr);
    let ended = replay(file, &secure.url("/"), &["--fast"]);
    assert_eq!((ended.status, &*ended.stdout), (Some(1), ""));
    let plain = secure.url("/").replace("wss:", "ws:");
    let ended = replay(file, &plain, &["--fast"]);
    assert_eq!((ended.status, &*ended.stdout), (Some(3), ""));
}
