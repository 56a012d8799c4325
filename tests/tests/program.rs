//! The binary as a program: its command line, its exit status, its signals, its logs, and its
//! deadlines. Signals exist on Unix only, and so do these tests.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ws_echo_tests::foreign::is_signal;
use ws_echo_tests::needs;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{Server, command, free_address, in_shell, run};
use ws_echo_tests::sessions;
use ws_echo_tests::wire::{BINARY, CLOSE, Frame, PING, PONG, TEXT, masked, masked_close};

fn going_away() -> Option<Frame> {
    Some(Frame::close(1001))
}

/// The exit status, stdout and stderr of a run that ends by itself.
fn output(arguments: &[&str]) -> (Option<i32>, String, String) {
    let (status, stdout, stderr) = run(&mut command(arguments)).unwrap();
    (status.code(), stdout, stderr)
}

#[test]
fn help_goes_to_stdout_and_shows_every_flag_and_examples() {
    let (status, stdout, stderr) = output(&["--help"]);
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    for text in [
        "--listen",
        "--no-welcome",
        "--path",
        "--no-page",
        "--threads",
        "--buffer",
        "--ping-interval",
        "--ping-timeout",
        "Examples:",
    ] {
        assert!(stdout.contains(text), "{text} is not in\n{stdout}");
    }
    let (status, stdout, _) = output(&["--version"]);
    assert_eq!(status, Some(0));
    assert!(stdout.starts_with("ws-echo "), "{stdout}");
}

#[test]
fn a_wrong_command_line_gets_status_2_and_says_what_to_write() {
    for (arguments, advice) in [
        (&["--listen", "3000"][..], "127.0.0.1:3000"),
        (&["--buffer", "64KB"], "KiB"),
        (&["--close-timeout", "1.5s"], "500ms"),
        (&["--welcome", "hi", "--no-welcome"], "--no-welcome"),
        (&["--path", "chat"], "/chat"),
        (&["--lisen", "127.0.0.1:0"], "--listen"),
        (&["--port", "http"], "a port from 0 to 65535"),
        (&["3000"], "--port 3000"),
        (&["chat", "ws:127.0.0.1:1"], ": ws://127.0.0.1:1\n"),
        (&["bench", "ws://bücher.example"], "xn--..."),
    ] {
        let (status, stdout, stderr) = output(arguments);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(
            stderr.contains(advice),
            "{arguments:?}: {advice} is not in\n{stderr}"
        );
    }
}

#[test]
fn the_command_help_goes_to_stdout() {
    for (arguments, text) in [
        (&["help"][..], "ws-echo chat [OPTIONS] <URL>"),
        (&["help", "serve"], "--close-timeout"),
        (&["help", "chat"], "--reconnect"),
        (&["help", "bench"], "--in-flight"),
    ] {
        let (status, stdout, stderr) = output(arguments);
        assert_eq!((status, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(stdout.contains(text), "{stdout}");
    }
}

#[test]
fn the_variable_of_a_platform_sets_a_port_of_loopback() {
    let address = free_address();
    let mut command = command([""; 0]);
    command.env("PORT", address.port().to_string());
    let server = command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = server.spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(server.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    let expected = format!("listening on ws://{address}");
    // A machine without IPv6 has no second address.
    assert!(line.starts_with(&expected), "{line}");
    assert!(
        !line.contains("0.0.0.0") && !line.contains("[::]"),
        "{line}"
    );
}

/// The exit status and stderr of a run with these variables, which is a wrong command line.
fn with_variables(variables: &[&str]) -> (Option<i32>, String) {
    let mut command = command(["--threads", "0"]);
    let variables = variables.iter().map(|variable| (*variable, "1"));
    let (status, _, stderr) = run(command.envs(variables)).unwrap();
    (status.code(), stderr)
}

#[test]
fn a_variable_that_sets_nothing_is_a_warning_even_of_a_wrong_command_line() {
    let (status, stderr) = with_variables(&["WS_ECHO_LISTN", "WS_ECHO_TIMEOUT"]);
    assert_eq!(status, Some(2));
    let expected = "ws-echo: warning: no option is set by WS_ECHO_LISTN: write WS_ECHO_LISTEN\n\
                    ws-echo: warning: no option is set by WS_ECHO_TIMEOUT: write \
                    WS_ECHO_CHAT_TIMEOUT, WS_ECHO_BENCH_TIMEOUT or WS_ECHO_REPLAY_TIMEOUT\n\
                    error: invalid value '0' for '--threads";
    assert!(stderr.starts_with(expected), "{stderr}");
    let mut help = command(["--help"]);
    let (_, _, stderr) = run(help.env("WS_ECHO_LISTN", "1")).unwrap();
    assert_eq!(stderr, "");
}

#[test]
fn a_variable_of_the_tests_and_the_checks_is_no_warning() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut names = BTreeSet::new();
    for folder in [
        ".ci",
        "tests/src",
        "tests/autobahn",
        "tests/benchmark/compare/src",
    ] {
        for file in root.join(folder).read_dir().unwrap() {
            // A folder is not text.
            let text = fs::read_to_string(file.unwrap().path()).unwrap_or_default();
            for (start, _) in text.match_indices("WS_ECHO_") {
                let is_of_name = |c: char| c == '_' || c.is_ascii_uppercase() || c.is_ascii_digit();
                let end = text[start..]
                    .find(|c| !is_of_name(c))
                    .unwrap_or(text.len() - start);
                names.insert(text[start..][..end].to_owned());
            }
        }
    }
    names.remove("WS_ECHO_");
    assert!(names.contains("WS_ECHO_REQUIRE_ALL") && names.contains("WS_ECHO_TOOLS"));
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (status, stderr) = with_variables(&names);
    assert_eq!(status, Some(2));
    let is_silent = stderr.starts_with("error: invalid value '0'");
    assert!(is_silent, "OF_THE_TESTS lacks a name: {stderr}");
}

#[test]
fn the_variables_of_the_server_do_not_concern_a_client() {
    let server = Server::start(&["--no-welcome"]);
    let url = server.url("/");
    for arguments in [
        &["chat", &url][..],
        &["bench", &url, "--messages=1", "--warm-up=0"],
    ] {
        let mut client = command(arguments);
        client.env("WS_ECHO_ORIGIN", "http://a,http://b");
        client.env("WS_ECHO_SUBPROTOCOL", "*");
        client.env("WS_ECHO_HANDSHAKE_TIMEOUT", "off");
        client.env("PORT", "http");
        let (status, stdout, stderr) = run(&mut client).unwrap();
        assert!(status.success(), "{stdout}{stderr}");
        assert!(!stderr.contains("warning"), "{stderr}");
    }
}

#[test]
fn an_address_in_use_gets_status_1_and_names_the_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::start(&[]);
    // The second address is in use by a server that shares its port among its own workers.
    for address in [taken.local_addr().unwrap(), server.address] {
        let (status, stdout, stderr) = output(&["--listen", &address.to_string()]);
        assert_eq!((status, stdout.as_str()), (Some(1), ""));
        let message = format!(
            "ws-echo: cannot listen on {address}: address in use; choose another with --port or \
             --listen\n"
        );
        assert_eq!(stderr, message);
    }
}

#[test]
fn all_addresses_are_printed_with_their_ports() {
    let mut child = command([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--listen",
        "127.0.0.2:0",
    ])
    .stdout(Stdio::piped())
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    let mut line = [0; 128];
    let len = child.stdout.as_mut().unwrap().read(&mut line).unwrap();
    let line = String::from_utf8_lossy(&line[..len]).into_owned();
    child.kill().unwrap();
    child.wait().unwrap();
    let urls = line.strip_prefix("listening on ").unwrap().trim_end();
    let (first, second) = urls.split_once(" and ").unwrap();
    assert!(
        first.starts_with("ws://127.0.0.1:") && !first.ends_with(":0"),
        "{line}"
    );
    assert!(
        second.starts_with("ws://127.0.0.2:") && !second.ends_with(":0"),
        "{line}"
    );
}

#[test]
fn flags_may_be_set_in_the_environment() {
    let mut command = command(["--listen", "127.0.0.1:0"]);
    command
        .env("WS_ECHO_WELCOME", "hello")
        .env("WS_ECHO_PATH", "/a,/b");
    let server = Server::spawn(command.stderr(Stdio::piped()));
    let mut client = Client::connect(server.address);
    client.send(request("/b?query"));
    assert!(client.receive_head().starts_with("HTTP/1.1 101 "));
    assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "hello")));
    let mut client = Client::connect(server.address);
    client.send(request("/c"));
    assert!(
        client
            .receive_head()
            .starts_with("HTTP/1.1 404 Not Found\r\n")
    );
}

#[test]
fn a_subprotocol_is_chosen_only_when_it_is_served_and_offered() {
    let server = Server::start(&["--subprotocol", "chat.v2", "--subprotocol", "chat.v1"]);
    for (offers, chosen) in [
        ("Sec-WebSocket-Protocol: chat.v1, x\r\n", Some("chat.v1")),
        (
            "Sec-WebSocket-Protocol: chat.v1, chat.v2\r\n",
            Some("chat.v2"),
        ),
        ("Sec-WebSocket-Protocol: x\r\n", None),
        ("", None),
    ] {
        let mut client = Client::connect(server.address);
        client.send(request("/").replace(
            "Upgrade: websocket\r\n",
            &format!("Upgrade: websocket\r\n{offers}"),
        ));
        let head = client.receive_head();
        let protocol = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
        assert_eq!(protocol, chosen, "{head}");
    }
}

#[test]
fn greeting_and_first_echo_arrive_however_the_request_is_cut() {
    let server = Server::start(&[]);
    let input = [request("/").into_bytes(), masked(TEXT, "first")].concat();
    for cut in (1..input.len()).step_by(7) {
        let mut client = Client::connect(server.address);
        client.send(&input[..cut]);
        thread::yield_now();
        client.send(&input[cut..]);
        assert!(client.receive_head().starts_with("HTTP/1.1 101 "));
        let greeting = Frame::new(TEXT, "Welcome to Awesome Chat");
        assert_eq!(client.receive_frame(), Some(greeting), "cut at {cut}");
        assert_eq!(
            client.receive_frame(),
            Some(Frame::new(TEXT, "first")),
            "cut at {cut}"
        );
    }
}

#[test]
fn a_frame_as_long_as_the_buffer_comes_back_as_one_frame() {
    let server = Server::start(&["--no-welcome", "--buffer", "4KiB"]);
    let mut client = Client::open(server.address);
    client.send([masked(BINARY, [1; 4096]), masked(TEXT, "x".repeat(4096))].concat());
    assert_eq!(client.receive_frame(), Some(Frame::new(BINARY, [1; 4096])));
    assert_eq!(
        client.receive_frame(),
        Some(Frame::new(TEXT, "x".repeat(4096)))
    );
    // A client that has not filled a buffer yet.
    let mut client = Client::open(server.address);
    client.send(masked(BINARY, [2; 5000]));
    let first = client.receive_frame().unwrap();
    assert_eq!(
        first.first,
        BINARY & 0x0F,
        "a longer one comes in fragments"
    );
}

#[test]
fn each_client_gets_only_its_own_messages() {
    let server = Server::start(&["--threads", "2"]);
    sessions::several_clients_at_once(server.address, 50);
}

#[test]
fn a_signal_closes_every_client_with_1001_and_the_exit_status_is_0() {
    for signal in ["INT", "TERM"].into_iter().filter(|it| is_signal(it)) {
        let mut server = Server::start(&["--no-welcome", "--threads", "2"]);
        let clients: Vec<_> = (0..20).map(|_| Client::open(server.address)).collect();
        let one = clients[5].address();
        server.signal(signal);
        for mut client in clients {
            assert_eq!(client.receive_frame(), going_away());
            client.send(masked_close(1001, ""));
            assert_eq!(client.receive_frame(), None);
        }
        assert_eq!(server.wait().code(), Some(0), "SIG{signal}");
        server.logged(&format!("{one} closed by server with 1001"));
    }
}

#[test]
fn a_stop_waits_for_the_end_of_a_message() {
    let mut server = Server::start(&["--no-welcome"]);
    let [mut frame, mut fragments] = [(); 2].map(|()| Client::open(server.address));
    let whole = masked(TEXT, "x".repeat(100_000));
    frame.send(&whole[..60_000]);
    fragments.send(masked(0x01, "in "));
    assert_eq!(fragments.receive_frame(), Some(Frame::new(0x01, "in ")));
    server.ask_to_stop();
    server.logged("stopping");
    frame.send(&whole[60_000..]);
    fragments.send(masked(0x80, "pieces"));
    assert_eq!(fragments.receive_frame(), Some(Frame::new(0x80, "pieces")));
    assert_eq!(fragments.receive_frame(), going_away());
    let mut len = 0;
    while len < 100_000 {
        len += frame
            .receive_frame()
            .expect("its echo continues")
            .payload
            .len();
    }
    assert_eq!(frame.receive_frame(), going_away());
    for mut client in [frame, fragments] {
        client.send(masked_close(1001, ""));
        assert_eq!(client.receive_frame(), None);
    }
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn an_unfinished_message_delays_a_stop_only_until_the_deadline() {
    let mut server = Server::start(&["--no-welcome", "--drain-timeout", "300ms"]);
    let mut client = Client::open(server.address);
    client.send(masked(0x01, "in "));
    assert_eq!(client.receive_frame(), Some(Frame::new(0x01, "in ")));
    server.ask_to_stop();
    assert_eq!(client.receive_frame(), going_away());
    assert_eq!(client.receive_frame(), None);
    assert_eq!(server.wait().code(), Some(0));
    server.logged("closed by server with 1001, in the middle of a message");
}

#[test]
fn closes_are_spread_on_request() {
    let mut server = Server::start(&[
        "--no-welcome",
        "--drain-spread=500ms",
        "--close-timeout=2s",
        "--threads=1",
    ]);
    let mut clients: Vec<_> = (0..20).map(|_| Client::open(server.address)).collect();
    server.ask_to_stop();
    server.logged("stopping");
    // The last clients are still served when the first have been closed.
    let last = &mut clients[19];
    sessions::expect_echo(last);
    for client in &mut clients {
        assert_eq!(client.receive_frame(), going_away());
        client.send(masked_close(1001, ""));
        assert_eq!(client.receive_frame(), None);
    }
    // The clients do not end their sides: a stop waits for that only until the deadline.
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn an_unanswered_close_delays_a_stop_only_until_the_deadline() {
    let mut server = Server::start(&["--no-welcome", "--close-timeout", "300ms"]);
    let mut client = Client::open(server.address);
    server.ask_to_stop();
    assert_eq!(client.receive_frame(), going_away());
    assert_eq!(server.wait().code(), Some(0));
    server.logged("closed by server with 1001, not answered in time");
}

#[test]
fn a_second_signal_stops_at_once() {
    let mut server = Server::start(&["--no-welcome", "--close-timeout", "1h"]);
    let mut client = Client::open(server.address);
    server.ask_to_stop();
    assert_eq!(client.receive_frame(), going_away());
    server.logged("stopping");
    thread::sleep(Duration::from_millis(100));
    server.ask_to_stop();
    let status = server.wait();
    assert_eq!((status.code(), status.signal()), (Some(0), None));
}

#[test]
fn a_request_that_is_not_complete_in_time_gets_408() {
    let server = Server::start(&["--handshake-timeout", "200ms"]);
    let mut client = Client::connect(server.address);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n");
    let answer = String::from_utf8(client.receive_rest()).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
        "{answer}"
    );
    server.logged("408 Request Timeout");
    // A client that sends nothing at all gets the same response.
    let answer = Client::connect(server.address).receive_rest();
    assert!(answer.starts_with(b"HTTP/1.1 408 "));
}

#[test]
fn a_client_that_stays_after_a_failure_or_a_refusal_is_dropped_in_time() {
    let server = Server::start(&["--no-welcome", "--close-timeout", "200ms"]);
    let mut client = Client::open(server.address);
    client.send([0x81, 0x00]);
    assert_eq!(client.receive_frame(), Some(Frame::close(1002)));
    assert_eq!(client.receive_frame(), None);
    let mut refused = Client::connect(server.address);
    refused.send("GET / HTTP/1.1\n");
    assert!(
        refused
            .receive_rest()
            .starts_with(b"HTTP/1.1 400 Bad Request\r\n")
    );
    // The server has shut its side. Until the deadline it accepts input, and after that it does
    // not.
    for mut client in [client, refused] {
        while client.try_send([0; 1024]) {
            thread::yield_now();
        }
    }
}

#[test]
fn a_silent_client_gets_a_ping_then_close_1011_and_is_dropped() {
    let server = Server::start(&[
        "--no-welcome",
        "--ping-interval=300ms",
        "--ping-timeout=300ms",
    ]);
    let mut client = Client::open(server.address);
    assert_eq!(client.receive_frame(), Some(Frame::new(PING, "")));
    let reason = [&1011_u16.to_be_bytes()[..], b"no answer to a ping"].concat();
    assert_eq!(client.receive_frame(), Some(Frame::new(CLOSE, reason)));
    assert_eq!(client.receive_frame(), None);
    let address = client.address();
    server.logged(&format!(
        "client disconnected {address} lost: no answer to a ping (--ping-timeout); after "
    ));
}

#[test]
fn a_client_that_answers_pings_stays_even_inside_a_message() {
    let server = Server::start(&["--no-welcome", "--ping-interval=100ms"]);
    let mut client = Client::open(server.address);
    let mut answer_ping = |fragment: u8, text: &str| {
        client.send(masked(fragment, text));
        assert_eq!(client.receive_frame(), Some(Frame::new(fragment, text)));
        assert_eq!(client.receive_frame(), Some(Frame::new(PING, "")));
        client.send(masked(PONG, ""));
    };
    answer_ping(0x01, "first");
    for _ in 0..5 {
        answer_ping(0x00, "another");
    }
    answer_ping(0x80, "last");
}

#[test]
fn more_clients_are_served_than_the_soft_limit_of_open_files_allows() {
    needs!(ResourceLimits);
    let served = command(["--listen", "127.0.0.1:0", "--no-welcome"]);
    let mut limited = in_shell(r#"ulimit -S -n 64 && exec "$0" "$@""#, &served);
    let server = Server::spawn(limited.stderr(Stdio::piped()));
    let mut clients: Vec<_> = (0..100).map(|_| Client::open(server.address)).collect();
    for client in &mut clients {
        client.send(masked(TEXT, "here"));
        assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "here")));
    }
}

#[test]
fn the_log_has_each_connection_and_why_it_was_closed() {
    let server = Server::start(&["--no-welcome"]);
    let mut client = Client::connect(server.address);
    client.send(request("/chat?x=1"));
    client.receive_head();
    let address = client.address();
    server.logged(&format!("client connected {address} /chat?x=1"));
    client.send(masked_close(3000, "so\nlong \x1b[31m"));
    assert_eq!(client.receive_frame(), Some(Frame::close(3000)));
    server.logged(&format!(
        r"client disconnected {address} closed by client with 3000: so\nlong \u{{1b}}[31m"
    ));

    let mut client = Client::open(server.address);
    client.send([0xC1, 0x80, 0, 0, 0, 0]);
    assert_eq!(client.receive_frame(), Some(Frame::close(1002)));
    server.logged(&format!(
        "client disconnected {} closed by server with 1002: reserved bits 0x40 are set (RSV1, which \
         begins a compressed message); ",
        client.address()
    ));

    let client = Client::open(server.address);
    client.shut();
    server.logged(&format!(
        "client disconnected {} lost: end of stream",
        client.address()
    ));

    let mut client = Client::connect(server.address);
    client.send("BREW / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.receive_rest();
    let refused = format!(
        "client refused {} /: 405 Method Not Allowed",
        client.address()
    );
    server.logged(&refused);
}

#[test]
fn messages_are_logged_on_request_escaped_and_cut() {
    let server = Server::start(&["--no-welcome", "--log-messages"]);
    let mut client = Client::open(server.address);
    client.send(masked(TEXT, "a\x1b]0;title\x07\nb"));
    client.send(masked(BINARY, [0xAB; 40]));
    client.send(masked(BINARY, [0xAB]));
    client.send(masked(TEXT, ""));
    client.send(masked(TEXT, "x".repeat(5000)));
    server.logged(r"text, 13 bytes: a\u{1b}]0;title\u{7}\nb");
    server.logged(&format!("binary, 40 bytes: {}…", "ab".repeat(32)));
    server.logged("binary, 1 byte: ab");
    server.logged("text, 0 bytes: ");
    let line = server.logged("text, 5000 bytes: xxx");
    assert!(line.len() < 400, "{line}");
}

#[test]
fn an_unread_stdout_does_not_prevent_a_stop() {
    let (kept, full) = std::io::pipe().unwrap();
    let mut filler = full.try_clone().unwrap();
    // It blocks as soon as the pipe is full, until the reading end is closed.
    let filler = thread::spawn(move || filler.write_all(&[b'x'; 1 << 20]));
    thread::sleep(Duration::from_millis(200));
    let address = free_address();
    let mut command = command(["--listen", &address.to_string(), "--no-welcome"]);
    let mut server = Server::spawn_at(address, command.stdout(full).stderr(Stdio::null()));
    server.ask_to_stop();
    assert_eq!(server.wait().code(), Some(0));
    drop(kept);
    assert!(filler.join().unwrap().is_err());
}

#[test]
fn urgent_data_does_no_harm() {
    let server = Server::start(&["--no-welcome"]);
    let mut client = Client::open(server.address);
    let frame = masked(TEXT, "around urgent data");
    for cut in 1..frame.len() {
        client.send(&frame[..cut]);
        client.send_urgent(b"!");
        client.send(&frame[cut..]);
        let echo = Frame::new(TEXT, "around urgent data");
        assert_eq!(client.receive_frame(), Some(echo), "cut at {cut}");
    }
}

#[test]
fn each_logged_connection_has_a_logged_end() {
    let welcome = "x".repeat(1000);
    let server = Server::start(&["--buffer", "4KiB", "--welcome", &welcome]);
    let glued = [
        request("/").into_bytes(),
        masked(TEXT, "glued").repeat(2000),
    ]
    .concat();
    for _ in 0..20 {
        let mut client = Client::connect(server.address);
        client.send(&glued);
        let address = client.address();
        // This resets the connection, since received data is unread.
        drop(client);
        server.logged(&format!("client connected {address}"));
        server.logged(&format!("client disconnected {address}"));
    }
}

#[test]
fn clients_that_send_without_a_pause_are_served_in_turn() {
    const GOAL: usize = 8 << 20;
    let server = Server::start(&["--no-welcome", "--threads", "1"]);
    let is_over = AtomicBool::new(false);
    let clients: Vec<_> = (0..3).map(|_| Client::open(server.address)).collect();
    let received: Vec<usize> = thread::scope(|scope| {
        for client in &clients {
            let mut writer = client.handle();
            let burst = masked(TEXT, "x").repeat(10_000);
            scope.spawn(move || while writer.write_all(&burst).is_ok() {});
        }
        let count = |client: &Client| {
            let mut reader = client.handle();
            let (mut len, mut bytes) = (0, vec![0; 1 << 16]);
            while len < GOAL && !is_over.load(Ordering::Relaxed) {
                len += reader.read(&mut bytes).unwrap();
            }
            is_over.store(true, Ordering::Relaxed);
            len
        };
        let counts: Vec<_> = clients
            .iter()
            .map(|it| scope.spawn(move || count(it)))
            .collect();
        let counts = counts.into_iter().map(|it| it.join().unwrap()).collect();
        clients.iter().for_each(Client::shut_all);
        counts
    });
    let least = received.iter().min().unwrap();
    assert!(*least > GOAL / 16, "{received:?}");
}

/// A whole GiB if the code is optimised; less if it is not, to save time.
const LARGE_LEN: u64 = if cfg!(debug_assertions) {
    1 << 26
} else {
    1 << 30
};
/// How much more memory such a message may need.
const GROWTH_MAX: u64 = 1 << 20;

#[test]
fn a_message_larger_than_all_memory_of_the_server_comes_back_intact() {
    // On a busy machine the client pauses, and would get a backlog.
    let server = Server::start(&["--no-welcome", "--max-backlog=off"]);
    let mut client = Client::open(server.address);
    // Memory for a first message is allocated before.
    sessions::large_message(&mut client, sessions::PIECE_LEN as u64);
    let before = server.peak_memory();
    sessions::large_message(&mut client, LARGE_LEN);
    if let (Some(before), Some(after)) = (before, server.peak_memory()) {
        println!("peak memory: {before} bytes before, {after} bytes after");
        assert!(after - before < GROWTH_MAX, "{before} bytes, then {after}");
    }
}

#[test]
fn garbage_ends_only_its_own_connection_while_clients_come_and_go() {
    let server = Server::start(&[]);
    sessions::garbage(server.address);
    sessions::connects_and_disconnects(server.address, 200);
}
