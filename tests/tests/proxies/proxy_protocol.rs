//! `--proxy-protocol`: a connection of a proxy begins with the address of its client.

use std::io::Write as _;
use std::thread;
use std::time::Duration;

use ws_echo_tests::proxy_header::{
    LOCAL, PROXY, UNIX, binary, version_1, version_2, version_2_with,
};
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::Server;
use ws_echo_tests::sessions::expect_echo;
use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::tls::client::{TlsClient, VERSIONS, trusting};
use ws_echo_tests::wire::{Frame, masked_close};

use super::{TRUSTED, expect_connected, expect_open, expect_refusal};

const PROXY_PROTOCOL: &str = "--proxy-protocol";

/// A server behind a proxy on this machine, with more arguments.
fn server(arguments: &[&str]) -> Server {
    let own = ["--no-welcome", TRUSTED, PROXY_PROTOCOL];
    Server::start(&[&own, arguments].concat())
}

/// The connection is dropped without a byte.
fn expect_dropped(mut client: Client) {
    let (received, _) = client.receive_to_the_end();
    assert!(received.is_empty(), "{}", received.escape_ascii());
}

#[test]
fn the_client_in_the_log_is_the_one_that_the_header_names() {
    let server = server(&[]);
    let fields = [4, 0, 2, 0, 0];
    for (header, client) in [
        (version_1("192.0.2.1:1"), Some("192.0.2.1:1")),
        (version_1("[2001:db8::1]:2"), Some("[2001:db8::1]:2")),
        (version_2("192.0.2.1:3"), Some("192.0.2.1:3")),
        (
            version_2_with("[2001:db8::1]:4", &fields),
            Some("[2001:db8::1]:4"),
        ),
        (b"PROXY UNKNOWN\r\n".to_vec(), None),
        (b"PROXY UNKNOWN ff:: ff:: 1 2\r\n".to_vec(), None),
        (binary(LOCAL, 0, &[]), None),
        (binary(LOCAL, 0x11, &[1; 12]), None),
        (binary(PROXY, UNIX, &[b'/'; 216]), None),
        (binary(PROXY, 0, &fields), None),
    ] {
        // The request follows in the same segment, and the header may come in several.
        for cut in [0, 1, 5, 13, header.len() - 1, header.len()] {
            let mut connection = Client::connect(server.address);
            connection.send(&header[..cut]);
            connection.send([&header[cut..], request("/").as_bytes()].concat());
            expect_open(&mut connection);
            expect_echo(&mut connection);
            let own = connection.address();
            expect_connected(&server, own, client);
        }
    }
}

#[test]
fn a_header_may_come_byte_by_byte_and_the_request_later() {
    let server = server(&[]);
    let header = version_2_with("192.0.2.1:1", &[0; 200]);
    let mut client = Client::connect(server.address);
    for byte in &header {
        client.send([*byte]);
    }
    client.send(request("/"));
    expect_open(&mut client);
    expect_echo(&mut client);
    server.logged("client connected 192.0.2.1:1 via ");
}

#[test]
fn what_is_no_header_is_dropped_and_no_other_client_notices() {
    let server = server(&["--handshake-timeout=60s"]);
    let mut other = Client::connect(server.address);
    other.send([version_1("192.0.2.9:9"), request("/").into()].concat());
    expect_open(&mut other);
    for bytes in [
        request("/").into_bytes(),
        b"\x16\x03\x01".to_vec(),
        b"PROXY TCP4 1.2.3.4\r\n".to_vec(),
        [&b"PROXY "[..], &[b'x'; 200]].concat(),
        binary(0x2F, 0x11, &[0; 12]),
        binary(PROXY, 0x11, &[0; 11]),
        binary(PROXY, 0x11, &[0; 65_535]),
    ] {
        let mut client = Client::connect(server.address);
        client.try_send(&bytes);
        expect_dropped(client);
        expect_echo(&mut other);
    }
    server.logged("no PROXY header from 127.0.0.1:");
    server.logged("(--proxy-protocol): dropped 1 connection since the last such line");
}

#[test]
fn each_reason_is_logged() {
    for (bytes, reason) in [
        (
            b"PROXY TCP4 1.2.3.4\r\n".to_vec(),
            "a malformed PROXY header from 127.0.0.1:",
        ),
        (
            binary(PROXY, 0x11, &[0; 65_535])[..16].to_vec(),
            "a PROXY header of 65551 bytes, where at most 4096 are read from 127.0.0.1:",
        ),
        (
            b"PROXY \x1b[2J\n".to_vec(),
            "a malformed PROXY header from 127.0.0.1:",
        ),
    ] {
        let server = server(&[]);
        let mut client = Client::connect(server.address);
        client.send(&bytes);
        expect_dropped(client);
        server.logged(reason);
    }
    let server = server(&[]);
    let mut client = Client::connect(server.address);
    client.send(b"PROXY TCP4");
    client.shut();
    expect_dropped(client);
    server.logged("a part of a PROXY header from 127.0.0.1:");
}

#[test]
fn the_longest_header_is_read() {
    let server = server(&[]);
    let mut client = Client::connect(server.address);
    let header = version_2_with("192.0.2.1:1", &[0; 4096 - 28]);
    assert_eq!(header.len(), 4096);
    client.send([header, request("/").into()].concat());
    expect_open(&mut client);
    expect_echo(&mut client);
}

#[test]
fn a_header_that_does_not_come_is_not_waited_for() {
    let server = server(&["--handshake-timeout=100ms"]);
    let silent = Client::connect(server.address);
    let mut begun = Client::connect(server.address);
    begun.send(b"PROXY TCP4 192");
    expect_dropped(silent);
    expect_dropped(begun);
    server.logged("no PROXY header in time (--handshake-timeout) from 127.0.0.1:");
    // The request has a time of its own.
    let mut late = Client::connect(server.address);
    late.send(version_1("192.0.2.1:1"));
    let head = late.receive_head();
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
}

#[test]
fn a_peer_that_is_not_trusted_sends_no_header() {
    let arguments = ["--no-welcome", "--trust-proxy=192.0.2.0/24", PROXY_PROTOCOL];
    let server = Server::start(&arguments);
    for header in [version_1("192.0.2.1:1"), version_2("192.0.2.1:1")] {
        let mut forged = Client::connect(server.address);
        forged.send([header, request("/").into()].concat());
        expect_refusal(forged, "400");
    }
    let mut client = Client::open(server.address);
    expect_echo(&mut client);
    let own = client.address();
    server.logged(&format!("client connected {own} /"));
    assert!(!server.log().contains("via"), "{}", server.log());
}

#[test]
fn connections_are_counted_by_the_address_in_the_header() {
    let server = server(&["--max-connections-per-ip=1"]);
    let open = |client: &str| {
        let mut connection = Client::connect(server.address);
        connection.send([version_2(client), request("/").into()].concat());
        connection
    };
    let mut one = open("192.0.2.1:1");
    expect_open(&mut one);
    let mut other = open("192.0.2.2:1");
    expect_open(&mut other);
    expect_refusal(open("192.0.2.1:2"), "429");
    let mut network = open("[2001:db8::1]:1");
    expect_open(&mut network);
    expect_refusal(open("[2001:db8::ffff]:1"), "429");
    expect_echo(&mut one);
}

#[test]
fn connections_that_wait_for_their_header_count() {
    let server = server(&[
        "--threads=1",
        "--max-connections=2",
        "--handshake-timeout=60s",
    ]);
    let mut waiting: Vec<_> = (0..2).map(|_| Client::connect(server.address)).collect();
    // They are accepted in order.
    let mut beyond = Client::connect(server.address);
    beyond.send([version_1("192.0.2.1:1"), request("/").into()].concat());
    expect_refusal(beyond, "503");
    for client in &mut waiting {
        client.send([version_1("192.0.2.1:1"), request("/").into()].concat());
        expect_open(client);
        expect_echo(client);
    }
}

#[test]
fn tls_follows_the_header() {
    let (server, certificate) = self_signed("proxy-protocol", &[TRUSTED, PROXY_PROTOCOL]);
    for (number, version) in VERSIONS.into_iter().enumerate() {
        let client = format!("192.0.2.1:{}", 1000 + number);
        let mut connection = TlsClient::connect(server.address, trusting(&certificate, version));
        // In the same segment as the start of TLS.
        let mut glued = version_2(&client);
        connection
            .tls
            .write_tls(&mut glued)
            .expect("a Vec has room");
        connection.stream.write_all(&glued).expect("it is sent");
        connection.send(request("/"));
        connection.expect_greeting();
        server.logged(&format!("client connected {client} via 127.0.0.1:"));
    }
}

#[test]
fn a_server_that_stops_still_takes_who_is_on_the_way() {
    let mut server = server(&["--threads=1", "--handshake-timeout=60s"]);
    let mut client = Client::connect(server.address);
    client.send(b"PROXY TCP4 ");
    // When this one is open, the other was accepted.
    let mut later = Client::connect(server.address);
    later.send([version_1("192.0.2.9:9"), request("/").into()].concat());
    expect_open(&mut later);
    server.ask_to_stop();
    assert_eq!(later.receive_frame(), Some(Frame::close(1001)));
    later.send(masked_close(1001, ""));
    later.shut();
    later.receive_rest();
    // A server that does not wait is gone then.
    thread::sleep(Duration::from_millis(200));
    client.send("192.0.2.1 192.0.2.2 1 2\r\n");
    client.send(request("/"));
    expect_open(&mut client);
    client.shut_all();
    assert!(server.wait().success());
}

#[cfg(unix)]
#[test]
fn a_proxy_may_connect_to_a_unix_socket() {
    let path = std::env::temp_dir().join(format!("ws-echo-proxy-{}", std::process::id()));
    let listen = format!("--listen=unix:{}", path.display());
    let server = Server::start(&[
        "--no-welcome",
        &listen,
        "--trust-proxy=unix",
        PROXY_PROTOCOL,
    ]);
    let mut client = Client::connect_unix(&path);
    client.send([version_1("192.0.2.1:1"), request("/").into()].concat());
    expect_open(&mut client);
    expect_echo(&mut client);
    server.logged("client connected 192.0.2.1:1 via unix /");
    // By TCP nobody is trusted.
    let mut other = Client::open(server.address);
    expect_echo(&mut other);
    server.logged(&format!("client connected {} /", other.address()));
}
