//! The request as it arrived: as the greeting of `--welcome-request`, and by plain HTTP at
//! `/test/request`.

use std::path::Path;
use std::process::{Command, Stdio};

use rustls::SupportedProtocolVersion;
use serde_json::{Value, json};
use ws_echo_tests::peers;
use ws_echo_tests::programs::CURL;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{Server, command, run};
use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::tls::client::{TlsClient, VERSIONS, trusting};
use ws_echo_tests::wire::{CLOSE, Frame, TEXT, masked, masked_close};

/// A request for a WebSocket with more lines.
fn with_lines(path: &str, lines: &[u8]) -> Vec<u8> {
    let request = request(path);
    let request = request.strip_suffix("\r\n").expect("an empty line");
    [request.as_bytes(), lines, b"\r\n"].concat()
}

/// The JSON in a text frame.
fn report(frame: Option<Frame>) -> Value {
    let frame = frame.expect("a greeting");
    assert_eq!(frame.first, TEXT, "a message of one frame");
    serde_json::from_slice(&frame.payload).expect("JSON")
}

/// The greeting of a client that sends this request.
fn greeting(server: &Server, request: impl AsRef<[u8]>) -> (Client, Value) {
    let mut client = Client::connect(server.address);
    client.send(request);
    let head = client.receive_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let greeting = report(client.receive_frame());
    (client, greeting)
}

/// The answer to a request, after which the server ends the connection.
fn answer(server: &Server, request: &str) -> (String, String) {
    let mut client = Client::connect(server.address);
    client.send(request);
    let head = client.receive_head();
    let content = String::from_utf8(client.receive_rest()).expect("text");
    (head, content)
}

fn plain(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhOST: localhost\r\ncookie: a=b\r\n\r\n")
}

#[test]
fn a_client_is_greeted_with_its_request_on_every_path() {
    let server = Server::start(&["--welcome-request", "--subprotocol=chat"]);
    let lines =
        b"x-oDD: first\r\nX-Odd:second\r\nX-Bytes: \xff\xfe\r\nX-oDD: \r\nCookie: secret\r\n\
        Sec-WebSocket-Protocol: v2.chat,chat\r\n\
        Sec-WebSocket-Extensions: foo; a=\"b,c\", permessage-deflate\r\n";
    for path in ["/", "/a?b=c%20d", "ws://host/x"] {
        let (mut client, greeting) = greeting(&server, with_lines(path, lines));
        let expected = json!({
            "method": "GET",
            "target": path,
            "version": "HTTP/1.1",
            "headers": [
                ["Host", "localhost"],
                ["Upgrade", "websocket"],
                ["Connection", "Upgrade"],
                ["Sec-WebSocket-Version", "13"],
                ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
                ["x-oDD", "first"],
                ["X-Odd", "second"],
                ["X-Bytes", {"base64": "//4="}],
                ["X-oDD", ""],
                ["Cookie", {"hidden": 6}],
                ["Sec-WebSocket-Protocol", "v2.chat,chat"],
                ["Sec-WebSocket-Extensions", "foo; a=\"b,c\", permessage-deflate"],
            ],
            "peer": client.address().to_string(),
            "local": server.address.to_string(),
            "via": null,
            "tls": null,
            "subprotocols": {"offered": ["v2.chat", "chat"], "chosen": "chat"},
            "extensions": {
                "offered": ["foo; a=\"b,c\"", "permessage-deflate"],
                "agreed":
                    "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            },
        });
        assert_eq!(greeting, expected);
        client.send(masked(TEXT, "hello"));
        assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "hello")));
    }
}

#[test]
fn secrets_are_shown_if_the_server_may_show_them() {
    let lines = b"COOKIE: a=b\r\nAuthorization: Basic c\r\nProxy-Authorization: d\r\n";
    for (flag, expected) in [
        (
            "--show-secrets",
            json!([
                ["COOKIE", "a=b"],
                ["Authorization", "Basic c"],
                ["Proxy-Authorization", "d"]
            ]),
        ),
        (
            "--no-page",
            json!([
                ["COOKIE", {"hidden": 3}],
                ["Authorization", {"hidden": 7}],
                ["Proxy-Authorization", {"hidden": 1}],
            ]),
        ),
    ] {
        let server = Server::start(&["--welcome-request", flag]);
        let (_, greeting) = greeting(&server, with_lines("/", lines));
        let headers = greeting["headers"].as_array().expect("a list");
        assert_eq!(Value::from(headers[5..].to_vec()), expected);
    }
}

#[test]
fn the_longest_request_is_shown_whole_and_the_log_counts_it() {
    let quotes = "\"".repeat((8 << 10) - request("/").len() - "X: \r\n".len());
    let request = with_lines("/", format!("X: {quotes}\r\n").as_bytes());
    assert_eq!(request.len(), 8 << 10);
    let message = masked(TEXT, "hello");
    for buffer in ["4KiB", "64KiB"] {
        let server = Server::start(&["--welcome-request", "--buffer", buffer]);
        for piece_len in [usize::MAX, 1000] {
            let mut client = Client::connect(server.address);
            for piece in [&request[..], &message].concat().chunks(piece_len) {
                client.send(piece);
            }
            client.receive_head();
            let frame = client.receive_frame().expect("a greeting");
            let len = frame.payload.len();
            assert_eq!(report(Some(frame))["headers"][5], json!(["X", quotes]));
            assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "hello")));
            client.send(masked_close(1000, ""));
            while client.receive_frame().is_some_and(|it| it.first != CLOSE) {}
            let line = server.logged(&format!("client disconnected {} ", client.address()));
            let kib = (len + 5) as f64 / 1024.0;
            let expected = format!("1 message (5 bytes) received, 2 ({kib:.1} KiB) sent");
            assert!(line.ends_with(&expected), "{line}: {expected}");
        }
    }
}

#[test]
fn each_connection_counts_its_own_greeting() {
    let server = Server::start(&["--welcome-request", "--threads=1"]);
    let clients: Vec<_> = (0..20)
        .map(|at| {
            let lines = format!("X: {}\r\n", "x".repeat(10 * at));
            let mut client = Client::connect(server.address);
            client.send(with_lines("/", lines.as_bytes()));
            client.receive_head();
            let len = client.receive_frame().expect("a greeting").payload.len();
            (client, len)
        })
        .collect();
    // Some end before others.
    for first in [1, 0] {
        for (client, len) in clients.iter().skip(first).step_by(2) {
            client.shut();
            let line = server.logged(&format!("client disconnected {} ", client.address()));
            let expected = format!("0 messages (0 bytes) received, 1 ({len} bytes) sent");
            assert!(line.ends_with(&expected), "{line}: {expected}");
        }
    }
}

#[test]
fn a_request_by_http_gets_itself_wherever_the_test_path_is() {
    let server = Server::start(&["--path=/chat", "--no-page"]);
    let (head, content) = answer(&server, &plain("GET", "/test/request?a"));
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for line in [
        "Content-Type: application/json\r\n",
        "Cache-Control: no-store\r\n",
    ] {
        assert!(head.contains(line), "{head}");
    }
    let report: Value = serde_json::from_str(&content).expect("JSON");
    assert!(content.ends_with("}\n"));
    assert_eq!(report["target"], "/test/request?a");
    assert_eq!(
        report["headers"],
        json!([["hOST", "localhost"], ["cookie", {"hidden": 3}]])
    );
    assert_eq!(report["local"], server.address.to_string());
    assert_eq!(report["extensions"], json!({"offered": [], "agreed": null}));

    let (head_only, nothing) = answer(&server, &plain("HEAD", "/test/request?a"));
    assert!(head_only.starts_with("HTTP/1.1 200 OK\r\n"), "{head_only}");
    assert_eq!(nothing, "");
    let (head, _) = answer(&server, &plain("POST", "/test/request"));
    assert!(head.starts_with("HTTP/1.1 405 "), "{head}");
    assert!(head.contains("Allow: GET, HEAD, OPTIONS\r\n"), "{head}");
    let body = plain("GET", "/test/request").replace("cookie", "Content-Length: 1\r\nx");
    assert!(answer(&server, &body).0.starts_with("HTTP/1.1 400 "));
    for path in ["/test/request/", "/test/requests", "/request"] {
        let (head, _) = answer(&server, &plain("GET", path));
        assert!(head.starts_with("HTTP/1.1 404 "), "{path}: {head}");
    }

    for (flags, path) in [
        (&["--test-path=/a/b"][..], "/a/b/request"),
        (&["--test-path=/"], "/request"),
        (&["--test-path=/a/"], "/a/request"),
    ] {
        let server = Server::start(flags);
        let (head, _) = answer(&server, &plain("GET", path));
        assert!(
            head.contains("Content-Type: application/json\r\n"),
            "{head}"
        );
    }
    let server = Server::start(&["--no-test"]);
    let (head, _) = answer(&server, &plain("GET", "/test/request"));
    assert!(head.contains("Content-Type: text/html"), "the page: {head}");
}

#[test]
fn on_the_test_path_the_query_chooses_the_greeting_and_the_log_counts_it() {
    for (flag, query, is_report) in [
        ("--no-welcome", "greeting=request", true),
        (
            "--welcome=hi",
            "greeting=request&subprotocol=own&segment=7",
            true,
        ),
        ("--welcome-request", "", true),
        ("--welcome-request", "delay=1ms", true),
        ("--welcome-request", "greeting=hi", false),
        ("--welcome=hi", "", false),
    ] {
        let server = Server::start(&[flag, "--buffer=4KiB"]);
        let path = format!("/test?{query}");
        let quotes = "\"".repeat(7000);
        let lines = format!("X: {quotes}\r\nSec-WebSocket-Protocol: chat\r\n");
        let mut client = Client::connect(server.address);
        client.send(with_lines(&path, lines.as_bytes()));
        let head = client.receive_head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let frame = client.receive_frame().expect("a greeting");
        let len = frame.payload.len();
        if is_report {
            let report = report(Some(frame));
            assert_eq!(report["target"], path);
            assert_eq!(report["headers"][5], json!(["X", quotes]));
            assert_eq!(report["peer"], client.address().to_string());
            assert_eq!(report["local"], server.address.to_string());
            let chosen = query.contains("own").then_some("own");
            let subprotocols = json!({"offered": ["chat"], "chosen": chosen});
            assert_eq!(report["subprotocols"], subprotocols);
        } else {
            assert_eq!(frame, Frame::new(TEXT, "hi"));
        }
        client.send(masked(TEXT, "hello"));
        assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "hello")));
        client.send(masked_close(1000, ""));
        while client.receive_frame().is_some_and(|it| it.first != CLOSE) {}
        let line = server.logged(&format!("client disconnected {} ", client.address()));
        let sent = match len + 5 {
            len @ ..1024 => format!("{len} bytes"),
            len => format!("{:.1} KiB", len as f64 / 1024.0),
        };
        let expected = format!("1 message (5 bytes) received, 2 ({sent}) sent");
        assert!(line.ends_with(&expected), "{line}: {expected}");
    }
}

#[test]
fn a_websocket_at_the_path_of_the_request_is_one_like_any_other() {
    let server = Server::start(&["--no-welcome"]);
    let mut client = Client::connect(server.address);
    client.send(request("/test/request"));
    assert!(client.receive_head().starts_with("HTTP/1.1 101 "));
    client.send(masked(TEXT, "hello"));
    assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "hello")));
    let server = Server::start(&["--path=/chat"]);
    let (head, _) = answer(&server, &request("/test/request"));
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
}

/// What the report says of TLS, to a client with this configuration that connects twice.
fn tls_facts(
    server: &Server,
    certificate: &Path,
    version: &'static SupportedProtocolVersion,
    change: impl Fn(&mut rustls::ClientConfig),
) -> [Value; 2] {
    let mut config = trusting(certificate, version);
    change(&mut config);
    [(); 2].map(|()| {
        let mut client = TlsClient::connect(server.address, config.clone());
        client.send(request("/"));
        client.expect_head();
        let report = report(client.receive_frame());
        let suite = client.tls.negotiated_cipher_suite().expect("a suite");
        let suite = format!("{:?}", suite.suite()).replace("TLS13_", "TLS_");
        assert_eq!(report["tls"]["cipher"], suite);
        assert_eq!(report["local"], server.address.to_string());
        client.send(masked(TEXT, "hello"));
        assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "hello")));
        report["tls"].clone()
    })
}

#[test]
fn what_was_agreed_on_in_tls_is_shown() {
    let (server, certificate) = self_signed("request_report", &["--welcome-request"]);
    for version in VERSIONS {
        let name = match version.version {
            rustls::ProtocolVersion::TLSv1_2 => "TLSv1.2",
            _ => "TLSv1.3",
        };
        let check = |facts: &Value, server_name: Value, alpn: Value, resumed: bool| {
            assert_eq!(facts["version"], name);
            let cipher = facts["cipher"].as_str().expect("a text");
            assert!(cipher.starts_with("TLS_"), "{cipher}");
            assert_eq!(facts["server_name"], server_name, "{name}");
            assert_eq!(facts["alpn"], alpn, "{name}");
            assert_eq!(facts["resumed"], resumed, "{name}");
        };
        let usual = tls_facts(&server, &certificate, version, |_| {});
        check(&usual[0], json!("localhost"), Value::Null, false);
        check(&usual[1], json!("localhost"), Value::Null, true);
        let with_alpn = tls_facts(&server, &certificate, version, |config| {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
        });
        check(&with_alpn[0], json!("localhost"), json!("http/1.1"), false);
        let nameless = tls_facts(&server, &certificate, version, |config| {
            config.enable_sni = false;
            config.resumption = rustls::client::Resumption::disabled();
        });
        check(&nameless[0], Value::Null, Value::Null, false);
        check(&nameless[1], Value::Null, Value::Null, false);
    }
}

#[test]
fn an_ipv6_address_is_shown_as_one() {
    let mut ipv6 = command(["--listen", "[::1]:0", "--welcome-request"]);
    let server = Server::spawn(ipv6.stderr(Stdio::piped()));
    let (client, greeting) = greeting(&server, request("/"));
    assert_eq!(greeting["peer"], client.address().to_string());
    assert_eq!(greeting["local"], server.address.to_string());
}

/// The stdout of a command that succeeds.
fn output(command: &mut Command) -> String {
    let (status, stdout, stderr) = run(command).expect("it runs");
    assert!(status.success(), "{status}: {stderr}");
    stdout
}

#[test]
fn python_websockets_sees_its_request() {
    let server = Server::start(&["--welcome-request", "--subprotocol=chat"]);
    let url = server.url("/");
    let Some(mut command) = peers::python_command("request_report.py", &[&url]) else {
        return;
    };
    let greeting: Value = serde_json::from_str(&output(&mut command)).expect("JSON");
    let headers = greeting["headers"].as_array().expect("a list");
    let odd: Vec<_> = headers
        .iter()
        .filter(|it| {
            it[0]
                .as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case("x-odd"))
        })
        .collect();
    assert_eq!(
        odd,
        [&json!(["x-oDD", "first"]), &json!(["X-Odd", "second"])]
    );
    for secret in [
        json!(["Cookie", {"hidden": 14}]),
        json!(["Authorization", {"hidden": 13}]),
        json!(["X-Text", "h\u{e9}llo"]),
    ] {
        assert!(headers.contains(&secret), "{secret} in {greeting}");
    }
    assert_eq!(
        greeting["subprotocols"],
        json!({"offered": ["v2.chat", "chat"], "chosen": "chat"})
    );
    let agreed = greeting["extensions"]["agreed"].as_str();
    assert!(
        agreed.is_some_and(|it| it.starts_with("permessage-deflate;")),
        "{greeting}"
    );
}

#[test]
fn curl_sees_its_request() {
    let server = Server::start(&[]);
    let url = format!("http://{}/test/request?a=b", server.address);
    if !CURL.is_there(&["--version"]) {
        return;
    }
    let mut command = CURL.command();
    command.args([
        "--silent", "--fail", "-H", "X-Odd;", "-H", "x-oDD: b", "-u", "a:secret", &url,
    ]);
    let report: Value = serde_json::from_str(&output(&mut command)).expect("JSON");
    assert_eq!(report["target"], "/test/request?a=b");
    let headers = report["headers"].as_array().expect("a list");
    for header in [
        json!(["X-Odd", ""]),
        json!(["x-oDD", "b"]),
        json!(["Authorization", {"hidden": 18}]),
    ] {
        assert!(headers.contains(&header), "{header} in {report}");
    }
}
