//! The reports of `ws-echo check`: what programs read is valid, also when a server sends what hurts
//! them, and the exit status says what was found.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;
use ws_echo_tests::programs::PYTHON;
use ws_echo_tests::scripted_server::{self, frame, request, response, unmasked};
use ws_echo_tests::server::{Server, command, free_address, run};
use ws_echo_tests::wire::{CLOSE, PING, PONG};

/// What a server may send to hurt a terminal, a page, or a parser of XML.
const HOSTILE: &str = "\x1b[2J\u{9b}31m\u{202e}]]></td><script>alert(1)</script>&\"'\0\u{ffff}";

/// A server that echoes, but answers a Ping by a Pong with hostile text.
fn hostile_server() -> String {
    scripted_server::server(|stream| echo(stream, |_| Some(HOSTILE.into())))
}

/// Echoes on a connection, and answers a Ping by what `pong` makes of it.
fn echo(mut stream: TcpStream, pong: impl Fn(Vec<u8>) -> Option<Vec<u8>>) -> Option<()> {
    let request = request(&mut stream)?;
    let server = "\r\nServer: \x1b[2J<script>\r\n\r\n";
    let response = response(&request).replace("\r\n\r\n", server);
    stream.write_all(response.as_bytes()).ok()?;
    while let Some((first, payload)) = frame(&mut stream) {
        let answer = match first {
            PING => pong(payload).map(|pong| unmasked(PONG, pong)),
            PONG => None,
            _ => Some(unmasked(first, payload)),
        };
        stream.write_all(&answer.unwrap_or_default()).ok()?;
        if first == CLOSE {
            return None;
        }
    }
    None
}

/// A folder for the files of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("ws-echo-check-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path").into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a check: its exit status, stdout and stderr.
fn check(words: &[&str]) -> (i32, String, String) {
    let arguments = ["check"].iter().chain(words);
    let (status, stdout, stderr) = run(&mut command(arguments)).expect("the binary can be started");
    (
        status.code().expect("it has ended by itself"),
        stdout,
        stderr,
    )
}

fn json(path: impl AsRef<Path>) -> Value {
    let text = fs::read_to_string(path).expect("the file is there");
    serde_json::from_str(&text).expect("JSON")
}

/// What Python's reader of XML says about a file; `None` if there is no Python.
fn read_by_python(path: &str) -> Option<String> {
    const SCRIPT: &str = "import sys, xml.etree.ElementTree as E\n\
        root = E.parse(sys.argv[1]).getroot()\n\
        print(root.tag, root.get('tests'), root.get('failures'))\n\
        print(len(root.findall('.//testcase')), len(root.findall('.//failure')))";
    if !PYTHON.is_there(&["-c", ""]) {
        return None;
    }
    let output = PYTHON.command().args(["-c", SCRIPT, path]).output();
    let output = output.expect("Python can be started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_files_are_valid_also_when_a_server_sends_hostile_text() {
    let folder = Folder::new("files");
    let (json_file, junit, html) = (
        folder.file("a.json"),
        folder.file("a.xml"),
        folder.file("a.html"),
    );
    let autobahn = folder.file("autobahn");
    let (status, stdout, stderr) = check(&[
        &hostile_server(),
        "--section=5.5.2",
        "--json",
        &json_file,
        "--junit",
        &junit,
        "--html",
        &html,
        "--autobahn",
        &autobahn,
    ]);
    assert_eq!(status, 1, "{stdout}{stderr}");
    let is_safe = |it: char| it == '\n' || !it.is_control() && it != '\u{202e}';
    assert!(stdout.chars().all(is_safe), "{stdout:?}");
    assert!(
        stdout.contains("FAILED 5.5.2-ping-without-payload"),
        "{stdout}"
    );

    let report = &json(&json_file)["reports"][0];
    let counts = &report["counts"];
    let failed = counts["failed"].as_u64().expect("a number");
    let cases = report["cases"].as_array().expect("cases");
    assert!(failed > 0);
    let first = cases.iter().find(|case| case["result"] == "failed");
    let record = first.expect("a failure")["record"].as_array();
    assert!(!record.expect("a record").is_empty());

    if let Some(read) = read_by_python(&junit) {
        let (count, all) = (
            cases.len(),
            format!("testsuites {} {failed}\n", cases.len()),
        );
        assert_eq!(read, format!("{all}{count} {failed}\n"));
    }

    let page = fs::read_to_string(&html).expect("the page is there");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    assert!(page.chars().all(is_safe));

    let index = json(Path::new(&autobahn).join("index.json"));
    let agent = index.as_object().and_then(|agents| agents.values().next());
    let case = &agent.expect("an agent")["2.1"];
    assert_eq!(case["behavior"], "FAILED");
    let name = case["reportfile"].as_str().expect("a name");
    assert_eq!(json(Path::new(&autobahn).join(name))["id"], "2.1");
}

#[test]
fn a_good_server_passes_and_json_may_go_to_stdout() {
    let server = Server::start(&[]);
    let (status, stdout, stderr) = check(&[&server.url("/"), "--section=5.5.2", "--json=-"]);
    assert_eq!((status, stderr.as_str()), (0, ""), "{stdout}");
    let value: Value = serde_json::from_str(&stdout).expect("JSON and nothing else");
    assert_eq!(value["reports"][0]["counts"]["failed"], 0);
}

#[test]
fn with_a_baseline_only_new_failures_fail_and_mended_ones_are_told() {
    let folder = Folder::new("baseline");
    let known = folder.file("known.txt");
    let server = hostile_server();
    let selected = "--case=5.5.2-ping-without-payload";
    let (status, _, _) = check(&[&server, selected, "--write-baseline", &known]);
    assert_eq!(status, 1);
    let (status, stdout, _) = check(&[&server, selected, "--baseline", &known]);
    assert_eq!(status, 0, "{stdout}");
    assert!(stdout.contains("1 known failure"), "{stdout}");
    let good = Server::start(&[]);
    let (status, stdout, _) = check(&[&good.url("/"), selected, "--baseline", &known]);
    assert_eq!(status, 0, "{stdout}");
    let told = "passes now, so it can be taken out of the baseline: 5.5.2-ping-without-payload\n";
    assert!(stdout.contains(told), "{stdout}");
    fs::write(&known, "5.5.2-no-such-case # why\n").expect("written");
    let (status, _, stderr) = check(&[&server, selected, "--baseline", &known]);
    assert_eq!(status, 1, "{stderr}");
    assert!(
        stderr.contains("there is no case 5.5.2-no-such-case"),
        "{stderr}"
    );
}

#[test]
fn a_wrong_command_line_has_status_2_and_says_what_to_write() {
    let url = format!("ws://{}/", free_address());
    for (words, advice) in [
        (
            &["--explain=5.5.2-ping-withuot-payload"][..],
            "did you mean 5.5.2-ping-without-payload",
        ),
        (
            &[&url, "--trace=5.5.2-ping-withuot-payload"],
            "did you mean",
        ),
        (
            &[&url, "--case=no-such-case-at-all"],
            "--case: there is no case",
        ),
        (
            &[&url, "--section=5.99"],
            "there is no case of section 5.99",
        ),
        (
            &[&url, "--json=no/such/folder/a"],
            "--json no/such/folder/a: ",
        ),
        (
            &[&url, "--baseline=no-such-file"],
            "--baseline no-such-file: ",
        ),
        (
            &[&url, "--json=-", "--html=-"],
            "only one of --json and --html",
        ),
    ] {
        let (status, stdout, stderr) = check(words);
        assert_eq!((status, stdout.as_str()), (2, ""), "{words:?}");
        assert!(stderr.contains(advice), "{words:?}: {stderr}");
    }
}

#[test]
fn without_a_connection_the_status_is_4() {
    let address = free_address();
    let (status, stdout, stderr) = check(&[&format!("ws://{address}/")]);
    assert_eq!((status, stdout.as_str()), (4, ""));
    assert!(stderr.contains(&address.to_string()), "{stderr}");
}

#[test]
fn a_case_is_listed_explained_and_traced() {
    let id = "5.5.2-ping-without-payload";
    let (status, list, _) = check(&["--list", "--section=5.5.2"]);
    let line = list.lines().find(|line| line.starts_with(id));
    let words: Vec<_> = line.expect("the case").split_whitespace().take(4).collect();
    assert_eq!((status, &words[..]), (0, &[id, "MUST", "both", "2.1"][..]));
    let (status, explained, _) = check(&["--explain", "2.1"]);
    assert_eq!(status, 0);
    assert!(explained.starts_with(id) && explained.contains("RFC 6455 section 5.5.2: \""));
    let server = Server::start(&[]);
    let (status, trace, _) = check(&[&server.url("/"), "--trace", id]);
    assert_eq!(status, 0, "{trace}");
    assert!(trace.contains("  8a 00  "), "the Pong is there: {trace}");
}

/// A server that answers no Ping after the first connection, and a notice of each connection on
/// which a case is played: `ws-echo check` begins with two others.
fn silent_server() -> (String, Receiver<()>) {
    let (sender, receiver) = channel();
    let sender = Mutex::new((sender, 0));
    let url = scripted_server::server(move |stream| {
        let is_first = {
            let mut sender = sender.lock().expect("no test has panicked");
            sender.1 += 1;
            if sender.1 > 2 {
                // Nobody may listen any longer.
                let _ = sender.0.send(());
            }
            sender.1 == 1
        };
        echo(stream, |ping| is_first.then_some(ping))
    });
    (url, receiver)
}

#[cfg(unix)]
#[test]
fn a_run_that_is_interrupted_reports_what_it_has_found() {
    let (url, played) = silent_server();
    let words = ["check", &url, "--section=5.5", "--jobs=1"];
    let child = command(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.expect("the binary can be started");
    played.recv().expect("a case is played");
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.expect("there is a kill command").success());
    let output = child.wait_with_output().expect("it ends");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    assert!(stdout.contains("\ninterrupted: "), "{stdout}");
}
