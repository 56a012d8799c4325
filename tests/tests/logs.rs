//! The log as programs read it: in JSON, and in a file that another program moves away.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use regex_lite::Regex;
use serde_json::Value;
use ws_echo_tests::folder::Folder;
use ws_echo_tests::log::Log;
use ws_echo_tests::needs;
use ws_echo_tests::programs::PYTHON;
use ws_echo_tests::scripted_client::{Client, request, request_with};
use ws_echo_tests::server::{PATIENCE, Server, command, run};
use ws_echo_tests::wire::{BINARY, Frame, TEXT, masked, masked_close};

const GUIDE: &str = include_str!("../../host/docs/logs.md");
const EVENTS: &str = include_str!("../../host/src/logging/event.rs");
const FIELDS: &str = include_str!("../../host/src/logging/field.rs");
/// What each object has before its fields.
const ALWAYS: [&str; 5] = ["time", "level", "target", "event", "message"];

/// Starts a server that logs to a file.
fn server_with_file(file: &Path, arguments: &[&str]) -> Server {
    let file = file.to_str().expect("the name is text");
    Server::start(&[&["--no-welcome", "--log-file", file], arguments].concat())
}

/// A client that connects, is echoed to, and closes.
fn visit(server: &Server) -> String {
    let mut client = Client::open(server.address);
    client.send(masked(TEXT, "here"));
    assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "here")));
    client.send(masked_close(1000, ""));
    assert_eq!(client.receive_frame(), Some(Frame::close(1000)));
    client.address().to_string()
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn objects(log: &str) -> Vec<Value> {
    log.lines().map(object).collect()
}

/// Waits until a file exists and its text is as wanted.
fn wait_for(file: &Path, is_wanted: impl Fn(&str) -> bool) {
    let start = Instant::now();
    while !fs::read_to_string(file).is_ok_and(|text| is_wanted(&text)) {
        assert!(start.elapsed() < PATIENCE, "{}", file.display());
        thread::sleep(Duration::from_millis(5));
    }
}

/// The names in the first column of a section's table.
fn documented(title: &str) -> BTreeSet<&'static str> {
    let (_, section) = GUIDE.split_once(&format!("\n## {title}\n")).expect(title);
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).collect()
}

/// The names that end lines of a source file, in quotation marks.
fn quoted(source: &'static str, end: &str) -> BTreeSet<&'static str> {
    let lines = source.lines().filter_map(|line| line.strip_suffix(end));
    lines.filter_map(|line| line.rsplit('"').next()).collect()
}

#[test]
fn the_guide_lists_each_event_and_each_field() {
    assert_eq!(documented("Events"), quoted(EVENTS, "\";"));
    let fields = quoted(FIELDS, "\",").into_iter().chain(ALWAYS).collect();
    assert_eq!(documented("Fields"), fields);
}

/// The Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let paths = entries.flat_map(|entry| match entry.path() {
        path if path.is_dir() => sources(&path),
        path => vec![path],
    });
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|it| it == "rs");
    paths.filter(is_rust).collect()
}

#[test]
fn each_call_that_logs_names_an_event_and_only_fields_that_the_guide_has() {
    let fields = documented("Fields");
    let call = Regex::new(r"\b(error|warn|info|debug|trace)!\(\s*target: [^;]*;").unwrap();
    let field = Regex::new(r"([a-z_]+)(:%)? = ").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/src");
    let mut calls = 0;
    for file in sources(&folder) {
        let source = fs::read_to_string(&file).expect("a source");
        for call in call.find_iter(&source).map(|found| found.as_str()) {
            let names = field.captures_iter(call).map(|found| found[1].to_owned());
            let names: Vec<_> = names.collect();
            let are_known = names.iter().all(|name| fields.contains(name.as_str()));
            let has_event = names.first().is_some_and(|name| name == "event");
            assert!(has_event && are_known, "{}: {call}", file.display());
            calls += 1;
        }
    }
    assert!(calls > 40, "{calls}");
}

/// Does everything that puts bytes of a client's choice into the log.
fn be_hostile(server: &Server) {
    const FORGED: &str = "\"}\n{\"level\":\"ERROR\",\"event\":\"\\u0000\u{202e}\u{1b}[2J\u{2028}\\";
    let mut client = Client::open_at(server.address, r#"/a"b\c'{}?x=%22"#);
    client.send(masked(TEXT, FORGED));
    client.receive_frame();
    client.send(masked(BINARY, [0xFF; 300]));
    client.receive_frame();
    client.send(masked_close(3000, FORGED));
    assert_eq!(client.receive_frame(), Some(Frame::close(3000)));
    let disconnected = server.logged("closed by client with 3000");
    let object = object(&disconnected);
    assert_eq!(object["event"], "disconnected");
    assert_eq!(object["cause"], "closed_by_client");
    assert_eq!(object["initiator"], "client");
    assert_eq!(object["code"], 3000);
    assert_eq!(object["peer"], client.address().to_string());
    assert_eq!(object["messages_received"], 2);
    assert_eq!(object["bytes_received"], FORGED.len() + 300);
    assert_eq!(object["messages_sent"], 2);
    assert!(object["duration"].is_f64(), "{object}");
    let reason = object["reason"].as_str().expect("a reason");
    assert!(reason.starts_with(r#""}\n{"level":"ERROR""#), "{reason}");
    assert!(!reason.contains(char::is_control), "{reason}");

    let mut client = Client::connect(server.address);
    let offer = "\r\nSec-WebSocket-Protocol: a'b`c$d, x\r\n\r\n";
    client.send(request("/").replace("\r\n\r\n", offer));
    client.receive_head();
    let mut client = Client::connect(server.address);
    let headers = "\r\nX: \u{85}\"\\\u{7f}\r\nX-\u{201c}\": y\r\n\r\n";
    let path = format!("/{}", "\"".repeat(3000));
    client.send(request(&path).replace("\r\n\r\n", headers));
    client.receive_rest();
    for request in [
        "BREW /\" HTTP/1.1\r\nHost: a\r\n\r\n".as_bytes(),
        b"GET /\\\" HTTP/1.1\r\nHost: \"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\n\xff\xfe\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://\"\\/\r\nUpgrade: websocket\r\n\r\n",
    ] {
        let mut client = Client::connect(server.address);
        client.send(request);
        client.shut();
        client.receive_rest();
    }
    let mut client = Client::connect(server.address);
    client.send(request_with("permessage-deflate; x=\"\\\"\""));
    client.receive_head();
    client.send([0xC1, 0x80, 0, 0, 0, 0]);
    assert_eq!(client.receive_frame(), Some(Frame::close(1002)));
}

#[test]
fn each_line_is_an_object_whatever_clients_send() {
    let mut server = Server::start(&[
        "--no-welcome",
        "--log-format=json",
        "--log-level=ws_echo=trace",
        "--log-messages",
        "--max-connections-per-ip=20",
    ]);
    be_hostile(&server);
    server.ask_to_stop();
    assert!(server.wait().success());
    server.logged(r#""event":"stopped""#);
    let log = server.log();
    let time = Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$").unwrap();
    let (events, fields) = (documented("Events"), documented("Fields"));
    let mut seen = BTreeSet::new();
    for (line, object) in log.lines().zip(objects(&log)) {
        assert!(line.len() <= 8192, "{line}");
        assert!(time.is_match(object["time"].as_str().expect("a time")));
        assert!(
            object["target"]
                .as_str()
                .is_some_and(|it| it.starts_with("ws_echo::"))
        );
        let object = object.as_object().expect("an object");
        for name in ALWAYS {
            assert!(object[name].is_string(), "{name}: {line}");
        }
        assert!(
            object.keys().all(|name| fields.contains(name.as_str())),
            "{line}"
        );
        seen.insert(object["event"].as_str().unwrap_or_default().to_owned());
        for text in object.values().filter_map(Value::as_str) {
            assert!(!text.contains(char::is_control), "{line}");
        }
    }
    assert!(
        seen.iter().all(|event| events.contains(event.as_str())),
        "{seen:?}"
    );
    for event in [
        "limits",
        "connected",
        "message",
        "frame",
        "bytes",
        "request",
        "response",
        "disconnected",
        "subprotocol_declined",
        "deflate_declined",
        "refused",
        "stopping",
        "stopped",
    ] {
        assert!(seen.contains(event), "{event} is not in\n{log}");
    }
}

#[test]
fn another_programs_parser_reads_each_line() {
    if !PYTHON.is_there(&["--version"]) {
        return;
    }
    let folder = Folder::new("python");
    let file = folder.file("log");
    let mut server = server_with_file(
        &file,
        &[
            "--log-format=json",
            "--log-level=ws_echo=trace",
            "--log-messages",
        ],
    );
    visit(&server);
    wait_for(&file, |text| text.contains("disconnected"));
    server.ask_to_stop();
    assert!(server.wait().success());
    // Python ends a line also at other characters than line feed.
    let script = "import json, sys\n\
                  lines = open(sys.argv[1], encoding='utf-8').read().splitlines()\n\
                  print(len([json.loads(line)['event'] for line in lines]))";
    let mut python = PYTHON.command();
    let (status, count, error) = run(python.args(["-c", script]).arg(&file)).unwrap();
    assert!(status.success(), "{error}");
    let lines = fs::read_to_string(&file).unwrap().lines().count();
    assert_eq!(count.trim(), lines.to_string());
}

#[test]
fn no_line_is_lost_when_the_file_is_moved_away_as_logrotate_does() {
    needs!(Signals);
    let folder = Folder::new("rotated");
    let file = folder.file("log");
    let mut server = server_with_file(&file, &["--log-format=json"]);
    let mut peers = Vec::new();
    let rotations = 5;
    for rotation in 0..rotations {
        peers.push(visit(&server));
        let peer = peers.last().cloned().unwrap_or_default();
        let is_over = |text: &str| {
            text.lines()
                .any(|line| line.contains(&peer) && line.contains("disconnected"))
        };
        wait_for(&file, is_over);
        let moved = folder.file(&format!("log.{rotation}"));
        fs::rename(&file, &moved).unwrap();
        // The server still has the file that was moved.
        peers.push(visit(&server));
        server.signal("HUP");
        wait_for(&file, |_| true);
    }
    server.ask_to_stop();
    assert!(server.wait().success());
    let names = (0..rotations).map(|rotation| format!("log.{rotation}"));
    let texts: Vec<_> = names
        .chain(["log".into()])
        .map(|name| fs::read_to_string(folder.file(&name)).expect("a file"))
        .collect();
    let lines: Vec<_> = texts.iter().flat_map(|text| objects(text)).collect();
    for event in ["connected", "disconnected"] {
        let lines = lines.iter().filter(|line| line["event"] == event);
        let logged: Vec<_> = lines.filter_map(|line| line["peer"].as_str()).collect();
        assert_eq!(logged, peers, "{event}");
    }
    assert_eq!(
        server.log(),
        "",
        "stderr is for what has no place in the file"
    );
}

/// The lines about a client without their times, but for the line that has its duration.
fn lines_about(peer: &str, log: &str) -> BTreeSet<String> {
    let line =
        r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ((ERROR|WARN |INFO |DEBUG) \[[a-z_:]+\] .+)$";
    let line = Regex::new(line).unwrap();
    let parts = |text| line.captures(text).unwrap_or_else(|| panic!("{text}"));
    let lines = log.lines().map(|text| parts(text)[1].replace(peer, "PEER"));
    lines
        .filter(|line| line.contains("PEER") && !line.contains("; after "))
        .collect()
}

#[test]
fn the_text_in_a_file_looks_as_on_stderr() {
    let folder = Folder::new("text");
    let file = folder.file("log");
    let server = server_with_file(&file, &["-v"]);
    let peer = visit(&server);
    let last = format!("sent {peer} close");
    wait_for(&file, |text| text.contains(&last));
    let in_file = lines_about(&peer, &fs::read_to_string(&file).unwrap());

    let server = Server::start(&["--no-welcome", "-v"]);
    let peer = visit(&server);
    server.logged(&format!("sent {peer} close"));
    assert_eq!(in_file, lines_about(&peer, &server.log()));
    assert!(in_file.len() > 5, "{in_file:?}");
}

#[test]
fn a_file_that_cannot_be_opened_is_a_wrong_command_line() {
    let folder = Folder::new("wrong");
    let path = folder.path().to_str().expect("text").to_owned();
    let fifo = folder.file("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
    assert!(made.success());
    for (file, advice) in [
        (path.clone(), "it is a folder; write a file"),
        (
            format!("{path}/a/b"),
            "there is no such folder; make it first",
        ),
        (
            format!("{path}/fifo"),
            "write a file that the server may write",
        ),
    ] {
        let arguments = ["--listen", "127.0.0.1:0", "--log-file", &file];
        let (status, stdout, stderr) = run(&mut command(arguments)).unwrap();
        assert_eq!((status.code(), stdout.as_str()), (Some(2), ""));
        let expected = format!("ws-echo: --log-file {file}: ");
        assert!(stderr.starts_with(&expected), "{stderr}");
        assert!(stderr.ends_with(&format!("{advice}\n")), "{stderr}");
    }
    let (status, _, stderr) = run(&mut command(["--log-format", "xml"])).unwrap();
    assert_eq!(status.code(), Some(2));
    assert!(stderr.contains("[possible values: text, json]"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_once_and_harms_no_client() {
    let mut server = server_with_file(Path::new("/dev/full"), &[]);
    for _ in 0..50 {
        visit(&server);
    }
    server.logged("--log-file /dev/full: cannot write, lines are dropped: ");
    server.ask_to_stop();
    assert!(server.wait().success());
    assert_eq!(server.log().lines().count(), 1, "{}", server.log());
}

#[test]
fn a_reader_that_stops_reading_harms_no_client_and_learns_how_much_it_missed() {
    let folder = Folder::new("stalled");
    let fifo = folder.file("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
    assert!(made.success());
    // Both ends: otherwise opening it waits for the other one.
    let both = File::options().read(true).write(true).open(&fifo).unwrap();
    let arguments = ["--log-format=json", "--log-level=ws_echo=trace"];
    let server = server_with_file(&fifo, &arguments);
    for _ in 0..100 {
        visit(&server);
    }
    server.logged("cannot write, lines are dropped");
    let mut reader = Command::new("cat");
    let mut reader = reader.stdin(both).stdout(Stdio::piped()).spawn().unwrap();
    let log = Log::default();
    log.read(reader.stdout.take().expect("it is piped"));
    visit(&server);
    let report = log.wait_for(r#""event":"lines_dropped""#);
    let count = object(&report)["count"].as_u64();
    assert!(count.is_some_and(|count| count > 0), "{report}");
    let _ = reader.kill();
    let _ = reader.wait();
}
