//! `ws-echo replay` with recordings that are written here, and with recordings of real clients,
//! against servers that answer as recorded, or otherwise.

#![cfg(unix)]

mod answers;
mod client_side;
mod failures;
mod recorded;

use std::fs;
use std::io::Write as _;
use std::net::Shutdown;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use ws_echo_tests::scripted_server::{accept, frame, server, unmasked};
use ws_echo_tests::server::{command, run};
use ws_echo_tests::wire::{CLOSE, PING, PONG};

/// The time for connecting, and for each answer that does not come.
const SHORT: &str = "--timeout=2s";

/// A file that is removed when it is dropped.
struct Recording(PathBuf);

impl Recording {
    /// Writes a recording: a handshake, and these lines.
    fn new(lines: &[&str]) -> Self {
        Self::with_handshake(&[REQUEST, RESPONSE], lines)
    }

    fn with_handshake(handshake: &[&str], lines: &[&str]) -> Self {
        let lines = [handshake, lines].concat();
        Self::of_text(&(lines.join("\n") + "\n"))
    }

    fn of_text(text: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("ws-echo-replay-{}-{number}.jsonl", process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).expect("a temporary file");
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

const REQUEST: &str = r#"{"type":"request","format":1,"time":"2026-11-29T15:12:48.123456Z","peer":"127.0.0.1:5","local":"127.0.0.1:3000","method":"GET","target":"/old","version":"HTTP/1.1","headers":[["Host","old.example"],["Upgrade","websocket"],["Connection","Upgrade"],["Sec-WebSocket-Key","AAAAAAAAAAAAAAAAAAAAAA=="],["Sec-WebSocket-Version","13"],["User-Agent","test/1"],["Sec-WebSocket-Protocol","v2, v1"],["Origin","http://old.example"],["Cookie",{"hidden":7}]]}"#;
const RESPONSE: &str = r#"{"type":"response","after":0.01,"status":101,"headers":[["Upgrade","websocket"],["Connection","Upgrade"],["Sec-WebSocket-Accept","AAAAAAAAAAAAAAAAAAAAAAAAAAA="]]}"#;
const CLIENT_CLOSE: &str =
    r#"{"type":"close","after":3.0,"from":"client","code":1000,"reason":"bye"}"#;
const SERVER_CLOSE: &str =
    r#"{"type":"close","after":3.0,"from":"server","code":1000,"reason":"bye"}"#;
const END: &str = r#"{"type":"end","after":3.1,"by":"server","reason":"end of stream"}"#;

/// A text message of a side, in one frame.
fn text(from: &str, text: &str) -> String {
    let len = text.len();
    format!(
        r#"{{"type":"message","after":0.02,"from":"{from}","kind":"text","text":"{text}","frames":[{len}]}}"#
    )
}

/// The lines of messages that are echoed one after the other, and of a Close.
fn echoed(texts: &[&str]) -> Recording {
    let echoed = texts
        .iter()
        .flat_map(|it| [text("client", it), text("server", it)]);
    let echoed: Vec<_> = echoed.collect();
    let lines = echoed.iter().map(String::as_str);
    let lines: Vec<_> = lines.chain([CLIENT_CLOSE, SERVER_CLOSE, END]).collect();
    Recording::new(&lines)
}

/// The exit status, stdout and stderr of a replay.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

fn replay_command(file: &Path, url: &str, options: &[&str]) -> Command {
    let mut replay = command(["replay"]);
    replay.arg(file).arg(url).args(options);
    replay
}

fn replay(file: &Path, url: &str, options: &[&str]) -> Outcome {
    let (status, stdout, stderr) =
        run(&mut replay_command(file, url, options)).expect("the binary can be started");
    assert!(!stderr.contains("panicked"), "{stderr}");
    Outcome {
        status: status.code(),
        stdout,
        stderr,
    }
}

/// What stderr has in a replay of a recording of this test: the cookie is hidden.
const NO_COOKIE: &str =
    "ws-echo: without headers that the recording does not have in full: Cookie\n";

/// A replay that finds no difference.
fn same(answers: &str) -> Outcome {
    Outcome {
        status: Some(0),
        stdout: format!("same: {answers} as recorded\n"),
        stderr: NO_COOKIE.into(),
    }
}

/// A replay with differences, by the lines of its stdout.
fn different(lines: &[&str]) -> Outcome {
    Outcome {
        status: Some(4),
        stdout: lines.join("\n") + "\n",
        stderr: NO_COOKIE.into(),
    }
}

/// A server that passes the frame of each message to `answer`, with its number from 0, and sends
/// what that returns. It answers Close and Pings.
fn answering(answer: impl Fn(usize, u8, &[u8]) -> Vec<u8> + Send + Sync + 'static) -> String {
    server(move |mut stream| {
        accept(&mut stream)?;
        let mut number = 0;
        loop {
            let (first, payload) = frame(&mut stream)?;
            let bytes = match first {
                CLOSE => return stream.write_all(&unmasked(CLOSE, payload)).ok(),
                PING => unmasked(PONG, payload),
                PONG => continue,
                _ => {
                    number += 1;
                    answer(number - 1, first, &payload)
                }
            };
            stream.write_all(&bytes).ok()?;
        }
    })
}

/// A frame of the client: its first byte, and its payload.
type Frame = (u8, Vec<u8>);

/// A server that sends these bytes after its response, then answers Close, and nothing else.
/// Returns its URL, and what it receives: the request, and the frames.
fn listening(greeting: impl Into<Vec<u8>>) -> (String, Receiver<(String, Vec<Frame>)>) {
    let greeting = greeting.into();
    let (sender, receiver) = channel();
    let sender = Arc::new(Mutex::new(sender));
    let url = server(move |mut stream| {
        let request = accept(&mut stream)?;
        stream.write_all(&greeting).ok()?;
        let mut frames = Vec::new();
        while let Some((first, payload)) = frame(&mut stream) {
            frames.push((first, payload.clone()));
            if first == CLOSE {
                stream.write_all(&unmasked(CLOSE, payload)).ok()?;
                // Nothing may follow.
                stream.shutdown(Shutdown::Write).ok()?;
            }
        }
        let sender = sender.lock().expect("no thread panics with it");
        sender.send((request, frames)).ok()
    });
    (url, receiver)
}
