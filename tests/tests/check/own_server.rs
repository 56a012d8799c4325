//! The server passes each case of `ws-echo check` over sockets, and keeps each SHOULD that one is
//! about: plain and over TLS, with its greeting and without.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use ws_echo_tests::server::{Server, command, run_up_to};
use ws_echo_tests::tls::certificate::{file, self_signed};

/// Long enough for all cases on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);
/// There are not fewer cases than Autobahn has.
const CASES_MIN: u64 = 517;

#[test]
fn it_passes_each_case() {
    let server = Server::start(&["--no-welcome"]);
    passes_all("plain", &server, &[]);
}

#[test]
fn it_passes_each_case_behind_its_greeting() {
    let server = Server::start(&[]);
    passes_all("greeting", &server, &[]);
}

#[test]
fn it_passes_each_case_over_tls() {
    let (server, certificate) = self_signed("check", &["--no-welcome"]);
    passes_all("tls", &server, &["--ca", text(&certificate)]);
}

#[test]
fn it_passes_each_case_over_tls_behind_its_greeting() {
    let (server, certificate) = self_signed("check-greeting", &[]);
    passes_all("tls-greeting", &server, &["--ca", text(&certificate)]);
}

/// Plays all cases. None may fail, and none may be not strict.
fn passes_all(name: &str, server: &Server, flags: &[&str]) {
    let results = file(&format!("check-{name}.json"));
    let url = server.url("/");
    let arguments = ["check", &url, "--json", text(&results)];
    let mut check = command([&arguments, flags].concat());
    let (status, stdout, stderr) = run_up_to(PATIENCE, &mut check).expect("the binary starts");
    assert!(status.success(), "{stdout}\n{stderr}");
    let written = std::fs::read_to_string(&results).expect("the results are written");
    let json: Value = serde_json::from_str(&written).expect("they are JSON");
    let counts = &json["reports"][0]["counts"];
    assert_eq!(counts["not_strict"], 0, "{stdout}");
    assert_eq!(counts["failed"], 0, "{stdout}");
    let passed = counts["passed"].as_u64();
    assert!(passed >= Some(CASES_MIN), "{counts}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours")
}
