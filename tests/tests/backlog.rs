//! Clients that send a whole message before they read, as blocking clients do: each gets its echo,
//! whatever is between it and the server, and the memory for that is limited.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::{env, thread};

use embedded_websocket::{WebSocketClient, WebSocketOptions, WebSocketSendMessageType};
use rustls::{ClientConnection, StreamOwned};
use socket2::{Domain, Socket, Type};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::{Message, WebSocket};
use ws_echo_tests::masking_keys::Keys;
use ws_echo_tests::network::{NAMESPACE, NAMESPACE_REMEDY};
use ws_echo_tests::programs::is_there;
use ws_echo_tests::scripted_client::{Client, WELCOME};
use ws_echo_tests::server::{PATIENCE, Server};
use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::tls::client::{VERSIONS, trusting};
use ws_echo_tests::tls::tunnel;
use ws_echo_tests::wire::{BINARY, masked_with};
use ws_echo_tests::{peers, proxies, skipped};

const MIB: usize = 1 << 20;
const FRAGMENT_LEN: usize = 300_000;
/// The lengths of the messages: below and beyond what the sockets hold. If the tests are optimised,
/// longer ones too, for which a debug build takes minutes.
const LENGTHS: &[usize] = if cfg!(debug_assertions) {
    &[MIB, 17 * MIB]
} else {
    &[MIB, 15 * MIB, 17 * MIB, 64 * MIB]
};
/// The same where the sockets hold 4 KiB.
const SMALL_LENGTHS: &[usize] = if cfg!(debug_assertions) {
    &[MIB, 2 * MIB]
} else {
    LENGTHS
};
/// Longer messages are only sent in one frame: a debug build takes seconds for each.
const FRAGMENTED_MAX: usize = if cfg!(debug_assertions) {
    32 * MIB
} else {
    usize::MAX
};
/// What lets several clients have a backlog of the longest message.
const ROOM: &[&str] = if cfg!(debug_assertions) {
    &[]
} else {
    &["--max-backlog=65MiB", "--max-memory=2GiB"]
};

/// The length of a socket's buffers.
#[derive(Clone, Copy, Debug)]
enum SocketBuffers {
    OfTheSystem,
    /// 4 KiB.
    Small,
}

impl SocketBuffers {
    fn connect(self, address: SocketAddr) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        if let Self::Small = self {
            socket.set_recv_buffer_size(4 << 10).unwrap();
            socket.set_send_buffer_size(4 << 10).unwrap();
        }
        socket.connect(&address.into()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        socket.into()
    }
}

fn message(len: usize) -> Vec<u8> {
    let bytes: Vec<u8> = (0..=250).collect();
    let mut message = bytes.repeat(len.div_ceil(bytes.len()));
    message.truncate(len);
    message
}

/// Blocking tungstenite: messages of these lengths come back, sent in one frame and in fragments.
fn tungstenite(stream: impl Read + Write, lengths: &[usize]) {
    let config = WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None);
    let opened = tungstenite::client::client_with_config("ws://localhost/", stream, Some(config));
    let (mut client, _) = opened.expect("it is accepted");
    assert_eq!(client.read().unwrap(), Message::text(WELCOME));
    for len in lengths {
        let message = message(*len);
        client.send(Message::binary(message.clone())).unwrap();
        expect(&mut client, &message);
        if *len > FRAGMENTED_MAX {
            continue;
        }
        let mut opcode = Data::Binary;
        let mut pieces = message.chunks(FRAGMENT_LEN).peekable();
        while let Some(piece) = pieces.next() {
            let is_last = pieces.peek().is_none();
            let fragment = Frame::message(piece.to_vec(), OpCode::Data(opcode), is_last);
            client.send(Message::Frame(fragment)).unwrap();
            opcode = Data::Continue;
        }
        expect(&mut client, &message);
    }
    client.close(None).unwrap();
    assert!(matches!(client.read(), Ok(Message::Close(_))));
}

fn expect(client: &mut WebSocket<impl Read + Write>, message: &[u8]) {
    let echo = client.read().expect("an echo").into_data();
    assert!(echo == message, "{} bytes came back", message.len());
}

/// embedded-websocket over blocking sockets: messages of these lengths in one frame come back, each
/// on its own connection.
fn embedded_websocket(connect: impl Fn() -> TcpStream, lengths: &[usize]) {
    for len in lengths {
        embedded_websocket_echo(connect(), *len);
    }
}

fn embedded_websocket_echo(stream: TcpStream, len: usize) {
    let mut client = Client::of(stream);
    let mut socket = WebSocketClient::new_client(Keys(1));
    let options = WebSocketOptions {
        path: "/",
        host: "localhost",
        origin: "http://localhost",
        sub_protocols: None,
        additional_headers: None,
    };
    let mut bytes = vec![0; len + 1024];
    let (request_len, key) = socket.client_connect(&options, &mut bytes).unwrap();
    client.send(&bytes[..request_len]);
    let head = client.receive_head();
    socket.client_accept(&key, head.as_bytes()).unwrap();
    let mut received = vec![0; MIB];
    let greeting = client.receive_raw_frame();
    socket.read(&greeting, &mut received).unwrap();
    let message = message(len);
    let kind = WebSocketSendMessageType::Binary;
    let frame_len = socket.write(kind, true, &message, &mut bytes).unwrap();
    client.send(&bytes[..frame_len]);
    let mut echoed = Vec::new();
    loop {
        let frame = client.receive_raw_frame();
        let read = socket.read(&frame, &mut received).unwrap();
        echoed.extend_from_slice(&received[..read.len_to]);
        if read.end_of_message {
            break;
        }
    }
    assert!(echoed == message, "{len} bytes came back");
}

/// The threading client of python `websockets`, if it is installed.
fn python(url: &str, certificate: &Path, buffers: SocketBuffers, lengths: &[usize]) {
    let socket_buffer = match buffers {
        SocketBuffers::OfTheSystem => "0",
        SocketBuffers::Small => "4096",
    };
    let certificate = certificate.to_string_lossy();
    let mut arguments = vec![url.to_owned(), certificate.into(), socket_buffer.into()];
    arguments.extend(lengths.iter().map(usize::to_string));
    if let Some(mut command) = peers::python_command("websockets_threading.py", &arguments) {
        peers::expect_ok(&mut command);
    }
}

#[test]
fn messages_that_are_longer_than_all_buffers_between_come_back() {
    let server = Server::start(ROOM);
    let buffers = SocketBuffers::OfTheSystem;
    let connect = || buffers.connect(server.address);
    thread::scope(|scope| {
        scope.spawn(|| tungstenite(connect(), LENGTHS));
        scope.spawn(|| embedded_websocket(connect, LENGTHS));
        python(&server.url("/"), Path::new(""), buffers, LENGTHS);
    });
}

#[test]
fn a_longer_backlog_is_for_longer_messages() {
    let server = Server::start(&["--max-backlog=64MiB", "--stall-timeout=1s"]);
    tungstenite(
        SocketBuffers::OfTheSystem.connect(server.address),
        &[64 * MIB],
    );
    // Without it, the client would wait for ever, and is told that.
    let server = Server::start(&["--stall-timeout=1s"]);
    let mut client = Client::open(server.address);
    let len = (64 * MIB as u64).to_be_bytes();
    // Masked with a key of zeros.
    client.send([&[BINARY, 0xFF], &len[..], &[0; 4]].concat());
    assert!(!client.try_send(vec![0; 64 * MIB]));
    server.logged("closed by server with 1008: no progress (--stall-timeout)");
}

#[test]
fn by_tls_they_come_back_too() {
    let (server, certificate) = self_signed("backlog", ROOM);
    thread::scope(|scope| {
        for version in VERSIONS {
            let (server, certificate) = (&server, &certificate);
            scope.spawn(move || {
                let config = Arc::new(trusting(certificate, version));
                let tls = ClientConnection::new(config, "localhost".try_into().unwrap());
                let socket = SocketBuffers::OfTheSystem.connect(server.address);
                tungstenite(StreamOwned::new(tls.unwrap(), socket), LENGTHS);
            });
        }
        let tunnel = tunnel::start(server.address, &certificate);
        let buffers = SocketBuffers::OfTheSystem;
        scope.spawn(move || embedded_websocket(|| buffers.connect(tunnel), LENGTHS));
        python(&server.url("/"), &certificate, buffers, LENGTHS);
    });
}

#[test]
fn through_haproxy_they_come_back_too() {
    let server = Server::start(ROOM);
    // Otherwise the proxy's sockets hold all of the messages.
    let small = "tune.rcvbuf.client 65536\n tune.sndbuf.client 65536\n\
         tune.rcvbuf.server 65536\n tune.sndbuf.server 65536";
    let Some(proxy) = proxies::haproxy("backlog", &server, small) else {
        return;
    };
    let address = proxy.address;
    let buffers = SocketBuffers::OfTheSystem;
    thread::scope(|scope| {
        scope.spawn(|| tungstenite(buffers.connect(address), LENGTHS));
        scope.spawn(|| embedded_websocket(|| buffers.connect(address), LENGTHS));
        python(&proxy.url("/"), Path::new(""), buffers, LENGTHS);
    });
}

/// Linux drops packets for which there is no room, and sends them again later and later.
const PATIENT: &str = "--handshake-timeout=60s";

/// The variable that is set in a network of its own.
const INSIDE: &str = "WS_ECHO_TESTS_SMALL_SOCKET_BUFFERS";

/// Limits the buffers of all sockets in a network of its own to 4 KiB, and runs a command there.
const SMALL: &str = r#"ip link set lo up &&
    echo 4096 4096 4096 >/proc/sys/net/ipv4/tcp_rmem &&
    echo 4096 4096 4096 >/proc/sys/net/ipv4/tcp_wmem && exec "$@""#;

/// Runs `work`, in the test of this name, where all sockets have buffers of 4 KiB, if the system
/// lets it.
fn with_small_socket_buffers(test: &str, work: impl FnOnce()) {
    if env::var_os(INSIDE).is_some() {
        return work();
    }
    let inside = || {
        let mut command = Command::new("unshare");
        command.args([
            "--user",
            "--map-root-user",
            "--net",
            "sh",
            "-c",
            SMALL,
            "sh",
        ]);
        command
    };
    if !is_there(NAMESPACE, NAMESPACE_REMEDY, inside().arg("true")) {
        return;
    }
    let mut command = inside();
    command.arg(env::current_exe().unwrap()).env(INSIDE, "1");
    skipped::share_with(&mut command);
    let ran = command.args(["--exact", "--nocapture", test]).output();
    let ran = ran.expect("it can be started");
    let log = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{log}");
}

#[test]
fn with_small_socket_buffers_on_both_ends_they_come_back_too() {
    let test = "with_small_socket_buffers_on_both_ends_they_come_back_too";
    with_small_socket_buffers(test, || {
        let arguments = [ROOM, &[PATIENT]].concat();
        let server = Server::start(&arguments);
        let (secure, certificate) = self_signed("backlog-small", &arguments);
        let buffers = SocketBuffers::Small;
        let connect = || buffers.connect(server.address);
        let (plain, secure) = (server.url("/"), secure.url("/"));
        thread::scope(|scope| {
            scope.spawn(|| tungstenite(connect(), SMALL_LENGTHS));
            scope.spawn(|| embedded_websocket(connect, SMALL_LENGTHS));
            scope.spawn(|| python(&plain, Path::new(""), buffers, SMALL_LENGTHS));
            python(&secure, &certificate, buffers, SMALL_LENGTHS);
        });
    });
}

#[test]
fn a_hundred_clients_at_once_stay_within_the_memory_for_all() {
    const CLIENTS: usize = 100;
    const MEMORY: &str = "--max-memory=256MiB";
    let test = "a_hundred_clients_at_once_stay_within_the_memory_for_all";
    with_small_socket_buffers(test, || {
        let server = Server::start(&["--threads=2", "--no-welcome", MEMORY, PATIENT]);
        let message = message(MIB);
        let frame = masked_with([0; 4], BINARY, &message);
        let before = server.peak_memory();
        let all_sent = Barrier::new(CLIENTS);
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    let mut client = Client::open(server.address);
                    client.send(&frame);
                    all_sent.wait();
                    let mut echoed = Vec::new();
                    while echoed.len() < message.len() {
                        echoed.extend(client.receive_frame().expect("an echo").payload);
                    }
                    assert!(echoed == message);
                });
            }
        });
        if let (Some(before), Some(peak)) = (before, server.peak_memory()) {
            // What they have sent, and two buffers, of two workers.
            let most = (CLIENTS * (MIB + (64 << 10)) + 8 * MIB) as u64;
            assert!(peak <= before + most, "{before} bytes, then {peak}");
        }
    });
}
