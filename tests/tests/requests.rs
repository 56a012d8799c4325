//! What the server answers to requests, and what its log advises: which header is missing, which
//! origin or subprotocol to list, and what a client that speaks HTTP/1.0 gets.

use ws_echo_tests::http_answer::{Answer, plain};
use ws_echo_tests::programs::CURL;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{Server, command, run};
use ws_echo_tests::{peers, proxies};

/// A request for a WebSocket with these headers instead of the one that begins with `name`.
fn with(name: &str, lines: &str) -> String {
    let request = request("/");
    let old = request
        .split_inclusive("\r\n")
        .find(|it| it.starts_with(name));
    request.replace(old.unwrap(), lines)
}

mod origins {
    use super::*;

    fn from(origin: &[u8]) -> Vec<u8> {
        let request = request("/");
        let (line, rest) = request.split_once("Host:").unwrap();
        [
            line.as_bytes(),
            b"Origin:",
            origin,
            b"\r\nHost:",
            rest.as_bytes(),
        ]
        .concat()
    }

    /// What a person would copy from a line of the log, without a shell's quotes.
    fn advised(line: &str) -> &str {
        let (_, advice) = line.split_once("--origin ").expect(line);
        match advice.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').expect(line).0,
            None => advice.split(' ').next().unwrap(),
        }
    }

    #[test]
    fn what_the_log_advises_can_be_written_and_is_accepted_then() {
        let long = format!("http://{}", "a".repeat(1000));
        let server = Server::start(&["--no-welcome"]);
        for (origin, expected) in [
            (&b"http://evil.example"[..], "http://evil.example"),
            (b"HTTPS://Evil.Example:8443", "https://evil.example:8443"),
            (b"https://evil.example:443", "https://evil.example"),
            (b"http://127.0.0.1:1", "http://127.0.0.1:1"),
            (b"http://[::1]:1", "http://[::1]:1"),
            (b"http://[0:0::1]:1", "http://[::1]:1"),
            (
                b"http://xn--bcher-kva.example",
                "http://xn--bcher-kva.example",
            ),
            (b"https://github.com/someone/library", "https://github.com"),
            (b"http://evil.example/", "http://evil.example"),
            (b"ws://evil.example/chat", "http://evil.example"),
            (b"file://", "file://"),
            (b"null", "null"),
            (b"capacitor://localhost", "capacitor://localhost"),
            (b"app://.", "app://."),
            (
                b"chrome-extension://abcdefgh",
                "chrome-extension://abcdefgh",
            ),
            (b"moz-extension://0123-4567", "moz-extension://0123-4567"),
            // What no page has.
            (b"http://*.example", "*"),
            (b"*", "*"),
            (b"evil.example", "*"),
            (b"192.168.0.5", "*"),
            (b"http://", "*"),
            (b"http://a http://b", "*"),
            (b"http://a,http://b", "*"),
            (b"http://user@a", "*"),
            (b"http://a;reboot", "*"),
            (b"http://a\tb", "*"),
            (b"--help", "*"),
            ("http://b\u{fc}cher.example".as_bytes(), "*"),
            (b"http://\xff.example", "*"),
            (long.as_bytes(), "*"),
            (b"http://a\r\nOrigin: http://a", "*"),
        ] {
            let what = origin.escape_ascii();
            let refused = Answer::to(&server, from(origin));
            assert_eq!(refused.status(), "403", "{what}");
            let line = server.logged(&format!("client refused {}: ", refused.client));
            assert_eq!(advised(&line), expected, "{what}: {line}");
            let lenient = Server::start(&["--no-welcome", "--origin", advised(&line)]);
            assert_eq!(Answer::to(&lenient, from(origin)).status(), "101", "{what}");
        }
    }

    #[test]
    fn an_empty_origin_counts_as_none() {
        let server = Server::start(&["--no-welcome"]);
        for origin in [&b""[..], b" ", b"\r\nOrigin:"] {
            assert_eq!(Answer::to(&server, from(origin)).status(), "101");
        }
        let both = Answer::to(&server, from(b"\r\nOrigin: http://evil.example"));
        assert_eq!(both.status(), "403");
        server.logged("--origin http://evil.example");
    }

    #[test]
    fn an_origin_that_can_never_match_is_a_wrong_command_line() {
        for (origin, advice) in [
            ("http://*.example", "write each origin, or * alone for all"),
            ("*.example", "write each origin, or * alone for all"),
            ("https://*", "write each origin, or * alone for all"),
            ("example.com", "http://example.com or https://example.com"),
            (
                "example.com:80",
                "http://example.com:80 or https://example.com:80",
            ),
            (
                "https://example.com/",
                "leave out the path: https://example.com\n",
            ),
            (
                "https://example.com/a",
                "leave out the path: https://example.com\n",
            ),
            ("file:///", "leave out the path: file://\n"),
            (
                "ws://example.com",
                "write the scheme of the page: http://example.com\n",
            ),
            ("WSS://a:1", "write the scheme of the page: https://a:1\n"),
            ("http://b\u{fc}cher.example", "in ASCII: xn--..."),
            ("http://", "such as https://example.com:8080"),
            ("http://a,http://b", "such as https://example.com:8080"),
            ("http://a b", "such as https://example.com:8080"),
            ("http://user@a", "such as https://example.com:8080"),
            ("http://a:", "such as https://example.com:8080"),
            ("http://a:65536", "such as https://example.com:8080"),
            ("http://127.1", "such as https://example.com:8080"),
            ("http://[::1", "such as https://example.com:8080"),
        ] {
            let (status, _, stderr) = run(&mut command(["--origin", origin])).unwrap();
            assert_eq!(status.code(), Some(2), "{origin}");
            assert!(stderr.contains(advice), "{origin}: {stderr}");
        }
    }

    // A header is missing whatever the origin is, and a page is told so first.
    #[test]
    fn a_request_that_lacks_a_header_is_told_so_before_its_origin_is_judged() {
        let server = Server::start(&[]);
        let request = with("Connection", "Origin: http://evil.example\r\n");
        assert_eq!(Answer::to(&server, request).status(), "426");
    }
}

mod missing_headers {
    use super::*;

    #[test]
    fn the_answer_and_the_log_name_the_header_and_the_proxy() {
        const CONNECTION: &str = "Connection: Upgrade is missing: a proxy removes it";
        const UPGRADE: &str = "Upgrade: websocket is missing: a proxy removes it";
        let neither = with("Upgrade", "").replace("Connection: Upgrade\r\n", "");
        for has_page in [true, false] {
            let server = Server::start(if has_page { &[][..] } else { &["--no-page"] });
            for (request, status, text) in [
                (with("Connection", ""), "426", CONNECTION),
                (
                    with("Connection", "Connection: keep-alive\r\n"),
                    "426",
                    CONNECTION,
                ),
                (with("Upgrade", ""), "426", UPGRADE),
                (with("Upgrade", "Upgrade: h2c\r\n"), "426", UPGRADE),
                // As nginx does with `proxy_http_version 1.1` alone.
                (
                    neither.replace("Host", "Connection: close\r\nHost"),
                    "426",
                    CONNECTION,
                ),
                (neither.clone(), "426", CONNECTION),
                (
                    with("Sec-WebSocket-Version", ""),
                    "426",
                    "Sec-WebSocket-Version is missing\n",
                ),
                (
                    with("Sec-WebSocket-Key", ""),
                    "400",
                    "Sec-WebSocket-Key is missing\n",
                ),
                (
                    neither.replace("HTTP/1.1", "HTTP/1.0"),
                    "426",
                    "a WebSocket needs HTTP/1.1, and this request is HTTP/1.0: a proxy",
                ),
                (
                    super::request("/").replace("HTTP/1.1", "HTTP/1.0"),
                    "426",
                    "a WebSocket needs HTTP/1.1, and this request is HTTP/1.0: a proxy",
                ),
            ] {
                let answer = Answer::to(&server, &request);
                assert_eq!(answer.status(), status, "{request}");
                let version = if request.contains("HTTP/1.0") {
                    "HTTP/1.0"
                } else {
                    "HTTP/1.1"
                };
                assert_eq!(answer.version(), version, "{request}");
                assert!(
                    answer.content.starts_with(text),
                    "{request}: {}",
                    answer.content
                );
                assert_eq!(answer.header("Content-Type"), Some("text/plain"));
                let line = server.logged(&format!("client refused {} ", answer.client));
                assert!(line.contains(text.trim_end()), "{line}");
            }
        }
    }

    #[test]
    fn an_upgrade_to_another_protocol_gets_the_page() {
        let server = Server::start(&[]);
        for upgrade in ["h2c", "TLS/1.0", "h2c, TLS/1.3", ""] {
            for method in ["GET", "HEAD"] {
                let headers = format!(
                    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {upgrade}\r\n\
                     HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nHost"
                );
                let request = plain(method, "/").replace("Host", &headers);
                let answer = Answer::to(&server, request);
                assert_eq!(answer.status(), "200", "{upgrade}");
                assert_eq!(answer.content.is_empty(), method == "HEAD");
            }
        }
        let bare = Server::start(&["--no-page"]);
        let h2c = plain("GET", "/").replace("Host", "Connection: Upgrade\r\nUpgrade: h2c\r\nHost");
        let answer = Answer::to(&bare, h2c);
        assert_eq!(answer.content, "only WebSocket connections are served\n");
    }

    #[test]
    fn a_doubled_upgrade_is_accepted() {
        let server = Server::start(&["--no-welcome"]);
        for upgrade in [
            "Upgrade: websocket\r\nUpgrade: websocket\r\n",
            "Upgrade: websocket, websocket\r\n",
        ] {
            assert_eq!(
                Answer::to(&server, with("Upgrade", upgrade)).status(),
                "101"
            );
        }
    }
}

mod http_1_0 {
    use super::*;

    // > A server MAY send an HTTP/1.0 response to a request if it is known or suspected that the
    // > client incorrectly implements the HTTP specification [...] (RFC 9110 section 2.5)
    #[test]
    fn a_client_gets_the_page_with_and_without_a_host_in_its_own_version() {
        let server = Server::start(&[]);
        let mut expected = Answer::to(&server, plain("GET", "/"));
        assert_eq!(expected.version(), "HTTP/1.1");
        expected.head = expected.head.replace("HTTP/1.1", "HTTP/1.0");
        for headers in [
            "",
            "Host: a\r\n",
            "Connection: keep-alive\r\n",
            "Upgrade: h2c\r\n",
        ] {
            let answer = Answer::to(&server, format!("GET / HTTP/1.0\r\n{headers}\r\n"));
            assert_eq!(answer.head, expected.head, "{headers}");
            assert_eq!(answer.content, expected.content, "{headers}");
            assert_eq!(answer.header("Connection"), Some("close"));
            let answer = Answer::to(&server, format!("HEAD / HTTP/1.0\r\n{headers}\r\n"));
            assert_eq!(answer.head, expected.head, "{headers}");
            assert_eq!(answer.content, "");
        }
        for (request, status) in [
            ("GET /favicon.ico HTTP/1.0\r\n\r\n", "200"),
            ("POST / HTTP/1.0\r\n\r\n", "405"),
            ("GET nowhere HTTP/1.0\r\n\r\n", "400"),
            ("GET / HTTP/1.0\r\nHost: a b\r\n\r\n", "400"),
            ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
            ("GET / HTTP/1.0\r\nContent-Length: 1\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\n\r\n", "400"),
            ("GET / HTTP/1.2\r\n\r\n", "505"),
            ("GET / HTTP/2.0\r\n\r\n", "505"),
            ("GET / HTTP/0.9\r\n\r\n", "505"),
            ("GET /\r\n", "400"),
        ] {
            let answer = Answer::to(&server, request);
            assert_eq!(answer.status(), status, "{request}");
            let version = match request.contains(" HTTP/1.0\r\n") {
                true => "HTTP/1.0",
                false => "HTTP/1.1",
            };
            assert_eq!(answer.version(), version, "{request}");
        }
        let bare = Server::start(&["--no-page", "--path", "/echo"]);
        for (path, status) in [("/echo", "426"), ("/", "404")] {
            let answer = Answer::to(&bare, format!("GET {path} HTTP/1.0\r\n\r\n"));
            let expected = format!("HTTP/1.0 {status} ");
            assert!(answer.head.starts_with(&expected), "{}", answer.head);
        }
    }
}

#[test]
fn allow_lists_head_where_the_page_is() {
    let server = Server::start(&["--path", "/a"]);
    let bare = Server::start(&["--no-page"]);
    for method in ["POST", "PUT", "TRACE", "get"] {
        for path in ["/a", "/favicon.ico"] {
            let answer = Answer::to(&server, plain(method, path));
            assert_eq!(answer.status(), "405", "{method} {path}");
            assert_eq!(
                answer.header("Allow"),
                Some("GET, HEAD, OPTIONS"),
                "{method} {path}"
            );
            assert_eq!(answer.content, "method is not GET\n");
        }
        let answer = Answer::to(&bare, plain(method, "/"));
        assert_eq!(answer.header("Allow"), Some("GET"), "{method}");
        let upgrade = request("/a").replace("GET", method);
        let answer = Answer::to(&server, upgrade);
        assert_eq!(
            answer.header("Allow"),
            Some("GET, HEAD, OPTIONS"),
            "{method}"
        );
    }
    for (server, request) in [
        (&server, request("/a").replace("GET", "HEAD")),
        (&bare, plain("HEAD", "/")),
    ] {
        let answer = Answer::to(server, request);
        assert_eq!(
            (answer.status(), answer.header("Allow")),
            ("405", Some("GET"))
        );
    }
}

#[test]
fn options_are_answered_by_http_1_0_and_1_1_wherever_something_is_served() {
    let server = Server::start(&["--path", "/a"]);
    let bare = Server::start(&["--no-page"]);
    for (server, path, allowed) in [
        (&server, "/a", "GET, HEAD, OPTIONS"),
        (&server, "/favicon.ico", "GET, HEAD, OPTIONS"),
        (&server, "/test", "GET, HEAD, OPTIONS"),
        (&bare, "/", "GET, OPTIONS"),
    ] {
        // HAProxy's health check, if no other is configured.
        let short = format!("OPTIONS {path} HTTP/1.0\r\n\r\n");
        for (request, version) in [(short, "HTTP/1.0"), (plain("OPTIONS", path), "HTTP/1.1")] {
            let answer = Answer::to(server, request);
            assert_eq!(answer.version(), version);
            assert_eq!((answer.status(), &*answer.content), ("200", ""), "{path}");
            assert_eq!(answer.header("Allow"), Some(allowed));
            assert_eq!(answer.header("Content-Length"), Some("0"));
        }
    }
    assert_eq!(Answer::to(&server, plain("OPTIONS", "/b")).status(), "404");
    let upgrade = request("/a").replace("GET", "OPTIONS");
    assert_eq!(Answer::to(&server, upgrade).status(), "405");
}

#[test]
fn the_log_says_whether_the_page_or_the_icon_was_sent() {
    let server = Server::start(&[]);
    for (path, name) in [("/", "page"), ("/chat?x", "page"), ("/favicon.ico", "icon")] {
        let answer = Answer::to(&server, plain("GET", path));
        server.logged(&format!("{name} sent {} {path}", answer.client));
    }
}

mod subprotocols {
    use super::*;

    fn offering(offers: &str) -> String {
        request("/").replace("Host", &format!("Sec-WebSocket-Protocol: {offers}\r\nHost"))
    }

    fn chosen(server: &Server, offers: &str) -> Option<String> {
        let answer = Answer::to(server, offering(offers));
        assert_eq!(answer.status(), "101", "{offers}");
        answer.header("Sec-WebSocket-Protocol").map(str::to_owned)
    }

    #[test]
    fn a_star_chooses_the_first_that_is_offered_after_the_names_before_it() {
        let long = "x".repeat(101);
        for (arguments, offers, expected) in [
            (&["*"][..], "chat, superchat", Some("chat")),
            (&["*"], ",\u{fc}, a b, chat", Some("chat")),
            (&["*"], &format!("{long}, chat"), Some("chat")),
            (&["*"], &long, None),
            (&["*"], "a b", None),
            (&["*"], "*", Some("*")),
            (&["b", "*"], "a, b", Some("b")),
            (&["b", "*"], "a, c", Some("a")),
            (&["*", "b"], "a, b", Some("a")),
        ] {
            let flags = arguments.iter().flat_map(|it| ["--subprotocol", it]);
            let flags: Vec<_> = ["--no-welcome"].into_iter().chain(flags).collect();
            let server = Server::start(&flags);
            let chosen = chosen(&server, offers);
            assert_eq!(chosen.as_deref(), expected, "{arguments:?}, {offers}");
        }
    }

    #[test]
    fn the_log_names_the_option_for_a_client_that_gets_none() {
        let server = Server::start(&["--no-welcome", "--subprotocol", "other"]);
        for (offers, name, advice) in [
            ("chat.v1, superchat", "chat.v1", "chat.v1"),
            ("`reboot`", "`reboot`", "'*'"),
            ("$HOME", "$HOME", "'*'"),
            ("-x", "-x", "'*'"),
            ("*", "*", "'*'"),
        ] {
            let answer = Answer::to(&server, offering(offers));
            assert_eq!(answer.header("Sec-WebSocket-Protocol"), None);
            server.logged(&format!("client connected {} /", answer.client));
            let line = server.logged(&format!("client {} offers", answer.client));
            let expected = format!(
                "offers subprotocol {name} and gets none, so it may fail: choose one with \
                 --subprotocol {advice}"
            );
            assert!(line.ends_with(&expected), "{line}");
            let unquoted = advice.trim_matches('\'');
            let better = Server::start(&["--no-welcome", "--subprotocol", unquoted]);
            assert_eq!(chosen(&better, offers).as_deref(), Some(name));
        }
        for offers in ["other", "a b", ""] {
            chosen(&server, offers);
        }
        Answer::to(&server, request("/last"));
        server.logged(" /last");
        assert_eq!(
            server.log().matches(" offers ").count(),
            5,
            "{}",
            server.log()
        );
    }

    #[test]
    fn clients_that_need_one_connect_with_a_star() {
        let server = Server::start(&["--subprotocol", "*"]);
        let url = server.url("/");
        if let Some(mut python) = peers::python_command("subprotocol.py", &[url.as_str()]) {
            peers::expect_ok(&mut python);
        }
        if let Some(mut node) = peers::node_command("subprotocol.cjs") {
            peers::expect_ok(node.arg(&url));
        }
    }
}

#[test]
fn curl_gets_the_page_by_each_version_of_http() {
    if !CURL.is_there(&["--version"]) {
        return;
    }
    let server = Server::start(&[]);
    for version in ["--http1.0", "--http1.1", "--http2"] {
        let mut curl = CURL.command();
        curl.args(["--silent", "--show-error", "--max-time", "20", version]);
        let (_, page, stderr) = run(curl.arg(format!("http://{}/", server.address))).unwrap();
        assert!(page.starts_with("<!doctype html>"), "{version}: {stderr}");
    }
}

/// The status and the content of an answer. A proxy keeps the connection open until the client ends
/// its side.
fn answer_through(proxy: &Server, request: &str) -> (String, String) {
    let mut client = Client::connect(proxy.address);
    client.send(request);
    let head = client.receive_head();
    client.shut();
    let content = String::from_utf8_lossy(&client.receive_rest()).into_owned();
    (head[9..12].to_owned(), content)
}

#[test]
fn nginx_hands_on_the_page_and_what_it_must_be_told() {
    let server = Server::start(&["--no-welcome"]);
    let http_1_1 = "proxy_http_version 1.1;";
    let upgrade = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;";
    let both = format!("{upgrade} proxy_set_header Connection upgrade;");
    for (name, directives, status, text) in [
        ("defaults", "", "426", "a WebSocket needs HTTP/1.1"),
        (
            "http-1-1",
            http_1_1,
            "426",
            "Connection: Upgrade is missing",
        ),
        ("upgrade", upgrade, "426", "Connection: Upgrade is missing"),
        ("both", &both, "101", ""),
    ] {
        let Some(nginx) = proxies::nginx(name, &server, directives) else {
            return;
        };
        let (page, content) = answer_through(
            &nginx,
            &plain("GET", "/").replace("Host", "Connection: close\r\nHost"),
        );
        assert_eq!(page, "200", "{name}");
        assert!(content.contains("<!doctype html>"), "{name}: {content}");
        let (answer, content) = answer_through(&nginx, &request("/"));
        assert_eq!(answer, status, "{name}");
        assert!(content.contains(text), "{name}: {content}");
    }
}
