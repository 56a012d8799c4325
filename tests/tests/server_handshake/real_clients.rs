//! Requests of real clients, after the documentation of those clients.

use super::*;

#[test]
fn qt() {
    assert_accepted(&head(&[
        "GET / HTTP/1.1",
        "Host: localhost:3000",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]));
}

#[test]
fn chromium_with_cookies() {
    assert_accepted(&head(&[
        "GET /socket HTTP/1.1",
        "Host: localhost:3000",
        "Connection: Upgrade",
        "Pragma: no-cache",
        "Cache-Control: no-cache",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/131.0.0.0 Safari/537.36",
        "Upgrade: websocket",
        "Origin: http://localhost:8080",
        "Sec-WebSocket-Version: 13",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Accept-Language: en-US,en;q=0.9",
        "Cookie: _ga=GA1.1.1234567890.1700000000; session=eyJhbGciOiJIUzI1NiJ9.e30; theme=dark",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    ]));
}

#[test]
fn firefox() {
    assert_accepted(&head(&[
        "GET / HTTP/1.1",
        "Host: localhost:3000",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
        "Accept: */*",
        "Accept-Language: en-US,en;q=0.5",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Sec-WebSocket-Version: 13",
        "Origin: null",
        "Sec-WebSocket-Extensions: permessage-deflate",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Connection: keep-alive, Upgrade",
        "Sec-Fetch-Dest: empty",
        "Sec-Fetch-Mode: websocket",
        "Sec-Fetch-Site: cross-site",
        "Pragma: no-cache",
        "Cache-Control: no-cache",
        "Upgrade: websocket",
    ]));
}

#[test]
fn safari() {
    assert_accepted(&head(&[
        "GET / HTTP/1.1",
        "Host: localhost:3000",
        "Sec-Fetch-Dest: websocket",
        "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 \
         (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
        "Upgrade: websocket",
        "Pragma: no-cache",
        "Cache-Control: no-cache",
        "Sec-Fetch-Mode: websocket",
        "Sec-WebSocket-Version: 13",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Origin: http://localhost:8080",
        "Accept-Encoding: gzip, deflate",
        "Sec-WebSocket-Extensions: permessage-deflate",
    ]));
}

#[test]
fn ws_of_node_sends_host_last() {
    assert_accepted(&head(&[
        "GET / HTTP/1.1",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "Host: localhost:3000",
    ]));
}

#[test]
fn undici_sends_lower_case_names() {
    assert_accepted(&head(&[
        "GET / HTTP/1.1",
        "host: localhost:3000",
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-version: 13",
        "sec-websocket-extensions: permessage-deflate; client_max_window_bits",
        "accept: */*",
        "accept-language: *",
        "sec-fetch-mode: websocket",
        "user-agent: node",
        "pragma: no-cache",
        "cache-control: no-cache",
        "accept-encoding: gzip, deflate",
    ]));
}

#[test]
fn websockets_of_python() {
    assert_accepted(&head(&[
        "GET / HTTP/1.1",
        "Host: localhost:3000",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "User-Agent: Python/3.12 websockets/14.1",
    ]));
}

#[test]
fn curl() {
    assert_accepted(&head(&[
        "GET / HTTP/1.1",
        "Host: localhost:3000",
        "User-Agent: curl/8.11.0",
        "Accept: */*",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]));
}

#[test]
fn tungstenite() {
    assert_accepted(&head(&[
        "GET / HTTP/1.1",
        "Host: localhost:3000",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]));
}

#[test]
fn a_browser_that_asks_for_an_icon_gets_426() {
    let icon = head(&[
        "GET /favicon.ico HTTP/1.1",
        "Host: localhost:3000",
        "Connection: keep-alive",
        "User-Agent: Mozilla/5.0",
        "Accept: image/avif,image/webp,*/*;q=0.8",
        "Referer: http://localhost:3000/",
    ]);
    assert_refused(&icon, Refusal::UpgradeRequired);
}

#[test]
fn a_tls_client_is_refused_at_its_first_byte() {
    assert_refused(b"\x16", Refusal::Syntax(SyntaxError::ControlCharacter));
}
