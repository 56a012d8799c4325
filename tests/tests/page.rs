//! The chat as a web page: which requests get it, its headers, and how it works in a browser.

use std::env;
use std::path::PathBuf;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};
use ws_echo_tests::peers;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{Server, binary};

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
    for (path, content_type, start) in [
        ("/", "text/html; charset=utf-8", "<!doctype html>"),
        ("/any?query", "text/html; charset=utf-8", "<!doctype html>"),
        ("/favicon.ico", "image/svg+xml", "<svg "),
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
        assert_eq!(
            others,
            [
                "default-src 'none'",
                "connect-src ws: wss:",
                "img-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            ]
        );
        assert_eq!(hashes.len(), 2, "{policy}");
        let name = if path == "/favicon.ico" {
            "icon"
        } else {
            "page"
        };
        server.logged(&format!("{name} sent {} {path}", client.address()));
    }
}

#[test]
fn the_security_policy_names_the_hashes_of_the_style_and_the_script() {
    let server = Server::start(&[]);
    let (head, page) = ask(&server, &plain("GET", "/"));
    let policy = header(&head, "Content-Security-Policy");
    for (directive, content) in [
        ("style-src", between(&page, "<style>", "</style>")),
        (
            "script-src",
            between(&page, "<script type=\"module\">", "</script>"),
        ),
    ] {
        let hash = BASE64_STANDARD.encode(Sha256::digest(content));
        let source = format!("{directive} 'sha256-{hash}'");
        assert!(
            policy.split("; ").any(|it| it == source),
            "the page has changed: write {source} instead of what is in {policy}"
        );
    }
}

#[test]
fn the_page_fetches_nothing_and_has_no_attribute_that_the_policy_forbids() {
    let server = Server::start(&[]);
    let (_, page) = ask(&server, &plain("GET", "/"));
    for forbidden in [
        "http:",
        "https://",
        "url(",
        "@import",
        "import(",
        "fetch(",
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
    assert!(page.len() < 25_000, "{}", page.len());
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
        (plain("OPTIONS", "/favicon.ico"), "405"),
        (plain("GET", "nowhere"), "400"),
        (plain("HEAD", "nowhere"), "400"),
        (plain("OPTIONS", "*"), "405"),
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
    let built = binary().ancestors().nth(2).expect("target/PROFILE/ws-echo");
    env::var_os("WS_ECHO_ARTIFACTS").map_or_else(|| built.join("screenshots"), PathBuf::from)
}

#[test]
fn a_person_can_chat_in_chromium() {
    peers::page_in_chromium(binary(), &pictures());
}
