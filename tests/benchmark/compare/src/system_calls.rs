//! System calls per message, one message in each read, counted by strace.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::difference::{self, Counts};
use crate::generator::Generator;
use crate::options::Options;
use crate::scenario::{self, Scenario};
use crate::server::{ON_FIRST_CORE, Server};
use crate::table;

/// Lower counts per message have other causes.
const NEGLIGIBLE: f64 = 0.005;

/// Counts. Returns `false` if a server did not echo.
///
/// # Errors
///
/// If the scenarios are unknown.
pub(crate) fn compare(options: &Options, servers: &[Server]) -> anyhow::Result<bool> {
    let generator = Generator::new(options);
    let log = std::env::temp_dir().join(format!("compare-{}.strace", std::process::id()));
    let mut all_echoed = true;
    for scenario in options.scenarios(&scenario::ALL[..1])? {
        let mut rows = Vec::new();
        for server in servers {
            let calls = difference::for_each_message(&scenario, |count| {
                calls(&generator, server, &scenario, count, &log)
            });
            match calls {
                Ok(calls) => rows.push(row(server, &calls)),
                Err(error) => {
                    eprintln!("{error:#}");
                    all_echoed = false;
                }
            }
        }
        println!("\n## {}: {scenario}\n", scenario.name);
        table::print(
            &table::cells(&["server", "system calls / message", "of which"]),
            &rows,
        );
    }
    // The file exists if anything was counted.
    let _ = fs::remove_file(log);
    Ok(all_echoed)
}

fn row(server: &Server, calls: &Counts) -> Vec<String> {
    let some = calls
        .iter()
        .filter(|(_, count)| count.abs() >= NEGLIGIBLE)
        .map(|(name, count)| format!("{name} {count:.2}"));
    let parts: Vec<_> = some.collect();
    let sum: f64 = calls.values().sum();
    vec![
        server.name.to_owned(),
        format!("{sum:.3}"),
        parts.join(", "),
    ]
}

/// All calls that a server makes while it starts, echoes this many messages and ends.
fn calls(
    generator: &Generator,
    server: &Server,
    scenario: &Scenario,
    count: u64,
    log: &Path,
) -> anyhow::Result<Counts> {
    let log_name = log.to_string_lossy();
    let strace = ["strace", "-f", "-c", "-o", &log_name];
    let by = [strace.as_slice(), ON_FIRST_CORE.as_slice()].concat();
    let running = server.start(&by, scenario.in_flight, None)?;
    difference::send(generator, server, &running, scenario, count)?;
    let children = running.children();
    let traced = children.first().context("strace runs nothing")?;
    running.terminate(*traced)?;
    Ok(parse(&fs::read_to_string(log)?))
}

/// The calls in strace's table: share of time, seconds, time of each call, calls, errors if any,
/// name.
fn parse(report: &str) -> Counts {
    let call = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let name = *columns.last()?;
        let count = columns.get(3)?.parse().ok()?;
        (name != "total").then(|| (name.to_owned(), count))
    };
    report.lines().filter_map(call).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_with_and_without_errors() {
        let report = "% time     seconds  usecs/call     calls    errors syscall\n\
                      ------ ----------- ----------- --------- --------- ----------------\n \
                      60.00    0.002000           2      1000           recvfrom\n \
                      40.00    0.001000           1      1001         1 epoll_wait\n\
                      ------ ----------- ----------- --------- --------- ----------------\n\
                      100.00    0.003000           1      2001         1 total\n";
        let calls = parse(report);
        assert_eq!(calls.len(), 2);
        assert_eq!(calls["recvfrom"], 1000.0);
        assert_eq!(calls["epoll_wait"], 1001.0);
    }
}
