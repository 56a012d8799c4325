//! The CPU time that servers need for a message with permessage-deflate, in turns, and the memory of
//! an idle connection that has used it.
//!
//! A server is only measured in turns in which it answered a compressed message with one.

use crate::generator::{Generator, Measured};
use crate::memory;
use crate::options::Options;
use crate::scenario;
use crate::server::{Server, WS_ECHO};
use crate::statistics::median;
use crate::table;
use crate::throughput::{self, Results, Turns};

/// Compares. Returns `false` if a server did not echo, or did not compress.
///
/// # Errors
///
/// If a scenario is unknown, or the numbers cannot be written.
pub(crate) fn compare(options: &Options, servers: &[Server]) -> anyhow::Result<bool> {
    let generator = Generator::new(options);
    let mut all = Vec::new();
    for scenario in options.scenarios(scenario::COMPRESSED)? {
        all.push(throughput::measure(options, servers, &generator, &scenario));
    }
    println!("\n## Microseconds of CPU time for each message, and how many times ws-echo's\n");
    print(servers, &all, |turns, ours| {
        let time = median(turns.iter().flatten().map(microseconds));
        let ratio =
            median(pairs(turns, ours).map(|(it, ours)| microseconds(it) / microseconds(ours)));
        format!("{} ({})", table::number(time), table::number(ratio))
    });
    println!("\n## Bytes of each echo on the wire\n");
    print(servers, &all, |turns, _| {
        table::number(median(turns.iter().flatten().map(bytes)))
    });
    let have_memory = memory::compare(servers, memory::COMPRESSED);
    throughput::write(options, &all)?;
    Ok(have_memory && throughput::all_echoed(&all))
}

/// Prints a table with a row for each server and a column for each scenario. A cell is made of the
/// server's turns and those of ws-echo.
fn print(servers: &[Server], all: &[Results], cell: impl Fn(&Turns, &Turns) -> String) {
    let mut head = table::cells(&["server"]);
    head.extend(all.iter().map(|results| results.scenario.to_owned()));
    let cell = |results: &Results, name| {
        let turns = |name| results.turns.get(name).cloned().unwrap_or_default();
        cell(&turns(name), &turns(WS_ECHO))
    };
    let row = |server: &Server| {
        let mut row = vec![server.name.to_owned()];
        row.extend(all.iter().map(|results| cell(results, server.name)));
        row
    };
    let rows: Vec<_> = servers.iter().map(row).collect();
    table::print(&head, &rows);
}

/// The turns of both in the rounds in which none of them failed.
fn pairs<'a>(
    turns: &'a Turns,
    ours: &'a Turns,
) -> impl Iterator<Item = (&'a Measured, &'a Measured)> {
    let pairs = turns.iter().zip(ours);
    pairs.filter_map(|(turn, ours)| turn.as_ref().zip(ours.as_ref()))
}

/// The CPU time of a message.
fn microseconds(turn: &Measured) -> f64 {
    1e6 / turn.messages_per_cpu_second()
}

/// The length of an echo.
fn bytes(turn: &Measured) -> f64 {
    turn.wire_bytes_received as f64 / turn.messages as f64
}
