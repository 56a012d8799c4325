//! Command lines of `bench` and environments in, options or messages out.

use super::super::{Command, parse_from};
use super::*;

const URL: &str = "ws://127.0.0.1:3000/";

fn parse(line: &str, variables: &[(&str, &str)]) -> Result<BenchOptions, String> {
    let environment = variables.iter().copied().collect();
    let arguments = ["bench"].into_iter().chain(line.split_whitespace());
    match parse_from(arguments, &environment) {
        Ok(Command::Bench(options)) => Ok(options),
        Ok(other) => Err(format!("another command: {other:?}")),
        Err(error) => Err(format!("{} {}", error.exit_code(), error.render())),
    }
}

fn options(line: &str, variables: &[(&str, &str)]) -> BenchOptions {
    parse(line, variables).unwrap_or_else(|message| panic!("{message}"))
}

/// Returns the message of a wrong command line, which always ends the process with status 2.
fn refusal(line: &str, variables: &[(&str, &str)]) -> String {
    let message = parse(line, variables).expect_err("a wrong command line");
    message.strip_prefix("2 error: ").expect(&message).into()
}

fn every_option() -> BenchOptions {
    BenchOptions {
        url: url::url(URL).expect("a URL"),
        connections: 64,
        size: 1024,
        payload: PayloadKind::Chinese,
        in_flight: Some(16),
        rate: Some(0.5),
        amount: Amount::Messages(7),
        warm_up: Duration::ZERO,
        timeout: Duration::from_millis(500),
        echo: Echo::Bytes,
        compression: None,
        process: None,
        json: true,
    }
}

#[test]
fn a_url_alone_gives_the_defaults() {
    let expected = BenchOptions {
        connections: 1,
        size: 16,
        payload: PayloadKind::Binary,
        in_flight: Some(1),
        rate: None,
        amount: Amount::For(Duration::from_secs(10)),
        warm_up: Duration::from_secs(1),
        timeout: Duration::from_secs(10),
        echo: Echo::Messages,
        json: false,
        ..every_option()
    };
    assert_eq!(options(URL, &[]), expected);
}

#[test]
fn every_option_is_read_from_the_line_and_from_the_environment() {
    let line = format!(
        "--connections 64 --size 1KiB --text=chinese --in-flight 16 --rate 0.5 --messages 7 \
         --warm-up 0 --timeout 500ms --masked-echo --json {URL}"
    );
    assert_eq!(options(&line, &[]), every_option());
    let variables = [
        ("WS_ECHO_BENCH_CONNECTIONS", "64"),
        ("WS_ECHO_BENCH_SIZE", "1KiB"),
        ("WS_ECHO_BENCH_TEXT", "chinese"),
        ("WS_ECHO_BENCH_IN_FLIGHT", "16"),
        ("WS_ECHO_BENCH_RATE", "0.5"),
        ("WS_ECHO_BENCH_MESSAGES", "7"),
        ("WS_ECHO_BENCH_WARM_UP", "0"),
        ("WS_ECHO_BENCH_TIMEOUT", "500ms"),
        ("WS_ECHO_BENCH_MASKED_ECHO", "true"),
        ("WS_ECHO_BENCH_JSON", "true"),
        ("WS_ECHO_BENCH_PID", ""),
    ];
    assert_eq!(options(URL, &variables), every_option());
    let mut shorter = every_option();
    shorter.size = 3;
    assert_eq!(options(&format!("{URL} --size 3"), &variables), shorter);
}

#[test]
fn the_variables_of_the_server_do_not_concern_the_client() {
    let variables = [("WS_ECHO_TIMEOUT", "soon"), ("PORT", "http")];
    assert_eq!(options(URL, &variables), options(URL, &[]));
}

#[test]
fn text_without_a_value_is_ascii_and_does_not_take_the_next_argument() {
    let payload = |line: &str| options(&format!("{line} {URL}"), &[]).payload;
    assert_eq!(payload("--text"), PayloadKind::Ascii);
    assert_eq!(payload("--text=ascii"), PayloadKind::Ascii);
    assert_eq!(payload(""), PayloadKind::Binary);
    assert!(
        refusal(&format!("--text=latin {URL}"), &[]).contains("[possible values: ascii, chinese]")
    );
}

#[test]
fn a_payload_is_named_by_its_kind_and_not_in_two_ways() {
    let payload = |line: &str| options(&format!("{line} {URL}"), &[]).payload;
    assert_eq!(payload("--payload binary"), PayloadKind::Binary);
    assert_eq!(payload("--payload ascii"), PayloadKind::Ascii);
    assert_eq!(payload("--payload chinese"), PayloadKind::Chinese);
    assert_eq!(payload("--payload json"), PayloadKind::Json);
    let message = refusal(&format!("--payload json --text {URL}"), &[]);
    assert!(message.contains("cannot be used with"), "{message}");
    let variable = [("WS_ECHO_BENCH_PAYLOAD", "json")];
    assert_eq!(options(URL, &variable).payload, PayloadKind::Json);
    assert_eq!(
        options(&format!("--text {URL}"), &variable).payload,
        PayloadKind::Ascii
    );
}

#[test]
fn compression_keeps_no_window_unless_it_is_asked_for() {
    let compression = |line: &str| options(&format!("{line} {URL}"), &[]).compression;
    assert_eq!(compression(""), None);
    assert_eq!(compression("--compression"), Some(Compression::Fresh));
    assert_eq!(compression("--compression=fresh"), Some(Compression::Fresh));
    assert_eq!(
        compression("--compression=window"),
        Some(Compression::Window)
    );
    let message = refusal(&format!("--compression --masked-echo {URL}"), &[]);
    assert!(message.contains("cannot be used with"), "{message}");
    let variable = [("WS_ECHO_BENCH_COMPRESSION", "window")];
    assert_eq!(
        options(URL, &variable).compression,
        Some(Compression::Window)
    );
}

#[test]
fn with_a_rate_any_number_may_be_in_flight_by_default() {
    let in_flight = |line: &str| options(&format!("{line} {URL}"), &[]).in_flight;
    assert_eq!(in_flight("--rate 10"), None);
    assert_eq!(in_flight("--rate 10 --in-flight 3"), Some(3));
    assert_eq!(in_flight("--in-flight 3"), Some(3));
}

#[test]
fn a_duration_and_a_number_of_messages_exclude_each_other() {
    let message = refusal(&format!("--duration 1s --messages 1 {URL}"), &[]);
    assert!(message.starts_with("the argument '--duration <DURATION>' cannot be used with"));
    let both = [
        ("WS_ECHO_BENCH_DURATION", "1s"),
        ("WS_ECHO_BENCH_MESSAGES", "1"),
    ];
    let message = refusal(URL, &both);
    assert!(message.starts_with("the argument 'WS_ECHO_BENCH_DURATION' cannot be used with"));
    let amount = options(&format!("--messages 3 {URL}"), &both[..1]).amount;
    assert_eq!(amount, Amount::Messages(3));
    let amount = options(&format!("--duration 3s {URL}"), &both[1..]).amount;
    assert_eq!(amount, Amount::For(Duration::from_secs(3)));
}

#[test]
fn a_url_is_needed_and_checked() {
    assert!(refusal("", &[]).contains("<URL>"));
    assert!(refusal("--json", &[("WS_ECHO_BENCH_SIZE", "3")]).contains("<URL>"));
    assert!(refusal("wss://a", &[]).contains("bench does not speak TLS: write ws://a"));
    let message = refusal(URL, &[("WS_ECHO_BENCH_SIZE", "65MiB")]);
    assert!(
        message.contains("'65MiB' for 'WS_ECHO_BENCH_SIZE': write at most 64MiB"),
        "{message}"
    );
}

#[test]
fn a_process_is_the_id_of_one_that_exists() {
    for text in ["0", "-1", "x", "4294967295"] {
        let message = refusal(&format!("--pid={text} {URL}"), &[]);
        assert!(message.contains("--pid"), "{message}");
    }
    let own = std::process::id();
    let parsed = parse(&format!("--pid {own} {URL}"), &[]);
    assert_eq!(parsed.is_ok(), cfg!(target_os = "linux"));
}

#[test]
fn help_has_variables_and_examples() {
    let text = parse("--help", &[]).expect_err("a text to print");
    for expected in [
        "0 ",
        "Usage: ws-echo bench [OPTIONS] <URL>",
        "WS_ECHO_BENCH_IN_FLIGHT",
        "Examples:",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}
