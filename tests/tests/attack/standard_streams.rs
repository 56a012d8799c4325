//! A stdout or a stderr that does not work: the log suffers, and nothing else does.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use ws_echo_tests::log::Log;
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::server::{Server, command, free_address, in_shell};
use ws_echo_tests::wire::{TEXT, masked};

use crate::table::Row;
use crate::target::{Cost, SMALL_BUFFER, Target};

/// More messages than a pipe and the queue of log lines hold.
const MESSAGES: usize = 4000;

/// A server that logs messages.
const ARGUMENTS: [&str; 4] = [
    "--listen=127.0.0.1:0",
    "--no-welcome",
    "--threads=2",
    "--log-messages",
];

/// The keys that stop a terminal and continue it.
const STOP: &[u8] = b"\x13";
const GO_ON: &[u8] = b"\x11";

pub(crate) fn stderr_unread() -> Row {
    let (reader, stderr) = io::pipe().expect("a pipe");
    stderr_that_works_again(stderr.into(), || reader)
}

pub(crate) fn stderr_stopped_terminal() -> Row {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&keyboard).expect("it is ours");
    unlockpt(&keyboard).expect("it is ours");
    let name = ptsname(&keyboard, Vec::new()).expect("a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, flags, Mode::empty()).expect("it is there");
    let mut keyboard = File::from(keyboard);
    keyboard.write_all(STOP).expect("a key can be typed");
    stderr_that_works_again(terminal.into(), || {
        keyboard.write_all(GO_ON).expect("a key can be typed");
        keyboard
    })
}

/// A stderr that accepts lines again after `repair`, which returns the stream they come from.
fn stderr_that_works_again<R: Read + Send + 'static>(
    stderr: Stdio,
    repair: impl FnOnce() -> R,
) -> Row {
    let target = target(stderr);
    talk(target.address());
    let log = Log::default();
    log.read(repair());
    let line = log.wait_for(" log lines were dropped");
    let count = line.split(' ').rev().nth(4).unwrap_or_default();
    assert!(count.parse::<u64>().is_ok_and(|count| count > 0), "{line}");
    end(target, &format!("{count} lines dropped and reported"))
}

pub(crate) fn stderr_gone() -> Row {
    let (reader, stderr) = io::pipe().expect("a pipe");
    drop(reader);
    no_lines(target(stderr.into()))
}

pub(crate) fn stderr_closed() -> Row {
    no_lines(redirected_target("2>&-"))
}

pub(crate) fn stderr_full() -> Row {
    no_lines(redirected_target("2>/dev/full"))
}

fn redirected_target(redirection: &str) -> Target {
    Target::of(Server::spawn(&mut redirected(
        &command(ARGUMENTS),
        redirection,
    )))
}

fn no_lines(target: Target) -> Row {
    talk(target.address());
    end(target, "no lines")
}

/// A server that logs messages.
fn target(stderr: Stdio) -> Target {
    Target::of(Server::spawn(command(ARGUMENTS).stderr(stderr)))
}

/// The same command, with a redirection in shell syntax.
fn redirected(command: &Command, redirection: &str) -> Command {
    in_shell(&format!(r#"exec "$0" "$@" {redirection}"#), command)
}

/// Sends messages, each of which makes a log line if messages are logged, and receives their
/// echoes.
fn talk(address: SocketAddr) {
    let mut client = Client::open(address);
    let burst = masked(TEXT, "x".repeat(200)).repeat(100);
    for _ in 0..MESSAGES / 100 {
        client.send(&burst);
        for _ in 0..100 {
            let echo = client.receive_frame().expect("an echo");
            assert_eq!(echo.payload.len(), 200);
        }
    }
}

/// The row of the table, after checking that the server stops normally.
fn end(target: Target, log: &str) -> Row {
    let cost = Cost {
        memory: SMALL_BUFFER,
        log_lines: 2,
    };
    let done = format!("{MESSAGES} messages");
    let answered = format!("all echoes; {log}; exit status 0");
    let (row, mut server) = target.recovered(cost, done, answered);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    row
}

/// As with `| head -1`.
pub(crate) fn stdout_gone() -> Row {
    // Nothing reads after the first line.
    lines_on_stderr(Target::start(&[]))
}

pub(crate) fn stdout_closed() -> Row {
    lines_on_stderr(target_without_stdout(">&-"))
}

pub(crate) fn stdout_full() -> Row {
    lines_on_stderr(target_without_stdout(">/dev/full"))
}

/// A server that cannot print where it listens.
fn target_without_stdout(redirection: &str) -> Target {
    let address = free_address();
    let served = command([
        "--no-welcome",
        "--threads=2",
        "--listen",
        &address.to_string(),
    ]);
    let mut command = redirected(&served, redirection);
    Target::of(Server::spawn_at(address, command.stderr(Stdio::piped())))
}

fn lines_on_stderr(target: Target) -> Row {
    talk(target.address());
    target.logged(2, "client connected");
    end(target, "stderr as ever")
}
