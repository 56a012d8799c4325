//! The core's examples with threads, tokio and embassy, as programs: each greets, echoes, pushes,
//! refuses and closes. (Those over smoltcp are in `smoltcp_examples`.)

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ws_echo_tests::core_examples::{TAP_URL, example, serve_on_tap};
use ws_echo_tests::server::{Server, binary, built, run};
use ws_echo_tests::{network, peers};

/// The folder of the examples.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/examples")
}

/// The example over embassy, which is in a workspace of its own.
fn embassy() -> PathBuf {
    let manifest = folder().join("embassy/tap/Cargo.toml");
    let option = format!("--manifest-path={}", manifest.display());
    built(&[&option, "--bin=ws-echo-embassy"], "ws-echo-embassy")
}

/// Runs a client of an example, which `client` makes from the server's URL. Returns its exit status
/// and what it printed to both streams, or `None` if something is missing for that.
fn talk(
    name: &str,
    client: impl FnOnce(&str) -> Option<Command>,
) -> Option<(Option<i32>, String, String)> {
    let (status, stdout, stderr) = if name == "embassy" {
        if !network::is_there() {
            return None;
        }
        run(&mut serve_on_tap(&embassy(), &client(TAP_URL)?))
    } else {
        let mut server = Command::new(example(name));
        let server = Server::spawn(server.arg("127.0.0.1:0").stderr(Stdio::null()));
        run(&mut client(&server.url("/"))?)
    }
    .expect("the client can be started");
    Some((status.code(), stdout, stderr))
}

/// The sessions of `peers/example_client.py`.
fn plays_all_sessions(name: &str) {
    let client = |url: &str| peers::python_command("example_client.py", &[url]);
    if let Some((status, stdout, stderr)) = talk(name, client) {
        assert_eq!(status, Some(0), "{stdout}\n{stderr}");
        assert_eq!(stdout.lines().last(), Some("ok"), "{stdout}\n{stderr}");
    }
}

/// What `ws-echo chat` with these options does, and whether its notes end so.
fn chats(name: &str, options: &[&str], status: i32, stdout: &str, note: &str) {
    let client = |url: &str| {
        let mut command = Command::new(binary());
        command.args([OsStr::new("chat"), url.as_ref()]);
        command.args(options);
        Some(command)
    };
    if let Some((actual, printed, notes)) = talk(name, client) {
        let expected = (Some(status), stdout);
        assert_eq!((actual, &*printed), expected, "{options:?}: {notes}");
        assert!(notes.contains(note), "{options:?}: {notes}");
    }
}

fn chats_with_ws_echo(name: &str) {
    let hello = ["--once=hello", "--expect=^hello$"];
    chats(name, &hello, 0, "hello\n", "# socket open\n");
    chats(name, &["--expect=^Welcome$"], 0, "Welcome\n", "");
    chats(name, &["--expect=^tick$"], 0, "tick\n", "");
    let bye = ["--once=bye", "--expect=nothing"];
    chats(name, &bye, 4, "", "# socket closed 1000: you said bye\n");
    let page = ["--once=hello", "--origin=http://elsewhere.example"];
    chats(name, &page, 3, "", "# the server refused: 403 Forbidden\n");
}

#[test]
fn the_example_with_threads_serves_websockets_and_plain_sockets() {
    plays_all_sessions("threads");
}

#[test]
fn the_example_over_tokio_serves_websockets_and_plain_sockets() {
    plays_all_sessions("tokio");
}

#[test]
fn the_example_over_embassy_serves_websockets_and_plain_sockets() {
    plays_all_sessions("embassy");
}

#[test]
fn the_example_with_threads_chats_with_ws_echo() {
    chats_with_ws_echo("threads");
}

#[test]
fn the_example_over_tokio_chats_with_ws_echo() {
    chats_with_ws_echo("tokio");
}

#[test]
fn the_example_over_embassy_chats_with_ws_echo() {
    chats_with_ws_echo("embassy");
}

/// What is to be copied must be short enough to be read first.
#[test]
fn each_example_has_less_than_120_lines() {
    for name in ["threads.rs", "tokio.rs", "embassy/server.rs"] {
        let text = fs::read_to_string(folder().join(name)).unwrap();
        let lines = text.lines().count();
        assert!(lines < 120, "{name} has {lines} lines");
    }
}
