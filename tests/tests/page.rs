//! The chat as a web page, and with the panel of the test path: which requests get it, its headers,
//! and how it works in a browser.

use std::env;
use std::path::PathBuf;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};
use ws_echo_tests::peers;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{Server, binary, folder};

/// A request as a browser sends it, with the headers that a server looks at.
fn plain(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
}

/// The head and the content of the answer to a request, after which the server has ended the
/// connection.
fn ask(server: &Server, request: &str) -> (String, String) {
    let mut client = Client::connect(server.address);
    client.send(request);
    receive(&mut client)
}

fn receive(client: &mut Client) -> (String, String) {
    let head = client.receive_head();
    let content = String::from_utf8(client.receive_rest()).unwrap();
    (head, content)
}

fn status(server: &Server, request: &str) -> String {
    let (head, _) = ask(server, request);
    let status = head.strip_prefix("HTTP/1.1 ").unwrap();
    status[..3].into()
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    let (_, value) = lines.find(|(it, _)| *it == name).expect(name);
    value
}

/// The text between two marks, each of which occurs once.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let [_, rest] = text.split(start).collect::<Vec<_>>()[..] else {
        panic!("{start} is not there once");
    };
    rest.split_once(end).expect(end).0
}

#[test]
fn a_browser_gets_the_whole_page_and_icon_with_their_policy() {
    let server = Server::start(&[]);
    let (html, doctype) = ("text/html; charset=utf-8", "<!doctype html>");
    for (path, name, content_type, start) in [
        ("/", "page", html, doctype),
        ("/any?query", "page", html, doctype),
        ("/test", "test page", html, doctype),
        ("/test?close=1011&reason=bye", "test page", html, doctype),
        ("/favicon.ico", "icon", "image/svg+xml", "<svg "),
    ] {
        let mut client = Client::connect(server.address);
        client.send(plain("GET", path));
        let (head, content) = receive(&mut client);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(content.starts_with(start), "{content}");
        for (name, value) in [
            ("Connection", "close"),
            ("Content-Type", content_type),
            ("Content-Length", &content.len().to_string()),
            ("Cache-Control", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ] {
            assert_eq!(header(&head, name), value, "{path}");
        }
        let policy = header(&head, "Content-Security-Policy");
        // The hashes are compared with the contents below.
        let is_hash = |directive: &&str| directive.contains(" 'sha256-");
        let (hashes, others): (Vec<_>, Vec<_>) = policy.split("; ").partition(is_hash);
        let connect = match name {
            "test page" => "connect-src 'self' ws: wss:",
            _ => "connect-src ws: wss:",
        };
        assert_eq!(
            others,
            [
                "default-src 'none'",
                connect,
                "img-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            ]
        );
        assert_eq!(hashes.len(), 2, "{policy}");
        server.logged(&format!("{name} sent {} {path}", client.address()));
    }
}

#[test]
fn the_security_policy_names_the_hashes_of_the_style_and_the_script() {
    let server = Server::start(&[]);
    for path in ["/", "/test"] {
        let (head, page) = ask(&server, &plain("GET", path));
        let policy = header(&head, "Content-Security-Policy");
        let script = between(&page, "<script type=\"module\">", "</script>");
        for (directive, content) in [
            ("style-src", between(&page, "<style>", "</style>")),
            ("script-src", script),
        ] {
            let hash = BASE64_STANDARD.encode(Sha256::digest(content));
            let source = format!("{directive} 'sha256-{hash}'");
            assert!(
                policy.split("; ").any(|it| it == source),
                "{path} has changed: write {source} instead of what is in {policy}"
            );
        }
    }
}

/// The test page also asks its own server, over HTTP, what is wrong with an address.
#[test]
fn a_page_fetches_nothing_and_has_no_attribute_that_the_policy_forbids() {
    let server = Server::start(&[]);
    let (_, page) = ask(&server, &plain("GET", "/"));
    assert!(!page.contains("fetch("));
    assert!(page.len() < 25_000, "{}", page.len());
    expect_harmless(&page);
    let (_, page) = ask(&server, &plain("GET", "/test"));
    assert_eq!(page.matches("fetch(").count(), 1);
    assert!(page.len() < 50_000, "{}", page.len());
    expect_harmless(&page.replace("placeholder=\"http://localhost/\"", ""));
}

fn expect_harmless(page: &str) {
    for forbidden in [
        "http:",
        "https://",
        "url(",
        "@import",
        "import(",
        "innerHTML",
        " src=",
        " style=",
        " onclick=\"",
        " onload=\"",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let links: Vec<_> = page.split(" href=\"").skip(1).collect();
    assert!(links.iter().all(|it| it.starts_with("/favicon.ico\"")));
    assert_eq!(links.len(), 1);
}

/// > The HEAD method is identical to GET except that the server MUST NOT send content in the
/// > response. [...] The server SHOULD send the same header fields [...] (RFC 9110 section 9.3.2)
#[test]
fn head_gets_the_same_header_fields_without_content() {
    let server = Server::start(&["--path", "/chat"]);
    for path in ["/chat", "/favicon.ico"] {
        let (expected, _) = ask(&server, &plain("GET", path));
        let got = ask(&server, &plain("HEAD", path));
        assert_eq!(got, (expected, String::new()));
    }
    assert_eq!(status(&server, &plain("HEAD", "/")), "404");
}

#[test]
fn served_paths_have_the_page_and_others_404_except_the_icon() {
    let server = Server::start(&["--path", "/a", "--path", "/b"]);
    for (path, expected) in [
        ("/a", "200"),
        ("/b?query", "200"),
        ("http://localhost/b", "200"),
        ("/favicon.ico", "200"),
        ("/", "404"),
        ("/c", "404"),
    ] {
        assert_eq!(status(&server, &plain("GET", path)), expected, "{path}");
    }
    assert_eq!(status(&server, &request("/favicon.ico")), "404");
}

#[test]
fn the_test_path_has_a_page_of_its_own_whatever_paths_are_served() {
    for (arguments, path, expected) in [
        (&["--path", "/a"][..], "/test", "200"),
        (&["--path", "/a"], "/test?greeting=hello", "200"),
        (
            &["--path", "/a"],
            "http://localhost/test?greeting=hello",
            "200",
        ),
        (&["--path", "/a"], "/test/", "404"),
        (&["--path", "/test"], "/test?wrong=1", "400"),
        (&["--path", "/a", "--test-path", "/b"], "/b?wrong=1", "400"),
        (&["--path", "/a", "--test-path", "/b"], "/test", "404"),
        (&["--path", "/a", "--no-test"], "/test", "404"),
        (&["--no-test"], "/test?wrong=1", "200"),
        (
            &["--test-path", "/favicon.ico"],
            "/favicon.ico?wrong=1",
            "400",
        ),
        (&["--no-page"], "/test", "426"),
        (&["--no-page"], "/test?wrong=1", "426"),
    ] {
        let server = Server::start(arguments);
        assert_eq!(
            status(&server, &plain("GET", path)),
            expected,
            "{arguments:?} {path}"
        );
        if expected == "200" {
            let (_, page) = ask(&server, &plain("GET", path));
            let has_panel = !arguments.contains(&"--no-test");
            assert_eq!(
                page.contains("id=\"panel\""),
                has_panel,
                "{arguments:?} {path}"
            );
        }
    }
}

#[test]
fn a_wrong_query_gets_a_text_that_names_what_is_wrong_instead_of_the_page() {
    let server = Server::start(&[]);
    for (query, named) in [
        ("closing=1011", "'closing'"),
        ("delay=soon", "'delay'"),
        ("delay=1s&delay=2s", "'delay'"),
        ("reason=bye", "reason"),
        ("greeting=%ff", "%ff"),
        ("%1b[31m=1", "\\u{1b}[31m"),
    ] {
        let mut client = Client::connect(server.address);
        client.send(plain("GET", &format!("/test?{query}")));
        let (head, content) = receive(&mut client);
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        assert_eq!(header(&head, "Content-Type"), "text/plain; charset=utf-8");
        assert_eq!(header(&head, "Content-Length"), content.len().to_string());
        let sentence = content.lines().next().unwrap();
        assert!(sentence.contains(named), "{content}");
        let refused = format!("client refused {} /test?{query}", client.address());
        server.logged(&format!("{refused}: 400 Bad Request: {sentence}"));
        let got = ask(&server, &plain("HEAD", &format!("/test?{query}")));
        assert_eq!(got, (head.clone(), String::new()));
        // A WebSocket gets the same.
        let got = ask(&server, &request(&format!("/test?{query}")));
        assert_eq!(got, (head, content));
    }
    // What is wrong with the request itself comes first.
    for (request, expected) in [
        (plain("POST", "/test?wrong"), "405"),
        (
            plain("GET", "/test?wrong").replace("Host: localhost", "Host: a b"),
            "400",
        ),
    ] {
        let (head, content) = ask(&server, &request);
        assert!(head.starts_with(&format!("HTTP/1.1 {expected} ")), "{head}");
        assert!(!content.contains("wrong"), "{content}");
    }
}

#[test]
fn the_form_of_the_test_page_has_each_parameter_that_the_server_lists() {
    let server = Server::start(&[]);
    let (_, text) = ask(&server, &plain("GET", "/test?wrong"));
    let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let listed: Vec<_> = lines.map(|line| line.split(['=', ' ']).next()).collect();
    assert!(listed.len() > 30, "{text}");
    let (_, page) = ask(&server, &plain("GET", "/test"));
    let form = between(&page, "<div id=\"groups\">", "</form>");
    let controls = form.split(" name=\"").skip(1);
    let controls: Vec<_> = controls.map(|rest| rest.split('"').next()).collect();
    assert_eq!(controls, listed);
}

#[test]
fn a_websocket_gets_the_path_of_the_icon_if_it_is_served() {
    for arguments in [&[][..], &["--path", "/favicon.ico"]] {
        let server = Server::start(arguments);
        let mut client = Client::connect(server.address);
        client.send(request("/favicon.ico"));
        assert!(client.receive_head().starts_with("HTTP/1.1 101 "));
    }
}

#[test]
fn without_the_page_the_response_says_what_is_served() {
    let server = Server::start(&["--no-page"]);
    for path in ["/", "/favicon.ico"] {
        let (head, content) = ask(&server, &plain("GET", path));
        assert!(
            head.starts_with("HTTP/1.1 426 Upgrade Required\r\n"),
            "{head}"
        );
        assert_eq!(content, "only WebSocket connections are served\n");
        assert_eq!(status(&server, &plain("HEAD", path)), "405");
    }
}

#[test]
fn a_request_with_any_websocket_header_is_told_what_it_lacks() {
    let server = Server::start(&[]);
    for sign in [
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "SEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ==",
    ] {
        let request = plain("GET", "/").replace("Connection: keep-alive", sign);
        assert_eq!(status(&server, &request), "426", "{sign}");
        let request = request.replace("GET", "HEAD");
        assert_eq!(status(&server, &request), "405", "{sign}");
    }
    let without_key = request("/").replace("Sec-WebSocket-Key", "Key");
    assert_eq!(status(&server, &without_key), "400");
}

#[test]
fn an_error_in_a_request_takes_precedence_over_the_page() {
    let server = Server::start(&[]);
    let get = plain("GET", "/");
    for (request, expected) in [
        (plain("POST", "/"), "405"),
        (plain("DELETE", "/favicon.ico"), "405"),
        (plain("GET", "nowhere"), "400"),
        (plain("HEAD", "nowhere"), "400"),
        (get.replace("Host: localhost", "Host: a b"), "400"),
        (get.replace("Host: localhost", "Name: value"), "400"),
        (
            get.replace("Connection: keep-alive", "Content-Length: 1"),
            "400",
        ),
        (
            plain("HEAD", "/").replace("Connection: keep-alive", "Content-Length: 1"),
            "400",
        ),
        (get.replace("HTTP/1.1", "HTTP/1.2"), "505"),
        (get.replace("HTTP/1.1\r\n", "HTTP/1.1\n"), "400"),
    ] {
        assert_eq!(status(&server, &request), expected, "{request}");
    }
}

#[test]
fn a_request_sent_bytewise_or_with_bytes_after_it_gets_the_whole_page() {
    let server = Server::start(&["--buffer", "4KiB"]);
    let expected = ask(&server, &plain("GET", "/"));
    let mut slow = Client::connect(server.address);
    for byte in plain("GET", "/").bytes() {
        slow.send([byte]);
    }
    assert_eq!(receive(&mut slow), expected);
    let pipelined = plain("GET", "/").repeat(20);
    assert_eq!(ask(&server, &pipelined), expected);
}

#[test]
fn a_client_that_leaves_before_the_page_arrives_affects_no_other() {
    let server = Server::start(&["--threads", "1"]);
    for _ in 0..20 {
        let mut client = Client::connect(server.address);
        client.send(plain("GET", "/"));
        let address = client.address();
        client.shut_all();
        server.logged(&format!("page sent {address}"));
    }
    assert_eq!(status(&server, &plain("GET", "/")), "200");
}

/// Where pictures of the page go: beside the build, unless a variable names a folder.
fn pictures() -> PathBuf {
    let beside = || folder().with_file_name("screenshots");
    env::var_os("WS_ECHO_ARTIFACTS").map_or_else(beside, PathBuf::from)
}

#[test]
fn a_person_can_test_in_chromium() {
    peers::test_page_in_chromium(binary(), &pictures());
}

#[test]
fn a_person_can_chat_in_chromium() {
    peers::page_in_chromium(binary(), &pictures());
}
