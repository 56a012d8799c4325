//! Command lines of `replay` and environments in, options or messages out.

use super::super::{Command, environment::Environment, parse_from};
use super::*;
use crate::options::trust::Trust;

const FILE: &str = "recordings/1.jsonl";
const URL: &str = "ws://127.0.0.1:3000/";
const SECURE_URL: &str = "wss://127.0.0.1:3000/";

fn parse(words: &[&str], variables: &[(&str, &str)]) -> Result<ReplayOptions, String> {
    let environment: Environment = variables.iter().copied().collect();
    match parse_from(["replay"].iter().chain(words), &environment) {
        Ok(Command::Replay(options)) => Ok(options),
        Ok(other) => Err(format!("another command: {other:?}")),
        Err(error) => Err(format!("{} {}", error.exit_code(), error.render())),
    }
}

fn options(words: &[&str], variables: &[(&str, &str)]) -> ReplayOptions {
    parse(words, variables).unwrap_or_else(|message| panic!("{message}"))
}

/// Returns the message of a wrong command line, which always ends the process with status 2.
fn refusal(words: &[&str]) -> String {
    let message = parse(words, &[]).expect_err("a wrong command line");
    message.strip_prefix("2 error: ").expect(&message).into()
}

fn every_option() -> ReplayOptions {
    ReplayOptions {
        file: FILE.into(),
        url: url::url(URL).expect("a URL"),
        trust: Trust::System,
        pace: Pace::Fast,
        greeting: Greeting::Ignored,
        output: Output::Json,
        timeout: Duration::from_millis(500),
    }
}

#[test]
fn a_file_and_a_url_give_the_defaults() {
    let expected = ReplayOptions {
        pace: Pace::Recorded,
        greeting: Greeting::Compared,
        output: Output::Lines,
        timeout: Duration::from_secs(5),
        ..every_option()
    };
    assert_eq!(options(&[FILE, URL], &[]), expected);
}

#[test]
fn every_option_is_read_from_the_line_and_from_the_environment() {
    let line = [
        "--fast",
        "--ignore-greeting",
        "--json",
        "--timeout=500ms",
        FILE,
        URL,
    ];
    assert_eq!(options(&line, &[]), every_option());
    let behind = [
        FILE,
        URL,
        "--timeout",
        "500ms",
        "--json",
        "--ignore-greeting",
        "--fast",
    ];
    assert_eq!(options(&behind, &[]), every_option());
    let variables = [
        ("WS_ECHO_REPLAY_FAST", "true"),
        ("WS_ECHO_REPLAY_IGNORE_GREETING", "yes"),
        ("WS_ECHO_REPLAY_JSON", "1"),
        ("WS_ECHO_REPLAY_TIMEOUT", "500ms"),
    ];
    assert_eq!(options(&[FILE, URL], &variables), every_option());
}

#[test]
fn the_variables_of_other_commands_do_not_concern_the_replay() {
    let variables = [
        ("WS_ECHO_TIMEOUT", "soon"),
        ("WS_ECHO_CHAT_TIMEOUT", "soon"),
        ("WS_ECHO_BENCH_JSON", "true"),
        ("WS_ECHO_RECORD", "x"),
        ("PORT", "http"),
    ];
    assert_eq!(
        options(&[FILE, URL], &variables),
        options(&[FILE, URL], &[])
    );
}

#[test]
fn a_wrong_command_line_is_rejected_with_what_to_write() {
    for (words, advice) in [
        (&[URL, FILE][..], "write the file of the recording first"),
        (&[URL], "write the file of the recording first"),
        (&[], "<FILE>"),
        (&[FILE], "<URL>"),
        (&[FILE, "https://a"], "wss://a"),
        (&[FILE, URL, URL], "unexpected argument"),
        (&[FILE, URL, "--timeout=0"], "write at least 1ms"),
        (&[FILE, URL, "--timeout=soon"], "such as 500ms"),
        (&[FILE, URL, "--slow"], "unexpected argument '--slow'"),
    ] {
        let message = refusal(words);
        assert!(message.contains(advice), "{words:?}: {message}");
    }
}

#[test]
fn a_password_in_a_url_that_is_in_the_wrong_place_is_not_shown() {
    let message = refusal(&["ws://user:secret@h/", FILE]);
    assert!(message.contains(":***@h/"), "{message}");
    assert!(!message.contains("secret"), "{message}");
}

#[test]
fn certificates_to_trust_are_accepted_only_with_tls() {
    let trust = |words: &[&str], variables| options(words, variables).trust;
    assert_eq!(trust(&[FILE, SECURE_URL], &[]), Trust::System);
    assert_eq!(trust(&[FILE, SECURE_URL, "--insecure"], &[]), Trust::Anyone);
    let variables = [("WS_ECHO_REPLAY_INSECURE", "true")];
    assert_eq!(trust(&[FILE, SECURE_URL], &variables), Trust::Anyone);
    let message = refusal(&["--insecure", FILE, URL]);
    let expected = "--ca and --insecure are for TLS only: write wss://127.0.0.1:3000/";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn help_has_variables_exit_statuses_and_examples() {
    let text = parse(&["--help"], &[]).expect_err("a text to print");
    for expected in [
        "0 ",
        "Usage: ws-echo replay [OPTIONS] <FILE> <URL>",
        "WS_ECHO_REPLAY_TIMEOUT",
        "Examples:",
        "Exit status:",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}
