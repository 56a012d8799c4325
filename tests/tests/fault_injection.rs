//! System calls that fail, in the real binary: strace injects the faults. Clients that a fault does
//! not concern are not affected, the log reports once what must be reported once, and no file
//! descriptor stays open.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ws_echo_tests::needs;
use ws_echo_tests::programs::STRACE;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{PATIENCE, Server, command, free_address};
use ws_echo_tests::sessions::{PIECE_LEN, expect_echo, large_message, several_clients_at_once};
use ws_echo_tests::wire::{Frame, TEXT, masked};

const CANNOT_ACCEPT: &str = "cannot accept clients, trying again: ";

/// A server with one worker and failing system calls, and the calls that strace recorded.
struct FaultyServer {
    server: Server,
    trace: PathBuf,
}

impl FaultyServer {
    /// Starts a server. A fault is written like strace's option `inject`, and is counted in each
    /// thread. Returns `None` if strace is missing or may not trace.
    fn start(name: &str, faults: &[&str], arguments: &[&str]) -> Option<Self> {
        let trace = std::env::temp_dir().join(format!("ws-echo-faults-{}-{name}", process::id()));
        let served = command(
            ["--listen", "127.0.0.1:0", "--threads", "1"]
                .iter()
                .chain(arguments),
        );
        let mut faulty = with_faults(&served, faults, &trace)?;
        let server = Server::spawn(faulty.stderr(Stdio::piped()));
        Some(Self { server, trace })
    }

    /// How many calls have failed as injected.
    fn failed(&self) -> usize {
        let trace = fs::read_to_string(&self.trace).expect("strace writes");
        trace.matches("(INJECTED)").count()
    }

    /// How often the log reports that no client can be accepted.
    fn outages(&self) -> usize {
        self.server.log().matches(CANNOT_ACCEPT).count()
    }

    /// How many files are open.
    fn files(&self) -> usize {
        let files = fs::read_dir(format!("/proc/{}/fd", self.server.id()));
        files.expect("the server runs").count()
    }

    /// Waits until this many files are open.
    fn expect_files(&self, count: usize) {
        wait_until("files are closed", || self.files() == count);
    }
}

impl Drop for FaultyServer {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.trace);
    }
}

/// A command with failing system calls; `trace` is where strace records them. Returns `None` if
/// strace is missing or may not trace.
fn with_faults(command: &Command, faults: &[&str], trace: &Path) -> Option<Command> {
    if !STRACE.is_there(&["-f", "-o", "/dev/null", "true"]) {
        return None;
    }
    // The program stays this process's child, and strace is its child.
    let mut strace = STRACE.command();
    strace.args(["-D", "-f", "-qq", "-o"]).arg(trace);
    for fault in faults {
        strace.arg("-e").arg(format!("inject={fault}"));
    }
    let program = command.get_program();
    strace.arg(program).args(command.get_args());
    strace.stdin(Stdio::null());
    Some(strace)
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a message comes back. If not, the connection has ended.
fn echoes(client: &mut Client) -> bool {
    let message = Frame::new(TEXT, "still here");
    client.try_send(masked(message.first, &message.payload))
        && client
            .receive_frame()
            .inspect(|it| assert_eq!(*it, message))
            .is_some()
}

/// An open connection. Returns `None` if the server has ended it without a response.
fn open(server: &Server) -> Option<Client> {
    let mut client = Client::connect(server.address);
    client.try_send(request("/"));
    match client.handle().peek(&mut [0]) {
        Ok(0) => return None,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
        peeked => assert_eq!(peeked.expect("an answer comes"), 1),
    }
    let head = client.receive_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    Some(client)
}

#[test]
fn interrupted_calls_are_repeated_without_effect() {
    needs!(SystemCalls);
    let faults = [
        "accept4:error=EINTR:when=1+2",
        "?epoll_wait,?epoll_pwait:error=EINTR:when=1+2",
        "recvfrom:error=EINTR:when=1+2",
        "sendto:error=EINTR:when=1+2",
    ];
    let Some(faulty) = FaultyServer::start("interrupted", &faults, &[]) else {
        return;
    };
    several_clients_at_once(faulty.server.address, 8);
    let mut client = Client::greeted(faulty.server.address);
    large_message(&mut client, 64 * PIECE_LEN as u64);
    expect_echo(&mut client);
    assert_eq!(faulty.outages(), 0, "{}", faulty.server.log());
    assert!(faulty.failed() >= 50, "{}", faulty.failed());
}

#[test]
fn connections_lost_before_they_are_accepted_delay_no_other() {
    needs!(SystemCalls);
    let faults = ["accept4:error=ECONNABORTED:when=1..5"];
    let Some(faulty) = FaultyServer::start("aborted", &faults, &["--no-welcome"]) else {
        return;
    };
    expect_echo(&mut Client::open(faulty.server.address));
    assert_eq!(faulty.failed(), 5);
    assert_eq!(faulty.outages(), 0, "{}", faulty.server.log());
}

#[test]
fn accepting_resumes_after_an_outage_that_is_logged_once() {
    needs!(SystemCalls);
    for error in ["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "EPERM", "EPROTO"] {
        let fault = format!("accept4:error={error}:when=1..3");
        let Some(faulty) = FaultyServer::start(error, &[&fault], &["--no-welcome"]) else {
            return;
        };
        expect_echo(&mut Client::open(faulty.server.address));
        expect_echo(&mut Client::open(faulty.server.address));
        assert_eq!(faulty.failed(), 3, "{error}");
        faulty.server.logged(CANNOT_ACCEPT);
        assert_eq!(faulty.outages(), 1, "{error}: {}", faulty.server.log());
    }
}

#[test]
fn each_outage_of_accepting_is_logged() {
    needs!(SystemCalls);
    // A client's event makes two calls: one accepts it, and one reports that there are no more.
    let faults = ["accept4:error=EMFILE:when=3+3"];
    let Some(faulty) = FaultyServer::start("again", &faults, &["--no-welcome"]) else {
        return;
    };
    for _ in 0..4 {
        expect_echo(&mut Client::open(faulty.server.address));
    }
    let failed = faulty.failed();
    assert!(failed >= 2, "{failed}");
    wait_until("each outage is logged", || faulty.outages() == failed);
}

#[test]
fn connected_clients_are_served_during_an_outage_of_accepting() {
    needs!(SystemCalls);
    let faults = ["accept4:error=EMFILE:when=3+"];
    let Some(faulty) = FaultyServer::start("nobody", &faults, &["--no-welcome"]) else {
        return;
    };
    let mut first = Client::open(faulty.server.address);
    let files = faulty.files();
    let others: Vec<_> = (0..5)
        .map(|_| Client::connect(faulty.server.address))
        .collect();
    faulty.server.logged(CANNOT_ACCEPT);
    wait_until("it tries again", || {
        expect_echo(&mut first);
        faulty.failed() >= 5
    });
    assert_eq!(faulty.outages(), 1, "{}", faulty.server.log());
    assert_eq!(faulty.files(), files);
    drop(others);
}

#[test]
fn a_broken_connection_affects_no_other_client() {
    needs!(SystemCalls);
    for (fault, told) in [
        ("recvfrom:error=ECONNRESET:when=8", "lost: connection reset"),
        ("recvfrom:error=ETIMEDOUT:when=8", "lost: timed out"),
        ("sendto:error=EPIPE:when=8", "lost: broken pipe"),
        ("sendto:error=ECONNRESET:when=8", "lost: connection reset"),
        ("sendto:error=EHOSTUNREACH:when=8", "lost: host unreachable"),
    ] {
        let Some(faulty) = FaultyServer::start("lost", &[fault], &["--no-welcome"]) else {
            return;
        };
        let files = faulty.files();
        let mut clients: Vec<_> = (0..3)
            .map(|_| Client::open(faulty.server.address))
            .collect();
        faulty.expect_files(files + 3);
        for _ in 0..5 {
            clients.retain_mut(echoes);
        }
        assert_eq!((clients.len(), faulty.failed()), (2, 1), "{fault}");
        faulty.server.logged(told);
        faulty.expect_files(files + 2);
        let endings = faulty.server.log().matches("client disconnected").count();
        assert_eq!(endings, 1, "{fault}: {}", faulty.server.log());
    }
}

#[test]
fn a_failed_setup_affects_no_other_client_and_closes_the_file() {
    needs!(SystemCalls);
    // The first calls of this kind are the listener's and the worker's own, on another thread.
    for fault in [
        "setsockopt:error=EINVAL:when=6",
        "setsockopt:error=ENOMEM:when=6",
        "epoll_ctl:error=ENOMEM:when=6",
        "epoll_ctl:error=ENOSPC:when=6",
    ] {
        let Some(faulty) = FaultyServer::start("set-up", &[fault], &["--no-welcome"]) else {
            return;
        };
        let files = faulty.files();
        let mut clients: Vec<_> = (0..8).filter_map(|_| open(&faulty.server)).collect();
        assert_eq!((clients.len(), faulty.failed()), (7, 1), "{fault}");
        clients.iter_mut().for_each(expect_echo);
        faulty.expect_files(files + 7);
        clients.clear();
        faulty.expect_files(files);
    }
}

#[test]
fn an_unwritable_log_stops_no_client_and_reports_the_gap_later() {
    needs!(SystemCalls);
    for error in ["EIO", "ENOSPC"] {
        // Each thread counts for itself: the thread of stdout, which writes one line, makes fewer
        // calls.
        let fault = format!("write:error={error}:when=5..20");
        let Some(faulty) = FaultyServer::start(error, &[&fault], &["--no-welcome"]) else {
            return;
        };
        let mut client = Client::open(faulty.server.address);
        wait_until("lines are lost", || {
            expect_echo(&mut client);
            drop(Client::open(faulty.server.address));
            faulty.server.log().contains("log lines were dropped")
        });
        expect_echo(&mut client);
        assert_eq!(faulty.failed(), 16, "{error}");
        faulty.server.logged(&format!(
            "client connected {}",
            Client::open(faulty.server.address).address()
        ));
    }
}

#[test]
fn without_random_bytes_each_program_says_so_and_fails() {
    needs!(SystemCalls);
    for arguments in [
        ["chat", "ws://127.0.0.1:1"],
        ["bench", "ws://127.0.0.1:1"],
        ["--listen", "127.0.0.1:0"],
    ] {
        let faults = ["getrandom:error=EIO"];
        let trace = Path::new("/dev/null");
        let Some(mut faulty) = with_faults(&command(arguments), &faults, trace) else {
            return;
        };
        let output = faulty.output().expect("strace runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(stderr, "ws-echo: the system has no random bytes\n");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn random_bytes_that_are_gone_later_end_a_client_with_a_message() {
    let server = Server::start(&[]);
    let url = server.url("/");
    let chat = command(["chat", &url, "--once", "hello"]);
    let mut ends = Vec::new();
    // The call from which on none succeeds. The C library and the standard library make some too.
    for first in 1..=8 {
        let fault = format!("getrandom:error=EIO:when={first}+");
        let Some(mut faulty) = with_faults(&chat, &[&fault], Path::new("/dev/null")) else {
            return;
        };
        let output = faulty.output().expect("strace runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => {}
            Some(1) => ends.push(stderr),
            _ => panic!("{first}: {stderr}"),
        }
    }
    let expected = "ws-echo: the system has no random bytes\n";
    assert!(ends.iter().all(|it| it.ends_with(expected)), "{ends:?}");
    // Once for the handshake, and once for the masking keys.
    let is_open = |it: &&String| it.contains("# socket open");
    assert!(ends.iter().filter(is_open).count() > 0, "{ends:?}");
}

#[test]
fn a_signal_stops_the_server_as_soon_as_clients_can_connect() {
    needs!(SystemCalls);
    let address = free_address();
    let served = command(["--listen", &address.to_string(), "--threads", "1"]);
    let trace = std::env::temp_dir().join(format!("ws-echo-faults-{}-listen", process::id()));
    // Microseconds: the system listens, and the server does not know it yet.
    let Some(mut slow) = with_faults(&served, &["listen:delay_exit=1000000"], &trace) else {
        return;
    };
    slow.stdout(Stdio::null()).stderr(Stdio::piped());
    let server = Server::spawn_at(address, &mut slow);
    let mut server = FaultyServer { server, trace };
    server.server.signal("TERM");
    assert_eq!(server.server.wait().code(), Some(0));
    server.server.logged("stopped");
}
