//! Compares ws-echo with a raw echo of the same bytes, the physical limit, and with other echo
//! servers.
//!
//! From the project's root, where `~/peers` is any folder and `--installed` may be left out:
//!
//! ```sh
//! cargo build --release
//! tests/benchmark/install.sh ~/peers                # Bun, ws, picows, libwebsockets
//! cd tests/benchmark
//! cargo build --release && cargo build --release --package ratchet
//! target/release/compare --installed ~/peers --chart chart.svg --json numbers.json
//! target/release/compare latency --scenario 500x125x1
//! target/release/compare system-calls               # needs strace
//! target/release/compare instructions               # needs valgrind
//! target/release/compare workers
//! target/release/compare memory
//! target/release/compare compression --installed ~/peers
//! ```
//!
//! Servers run in turns on one core, the load generator (`ws-echo bench`) on another. The order of
//! the servers rotates from round to round, so that drift affects all alike. If the congestion
//! control is neither Reno nor Cubic, everything runs as root in a network namespace of its own,
//! with Reno: BBR paces loopback without need. The name of a scenario is connections x bytes of a
//! message x messages in flight for each connection.
//!
//! A ratio of throughputs is the median of the rounds' ratios, each to the raw echo in the same
//! round. A ratio of latencies is the ratio of the rounds' medians.
//!
//! Exit status: 0 when every server echoed what it was sent, 1 when one did not.

use std::process::ExitCode;

use clap::Parser;

mod chart;
mod client;
mod compression;
mod difference;
mod generator;
mod instructions;
mod isolation;
mod latency;
mod memory;
mod options;
mod scenario;
mod server;
mod statistics;
mod system_calls;
mod table;
mod throughput;
mod workers;

use options::{Mode, Options};

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    options.check()?;
    isolation::enter()?;
    println!("Congestion control: {}.", isolation::congestion_control());
    let servers = match options.mode {
        Mode::Compression => server::compressing(&options),
        _ => server::all(&options),
    };
    let servers = server::chosen(&options, servers)?;
    let all_echoed = match options.mode {
        Mode::Throughput => throughput::compare(&options, &servers)?,
        Mode::Latency => latency::compare(&options, &servers)?,
        Mode::SystemCalls => system_calls::compare(&options, &servers)?,
        Mode::Instructions => instructions::compare(&options, &servers)?,
        Mode::Workers => workers::compare(&options).map(|()| true)?,
        Mode::Memory => memory::compare(&servers, memory::PLAIN),
        Mode::Compression => compression::compare(&options, &servers)?,
    };
    Ok(if all_echoed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
