//! User-mode instructions per message, counted by valgrind. Other load on the machine does not
//! affect them.
//!
//! Messages that are in flight together arrive in one read as long as the server answers them with
//! one write. A server that does not gets them in smaller groups.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::difference::{self, Counts};
use crate::generator::Generator;
use crate::options::Options;
use crate::scenario::{self, Scenario};
use crate::server::{ON_FIRST_CORE, Server};
use crate::table;

const VALGRIND: [&str; 3] = [
    "valgrind",
    "--tool=callgrind",
    "--callgrind-out-file=/dev/null",
];

/// Counts for the compiled servers. Returns `false` if one did not echo.
///
/// # Errors
///
/// If a scenario is unknown.
pub(crate) fn compare(options: &Options, servers: &[Server]) -> anyhow::Result<bool> {
    let generator = Generator::new(options);
    let log = std::env::temp_dir().join(format!("compare-{}.callgrind", std::process::id()));
    let mut all_echoed = true;
    let scenarios = options.scenarios(scenario::COUNTED)?;
    let mut rows = Vec::new();
    for server in servers.iter().filter(|server| server.is_compiled) {
        let mut row = vec![server.name.to_owned()];
        for scenario in &scenarios {
            let instructions = difference::for_each_message(scenario, |count| {
                instructions(&generator, server, scenario, count, &log)
            });
            if let Err(error) = &instructions {
                eprintln!("{error:#}");
                all_echoed = false;
            }
            let sum = |counts: Counts| format!("{:.0}", counts.values().sum::<f64>());
            row.push(instructions.map_or("-".to_owned(), sum));
        }
        eprintln!("{}", row.join(" "));
        rows.push(row);
    }
    // The file exists if anything was counted.
    let _ = fs::remove_file(log);
    let mut head = table::cells(&["user-mode instructions / message"]);
    head.extend(scenarios.iter().map(|it| it.name.to_owned()));
    println!();
    table::print(&head, &rows);
    Ok(all_echoed)
}

/// Everything that a server does while it starts, echoes this many messages and ends.
fn instructions(
    generator: &Generator,
    server: &Server,
    scenario: &Scenario,
    count: u64,
    log: &Path,
) -> anyhow::Result<Counts> {
    let by = [ON_FIRST_CORE.as_slice(), VALGRIND.as_slice()].concat();
    let running = server.start(&by, scenario.in_flight, Some(log))?;
    difference::send(generator, server, &running, scenario, count)?;
    let process = running.process();
    running.terminate(process)?;
    let report = fs::read_to_string(log)?;
    let number = report
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let number = number.and_then(|(_, number)| number.trim().parse().ok());
    let number = number.with_context(|| format!("valgrind did not count: {report}"))?;
    Ok(Counts::from([("instructions".to_owned(), number)]))
}
