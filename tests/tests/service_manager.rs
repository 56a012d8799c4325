//! What a service manager such as systemd does with the server: it opens its sockets, wants to know
//! how far it is, and starts it from units. And Unix sockets, which the server opens itself.

#![cfg(unix)]

use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, process};

use ws_echo_tests::folder::Folder;
use ws_echo_tests::needs;
use ws_echo_tests::programs::{SYSTEMD_ANALYZE, SYSTEMD_SOCKET_ACTIVATE};
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::server::{self, Server, binary, command, in_shell, run};
use ws_echo_tests::service_manager::{start_for, told};
use ws_echo_tests::sessions::expect_echo;
use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::wire::{Frame, masked_close};

const UNITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../host/deploy/systemd");
/// The most that `systemd-analyze security` may find, in tenths: from 0, the safest, to 100.
const EXPOSURE_MAX: &str = "15";

fn listen_on(path: &Path) -> String {
    format!("--listen=unix:{}", path.display())
}

/// A server that also listens on a Unix socket.
fn start_at(path: &Path, arguments: &[&str]) -> Server {
    let listen = listen_on(path);
    Server::start(&[&["--no-welcome", &listen], arguments].concat())
}

/// A client of a Unix socket gets an echo.
fn expect_echo_at(path: &Path) {
    let mut client = Client::connect_unix(path);
    client.upgrade();
    expect_echo(&mut client);
}

/// A server that is told to stop does so, with status 0.
fn expect_stop(server: &mut Server) {
    server.ask_to_stop();
    assert_eq!(server.wait().code(), Some(0));
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket())
}

#[test]
fn a_unix_socket_is_served_as_an_address_is_and_removed_at_the_end() {
    needs!(Process);
    let folder = Folder::new("unix");
    let path = folder.file("socket");
    for (arguments, mode) in [(&[][..], 0o600), (&["--unix-mode=0666"], 0o666)] {
        let mut server = start_at(&path, arguments);
        let made = fs::symlink_metadata(&path).expect("a file");
        assert!(made.file_type().is_socket());
        assert_eq!(made.permissions().mode() & 0o7777, mode);
        let mut clients: Vec<_> = (0..20).map(|_| Client::connect_unix(&path)).collect();
        clients.iter_mut().for_each(Client::upgrade);
        clients.iter_mut().for_each(expect_echo);
        let mut page = Client::connect_unix(&path);
        page.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert!(page.receive_head().starts_with("HTTP/1.1 200 "));
        server.logged("page sent unix /");
        expect_echo(&mut Client::open(server.address));
        server.ask_to_stop();
        for client in &mut clients {
            assert_eq!(client.receive_frame(), Some(Frame::close(1001)));
            client.send(masked_close(1001, ""));
            assert_eq!(client.receive_rest(), b"");
        }
        assert_eq!(server.wait().code(), Some(0));
        assert!(!path.exists());
        let log = server.log();
        assert_eq!(log.matches("client connected unix /").count(), 20, "{log}");
    }
}

#[test]
fn clients_of_a_unix_socket_have_no_limit_of_an_address_and_speak_tls() {
    needs!(Process);
    let folder = Folder::new("unix-tls");
    let path = folder.file("socket");
    let server = start_at(&path, &["--max-connections-per-ip=1"]);
    let mut clients: Vec<_> = (0..3).map(|_| Client::connect_unix(&path)).collect();
    clients.iter_mut().for_each(Client::upgrade);
    drop(server);
    let listen = listen_on(&folder.file("other"));
    let (server, _certificate) = self_signed("unix", &[&listen]);
    let mut client = Client::connect_unix(&folder.file("other"));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    server.logged("client refused unix");
}

#[test]
fn a_unix_socket_that_a_dead_server_has_left_is_replaced() {
    needs!(Process);
    let folder = Folder::new("unix-left");
    let path = folder.file("socket");
    // It is killed.
    drop(start_at(&path, &[]));
    assert!(is_socket(&path));
    let server = start_at(&path, &[]);
    let mut client = Client::connect_unix(&path);
    client.upgrade();
    expect_echo(&mut client);
    let refused = |listen: &str| {
        let (status, _, stderr) = run(&mut command([listen])).expect("it can be started");
        assert_eq!(status.code(), Some(1), "{stderr}");
        stderr
    };
    let stderr = refused(&listen_on(&path));
    assert!(stderr.contains("another server listens there"), "{stderr}");
    expect_echo(&mut client);
    drop(server);
    let file = folder.file("file");
    fs::write(&file, "precious").unwrap();
    let stderr = refused(&listen_on(&file));
    assert!(
        stderr.contains("a file is there that is no socket"),
        "{stderr}"
    );
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    let stderr = refused(&listen_on(&folder.file("none/socket")));
    assert!(stderr.contains("there is no such folder"), "{stderr}");
    let stderr = refused(&listen_on(&folder.file(&"long".repeat(30))));
    assert!(stderr.contains("too long"), "{stderr}");
}

/// A command that passes sockets to a server, as a service manager does: one that is its stdin, and
/// another that is its stderr if the names are of two. It needs no program but a shell.
fn passing(names: &str, arguments: &[&str]) -> Command {
    let count = names.split(':').count();
    let second = if count == 2 { "4<&2 2>/dev/null" } else { "" };
    let script = format!(
        "exec 3<&0 </dev/null {second}; \
         LISTEN_PID=$$ LISTEN_FDS={count} LISTEN_FDNAMES={names} exec \"$0\" \"$@\""
    );
    in_shell(&script, &command(arguments))
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    (listener, address)
}

/// Starts a server with two sockets that are not its own, and stops it.
fn expect_served(mut command: Command, address: SocketAddr, path: &Path) {
    let mut server = Server::spawn(&mut command);
    drop(command);
    assert_eq!(server.address, address);
    for _ in 0..20 {
        expect_echo(&mut Client::open(address));
        expect_echo_at(path);
    }
    expect_stop(&mut server);
    // Clients wait in it for the next server.
    assert!(is_socket(path));
    drop(Client::connect_unix(path));
}

#[test]
fn sockets_that_are_passed_are_served_without_a_flag() {
    needs!(Process);
    let folder = Folder::new("passed");
    let path = folder.file("socket");
    let unix = UnixListener::bind(&path).expect("a socket");
    let (tcp, address) = listener();
    let mut command = passing("web:local", &["--no-welcome"]);
    command.env("PORT", "1").stdin(OwnedFd::from(tcp));
    command.stderr(OwnedFd::from(unix.try_clone().unwrap()));
    expect_served(command, address, &path);
}

#[test]
fn sockets_that_are_passed_are_chosen_by_number_or_name() {
    needs!(Process);
    for which in ["--listen=fd:3", "--listen=fd:web"] {
        let (tcp, address) = listener();
        let (other, other_address) = listener();
        let mut command = passing("web:other", &["--no-welcome", which]);
        command
            .stdin(OwnedFd::from(tcp))
            .stderr(OwnedFd::from(other));
        let server = Server::spawn(&mut command);
        assert_eq!(server.address, address);
        expect_echo(&mut Client::open(address));
        // Nobody accepts there.
        let client = Client::connect(other_address);
        assert!(!client.is_answered_within(Duration::from_millis(50)));
    }
    let (tcp, _) = listener();
    let mut command = passing("web", &["--listen=fd:4"]);
    command.stdin(OwnedFd::from(tcp)).stdout(Stdio::null());
    let output = command.stderr(Stdio::piped()).output().expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("write one of fd:3 (fd:web)"), "{stderr}");
}

#[test]
fn a_passed_socket_that_does_not_listen_is_an_error() {
    needs!(Process);
    let datagrams = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let (tcp, address) = listener();
    let connected = std::net::TcpStream::connect(address).expect("it listens");
    for socket in [OwnedFd::from(datagrams), OwnedFd::from(connected)] {
        let mut command = passing("web", &[]);
        let output = command.stdin(socket).output().expect("a shell");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        let advice = "pass a TCP or Unix socket that listens";
        assert!(
            stderr.contains("cannot listen on fd:3: ") && stderr.contains(advice),
            "{stderr}"
        );
    }
    drop(tcp);
}

#[test]
#[cfg(target_os = "linux")]
fn a_socket_that_is_inherited_is_served_by_its_number() {
    needs!(Process);
    let (tcp, address) = listener();
    let folder = Folder::new("inherited");
    let path = folder.file("socket");
    let unix = UnixListener::bind(&path).expect("a socket");
    let script = "exec 7<&0 </dev/null 8<&2 2>/dev/null \"$0\" \"$@\"";
    let arguments = ["--no-welcome", "--listen=fd:7", "--listen=fd:8"];
    let mut command = in_shell(script, &command(arguments));
    command
        .stdin(OwnedFd::from(tcp))
        .stderr(OwnedFd::from(unix.try_clone().unwrap()));
    expect_served(command, address, &path);
}

#[test]
#[cfg(target_os = "linux")]
fn an_inherited_descriptor_must_be_that_of_a_socket_that_listens() {
    needs!(Process);
    for (which, reason) in [
        ("0", "Socket operation on non-socket"),
        ("99", "Bad file descriptor"),
        ("99999999999", "Bad file descriptor"),
    ] {
        let mut command = command([&format!("--listen=fd:{which}")]);
        let (status, _, stderr) = run(command.stdin(Stdio::null())).expect("it can be started");
        assert_eq!(status.code(), Some(1), "{stderr}");
        let refusal = format!("cannot listen on fd:{which}: {reason}");
        assert!(stderr.contains(&refusal), "{stderr}");
    }
}

#[test]
fn systemd_itself_passes_sockets() {
    needs!(Process);
    if !SYSTEMD_SOCKET_ACTIVATE.is_there(&["--version"]) {
        return;
    }
    let folder = Folder::new("activate");
    let path = folder.file("socket");
    let address = server::free_address();
    let mut activate = SYSTEMD_SOCKET_ACTIVATE.command();
    activate.arg(format!("--listen={address}"));
    activate.arg(format!("--listen={}", path.display()));
    activate.args(["--fdname=web:local", "--"]);
    activate
        .arg(binary())
        .args(["--no-welcome", "--listen=fd:web", "--listen=fd:local"]);
    let mut server = Server::spawn_at(
        address,
        activate.stdout(Stdio::null()).stderr(Stdio::piped()),
    );
    expect_echo(&mut Client::open(address));
    expect_echo_at(&path);
    expect_stop(&mut server);
}

/// Asserts what a manager hears from the start to the end of a server.
fn expect_states(socket: &str, manager: &UnixDatagram) {
    let mut server = start_for(manager, socket, &[], &[]);
    let listening = format!("listening on ws://{}", server.address);
    assert_eq!(told(manager), format!("READY=1\nSTATUS={listening}"));
    server.signal("HUP");
    let reloading = told(manager);
    let microseconds = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=");
    let microseconds: u64 = microseconds.expect("a time").parse().expect("a number");
    let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
    if let Some((seconds, _)) = uptime.split_once('.') {
        let seconds: u64 = seconds.parse().expect("seconds");
        assert!(microseconds / 1_000_000 <= seconds && microseconds > 0);
    }
    assert_eq!(told(manager), "READY=1");
    server.ask_to_stop();
    let stopping = told(manager);
    let expected = "STOPPING=1\nSTATUS=stopping: every client gets Close 1001; ";
    assert!(stopping.starts_with(expected), "{stopping}");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_service_manager_hears_when_the_server_is_ready_reloads_and_stops() {
    needs!(Process);
    let folder = Folder::new("notify");
    let path = folder.file("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    expect_states(path.to_str().expect("text"), &manager);
}

#[cfg(target_os = "linux")]
#[test]
fn a_service_manager_may_have_a_socket_without_a_file() {
    use std::os::linux::net::SocketAddrExt as _;
    needs!(Process);
    let name = format!("ws-echo-tests-{}", process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).expect("a name");
    let manager = UnixDatagram::bind_addr(&address).expect("a socket");
    expect_states(&format!("@{name}"), &manager);
}

#[test]
fn a_service_manager_hears_that_the_server_is_alive() {
    needs!(Process);
    let folder = Folder::new("watchdog");
    let path = folder.file("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    let watchdog = [("WATCHDOG_USEC", "300000")];
    let server = start_for(&manager, path.to_str().expect("text"), &[], &watchdog);
    assert!(told(&manager).starts_with("READY=1\n"));
    for _ in 0..5 {
        assert_eq!(told(&manager), "WATCHDOG=1");
    }
    expect_echo(&mut Client::open(server.address));
}

#[test]
fn a_service_manager_that_does_not_listen_stops_nothing() {
    needs!(Process);
    let folder = Folder::new("gone");
    let path = folder.file("notify");
    // Nothing is read: its queue becomes full.
    let manager = UnixDatagram::bind(&path).expect("a socket");
    let watchdog = [("WATCHDOG_USEC", "30000")];
    let mut server = start_for(&manager, path.to_str().expect("text"), &[], &watchdog);
    server.logged("cannot tell the service manager how far the server is");
    expect_echo(&mut Client::open(server.address));
    drop(manager);
    server.signal("HUP");
    server.logged("SIGHUP: ");
    expect_echo(&mut Client::open(server.address));
    expect_stop(&mut server);
}

#[test]
fn the_units_are_right_and_the_service_may_do_little() {
    if !SYSTEMD_ANALYZE.is_there(&["--version"]) {
        return;
    }
    let folder = Folder::new("units");
    for unit in ["ws-echo.service", "ws-echo.socket"] {
        let text = fs::read_to_string(Path::new(UNITS).join(unit)).expect(unit);
        let here = binary().to_str().expect("text");
        fs::write(folder.file(unit), text.replace("/usr/bin/ws-echo", here)).unwrap();
    }
    let analyze = |arguments: &[&str]| {
        let mut command = SYSTEMD_ANALYZE.command();
        command.arg("--man=no").args(arguments);
        command.args([
            folder.file("ws-echo.service"),
            folder.file("ws-echo.socket"),
        ]);
        let (status, stdout, stderr) = run(&mut command).expect("it can be started");
        assert!(status.success() && stderr.is_empty(), "{stdout}{stderr}");
    };
    analyze(&["verify"]);
    let mut security = SYSTEMD_ANALYZE.command();
    security.args(["security", "--offline=yes", "--threshold", EXPOSURE_MAX]);
    security.arg(folder.file("ws-echo.service"));
    let (status, stdout, stderr) = run(&mut security).expect("it can be started");
    assert!(status.success(), "{stdout}{stderr}");
}
