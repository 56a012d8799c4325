//! The limits of the server. A client that does nothing wrong notices none of them.

use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::Server;
use ws_echo_tests::sessions::expect_echo;
use ws_echo_tests::wire::{BINARY, Frame, TEXT, masked};

/// The response to one connection too many.
fn answer(server: &Server) -> String {
    let mut client = Client::connect(server.address);
    // The server may not read it.
    client.try_send(request("/"));
    let head = client.receive_head();
    client.shut();
    client.receive_rest();
    head
}

/// A connection that is accepted, as soon as there is room again.
fn admitted(server: &Server) -> Client {
    for _ in 0..1000 {
        let mut client = Client::connect(server.address);
        client.try_send(request("/"));
        if client.receive_head().starts_with("HTTP/1.1 101 ") {
            return client;
        }
        client.shut();
        client.receive_rest();
    }
    panic!("{}", server.log());
}

#[test]
fn one_connection_too_many_gets_503_and_affects_no_other() {
    let server = Server::start(&["--no-welcome", "--max-connections", "3"]);
    let mut clients: Vec<_> = (0..3).map(|_| Client::open(server.address)).collect();
    for _ in 0..100 {
        let head = answer(&server);
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        assert!(head.contains("\r\nRetry-After: 5\r\n"), "{head}");
        clients.iter_mut().for_each(expect_echo);
    }
    server.logged("too many connections (--max-connections 3): turned away");
    let lines = server.log().lines().count();
    assert!(lines < 50, "a line for each is too much: {lines}");
    clients.pop();
    expect_echo(&mut admitted(&server));
    clients.iter_mut().for_each(expect_echo);
}

#[test]
fn an_address_has_its_own_limit() {
    let server = Server::start(&["--no-welcome", "--max-connections-per-ip", "2"]);
    let mut clients: Vec<_> = (0..2).map(|_| Client::open(server.address)).collect();
    let head = answer(&server);
    assert!(head.starts_with("HTTP/1.1 429 "), "{head}");
    server.logged("too many connections from one address (--max-connections-per-ip 2)");
    clients.pop();
    expect_echo(&mut admitted(&server));
    expect_echo(&mut clients[0]);
}

/// Limits of files.
#[cfg(unix)]
mod files {
    use std::net::TcpStream;
    use std::process::Stdio;

    use ws_echo_tests::needs;
    use ws_echo_tests::server::{command, in_shell};

    use super::*;

    /// A server with two threads that may open this many files.
    fn with_files(limit: usize, arguments: &[&str]) -> Server {
        let common = ["--listen", "127.0.0.1:0", "--no-welcome", "--threads", "2"];
        let served = command(common.iter().chain(arguments));
        let script = format!(r#"ulimit -n {limit} && exec "$0" "$@""#);
        Server::spawn(in_shell(&script, &served).stderr(Stdio::piped()))
    }

    #[test]
    fn more_connections_than_files_are_refused_before_none_are_left() {
        needs!(ResourceLimits);
        // Some are for refusals, and some for the server itself.
        for (files, connections) in [(64, 34), (160, 118)] {
            let server = with_files(files, &[]);
            server.logged(&format!("up to {connections} connections ("));
            let open = |_| Client::open(server.address);
            let mut clients: Vec<_> = (0..connections).map(open).collect();
            assert!(answer(&server).starts_with("HTTP/1.1 503 "));
            let idle: Vec<_> = (0..300)
                .map(|_| TcpStream::connect(server.address))
                .collect();
            for client in &mut clients {
                expect_echo(client);
            }
            server.logged("too many connections (");
            let log = server.log();
            assert!(!log.contains("cannot accept clients"), "{log}");
            drop(idle);
            clients.clear();
            expect_echo(&mut admitted(&server));
        }
    }

    #[test]
    fn more_connections_than_files_are_promised_with_a_warning() {
        needs!(ResourceLimits);
        let server = with_files(160, &["--max-connections", "1000"]);
        server.logged(
            "WARN  [ws_echo::server] --max-connections 1000 is more than the limit of open files \
             allows (ulimit -n 160): up to 118 are served",
        );
        let server = with_files(160, &["--max-connections", "118"]);
        server.logged("up to 118 connections (");
        expect_echo(&mut Client::open(server.address));
        assert!(!server.log().contains("WARN"), "{}", server.log());
    }
}

#[test]
fn only_pages_of_the_server_itself_and_of_listed_origins_may_connect() {
    let server = Server::start(&[
        "--no-welcome",
        "--origin",
        "https://app.example",
        "--origin",
        "null",
    ]);
    let host = server.address.to_string();
    let status = |origins: &[&str]| {
        let headers: String = origins
            .iter()
            .map(|it| format!("Origin: {it}\r\n"))
            .collect();
        let request =
            request("/").replace("Host: localhost\r\n", &format!("Host: {host}\r\n{headers}"));
        let mut client = Client::connect(server.address);
        client.send(request);
        let head = client.receive_head();
        head[9..12].to_owned()
    };
    let own = format!("http://{host}");
    for origins in [
        &[][..],
        &[own.as_str()],
        &["https://app.example"],
        &["HTTPS://App.Example"],
        &["null"],
        &[""],
    ] {
        assert_eq!(status(origins), "101", "{origins:?}");
    }
    for origins in [
        &["http://evil.example"][..],
        &["http://app.example"],
        &["https://app.example.evil"],
        &["https://app.example", "https://app.example"],
        &["http://127.0.0.1"],
    ] {
        assert_eq!(status(origins), "403", "{origins:?}");
    }
    server.logged("403 Forbidden: allow its pages with --origin http://evil.example");
}

#[test]
fn an_origin_of_star_lets_all_pages_connect() {
    let server = Server::start(&["--no-welcome", "--origin", "*"]);
    let mut client = Client::connect(server.address);
    client.send(request("/").replace("Host:", "Origin: http://evil.example\r\nHost:"));
    assert!(client.receive_head().starts_with("HTTP/1.1 101 "));
}

#[test]
fn a_client_that_stops_inside_a_frame_gets_a_close_and_a_log_line() {
    let server = Server::start(&["--no-welcome", "--stall-timeout", "200ms"]);
    let mut other = Client::open(server.address);
    let mut client = Client::open(server.address);
    client.send(&masked(TEXT, "half a frame")[..9]);
    let close = client.receive_frame().expect("a Close");
    assert_eq!(close, Frame::new(0x88, b"\x03\xf0no progress"));
    assert_eq!(client.receive_frame(), None);
    server.logged("closed by server with 1008: no progress (--stall-timeout)");
    expect_echo(&mut other);
}

#[test]
fn a_client_that_does_not_read_is_dropped_and_the_log_names_the_limit() {
    let server = Server::start(&["--no-welcome", "--stall-timeout", "200ms"]);
    let mut other = Client::open(server.address);
    let mut client = Client::open(server.address);
    let message = masked(BINARY, vec![0; 1 << 20]);
    // More than all buffers between the ends hold.
    for _ in 0..64 {
        if !client.try_send(&message) {
            break;
        }
    }
    server.logged("closed by server with 1008: no progress (--stall-timeout)");
    expect_echo(&mut other);
}

#[test]
fn a_message_that_is_too_long_gets_a_close_and_the_log_names_the_limit() {
    let server = Server::start(&["--no-welcome", "--max-message-size", "1KiB"]);
    let mut other = Client::open(server.address);
    let mut client = Client::open(server.address);
    let longest = vec![1; 1024];
    client.send(masked(BINARY, &longest));
    assert_eq!(client.receive_frame(), Some(Frame::new(BINARY, &longest)));
    client.send(masked(BINARY, vec![1; 1025]));
    let close = client.receive_frame().expect("a Close");
    assert_eq!(close, Frame::new(0x88, b"\x03\xf1message is too long"));
    assert_eq!(client.receive_frame(), None);
    server.logged("with 1009: a message is longer than 1024 bytes (--max-message-size)");
    expect_echo(&mut other);
}

#[test]
fn a_header_that_says_too_much_gets_the_close_at_once_and_a_client_that_goes_on_can_read_it() {
    let server = Server::start(&["--no-welcome", "--max-message-size", "1MiB"]);
    let header = |first: u8, len: u64| [&[first, 0xFF], &len.to_be_bytes()[..], &[0; 4]].concat();
    let refused = Frame::new(0x88, b"\x03\xf1message is too long");
    // No byte of the payload is sent.
    let mut client = Client::open(server.address);
    client.send(header(BINARY, (1 << 20) + 1));
    assert_eq!(client.receive_frame(), Some(refused.clone()));
    // The second fragment brings the sum over the limit. The client reads when it has sent all.
    let mut client = Client::open(server.address);
    client.send(masked(BINARY & 0x7F, "first"));
    assert_eq!(
        client.receive_frame(),
        Some(Frame::new(BINARY & 0x7F, "first"))
    );
    client.send(header(0x80, 32 << 20));
    for _ in 0..32 {
        client.send(vec![0; 1 << 20]);
    }
    assert_eq!(client.receive_frame(), Some(refused));
    assert_eq!(client.receive_frame(), None);
}

#[test]
fn short_memory_refuses_new_clients_and_echoes_in_pieces() {
    let server = Server::start(&[
        "--no-welcome",
        "--threads=1",
        "--buffer=64KiB",
        "--max-memory=140KiB",
        "--deflate=off",
    ]);
    server.logged("and 1 MiB for the buffers of all (--max-memory)");
    let mut clients: Vec<_> = (0..3).map(|_| Client::open(server.address)).collect();
    let message = masked(TEXT, "half a frame");
    for client in &mut clients[..2] {
        // Half a frame has arrived when the echo of what is before it has.
        client.send([&masked(TEXT, "before"), &message[..9]].concat());
        assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "before")));
    }
    let head = answer(&server);
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    server.logged("short of memory (--max-memory 143360): turned away");
    let long = vec![7; 10_000];
    clients[2].send(masked(BINARY, &long));
    let mut echoed = Vec::new();
    while echoed.len() < long.len() {
        echoed.extend(clients[2].receive_frame().expect("a piece").payload);
    }
    assert_eq!(echoed, long);
    server.logged("short of memory (--max-memory): messages were echoed in pieces");
    for client in &mut clients[..2] {
        client.send(&message[9..]);
        let echo = Frame::new(TEXT, "half a frame");
        assert_eq!(client.receive_frame(), Some(echo));
    }
    expect_echo(&mut admitted(&server));
}
