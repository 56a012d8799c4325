//! The `ws-echo` binary as a process: started on a free port, told to stop, read for its logs.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, io};

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(90);

const LISTENING: &str = "listening on ws://";

/// The binary, built with the profile of the test that asks for it.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = env::current_exe().expect("a test knows its own path");
        let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
        let name = match profile.file_name().and_then(OsStr::to_str) {
            Some("debug") | None => "dev",
            Some(name) => name,
        };
        if let Some(cargo) = env::var_os("CARGO") {
            let target = profile.parent().expect("target/PROFILE");
            let built = Command::new(cargo)
                .args(["build", "--quiet", "--package=ws-echo", "--profile", name])
                .arg("--target-dir")
                .arg(target)
                .status();
            assert!(built.expect("cargo runs").success(), "ws-echo is built");
        }
        profile.join(format!("ws-echo{}", env::consts::EXE_SUFFIX))
    })
}

/// A command that runs the binary without any setting of the environment's.
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

/// A server that listens on a port of its own, on 127.0.0.1. It is killed at the end.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    log: Arc<Log>,
}

impl Server {
    /// Starts a server with more arguments, and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        let arguments = ["--listen", "127.0.0.1:0"].iter().chain(arguments);
        Self::spawn(command(arguments).stderr(Stdio::piped()))
    }

    /// Starts a server whose stderr the command has set up; what is piped is its log.
    pub fn spawn(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.expect("the binary can be started");
        let log = Arc::new(Log::default());
        if let Some(stderr) = child.stderr.take() {
            let log = log.clone();
            thread::spawn(move || log.read(stderr));
        }
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut stdout = BufReader::new(stdout);
        stdout.read_line(&mut line).expect("stdout is text");
        let address = line.trim_end().strip_prefix(LISTENING);
        let address = address.and_then(|address| address.parse().ok());
        Self {
            child,
            address: address.unwrap_or_else(|| panic!("{line:?} names one address")),
            log,
        }
    }

    /// A URL of the server.
    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("there is a kill command").success());
    }

    /// Waits for the process's end.
    pub fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }

    /// Waits until the log has a line with `text`, and returns the line.
    pub fn logged(&self, text: &str) -> String {
        self.log.wait_for(text)
    }

    /// The most memory that the process has had, in bytes, where the system tells.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines that a process has logged so far.
#[derive(Debug, Default)]
struct Log {
    text: Mutex<String>,
    grown: Condvar,
}

impl Log {
    fn read(&self, stream: impl Read) {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            let mut text = self.text.lock().expect("no test has panicked here");
            text.push_str(&line);
            text.push('\n');
            self.grown.notify_all();
        }
    }

    fn wait_for(&self, wanted: &str) -> String {
        let line_of = |text: &str| {
            text.lines()
                .find(|it| it.contains(wanted))
                .map(str::to_owned)
        };
        let text = self.text.lock().expect("no test has panicked here");
        let waited = self
            .grown
            .wait_timeout_while(text, PATIENCE, |text| line_of(text).is_none());
        let (text, _) = waited.expect("no test has panicked here");
        line_of(&text).unwrap_or_else(|| panic!("{wanted:?} is not in the log:\n{text}"))
    }
}

/// Waits for a process's end, in a bounded time.
///
/// # Panics
///
/// When it does not end.
pub fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status;
        }
        if start.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("process {} does not end", child.id());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a command to its end, in a bounded time: its status, and what it printed to both streams.
///
/// # Errors
///
/// When it cannot be started.
///
/// # Panics
///
/// When it does not end.
pub fn run(command: &mut Command) -> io::Result<(ExitStatus, String, String)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = read_all(child.stdout.take());
    let stderr = read_all(child.stderr.take());
    let status = wait(&mut child);
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
