//! The server passes each case of `ws-echo check` over sockets, and keeps each SHOULD that one is
//! about: plain and over TLS, with its greeting and without.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use ws_echo_tests::server::{Server, command, run_up_to};
use ws_echo_tests::tls::certificate::{file, self_signed};

/// Long enough for all cases on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);
/// There are not fewer cases than Autobahn has.
const CASES_MIN: u64 = 517;
/// Without a thousand compressed messages at a time, which are the same over TLS and behind a
/// greeting.
const WITHOUT_COMPRESSED_MESSAGES: &[&str] = &[
    "--section=1",
    "--section=4",
    "--section=5",
    "--section=6",
    "--section=7",
    "--section=8",
    "--section=9",
    "--section=10",
    "--section=rfc7692-7.1",
];
/// A check keeps the machine busy by itself.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn it_passes_each_case() {
    let counts = passes("plain", &Server::start(&["--no-welcome"]), &[]);
    let passed = counts["passed"].as_u64();
    assert!(passed >= Some(CASES_MIN), "{counts}");
}

#[test]
fn it_passes_the_cases_behind_its_greeting() {
    let server = Server::start(&[]);
    passes("greeting", &server, WITHOUT_COMPRESSED_MESSAGES);
}

#[test]
fn it_passes_the_cases_over_tls() {
    let (server, certificate) = self_signed("check", &["--no-welcome"]);
    let flags = [&["--ca", text(&certificate)], WITHOUT_COMPRESSED_MESSAGES].concat();
    passes("tls", &server, &flags);
}

#[test]
fn it_passes_the_cases_over_tls_behind_its_greeting() {
    let (server, certificate) = self_signed("check-greeting", &[]);
    let flags = [&["--ca", text(&certificate)], WITHOUT_COMPRESSED_MESSAGES].concat();
    passes("tls-greeting", &server, &flags);
}

/// Plays cases. None may fail, and none may be not strict. Returns how many have which outcome.
fn passes(name: &str, server: &Server, flags: &[&str]) -> Value {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let results = file(&format!("check-{name}.json"));
    let url = server.url("/");
    let arguments = ["check", &url, "--json", text(&results)];
    let mut check = command([&arguments, flags].concat());
    let (status, stdout, stderr) = run_up_to(PATIENCE, &mut check).expect("the binary starts");
    assert!(status.success(), "{stdout}\n{stderr}");
    let written = std::fs::read_to_string(&results).expect("the results are written");
    let json: Value = serde_json::from_str(&written).expect("they are JSON");
    let counts = json["reports"][0]["counts"].clone();
    assert_eq!(counts["not_strict"], 0, "{stdout}");
    assert_eq!(counts["failed"], 0, "{stdout}");
    counts
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours")
}
