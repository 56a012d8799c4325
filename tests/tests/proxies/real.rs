//! The same with the proxies that people have.

use ws_echo_tests::proxies;
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::Server;
use ws_echo_tests::sessions::expect_echo;

use super::{TRUSTED, expect_open};

/// Connects through a proxy, and expects that the server logs this client: its whole address, or
/// without the port.
fn expect_client(server: &Server, proxy: &Server, has_port: bool) {
    for _ in 0..3 {
        let mut client = Client::connect(proxy.address);
        client.send(request("/"));
        expect_open(&mut client);
        expect_echo(&mut client);
        let address = client.address();
        let logged = match has_port {
            true => address.to_string(),
            false => address.ip().to_string(),
        };
        server.logged(&format!("client connected {logged} via 127.0.0.1:"));
    }
}

#[test]
fn haproxy_names_the_client_by_the_proxy_protocol() {
    for (name, defaults, words) in [
        ("proxy-1", "", "send-proxy"),
        ("proxy-2", "", "send-proxy-v2"),
        ("proxy-2-tcp", "mode tcp", "send-proxy-v2"),
        (
            "proxy-2-fields",
            "",
            "send-proxy-v2 proxy-v2-options crc32c,unique-id",
        ),
    ] {
        let server = Server::start(&["--no-welcome", TRUSTED, "--proxy-protocol"]);
        let Some(proxy) = proxies::haproxy_with(name, &server, defaults, words) else {
            return;
        };
        expect_client(&server, &proxy, true);
        assert!(!server.log().contains("PROXY header"), "{}", server.log());
    }
}

#[test]
fn the_checks_of_haproxy_are_no_clients() {
    let server = Server::start(&["--no-welcome", TRUSTED, "--proxy-protocol"]);
    let defaults = "option httpchk GET /";
    let words = "send-proxy-v2 check inter 50ms";
    let Some(proxy) = proxies::haproxy_with("proxy-check", &server, defaults, words) else {
        return;
    };
    server.logged("page sent 127.0.0.1:");
    expect_client(&server, &proxy, true);
    assert!(!server.log().contains("PROXY header"), "{}", server.log());
}

#[test]
fn haproxy_names_the_client_by_a_header() {
    let server = Server::start(&["--no-welcome", TRUSTED]);
    let defaults = "option forwardfor";
    if let Some(proxy) = proxies::haproxy_with("forwardfor", &server, defaults, "") {
        expect_client(&server, &proxy, false);
    }
}

#[test]
fn nginx_names_the_client_by_headers() {
    let server = Server::start(&["--no-welcome", TRUSTED]);
    let directives = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                      proxy_set_header Connection upgrade; \
                      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; \
                      proxy_set_header X-Forwarded-Proto $scheme; \
                      proxy_set_header X-Forwarded-Host $http_host;";
    let Some(proxy) = proxies::nginx("forwarded", &server, directives) else {
        return;
    };
    expect_client(&server, &proxy, false);
    // The host is that of the proxy for the browser, and of the server for the proxy.
    let mut page = Client::connect(proxy.address);
    let host = format!("Host: {0}\r\nOrigin: http://{0}", proxy.address);
    page.send(request("/").replace("Host: localhost", &host));
    expect_open(&mut page);
}
