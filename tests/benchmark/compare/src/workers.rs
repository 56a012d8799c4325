//! One worker of ws-echo against two: whether they disturb each other.
//!
//! Both run on any core, together with the load generator, so throughput by time would mean
//! nothing. CPU time counts: two independent workers need as much of it per message as one does.
//! They handle twice as many messages per second if each has a core and half of the work. If one
//! has more than half of it, the others wait for that one.

use std::fs;

use anyhow::Context;

use crate::generator::{Amount, Generator, Load, Measured};
use crate::options::Options;
use crate::scenario::{self, Scenario};
use crate::server::{self, Server};
use crate::statistics::median;
use crate::table;

const SCENARIOS: [&str; 4] = ["64x16x16", "200x20x1", "500x125x1", "10x16384x8"];
/// Workers are not pinned.
const ANYWHERE: [&str; 1] = ["env"];

/// A turn, and the share of CPU time of the busiest thread.
struct Turn {
    measured: Measured,
    busiest: f64,
}

impl Turn {
    /// Messages per second if the busiest thread has a core for itself and works all the time.
    fn messages_per_second_of_busiest(&self) -> f64 {
        self.measured.messages_per_cpu_second() / self.busiest
    }
}

/// Compares.
///
/// # Errors
///
/// If ws-echo did not echo, or nothing can be measured.
pub(crate) fn compare(options: &Options) -> anyhow::Result<()> {
    let generator = Generator::unpinned(options);
    let servers = ["1", "2"].map(|threads| server::ws_echo(options, threads));
    let of_mode: Vec<_> = scenario::ALL
        .iter()
        .filter(|scenario| SCENARIOS.contains(&scenario.name))
        .cloned()
        .collect();
    let mut rows = Vec::new();
    for scenario in options.scenarios(&of_mode)? {
        let mut turns = [Vec::new(), Vec::new()];
        for _ in 0..options.rounds {
            for (server, turns) in servers.iter().zip(&mut turns) {
                turns.push(turn(options, &generator, server, &scenario)?);
            }
        }
        rows.push(row(&scenario, &turns));
    }
    println!(
        "\nws-echo with two workers and with one: messages for each second of the CPU time of all \
         threads, and how many times as many messages two workers would do as one, had each thread \
         a core and did the busiest work all the time:\n"
    );
    let head = [
        "scenario",
        "messages / CPU s, 1 worker",
        "messages / CPU s, 2 workers",
        "two do so many times as many",
        "share of the busiest thread",
    ];
    table::print(&table::cells(&head), &rows);
    println!(
        "\nThat is the messages for each second of the busiest thread's CPU time, with two against \
         one: 2.0 where workers are not in each other's way and have half of the work each, 1.4 \
         where one has 70 %."
    );
    Ok(())
}

fn row(scenario: &Scenario, [one, two]: &[Vec<Turn>; 2]) -> Vec<String> {
    let speed = |turns: &[Turn]| {
        let speeds = turns
            .iter()
            .map(|turn| turn.measured.messages_per_cpu_second());
        median(speeds)
    };
    let ratios = one.iter().zip(two).map(|(one, two)| {
        two.messages_per_second_of_busiest() / one.messages_per_second_of_busiest()
    });
    vec![
        scenario.name.to_owned(),
        table::number(speed(one)),
        table::number(speed(two)),
        table::number(median(ratios)),
        format!(
            "{:.0} %",
            100.0 * median(two.iter().map(|turn| turn.busiest))
        ),
    ]
}

fn turn(
    options: &Options,
    generator: &Generator,
    server: &Server,
    scenario: &Scenario,
) -> anyhow::Result<Turn> {
    let running = server.start(&ANYWHERE, scenario.in_flight, None)?;
    let load = Load {
        scenario,
        amount: Amount::For(options.duration()),
        rate: None,
    };
    let measured = generator.run(server, &running, load)?;
    let times = thread_times(running.process())?;
    let busiest = times.iter().copied().fold(0.0, f64::max) / times.iter().sum::<f64>();
    Ok(Turn { measured, busiest })
}

/// The CPU time of each of a process's threads, in nanoseconds.
fn thread_times(process: u32) -> anyhow::Result<Vec<f64>> {
    let threads = fs::read_dir(format!("/proc/{process}/task"))?;
    let time = |thread: std::io::Result<fs::DirEntry>| {
        let times = fs::read_to_string(thread?.path().join("schedstat"))?;
        let on_cpu = times.split_whitespace().next().context("no time")?;
        Ok(on_cpu.parse()?)
    };
    threads.map(time).collect()
}
