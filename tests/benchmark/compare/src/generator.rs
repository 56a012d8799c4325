//! The load generator: `ws-echo bench`, in a process and on a core of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::options::Options;
use crate::scenario::{Payload, Scenario};
use crate::server::{Compression, ON_SECOND_CORE, REAL_TIME, Running, Server};

/// Long enough for buffers to grow and for windows to open.
const WARM_UP: Duration = Duration::from_millis(300);
/// The warm-up for servers that are interpreted, or compiled while they run. They start again in
/// each turn, and are slower until the frequent code is compiled.
const INTERPRETED_WARM_UP: Duration = Duration::from_secs(2);
/// Thousands of connections under valgrind or strace take time.
const TIMEOUT: &str = "30s";

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Amount {
    /// As much as is done in this time, after a warm-up.
    For(Duration),
    /// This many messages, and nothing before them.
    Messages(u64),
}

/// How a server is loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) amount: Amount,
    /// Messages per second, whatever the server does.
    pub(crate) rate: Option<f64>,
}

/// The output of `ws-echo bench --json`, as far as it is used here.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    pub(crate) messages: u64,
    /// Messages that were due when the time was over: the latencies do not include them.
    #[serde(default)]
    pub(crate) messages_not_sent: u64,
    pub(crate) seconds: f64,
    pub(crate) messages_per_second: f64,
    /// What the echoes are on the wire.
    #[serde(default)]
    pub(crate) wire_bytes_received: u64,
    pub(crate) latency_us: Latency,
    pub(crate) generator_is_the_limit: bool,
    pub(crate) server_cpu_seconds: Option<f64>,
    pub(crate) server_user_seconds: Option<f64>,
    pub(crate) server_system_seconds: Option<f64>,
}

/// Percentiles in microseconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Measured {
    /// Messages per second of the server's CPU time.
    pub(crate) fn messages_per_cpu_second(&self) -> f64 {
        let seconds = self.server_cpu_seconds.unwrap_or(f64::NAN);
        self.messages as f64 / seconds
    }

    /// Whether the load generator did all it could, and the server did not.
    pub(crate) fn is_limited_by_generator(&self) -> bool {
        let busy = self.server_cpu_seconds.unwrap_or_default() / self.seconds;
        self.generator_is_the_limit && busy < BUSY
    }
}

/// The share of time for which the only thread of a fully loaded server works.
const BUSY: f64 = 0.95;

/// The load generator.
#[derive(Debug)]
pub(crate) struct Generator {
    program: PathBuf,
    started_by: Vec<&'static str>,
    /// The time after each warm-up.
    rest: Duration,
}

impl Generator {
    /// The generator that the options name, on the core that servers do not use.
    pub(crate) fn new(options: &Options) -> Self {
        let mut started_by = ON_SECOND_CORE.to_vec();
        if options.real_time {
            started_by.extend(REAL_TIME);
        }
        Self {
            program: options.generator(),
            started_by,
            rest: options.rest_time(),
        }
    }

    /// The generator that the options name, on any core.
    pub(crate) fn unpinned(options: &Options) -> Self {
        Self {
            program: options.generator(),
            started_by: vec!["env"],
            rest: Duration::ZERO,
        }
    }

    /// Loads a server and returns the measurement.
    ///
    /// # Errors
    ///
    /// If an echo is wrong or missing.
    pub(crate) fn run(
        &self,
        server: &Server,
        running: &Running,
        load: Load<'_>,
    ) -> anyhow::Result<Measured> {
        if matches!(load.amount, Amount::For(_)) && !server.is_compiled {
            // A run of its own: with real-time priority the system would interrupt a longer one,
            // which must not happen during a measurement.
            let amount = Amount::For(INTERPRETED_WARM_UP);
            self.run_once(server, running, Load { amount, ..load })?;
            thread::sleep(self.rest);
        }
        self.run_once(server, running, load)
    }

    fn run_once(
        &self,
        server: &Server,
        running: &Running,
        load: Load<'_>,
    ) -> anyhow::Result<Measured> {
        let (first, others) = self
            .started_by
            .split_first()
            .context("started by nothing")?;
        let mut command = Command::new(first);
        command.args(others).arg(&self.program).arg("bench");
        command.arg(format!("ws://127.0.0.1:{}", running.port));
        command.args(["--json", "--timeout", TIMEOUT, "--pid"]);
        command.arg(running.process().to_string());
        add_load(&mut command, load);
        if server.echoes_masked() {
            command.arg("--masked-echo");
        }
        match server.compression {
            None => {}
            Some(Compression::Fresh) => drop(command.arg("--compression=fresh")),
            Some(Compression::Window) => drop(command.arg("--compression=window")),
        }
        let output = command.stderr(Stdio::piped()).output();
        let output = output.with_context(|| format!("cannot start {}", self.program.display()))?;
        ensure!(
            output.status.success(),
            "{} in {}: {}",
            server.name,
            load.scenario.name,
            String::from_utf8_lossy(&output.stderr).trim()
        );
        serde_json::from_slice(&output.stdout).context("the generator's report")
    }
}

fn add_load(command: &mut Command, load: Load<'_>) {
    let scenario = load.scenario;
    let mut option = |name: &str, value: String| {
        command.arg(name).arg(value);
    };
    option("--connections", scenario.connections.to_string());
    option("--size", scenario.len.to_string());
    match load.rate {
        Some(rate) => option("--rate", format!("{rate:.3}")),
        None => option("--in-flight", scenario.in_flight.to_string()),
    }
    match load.amount {
        Amount::For(duration) => {
            option("--duration", format!("{}ms", duration.as_millis()));
            option("--warm-up", format!("{}ms", WARM_UP.as_millis()));
        }
        Amount::Messages(count) => {
            option("--messages", count.to_string());
            option("--warm-up", "0".to_owned());
        }
    }
    match scenario.payload {
        Payload::Binary => {}
        Payload::Ascii => drop(command.arg("--text=ascii")),
        Payload::Chinese => drop(command.arg("--text=chinese")),
        Payload::Json => drop(command.args(["--payload", "json"])),
    }
}
