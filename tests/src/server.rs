//! The `ws-echo` binary as a process: started on a free port, stopped by signals, and observed
//! through its logs.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, io};

use crate::foreign::{self, System};
use crate::log::Log;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(90);

const LISTENING: &str = "listening on ";

/// The binary: the one that `WS_ECHO_BINARY` names, or else the one built with the profile of the
/// running test.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(binary) = foreign::binary() {
            return binary;
        }
        let options: &[&str] = if cfg!(debug_assertions) {
            // As `cargo test --workspace` has built it: with what the tests' packages and the
            // benchmark ask of their dependencies. Then nothing is built again.
            &["--workspace", "--bin=ws-echo", "--bench=million"]
        } else {
            // As `cargo build --release` has built it.
            &["--package=ws-echo"]
        };
        built(options, "ws-echo")
    })
}

/// The folder in which cargo has built the running test: `target/PROFILE`.
///
/// # Panics
///
/// If the test is somewhere else.
pub fn folder() -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let folder = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    folder.to_owned()
}

/// A program of the workspace, built with the profile of the running test. `name` is its path in
/// the profile's folder.
pub fn built(options: &[&str], name: &str) -> PathBuf {
    let folder = folder();
    let profile = match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    if env::var_os("CARGO").is_some() {
        let target = folder.parent().expect("target/PROFILE");
        let mut command = cargo();
        command.args(["build", "--quiet", "--profile", profile]);
        command.args(options).arg("--target-dir").arg(target);
        let built = command.status().expect("cargo runs");
        assert!(built.success(), "{name} is built");
    }
    folder.join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// A command that runs cargo, as a person would from a shell.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Cargo sets these for a test. If they differ from the last build, ring is built again.
    for (variable, _) in env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&variable);
        }
    }
    command
}

/// A command that runs the binary without settings from the environment.
pub fn command<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("WS_ECHO_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command
}

/// A command that runs in a shell, by a script that refers to it as `"$0" "$@"`.
pub fn in_shell(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(command.get_program());
    shell.args(command.get_args()).stdin(Stdio::null());
    for (name, _) in command.get_envs() {
        shell.env_remove(name);
    }
    shell
}

/// A local address without a listener.
///
/// # Panics
///
/// If no port is free.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it listens")
}

/// A server that listens on a port of its own, on 127.0.0.1. It is killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// `ws`, or `wss` if it speaks TLS.
    scheme: String,
    /// The address it listens at.
    pub address: SocketAddr,
    log: Log,
}

impl Server {
    /// Starts a server with more arguments, and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        let arguments = ["--listen", "127.0.0.1:0"].iter().chain(arguments);
        Self::spawn(command(arguments).stderr(Stdio::piped()))
    }

    /// Starts a server with the stderr of the command. If stderr is piped, it becomes the log.
    pub fn spawn(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.expect("the binary can be started");
        let log = log_of(&mut child);
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut stdout = BufReader::new(stdout);
        stdout.read_line(&mut line).expect("stdout is text");
        let url = line.trim_end().strip_prefix(LISTENING);
        let parts = url.and_then(|url| url.split_once("://"));
        // Other places to connect to may follow.
        let first = |text: &str| text.split([' ', ',']).next()?.parse().ok();
        let parts = parts.and_then(|(scheme, addresses)| Some((scheme, first(addresses)?)));
        let (scheme, address) =
            parts.unwrap_or_else(|| panic!("{line:?} begins with an address\n{}", log.text()));
        Self {
            child,
            scheme: scheme.into(),
            address,
            log,
        }
    }

    /// Starts a server without TLS with the stdout and stderr of the command, and waits until it
    /// listens at the address that the command names. If stderr is piped, it becomes the log.
    pub fn spawn_at(address: SocketAddr, command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the binary can be started");
        let log = log_of(&mut child);
        while TcpStream::connect(address).is_err() {
            let ended = child.try_wait().expect("a child can be waited for");
            assert_eq!(ended, None, "the server has ended");
            thread::sleep(Duration::from_millis(5));
        }
        Self {
            child,
            scheme: "ws".into(),
            address,
            log,
        }
    }

    /// A URL of the server.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Asks the process to stop.
    pub fn ask_to_stop(&self) {
        ask_to_stop(&self.child);
    }

    /// Stops the process by SIGSTOP, and returns when none of its threads runs any longer. If the
    /// system does not tell, it may still run for a moment.
    pub fn suspend(&self) {
        self.signal("STOP");
        let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", self.id())) else {
            return;
        };
        for thread in threads {
            let stat = thread.unwrap().path().join("stat");
            let deadline = Instant::now() + PATIENCE;
            while !is_stopped(&std::fs::read_to_string(&stat).unwrap()) {
                assert!(Instant::now() < deadline, "the server does not stop");
                thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// Waits for the process's end.
    pub fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }

    /// The log so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Waits for a log line that contains `text`, and returns the line.
    pub fn logged(&self, text: &str) -> String {
        self.log.wait_for(text)
    }

    /// The peak memory of the process: see [`peak_memory`].
    pub fn peak_memory(&self) -> Option<u64> {
        peak_memory(self.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a process of the binary a signal, by its name.
///
/// # Panics
///
/// If its system has no such signal.
pub fn signal(child: &Child, name: &str) {
    let is_there = foreign::is_signal(name);
    assert!(is_there, "see Need::Signals: there is no SIG{name}");
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.expect("there is a kill command").success());
}

/// Asks a process of the binary to stop: by SIGTERM, or by Ctrl-C if its system has no such signal.
pub fn ask_to_stop(child: &Child) {
    let can_terminate = foreign::is_signal("TERM");
    signal(child, if can_terminate { "TERM" } else { "INT" });
}

/// What a process writes to its stderr; nothing if its stderr is not piped.
fn log_of(child: &mut Child) -> Log {
    let log = Log::default();
    if let Some(stderr) = child.stderr.take() {
        log.read(stderr);
    }
    log
}

/// Whether this line of `stat` is that of a thread that a signal has stopped.
fn is_stopped(stat: &str) -> bool {
    // The state follows the name, which may contain anything.
    let (_, state) = stat.rsplit_once(") ").unwrap();
    state.starts_with('T')
}

/// The peak memory of a process of the binary, in bytes, if the system reports it. An emulator has
/// more than the program.
pub fn peak_memory(id: u32) -> Option<u64> {
    if foreign::system() != System::Native {
        return None;
    }
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// Waits for a process's end, in a bounded time.
///
/// # Panics
///
/// If it does not end.
pub fn wait(child: &mut Child) -> ExitStatus {
    wait_up_to(PATIENCE, child)
}

fn wait_up_to(patience: Duration, child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status;
        }
        if start.elapsed() > patience {
            let _ = child.kill();
            panic!("process {} does not end", child.id());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a command to its end, in a bounded time. Returns its status, and what it printed to both
/// streams.
///
/// # Errors
///
/// If it cannot be started.
///
/// # Panics
///
/// If it does not end.
pub fn run(command: &mut Command) -> io::Result<(ExitStatus, String, String)> {
    run_up_to(PATIENCE, command)
}

/// The same, with another time limit.
///
/// # Errors
///
/// If it cannot be started.
///
/// # Panics
///
/// If it does not end.
pub fn run_up_to(
    patience: Duration,
    command: &mut Command,
) -> io::Result<(ExitStatus, String, String)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = read_all(child.stdout.take());
    let stderr = read_all(child.stderr.take());
    let status = wait_up_to(patience, &mut child);
    let text = |thread: thread::JoinHandle<String>| thread.join().unwrap_or_default();
    Ok((status, text(stdout), text(stderr)))
}

fn read_all(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
