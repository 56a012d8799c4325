//! The guides' tables say of each flag what the program's help says, and of each error what the
//! program prints.

use std::collections::BTreeMap;

use ws_echo::{Behaviour, Bounds};
use ws_echo_tests::server::{command, run};

const SERVING: &str = include_str!("../../host/docs/serving.md");
const CHAT: &str = include_str!("../../host/docs/chat.md");
const BENCH: &str = include_str!("../../host/docs/bench.md");
const CHECK: &str = include_str!("../../host/docs/check.md");
const MONITORING: &str = include_str!("../../host/docs/monitoring.md");
const TESTING_CLIENTS: &str = include_str!("../../host/docs/testing-clients.md");
const TROUBLESHOOTING: &str = include_str!("../../host/docs/troubleshooting.md");

/// Each flag, with its short form if it has one, and its default; empty if it has none.
type Flags = BTreeMap<String, String>;

/// The flags in the help of a command.
fn flags_of_help(of: &str) -> Flags {
    let (status, help, _) = run(&mut command([of, "--help"])).expect("the binary can be started");
    assert!(status.success());
    let (_, options) = help.split_once("\nOptions:\n").expect("options");
    let (options, _) = options.split_once("\n\n").expect("text after the options");
    let mut flags = Vec::new();
    let without_help = |line: &&str| !line.starts_with("  -h, ");
    for line in options.lines().take_while(without_help) {
        // A line that continues another begins further to the right.
        match line.split_once("--") {
            Some((short, flag)) if line.find("--") == Some(6) => {
                flags.push((short.trim(), flag.to_owned()));
            }
            _ => {
                if let Some((_, flag)) = flags.last_mut() {
                    flag.push(' ');
                    flag.push_str(line.trim());
                }
            }
        }
    }
    let flags = flags.iter();
    let flags = flags.map(|(short, flag)| (both_forms(short, &name(flag)), default(flag)));
    flags.collect()
}

/// `port -p` for `-p,` and `port`.
fn both_forms(short: &str, name: &str) -> String {
    let short = short.trim_matches(['`', ',', ' ']);
    format!("{name} {short}").trim_end().to_owned()
}

/// The name of a flag that begins with it.
fn name(flag: &str) -> String {
    let name = flag.split([' ', '[']).next();
    name.unwrap_or_default().to_owned()
}

/// The default in the help of a flag.
fn default(help: &str) -> String {
    let Some((_, default)) = help.split_once("[default: ") else {
        return String::new();
    };
    let (default, _) = default.split_once("] [possible").unwrap_or((default, ""));
    plain(default.trim_end_matches(']'))
}

/// A default without quotation marks, and a list of them without its commas.
fn plain(default: &str) -> String {
    default
        .replace(['`', '"'], "")
        .replace(", ", " ")
        .trim()
        .to_owned()
}

fn section(guide: &'static str, title: &str) -> &'static str {
    let start = format!("\n## {title}\n");
    let (_, section) = guide.split_once(&start).expect(title);
    section.split("\n## ").next().unwrap_or_default()
}

/// The flags in the table of a guide.
fn flags_of_guide(guide: &'static str) -> Flags {
    flags_of_section(guide, "Flags")
}

/// The flags in the table of a section.
fn flags_of_section(guide: &'static str, title: &str) -> Flags {
    let rows = section(guide, title)
        .lines()
        .filter(|line| line.starts_with("| `--"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let flag = cells[1].trim_start_matches("`--");
        let (flag, others) = flag.split_once('`').unwrap_or_default();
        let short = others.split(", ").find(|other| other.len() == "`-p`".len());
        let default = if cells[2] == "none" { "" } else { cells[2] };
        let forms = both_forms(short.unwrap_or_default(), &name(flag));
        (forms, plain(default))
    })
    .collect()
}

#[test]
fn the_table_of_the_server_has_every_flag_of_its_help_with_its_default() {
    assert_eq!(flags_of_guide(SERVING), flags_of_help("serve"));
}

#[test]
fn the_table_of_the_chat_has_every_flag_of_its_help_with_its_default() {
    assert_eq!(flags_of_guide(CHAT), flags_of_help("chat"));
}

#[test]
fn the_table_of_the_load_generator_matches_its_help() {
    assert_eq!(flags_of_guide(BENCH), flags_of_help("bench"));
}

#[test]
fn the_table_of_the_check_has_every_flag_of_its_help_with_its_default() {
    assert_eq!(flags_of_guide(CHECK), flags_of_help("check"));
}

#[test]
fn the_table_of_the_health_check_has_every_flag_of_its_help_with_its_default() {
    let flags = flags_of_section(MONITORING, "ws-echo healthcheck");
    assert_eq!(flags, flags_of_help("healthcheck"));
}

#[test]
fn the_table_of_the_replay_has_every_flag_of_its_help_with_its_default() {
    let flags = flags_of_section(TESTING_CLIENTS, "Replaying a recording");
    assert_eq!(flags, flags_of_help("replay"));
}

#[test]
fn the_section_on_limits_names_every_limit_with_its_default() {
    let flags = flags_of_help("serve");
    let mut named = Vec::new();
    for row in section(SERVING, "Limits")
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
    // The section on stopping has the limit of a stop.
    let limits = flags
        .keys()
        .filter(is_limit)
        .filter(|name| *name != "drain-timeout");
    for name in limits {
        assert!(named.contains(&name.as_str()), "--{name} is missing");
    }
}

#[test]
fn the_tables_of_the_test_path_have_every_parameter_that_the_server_lists() {
    let bounds = Bounds { max_push: 1 };
    let mistake = Behaviour::parse("?", &bounds).expect_err("no such parameter");
    let text = mistake.to_string();
    let listed = text.lines().filter_map(|line| line.strip_prefix("  "));
    let listed: Vec<_> = listed
        .map(|line| line.split(' ').next().unwrap_or_default())
        .collect();
    let mut in_guide = Vec::new();
    let mut is_about_parameters = false;
    for line in section(TESTING_CLIENTS, "The test path").lines() {
        is_about_parameters &= line.starts_with('|');
        is_about_parameters |= line.starts_with("| parameter |");
        if let Some(row) = line.strip_prefix("| `").filter(|_| is_about_parameters) {
            in_guide.push(row.split('`').next().unwrap_or_default());
        }
    }
    assert_eq!(in_guide, listed);
}

#[test]
fn the_errors_at_the_start_are_quoted_as_the_server_prints_them() {
    let quoted = section(TROUBLESHOOTING, "The server does not start");
    for (arguments, error) in [
        (
            &["--listen=192.0.2.1:3000"][..],
            "cannot listen on 192.0.2.1:3000: this machine has no such address; ",
        ),
        (
            &["--listen=3000"],
            "invalid value '3000' for '--listen <ADDRESS>': ",
        ),
        (
            &["--port=http"],
            "invalid value 'http' for '--port <PORT>': ",
        ),
        (
            &["--max-memory=1MiB", "--threads=64"],
            "--max-memory is too small for --threads 64 and a --buffer of 65536 bytes: ",
        ),
        (&["--tls-cert=echo.pem"], "--tls-cert needs --tls-key: "),
        (
            &["--tls-cert=echo.pem", "--tls-key=echo.key"],
            "--tls-cert echo.pem: there is no such file",
        ),
        (
            &["--log-level=loud"],
            "invalid value 'loud' for '--log-level <FILTER>': ",
        ),
    ] {
        let (status, _, stderr) = run(&mut command(arguments)).expect("the binary can be started");
        assert!(!status.success(), "{arguments:?}");
        assert!(stderr.contains(error), "{stderr}");
        assert!(quoted.contains(error), "{error}");
    }
}
