//! The server passes each case of `ws-echo check` over sockets, and keeps each SHOULD that one is
//! about, but for some that are listed: plain and over TLS, with its greeting and without.

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
/// Without long and compressed messages, which are the same over TLS and behind a greeting.
const SHORT: &[&str] = &[
    "--section=1",
    "--section=4",
    "--section=5",
    "--section=7",
    "--section=8",
    "--section=9",
    "--section=rfc7692-7.1",
];
/// What the server does otherwise than is recommended, by the beginning of the case's id.
const NOT_STRICT: &[&str] = &[
    // What cannot be read is not agreed on, and the connection opens without it.
    "9.1-",
    // Versions of HTTP that do not exist are refused.
    "rfc9110-6.2-http-1.2",
    // A request line that is too long for the buffer is as a head that is: 431, and not 414.
    "rfc9112-3-target-of-100-kib",
    "rfc9112-3-method-of-1-kib",
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
    passes("greeting", &server, SHORT);
}

#[test]
fn it_passes_the_cases_over_tls() {
    let (server, certificate) = self_signed("check", &["--no-welcome"]);
    let flags = [&["--ca", text(&certificate)], SHORT].concat();
    passes("tls", &server, &flags);
}

#[test]
fn it_passes_the_cases_over_tls_behind_its_greeting() {
    let (server, certificate) = self_signed("check-greeting", &[]);
    let flags = [&["--ca", text(&certificate)], SHORT].concat();
    passes("tls-greeting", &server, &flags);
}

/// Plays cases. None may fail, and only those that are known may be not strict. Returns how many
/// have which outcome.
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
    let report = &json["reports"][0];
    assert_eq!(report["counts"]["failed"], 0, "{stdout}");
    let cases = report["cases"].as_array().expect("a list of cases");
    for case in cases.iter().filter(|case| case["outcome"] == "not_strict") {
        let id = case["id"].as_str().expect("an id");
        let is_known = NOT_STRICT.iter().any(|known| id.starts_with(known));
        assert!(is_known, "{id} is not strict: {}", case["seen"]);
    }
    report["counts"].clone()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours")
}
