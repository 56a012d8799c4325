//! Hosts that are names: each attempt to connect resolves them anew, and within the timeout.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use ws_echo_tests::names::Names;
use ws_echo_tests::scripted_server::{accept, close, frame, unmasked};
use ws_echo_tests::server::PATIENCE;

use super::{Outcome, Pipe, chat, talk};

/// A server at a loopback address that serves one client: it echoes one message and then sends
/// these bytes. Afterwards nothing listens there.
fn serve_one(listener: TcpListener, end: Vec<u8>) {
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        drop(listener);
        accept(&mut stream)?;
        let (first, payload) = frame(&mut stream)?;
        stream.write_all(&unmasked(first, payload)).ok()?;
        stream.write_all(&end).ok()
    });
}

/// Listeners at two addresses, 127.0.0.1 and 127.0.0.2, with the same port.
fn two_listeners() -> (u16, [TcpListener; 2]) {
    let bind = |last: u8, port: u16| TcpListener::bind((Ipv4Addr::new(127, 0, 0, last), port));
    loop {
        let first = bind(1, 0).unwrap();
        let port = first.local_addr().unwrap().port();
        // Another test may have this port there.
        if let Ok(second) = bind(2, port) {
            return (port, [first, second]);
        }
    }
}

fn pipe(names: &Names, url: &str, options: &[&str]) -> Pipe {
    Pipe::spawn(&mut names.command(&chat(url, options)))
}

#[test]
fn a_name_that_appears_later_is_found() {
    let Some(names) = Names::in_file() else {
        return;
    };
    let (port, [server, _]) = two_listeners();
    serve_one(server, close(1000, ""));
    let mut pipe = pipe(&names, &format!("ws://echo.test:{port}/"), &["--reconnect"]);
    pipe.stderr
        .wait_for("# socket error: cannot resolve the host 'echo.test': ");
    names.set("127.0.0.1 echo.test\n");
    pipe.write("a\n");
    assert_eq!(pipe.line(), "a");
    assert_eq!(pipe.wait().status, Some(0));
}

#[test]
fn a_name_that_has_moved_is_found() {
    let Some(names) = Names::in_file() else {
        return;
    };
    let (port, [first, second]) = two_listeners();
    names.set("127.0.0.1 echo.test\n");
    serve_one(first, Vec::new());
    let mut pipe = pipe(&names, &format!("ws://echo.test:{port}/"), &["--reconnect"]);
    pipe.write("a\n");
    assert_eq!(pipe.line(), "a");
    serve_one(second, close(1000, ""));
    names.set("127.0.0.2 echo.test\n");
    pipe.write("b\n");
    assert_eq!(pipe.line(), "b");
    let Outcome { status, stderr, .. } = pipe.wait();
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn the_addresses_of_a_name_are_tried_in_their_order() {
    let Some(names) = Names::in_file() else {
        return;
    };
    let (port, [first, second]) = two_listeners();
    names.set("127.0.0.1 echo.test\n127.0.0.2 echo.test\n");
    let url = format!("ws://echo.test:{port}/");
    drop(first);
    serve_one(second, close(1000, ""));
    let mut pipe = pipe(&names, &url, &[]);
    pipe.write("a\n");
    assert_eq!(pipe.line(), "a");
    assert_eq!(pipe.wait().status, Some(0));
    let Outcome { status, stderr, .. } = self::pipe(&names, &url, &[]).wait();
    assert_eq!(status, Some(4));
    let (first, second) = stderr.split_once("; ").expect(&stderr);
    assert!(
        first.starts_with(&format!(
            "# socket error: cannot connect to 127.0.0.1:{port}: "
        )),
        "{stderr}"
    );
    assert!(
        second.starts_with(&format!("127.0.0.2:{port}: ")),
        "{stderr}"
    );
}

#[test]
fn a_name_that_nobody_has_is_a_connection_that_cannot_be_made() {
    // A label has at most 63 characters, so this name is not looked up anywhere.
    let host = "x".repeat(64);
    let ended = talk(&format!("ws://{host}:1"), &[], "");
    assert_eq!(ended.status, Some(4));
    let expected = format!("# socket error: cannot resolve the host '{host}': ");
    assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
}

#[test]
fn a_name_server_that_is_silent_does_not_outlast_the_timeout() {
    let Some(names) = Names::of_silent_server() else {
        return;
    };
    let unresolved = "# socket error: cannot resolve the host 'echo.test': \
                      no answer within 300 ms (--timeout)\n";
    let options = ["--timeout", "300ms"];
    let Outcome { status, stderr, .. } = pipe(&names, "ws://echo.test/", &options).wait();
    assert_eq!((status, &*stderr), (Some(4), unresolved));

    let options = [&options[..], &["--reconnect"]].concat();
    let again = pipe(&names, "ws://echo.test/", &options);
    again.stderr.wait_for("# reconnecting in ");
    again.ask_to_stop();
    assert_eq!(again.wait().status, Some(4));
}

#[test]
fn a_signal_ends_the_wait_for_a_name_server() {
    let Some(names) = Names::of_silent_server() else {
        return;
    };
    let pipe = pipe(&names, "ws://echo.test/", &["--timeout", "1h"]);
    // Signals are handled before the thread of the resolver is started.
    wait_for_thread(pipe.child.id(), "resolver");
    pipe.ask_to_stop();
    let Outcome { status, stderr, .. } = pipe.wait();
    assert_eq!(
        (status, &*stderr),
        (Some(4), "# stopped while no connection was open\n")
    );
}

/// Waits until a process has a thread of this name.
fn wait_for_thread(process: u32, name: &str) {
    let start = Instant::now();
    let is_there = || {
        let threads = fs::read_dir(format!("/proc/{process}/task"));
        let threads = threads.into_iter().flatten().flatten();
        let mut names = threads.map(|it| fs::read_to_string(it.path().join("comm")));
        names.any(|it| it.is_ok_and(|it| it.trim_end() == name))
    };
    while !is_there() {
        assert!(start.elapsed() < PATIENCE, "there is no such thread");
        thread::sleep(Duration::from_millis(5));
    }
}
