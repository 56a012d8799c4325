//! Clients that cut, stop, lie and disconnect.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use rustls::ClientConfig;
use ws_echo_tests::programs::OPENSSL;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{Server, run};
use ws_echo_tests::wire::{BINARY, CLOSE, Frame, PING, TEXT, masked};

use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::tls::client::{TlsClient, VERSIONS, trusting};

/// Everything before the end; a reset counts as an end.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("no end: {error}"),
        _ => bytes,
    }
}

#[test]
fn a_handshake_may_arrive_byte_by_byte() {
    let (server, certificate) = self_signed("bytes", &[]);
    for version in VERSIONS {
        let mut client = TlsClient::connect(server.address, trusting(&certificate, version));
        while client.tls.is_handshaking() {
            for byte in client.records([]) {
                client.stream.write_all(&[byte]).unwrap();
            }
            client.tls.read_tls(&mut client.stream).unwrap();
            client.tls.process_new_packets().unwrap();
        }
        for byte in client.records(request("/")) {
            client.stream.write_all(&[byte]).unwrap();
        }
        client.expect_greeting();
    }
}

#[test]
fn records_may_have_one_byte_each() {
    let (server, certificate) = self_signed("records", &[]);
    for version in VERSIONS {
        let mut client = TlsClient::greeted(server.address, trusting(&certificate, version));
        let text = "gr\u{fc}n".repeat(1000);
        let frame = masked(TEXT, &text);
        let records: Vec<u8> = frame
            .iter()
            .flat_map(|byte| client.records([*byte]))
            .collect();
        client.stream.write_all(&records).unwrap();
        let mut echo = String::new();
        while echo.len() < text.len() {
            let frame = client.receive_frame().unwrap();
            echo.push_str(str::from_utf8(&frame.payload).unwrap());
        }
        assert!(echo == text);
    }
}

#[test]
fn a_client_that_does_not_read_costs_little_and_gets_everything_later() {
    const MESSAGES: usize = 64;
    const MESSAGE_LEN: usize = 1 << 20;
    let (server, certificate) = self_signed("unread", &[]);
    let mut bytes = vec![0; MESSAGE_LEN];
    fastrand::Rng::with_seed(1).fill(&mut bytes);
    // The same bytes, but they begin elsewhere.
    let payload = |i: usize| {
        let (end, begin) = bytes.split_at(i * MESSAGE_LEN / MESSAGES);
        [begin, end].concat()
    };
    for version in VERSIONS {
        let mut client = TlsClient::greeted(server.address, trusting(&certificate, version));
        let before = server.peak_memory();
        let records: Vec<_> = (0..MESSAGES)
            .map(|i| client.records(masked(BINARY, payload(i))))
            .collect();
        let mut stream = client.stream.try_clone().unwrap();
        let stuck = stream.try_clone().unwrap();
        stuck.set_nonblocking(true).unwrap();
        // Until nothing more fits the sockets, and the server has nothing to do either.
        let mut all = records.concat();
        let mut sent = 0;
        while let Ok(len) = (&stuck).write(&all[sent..]) {
            sent += len;
            thread::yield_now();
        }
        assert!(sent < all.len());
        if let (Some(before), Some(now)) = (before, server.peak_memory()) {
            assert!(now - before < 8 << 20, "{before} bytes, then {now}");
        }
        stuck.set_nonblocking(false).unwrap();
        let rest = all.split_off(sent);
        let sending = thread::spawn(move || stream.write_all(&rest).unwrap());
        for i in 0..MESSAGES {
            let mut echo = Vec::new();
            while echo.len() < MESSAGE_LEN {
                echo.extend(client.receive_frame().unwrap().payload);
            }
            assert!(echo == payload(i), "message {i}");
        }
        sending.join().unwrap();
    }
}

#[test]
fn half_a_handshake_is_dropped_in_time_without_an_answer() {
    let (server, certificate) = self_signed("half", &["--handshake-timeout", "300ms"]);
    let config = trusting(&certificate, VERSIONS[1]);
    let mut client = TlsClient::connect(server.address, config);
    let address = client.stream.local_addr().unwrap();
    let hello = client.records([]);
    client.stream.write_all(&hello[..hello.len() / 2]).unwrap();
    assert_eq!(rest(&mut client.stream), b"");
    server.logged(&format!(
        "client refused {address}: TLS: no handshake in time"
    ));
}

#[test]
fn a_stop_does_not_wait_for_half_a_handshake() {
    let (mut server, certificate) = self_signed("half-stop", &["--drain-spread", "60s"]);
    let config = trusting(&certificate, VERSIONS[1]);
    let mut client = TlsClient::connect(server.address, config.clone());
    let hello = client.records([]);
    client.stream.write_all(&hello[..hello.len() / 2]).unwrap();
    // It is then the second client that the server knows of.
    drop(TlsClient::greeted(server.address, config));
    server.ask_to_stop();
    assert_eq!(rest(&mut client.stream), b"");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_missing_request_after_the_handshake_gets_408() {
    let (server, certificate) = self_signed("late", &["--handshake-timeout", "300ms"]);
    let mut client = TlsClient::connect(server.address, trusting(&certificate, VERSIONS[1]));
    client.send("GET / HTTP/1.1\r\n");
    let mut answer = String::new();
    rustls::Stream::new(&mut client.tls, &mut client.stream)
        .read_to_string(&mut answer)
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[test]
fn garbage_after_the_handshake_ends_the_connection_with_an_alert() {
    let (server, certificate) = self_signed("garbage", &[]);
    for version in VERSIONS {
        let mut client = TlsClient::greeted(server.address, trusting(&certificate, version));
        let address = client.stream.local_addr().unwrap();
        let mut records = client.records(masked(TEXT, "hello"));
        *records.last_mut().unwrap() ^= 1;
        client.stream.write_all(&records).unwrap();
        while client.tls.read_tls(&mut client.stream).unwrap() > 0 {}
        let alert = client.tls.process_new_packets().unwrap_err();
        assert!(alert.to_string().contains("BadRecordMac"), "{alert}");
        server.logged(&format!("client disconnected {address} lost: TLS: "));
    }
}

#[test]
fn bytes_that_are_neither_tls_nor_http_get_an_alert() {
    let (server, _) = self_signed("neither", &[]);
    for bytes in [
        &b"\x00\x01\x02\x03 who is there?"[..],
        &[0xff; 4000],
        &[22, 3, 1, 0xff, 0xff, 1],
    ] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let address = stream.local_addr().unwrap();
        stream.write_all(bytes).unwrap();
        let alert = rest(&mut stream);
        assert!(alert.starts_with(&[21, 3]) && alert.len() == 7, "{alert:?}");
        server.logged(&format!("client refused {address}: TLS: "));
    }
}

#[test]
fn an_end_inside_a_message_is_logged_as_lost_and_affects_no_other() {
    let (server, certificate) = self_signed("truncated", &[]);
    let config = trusting(&certificate, VERSIONS[1]);
    let mut canary = TlsClient::greeted(server.address, config.clone());
    let mut client = TlsClient::greeted(server.address, config);
    let address = client.stream.local_addr().unwrap();
    client.send(&masked(TEXT, "half a message")[..9]);
    client.shut();
    let line = server.logged(&format!("client disconnected {address} "));
    let expected = "lost: unexpected end of file; after ";
    assert!(line.contains(expected), "{line}");
    let carried = "0 messages (3 bytes) received, 1 (23 bytes) sent";
    assert!(line.ends_with(carried), "{line}");
    canary.send(masked(TEXT, "hello"));
    assert_eq!(canary.receive_frame(), Some(Frame::new(TEXT, "hello")));
}

#[test]
fn a_client_that_is_given_up_gets_close_notify() {
    let options = ["--ping-interval", "100ms", "--ping-timeout", "100ms"];
    let (server, certificate) = self_signed("given-up", &options);
    for version in VERSIONS {
        let mut client = TlsClient::greeted(server.address, trusting(&certificate, version));
        assert_eq!(client.receive_frame(), Some(Frame::new(PING, "")));
        let close = client.receive_frame().unwrap();
        assert_eq!(
            (close.first, &close.payload[..2]),
            (CLOSE, &1011_u16.to_be_bytes()[..])
        );
        assert_eq!(client.receive_frame(), None);
    }
}

#[test]
fn plain_http_on_a_port_with_tls_gets_an_explanation() {
    let (server, _) = self_signed("plain", &[]);
    for cut in [1, 1000] {
        let mut client = Client::connect(server.address);
        for part in request("/").as_bytes().chunks(cut) {
            client.send(part);
        }
        let head = client.receive_head();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        let text = String::from_utf8(client.receive_rest()).unwrap();
        assert!(text.contains("wss:// or https://"), "{text}");
        let line = server.logged(&format!("client refused {}: ", client.address()));
        assert!(
            line.contains("this port speaks TLS; write wss://"),
            "{line}"
        );
        // Exactly once.
        let count = server.log().matches(&client.address().to_string()).count();
        assert_eq!(count, 1);
    }
}

#[test]
fn tls_on_a_port_without_it_gets_an_alert_and_a_log_line_with_the_remedy() {
    let server = Server::start(&[]);
    let hello = TlsClient::connect(
        server.address,
        trusting(&self_signed("none", &[]).1, VERSIONS[1]),
    )
    .records([]);
    let mut client = Client::connect(server.address);
    client.send(&hello);
    assert_eq!(client.receive_rest(), [21, 3, 3, 0, 2, 2, 70]);
    let line = server.logged(&format!("client refused {}: TLS: ", client.address()));
    assert!(
        line.contains("--tls-cert") && line.contains("ws://"),
        "{line}"
    );
}

#[test]
fn openssl_understands_the_alert_of_a_port_without_tls() {
    let server = Server::start(&[]);
    if !OPENSSL.is_there(&["version"]) {
        return;
    }
    let mut command = OPENSSL.command();
    command.args(["s_client", "-connect", &server.address.to_string()]);
    let (_, _, stderr) = run(&mut command).unwrap();
    assert!(stderr.contains("alert protocol version"), "{stderr}");
}

/// The message for a client that does not send a request.
fn unasked(server: SocketAddr, config: ClientConfig) -> String {
    let mut client = TlsClient::connect(server, config);
    let mut answer = String::new();
    rustls::Stream::new(&mut client.tls, &mut client.stream)
        .read_to_string(&mut answer)
        .unwrap();
    answer
}

#[test]
fn one_client_too_many_gets_503_over_tls() {
    let (server, certificate) = self_signed("many", &["--max-connections", "1"]);
    let config = trusting(&certificate, VERSIONS[1]);
    let _first = TlsClient::greeted(server.address, config.clone());
    let answer = unasked(server.address, config);
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
}

#[test]
fn a_client_without_memory_gets_503_over_tls() {
    let limits = [
        "--threads=1",
        "--max-memory=77KiB",
        "--deflate=off",
        "--handshake-timeout=1s",
    ];
    let (server, certificate) = self_signed("memory", &limits);
    let config = trusting(&certificate, VERSIONS[1]);
    let mut first = TlsClient::greeted(server.address, config.clone());
    // Half a frame has arrived when the echo of what is before it has.
    first.send(
        [
            &masked(TEXT, "before")[..],
            &masked(TEXT, "half a frame")[..9],
        ]
        .concat(),
    );
    assert_eq!(first.receive_frame(), Some(Frame::new(TEXT, "before")));
    // It still has memory for a handshake, which may be refused later than others arrive.
    let _second = TcpStream::connect(server.address).unwrap();
    let answers = (0..100).map(|_| unasked(server.address, config.clone()));
    let answer = answers
        .into_iter()
        .find(|it| it.starts_with("HTTP/1.1 503 "));
    assert!(answer.is_some_and(|it| it.ends_with("short of memory\n")));
    assert!(!server.log().contains("dropped"), "{}", server.log());
}
