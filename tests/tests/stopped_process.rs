//! The server is stopped by SIGSTOP beyond a deadline and goes on, as on a laptop that was asleep.
//! What came in time counts.

#![cfg(unix)]

use std::thread;
use std::time::Duration;

use ws_echo_tests::needs;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::Server;
use ws_echo_tests::sessions::expect_echo;
use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::tls::client::{TlsClient, VERSIONS, trusting};
use ws_echo_tests::wire::{BINARY, Frame, PING, PONG, TEXT, masked, masked_close};

/// Each deadline of these servers. It is not over before they are stopped, even if this machine is
/// busy.
const DEADLINE: &str = "4s";
const BEYOND: Duration = Duration::from_millis(4600);

/// Stops the server, lets the client act, and lets the server go on when the deadline is over.
fn act_while_stopped(server: &Server, act: impl FnOnce()) {
    server.suspend();
    act();
    thread::sleep(BEYOND);
    server.signal("CONT");
}

/// A server in which nothing but this deadline is set.
fn start(deadline: &str) -> Server {
    Server::start(&["--no-welcome", "--threads=1", deadline, DEADLINE])
}

/// A client that the server has accepted, and that has sent nothing.
fn accepted(server: &Server) -> Client {
    let client = Client::connect(server.address);
    // It is accepted after the first.
    expect_echo(&mut Client::open(server.address));
    client
}

#[test]
fn a_request_that_came_in_time_is_answered() {
    needs!(Signals);
    let server = start("--handshake-timeout");
    let mut client = accepted(&server);
    let mut late = accepted(&server);
    act_while_stopped(&server, || client.send(request("/")));
    assert!(client.receive_head().starts_with("HTTP/1.1 101 "));
    expect_echo(&mut client);
    assert!(late.receive_head().starts_with("HTTP/1.1 408 "));
    server.logged("not complete in time");
    let refused = server.log().matches("not complete in time").count();
    assert_eq!(refused, 1, "{}", server.log());
}

#[test]
fn a_pong_that_came_in_time_counts() {
    needs!(Signals);
    let server = Server::start(&[
        "--no-welcome",
        "--ping-interval=100ms",
        "--ping-timeout",
        DEADLINE,
    ]);
    let mut client = Client::open(server.address);
    assert_eq!(client.receive_frame(), Some(Frame::new(PING, "")));
    act_while_stopped(&server, || client.send(masked(PONG, "")));
    client.send(masked(TEXT, "here"));
    while let Some(frame) = client.receive_frame() {
        if frame == Frame::new(TEXT, "here") {
            return;
        }
        assert_eq!(frame, Frame::new(PING, ""));
    }
    panic!("{}", server.log());
}

#[test]
fn the_rest_of_a_frame_that_came_in_time_is_echoed() {
    needs!(Signals);
    let server = start("--stall-timeout");
    let mut client = Client::open(server.address);
    let frame = masked(BINARY, [7; 1000]);
    let (begun, rest) = frame.split_at(500);
    client.send(begun);
    expect_echo(&mut Client::open(server.address));
    act_while_stopped(&server, || client.send(rest));
    assert_eq!(client.receive_frame(), Some(Frame::new(BINARY, [7; 1000])));
}

#[test]
fn an_answer_to_a_close_that_came_in_time_counts() {
    needs!(Signals);
    let mut server = start("--close-timeout");
    let mut client = Client::open(server.address);
    server.signal("TERM");
    assert_eq!(client.receive_frame(), Some(Frame::close(1001)));
    act_while_stopped(&server, || {
        // What was on its way when the client received the Close.
        client.send(masked(BINARY, [7; 20_000]));
        client.send(masked_close(1001, ""));
    });
    assert_eq!(client.receive_frame(), None);
    assert_eq!(server.wait().code(), Some(0));
    let end = server.logged("closed by server with 1001");
    assert!(!end.contains("not answered in time"), "{end}");
}

#[test]
fn the_end_of_a_message_that_came_in_time_is_echoed_by_a_server_that_stops() {
    needs!(Signals);
    let mut server = start("--drain-timeout");
    let mut client = Client::open(server.address);
    client.send(masked(0x01, "in "));
    assert_eq!(client.receive_frame(), Some(Frame::new(0x01, "in ")));
    server.signal("TERM");
    server.logged("stopping");
    act_while_stopped(&server, || client.send(masked(0x80, "pieces")));
    assert_eq!(client.receive_frame(), Some(Frame::new(0x80, "pieces")));
    assert_eq!(client.receive_frame(), Some(Frame::close(1001)));
    assert_eq!(server.wait().code(), Some(0));
    assert!(!server.log().contains("in the middle of a message"));
}

#[test]
fn a_handshake_of_tls_goes_on_where_the_client_had_to_wait() {
    needs!(Signals);
    let timeout = ["--threads=1", "--handshake-timeout", DEADLINE];
    let (server, certificate) = self_signed("stopped", &timeout);
    let connect = |version| TlsClient::connect(server.address, trusting(&certificate, version));
    let mut begun = VERSIONS.map(connect);
    let mut complete = VERSIONS.map(connect);
    for client in &mut complete {
        client.tls.complete_io(&mut client.stream).unwrap();
    }
    act_while_stopped(&server, || {
        for client in &mut begun {
            while client.tls.wants_write() {
                client.tls.write_tls(&mut client.stream).unwrap();
            }
        }
        complete.iter_mut().for_each(|it| it.send(request("/")));
    });
    for client in &mut begun {
        client.send(request("/"));
    }
    for mut client in begun.into_iter().chain(complete) {
        client.expect_greeting();
    }
    assert!(!server.log().contains("in time"), "{}", server.log());
}
