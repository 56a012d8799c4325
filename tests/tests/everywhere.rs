//! What the program must do on each system and processor, with little else: many round trips, long
//! messages, halves, and clients that abort. Windows reports events by rules of its own, and these
//! are where a server that misses one stands still. See `WS_ECHO_BINARY` in the tests' guide.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::{env, io};

use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{Server, binary};
use ws_echo_tests::sessions::{PIECE_LEN, expect_echo, large_message};
use ws_echo_tests::wire::{BINARY, Frame, TEXT, masked, masked_close};
use ws_echo_tests::{foreign, programs};

/// Expects the echo of each message, one after the other.
fn round_trips(client: &mut Client, count: usize) {
    for number in 0..count {
        let message = Frame::new(TEXT, number.to_string());
        client.send(masked(TEXT, &message.payload));
        assert_eq!(client.receive_frame(), Some(message));
    }
}

#[test]
fn two_thousand_round_trips_on_one_connection() {
    let server = Server::start(&[]);
    let mut client = Client::greeted(server.address);
    round_trips(&mut client, 2000);
    client.send(masked_close(1000, ""));
    assert_eq!(client.receive_frame(), Some(Frame::close(1000)));
    assert_eq!(client.receive_frame(), None);
}

#[test]
fn eight_mib_come_back() {
    let server = Server::start(&["--no-welcome", "--max-backlog=off"]);
    let mut client = Client::open(server.address);
    large_message(&mut client, 8 << 20);
    // And what follows.
    round_trips(&mut client, 10);
    large_message(&mut client, PIECE_LEN as u64);
}

#[test]
fn a_message_as_long_as_the_room_for_it_leaves_nothing_behind() {
    // A read that fills its room may have drained the socket or not.
    let server = Server::start(&["--no-welcome", "--buffer=4KiB"]);
    let mut client = Client::open(server.address);
    for len in [4095, 4096, 4097, 8192, 65_535, 65_536, 1 << 17] {
        let message = vec![7; len];
        client.send(masked(BINARY, &message));
        let mut echoed = Vec::new();
        while echoed.len() < len {
            let frame = client.receive_frame().expect("the rest of the echo");
            echoed.extend(frame.payload);
        }
        assert_eq!(echoed.len(), len);
        expect_echo(&mut client);
    }
}

#[test]
fn halves_of_a_request_and_of_frames_wait_for_the_other_half() {
    let server = Server::start(&[]);
    // The server has read the first half when it has echoed to a client that sends later.
    let mut other = Client::greeted(server.address);
    let mut client = Client::connect(server.address);
    let request = request("/");
    let (first, second) = request.split_at(request.len() / 2);
    client.send(first);
    expect_echo(&mut other);
    client.send(second);
    assert!(client.receive_head().starts_with("HTTP/1.1 101 "));
    assert!(client.receive_frame().is_some(), "the greeting");
    for len in [1, 125, 126, 70_000] {
        let message = "x".repeat(len);
        let frame = masked(TEXT, &message);
        // In the header, in the mask, at the payload, in its middle, and before the last byte.
        for cut in [
            1,
            3,
            frame.len() - len,
            frame.len() - len / 2,
            frame.len() - 1,
        ] {
            client.send(&frame[..cut]);
            expect_echo(&mut other);
            client.send(&frame[cut..]);
            let mut echoed = Vec::new();
            while echoed.len() < len {
                echoed.extend(client.receive_frame().expect("an echo").payload);
            }
            assert_eq!(echoed, message.as_bytes(), "{len} bytes, cut at {cut}");
        }
    }
}

#[test]
fn a_hundred_of_two_hundred_clients_abort_and_the_others_notice_nothing() {
    let server = Server::start(&["--no-welcome", "--threads=2"]);
    let mut clients: Vec<_> = (0..200).map(|_| Client::open(server.address)).collect();
    clients.iter_mut().for_each(expect_echo);
    let aborting: Vec<_> = (0..100).map(|number| clients.remove(number)).collect();
    let addresses: Vec<_> = aborting.iter().map(Client::address).collect();
    for (number, mut client) in aborting.into_iter().enumerate() {
        match number % 3 {
            // Idle.
            0 => {}
            // In the middle of a frame.
            1 => client.send(&masked(TEXT, "half a frame")[..9]),
            // While an echo is under way, which is not read.
            _ => client.send(masked(BINARY, vec![0; 100_000])),
        }
        client.reset();
    }
    for address in addresses {
        server.logged(&format!("client disconnected {address}"));
    }
    for client in &mut clients {
        round_trips(client, 3);
    }
    assert_eq!(clients.len(), 100);
}

/// Windows ends a program as soon as its handler of this event returns.
#[test]
fn a_closed_console_closes_every_client_before_the_program_ends() {
    if !foreign::is_windows() {
        return;
    }
    let Some(closer) = env::var_os("WS_ECHO_CLOSE_CONSOLE") else {
        return programs::skip(
            "close-console",
            "WS_ECHO_CLOSE_CONSOLE=PATH, as .ci/run sets it",
        );
    };
    let (input, mut control) = io::pipe().unwrap();
    let mut command = Command::new(closer);
    // The binary is a script that runs the program of the same name.
    command.arg(binary().with_extension(""));
    command.args(["--listen", "127.0.0.1:0"]).stdin(input);
    let mut server = Server::spawn(command.stderr(Stdio::piped()));
    let mut client = Client::greeted(server.address);
    control.write_all(b"close\n").unwrap();
    assert_eq!(client.receive_frame(), Some(Frame::close(1001)));
    client.send(masked_close(1001, ""));
    assert_eq!(client.receive_frame(), None);
    assert_eq!(
        server.wait().code(),
        Some(0),
        "99: the handler has returned"
    );
    server.logged("stopped");
}
