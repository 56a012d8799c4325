//! `ws-echo check --listen`: clients under test connect as to Autobahn's fuzzing server.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;

use ws_echo_tests::scripted_client::{Client, End, request, request_with};
use ws_echo_tests::server::{Server, built, command, run_up_to};
use ws_echo_tests::wire::{CLOSE, Frame, PING, PONG, TEXT, masked, masked_close, masked_with};

/// A case whose answer is a Pong with nothing in it.
const PINGED: &str = "5.5.2-ping-without-payload";
/// The same by its number.
const RUN: &str = "/runCase?case=1&agent=me";
const STATUS: &str = "/getCaseStatus?case=1&agent=me";

/// A check that waits for clients, with these cases.
fn check(arguments: &[&str]) -> Server {
    let listening = ["check", "--listen", "127.0.0.1:0"].iter().chain(arguments);
    Server::spawn(command(listening).stderr(Stdio::piped()))
}

/// The exit status after a signal.
fn stopped(mut check: Server) -> Option<i32> {
    check.ask_to_stop();
    check.wait().code()
}

/// The text that is sent at a path, before a Close with 1000.
fn answer(check: &Server, path: &str) -> Option<String> {
    let mut client = Client::open_at(check.address, path);
    let frame = client.receive_frame().expect("a frame");
    let (text, close) = match frame.first {
        TEXT => {
            let text = String::from_utf8(frame.payload).expect("UTF-8");
            (Some(text), client.receive_frame().expect("a Close"))
        }
        _ => (None, frame),
    };
    assert_eq!(close, Frame::close(1000));
    client.send(masked_close(1000, ""));
    assert_eq!(client.receive_to_the_end(), (Vec::new(), End::Fin));
    text
}

/// What is said about the first case, in Autobahn's words.
fn behavior(check: &Server) -> String {
    let status = answer(check, STATUS).expect("a text");
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    status["behavior"].as_str().expect("a word").to_owned()
}

/// Runs the case of a Ping, and answers with this.
fn run_ping(check: &Server, path: &str, answer: &[u8]) {
    let mut client = Client::open_at(check.address, path);
    assert_eq!(client.receive_frame(), Some(Frame::new(PING, "")));
    client.send(answer);
    while let Some(frame) = client.receive_frame() {
        if frame.first == CLOSE {
            client.send(masked_close(1000, ""));
        }
    }
}

fn pong() -> Vec<u8> {
    masked(PONG, "")
}

#[test]
fn the_core_s_client_passes_each_case() {
    let client = built(
        &["--package=ws-echo-tests", "--example=autobahn_client"],
        "examples/autobahn_client",
    );
    // Compression in a debug build takes long, so of those cases only the short ones.
    let sections = "4 5 6 7 8 9 11 rfc9110 rfc9112".split(' ');
    let mut arguments = vec!["--strict", "--case", "rfc7692*of-16"];
    arguments.extend(sections.flat_map(|section| ["--section", section]));
    let check = check(&arguments);
    let address = check.address.to_string();
    let patience = 4 * ws_echo_tests::server::PATIENCE;
    let ran = run_up_to(patience, std::process::Command::new(client).arg(address));
    let (status, stdout, stderr) = ran.expect("the client can be started");
    assert!(status.success(), "{stdout}{stderr}");
    let log = check.log();
    assert_eq!(stopped(check), Some(0), "{log}");
}

#[test]
fn each_path_has_the_answer_of_autobahn_s_fuzzing_server() {
    let check = check(&["--case", PINGED]);
    assert_eq!(answer(&check, "/getCaseCount").as_deref(), Some("1"));
    let info = answer(&check, "/getCaseInfo?case=1").expect("a text");
    let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!(info["id"], "2.1");
    assert!(
        info["description"]
            .as_str()
            .expect("words")
            .contains("Ping")
    );
    assert_eq!(behavior(&check), "UNIMPLEMENTED");
    run_ping(&check, RUN, &pong());
    assert_eq!(behavior(&check), "OK");
    assert_eq!(answer(&check, "/updateReports?agent=me"), None);
    assert_eq!(stopped(check), Some(0));
}

#[test]
fn the_last_run_of_a_case_counts_and_a_failure_is_the_exit_status() {
    let check = check(&["--case", PINGED]);
    run_ping(&check, RUN, &masked(PONG, "other"));
    assert_eq!(behavior(&check), "FAILED");
    run_ping(&check, RUN, &pong());
    assert_eq!(behavior(&check), "OK");
    run_ping(
        &check,
        "/runCase?casetuple=2.1&agent=other",
        &masked(TEXT, "x"),
    );
    assert_eq!(behavior(&check), "OK");
    assert_eq!(stopped(check), Some(1));
}

#[test]
fn reports_are_written_when_a_client_asks_for_them() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("clients.json");
    let _ = fs::remove_file(&path);
    let check = check(&["--case", PINGED, "--json", path.to_str().expect("UTF-8")]);
    run_ping(&check, "/runCase?case=1&agent=first%20one", &pong());
    run_ping(&check, "/runCase?case=1&agent=second", &pong());
    assert_eq!(answer(&check, "/updateReports?agent=second"), None);
    let report = fs::read_to_string(&path).expect("it is written");
    assert!(
        report.contains("\"first one\"") && report.contains("\"second\""),
        "{report}"
    );
    assert_eq!(stopped(check), Some(0));
}

#[test]
fn a_client_can_end_the_check() {
    for path in [
        "/updateReports?agent=me&shutdownOnComplete=true",
        "/stopServer",
    ] {
        let mut check = check(&["--case", PINGED]);
        run_ping(&check, RUN, &pong());
        answer(&check, path);
        assert_eq!(check.wait().code(), Some(0), "{path}");
    }
}

#[test]
fn without_a_client_nothing_is_tested() {
    let check = check(&[]);
    // Whoever looks whether the port is open is no client.
    drop(Client::connect(check.address));
    assert_eq!(stopped(check), Some(4));
}

#[test]
fn a_wrong_path_is_refused_with_what_to_ask_for() {
    let check = check(&["--case", PINGED]);
    for (request, status, words) in [
        (request("/"), 404, "/getCaseCount"),
        (
            request("/runCase?case=2&agent=me"),
            400,
            "there are 1, from 1",
        ),
        (
            request("/runCase?case=0&agent=me"),
            400,
            "there are 1, from 1",
        ),
        (
            request("/runCase?case=x&agent=me"),
            400,
            "case must be a number",
        ),
        (request("/runCase?case=1"), 400, "agent is missing"),
        (request("/getCaseStatus?agent=me"), 400, "case is missing"),
        (request("/updateReports"), 400, "agent is missing"),
        (
            "GET /getCaseCount HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            426,
            "WebSocket",
        ),
    ] {
        let mut client = Client::connect(check.address);
        client.send(&request);
        let head = client.receive_head();
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}{head}"
        );
        let text = String::from_utf8(client.receive_rest()).expect("UTF-8");
        assert!(text.contains(words), "{request}{text}");
    }
}

#[test]
fn the_response_is_what_the_case_says_and_a_client_that_takes_a_wrong_one_fails() {
    let check = check(&["--case", "4.1-response-with-accept-of-another-key"]);
    // It goes on, and echoes.
    let mut client = Client::connect(check.address);
    client.send(request(RUN));
    let head = client.receive_head();
    assert!(!head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    let message = client.receive_frame().expect("a message");
    client.send(masked(TEXT, message.payload));
    client.receive_rest();
    assert_eq!(behavior(&check), "FAILED");
    // It goes away.
    let mut client = Client::connect(check.address);
    client.send(request(RUN));
    client.receive_head();
    drop(client);
    assert_eq!(behavior(&check), "OK");
    // It waits, and has to be sent away.
    let mut client = Client::connect(check.address);
    client.send(request(RUN));
    client.receive_rest();
    drop(client);
    assert_eq!(behavior(&check), "OK");
}

#[test]
fn a_client_that_keeps_its_connection_for_the_next_request_is_answered_there() {
    let check = check(&["--case", "4.1-response-without-upgrade"]);
    let mut client = Client::connect(check.address);
    client.send(request(RUN));
    client.receive_head();
    client.send(request("/getCaseCount"));
    assert!(client.receive_head().starts_with("HTTP/1.1 101 "));
    assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "1")));
    assert_eq!(behavior(&check), "NON-STRICT");
}

#[test]
fn what_is_wrong_in_a_request_fails_the_case_about_it_and_no_other() {
    for (case, request, expected) in [
        ("4.1-request-version", request(RUN), "OK"),
        (
            "4.1-request-version",
            request(RUN).replace("13\r\n", "8\r\n"),
            "FAILED",
        ),
        (
            "4.1-request-host",
            request(RUN).replace("13\r\n", "8\r\n"),
            "FAILED",
        ),
        ("4.1-request-body", request(RUN), "OK"),
        (
            "4.1-request-body",
            request(RUN).replace("\r\n\r\n", "\r\nContent-Length: 1\r\n\r\n"),
            "FAILED",
        ),
        (
            "4.1-request-lines",
            request(RUN).replace("Upgrade: ", "Upgrade : "),
            "FAILED",
        ),
        ("9.1-request-extensions", request(RUN), "OK"),
        (
            "4.1-request-key",
            request(RUN).replace("ZQ==", ""),
            "FAILED",
        ),
        ("4.1-request-key", request(RUN), "OK"),
    ] {
        let check = check(&["--case", case]);
        let mut client = Client::connect(check.address);
        client.send(&request);
        client.receive_head();
        while let Some(frame) = client.receive_frame() {
            client.send(masked(frame.first, frame.payload));
        }
        assert_eq!(behavior(&check), expected, "{case}: {request}");
    }
    let check = check(&["--case", "9.1-request-extensions"]);
    let mut client = Client::connect(check.address);
    client.send(request_with("=").replace("GET /", &format!("GET {RUN}")));
    client.receive_rest();
    assert_eq!(behavior(&check), "FAILED");
}

#[test]
fn a_client_that_does_not_wait_for_the_response_fails() {
    let check = check(&["--case", "4.1-request-waits"]);
    let mut client = Client::connect(check.address);
    client.send([request(RUN).as_bytes(), &masked(PING, "")].concat());
    client.receive_rest();
    assert_eq!(behavior(&check), "FAILED");
}

#[test]
fn frames_with_the_same_masking_key_fail() {
    let check = check(&["--case", "5.3-masking-keys-differ"]);
    let mut client = Client::open_at(check.address, RUN);
    while let Some(frame) = client.receive_frame() {
        let first = if frame.first == PING {
            PONG
        } else {
            frame.first
        };
        client.send(masked_with([1, 2, 3, 4], first, &frame.payload));
    }
    assert_eq!(behavior(&check), "FAILED");
}

#[test]
fn a_key_must_be_another_one_each_time() {
    let check = check(&["--case", "4.1-request-fresh-key"]);
    for expected in ["OK", "FAILED"] {
        let mut client = Client::open_at(check.address, RUN);
        while let Some(frame) = client.receive_frame() {
            client.send(masked(frame.first, frame.payload));
        }
        // With a key of its own, which is another one.
        let mut other = Client::connect(check.address);
        let key = format!("{expected:A<22}==");
        other.send(request(STATUS).replace("dGhlIHNhbXBsZSBub25jZQ==", &key));
        other.receive_head();
        let status = other.receive_frame().expect("a text").payload;
        let status = String::from_utf8(status).expect("UTF-8");
        assert!(status.contains(expected), "{status}");
    }
}

#[test]
fn the_code_of_a_close_does_not_count_for_the_behavior_as_autobahn_calls_it() {
    let check = check(&["--case", "4.1.1", "--strict"]);
    let mut client = Client::open_at(check.address, RUN);
    client.receive_frame();
    client.send(masked_close(1007, ""));
    client.receive_rest();
    assert_eq!(behavior(&check), "OK");
    assert_eq!(stopped(check), Some(1));
}

#[test]
fn a_client_that_never_answers_or_never_ends_has_failed_soon() {
    let check = check(&["--case", PINGED]);
    let start = Instant::now();
    let silent = Client::open_at(check.address, RUN);
    assert_eq!(behavior(&check), "FAILED");
    drop(silent);
    let mut noisy = Client::open_at(check.address, RUN);
    while noisy.try_send(masked(TEXT, [b'x'; 1000])) {}
    assert_eq!(behavior(&check), "FAILED");
    let mut garbage = Client::open_at(check.address, RUN);
    garbage.send([0xFF; 1000]);
    assert_eq!(behavior(&check), "FAILED");
    let mut half = Client::connect(check.address);
    half.send("GET /run");
    // A patience, and not a time that is measured.
    assert!(start.elapsed() < ws_echo_tests::server::PATIENCE);
    assert_eq!(stopped(check), Some(1));
}

#[test]
fn one_connection_too_many_is_refused_in_words() {
    let check = check(&["--case", PINGED]);
    let clients: Vec<Client> = (0..256).map(|_| Client::connect(check.address)).collect();
    let mut one_more = Client::connect(check.address);
    assert!(one_more.receive_head().starts_with("HTTP/1.1 503 "));
    drop(clients);
}
