//! The CPU time that servers need for a message with permessage-deflate, in turns, and the memory
//! of an idle connection that has used it.
//!
//! A server is only measured in turns in which it answered a compressed message with one.

use crate::generator::{Generator, Measured};
use crate::memory;
use crate::options::Options;
use crate::scenario;
use crate::server::{Server, WS_ECHO};
use crate::statistics::median;
use crate::table;
use crate::throughput::{self, Results};

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
        let ratios = turns.iter().zip(ours);
        let ratios = ratios.map(|(turn, ours)| microseconds(turn) / microseconds(ours));
        let time = median(turns.iter().map(|turn| microseconds(turn)));
        let ratio = median(ratios);
        format!("{} ({})", table::number(time), table::number(ratio))
    });
    println!("\n## Bytes of each echo on the wire\n");
    print(servers, &all, |turns, _| {
        table::number(median(turns.iter().map(|turn| bytes(turn))))
    });
    let have_memory = memory::compare(servers, memory::COMPRESSED);
    throughput::write(options, &all)?;
    Ok(have_memory && throughput::all_echoed(&all))
}

/// Prints a table with a row for each server and a column for each scenario. A cell is made of the
/// turns of the server and of ws-echo. It says nothing if a turn of the server failed.
fn print(servers: &[Server], all: &[Results], cell: impl Fn(&[&Measured], &[&Measured]) -> String) {
    let mut head = table::cells(&["server"]);
    head.extend(all.iter().map(|results| results.scenario.to_owned()));
    let row = |server: &Server| {
        let text = |results| {
            let ours = turns(results, WS_ECHO).unwrap_or_default();
            let text = turns(results, server.name).map(|turns| cell(&turns, &ours));
            text.unwrap_or("-".to_owned())
        };
        let mut row = vec![server.name.to_owned()];
        row.extend(all.iter().map(text));
        row
    };
    let rows: Vec<_> = servers.iter().map(row).collect();
    table::print(&head, &rows);
}

/// All turns of a server, if none failed.
fn turns<'a>(results: &'a Results, name: &str) -> Option<Vec<&'a Measured>> {
    let turns = results.turns.get(name)?;
    turns.iter().map(Option::as_ref).collect()
}

/// The CPU time of a message.
fn microseconds(turn: &Measured) -> f64 {
    1e6 / turn.messages_per_cpu_second()
}

/// The length of an echo.
fn bytes(turn: &Measured) -> f64 {
    turn.wire_bytes_received as f64 / turn.messages as f64
}
