//! The README's tables say of each flag of the server what its help says.

use std::collections::BTreeMap;

use ws_echo_tests::server::{command, run};

const README: &str = include_str!("../../README.md");

/// Each flag, with its default; empty where there is none.
type Flags = BTreeMap<String, String>;

/// The flags in the help of the server.
fn flags_of_help() -> Flags {
    let (status, help, _) =
        run(&mut command(["serve", "--help"])).expect("the binary can be started");
    assert!(status.success());
    let (_, options) = help.split_once("\nOptions:\n").expect("options");
    let (options, _) = options.split_once("\n\n").expect("what stands behind them");
    let lines: Vec<_> = options.lines().map(str::trim).collect();
    let options = lines.join(" ");
    let (options, _) = options.split_once(" -h, --help").expect("the last of them");
    let options = options
        .split(" --")
        .map(|option| option.trim_start_matches("--"));
    options
        .map(|option| {
            let name = option.split(' ').next().unwrap_or_default();
            let default = option.split_once("[default: ").map(|(_, rest)| rest);
            let default = default.map_or("", |rest| rest.trim_end_matches(']'));
            (name.to_owned(), plain(default))
        })
        .collect()
}

/// A default without quotation marks, and a list of them without its commas.
fn plain(default: &str) -> String {
    default
        .replace(['`', '"'], "")
        .replace(", ", " ")
        .trim()
        .to_owned()
}

fn section(title: &str) -> &'static str {
    let start = format!("\n## {title}\n");
    let (_, section) = README.split_once(&start).expect(title);
    section.split("\n## ").next().unwrap_or_default()
}

#[test]
fn the_table_of_flags_has_every_flag_of_the_help_with_its_default() {
    let rows = section("Flags")
        .lines()
        .filter(|line| line.starts_with("| `--"));
    let flags: Flags = rows
        .map(|row| {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let flag = cells[1].trim_matches('`').trim_start_matches("--");
            let name = flag.split(' ').next().unwrap_or_default();
            let default = if cells[2] == "none" { "" } else { cells[2] };
            (name.to_owned(), plain(default))
        })
        .collect();
    assert_eq!(flags, flags_of_help());
}

#[test]
fn the_section_on_limits_names_every_limit_with_its_default() {
    let flags = flags_of_help();
    let mut named = Vec::new();
    for row in section("Limits")
        .lines()
        .filter(|line| line.starts_with("| "))
    {
        let limit = row.split('|').nth(2).unwrap_or_default();
        for mention in limit.split("`--").skip(1) {
            let (name, rest) = mention.split_once("` (").expect(mention);
            let default = rest.split(')').next().unwrap_or_default();
            assert_eq!(flags.get(name), Some(&plain(default)), "--{name}");
            named.push(name);
        }
    }
    let is_limit = |name: &&String| name.starts_with("max-") || name.ends_with("-timeout");
    // What limits a stop stands with the stop.
    let limits = flags
        .keys()
        .filter(is_limit)
        .filter(|name| *name != "drain-timeout");
    for name in limits {
        assert!(named.contains(&name.as_str()), "--{name} is missing");
    }
}
