//! The servers: how each is started, and which are not installed.

use std::env;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::options::{Options, benchmark_folder};

pub(crate) const WS_ECHO: &str = "ws-echo";
/// The raw echo with each of its buffers. The others are compared with the better one in a
/// scenario.
pub(crate) const RAW: [&str; 2] = ["raw-64KiB", "raw-512KiB"];
/// The raw echo that touches each byte once, as unmasking does: the server is not to blame for this
/// cost.
const TOUCHING: &str = "raw-touching";
/// Pins the program to the core that the load generator does not use.
pub(crate) const ON_FIRST_CORE: [&str; 3] = ["taskset", "-c", "0"];
pub(crate) const ON_SECOND_CORE: [&str; 3] = ["taskset", "-c", "1"];
pub(crate) const REAL_TIME: [&str; 3] = ["chrt", "-f", "10"];

const RUST_PEERS: [&str; 7] = [
    "fastwebsockets",
    "sockudo-ws",
    "tokio-tungstenite",
    "tokio-websockets",
    "web-socket",
    "wtx",
    "yawc",
];
/// The servers that gather messages if told to. Looking for more messages takes time if none can
/// have arrived, so they gather only if several are in flight.
const GATHERING_PEERS: [&str; 4] = [
    "sockudo-ws",
    "tokio-tungstenite",
    "tokio-websockets",
    "yawc",
];
/// The argument that makes them gather.
const GATHER: &str = "gather";
/// A placeholder for the port in a server's arguments.
const PORT: &str = "PORT";
const FIRST_PORT: u16 = 4_000;
/// Programs under valgrind take time.
const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);

/// A server that can be started.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    variable: Option<(&'static str, PathBuf)>,
    /// Whether its instructions are those of its author, rather than an interpreter's.
    pub(crate) is_compiled: bool,
}

/// A server that listens. It is ended when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    fn compiled(name: &'static str, program: PathBuf, arguments: &[&str]) -> Self {
        Self {
            name,
            program,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            variable: None,
            is_compiled: true,
        }
    }

    fn interpreted(name: &'static str, program: PathBuf, script: &str) -> Self {
        let script = benchmark_folder().join("elsewhere").join(script);
        Self {
            is_compiled: false,
            ..Self::compiled(name, program, &[&script.to_string_lossy(), PORT])
        }
    }

    pub(crate) fn is_raw(&self) -> bool {
        RAW.contains(&self.name)
    }

    /// Whether it sends back the frames it gets, masks included.
    pub(crate) fn echoes_masked(&self) -> bool {
        self.is_raw() || self.name == TOUCHING
    }

    /// Starts the server by another program that gets it as its last arguments, and waits until it
    /// listens. Some servers work differently depending on how many messages of a connection are in
    /// flight.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub(crate) fn start(
        &self,
        by: &[&str],
        in_flight: usize,
        messages: Option<&Path>,
    ) -> anyhow::Result<Running> {
        let port = free_port()?;
        let (first, others) = by.split_first().context("started by nothing")?;
        let mut command = Command::new(first);
        command.args(others).arg(&self.program);
        for argument in &self.arguments {
            command.arg(argument.replace(PORT, &port.to_string()));
        }
        if in_flight > 1 && GATHERING_PEERS.contains(&self.name) {
            command.arg(GATHER);
        }
        if let Some((name, value)) = &self.variable {
            command.env(name, value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if let Some(path) = messages {
            command.stderr(File::create(path)?);
        }
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.name))?;
        let mut running = Running { child, port };
        running
            .wait_until_it_listens()
            .with_context(|| self.name.to_owned())?;
        Ok(running)
    }
}

impl Running {
    /// The started process. Pinning a program keeps its process id; tracing it does not.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// The children of the started process: the traced server, if that is a tracer.
    pub(crate) fn children(&self) -> Vec<u32> {
        let process = self.process();
        let path = format!("/proc/{process}/task/{process}/children");
        // This file does not exist if the process has ended, and then there are no children.
        let children = fs::read_to_string(path).unwrap_or_default();
        let numbers = children.split_whitespace();
        numbers.filter_map(|number| number.parse().ok()).collect()
    }

    fn wait_until_it_listens(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("ended at once: {status}");
            }
            ensure!(start.elapsed() < START_LIMIT, "does not listen");
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Ends a process in order: the server, or the process that its tracer waits for.
    ///
    /// # Errors
    ///
    /// If it continues.
    pub(crate) fn terminate(mut self, process: u32) -> anyhow::Result<()> {
        Command::new("kill").arg(process.to_string()).status()?;
        let start = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(start.elapsed() < STOP_LIMIT, "does not end");
            thread::sleep(PAUSE);
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A killed tracer leaves the traced server running, unless the server ends first.
        for child in self.children() {
            let mut kill = Command::new("kill");
            let _ = kill.args(["-KILL", &child.to_string()]).status();
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// ws-echo with a number of workers.
pub(crate) fn ws_echo(options: &Options, threads: &str) -> Server {
    let arguments = [
        "--listen",
        &format!("127.0.0.1:{PORT}"),
        "--threads",
        threads,
        "--no-welcome",
        "--log-level",
        "warn",
    ];
    Server::compiled(WS_ECHO, options.ws_echo(), &arguments)
}

/// The servers to compare: the requested ones, or else all installed ones. The others are listed.
///
/// # Errors
///
/// If a requested server is not installed.
pub(crate) fn chosen(options: &Options) -> anyhow::Result<Vec<Server>> {
    let servers = all(options);
    if options.servers.is_empty() {
        let (there, missing): (Vec<_>, Vec<_>) = servers.into_iter().partition(is_installed);
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(|server| server.name).collect();
            println!("Left out, not installed: {}.", names.join(", "));
        }
        return Ok(there);
    }
    let find = |name: &String| {
        let server = servers.iter().find(|server| server.name == name);
        let server = server.with_context(|| format!("no server {name}"))?;
        ensure!(is_installed(server), "{name} is not installed");
        Ok(server.clone())
    };
    options.servers.iter().map(find).collect()
}

/// All servers, in the order of the first round.
pub(crate) fn all(options: &Options) -> Vec<Server> {
    let peers = options.peers();
    let raw = |name, arguments| Server::compiled(name, peers.join("raw"), arguments);
    let mut servers = vec![
        raw(RAW[0], &[PORT, "65536"]),
        ws_echo(options, "1"),
        raw(RAW[1], &[PORT, "524288"]),
        raw(TOUCHING, &[PORT, "524288", "touch"]),
    ];
    servers.extend(RUST_PEERS.map(|name| Server::compiled(name, peers.join(name), &[PORT])));
    let folder = options.installed.clone().unwrap_or_default();
    let bun = folder.join("bun/node_modules/.bin/bun");
    servers.push(Server::interpreted("bun", bun, "bun.js"));
    let modules = folder.join("node/node_modules");
    let node = match modules.join("ws").exists() {
        true => PathBuf::from("node"),
        false => modules.join("ws"),
    };
    servers.push(Server {
        variable: Some(("NODE_PATH", modules)),
        ..Server::interpreted("node-ws", node, "ws.cjs")
    });
    let python = folder.join("python/bin/python");
    servers.push(Server::interpreted("picows", python, "picows_echo.py"));
    let libwebsockets = folder.join("libwebsockets");
    servers.push(Server::compiled("libwebsockets", libwebsockets, &[PORT]));
    servers
}

/// Whether its program exists. A program without a folder is searched for like in a shell.
fn is_installed(server: &Server) -> bool {
    if server.program.components().count() > 1 {
        return server.program.exists();
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| folder.join(&server.program).is_file())
}

/// An unused port, another one each time, so that no connection has to wait for an old one to
/// expire.
fn free_port() -> anyhow::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(FIRST_PORT);
    for _ in 0..1000 {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port")
}
