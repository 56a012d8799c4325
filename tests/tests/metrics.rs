//! Metrics and the list of connections: compared with what scripted clients did, read by
//! Prometheus' own client, and as the guide describes them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ws_echo_tests::admin;
use ws_echo_tests::http_answer::{Answer, plain};
use ws_echo_tests::peers::python_command_with;
use ws_echo_tests::programs::PROMTOOL;
use ws_echo_tests::scripted_client::{Client, WELCOME, request};
use ws_echo_tests::server::PATIENCE;
use ws_echo_tests::tls::certificate::CertificateFiles;
use ws_echo_tests::tls::client::{TlsClient, VERSIONS, trusting};
use ws_echo_tests::wire::{
    BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, PONG, TEXT, masked, masked_close,
};

const GUIDE: &str = include_str!("../../host/docs/monitoring.md");

/// The values of samples, by their names with labels.
type Samples = BTreeMap<String, f64>;

fn scrape(admin: SocketAddr) -> String {
    let answer = Answer::at(admin, plain("GET", "/metrics"));
    assert_eq!(answer.status(), "200", "{answer:?}");
    let content_type = answer.header("Content-Type");
    assert_eq!(
        content_type,
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    answer.content
}

fn samples(admin: SocketAddr) -> Samples {
    let text = scrape(admin);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let parts = lines.map(|line| line.rsplit_once(' ').expect("a name and a value"));
    parts
        .map(|(name, value)| (name.to_owned(), value.parse().expect("a number")))
        .collect()
}

/// What has changed, except what no client decides.
fn changes(before: &Samples, after: &Samples) -> Samples {
    let varies = |name: &str| {
        ["process_", "ws_echo_buffer_bytes"]
            .iter()
            .any(|it| name.starts_with(it))
            || ["_bucket", "_sum"].iter().any(|it| name.contains(it))
    };
    let changed = after.iter().filter(|(name, _)| !varies(name));
    changed
        .map(|(name, value)| (name.clone(), value - before[name]))
        .filter(|(_, change)| *change != 0.0)
        .collect()
}

/// Waits until this has changed since `before`, and nothing else.
fn expect_changes(admin: SocketAddr, before: &Samples, expected: &[(&str, u32)]) {
    let named = |(name, value): &(&str, u32)| (format!("ws_echo_{name}"), f64::from(*value));
    let expected: Samples = expected.iter().map(named).collect();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let changed = changes(before, &samples(admin));
        if changed == expected || Instant::now() > deadline {
            assert_eq!(changed, expected);
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until there are so many connections.
fn wait_for_open(admin: SocketAddr, count: u32) {
    let deadline = Instant::now() + PATIENCE;
    while samples(admin)["ws_echo_connections_open"] != f64::from(count) {
        assert!(
            Instant::now() < deadline,
            "there are not {count} connections"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn every_number_is_what_the_clients_did_and_no_other_changes() {
    let (server, admin) = admin::server(&["--threads=2", "--max-connections=3"]);
    let before = samples(admin);

    let mut client = Client::greeted(server.address);
    for frame in [
        masked(TEXT, "hello"),
        masked(BINARY, [1, 2, 3]),
        masked(TEXT & !FIN, "a"),
        masked(CONTINUATION & !FIN, "bc"),
        masked(PING, "ping"),
        masked(CONTINUATION, "d"),
        masked(PONG, ""),
        [masked(TEXT, "mixed"), masked(BINARY, "")].concat(),
    ] {
        client.send(frame);
    }
    (0..8).for_each(|_| drop(client.receive_frame().expect("an answer")));

    // One after the other: there are two more at most.
    let mut malformed = Client::connect(server.address);
    malformed.send("\r\n\n");
    malformed.receive_rest();
    drop(malformed);
    wait_for_open(admin, 1);
    let mut left = Client::connect(server.address);
    left.send("GET /");
    left.shut();
    assert!(left.receive_rest().is_empty());
    wait_for_open(admin, 1);
    let page = Answer::to(&server, plain("GET", "/"));
    assert_eq!(page.status(), "200");
    wait_for_open(admin, 1);
    let mut violating = Client::greeted(server.address);
    violating.send([TEXT, 0]);
    violating.receive_rest();
    drop(violating);
    wait_for_open(admin, 1);
    let mut ended = Client::greeted(server.address);
    ended.shut();
    ended.receive_rest();
    wait_for_open(admin, 1);

    let mut others = [(); 2].map(|()| Client::greeted(server.address));
    let refused = Answer::to(&server, request("/"));
    assert_eq!(refused.status(), "503");
    client.send(masked_close(1000, "bye"));
    client.receive_rest();
    for (client, close) in others
        .iter_mut()
        .zip([masked(CLOSE, ""), masked_close(4000, "")])
    {
        client.send(close);
        client.receive_rest();
    }

    let greetings = 5;
    let expected = [
        ("connections_accepted_total", 9),
        ("connections_refused_total{reason=\"max_connections\"}", 1),
        ("handshake_failures_total{reason=\"malformed_request\"}", 1),
        ("handshake_failures_total{reason=\"left\"}", 1),
        ("pages_total", 1),
        ("websockets_opened_total", 5),
        (
            "websockets_closed_total{initiator=\"client\",code=\"1000\"}",
            1,
        ),
        (
            "websockets_closed_total{initiator=\"client\",code=\"1005\"}",
            1,
        ),
        (
            "websockets_closed_total{initiator=\"client\",code=\"other\"}",
            1,
        ),
        (
            "websockets_closed_total{initiator=\"server\",code=\"1002\"}",
            1,
        ),
        (
            "websockets_closed_total{initiator=\"none\",code=\"1006\"}",
            1,
        ),
        ("websocket_duration_seconds_count", 5),
        ("messages_total{direction=\"received\"}", 5),
        ("messages_total{direction=\"sent\"}", 5 + greetings),
        ("message_bytes_total{direction=\"received\"}", 17),
        (
            "message_bytes_total{direction=\"sent\"}",
            17 + greetings * WELCOME.len() as u32,
        ),
        ("fragments_total{direction=\"received\"}", 2),
        ("fragments_total{direction=\"sent\"}", 2),
        ("pings_total{direction=\"received\"}", 1),
        ("pongs_total{direction=\"received\"}", 1),
        ("pongs_total{direction=\"sent\"}", 1),
    ];
    expect_changes(admin, &before, &expected);
}

#[test]
fn what_is_there_now_is_told_while_it_is_there() {
    let (server, admin) = admin::server(&["--max-connections=10"]);
    let before = samples(admin);
    assert_eq!(before["ws_echo_connections_limit"], 10.0);
    assert!(before["ws_echo_buffer_limit_bytes"] > 0.0);
    let _open = Client::greeted(server.address);
    let begun = Client::connect(server.address);
    let opened = [
        ("connections_open", 2),
        ("connections_accepted_total", 2),
        ("websockets_open", 1),
        ("websockets_opened_total", 1),
        ("messages_total{direction=\"sent\"}", 1),
        (
            "message_bytes_total{direction=\"sent\"}",
            WELCOME.len() as u32,
        ),
    ];
    expect_changes(admin, &before, &opened);
    assert!(samples(admin)["ws_echo_buffer_bytes"] > 0.0, "of a request");
    drop(begun);
    let left = ("handshake_failures_total{reason=\"left\"}", 1);
    let mut expected = opened.to_vec();
    expected[0].1 = 1;
    expected.push(left);
    expect_changes(admin, &before, &expected);
}

#[test]
fn a_ping_and_its_answer_are_counted_and_timed() {
    let (server, admin) = admin::server(&["--ping-interval=1s", "--no-welcome"]);
    let mut client = Client::open(server.address);
    assert_eq!(client.receive_frame(), Some(Frame::new(PING, "")));
    assert_eq!(samples(admin)["ws_echo_ping_round_trip_seconds_count"], 0.0);
    client.send(masked(PONG, ""));
    let deadline = Instant::now() + PATIENCE;
    let counted = loop {
        let counted = samples(admin);
        if counted["ws_echo_pongs_total{direction=\"received\"}"] == 1.0 {
            break counted;
        }
        assert!(Instant::now() < deadline, "no Pong is counted");
    };
    assert!(counted["ws_echo_pings_total{direction=\"sent\"}"] >= 1.0);
    assert_eq!(counted["ws_echo_ping_round_trip_seconds_count"], 1.0);
    let all = counted["ws_echo_ping_round_trip_seconds_bucket{le=\"+Inf\"}"];
    assert_eq!(all, 1.0);
}

#[test]
fn tls_handshakes_are_counted_and_those_that_are_resumed_apart() {
    let files = CertificateFiles::make("metrics");
    let flags = [&files.flags()[..], &["--no-welcome"]].concat();
    let (server, admin) = admin::server(&flags);
    let before = samples(admin);
    for version in VERSIONS {
        let config = trusting(&files.certificate, version);
        for _ in 0..2 {
            let mut client = TlsClient::connect(server.address, config.clone());
            client.send(request("/"));
            client.expect_head();
            client.send(masked(TEXT, "x"));
            // The tickets have arrived before the echo.
            assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "x")));
            client.send(masked(CLOSE, ""));
            while client.receive_frame().is_some() {}
        }
    }
    let mut plain = Client::connect(server.address);
    plain.send(request("/"));
    plain.receive_rest();
    let mut broken = Client::connect(server.address);
    broken.send(b"\x16\x03\x01\0\x05hello");
    broken.receive_rest();
    let expected = [
        ("tls_handshakes_total{version=\"1.2\",resumed=\"no\"}", 1),
        ("tls_handshakes_total{version=\"1.2\",resumed=\"yes\"}", 1),
        ("tls_handshakes_total{version=\"1.3\",resumed=\"no\"}", 1),
        ("tls_handshakes_total{version=\"1.3\",resumed=\"yes\"}", 1),
        ("handshake_failures_total{reason=\"wrong_protocol\"}", 1),
        ("handshake_failures_total{reason=\"tls\"}", 1),
        ("connections_accepted_total", 6),
        ("websockets_opened_total", 4),
        (
            "websockets_closed_total{initiator=\"client\",code=\"1005\"}",
            4,
        ),
        ("websocket_duration_seconds_count", 4),
        ("messages_total{direction=\"received\"}", 4),
        ("messages_total{direction=\"sent\"}", 4),
        ("message_bytes_total{direction=\"received\"}", 4),
        ("message_bytes_total{direction=\"sent\"}", 4),
    ];
    expect_changes(admin, &before, &expected);
}

#[test]
fn connections_of_proxies_count_until_they_have_said_whose_they_are() {
    let arguments = ["--proxy-protocol", "--trust-proxy=127.0.0.1"];
    let (server, admin) = admin::server(&arguments);
    let before = samples(admin);
    let mut wrong = Client::connect(server.address);
    wrong.send(request("/"));
    assert!(wrong.receive_rest().is_empty());
    let waiting = Client::connect(server.address);
    let waits = [
        ("connections_open", 1),
        ("connections_accepted_total", 1),
        ("handshake_failures_total{reason=\"proxy\"}", 1),
    ];
    expect_changes(admin, &before, &waits);
    drop(waiting);
    let left = [
        ("connections_accepted_total", 2),
        ("handshake_failures_total{reason=\"proxy\"}", 1),
        ("handshake_failures_total{reason=\"left\"}", 1),
    ];
    expect_changes(admin, &before, &left);
}

#[test]
fn health_checks_where_clients_connect_are_counted() {
    let (server, admin) = admin::server(&["--health-path=/healthz"]);
    let before = samples(admin);
    let answer = Answer::to(&server, plain("GET", "/healthz"));
    assert_eq!(answer.status(), "200");
    let expected = [
        ("connections_accepted_total", 1),
        ("health_checks_total", 1),
    ];
    expect_changes(admin, &before, &expected);
}

/// What a program prints that is told the metrics.
fn output_of(program: &mut Command, metrics: &str) -> Output {
    program.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut program = program.spawn().expect("it can be started");
    let mut stdin = program.stdin.take().expect("it is piped");
    stdin.write_all(metrics.as_bytes()).expect("it reads");
    drop(stdin);
    program.wait_with_output().expect("it ends")
}

#[test]
fn prometheus_reads_every_metric_and_its_type() {
    let (_server, admin) = admin::server(&[]);
    let none: [&str; 0] = [];
    let Some(mut reader) = python_command_with("prometheus_client", "metrics_reader.py", &none)
    else {
        return;
    };
    let text = scrape(admin);
    let output = output_of(&mut reader, &text);
    assert!(output.status.success(), "{text}");
    let families: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let families = families.as_object().expect("families");
    let types = text.lines().filter(|line| line.starts_with("# TYPE "));
    assert_eq!(types.count(), families.len());
    let type_of = |name: &str| families[name]["type"].as_str();
    assert_eq!(type_of("ws_echo_messages"), Some("counter"));
    assert_eq!(type_of("ws_echo_connections_open"), Some("gauge"));
    let histogram = "ws_echo_websocket_duration_seconds";
    assert_eq!(type_of(histogram), Some("histogram"));
    let read: usize = families
        .values()
        .map(|family| family["samples"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(read, samples(admin).len());
}

#[test]
fn promtool_has_nothing_to_say_of_the_metrics() {
    if !PROMTOOL.is_there(&["--version"]) {
        return;
    }
    let (server, admin) = admin::server(&[]);
    drop(Client::open(server.address));
    let mut promtool = PROMTOOL.command();
    promtool.args(["check", "metrics"]).stderr(Stdio::piped());
    let output = output_of(&mut promtool, &scrape(admin));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_guide_lists_every_metric_and_every_label() {
    let (_server, admin) = admin::server(&["--max-connections=1"]);
    let told = scrape(admin);
    let types = told.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names: BTreeSet<_> = types.filter_map(|it| it.split(' ').next()).collect();
    let rows = GUIDE.lines().filter(|line| line.starts_with("| `"));
    let rows: BTreeMap<_, _> = rows
        .filter_map(|row| row["| `".len()..].split_once('`'))
        .filter(|(name, _)| name.starts_with("ws_echo_") || name.starts_with("process_"))
        .collect();
    let listed: BTreeSet<_> = rows.keys().copied().collect();
    assert_eq!(listed, names);
    for line in told.lines().filter(|line| !line.starts_with('#')) {
        let (name, rest) = line.split_once(['{', ' ']).expect("a name");
        let name = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix).filter(|it| rows.contains_key(it)))
            .unwrap_or(name);
        let labels = rest.rsplit_once('}').map_or("", |(labels, _)| labels);
        let labels = labels.split("\",").filter_map(|it| it.split_once("=\""));
        for (label, value) in labels.filter(|(label, _)| !["le", "version"].contains(label)) {
            let value = value.trim_end_matches('"');
            let row = rows[name];
            assert!(row.contains(&format!("`{label}`")), "{name}: {label}");
            let is_code = label == "code" && value != "other";
            // The reasons of failures have a table of their own.
            let has_row = GUIDE.contains(&format!("\n| `{value}` |"));
            let is_listed = is_code || has_row || row.contains(&format!("`{value}`"));
            assert!(is_listed, "{name}: {value}");
        }
    }
}

#[test]
fn connections_are_listed_with_what_hostile_clients_say() {
    let (server, admin) = admin::server(&["--no-welcome", "--threads=2"]);
    let target = "/a?\"'<script>%00\\";
    let mut client = Client::open_at(server.address, target);
    client.send(masked(TEXT, "hi"));
    client.receive_frame();
    let silent = Client::connect(server.address);
    let deadline = Instant::now() + PATIENCE;
    let list: serde_json::Value = loop {
        let answer = Answer::at(admin, plain("GET", "/connections"));
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        let list: serde_json::Value = serde_json::from_str(&answer.content).expect("JSON");
        if list["connections"] == 2 {
            break list;
        }
        assert!(Instant::now() < deadline, "{list}");
    };
    assert_eq!(list["silent_workers"], 0);
    let of = |address: SocketAddr| {
        let listed = list["listed"].as_array().expect("a list");
        let peer = address.to_string();
        listed
            .iter()
            .find(|it| it["peer"] == peer)
            .cloned()
            .expect("it is listed")
    };
    let open = of(client.address());
    assert_eq!(open["state"], "open");
    assert_eq!(open["path"], "/a?\"'<script>%00\\\\", "as the log shows it");
    let traffic = serde_json::json!({"messages": 1, "bytes": 2});
    assert_eq!((&open["received"], &open["sent"]), (&traffic, &traffic));
    assert!(open["age_seconds"].as_f64().is_some_and(|age| age >= 0.0));
    let begun = of(silent.address());
    let expected = serde_json::json!({"peer": silent.address().to_string(), "state": "handshake"});
    assert_eq!(begun, expected);
}
