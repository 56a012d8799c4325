//! Plays cases against a server or a client with a fault, through the program.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{self, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use serde_json::Value;
use ws_echo_tests::mutants::client::Client;
use ws_echo_tests::mutants::{Fault, server};
use ws_echo_tests::server::{Server, command, run};

/// How many checks run at the same time. Each waits for most of its time.
const JOBS: usize = 6;

/// The cases that a peer has not passed, and what was seen.
pub(super) type Found = BTreeMap<String, String>;

/// Which end is tested.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer {
    Server,
    Client,
}

/// How the text about a case begins that has failed.
pub(super) const FAILED: &str = "failed: ";

/// Plays the cases that these patterns name.
pub(super) fn play(peer: Peer, fault: Option<Fault>, patterns: &str) -> Found {
    let patterns = patterns.split(' ');
    let arguments: Vec<&str> = patterns.flat_map(|pattern| ["--case", pattern]).collect();
    match peer {
        Peer::Server => play_server(fault, &arguments),
        Peer::Client => play_client(fault, &arguments),
    }
}

fn play_server(fault: Option<Fault>, arguments: &[&str]) -> Found {
    let url = format!("ws://{}/", server::start(fault));
    let json = file();
    let path = json.to_string_lossy();
    let arguments = [&["check", &url, "--json", &path], arguments].concat();
    let (_, stdout, stderr) = run(&mut command(arguments)).expect("the binary can be started");
    read(&json).unwrap_or_else(|| BTreeMap::from([("no report".into(), stdout + &stderr)]))
}

fn play_client(fault: Option<Fault>, arguments: &[&str]) -> Found {
    let json = file();
    let path = json.to_string_lossy();
    let first = ["check", "--listen", "127.0.0.1:0", "--json", &path];
    let mut tester = Server::spawn(command([&first, arguments].concat()).stderr(Stdio::piped()));
    let host = tester.address.to_string();
    let client = Client {
        host: &host,
        agent: "mutant",
        fault,
    };
    let count = client.case_count().expect("the number of cases");
    let cases: Vec<usize> = (1..=count).collect();
    for_each(&cases, |&case| client.run_case(case));
    client.update_reports().expect("reports are written");
    tester.ask_to_stop();
    tester.wait();
    read(&json).unwrap_or_else(|| BTreeMap::from([("no report".into(), tester.log())]))
}

/// A file of its own for each report.
fn file() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("ws-echo-mutant-{}-{number}.json", process::id()))
}

/// The cases of a report that were not passed.
fn read(file: &PathBuf) -> Option<Found> {
    let text = fs::read_to_string(file).ok()?;
    let _ = fs::remove_file(file);
    let report: Value = serde_json::from_str(&text).ok()?;
    let cases = report["reports"][0]["cases"].as_array()?;
    let found = cases.iter().filter_map(|case| {
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        let outcome = text("outcome");
        let is_fine = matches!(outcome, "passed" | "skipped" | "informational");
        (!is_fine).then(|| {
            (
                text("id").to_owned(),
                format!("{outcome}: {}", text("seen")),
            )
        })
    });
    Some(found.collect())
}

/// Calls it for each, several at the same time, and returns the results in order.
pub(super) fn for_each<T: Sync, R: Send>(all: &[T], call: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(index) else {
                        return;
                    };
                    let result = call(one);
                    results
                        .lock()
                        .expect("no call panics")
                        .push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no call panics");
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
