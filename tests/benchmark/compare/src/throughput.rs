//! Messages per second of a server's CPU time, with the servers in turns.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Serialize;

use crate::chart;
use crate::client::{self, Client};
use crate::generator::{Amount, Generator, Load, Measured};
use crate::isolation;
use crate::options::Options;
use crate::scenario::{self, Scenario};
use crate::server::{ON_FIRST_CORE, RAW, REAL_TIME, Server, WS_ECHO};
use crate::statistics::{median, quantile};
use crate::table;

/// The turns of one server in a scenario. A failed turn is missing.
type Turns = Vec<Option<Measured>>;

/// All turns of a scenario, by the server's name.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) scenario: &'static str,
    pub(crate) turns: BTreeMap<&'static str, Turns>,
}

/// The content of the JSON file.
#[derive(Debug, Serialize)]
struct Numbers<'a> {
    congestion_control: String,
    rounds: usize,
    seconds: f64,
    results: &'a [Results],
}

/// A server's numbers in a scenario: medians over the rounds.
struct Row {
    name: &'static str,
    messages_per_cpu_second: f64,
    /// The ratios to the raw echo of the same round.
    ratio: f64,
    /// The middle half of the rounds' ratios.
    ratio_quartiles: [f64; 2],
    messages_per_second: f64,
    p50: f64,
    p99: f64,
    generator_is_the_limit: bool,
}

/// Compares the servers and prints, draws and writes the results. Returns `false` if one did not
/// echo.
///
/// # Errors
///
/// If nothing can be measured.
pub(crate) fn compare(options: &Options, servers: &[Server]) -> anyhow::Result<bool> {
    let generator = Generator::new(options);
    let mut all = Vec::new();
    for scenario in options.scenarios(scenario::ALL)? {
        let results = measure(options, servers, &generator, &scenario);
        print_scenario(&scenario, &rows(servers, &results));
        all.push(results);
    }
    print_ratios(servers, &all);
    if let Some(path) = &options.chart {
        std::fs::write(path, draw(servers, &all)).context("the chart")?;
    }
    write(options, &all)?;
    Ok(all_echoed(&all))
}

/// Writes the numbers of every turn, if the options name a file for them.
///
/// # Errors
///
/// If they cannot be written.
pub(crate) fn write(options: &Options, all: &[Results]) -> anyhow::Result<()> {
    if let Some(path) = &options.json {
        let numbers = Numbers {
            congestion_control: isolation::congestion_control(),
            rounds: options.rounds,
            seconds: options.duration().as_secs_f64(),
            results: all,
        };
        std::fs::write(path, serde_json::to_vec_pretty(&numbers)?).context("the numbers")?;
    }
    Ok(())
}

/// Whether no turn failed.
pub(crate) fn all_echoed(all: &[Results]) -> bool {
    let results = all.iter().flat_map(|results| results.turns.values());
    results.flatten().all(Option::is_some)
}

/// Measures the servers in turns.
pub(crate) fn measure(
    options: &Options,
    servers: &[Server],
    generator: &Generator,
    scenario: &Scenario,
) -> Results {
    let mut turns: BTreeMap<_, Turns> = BTreeMap::new();
    for round in 0..options.rounds {
        for place in 0..servers.len() {
            let server = &servers[(place + round) % servers.len()];
            let measured = turn(options, server, generator, scenario);
            if let Err(error) = &measured {
                eprintln!("round {round}: {error:#}");
            }
            turns.entry(server.name).or_default().push(measured.ok());
        }
    }
    Results {
        scenario: scenario.name,
        turns,
    }
}

fn turn(
    options: &Options,
    server: &Server,
    generator: &Generator,
    scenario: &Scenario,
) -> anyhow::Result<Measured> {
    options.rest();
    let running = server.start(&started_by(options), scenario.in_flight, None)?;
    if server.compression.is_some() {
        // The generator also takes echoes that are not compressed.
        let echo = Client::connect(server, &running)
            .and_then(|mut client| client.echo(&client::json(scenario.len)));
        echo.with_context(|| server.name.to_owned())?;
    }
    let load = Load {
        scenario,
        amount: Amount::For(options.duration()),
        rate: None,
    };
    generator.run(server, &running, load)
}

/// The command that starts a server.
pub(crate) fn started_by(options: &Options) -> Vec<&'static str> {
    let mut by = ON_FIRST_CORE.to_vec();
    if options.real_time {
        by.extend(REAL_TIME);
    }
    by
}

/// The turns of the raw echo with the better of its buffers, if both work.
fn best_raw(results: &Results) -> Option<&Turns> {
    let raw = RAW.iter().filter_map(|name| results.turns.get(name));
    let speed = |turns: &&Turns| {
        median(
            turns
                .iter()
                .flatten()
                .map(Measured::messages_per_cpu_second),
        )
    };
    raw.filter(|turns| !speed(turns).is_nan())
        .max_by(|a, b| speed(a).total_cmp(&speed(b)))
}

/// The servers' rows, the best first, failed ones last.
fn rows(servers: &[Server], results: &Results) -> Vec<Row> {
    let raw = best_raw(results);
    let row = |server: &Server| Some(row(server.name, results.turns.get(server.name)?, raw));
    let mut rows: Vec<_> = servers.iter().filter_map(row).collect();
    // `total_cmp` alone would put NaN above all numbers.
    let speed = |row: &Row| match row.messages_per_cpu_second {
        speed if speed.is_nan() => f64::NEG_INFINITY,
        speed => speed,
    };
    rows.sort_by(|a, b| speed(b).total_cmp(&speed(a)));
    rows
}

fn row(name: &'static str, turns: &Turns, raw: Option<&Turns>) -> Row {
    let of = |number: fn(&Measured) -> f64| median(turns.iter().flatten().map(number));
    let pairs = turns.iter().zip(raw.into_iter().flatten());
    let ratio = |(turn, raw): (&Option<Measured>, &Option<Measured>)| {
        let (turn, raw) = (turn.as_ref()?, raw.as_ref()?);
        Some(turn.messages_per_cpu_second() / raw.messages_per_cpu_second())
    };
    let ratios: Vec<_> = pairs.filter_map(ratio).collect();
    let limited = turns
        .iter()
        .flatten()
        .filter(|turn| turn.is_limited_by_generator());
    Row {
        name,
        messages_per_cpu_second: of(Measured::messages_per_cpu_second),
        ratio: median(ratios.iter().copied()),
        ratio_quartiles: [0.25, 0.75].map(|part| quantile(ratios.iter().copied(), part)),
        messages_per_second: of(|turn| turn.messages_per_second),
        p50: of(|turn| turn.latency_us.p50),
        p99: of(|turn| turn.latency_us.p99),
        generator_is_the_limit: 2 * limited.count() > turns.len(),
    }
}

fn print_scenario(scenario: &Scenario, rows: &[Row]) {
    println!("\n## {}: {scenario}\n", scenario.name);
    let head = table::cells(&[
        "server",
        "messages / CPU s",
        "ratio to raw",
        "half of the rounds",
        "messages / s",
        "p50 us",
        "p99 us",
    ]);
    let line = |row: &Row| {
        let [low, high] = row.ratio_quartiles.map(table::number);
        let limit = if row.generator_is_the_limit { "+" } else { "" };
        vec![
            emphasized(row.name),
            table::number(row.messages_per_cpu_second),
            table::number(row.ratio),
            format!("{low} to {high}"),
            format!("{limit}{}", table::number(row.messages_per_second)),
            table::number(row.p50),
            table::number(row.p99),
        ]
    };
    let lines: Vec<_> = rows.iter().map(line).collect();
    table::print(&head, &lines);
    if rows.iter().any(|row| row.generator_is_the_limit) {
        println!("\n+ The load generator was the limit: the server could do more each second.");
    }
}

/// The table of all ratios, with a row for each server.
fn print_ratios(servers: &[Server], all: &[Results]) {
    println!("\n## Messages for each CPU second, ratio to the raw echo with its better buffer\n");
    let mut head = table::cells(&["server"]);
    head.extend(all.iter().map(|results| results.scenario.to_owned()));
    let line = |server: &Server| {
        let ratio = |results: &Results| {
            let turns = results.turns.get(server.name)?;
            Some(row(server.name, turns, best_raw(results)).ratio)
        };
        let ratios = all.iter().map(|results| ratio(results).unwrap_or(f64::NAN));
        let mut line = vec![emphasized(server.name)];
        line.extend(ratios.map(table::number));
        line
    };
    let lines: Vec<_> = servers.iter().map(line).collect();
    table::print(&head, &lines);
}

fn emphasized(name: &str) -> String {
    match name {
        WS_ECHO => format!("**{name}**"),
        _ => name.to_owned(),
    }
}

fn draw(servers: &[Server], all: &[Results]) -> String {
    let group = |results: &Results| {
        let rows = rows(servers, results);
        let compared = rows.iter().filter(|row| !RAW.contains(&row.name));
        chart::Group {
            name: results.scenario,
            ratios: compared.map(|row| (row.name, row.ratio)).collect(),
        }
    };
    let groups: Vec<_> = all.iter().map(group).collect();
    chart::draw(&groups)
}
