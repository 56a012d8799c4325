//! The system refuses the server memory, by the limit of a process's address space (`ulimit -v`),
//! long before `--max-memory` is reached. Clients are refused, and the server goes on.

#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};

use socket2::{Domain, SockRef, Socket, Type};
use ws_echo_tests::needs;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{Server, command, in_shell};
use ws_echo_tests::sessions::expect_echo;
use ws_echo_tests::tls::certificate::file;
use ws_echo_tests::tls::client::{TlsClient, VERSIONS, trusting};
use ws_echo_tests::wire::{BINARY, masked};

/// How much more memory the server may have than it needs without clients, in KiB.
const MORE: usize = 32 * 1024;

/// What the log says then.
const REFUSED: &str = "the system gives no more memory";

/// A server with little memory, and more arguments.
fn start(arguments: &[&str]) -> Server {
    let common = [
        "--listen=127.0.0.1:0",
        "--no-welcome",
        "--threads=2",
        "--max-memory=8GiB",
    ];
    let served = command(common.iter().chain(arguments));
    let idle = limited("unlimited".into(), &served);
    let limit = address_space(&idle) + MORE;
    drop(idle);
    limited(limit.to_string(), &served)
}

fn limited(limit: String, served: &Command) -> Server {
    // glibc reserves address space for each thread, unless all share one arena.
    let script = format!(r#"ulimit -v {limit} && MALLOC_ARENA_MAX=1 exec "$0" "$@""#);
    Server::spawn(in_shell(&script, served).stderr(Stdio::piped()))
}

/// The most address space that the process has had, in KiB.
fn address_space(server: &Server) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let peak = status.lines().find_map(|it| it.strip_prefix("VmPeak:"));
    let peak = peak.and_then(|it| it.trim().strip_suffix(" kB"));
    peak.unwrap().parse().unwrap()
}

/// A client that sends messages without end, and reads nothing.
struct Sender {
    stream: TcpStream,
    sent: usize,
}

impl Sender {
    /// Connects, with room for little that it does not read.
    fn connect(address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        socket.connect(&address.into()).unwrap();
        let mut stream = TcpStream::from(socket);
        // The server may have dropped it already.
        let _ = stream.write_all(request("/").as_bytes());
        stream.set_nonblocking(true).unwrap();
        Self { stream, sent: 0 }
    }

    /// Sends as much as is received at once, and not more than this in all.
    fn send(&mut self, message: &[u8], most: usize) {
        while self.sent < most
            && let Ok(len @ 1..) = self.stream.write(&message[self.sent % message.len()..])
        {
            self.sent += len;
        }
    }
}

/// Lets clients send until the system has refused memory, and then until nothing changes.
fn exhaust(server: &Server, message: &[u8], most: usize) -> Vec<Sender> {
    let mut senders: Vec<_> = (0..300).map(|_| Sender::connect(server.address)).collect();
    for _ in 0..200 {
        senders.iter_mut().for_each(|it| it.send(message, most));
        if server.log().contains(REFUSED) {
            break;
        }
    }
    for _ in 0..20 {
        senders.iter_mut().for_each(|it| it.send(message, most));
    }
    server.logged(REFUSED);
    senders
}

/// Expects an echo, as soon as there is memory again.
fn expect_echo_soon(server: &Server) {
    for _ in 0..1000 {
        let mut client = Client::connect(server.address);
        client.try_send(request("/"));
        if client
            .try_receive_head()
            .is_some_and(|it| it.starts_with("HTTP/1.1 101 "))
        {
            return expect_echo(&mut client);
        }
    }
    panic!("{}", server.log());
}

#[test]
fn clients_that_send_and_do_not_read_do_not_end_the_server() {
    needs!(ResourceLimits);
    let server = start(&[]);
    let message = masked(BINARY, vec![7; 1 << 20]);
    for _ in 0..2 {
        let senders = exhaust(&server, &message, usize::MAX);
        drop(senders);
        expect_echo_soon(&server);
    }
}

#[test]
fn clients_that_stop_inside_a_frame_do_not_end_the_server() {
    needs!(ResourceLimits);
    let server = start(&["--buffer=512KiB"]);
    let frame = masked(BINARY, vec![7; 400_000]);
    for _ in 0..2 {
        // The server keeps a whole buffer for each.
        let senders = exhaust(&server, &frame, 1000);
        drop(senders);
        expect_echo_soon(&server);
    }
}

#[test]
fn clients_with_tls_do_not_end_the_server() {
    needs!(ResourceLimits);
    let path = file("refused-memory.pem");
    let tls = [
        "--tls-self-signed",
        "--tls-write-cert",
        path.to_str().unwrap(),
    ];
    let server = start(&[&tls[..], &["--buffer=512KiB"]].concat());
    let connect = || TlsClient::connect(server.address, trusting(&path, VERSIONS[1]));
    let begun = &masked(BINARY, vec![7; 400_000])[..1000];
    let unread = masked(BINARY, [7; 100_000]);
    for _ in 0..2 {
        let mut clients = Vec::new();
        for number in 0..120 {
            let mut client = connect();
            let buffer = SockRef::from(&client.stream).set_recv_buffer_size(4 << 10);
            buffer.unwrap();
            if client.tls.complete_io(&mut client.stream).is_ok() {
                let mut records = client.records(request("/"));
                let sent = if number < 100 { begun } else { &unread };
                records.extend(client.records(sent));
                // It fits the buffers of the sockets, but the server may have dropped it.
                let _ = client.stream.write_all(&records);
                clients.push(client);
            }
        }
        server.logged(REFUSED);
        drop(clients);
        let mut client = connect();
        while client.tls.complete_io(&mut client.stream).is_err() {
            client = connect();
        }
        client.send(request("/"));
        client.expect_head();
    }
}
