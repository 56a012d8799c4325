//! A worker that does not come back from its work: strace holds its thread, and no other, in the
//! system call by which it receives from a client.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ws_echo_tests::admin::{self, wait_for};
use ws_echo_tests::folder::Folder;
use ws_echo_tests::http_answer::{Answer, plain};
use ws_echo_tests::log::Log;
use ws_echo_tests::needs;
use ws_echo_tests::programs::{self, STRACE};
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::server::{PATIENCE, Server};
use ws_echo_tests::service_manager::{start_for, told};
use ws_echo_tests::sessions::expect_echo;
use ws_echo_tests::wire::{Frame, TEXT, masked};

/// So many that each of two workers has some: the system spreads them at random.
const CLIENTS: usize = 40;
const WORKERS: [&str; 2] = ["--threads=2", "--watchdog=1s"];

/// A thread that strace holds in its next call of `recvfrom`. It goes on when this is dropped.
struct Held(Child);

impl Held {
    /// Returns `None` if the test has been skipped: strace is missing, or may not trace a process
    /// that it has not started.
    fn thread(id: &str) -> Option<Self> {
        if !STRACE.is_there(&["-f", "-o", "/dev/null", "true"]) {
            return None;
        }
        let mut strace = STRACE.command();
        strace.args(["-o", "/dev/null", "-e", "trace=recvfrom"]);
        strace.args(["-e", "inject=recvfrom:delay_enter=3600s", "-p", id]);
        let strace = strace.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut held = Self(strace.expect("strace can be started"));
        let said = Log::default();
        said.read(held.0.stderr.take().expect("it is piped"));
        // "Process 1 attached", or "attach: ptrace(PTRACE_SEIZE, 1): Operation not permitted".
        let attached = said.wait_for("attach");
        if attached.contains("not permitted") {
            let remedy = "root, or sysctl kernel.yama.ptrace_scope=0";
            programs::skip("the right to trace another process", remedy);
            return None;
        }
        assert!(attached.ends_with("attached"), "{attached}");
        Some(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // The system lets the thread go when strace is gone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The ids of the threads that serve clients.
fn workers(server: &Server) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{}/task", server.id())).expect("the server runs");
    let threads = threads.map(|thread| thread.expect("a thread").path());
    let workers = threads.filter(|thread| {
        let name = fs::read_to_string(thread.join("comm"));
        name.expect("the thread has a name") == "worker\n"
    });
    let id = |thread: std::path::PathBuf| thread.file_name()?.to_str().map(str::to_owned);
    workers.filter_map(id).collect()
}

/// Clients of both workers, each with its echo.
fn clients(server: &Server) -> Vec<Client> {
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| Client::open(server.address)).collect();
    clients.iter_mut().for_each(expect_echo);
    clients
}

fn send(clients: &mut [Client]) {
    for client in clients {
        client.send(masked(TEXT, "is anybody there?"));
    }
}

fn receive(client: &mut Client) {
    let expected = Frame::new(TEXT, "is anybody there?");
    assert_eq!(client.receive_frame(), Some(expected));
}

/// The clients that have been sent something, once there are some; and the others.
fn answered(clients: &mut [Client]) -> (Vec<&mut Client>, Vec<&mut Client>) {
    let is_answered = |client: &Client| client.is_answered_within(Duration::from_millis(1));
    let deadline = Instant::now() + PATIENCE;
    while !clients.iter().any(is_answered) {
        assert!(Instant::now() < deadline, "no client is answered");
    }
    clients.iter_mut().partition(|client| is_answered(client))
}

/// Waits until there are numbers and a list, without what this many workers would say.
fn expect_reports(admin: SocketAddr, silent: usize) {
    let connections = format!("{{\"connections\":{CLIENTS},\"silent_workers\":{silent},");
    for (path, text) in [
        ("/metrics", format!("\nws_echo_silent_workers {silent}\n")),
        ("/connections", connections),
    ] {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = Answer::at(admin, plain("GET", path));
            assert_eq!(answer.status(), "200");
            if answer.content.contains(&text) {
                break;
            }
            assert!(Instant::now() < deadline, "{answer:?}");
        }
    }
}

#[test]
fn is_named_by_livez_while_the_other_worker_serves_on() {
    needs!(SystemCalls);
    let (server, admin) = admin::server(&[&WORKERS[..], &["--no-welcome"]].concat());
    let mut clients = clients(&server);
    expect_reports(admin, 0);
    let mut named = Vec::new();
    for worker in workers(&server) {
        let Some(held) = Held::thread(&worker) else {
            return;
        };
        send(&mut clients);
        let livez = wait_for(admin, "/livez", "503").content;
        let (number, rest) = livez.split_at("worker 1".len());
        assert!(rest.starts_with(" has not turned for "), "{livez}");
        server.logged(&format!("{number} has not turned for"));
        let (mut served, mut waiting) = answered(&mut clients);
        assert!(!waiting.is_empty());
        for client in &mut served {
            receive(client);
            for _ in 0..10 {
                expect_echo(client);
            }
        }
        expect_reports(admin, 1);
        assert_eq!(Answer::at(admin, plain("GET", "/livez")).status(), "503");
        drop(held);
        waiting.iter_mut().for_each(|client| receive(client));
        assert_eq!(wait_for(admin, "/livez", "200").content, "ok\n");
        server.logged("all workers turn again");
        expect_reports(admin, 0);
        named.push(number.to_owned());
    }
    named.sort_unstable();
    assert_eq!(named, ["worker 1", "worker 2"]);
}

#[test]
fn keeps_the_service_manager_from_hearing_that_the_server_is_alive() {
    const PERIOD: Duration = Duration::from_millis(100);
    needs!(SystemCalls);
    let folder = Folder::new("stuck");
    let path = folder.file("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    let watchdog = [("WATCHDOG_USEC", "300000")];
    // It has an admin listener because --watchdog asks for one.
    let arguments = [&WORKERS[..], &["--admin-listen=127.0.0.1:0"]].concat();
    let path = path.to_str().expect("text");
    let server = start_for(&manager, path, &arguments, &watchdog);
    let mut clients = clients(&server);
    assert!(told(&manager).starts_with("READY=1\n"));
    assert_eq!(told(&manager), "WATCHDOG=1");
    let worker = workers(&server).swap_remove(0);
    let Some(held) = Held::thread(&worker) else {
        return;
    };
    send(&mut clients);
    server.logged("has not turned for");
    server.logged("the service manager does not hear that the server is alive");
    manager.set_nonblocking(true).expect("it can");
    while manager.recv(&mut [0; 100]).is_ok() {}
    // It would hear it ten times.
    thread::sleep(10 * PERIOD);
    let heard = manager.recv(&mut [0; 100]).map_err(|error| error.kind());
    assert_eq!(heard, Err(ErrorKind::WouldBlock));
    manager.set_nonblocking(false).expect("it can");
    drop(held);
    for _ in 0..5 {
        assert_eq!(told(&manager), "WATCHDOG=1");
    }
    clients.iter_mut().for_each(receive);
}
