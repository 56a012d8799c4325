//! Percentiles of the latency at the same offered load: a part of what the raw echo can do in a
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

/// Compares; `false` when a server did not echo.
///
/// # Errors
///
/// When the raw echo is not there or does not work.
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
    /// How many messages each second the raw echo can do: the median of its turns.
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
        let running = server.start(&started_by(self.options), None)?;
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
        // One of them is the limit: of the best of both in each percentile nobody could be as good.
        let raw = self.servers.iter().zip(turns);
        let raw = raw.filter(|(server, _)| server.is_raw());
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
            let mut row = vec![server.name.to_owned()];
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
    }
}
