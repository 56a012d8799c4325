//! The static program where there is nothing else: in an empty root, and in containers.
//!
//! `WS_ECHO_STATIC` names what `.ci/static` has built. Containers need root. They run in a network
//! and with mounts of their own, so that nothing of them is left on this machine.

#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ws_echo_tests::programs::{self, PODMAN, RUNC, STRACE, UMOCI};
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{PATIENCE, Server, peak_memory, run};
use ws_echo_tests::sessions::expect_echo;
use ws_echo_tests::skipped;
use ws_echo_tests::wire::{BINARY, CLOSE, masked, masked_close};

const CONTAINERFILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../host/deploy/Containerfile");
/// The user of the image.
const USER: &str = "65534:65534";
/// The name of the image.
const IMAGE: &str = "localhost/ws-echo";
/// Podman would ask for more than some systems allow.
const LIMITS: [&str; 2] = ["--ulimit=nofile=1024:4096", "--ulimit=nproc=4096:4096"];
/// The chat sends a message, prints its echo, and ends.
const ONCE: [&str; 3] = ["--once", "hello", "--ignore-greeting"];
/// What the log says of the address of the image.
const WARNING: &str = "every network can connect, not only this machine: --listen 0.0.0.0:3000";

/// The static program; `None` if the test has been skipped.
fn static_program() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = env::var_os("WS_ECHO_STATIC").map(|path| workspace.join(path));
    if program.is_none() {
        let remedy = "WS_ECHO_STATIC=PATH, of what .ci/static has built";
        programs::skip("a static program", remedy);
    }
    program
}

/// A folder for a test. It is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        // Processes can have the same id, each in a namespace of its own.
        let owner = env::var(INSIDE).unwrap_or_else(|_| process::id().to_string());
        let name = format!("ws-echo-{owner}-{name}");
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }

    /// A folder with the program and nothing else.
    fn with(name: &str, program: &Path) -> Self {
        let folder = Self::new(name);
        // If this process wrote it, a process that another thread starts meanwhile could have it
        // open for writing, and it could not be executed (ETXTBSY).
        let copy = folder.0.join("ws-echo");
        let copied = Command::new("cp").arg(program).arg(copy).status();
        assert!(copied.expect("cp can be started").success());
        folder
    }

    /// The command that runs the program with this folder as its root.
    fn as_root<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new("unshare");
        command.arg("--map-root-user").arg("--root").arg(&self.0);
        command.arg("/ws-echo").args(arguments);
        command.env_clear().env("PATH", "/usr/bin:/bin");
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The client receives a Close with 1001, answers it, receives the end, and ends the connection.
fn expect_going_away(mut client: Client) {
    let close = client.receive_frame().expect("a Close");
    assert_eq!((close.first, &close.payload[..2]), (CLOSE, &[3, 0xE9][..]));
    client.send(masked_close(1001, ""));
    assert_eq!(client.receive_frame(), None);
}

#[test]
fn in_an_empty_root_it_serves_chats_measures_and_stops() {
    let Some(program) = static_program() else {
        return;
    };
    let root = Folder::with("empty-root", &program);
    let serve = |options: &[&'static str]| {
        let options = ["--listen", "127.0.0.1:0"].iter().chain(options);
        Server::spawn(root.as_root(options.copied()).stderr(Stdio::piped()))
    };
    let mut server = serve(&[]);
    let secure = serve(&["--tls-self-signed"]);
    let mut client = Client::greeted(server.address);
    expect_echo(&mut client);
    for (server, trust) in [(&server, None), (&secure, Some("--insecure"))] {
        let url = server.url("/");
        let chat = ["chat", &url].into_iter().chain(trust).chain(ONCE);
        assert_eq!(output(&mut root.as_root(chat)), "hello\n", "{url}");
    }
    output(&mut root.as_root(["bench", &server.url("/"), "--messages=100", "--warm-up=0"]));
    server.signal("TERM");
    expect_going_away(client);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn in_an_empty_root_of_a_system_without_random_bytes_it_says_so() {
    let Some(program) = static_program() else {
        return;
    };
    if !STRACE.is_there(&["-f", "-o", "/dev/null", "true"]) {
        return;
    }
    let root = Folder::with("no-random-bytes", &program);
    for arguments in [
        &["--listen", "127.0.0.1:0"][..],
        &["chat", "ws://127.0.0.1:1"],
        &["bench", "ws://127.0.0.1:1"],
    ] {
        // As before Linux 3.17, which had no such call.
        let mut strace = STRACE.command();
        strace.args([
            "-f",
            "-o",
            "/dev/null",
            "-e",
            "inject=getrandom:error=ENOSYS",
        ]);
        let command = root.as_root(arguments.iter().copied());
        strace.arg(command.get_program()).args(command.get_args());
        let (status, _, stderr) = run(&mut strace).expect("it starts");
        assert_eq!(
            (status.code(), &*stderr),
            (Some(1), "ws-echo: the system has no random bytes\n"),
            "{arguments:?}"
        );
    }
}

/// The variable that is set in a network of its own, to the id of the process that has made it.
const INSIDE: &str = "WS_ECHO_CONTAINERS_ENTERED";

/// What the containers' programs keep outside of the test's folder is gone with the mounts. The
/// buffers of sockets are small, so that the servers hold what clients do not read.
const ENTER: &str = r#"
    set -e
    ip link set lo up
    for folder in /run /dev/shm /var/lib/cni; do
        [ ! -d $folder ] || mount -t tmpfs tmpfs $folder
    done
    echo 4096 16384 16384 >/proc/sys/net/ipv4/tcp_rmem
    echo 4096 16384 16384 >/proc/sys/net/ipv4/tcp_wmem
    exec "$@""#;

/// Runs `work` with the static program, in the test of this name, in a network of its own with
/// mounts of its own.
fn with_containers(test: &str, work: impl FnOnce(&Path)) {
    let Some(program) = static_program() else {
        return;
    };
    if env::var_os(INSIDE).is_some() {
        return work(&program);
    }
    let inside = || {
        let mut command = Command::new("unshare");
        command.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        command.args(["bash", "-c", ENTER, "bash"]);
        command
    };
    let remedy = "apt install util-linux iproute2, and root";
    if !programs::is_there("containers", remedy, inside().arg("true")) {
        return;
    }
    let mut command = inside();
    command
        .arg(env::current_exe().unwrap())
        .env(INSIDE, process::id().to_string());
    skipped::share_with(&mut command);
    let ran = command.args(["--exact", "--nocapture", test]).output();
    let ran = ran.expect("it can be started");
    let log = String::from_utf8_lossy(&ran.stderr);
    print!("{log}");
    assert!(ran.status.success(), "{log}");
}

/// Podman with the image and containers of a test, in a folder.
struct Podman(Folder);

impl Podman {
    /// `None` if the test has been skipped.
    fn with_image(name: &str, program: &Path) -> Option<Self> {
        if !PODMAN.is_there(&["--version"]) {
            return None;
        }
        let context = Folder::with(&format!("{name}-context"), program);
        let podman = Self(Folder::new(name));
        let mut build = podman.command(&["build", "--quiet", "--format=docker", "--tag", IMAGE]);
        build.args(["--file", CONTAINERFILE]).arg(&context.0);
        output(&mut build);
        Some(podman)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = PODMAN.command();
        command.arg("--root").arg(self.0.0.join("root"));
        // The path of the second may not be long.
        command.args(["--runroot=/run/podman", "--cgroup-manager=cgroupfs"]);
        command.arg("--storage-driver=vfs");
        command.args(["--runtime=runc", "--events-backend=none"]);
        command.args(arguments);
        command
    }

    /// Runs a command, and returns what it prints.
    fn run(&self, arguments: &[&str]) -> String {
        output(&mut self.command(arguments))
    }

    /// Starts a server, and waits until clients can connect.
    fn serve(&self, options: &[&str]) -> SocketAddr {
        let address = "127.0.0.1:3941".parse().expect("an address");
        let publish = format!("--publish={address}:3000");
        let arguments = ["run", "--detach", "--name=server", "--read-only", &publish];
        let closed = ["--cap-drop=all", "--log-driver=k8s-file"];
        self.run(&[&arguments[..], &LIMITS, &closed, options, &[IMAGE]].concat());
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
        address
    }

    /// What the server has printed.
    fn log(&self) -> String {
        let (_, stdout, stderr) = run(&mut self.command(&["logs", "server"])).expect("it starts");
        stdout + &stderr
    }

    /// A property of the server's container.
    fn inspect(&self, property: &str) -> String {
        let format = format!("--format={{{{.State.{property}}}}}");
        self.run(&["inspect", &format, "server"]).trim().to_owned()
    }

    /// The server's process.
    fn id(&self) -> u32 {
        self.inspect("Pid").parse().expect("it runs")
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = self
            .command(&["rm", "--all", "--force", "--time=0"])
            .output();
    }
}

/// What a command prints that succeeds.
fn output(command: &mut Command) -> String {
    let (status, stdout, stderr) = run(command).expect("it can be started");
    assert!(status.success(), "{command:?}: {stderr}");
    stdout
}

/// The user and the group of a process.
fn user(process: u32) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let number = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next())
            .expect(name)
    };
    format!("{}:{}", number("Uid:"), number("Gid:"))
}

#[test]
fn podman_builds_the_image_publishes_its_port_and_stops_it() {
    let test = "podman_builds_the_image_publishes_its_port_and_stops_it";
    with_containers(test, |program| {
        let Some(podman) = Podman::with_image("publish", program) else {
            return;
        };
        let address = podman.serve(&[]);
        assert_eq!(user(podman.id()), USER);
        let mut client = Client::greeted(address);
        expect_echo(&mut client);
        let log = podman.log();
        assert!(log.contains("listening on ws://0.0.0.0:3000\n"), "{log}");
        assert!(log.contains(WARNING), "{log}");
        // The image has the clients too. What it sets for the server is nothing to them.
        let here = ["run", "--rm", "--network=container:server"];
        let chat = [IMAGE, "chat", "ws://127.0.0.1:3000"];
        let mut chat = podman.command(&[&here[..], &LIMITS, &chat, &ONCE].concat());
        let (_, stdout, stderr) = run(&mut chat).expect("it starts");
        assert_eq!(stdout, "hello\n", "{stderr}");
        assert!(!stderr.contains("warning"), "{stderr}");
        // What the image has as its health check, with the same variables.
        podman.run(&["healthcheck", "run", "server"]);
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| podman.run(&["stop", "--time=5", "server"]));
            expect_going_away(client);
        });
        eprintln!("podman stop: {:?}", start.elapsed());
        // If it had not stopped in time, it would have been killed, with status 137.
        assert_eq!(podman.inspect("ExitCode"), "0");
    });
}

/// Runs what umoci has made. Returns the server and its container's name.
fn runc(bundle: &Path, state: &Path) -> Server {
    let config = bundle.join("config.json");
    let text = fs::read_to_string(&config).expect("umoci has written it");
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    value["process"]["terminal"] = false.into();
    value["root"]["readonly"] = true.into();
    // The network is that of the test.
    let namespaces = value["linux"]["namespaces"].as_array_mut();
    namespaces
        .expect("a list")
        .retain(|it| it["type"] != "network");
    fs::write(&config, value.to_string()).expect("it can be written");
    let mut run = RUNC.command();
    run.arg("--root").arg(state).args(["run", "--bundle"]);
    run.arg(bundle).arg("ws-echo-test");
    Server::spawn(run.stderr(Stdio::piped()))
}

#[test]
fn runc_runs_the_image_that_umoci_makes() {
    with_containers("runc_runs_the_image_that_umoci_makes", |program| {
        if !UMOCI.is_there(&["--version"]) || !RUNC.is_there(&["--version"]) {
            return;
        }
        let folder = Folder::new("runc");
        let umoci = |arguments: &[&str]| {
            output(UMOCI.command().args(arguments).current_dir(&folder.0));
        };
        let program = program.to_str().expect("a path");
        let user = format!("--config.user={USER}");
        umoci(&["init", "--layout", "image"]);
        umoci(&["new", "--image", "image"]);
        umoci(&["insert", "--image", "image", program, "/ws-echo"]);
        umoci(&[
            "config",
            "--image=image",
            "--config.entrypoint=/ws-echo",
            "--config.env=WS_ECHO_LISTEN=0.0.0.0:3000",
            &user,
        ]);
        umoci(&["unpack", "--image", "image", "bundle"]);
        let state = folder.0.join("state");
        let mut server = runc(&folder.0.join("bundle"), &state);
        assert_eq!(server.address, "0.0.0.0:3000".parse().unwrap());
        server.logged(WARNING);
        let mut client = Client::greeted("127.0.0.1:3000".parse().unwrap());
        expect_echo(&mut client);
        let mut kill = RUNC.command();
        output(
            kill.arg("--root")
                .arg(state)
                .args(["kill", "ws-echo-test", "TERM"]),
        );
        expect_going_away(client);
        assert_eq!(server.wait().code(), Some(0));
    });
}

/// Sends to all until none takes any more. Nothing is received.
fn send_without_receiving(clients: &mut [Client]) {
    let message = masked(BINARY, vec![7; 1 << 20]);
    let mut sent = vec![0; clients.len()];
    for client in &mut *clients {
        client.handle().set_nonblocking(true).expect("it can");
    }
    // A few times, because the server may be about to receive.
    let mut quiet = 0;
    while quiet < 20 {
        quiet += 1;
        for (client, sent) in clients.iter_mut().zip(&mut sent) {
            while let Ok(len) = client.handle().write(&message[*sent..]) {
                *sent = (*sent + len) % message.len();
                quiet = 0;
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn clients_that_do_not_read_do_not_end_a_container_of_64_mib() {
    const CLIENTS: usize = 250;
    let test = "clients_that_do_not_read_do_not_end_a_container_of_64_mib";
    with_containers(test, |program| {
        let Some(podman) = Podman::with_image("memory", program) else {
            return;
        };
        let small = "--sysctl=net.ipv4.tcp_wmem=4096 16384 16384";
        let address = podman.serve(&["--memory=64m", small]);
        let process = podman.id();
        let mut clients: Vec<_> = (0..CLIENTS).map(|_| Client::open(address)).collect();
        send_without_receiving(&mut clients);
        let log = podman.log();
        let limit =
            "and 16 MiB for the buffers of all (--max-memory; the container may use 64 MiB)";
        assert!(log.contains(limit), "{log}");
        assert!(log.contains("short of memory (--max-memory"), "{log}");
        assert_eq!(podman.inspect("Status"), "running", "{log}");
        let peak = peak_memory(process).expect("it runs");
        eprintln!("at most {} KiB", peak >> 10);
        drop(clients);
        // The ends of the others may not have arrived yet.
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut client = Client::connect(address);
            client.send(request("/"));
            if client.receive_head().starts_with("HTTP/1.1 101 ") {
                client.receive_frame().expect("the greeting");
                return expect_echo(&mut client);
            }
            assert!(Instant::now() < deadline, "{}", podman.log());
        }
    });
}
