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
/// The arguments that make a peer compress: at the level that it recommends, or at the one that
/// takes the least time, if it lets its users choose.
const DEFLATE: &str = "deflate";
const DEFLATE_FAST: &str = "deflate-fast";
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
    /// What clients offer it for compression; `None` if they send messages as they are.
    pub(crate) compression: Option<Compression>,
}

/// What a client offers for permessage-deflate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Compression {
    /// Both ends compress each message for itself.
    Fresh,
    /// Each end may keep its window between messages.
    Window,
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
            compression: None,
        }
    }

    /// The server under a name, with more arguments.
    fn with(self, name: &'static str, arguments: &[&str]) -> Self {
        let more = arguments.iter().map(ToString::to_string);
        Self {
            name,
            arguments: self.arguments.into_iter().chain(more).collect(),
            ..self
        }
    }

    /// The server under a name, with arguments that make it compress.
    fn compressing(self, name: &'static str, arguments: &[&str]) -> Self {
        Self {
            compression: Some(Compression::Fresh),
            ..self.with(name, arguments)
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

/// The servers to measure: the requested ones of these, or else all that are installed. The others
/// are listed.
///
/// # Errors
///
/// If a requested server is not one of these, or not installed.
pub(crate) fn chosen(options: &Options, servers: Vec<Server>) -> anyhow::Result<Vec<Server>> {
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
    let raw = |name, arguments| Server::compiled(name, options.peers().join("raw"), arguments);
    let mut servers = vec![
        raw(RAW[0], &[PORT, "65536"]),
        ws_echo(options, "1"),
        raw(RAW[1], &[PORT, "524288"]),
        raw(TOUCHING, &[PORT, "524288", "touch"]),
    ];
    servers.extend(RUST_PEERS.map(|name| rust_peer(options, name)));
    let python = installed(options, "python/bin/python");
    servers.extend([
        bun(options),
        node_ws(options),
        Server::interpreted("picows", python, "picows_echo.py"),
        libwebsockets(options),
    ]);
    servers
}

/// The servers that compress, in the order of the first round, and ws-echo without compression.
pub(crate) fn compressing(options: &Options) -> Vec<Server> {
    let ws_echo = || ws_echo(options, "1");
    let sockudo_ws = || rust_peer(options, "sockudo-ws");
    let wtx = || rust_peer(options, "wtx");
    let yawc = || rust_peer(options, "yawc");
    vec![
        ws_echo().compressing(WS_ECHO, &[]),
        Server {
            compression: Some(Compression::Window),
            ..ws_echo().with("ws-echo-window", &["--deflate", "window"])
        },
        ws_echo().compressing("ws-echo-unverified", &["--deflate", "unverified"]),
        ws_echo().with("ws-echo-off", &["--deflate", "off"]),
        rust_peer(options, "ratchet").compressing("ratchet", &[]),
        sockudo_ws().compressing("sockudo-ws", &[DEFLATE]),
        sockudo_ws().compressing("sockudo-ws-fast", &[DEFLATE_FAST]),
        wtx().compressing("wtx", &[DEFLATE]),
        wtx().compressing("wtx-fast", &[DEFLATE_FAST]),
        yawc().compressing("yawc", &[DEFLATE]),
        yawc().compressing("yawc-fast", &[DEFLATE_FAST]),
        bun(options).compressing("bun", &[DEFLATE]),
        node_ws(options).compressing("node-ws", &[DEFLATE]),
        node_ws(options).compressing("node-ws-fast", &[DEFLATE_FAST]),
        libwebsockets(options).compressing("libwebsockets", &[DEFLATE]),
    ]
}

fn rust_peer(options: &Options, name: &'static str) -> Server {
    Server::compiled(name, options.peers().join(name), &[PORT])
}

fn bun(options: &Options) -> Server {
    let program = installed(options, "bun/node_modules/.bin/bun");
    Server::interpreted("bun", program, "bun.js")
}

fn node_ws(options: &Options) -> Server {
    let modules = installed(options, "node/node_modules");
    let node = match modules.join("ws").exists() {
        true => PathBuf::from("node"),
        false => modules.join("ws"),
    };
    Server {
        variable: Some(("NODE_PATH", modules)),
        ..Server::interpreted("node-ws", node, "ws.cjs")
    }
}

fn libwebsockets(options: &Options) -> Server {
    let program = installed(options, "libwebsockets");
    Server::compiled("libwebsockets", program, &[PORT])
}

/// A file of what install.sh has installed.
fn installed(options: &Options, path: &str) -> PathBuf {
    let folder = options.installed.clone().unwrap_or_default();
    folder.join(path)
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
