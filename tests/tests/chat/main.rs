//! The output of `ws-echo chat` in a pipe and on a terminal, with our server, with other servers,
//! and with servers that violate the protocol; and its exit.

#![cfg(unix)]

mod certificates;
mod compression;
mod expecting;
mod json;
mod names;
mod paste;
mod peers;
mod pipe;
mod reconnect;
mod screen;
mod server_failures;
mod terminal;
mod tls;
mod tls_failures;
mod verbose;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ws_echo_tests::log::Log;
use ws_echo_tests::server::{PATIENCE, ask_to_stop, command, signal, wait};

/// The command that talks to a server.
fn chat(url: &str, options: &[&str]) -> Command {
    command([&["chat", url], options].concat())
}

/// The exit status, stdout and stderr of a run.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

/// A run with all of its input available from the start.
fn talk(url: &str, options: &[&str], input: impl AsRef<[u8]>) -> Outcome {
    let mut pipe = Pipe::start(url, options);
    let mut stdin = pipe.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    // The chat may end before it has read everything.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let mut stdout = String::new();
    pipe.reader().read_to_string(&mut stdout).unwrap();
    writer.join().unwrap();
    pipe.end(stdout)
}

/// A run with an input that stays empty and open for as long as the server runs.
fn listen(url: &str, options: &[&str]) -> Outcome {
    let mut pipe = Pipe::start(url, options);
    let stdin = pipe.stdin.take();
    let ended = pipe.wait();
    drop(stdin);
    ended
}

/// A run in a pipe, line by line.
struct Pipe {
    child: Child,
    stdin: Option<ChildStdin>,
    /// `None` once it is no longer read.
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Log,
    /// The thread that reads stderr.
    reader: thread::JoinHandle<()>,
}

impl Pipe {
    fn start(url: &str, options: &[&str]) -> Self {
        Self::spawn(&mut chat(url, options))
    }

    fn spawn(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Self::of(command.stderr(Stdio::piped()).spawn().unwrap())
    }

    /// A run that was started with pipes.
    fn of(mut child: Child) -> Self {
        let stderr = Log::default();
        let reader = stderr.read(child.stderr.take().unwrap());
        Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take().map(BufReader::new),
            stderr,
            reader,
            child,
        }
    }

    fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("the input has not ended");
        stdin.write_all(text.as_bytes()).unwrap();
    }

    fn end_input(&mut self) {
        self.stdin = None;
    }

    fn reader(&mut self) -> &mut BufReader<ChildStdout> {
        self.stdout.as_mut().expect("stdout is read")
    }

    /// The next line of stdout, without its line end.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader().read_line(&mut line).unwrap();
        line.trim_end_matches('\n').into()
    }

    fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    fn ask_to_stop(&self) {
        ask_to_stop(&self.child);
    }

    /// Waits for the end. The rest of stdout is read before.
    fn wait(mut self) -> Outcome {
        self.end_input();
        let mut stdout = String::new();
        self.reader().read_to_string(&mut stdout).unwrap();
        self.end(stdout)
    }

    /// Waits for the end while lines are written and stdout is no longer read.
    fn wait_unread(mut self, line: &str) -> Outcome {
        self.stdout = None;
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < PATIENCE, "the chat continues");
            // One line may not be enough: a process that is just being started has a copy of the
            // pipe's other end.
            let _ = self.stdin.as_mut().unwrap().write_all(line.as_bytes());
            thread::sleep(Duration::from_millis(10));
        }
        self.end(String::new())
    }

    fn end(mut self, stdout: String) -> Outcome {
        let status = wait(&mut self.child).code();
        self.reader.join().unwrap();
        let stderr = self.stderr.text();
        assert!(!stderr.contains("panicked"), "{stderr}");
        Outcome {
            status,
            stdout,
            stderr,
        }
    }
}

/// The first note of a chat with our server, which agrees to compress messages.
const OPEN_WITH_OURS: &str = "# socket open, compression on";

/// The result of a chat without any error, with a server that does not compress.
fn well(stdout: &str) -> Outcome {
    Outcome {
        status: Some(0),
        stdout: stdout.into(),
        stderr: "# socket open\n# socket closed 1000\n".into(),
    }
}

/// The same with our server, and messages too short to be compressed.
fn well_with_ours(stdout: &str) -> Outcome {
    Outcome {
        stderr: format!("{OPEN_WITH_OURS}\n# socket closed 1000\n"),
        ..well(stdout)
    }
}
