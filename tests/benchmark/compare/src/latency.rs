//! Percentiles of the latency at the same offered load: a part of the raw echo's throughput in a
//! scenario.

use crate::generator::{Amount, Generator, Load, Measured};
use crate::options::Options;
use crate::scenario::{self, Scenario};
use crate::server::Server;
use crate::statistics::median;
use crate::table;
use crate::throughput::started_by;

/// What is compared, with the turns of each server.
struct Comparison<'a> {
    options: &'a Options,
    servers: &'a [Server],
    generator: Generator,
    all_echoed: bool,
}

/// Compares. Returns `false` if a server did not echo.
///
/// # Errors
///
/// If the raw echo is missing or does not work.
pub(crate) fn compare(options: &Options, servers: &[Server]) -> anyhow::Result<bool> {
    let mut comparison = Comparison {
        options,
        servers,
        generator: Generator::new(options),
        all_echoed: true,
    };
    for scenario in options.scenarios(scenario::ALL)? {
        let limit = comparison.raw_throughput(&scenario)?;
        for load in &options.loads {
            let rate = limit * load / 100.0;
            println!(
                "\n## {}: {scenario}; {load} % of the raw echo's {limit:.0} messages / s\n",
                scenario.name
            );
            comparison.compare_at(&scenario, rate);
        }
    }
    Ok(comparison.all_echoed)
}

impl Comparison<'_> {
    /// How many messages per second the raw echo can do: the median of its turns.
    fn raw_throughput(&self, scenario: &Scenario) -> anyhow::Result<f64> {
        let raw = self.servers.iter().find(|server| server.is_raw());
        let raw = raw.ok_or_else(|| anyhow::anyhow!("the raw echo is needed"))?;
        let turns = (0..self.options.rounds).map(|_| self.turn(raw, scenario, None));
        let turns: Vec<_> = turns.collect::<anyhow::Result<_>>()?;
        Ok(median(turns.iter().map(|turn| turn.messages_per_second)))
    }

    fn compare_at(&mut self, scenario: &Scenario, rate: f64) {
        let mut turns: Vec<Vec<Measured>> = vec![Vec::new(); self.servers.len()];
        for round in 0..self.options.rounds {
            for place in 0..self.servers.len() {
                let number = (place + round) % self.servers.len();
                match self.turn(&self.servers[number], scenario, Some(rate)) {
                    Ok(measured) => turns[number].push(measured),
                    Err(error) => {
                        eprintln!("{error:#}");
                        self.all_echoed = false;
                    }
                }
            }
        }
        self.print(&turns);
    }

    fn turn(
        &self,
        server: &Server,
        scenario: &Scenario,
        rate: Option<f64>,
    ) -> anyhow::Result<Measured> {
        self.options.rest();
        let running = server.start(&started_by(self.options), scenario.in_flight, None)?;
        let amount = Amount::For(self.options.duration());
        let load = Load {
            scenario,
            amount,
            rate,
        };
        self.generator.run(server, &running, load)
    }

    fn print(&self, turns: &[Vec<Measured>]) {
        let p50 = |turns: &[Measured]| median(turns.iter().map(|turn| turn.latency_us.p50));
        let p99 = |turns: &[Measured]| median(turns.iter().map(|turn| turn.latency_us.p99));
        // One of them is the limit. The best of both in each percentile would be unreachable.
        let raw = self.servers.iter().zip(turns);
        let raw = raw.filter(|(server, turns)| server.is_raw() && !turns.is_empty());
        let raw = raw.min_by(|(_, a), (_, b)| p50(a).total_cmp(&p50(b)));
        let (raw_p50, raw_p99) =
            raw.map_or((f64::NAN, f64::NAN), |(_, turns)| (p50(turns), p99(turns)));
        let row = |(server, turns): (&Server, &Vec<Measured>)| {
            let reached = median(turns.iter().map(|turn| turn.messages_per_second));
            let numbers = [
                p50(turns),
                p50(turns) / raw_p50,
                p99(turns),
                p99(turns) / raw_p99,
                reached,
            ];
            let mut row = vec![format!("{}{}", server.name, marks(turns))];
            row.extend(numbers.map(table::number));
            row
        };
        let rows: Vec<_> = self.servers.iter().zip(turns).map(row).collect();
        let head = [
            "server",
            "p50 us",
            "to raw",
            "p99 us",
            "to raw",
            "messages / s",
        ];
        table::print(&table::cells(&head), &rows);
        print_notes(turns);
    }
}

/// A turn in which the generator worked all the time: it may have measured its own latency.
fn is_limited(turn: &Measured) -> bool {
    turn.generator_is_the_limit
}

/// A turn with messages that were never sent, because the server was late.
fn is_behind(turn: &Measured) -> bool {
    turn.messages_not_sent > 0
}

const LIMITED: &str = " +";
const BEHIND: &str = " !";

/// The suffix of a server's name: one such turn is enough.
fn marks(turns: &[Measured]) -> String {
    let limited = turns.iter().any(is_limited).then_some(LIMITED);
    let behind = turns.iter().any(is_behind).then_some(BEHIND);
    limited.into_iter().chain(behind).collect()
}

/// Explains the marks that occur.
fn print_notes(turns: &[Vec<Measured>]) {
    if turns.iter().flatten().any(is_limited) {
        println!("\n+ The load generator was the limit in a turn: these are its latencies also.");
    }
    if turns.iter().flatten().any(is_behind) {
        println!(
            "\n! Messages were due and not sent in a turn: the server did not keep up, and these \
             are the latencies of the others."
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::Latency;

    #[test]
    fn a_turn_that_tells_less_than_it_seems_to_is_marked() {
        let good = Measured {
            messages: 1,
            messages_not_sent: 0,
            seconds: 1.0,
            messages_per_second: 1.0,
            wire_bytes_received: 1,
            latency_us: Latency { p50: 1.0, p99: 1.0 },
            generator_is_the_limit: false,
            server_cpu_seconds: None,
            server_user_seconds: None,
            server_system_seconds: None,
        };
        let behind = Measured {
            messages_not_sent: 1,
            ..good.clone()
        };
        let both = Measured {
            generator_is_the_limit: true,
            ..behind.clone()
        };
        assert_eq!(marks(std::slice::from_ref(&good)), "");
        assert_eq!(marks(&[good.clone(), behind]), " !");
        assert_eq!(marks(&[good, both]), " + !");
    }
}
