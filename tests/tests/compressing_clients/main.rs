//! Independent clients that compress (permessage-deflate, RFC 7692), with each of their options,
//! and the server in each of its modes. A proxy between them keeps what both send, and that is
//! judged, too: what they agree on, that each message comes back byte for byte, and that no client
//! needs more than the agreed window.

mod conversation;

use std::process::Command;

use conversation::Conversation;
use ws_echo_tests::recording_proxy::RecordingProxy;
use ws_echo_tests::server::Server;
use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::{chromium, peers, proxies};

/// A way to run the server: the values of `--deflate` and `--deflate-window`.
#[derive(Clone, Copy, Debug)]
struct Mode {
    deflate: &'static str,
    window: &'static str,
}

const NO_LIMIT: &str = "15";
const MODES: [Mode; 6] = [
    Mode::new("fresh", NO_LIMIT),
    Mode::new("fresh", "9"),
    Mode::new("window", NO_LIMIT),
    Mode::new("window", "9"),
    Mode::new("unverified", NO_LIMIT),
    Mode::new("off", NO_LIMIT),
];

/// What all clients together offer, with the names as [`shortened`] makes them; whether it lets a
/// window be kept; and the bits that are agreed on without a limit and with 9 as the limit: none if
/// that is 15 and need not be said, and [`DECLINED`] if there is no answer.
#[rustfmt::skip]
const OFFERS: &[(&str, &str, [&str; 2])] = &[
    ("", "", [DECLINED, DECLINED]),
    ("deflate", KEPT, ["", DECLINED]),
    ("deflate; client_bits", KEPT, ["", "9"]),
    ("deflate; client_bits=8", KEPT, ["8", "8"]),
    ("deflate; client_bits=9", KEPT, ["9", "9"]),
    ("deflate; client_bits=10", KEPT, ["10", "9"]),
    ("deflate; client_bits=12", KEPT, ["12", "9"]),
    ("deflate; client_bits=15", KEPT, ["", "9"]),
    ("deflate; server_bits=8; client_bits", KEPT, ["8", "8"]),
    ("deflate; server_bits=9; client_bits", KEPT, ["9", "9"]),
    ("deflate; server_bits=10; client_bits", KEPT, ["10", "9"]),
    ("deflate; server_bits=12; client_bits", KEPT, ["12", "9"]),
    ("deflate; server_bits=15; client_bits", KEPT, ["15", "9"]),
    ("deflate; server_bits=12; client_bits=15", KEPT, ["12", "9"]),
    ("deflate; client_bits; server_bits=9", KEPT, ["9", "9"]),
    ("deflate; client_bits; server_bits=10", KEPT, ["10", "9"]),
    ("deflate; client_bits; server_bits=12", KEPT, ["12", "9"]),
    ("deflate; server_bits=10, deflate; client_bits", KEPT, ["", "9"]),
    ("deflate; server_fresh; client_bits", FRESH, ["", "9"]),
    ("deflate; client_fresh; client_bits", FRESH, ["", "9"]),
    ("deflate; server_fresh; client_fresh; client_bits", FRESH, ["", "9"]),
];
const KEPT: &str = "";
const FRESH: &str = "; server_fresh; client_fresh";
const DECLINED: &str = "declined";

impl Mode {
    const fn new(deflate: &'static str, window: &'static str) -> Self {
        Self { deflate, window }
    }

    /// Whether what is agreed on may keep a window between messages.
    fn may_keep(self) -> bool {
        !["fresh", "off"].contains(&self.deflate)
    }

    /// The answer to an offer.
    fn answer(self, offer: &str) -> String {
        let known = OFFERS.iter().find(|(it, ..)| *it == offer);
        let Some((_, context, [unlimited, limited])) = known else {
            panic!("it is no known offer: {offer}");
        };
        let bits = match self.window {
            NO_LIMIT => unlimited,
            _ => limited,
        };
        let bits = match *bits {
            _ if self.deflate == "off" => return String::new(),
            DECLINED => return String::new(),
            "" => String::new(),
            "15" => "; server_bits=15".into(),
            bits => format!("; server_bits={bits}; client_bits={bits}"),
        };
        let context = if self.may_keep() { context } else { FRESH };
        format!("deflate{context}{bits}")
    }
}

/// An offer or an answer, with shorter names.
fn shortened(extensions: &str) -> String {
    extensions
        .replace("permessage-deflate", "deflate")
        .replace("_no_context_takeover", "_fresh")
        .replace("_max_window_bits", "_bits")
}

/// Whether a client compresses what it sends, once that was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sends {
    Compressed,
    Plain,
}

/// A server, and what its clients send and receive.
struct Observed {
    mode: Mode,
    server: Server,
    proxy: RecordingProxy,
}

impl Observed {
    fn start(mode: Mode) -> Self {
        let Mode { deflate, window } = mode;
        let mode_flags = ["--deflate", deflate, "--deflate-window", window];
        // The browser's page has another origin.
        let server = Server::start(&[&mode_flags[..], &["--origin=*"]].concat());
        let proxy = RecordingProxy::before(server.address);
        Self {
            mode,
            server,
            proxy,
        }
    }

    fn url(&self) -> String {
        format!("ws://{}/", self.proxy.address)
    }

    /// Judges what was sent on so many connections, one with each of a client's options.
    fn judge(&self, connections: usize, sends: Sends) {
        let recordings = self.proxy.recordings();
        // A browser opens connections that it does not use.
        let used = recordings.iter().filter(|it| !it.from_client.is_empty());
        let conversations: Vec<_> = used.map(Conversation::of).collect();
        assert_eq!(conversations.len(), connections, "{}", self.server.log());
        for conversation in &conversations {
            let offer = shortened(&conversation.offer);
            let answer = self.mode.answer(&offer);
            let what = format!("{:?}, offered: {offer}", self.mode);
            assert_eq!(shortened(&conversation.answer), answer, "{what}");
            let compresses = sends == Sends::Compressed && !answer.is_empty();
            assert_eq!(conversation.has_compressed(), compresses, "{what}");
            conversation.stays_in_its_window();
        }
        // The window was used between messages.
        let refers_back = conversations.iter().any(Conversation::refers_back);
        let is_expected = sends == Sends::Compressed && self.mode.may_keep();
        assert_eq!(refers_back, is_expected, "{:?}", self.mode);
    }
}

/// Runs a client with the server in each mode.
fn in_each_mode(connections: usize, sends: Sends, client: impl Fn(&str) -> Option<Command>) {
    for mode in MODES {
        let observed = Observed::start(mode);
        if let Some(mut command) = client(&observed.url()) {
            peers::expect_ok(&mut command);
            observed.judge(connections, sends);
        }
    }
}

const WEBSOCKETS_OPTIONS: usize = 10;
const WS_OPTIONS: usize = 16;

const PYTHON: &str = "compressed_clients.py";

fn websockets_of_python(url: &str) -> Option<Command> {
    peers::python_command(PYTHON, &["websockets", url])
}

fn aiohttp_of_python(url: &str) -> Option<Command> {
    peers::python_command_with("aiohttp", PYTHON, &["aiohttp", url])
}

fn ws_of_node(url: &str) -> Option<Command> {
    with_url(peers::node_command("compressed_ws.cjs"), url)
}

fn with_url(command: Option<Command>, url: &str) -> Option<Command> {
    command.map(|mut command| {
        command.arg(url);
        command
    })
}

#[test]
fn python_websockets_compresses_with_each_of_its_options() {
    in_each_mode(WEBSOCKETS_OPTIONS, Sends::Compressed, websockets_of_python);
}

#[test]
fn aiohttp_compresses_with_each_of_its_options() {
    in_each_mode(5, Sends::Compressed, aiohttp_of_python);
}

#[test]
fn nodes_ws_compresses_with_each_of_its_options() {
    in_each_mode(WS_OPTIONS, Sends::Compressed, ws_of_node);
}

const BROWSER_API: &str = "compressed_browser_api.cjs";

#[test]
fn bun_compresses() {
    in_each_mode(1, Sends::Compressed, |url| {
        with_url(peers::bun_command(BROWSER_API), url)
    });
}

/// It never compresses what it sends.
#[test]
fn undici_agrees_on_compression() {
    in_each_mode(1, Sends::Plain, |url| {
        with_url(peers::node_command_with("undici", BROWSER_API), url)
    });
}

#[test]
fn chromium_compresses() {
    let observed = MODES.map(Observed::start);
    let urls = observed.each_ref().map(|it| format!("ws={}", it.url()));
    if let Some(result) = chromium::result_of("compressed.html", &urls.join("&")) {
        assert_eq!(result, "ok");
        for observed in observed {
            observed.judge(1, Sends::Compressed);
        }
    }
}

const UPGRADE: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                       proxy_set_header Connection upgrade;";

#[test]
fn compressed_messages_come_back_through_nginx() {
    through(|server| proxies::nginx("deflate", server, UPGRADE));
}

#[test]
fn compressed_messages_come_back_through_haproxy() {
    through(|server| proxies::haproxy("deflate", server, ""));
}

fn through(other_proxy: impl Fn(&Server) -> Option<Server>) {
    for deflate in ["fresh", "window"] {
        let mut observed = Observed::start(Mode::new(deflate, NO_LIMIT));
        let Some(other_proxy) = other_proxy(&observed.server) else {
            return;
        };
        observed.proxy = RecordingProxy::before(other_proxy.address);
        if let Some(mut command) = websockets_of_python(&observed.url()) {
            peers::expect_ok(&mut command);
            observed.judge(WEBSOCKETS_OPTIONS, Sends::Compressed);
        }
    }
}

#[test]
fn compressed_messages_come_back_over_tls() {
    for mode in ["fresh", "window"] {
        let name = format!("deflate-{mode}");
        let (server, certificate) = self_signed(&name, &["--deflate", mode]);
        let expect_compression = |mut command: Command, connections| {
            command.env("NODE_EXTRA_CA_CERTS", &certificate);
            command.env("SSL_CERT_FILE", &certificate);
            let output = peers::expect_ok(&mut command);
            let agreed = output.matches("permessage-deflate").count();
            assert_eq!(agreed, connections, "{output}");
        };
        if let Some(command) = ws_of_node(&server.url("/")) {
            expect_compression(command, WS_OPTIONS);
        }
        if let Some(command) = websockets_of_python(&server.url("/")) {
            expect_compression(command, WEBSOCKETS_OPTIONS);
        }
    }
}
