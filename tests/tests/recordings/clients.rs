//! What is recorded of real clients, and of such that cut, stop and lie.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use ws_echo_tests::peers;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::tls::certificate::file;
use ws_echo_tests::tls::client::{TlsClient, VERSIONS, trusting};
use ws_echo_tests::wire::{BINARY, CLOSE, CONTINUATION, FIN, PING, TEXT, masked, masked_close};

use super::{ended, files, folder, in_short, lines, only, recording_server};

/// The messages of a side: type, payload, and whether they are compressed.
fn messages(lines: &[Value], side: &str) -> Vec<(Value, Vec<u8>, bool)> {
    let mine = lines
        .iter()
        .filter(|it| it["type"] == "message" && it["from"] == side);
    let message = |line: &Value| {
        let payload = match (line["text"].as_str(), line["base64"].as_str()) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(base64)) => BASE64_STANDARD.decode(base64).expect("base64"),
            other => panic!("{other:?}"),
        };
        let is_compressed = line["compressed"] == true;
        (line["kind"].clone(), payload, is_compressed)
    };
    mine.map(message).collect()
}

/// Asserts that each whole message of the client is followed by its echo.
fn expect_echoes(lines: &[Value]) -> usize {
    let (sent, received) = (messages(lines, "client"), messages(lines, "server"));
    assert_eq!(lines[0]["type"], "request");
    if lines.get(1).is_none_or(|line| line["status"] != 101) {
        return 0;
    }
    let echoed = received.get(1..).unwrap_or_default();
    // A session may end before the last ones are echoed.
    assert!(sent.starts_with(echoed), "{:?}", in_short(lines));
    echoed.len()
}

#[test]
fn the_echoes_that_python_websockets_gets_are_recorded_with_what_it_sends() {
    for offer in [None, Some("kept"), Some("9-bits-fresh")] {
        let name = format!("python-{}", offer.unwrap_or("plain"));
        let folder = folder(&name);
        let record = [
            "--record-max-size=1GiB",
            "--deflate=window",
            "--log-level=trace",
        ];
        let server = recording_server(&folder, &record);
        let url = server.url("/");
        let command = match offer {
            None => peers::python_websockets_command(&url),
            Some(offer) => peers::python_websockets_with(&url, offer),
        };
        let Some(mut command) = command else {
            return;
        };
        peers::expect_ok(&mut command);
        let recordings = ended(&folder, 1);
        // Some sessions send more than a busy machine writes in time: the rest of those is missing.
        let whole_part = |lines: &Vec<Value>| {
            let is_there = |line: &&Value| line["type"] != "missing";
            let lines: Vec<_> = lines.iter().take_while(is_there).cloned().collect();
            expect_echoes(&lines)
        };
        let echoes: usize = recordings.iter().map(whole_part).sum();
        assert!(echoes > 0, "nothing was recorded");
        let all: Vec<_> = recordings.concat();
        assert!(all.iter().all(|line| line["type"] != "invalid"), "{name}");
        let is_compressed = |line: &&Value| line["compressed"] == true;
        assert_eq!(all.iter().any(|it| is_compressed(&it)), offer.is_some());
    }
}

/// Messages, fragments and control frames, and what is recorded of them.
fn session() -> (Vec<u8>, Vec<&'static str>) {
    let sent = [
        masked(TEXT, "hello"),
        masked(BINARY & !FIN, [0]),
        masked(PING, "between"),
        masked(CONTINUATION, [1]),
        masked_close(4000, "bye"),
    ];
    let recorded = vec![
        "message client text hello",
        "ping client YmV0d2Vlbg==",
        "message client binary AAE=",
        "close client 4000 bye",
    ];
    (sent.concat(), recorded)
}

#[test]
fn what_is_recorded_does_not_depend_on_how_it_is_cut() {
    let (sent, recorded) = session();
    for piece_len in [1, 2, 3, 7, 20, usize::MAX] {
        let folder = folder(&format!("cut-{piece_len}"));
        let server = recording_server(&folder, &["--no-welcome"]);
        let mut client = Client::open(server.address);
        for piece in sent.chunks(piece_len) {
            client.send(piece);
        }
        while client.receive_frame().is_some() {}
        client.shut();
        let lines = only(&folder);
        let short = in_short(&lines);
        assert_eq!(short[..2], ["request", "response 101"]);
        let of = |side: &str| {
            let mine = short.iter().filter(|it| it.contains(&format!(" {side} ")));
            mine.cloned().collect::<Vec<_>>()
        };
        assert_eq!(of("client"), recorded);
        let answers = [
            "message server text hello",
            "pong server YmV0d2Vlbg==",
            "message server binary AAE=",
            "close server 4000",
            "end server end of stream",
        ];
        assert_eq!(of("server"), answers, "{piece_len} bytes at a time");
        let times: Vec<_> = lines[1..]
            .iter()
            .map(|line| line["after"].as_f64())
            .collect();
        assert!(
            times.is_sorted() && times.iter().all(Option::is_some),
            "{times:?}"
        );
        let address = client.address().to_string();
        assert_eq!(lines[0]["peer"], address);
        assert_eq!(lines[0]["local"], server.address.to_string());
        assert_eq!(
            lines[0]["headers"][0],
            serde_json::json!(["Host", "localhost"])
        );
    }
}

#[test]
fn with_tls_what_was_decrypted_is_recorded() {
    let folder = folder("tls");
    let certificate = file("recordings.pem");
    let path = certificate.to_str().expect("UTF-8");
    let tls = [
        "--tls-self-signed",
        "--tls-write-cert",
        path,
        "--log-level=trace",
    ];
    let server = recording_server(&folder, &tls);
    let (sent, recorded) = session();
    for version in VERSIONS {
        let config = trusting(&certificate, version);
        let mut client = TlsClient::greeted(server.address, config);
        client.send(&sent);
        while client.receive_frame().is_some_and(|it| it.first != CLOSE) {}
    }
    for lines in ended(&folder, VERSIONS.len()) {
        let short = in_short(&lines);
        assert!(
            recorded
                .iter()
                .all(|it| short.iter().any(|line| line == it)),
            "{short:?}"
        );
        assert!(
            short.iter().all(|line| !line.starts_with("invalid")),
            "{short:?}"
        );
    }
    server.logged("received 127.0.0.1");
    server.logged("ping, FIN, 7 bytes: between");
}

#[test]
fn a_connection_that_is_recorded_reports_its_request_as_any_other() {
    let folder = folder("report");
    let certificate = file("recordings-report.pem");
    let path = certificate.to_str().expect("UTF-8");
    let tls = [
        "--tls-self-signed",
        "--tls-write-cert",
        path,
        "--welcome-request",
    ];
    let server = recording_server(&folder, &tls);
    for version in VERSIONS {
        let mut client = TlsClient::connect(server.address, trusting(&certificate, version));
        client.send(request("/"));
        client.expect_head();
        let greeting = client.receive_frame().expect("a greeting").payload;
        let report: Value = serde_json::from_slice(&greeting).expect("JSON");
        assert_eq!(report["local"], server.address.to_string());
        assert_eq!(report["tls"]["server_name"], "localhost", "{report}");
    }
}

#[test]
fn pages_refusals_and_garbage_are_recorded_as_what_they_are() {
    let folder = folder("others");
    let server = recording_server(&folder, &["--path=/echo"]);
    let bad = request("/echo").replace("Version: 13", "Version: 7");
    let not_found = request("/other");
    for (count, (sent, expected)) in [
        (
            &b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            &["request", "response 200"][..],
        ),
        (bad.as_bytes(), &["request", "response 426"]),
        (not_found.as_bytes(), &["request", "response 404"]),
        (
            b"\x16\x03\x01\x00\x05hello",
            &["request", "invalid client a request that is not complete"],
        ),
        (
            b"\r\nGET\n\n\x00\xFF",
            &["request", "invalid client a request that is not complete"],
        ),
        (
            &b"GET ".repeat(10_000),
            &["request", "invalid client a head longer than 16 KiB"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut client = Client::connect(server.address);
        client.try_send(sent);
        client.receive_rest();
        drop(client);
        let recordings = ended(&folder, count + 1);
        let short = in_short(recordings.last().expect("a recording"));
        assert_eq!(short[..expected.len()], *expected, "{short:?}");
        assert!(short.last().expect("a line").starts_with("end "));
    }
    // A connection on which nothing travels makes no file.
    drop(Client::connect(server.address));
    assert_eq!(files(&folder).len(), 6);
}

#[test]
fn what_a_client_may_not_send_is_recorded_with_what_the_server_answers() {
    let folder = folder("wrong");
    let server = recording_server(&folder, &["--no-welcome"]);
    let mut unmasked = Client::open(server.address);
    unmasked.send(b"\x81\x05hello");
    unmasked.receive_rest();
    drop(unmasked);
    let short = in_short(&only(&folder));
    assert_eq!(short[2], "invalid client aGVsbG8= no masking key");
    assert!(short[3].starts_with("close server 1002"), "{short:?}");
}

#[test]
fn the_recording_of_a_server_that_is_killed_can_be_read() {
    let folder = folder("killed");
    let mut server = recording_server(&folder, &["--no-welcome"]);
    let mut client = Client::open(server.address);
    for number in 0..100 {
        client.send(masked(TEXT, number.to_string()));
        assert_eq!(
            client.receive_frame().expect("an echo").payload,
            number.to_string().as_bytes()
        );
    }
    let [recording] = &files(&folder)[..] else {
        panic!("one recording");
    };
    // The last echo may not be written yet.
    while messages(&lines(recording), "server").len() < 100 {}
    server.signal("KILL");
    server.wait();
    let lines = lines(recording);
    assert_eq!(messages(&lines, "client").len(), 100);
    assert_eq!(expect_echoes_without_greeting(&lines), 100);
    assert!(lines.iter().all(|line| line["type"] != "end"));
}

/// How many echoes there are, each of which is its message.
fn expect_echoes_without_greeting(lines: &[Value]) -> usize {
    let (sent, echoed) = (messages(lines, "client"), messages(lines, "server"));
    assert!(sent.starts_with(&echoed));
    echoed.len()
}
