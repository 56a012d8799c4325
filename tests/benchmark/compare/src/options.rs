//! The command line.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};

use crate::scenario::{self, Scenario};

/// How long a turn is measured by default, and the maximum with real-time priority: the system lets
/// such programs run for 950 ms of each second, and a turn also has a warm-up.
const SECONDS: f64 = 1.0;
const REAL_TIME_SECONDS: f64 = 0.4;
const MOST_REAL_TIME_SECONDS: f64 = 0.5;
/// The pause between two turns with real-time priority.
const REST: Duration = Duration::from_millis(300);

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Messages for each second of the server's CPU time
    Throughput,
    /// Percentiles of the latency at the same offered load
    Latency,
    /// System calls for each message, one message in each read
    SystemCalls,
    /// User-mode instructions for each message
    Instructions,
    /// One worker of ws-echo against two
    Workers,
    /// Memory of an idle connection
    Memory,
    /// CPU time and memory of the servers that compress, with permessage-deflate
    Compression,
}

/// Compares ws-echo with a raw echo, the physical limit, and with other echo servers.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    #[arg(value_enum, default_value = "throughput")]
    pub(crate) mode: Mode,

    /// The ws-echo to measure [default: the project's target/release/ws-echo]
    #[arg(long, value_name = "PATH")]
    ws_echo: Option<PathBuf>,

    /// The ws-echo whose bench is the load generator [default: the one to measure]
    #[arg(long, value_name = "PATH")]
    generator: Option<PathBuf>,

    /// Where the peers that are Rust crates are [default: beside this program]
    #[arg(long, value_name = "DIR")]
    peers: Option<PathBuf>,

    /// Where install.sh has installed the others
    #[arg(long, value_name = "DIR")]
    pub(crate) installed: Option<PathBuf>,

    /// How often each server's turn comes
    #[arg(long, value_name = "NUMBER", default_value = "5")]
    pub(crate) rounds: usize,

    /// How long each turn is measured [default: 1, with --real-time 0.4]
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,

    /// A scenario to run; repeatable [default: all that the mode is for]
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,

    /// A server to measure; repeatable [default: all that are installed]
    #[arg(long = "server", value_name = "NAME")]
    pub(crate) servers: Vec<String>,

    /// What part of the raw echo's throughput to offer, in percent; repeatable (latency)
    #[arg(long = "load", value_name = "PERCENT", default_values = ["30", "60"])]
    pub(crate) loads: Vec<f64>,

    /// Gives servers and generator real-time priority, with rests (needs root; turns of half a
    /// second at most, as the system interrupts longer ones)
    #[arg(long)]
    pub(crate) real_time: bool,

    /// Draws the ratios to the raw echo (throughput)
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,

    /// Writes every turn's numbers (throughput, compression)
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    /// Rejects options that cannot be measured.
    ///
    /// # Errors
    ///
    /// What is wrong.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let seconds = self.seconds();
        ensure!(seconds > 0.0 && seconds.is_finite(), "--seconds {seconds}");
        ensure!(
            !self.real_time || seconds <= MOST_REAL_TIME_SECONDS,
            "with --real-time the system interrupts turns of more than {MOST_REAL_TIME_SECONDS} s"
        );
        Ok(())
    }

    fn seconds(&self) -> f64 {
        let default = match self.real_time {
            true => REAL_TIME_SECONDS,
            false => SECONDS,
        };
        self.seconds.unwrap_or(default)
    }

    pub(crate) fn ws_echo(&self) -> PathBuf {
        let built = || benchmark_folder().join("../../target/release/ws-echo");
        self.ws_echo.clone().unwrap_or_else(built)
    }

    pub(crate) fn generator(&self) -> PathBuf {
        self.generator.clone().unwrap_or_else(|| self.ws_echo())
    }

    pub(crate) fn peers(&self) -> PathBuf {
        let beside = || {
            let this = std::env::current_exe().unwrap_or_default();
            this.parent().map(Path::to_path_buf).unwrap_or_default()
        };
        self.peers.clone().unwrap_or_else(beside)
    }

    /// Leaves the machine to others for a while, if needed.
    pub(crate) fn rest(&self) {
        thread::sleep(self.rest_time());
    }

    pub(crate) fn rest_time(&self) -> Duration {
        match self.real_time {
            true => REST,
            false => Duration::ZERO,
        }
    }

    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds())
    }

    /// The requested scenarios, or else those of the mode.
    ///
    /// # Errors
    ///
    /// If there is no scenario of that name.
    pub(crate) fn scenarios(&self, of_mode: &[Scenario]) -> anyhow::Result<Vec<Scenario>> {
        if self.scenarios.is_empty() {
            return Ok(of_mode.to_vec());
        }
        let find = |name: &String| {
            let all = [scenario::ALL, scenario::COUNTED, scenario::COMPRESSED];
            let found = all.into_iter().flatten().find(|it| it.name == *name);
            found
                .cloned()
                .with_context(|| format!("no scenario {name}"))
        };
        self.scenarios.iter().map(find).collect()
    }
}

/// The folder `tests/benchmark` of the checkout that this program was built from.
pub(crate) fn benchmark_folder() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_with_real_time_priority_are_short() {
        let options = |arguments: &str| Options::parse_from(arguments.split(' '));
        assert_eq!(options("compare").duration(), Duration::from_secs(1));
        let real_time = options("compare --real-time");
        assert!(real_time.check().is_ok());
        assert_eq!(real_time.duration(), Duration::from_millis(400));
        assert!(options("compare --real-time --seconds 1").check().is_err());
        assert!(options("compare --seconds 2").check().is_ok());
        assert!(options("compare --seconds 0").check().is_err());
    }
}
