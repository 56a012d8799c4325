//! Command lines of `chat` and environments in, options or messages out.

use std::fs;

use super::super::{Command, parse_from};
use super::*;
use crate::options::chat::Header;
use crate::options::trust::Trust;

const URL: &str = "ws://127.0.0.1:3000/";
const SECURE_URL: &str = "wss://127.0.0.1:3000/";

fn parse(words: &[&str], variables: &[(&str, &str)]) -> Result<ChatOptions, String> {
    let environment = variables.iter().copied().collect();
    match parse_from(["chat"].iter().chain(words), &environment) {
        Ok(Command::Chat(options)) => Ok(options),
        Ok(other) => Err(format!("another command: {other:?}")),
        Err(error) => Err(format!("{} {}", error.exit_code(), error.render())),
    }
}

fn options(words: &[&str], variables: &[(&str, &str)]) -> ChatOptions {
    parse(words, variables).unwrap_or_else(|message| panic!("{message}"))
}

/// Returns the message of a wrong command line, which always ends the process with status 2.
fn refusal(words: &[&str]) -> String {
    let message = parse(words, &[]).expect_err("a wrong command line");
    message.strip_prefix("2 error: ").expect(&message).into()
}

fn every_option() -> ChatOptions {
    let header = |name: &str, value: &str| Header {
        name: name.into(),
        value: value.into(),
    };
    ChatOptions {
        url: url::url(URL).expect("a URL"),
        trust: Trust::System,
        subprotocols: vec!["b".into(), "a".into()],
        headers: vec![header("X-A", "b: c"), header("X-B", "")],
        origin: Some("http://localhost".into()),
        compression: false,
        reconnect: true,
        wait: Duration::ZERO,
        timeout: Duration::from_millis(500),
        expectation: None,
        verbose: true,
        json: true,
        color: false,
    }
}

#[test]
fn a_url_alone_gives_the_defaults() {
    let expected = ChatOptions {
        subprotocols: Vec::new(),
        headers: Vec::new(),
        origin: None,
        compression: true,
        reconnect: false,
        wait: Duration::from_secs(5),
        timeout: Duration::from_secs(10),
        verbose: false,
        json: false,
        color: true,
        ..every_option()
    };
    assert_eq!(options(&[URL], &[]), expected);
    assert_eq!(options(&[URL], &[("NO_COLOR", "")]), expected);
}

#[test]
fn every_option_is_read_from_the_line_and_from_the_environment() {
    let line = [
        "--subprotocol=b",
        "--subprotocol=a",
        "--header",
        "X-A: \tb: c ",
        "--header=X-B:",
        "--origin=http://localhost",
        "--no-compression",
        "--reconnect",
        "--wait=0",
        "--timeout=500ms",
        "--verbose",
        "--json",
        URL,
    ];
    assert_eq!(options(&line, &[("NO_COLOR", "1")]), every_option());
    let variables = [
        ("WS_ECHO_CHAT_SUBPROTOCOL", "b,a"),
        ("WS_ECHO_CHAT_HEADER", "X-A: b: c, X-B:"),
        ("WS_ECHO_CHAT_ORIGIN", "http://localhost"),
        ("WS_ECHO_CHAT_NO_COMPRESSION", "true"),
        ("WS_ECHO_CHAT_RECONNECT", "true"),
        ("WS_ECHO_CHAT_WAIT", "0"),
        ("WS_ECHO_CHAT_TIMEOUT", "500ms"),
        ("WS_ECHO_CHAT_VERBOSE", "true"),
        ("WS_ECHO_CHAT_JSON", "true"),
        ("NO_COLOR", "1"),
    ];
    assert_eq!(options(&[URL], &variables), every_option());
}

#[test]
fn what_is_expected_is_read_from_the_line_and_from_the_environment() {
    let expected = |once: Option<&str>, pattern: Option<&str>, ignore_greeting| Expectation {
        once: once.map(str::to_owned),
        pattern: pattern.map(|text| super::pattern(text).expect(text)),
        ignore_greeting,
    };
    for (words, variables, expectation) in [
        (
            &["--once", ""][..],
            &[][..],
            expected(Some(""), None, false),
        ),
        (
            &["--once=-a", "--expect=^b$", "--ignore-greeting"],
            &[],
            expected(Some("-a"), Some("^b$"), true),
        ),
        (
            &[],
            &[
                ("WS_ECHO_CHAT_ONCE", "a,b"),
                ("WS_ECHO_CHAT_EXPECT", "a,b"),
                ("WS_ECHO_CHAT_IGNORE_GREETING", "yes"),
            ],
            expected(Some("a,b"), Some("a,b"), true),
        ),
        // The command line decides.
        (
            &["--expect=b"],
            &[
                ("WS_ECHO_CHAT_RECONNECT", "true"),
                ("WS_ECHO_CHAT_WAIT", "1s"),
                ("WS_ECHO_CHAT_EXPECT", "("),
            ],
            expected(None, Some("b"), false),
        ),
    ] {
        let words = [words, &[URL]].concat();
        let options = options(&words, variables);
        assert_eq!(options.expectation, Some(expectation), "{words:?}");
        assert!(!options.reconnect);
    }
    let variables = [("WS_ECHO_CHAT_ONCE", "a")];
    assert_eq!(options(&["--reconnect", URL], &variables).expectation, None);
}

#[test]
fn who_waits_for_a_message_has_five_seconds_for_everything() {
    let timeout = |words: &[&str], variables: &[(&str, &str)]| {
        options(&[words, &[URL]].concat(), variables)
            .timeout
            .as_secs()
    };
    for words in [
        &["--once=a"][..],
        &["--expect=a"],
        &["--once=a", "--expect=a"],
    ] {
        assert_eq!(timeout(words, &[]), 5);
        assert_eq!(timeout(&[words, &["--timeout=9s"]].concat(), &[]), 9);
        assert_eq!(timeout(words, &[("WS_ECHO_CHAT_TIMEOUT", "8s")]), 8);
    }
    assert_eq!(timeout(&[], &[("WS_ECHO_CHAT_EXPECT", "a")]), 5);
    assert_eq!(timeout(&[], &[("WS_ECHO_CHAT_ONCE", "")]), 10);
}

#[test]
fn a_wrong_expectation_is_rejected_with_what_to_write() {
    for (words, advice) in [
        (
            &["--expect=("][..],
            "write a regular expression such as '^ready'",
        ),
        (
            &["--expect=a{1001}{1001}{1001}"],
            "write a regular expression such as",
        ),
        (&["--expect=[", "--once=a"], "such as '\\['"),
        (&["--once"], "a value is required for '--once <TEXT>'"),
        (
            &["--once=a", "--reconnect"],
            "leave out --reconnect: --once and --expect are for one connection",
        ),
        (
            &["--expect=a", "--wait=1s"],
            "write --timeout instead of --wait: with --once and --expect it bounds everything",
        ),
        (
            &["--ignore-greeting"],
            "--ignore-greeting is for --once and --expect: write one of them, or leave it out",
        ),
    ] {
        let mut words = words.to_vec();
        words.insert(0, URL);
        let message = refusal(&words);
        assert!(message.contains(advice), "{words:?}: {message}");
    }
    let variables = [("WS_ECHO_CHAT_EXPECT", "a\x1b(")];
    let message = parse(&[URL], &variables).expect_err("a wrong variable");
    assert!(message.contains("WS_ECHO_CHAT_EXPECT"), "{message}");
    assert!(!message.contains('\x1b'), "{message}");
}

#[test]
fn the_variables_of_the_server_do_not_concern_the_client() {
    let variables = [
        ("WS_ECHO_ORIGIN", "a b"),
        ("WS_ECHO_SUBPROTOCOL", "*"),
        ("WS_ECHO_TIMEOUT", "soon"),
        ("WS_ECHO_PORT", "http"),
        ("PORT", "http"),
    ];
    assert_eq!(options(&[URL], &variables), options(&[URL], &[]));
}

#[test]
fn a_name_and_a_password_of_the_url_exclude_the_header_that_they_are() {
    let url = "ws://user:secret@127.0.0.1:3000/";
    options(&["--header=X-Authorization: a", url], &[]);
    for header in [
        "--header=Authorization: Bearer 1",
        "--header=authorization: Basic dTpw",
    ] {
        options(&[header, URL], &[]);
        let message = refusal(&[header, url]);
        let expected = "the name and the password of the URL are the header Authorization: leave \
                        them out, or leave out that --header";
        assert!(message.starts_with(expected), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn a_header_that_could_break_the_request_is_rejected() {
    for (header, advice) in [
        ("X-A", "a name, a colon and a value"),
        (": b", "write a name of letters"),
        ("X A: b", "write a name of letters"),
        ("X-A : b", "write a name of letters"),
        ("X-Ä: b", "write a name of letters"),
        ("X-A: b\r\nX-C: d", "without line breaks"),
        ("X-A: b\nc", "without line breaks"),
        ("X-A: \u{7f}", "without line breaks"),
        ("X-A: \0", "without line breaks"),
    ] {
        let message = refusal(&["--header", header, URL]);
        assert!(message.contains(advice), "{header:?}: {message}");
    }
}

#[test]
fn a_header_that_the_handshake_sends_is_rejected_with_what_to_write() {
    for (header, advice) in [
        ("Origin: http://a", "write it as --origin"),
        ("sec-websocket-protocol: a", "write it as --subprotocol"),
        ("HOST: a", "write the host in the URL"),
        ("Upgrade: a", "leave it out"),
        ("connection: close", "leave it out"),
        ("Sec-WebSocket-Key: a", "leave it out"),
        ("Sec-WebSocket-Extensions: a", "leave it out"),
        ("Content-Length: 3", "there is no content"),
        ("Transfer-Encoding: chunked", "there is no content"),
    ] {
        let message = refusal(&["--header", header, URL]);
        assert!(message.contains("the handshake itself sends"), "{message}");
        assert!(message.contains(advice), "{header:?}: {message}");
    }
}

#[test]
fn other_mistakes_are_rejected_with_what_to_write() {
    for (words, advice) in [
        (&["https://a"][..], "wss://a"),
        (&["--origin=a b", URL], "such as http://localhost:8080"),
        (&["--origin=", URL], "such as http://localhost:8080"),
        (&["--subprotocol=a b", URL], "such as chat.v1"),
        (&["--timeout=0", URL], "write at least 1ms"),
        (&["--wait=soon", URL], "such as 500ms"),
        (&[], "<URL>"),
    ] {
        let message = refusal(words);
        assert!(message.contains(advice), "{words:?}: {message}");
    }
}

#[test]
fn certificates_to_trust_are_accepted_only_with_tls() {
    let trust = |words: &[&str], variables| options(words, variables).trust;
    assert_eq!(trust(&[SECURE_URL], &[]), Trust::System);
    assert_eq!(trust(&[SECURE_URL, "--insecure"], &[]), Trust::Anyone);
    let variables = [("WS_ECHO_CHAT_INSECURE", "true")];
    assert_eq!(trust(&[SECURE_URL], &variables), Trust::Anyone);
    let message = refusal(&["--insecure", URL]);
    assert!(
        message.starts_with(
            "--ca and --insecure are for TLS only: write wss://127.0.0.1:3000/ if the server \
             supports it, or leave out both flags and their variables"
        ),
        "{message}"
    );
}

#[test]
fn a_file_without_authorities_is_rejected() {
    let file = |name: &str, content: &str| {
        let path = std::env::temp_dir().join(format!("ws-echo-{}-{name}", std::process::id()));
        fs::write(&path, content).expect("a temporary file");
        path
    };
    let begin = "-----BEGIN CERTIFICATE-----";
    let end = "-----END CERTIFICATE-----";
    for (name, content, expected) in [
        ("empty", String::new(), "the file has no certificate"),
        ("text", "nothing".into(), "the file has no certificate"),
        ("cut", format!("{begin}\n"), "the file is not valid PEM"),
        (
            "wrong",
            format!("{begin}\n!\n{end}\n"),
            "the file is not valid PEM",
        ),
        (
            "other",
            format!("{begin}\nAAAA\n{end}\n"),
            "certificate 1 of the file cannot be read",
        ),
    ] {
        let path = file(name, &content);
        let shown = path.to_str().expect("a name of UTF-8");
        let message = refusal(&["--ca", shown, SECURE_URL]);
        fs::remove_file(&path).expect("it is there");
        let start = format!("invalid value '{shown}' for '--ca <FILE>': {expected}");
        assert!(message.starts_with(&start), "{message}");
        let message = refusal(&["--ca", shown, SECURE_URL]);
        assert!(message.contains("the file cannot be read: "), "{message}");
    }
}

#[test]
fn help_has_variables_exit_statuses_and_examples() {
    let text = parse(&["--help"], &[]).expect_err("a text to print");
    for expected in [
        "0 ",
        "Usage: ws-echo chat [OPTIONS] <URL>",
        "WS_ECHO_CHAT_TIMEOUT",
        "Examples:",
        "Exit status:",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}
