//! Qt's WebSocket in QML, of Qt 5.15 and of Qt 6, with the binary: runs the files of the folder
//! `qml` without a display. The expected statuses and error texts are those of `host/docs/qml.md`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

use socket2::{Domain, Socket, Type};
use ws_echo_tests::log::Log;
use ws_echo_tests::programs::{Program, QMLSCENE_5, QMLSCENE_6};
use ws_echo_tests::server::{Server, run};

const CHAT: &str = "ChatSession.qml";

/// A version of Qt, if it is installed.
struct Qt {
    qmlscene: Program,
    is_there: OnceLock<bool>,
}

impl Qt {
    /// Every installed version. For a missing one the test is skipped.
    fn versions() -> impl Iterator<Item = &'static Self> {
        static VERSIONS: [Qt; 2] = [Qt::of(QMLSCENE_5), Qt::of(QMLSCENE_6)];
        VERSIONS.iter().filter(|qt| qt.is_there())
    }

    const fn of(qmlscene: Program) -> Self {
        let is_there = OnceLock::new();
        Self { qmlscene, is_there }
    }

    fn is_there(&self) -> bool {
        let is_there = self.is_there.get_or_init(|| {
            let mut probe = self.command(CHAT, &["--quit".into()]);
            probe.output().is_ok_and(|it| it.status.success())
        });
        if !is_there {
            self.qmlscene.skip();
        }
        *is_there
    }

    /// The command that runs a file of the folder `qml`.
    fn command(&self, file: impl AsRef<Path>, arguments: &[String]) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("qml");
        let mut command = self.qmlscene.command();
        command
            .env("QT_QPA_PLATFORM", "offscreen")
            .env("QT_QUICK_BACKEND", "software")
            .env("QT_FORCE_STDERR_LOGGING", "1")
            .env_remove("QT_MESSAGE_PATTERN")
            .env_remove("QT_LOGGING_RULES")
            .arg(folder.join(file))
            .args(arguments);
        command
    }

    /// Opens the chat. Each argument is one of those of `ChatSession.qml`.
    fn chat(&self, arguments: &[String]) -> Window {
        self.open(CHAT, arguments)
    }

    fn open(&self, file: impl AsRef<Path>, arguments: &[String]) -> Window {
        let mut child = self
            .command(file, arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::default();
        log.read(child.stderr.take().unwrap());
        Window { child, log }
    }
}

/// A window without a display, and its output.
struct Window {
    child: Child,
    log: Log,
}

impl Window {
    /// Waits for the last of these lines, and compares everything shown until then.
    fn shows(&self, lines: &[&str]) {
        self.log
            .wait_for(&format!("qml: {}", lines.last().unwrap()));
        let others = ["status ", "reason ", "input ", "switched off ", "list of "];
        let is_line = |line: &&str| !others.iter().any(|other| line.starts_with(other));
        let log = self.log.text();
        let shown: Vec<_> = printed(&log).filter(is_line).collect();
        assert_eq!(shown, lines, "{log}");
    }

    /// Waits until the socket was switched off for the last of these times, and compares the lines
    /// shown until then.
    fn shows_each_time(&self, times: usize, lines: &[&str]) {
        self.log.wait_for(&format!("qml: switched off {times}"));
        self.shows(&lines.repeat(times));
    }

    /// Compares the statuses so far.
    fn has_been(&self, statuses: &[&str]) {
        self.has_told("status ", statuses);
    }

    /// Compares everything printed after this word so far.
    fn has_told(&self, word: &str, expected: &[&str]) {
        let log = self.log.text();
        let told: Vec<_> = printed(&log)
            .filter_map(|line| line.strip_prefix(word))
            .collect();
        assert_eq!(told, expected, "{log}");
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The output of the file. Qt itself prints to the same stream.
fn printed(log: &str) -> impl Iterator<Item = &str> {
    log.lines().filter_map(|line| line.strip_prefix("qml: "))
}

fn at(url: impl std::fmt::Display) -> String {
    format!("--url={url}")
}

#[test]
fn qt_gets_back_text_binary_and_a_burst_and_its_close_is_1000() {
    for qt in Qt::versions() {
        // With the short buffer, long text comes back in many fragments. Qt 6.4 rejects one that
        // ends inside a character.
        for buffer in ["64KiB", "4KiB"] {
            let server = Server::start(&["--buffer", buffer]);
            let mut echoes = qt.command("Echoes.qml", &[at(server.url("/"))]);
            let (status, _, log) = run(&mut echoes).unwrap();
            let is_ok = status.success() && printed(&log).last() == Some("ok");
            assert!(is_ok, "{echoes:?}: {status}\n{log}");
            server.logged("closed by client with 1000");
        }
    }
}

#[test]
fn input_typed_into_the_chat_is_sent_and_shown_with_its_echo() {
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        let chat = qt.chat(&[at(server.url("/")), "--type=hello \u{6c34}".into()]);
        chat.shows(&[
            "# socket open",
            "< Welcome to Awesome Chat",
            "> hello \u{6c34}",
            "< hello \u{6c34}",
        ]);
    }
}

#[test]
fn a_sent_message_is_removed_from_the_input() {
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        let chat = qt.chat(&[at(server.url("/")), "--type=hello".into()]);
        chat.shows(&[
            "# socket open",
            "< Welcome to Awesome Chat",
            "> hello",
            "< hello",
        ]);
        chat.has_told("input ", &[""]);
    }
}

#[test]
fn html_is_shown_as_plain_text() {
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        let html = "<b>x</b><img src=qrc:/none.png>";
        let chat = qt.chat(&[at(server.url("/")), format!("--type={html}")]);
        chat.shows(&[
            "# socket open",
            "< Welcome to Awesome Chat",
            &format!("> {html}"),
            &format!("< {html}"),
        ]);
    }
}

#[test]
fn the_chat_shows_long_messages_cut() {
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        let long = "x".repeat(2001);
        let chat = qt.chat(&[at(server.url("/")), format!("--type={long}")]);
        let cut = format!("{}\u{2026}", &long[1..]);
        chat.shows(&[
            "# socket open",
            "< Welcome to Awesome Chat",
            &format!("> {cut}"),
            &format!("< {cut}"),
        ]);
    }
}

#[test]
fn a_chat_that_closes_is_closed() {
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        let chat = qt.chat(&[
            at(server.url("/")),
            "--close-at=Welcome to Awesome Chat".into(),
        ]);
        chat.shows(&[
            "# socket open",
            "< Welcome to Awesome Chat",
            "# socket closed",
        ]);
        chat.has_been(&["closed", "connecting", "open", "closing", "closed"]);
        server.logged("closed by client with 1000");
    }
}

#[test]
fn a_server_that_stops_closes_the_chat_without_an_error() {
    for qt in Qt::versions() {
        let mut server = Server::start(&[]);
        let chat = qt.chat(&[at(server.url("/"))]);
        chat.shows(&["# socket open", "< Welcome to Awesome Chat"]);
        server.ask_to_stop();
        chat.shows(&[
            "# socket open",
            "< Welcome to Awesome Chat",
            "# socket closed",
        ]);
        chat.has_been(&["closed", "connecting", "open", "closing", "closed"]);
        server.logged("closed by server with 1001");
        assert!(server.wait().success());
    }
}

#[test]
fn a_server_that_dies_is_an_error_in_the_chat() {
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        let chat = qt.chat(&[at(server.url("/"))]);
        chat.shows(&["# socket open", "< Welcome to Awesome Chat"]);
        drop(server);
        chat.shows(&[
            "# socket open",
            "< Welcome to Awesome Chat",
            "# socket error The remote host closed the connection",
            "# socket closed",
        ]);
        chat.has_been(&["closed", "connecting", "open", "error", "closing", "closed"]);
    }
}

#[test]
fn an_unserved_path_is_an_error_and_another_address_can_be_typed() {
    for qt in Qt::versions() {
        let server = Server::start(&["--path", "/chat"]);
        let refused = [
            "# socket error QWebSocketPrivate::processHandshake: Unhandled http status code: 404 (Not Found).",
        ];
        let chat = qt.chat(&[at(server.url("/other"))]);
        chat.shows_each_time(1, &refused);
        chat.has_been(&["closed", "connecting", "error", "closed"]);
        let reason = refused[0].strip_prefix("# socket error ").unwrap();
        chat.has_told("reason ", &[reason]);

        let address = format!("--address={}", server.url("/chat"));
        let chat = qt.chat(&[at(server.url("/other")), address]);
        let opened = ["# socket open", "< Welcome to Awesome Chat"];
        chat.shows(&[&refused[..], &opened].concat());
        chat.has_told("reason ", &[reason, ""]);
    }
}

#[test]
fn an_address_without_a_websocket_server_is_an_error() {
    for qt in Qt::versions() {
        // Bound, so that no other program listens there.
        let silent = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        silent
            .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
            .unwrap();
        let address = silent.local_addr().unwrap().as_socket().unwrap();
        let chat = qt.chat(&[at(format!("ws://{address}/"))]);
        chat.shows_each_time(1, &["# socket error Connection refused"]);
        chat.has_been(&["closed", "connecting", "closed", "error"]);

        let chat = qt.chat(&[at("http://127.0.0.1:1/")]);
        chat.shows(&["# socket error Unsupported WebSocket scheme: http"]);
        chat.has_been(&["closed", "error"]);
    }
}

/// The close code cannot be read in QML, whatever it is.
#[test]
fn a_close_of_any_code_closes_the_chat_without_an_error() {
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        for close in ["close=1000", "close=1011", "close=4001&reason=bye"] {
            let chat = qt.chat(&[at(server.url(&format!("/test?{close}&after=200ms")))]);
            chat.shows(&[
                "# socket open",
                "< Welcome to Awesome Chat",
                "# socket closed",
            ]);
            chat.has_been(&["closed", "connecting", "open", "closing", "closed"]);
        }
    }
}

#[test]
fn an_end_without_a_close_is_an_error_in_the_chat() {
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        for end in ["fin", "reset"] {
            let chat = qt.chat(&[at(server.url(&format!("/test?end={end}&after=200ms")))]);
            chat.shows(&[
                "# socket open",
                "< Welcome to Awesome Chat",
                "# socket error The remote host closed the connection",
                "# socket closed",
            ]);
            chat.has_been(&["closed", "connecting", "open", "error", "closing", "closed"]);
        }
    }
}

#[test]
fn a_refusal_on_request_is_an_error_with_its_status() {
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        let url = server.url("/test?status=503&retry-after=1s");
        let chat = qt.chat(&[at(url)]);
        chat.shows_each_time(1, &["# socket error QWebSocketPrivate::processHandshake: Unhandled http status code: 503 (Service Unavailable)."]);
        chat.has_been(&["closed", "connecting", "error", "closed"]);
    }
}

#[test]
fn each_failed_attempt_says_why_once() {
    for qt in Qt::versions() {
        let server = Server::start(&["--path", "/chat"]);
        for (url, reason) in [
            (
                server.url("/other"),
                "# socket error QWebSocketPrivate::processHandshake: Unhandled http status code: 404 (Not Found).",
            ),
            (
                "ws://127.0.0.1:1/".into(),
                "# socket error Connection refused",
            ),
            // It is an error at once: the socket's status does not even change again.
            (
                "http://127.0.0.1:1/".into(),
                "# socket error Unsupported WebSocket scheme: http",
            ),
        ] {
            let chat = qt.chat(&[at(url), "--attempts=3".into()]);
            chat.shows_each_time(3, &[reason]);
        }
    }
}

#[test]
fn the_last_line_stays_in_sight_when_the_window_shrinks() {
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        let long = "long ".repeat(200);
        let chat = qt.chat(&[
            at(server.url("/")),
            format!("--type={long}"),
            format!("--shrink-at={long}"),
        ]);
        chat.log.wait_for("qml: list of ");
        chat.has_told("list of ", &["64 at its end: true"]);
    }
}

#[test]
fn the_example_of_the_guide_is_greeted_and_gets_its_echo() {
    let guide = include_str!("../../host/docs/qml.md");
    let (_, example) = guide.split_once("```qml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    for qt in Qt::versions() {
        let server = Server::start(&[]);
        let name = format!("ws-echo-example-{}.qml", server.address.port());
        let file = env::temp_dir().join(name);
        fs::write(
            &file,
            example.replace("ws://127.0.0.1:3000/", &server.url("/")),
        )
        .unwrap();
        let window = qt.open(&file, &[]);
        window.shows(&["< Welcome to Awesome Chat", "< hello"]);
        fs::remove_file(file).unwrap();
    }
}
