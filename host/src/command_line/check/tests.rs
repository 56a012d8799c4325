//! Command lines of `check` and environments in, options or messages out.

use super::super::{Command, environment::Environment, parse_from};
use super::*;
use crate::options::chat::Header;
use crate::options::trust::Trust;

const URL: &str = "ws://127.0.0.1:3000/";

fn parse(words: &[&str], variables: &[(&str, &str)]) -> Result<CheckOptions, String> {
    let environment: Environment = variables.iter().copied().collect();
    match parse_from(["check"].iter().chain(words), &environment) {
        Ok(Command::Check(options)) => Ok(options),
        Ok(other) => Err(format!("another command: {other:?}")),
        Err(error) => Err(format!("{} {}", error.exit_code(), error.render())),
    }
}

fn options(words: &[&str], variables: &[(&str, &str)]) -> CheckOptions {
    parse(words, variables).unwrap_or_else(|message| panic!("{message}"))
}

/// Returns the message of a wrong command line, which always ends the process with status 2.
fn refusal(words: &[&str]) -> String {
    let message = parse(words, &[]).expect_err("a wrong command line");
    message.strip_prefix("2 error: ").expect(&message).into()
}

fn server() -> ServerOptions {
    ServerOptions {
        url: url::url(URL).expect("a URL"),
        trust: Trust::System,
        subprotocols: vec!["b".into(), "a".into()],
        headers: vec![Header {
            name: "X-A".into(),
            value: "b: c".into(),
        }],
        origin: Some("http://localhost".into()),
        no_echo: true,
        jobs: NonZeroUsize::MIN,
        timeout: Duration::from_millis(500),
    }
}

fn every_option() -> CheckOptions {
    CheckOptions {
        task: Task::Server(Box::new(server())),
        selection: Selection {
            patterns: vec!["5.5-*".into(), "2.1".into()],
            sections: vec!["rfc7692".into()],
            hostile: true,
        },
        output: Output {
            json: Some("a.json".into()),
            junit: Some("a.xml".into()),
            html: Some("a.html".into()),
            autobahn: Some("a".into()),
            baseline: Some("known".into()),
            write_baseline: Some("-".into()),
            trace: None,
            strict: true,
            color: false,
        },
    }
}

#[test]
fn a_url_alone_gives_the_defaults() {
    let expected = CheckOptions {
        task: Task::Server(Box::new(ServerOptions {
            subprotocols: Vec::new(),
            headers: Vec::new(),
            origin: None,
            no_echo: false,
            jobs: NonZeroUsize::new(16).expect("not zero"),
            timeout: Duration::from_secs(5),
            ..server()
        })),
        selection: Selection::default(),
        output: Output {
            color: true,
            ..Output::default()
        },
    };
    assert_eq!(options(&[URL], &[]), expected);
}

#[test]
fn every_option_is_read_from_the_line_and_from_the_environment() {
    let line = [
        URL,
        "--case=5.5-*",
        "--case=2.1",
        "--section=rfc7692",
        "--hostile",
        "--no-echo",
        "--subprotocol=b",
        "--subprotocol=a",
        "--header",
        "X-A: b: c",
        "--origin=http://localhost",
        "--jobs=1",
        "--timeout=500ms",
        "--json=a.json",
        "--junit=a.xml",
        "--html=a.html",
        "--autobahn=a",
        "--baseline=known",
        "--write-baseline=-",
        "--strict",
    ];
    assert_eq!(options(&line, &[("NO_COLOR", "1")]), every_option());
    let variables = [
        ("WS_ECHO_CHECK_CASE", "5.5-*,2.1"),
        ("WS_ECHO_CHECK_SECTION", "rfc7692"),
        ("WS_ECHO_CHECK_HOSTILE", "true"),
        ("WS_ECHO_CHECK_NO_ECHO", "true"),
        ("WS_ECHO_CHECK_SUBPROTOCOL", "b,a"),
        ("WS_ECHO_CHECK_HEADER", "X-A: b: c"),
        ("WS_ECHO_CHECK_ORIGIN", "http://localhost"),
        ("WS_ECHO_CHECK_JOBS", "1"),
        ("WS_ECHO_CHECK_TIMEOUT", "500ms"),
        ("WS_ECHO_CHECK_JSON", "a.json"),
        ("WS_ECHO_CHECK_JUNIT", "a.xml"),
        ("WS_ECHO_CHECK_HTML", "a.html"),
        ("WS_ECHO_CHECK_AUTOBAHN", "a"),
        ("WS_ECHO_CHECK_BASELINE", "known"),
        ("WS_ECHO_CHECK_WRITE_BASELINE", "-"),
        ("WS_ECHO_CHECK_STRICT", "true"),
        ("NO_COLOR", "1"),
    ];
    assert_eq!(options(&[URL], &variables), every_option());
}

#[test]
fn each_task_is_chosen_by_one_option() {
    assert_eq!(options(&["--list"], &[]).task, Task::List);
    let explained = options(&["--explain", "2.1"], &[]).task;
    assert_eq!(explained, Task::Explain("2.1".into()));
    let listening = options(&["--listen", "127.0.0.1:9001"], &[]).task;
    let address = "127.0.0.1:9001".parse().expect("an address");
    assert_eq!(listening, Task::Clients(vec![address]));
    let trace = options(&[URL, "--trace", "2.1"], &[]).output.trace;
    assert_eq!(trace.as_deref(), Some("2.1"));
}

#[test]
fn without_anything_to_test_it_is_told_what_to_write() {
    let message = refusal(&[]);
    assert!(message.starts_with("nothing to test: "), "{message}");
    assert!(message.contains("--listen 127.0.0.1:9001"), "{message}");
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for words in [
        &[URL, "--listen=127.0.0.1:9001"][..],
        &["--listen=127.0.0.1:9001", "--no-echo"],
        &["--listen=127.0.0.1:9001", "--jobs=2"],
        &["--list", "--explain=2.1"],
        &[URL, "--trace=2.1", "--case=2.1"],
        &[URL, "--jobs=0"],
    ] {
        let message = refusal(words);
        assert!(!message.is_empty(), "{words:?}");
    }
}

#[test]
fn a_name_and_a_password_of_the_url_exclude_the_header_that_they_are() {
    let url = "ws://user:secret@127.0.0.1:3000/";
    let message = refusal(&["--header=Authorization: Bearer 1", url]);
    let expected = "the name and the password of the URL are the header Authorization";
    assert!(message.starts_with(expected), "{message}");
    assert!(!message.contains("secret"), "{message}");
}
