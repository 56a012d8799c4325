//! `Forwarded` and `X-Forwarded-*` of trusted proxies.

use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::Server;
use ws_echo_tests::sessions::expect_echo;

use super::{TRUSTED, expect_connected, expect_open, expect_refusal, request_with};

/// A connection whose request has these headers.
fn send(server: &Server, headers: &str) -> Client {
    let mut client = Client::connect(server.address);
    client.send(request_with(headers));
    client
}

#[test]
fn the_client_in_the_log_is_the_one_that_trusted_proxies_name() {
    let server = Server::start(&["--no-welcome", TRUSTED, "--trust-proxy=10.0.0.0/8"]);
    for (headers, client) in [
        ("X-Forwarded-For: 192.0.2.1\r\n", Some("192.0.2.1")),
        (
            "X-Forwarded-For: 198.51.100.1, 192.0.2.2:5, 10.1.1.1\r\n",
            Some("192.0.2.2:5"),
        ),
        (
            "Forwarded: for=\"[2001:db8::1]:4711\";proto=http\r\n",
            Some("[2001:db8::1]:4711"),
        ),
        (
            "Forwarded: for=192.0.2.3\r\nX-Forwarded-For: 192.0.2.3\r\n",
            Some("192.0.2.3"),
        ),
        ("X-Forwarded-For: unknown\r\n", None),
        ("Forwarded: \"\r\n", None),
        ("", None),
    ] {
        let mut connection = send(&server, headers);
        expect_open(&mut connection);
        expect_echo(&mut connection);
        let own = connection.address();
        expect_connected(&server, own, client);
        drop(connection);
        if let Some(client) = client {
            server.logged(&format!("client disconnected {client} lost: end of stream"));
        }
    }
}

#[test]
fn headers_that_contradict_each_other_are_refused() {
    let server = Server::start(&["--no-welcome", TRUSTED]);
    let headers = "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n";
    expect_refusal(send(&server, headers), "400");
    server.logged("400 Bad Request: Forwarded and X-Forwarded-For name different clients");
    assert!(!server.log().contains("192.0.2."), "{}", server.log());
}

#[test]
fn nobody_else_is_believed() {
    for arguments in [
        &["--no-welcome"][..],
        &["--no-welcome", "--trust-proxy=192.0.2.0/24"],
    ] {
        let server = Server::start(arguments);
        for headers in [
            "X-Forwarded-For: 192.0.2.1\r\n",
            "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n",
        ] {
            let mut client = send(&server, headers);
            expect_open(&mut client);
            let own = client.address();
            server.logged(&format!("client connected {own} /"));
        }
        // The page of an evil site does not become our own by a header.
        let headers = "Origin: http://evil.example\r\nX-Forwarded-Host: evil.example\r\n";
        expect_refusal(send(&server, headers), "403");
    }
}

#[test]
fn connections_are_counted_by_the_client_that_is_named() {
    let server = Server::start(&["--no-welcome", TRUSTED, "--max-connections-per-ip=1"]);
    let named = |client: &str| send(&server, &format!("X-Forwarded-For: {client}\r\n"));
    let mut one = named("192.0.2.1");
    expect_open(&mut one);
    expect_open(&mut named("192.0.2.2"));
    for _ in 0..3 {
        expect_refusal(named("192.0.2.1"), "429");
    }
    server.logged("too many connections from one address (--max-connections-per-ip 1)");
    // The proxy's own connections have no limit.
    let mut own: Vec<_> = (0..3).map(|_| Client::open(server.address)).collect();
    own.iter_mut().chain([&mut one]).for_each(expect_echo);
    let mut ended = one;
    ended.shut_all();
    ended.receive_rest();
    server.logged("client disconnected 192.0.2.1 ");
    expect_open(&mut named("192.0.2.1"));
}

#[test]
fn a_page_may_connect_to_the_host_and_by_the_scheme_that_its_browser_has_used() {
    let server = Server::start(&["--no-welcome", TRUSTED]);
    for (origin, headers, is_allowed) in [
        ("https://a.example", "X-Forwarded-Host: a.example\r\n", true),
        (
            "https://a.example",
            "X-Forwarded-Host: a.example\r\nX-Forwarded-Proto: wss\r\n",
            true,
        ),
        (
            "http://a.example",
            "X-Forwarded-Host: a.example\r\nX-Forwarded-Proto: https\r\n",
            false,
        ),
        (
            "https://a.example:8443",
            "Forwarded: host=\"a.example:8443\";proto=https\r\n",
            true,
        ),
        (
            "https://a.example",
            "Forwarded: for=192.0.2.1;host=b.example\r\n",
            false,
        ),
        // The host that the proxy has used does not count then.
        ("http://localhost", "X-Forwarded-Host: a.example\r\n", false),
        ("http://localhost", "", true),
        ("https://localhost", "X-Forwarded-Proto: https\r\n", true),
    ] {
        let mut client = send(&server, &format!("Origin: {origin}\r\n{headers}"));
        match is_allowed {
            true => expect_open(&mut client),
            false => expect_refusal(client, "403"),
        }
    }
}

#[test]
fn a_request_is_reported_with_the_client_and_the_proxy() {
    let server = Server::start(&["--welcome-request", TRUSTED]);
    let mut client = send(&server, "X-Forwarded-For: 192.0.2.1:7\r\n");
    expect_open(&mut client);
    let report = client.receive_frame().expect("a greeting").payload;
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(report["peer"], "192.0.2.1:7");
    assert_eq!(report["via"], client.address().to_string());
    let mut direct = Client::connect(server.address);
    direct.send(request("/"));
    expect_open(&mut direct);
    let report = direct.receive_frame().expect("a greeting").payload;
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(report["via"], serde_json::Value::Null);
}
