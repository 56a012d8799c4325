//! What the server shows of its connections: recordings of each (`--record`), and the frames in its
//! log (`ws_echo::frame`, `ws_echo::wire`).

mod clients;
mod limits;
mod log;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use ws_echo_tests::server::{PATIENCE, Server};

/// A folder for recordings that does not exist yet.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("recordings-{name}"));
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// A server that records to a folder.
fn recording_server(folder: &Path, arguments: &[&str]) -> Server {
    let record = ["--record", folder.to_str().expect("UTF-8")];
    Server::start(&[&record[..], arguments].concat())
}

/// The recordings in a folder, in order of time.
fn files(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("the folder of recordings");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

/// The whole lines of a recording.
fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).expect("a recording");
    let whole = text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    whole
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

/// Waits until there are so many recordings and all have ended, and returns their lines.
fn ended(folder: &Path, count: usize) -> Vec<Vec<Value>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let recordings: Vec<_> = files(folder).iter().map(|file| lines(file)).collect();
        let is_ended = |lines: &Vec<Value>| lines.last().is_some_and(|it| it["type"] == "end");
        if recordings.len() >= count && recordings.iter().all(is_ended) {
            return recordings;
        }
        assert!(Instant::now() < deadline, "{recordings:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The recording of the one connection that was made.
fn only(folder: &Path) -> Vec<Value> {
    let mut recordings = ended(folder, 1);
    assert_eq!(recordings.len(), 1);
    recordings.remove(0)
}

/// What is in these lines, in short: the type, who it is from, and what it carries.
fn in_short(lines: &[Value]) -> Vec<String> {
    let short = |line: &Value| {
        let fields = [
            "type", "from", "kind", "text", "base64", "code", "status", "by", "reason",
        ];
        let shown = fields.iter().filter_map(|field| match line.get(field)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        });
        shown
            .filter(|it| !it.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    lines.iter().map(short).collect()
}
