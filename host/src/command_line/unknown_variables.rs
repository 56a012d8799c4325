//! Warnings about variables that look like ours and set nothing: misspelled ones, and those of
//! clients without the names of their commands.

use clap::Command;

use super::environment::{Environment, PREFIX, variable};
use crate::escape::Excerpt;
use crate::similar;

/// How the names of variables of the clients begin.
const CLIENTS: [&str; 3] = ["WS_ECHO_CHAT_", "WS_ECHO_BENCH_", "WS_ECHO_REPLAY_"];
/// Each command sets compression by another name.
const COMPRESSION: &str = "write WS_ECHO_DEFLATE for the server, WS_ECHO_CHAT_NO_COMPRESSION or \
                           WS_ECHO_BENCH_COMPRESSION";
/// What the project's own tests and checks set, without `WS_ECHO_`. The program inherits them.
const OF_THE_TESTS: &[&str] = &[
    "ARTIFACTS",
    "AUTOBAHN",
    "BINARY",
    "BINARY_SYSTEM",
    "BUN",
    "CHROMIUM",
    "CLOSE_CONSOLE",
    "COMPARE_ENTERED",
    "CONTAINERS_ENTERED",
    "CURL",
    "ENVOY",
    "FIRMWARE",
    "FISH",
    "HAPROXY",
    "KUBERNETES_VALIDATE",
    "MANDOC",
    "NGINX",
    "NODE",
    "NODE_MODULES",
    "OPENSSL",
    "PODMAN",
    "PROMTOOL",
    "PYTHON",
    "QEMU",
    "QMLSCENE5",
    "QMLSCENE6",
    "REQUIRE_ALL",
    "RUNC",
    "SERVER",
    "SKIPPED_TESTS",
    "STATIC",
    "STRACE",
    "SYSTEMD_ANALYZE",
    "SYSTEMD_SOCKET_ACTIVATE",
    "TESTS_SMALL_SOCKET_BUFFERS",
    "TOOLS",
    "UMOCI",
    "ZIG",
    "ZSH",
];

/// Returns a warning for each variable that no command of the program reads.
pub(super) fn warnings(program: &Command, environment: &Environment) -> Vec<String> {
    let commands = [program].into_iter().chain(program.get_subcommands());
    let variables = |command| {
        let options = Command::get_arguments(command);
        options.filter_map(move |option| variable(command, option))
    };
    let known: Vec<String> = commands.flat_map(variables).collect();
    let is_unknown = |name: &&str| {
        let rest = name.strip_prefix(PREFIX);
        let is_of_tests = rest.is_some_and(|rest| OF_THE_TESTS.contains(&rest));
        rest.is_some() && !is_of_tests && !known.iter().any(|known| known == name)
    };
    let mut unknown: Vec<_> = environment.names().filter(is_unknown).collect();
    unknown.sort_unstable();
    let warning = |name| {
        let advice = advice(name, &known);
        format!(
            "warning: no option is set by {}: {advice}",
            Excerpt::new(name)
        )
    };
    unknown.into_iter().map(warning).collect()
}

/// Returns what to write instead of a name.
fn advice(name: &str, known: &[String]) -> String {
    if name == "WS_ECHO_COMPRESSION" {
        return COMPRESSION.into();
    }
    let of_clients = CLIENTS.map(|client| name.replacen(PREFIX, client, 1));
    let of_clients: Vec<_> = of_clients
        .iter()
        .filter(|name| known.contains(name))
        .collect();
    if let Some((last, others)) = of_clients.split_last() {
        let others: Vec<_> = others.iter().map(|other| other.as_str()).collect();
        let or = if others.is_empty() { "" } else { " or " };
        return format!("write {}{or}{last}", others.join(", "));
    }
    // A name of the same command, if it has one.
    let prefix = CLIENTS.into_iter().find(|client| name.starts_with(client));
    let prefix = prefix.unwrap_or(PREFIX);
    let of_command = known.iter().filter_map(|known| known.strip_prefix(prefix));
    let option = name.strip_prefix(prefix).unwrap_or_default();
    match similar::most_similar(option, of_command) {
        Some(option) => format!("write {prefix}{option}"),
        None => "ws-echo help, help chat, help bench and help replay list the options".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::program;
    use super::*;

    fn warnings_of(names: &[&str]) -> Vec<String> {
        let variables = names.iter().map(|name| (*name, "1"));
        warnings(&program(), &variables.collect())
    }

    #[test]
    fn a_variable_that_sets_nothing_is_named_with_the_nearest_one() {
        for (name, advice) in [
            ("WS_ECHO_LISTN", "write WS_ECHO_LISTEN"),
            ("WS_ECHO_MAX_CLIENTS", "write WS_ECHO_MAX_CONNECTIONS"),
            ("WS_ECHO_LOGLEVEL", "write WS_ECHO_LOG_LEVEL"),
            ("WS_ECHO_SERVE_THREADS", "write WS_ECHO_THREADS"),
            (
                "WS_ECHO_CHAT_SUBPROTOCOLS",
                "write WS_ECHO_CHAT_SUBPROTOCOL",
            ),
            (
                "WS_ECHO_BENCH_CONNECTION",
                "write WS_ECHO_BENCH_CONNECTIONS",
            ),
            (
                "WS_ECHO_CHAT_URL",
                "ws-echo help, help chat, help bench and help replay list the options",
            ),
            (
                "WS_ECHO_COLOUR",
                "ws-echo help, help chat, help bench and help replay list the options",
            ),
        ] {
            let expected = format!("warning: no option is set by {name}: {advice}");
            assert_eq!(warnings_of(&[name]), [expected]);
        }
    }

    #[test]
    fn the_earlier_name_of_a_variable_of_a_client_is_named_with_the_new_one() {
        for (name, advice) in [
            ("WS_ECHO_RECONNECT", "write WS_ECHO_CHAT_RECONNECT"),
            ("WS_ECHO_IN_FLIGHT", "write WS_ECHO_BENCH_IN_FLIGHT"),
            (
                "WS_ECHO_TIMEOUT",
                "write WS_ECHO_CHAT_TIMEOUT, WS_ECHO_BENCH_TIMEOUT or WS_ECHO_REPLAY_TIMEOUT",
            ),
            ("WS_ECHO_CA", "write WS_ECHO_CHAT_CA or WS_ECHO_REPLAY_CA"),
            (
                "WS_ECHO_COMPRESSION",
                "write WS_ECHO_DEFLATE for the server, WS_ECHO_CHAT_NO_COMPRESSION or \
                 WS_ECHO_BENCH_COMPRESSION",
            ),
        ] {
            let expected = format!("warning: no option is set by {name}: {advice}");
            assert_eq!(warnings_of(&[name]), [expected]);
        }
    }

    #[test]
    fn a_variable_of_any_command_or_of_others_is_no_reason_for_a_warning() {
        let names = [
            "WS_ECHO_ORIGIN",
            "WS_ECHO_PORT",
            "WS_ECHO_VERBOSE",
            "WS_ECHO_CHAT_ORIGIN",
            "WS_ECHO_BENCH_TIMEOUT",
            "WS_ECHO_REPLAY_FAST",
            "WS_ECHO_TOOLS",
            "WS_ECHO",
            "PORT",
            "ECHO_LISTN",
        ];
        assert_eq!(warnings_of(&names), [""; 0]);
    }

    #[test]
    fn a_name_cannot_harm_a_terminal() {
        let [warning] = &warnings_of(&["WS_ECHO_\x1b[2J"])[..] else {
            panic!("one warning");
        };
        assert!(warning.contains(r"WS_ECHO_\u{1b}[2J"), "{warning}");
    }
}
