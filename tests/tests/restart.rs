//! The server is restarted while clients connect, echo and close: no connection is refused, and no
//! message is lost without a word. And what else ends connections: a delay before, and their age.

#![cfg(unix)]

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ws_echo_tests::http_answer::{Answer, plain};
use ws_echo_tests::needs;
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::server::{Server, command, free_address, in_shell, run};
use ws_echo_tests::sessions::expect_echo;
use ws_echo_tests::wire::{Frame, TEXT, masked, masked_close};

/// Signals closer together than this count as one.
const ONE_SIGNAL: Duration = Duration::from_millis(50);
const CLIENTS: usize = 4;
const RESTARTS: usize = 10;
/// How many echoes there are at least between two restarts.
const ECHOES: usize = 20;

/// What has become of the messages of all clients.
#[derive(Debug, Default)]
struct Outcomes {
    echoed: AtomicUsize,
    /// The server said that it goes away, so the message must be sent to another.
    told: AtomicUsize,
    is_over: AtomicBool,
}

impl Outcomes {
    /// Waits until clients have got more echoes.
    fn wait_for_echoes(&self) {
        let wanted = self.echoed.load(Ordering::Relaxed) + ECHOES;
        while self.echoed.load(Ordering::Relaxed) < wanted {
            assert!(!self.is_over.load(Ordering::Relaxed), "a client has failed");
            thread::yield_now();
        }
    }

    /// Connects, sends a message, waits for what becomes of it, and closes.
    fn visit(&self, address: SocketAddr) {
        let mut client = Client::open(address);
        client.send(masked(TEXT, "message"));
        match client.receive_frame() {
            Some(frame) if frame == Frame::new(TEXT, "message") => {
                self.echoed.fetch_add(1, Ordering::Relaxed);
                client.try_send(masked_close(1000, ""));
                let end = client.receive_frame().expect("a Close");
                assert!(end == Frame::close(1000) || end == Frame::close(1001));
            }
            Some(frame) if frame == Frame::close(1001) => {
                self.told.fetch_add(1, Ordering::Relaxed);
                client.try_send(masked_close(1001, ""));
            }
            other => panic!("neither an echo nor a Close: {other:?}"),
        }
    }
}

/// Clients that connect, echo and close, one connection after the other.
struct Clients {
    outcomes: Arc<Outcomes>,
    threads: Vec<JoinHandle<()>>,
}

impl Clients {
    fn start(address: SocketAddr) -> Self {
        let outcomes = Arc::new(Outcomes::default());
        let start = |_| {
            let outcomes = outcomes.clone();
            thread::spawn(move || {
                let ends = EndOfAll(outcomes.clone());
                while !outcomes.is_over.load(Ordering::Relaxed) {
                    outcomes.visit(address);
                }
                drop(ends);
            })
        };
        let threads = (0..CLIENTS).map(start).collect();
        Self { outcomes, threads }
    }

    fn end(self) {
        self.outcomes.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("no client has failed");
        }
        let Outcomes { echoed, told, .. } = &*self.outcomes;
        let (echoed, told) = (echoed.load(Ordering::Relaxed), told.load(Ordering::Relaxed));
        // Each client has one connection at a time.
        assert!(told <= CLIENTS * (RESTARTS + 1), "{told} of {echoed}");
    }
}

/// Ends all clients when one panics.
struct EndOfAll(Arc<Outcomes>);

impl Drop for EndOfAll {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

fn stop(mut server: Server) {
    server.ask_to_stop();
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
}

/// Starts a server to which a socket is passed, as a service manager does.
fn start(listener: &TcpListener, threads: &str) -> Server {
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\"";
    let mut command = in_shell(script, &command(["--no-welcome", "--threads", threads]));
    let passed = listener.try_clone().expect("a socket can be shared");
    command.stdin(OwnedFd::from(passed)).stderr(Stdio::piped());
    Server::spawn(&mut command)
}

#[test]
fn a_socket_that_the_service_manager_keeps_loses_no_connection() {
    needs!(Process);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let mut server = start(&listener, "1");
    let clients = Clients::start(address);
    for restart in 0..RESTARTS {
        clients.outcomes.wait_for_echoes();
        let threads = ["1", "2", "3"][restart % 3];
        if restart % 2 == 0 {
            // Meanwhile clients wait in the socket.
            stop(server);
            server = start(&listener, threads);
        } else {
            let old = std::mem::replace(&mut server, start(&listener, threads));
            clients.outcomes.wait_for_echoes();
            stop(old);
        }
    }
    clients.outcomes.wait_for_echoes();
    clients.end();
    stop(server);
}

#[cfg(target_os = "linux")]
#[test]
fn a_new_server_beside_the_old_one_loses_no_connection() {
    needs!(Process);
    let start = |listen: &str, threads: &str| {
        let flags = [
            "--no-welcome",
            "--reuse-port",
            "--listen",
            listen,
            "--threads",
            threads,
        ];
        Server::spawn(command(flags).stderr(Stdio::piped()))
    };
    let mut server = start("127.0.0.1:0", "2");
    let listen = server.address.to_string();
    let clients = Clients::start(server.address);
    for restart in 0..RESTARTS {
        clients.outcomes.wait_for_echoes();
        let threads = ["1", "2", "3"][restart % 3];
        let old = std::mem::replace(&mut server, start(&listen, threads));
        clients.outcomes.wait_for_echoes();
        stop(old);
    }
    clients.outcomes.wait_for_echoes();
    clients.end();
    // A server without the flag gets no part of the port.
    let (status, _, stderr) = run(&mut command(["--listen", &listen])).expect("it can be started");
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("address in use"), "{stderr}");
    stop(server);
}

#[test]
fn a_server_with_a_delay_accepts_clients_after_the_signal_and_is_not_ready() {
    needs!(Process);
    let admin = free_address();
    let listen = format!("--admin-listen={admin}");
    let start = |delay| Server::start(&["--no-welcome", "--drain-delay", delay, &listen]);
    let ready = || Answer::at(admin, plain("GET", "/readyz"));
    let mut server = start("1h");
    assert_eq!(ready().status(), "200");
    server.ask_to_stop();
    server.logged("stopping after 1h0m0s (--drain-delay): every client gets Close 1001");
    let answer = ready();
    assert_eq!(answer.status(), "503");
    assert!(answer.content.starts_with("draining"), "{}", answer.content);
    let mut client = Client::open(server.address);
    expect_echo(&mut client);
    // A second signal does not wait.
    thread::sleep(ONE_SIGNAL);
    server.ask_to_stop();
    assert_eq!(server.wait().code(), Some(0));
    server.logged("stopped at once by a second signal");

    let mut server = start("100ms");
    let mut client = Client::open(server.address);
    server.ask_to_stop();
    assert_eq!(client.receive_frame(), Some(Frame::close(1001)));
    client.send(masked_close(1001, ""));
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_connection_is_closed_when_its_time_is_over_and_the_next_one_is_served() {
    needs!(Process);
    let flags = [
        "--max-lifetime=300ms",
        "--drain-code=1012",
        "--ping-interval=off",
    ];
    let server = Server::start(&[&["--no-welcome"], &flags[..]].concat());
    for _ in 0..2 {
        let mut client = Client::open(server.address);
        assert_eq!(client.receive_frame(), Some(Frame::close(1012)));
        client.send(masked_close(1012, ""));
        assert_eq!(client.receive_rest(), b"");
    }
    server.logged("closed by server with 1012: its time was over (--max-lifetime)");
}
