use ws_echo_core::{Buffer, Progress};

use super::*;
use crate::options::proxies::TrustedProxy;
use crate::serve::service::Handshake;

/// Calls `check` with a request that has these headers.
fn with_request(headers: &str, check: impl FnOnce(&Request<'_>)) {
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    let mut handshake = Handshake::default();
    let mut buffer = Buffer::new(vec![0; 16 << 10]);
    buffer.spare_mut()[..request.len()].copy_from_slice(request.as_bytes());
    buffer.commit(request.len());
    assert_eq!(
        handshake.advance(&mut buffer),
        Ok(Progress::Request),
        "{headers}"
    );
    check(&handshake.request());
}

/// The client that these headers name where 10.0.0.0/8 and 2001:db8::/32 are trusted.
fn client(headers: &str) -> Result<Option<String>, Contradiction> {
    let mut found = Ok(None);
    with_request(headers, |request| {
        let read = Forwarded::read(request, &trust());
        found = read.map(|it| it.client.map(|client| client.to_string()));
    });
    found
}

fn trust() -> Trust {
    let networks = ["10.0.0.0/8", "2001:db8::/32"];
    Trust::new(&networks.map(|it| TrustedProxy::Network(it.parse().expect("a network"))))
}

fn assert_client(headers: &str, expected: Option<&str>) {
    assert_eq!(
        client(headers),
        Ok(expected.map(str::to_owned)),
        "{headers}"
    );
}

#[test]
fn the_client_is_the_first_that_is_no_trusted_proxy_from_the_right() {
    for (list, expected) in [
        ("192.0.2.1", Some("192.0.2.1:0")),
        ("192.0.2.1:4711", Some("192.0.2.1:4711")),
        ("198.51.100.1, 192.0.2.1", Some("192.0.2.1:0")),
        (
            "198.51.100.1, 192.0.2.1, 10.0.0.1,10.1.2.3",
            Some("192.0.2.1:0"),
        ),
        ("192.0.2.1, 2001:db8::1", Some("192.0.2.1:0")),
        ("::1", Some("[::1]:0")),
        ("[::1]", Some("[::1]:0")),
        ("[::1]:80", Some("[::1]:80")),
        ("::ffff:192.0.2.1", Some("192.0.2.1:0")),
        // All are trusted: the first one is a client of its own.
        ("10.0.0.2, 10.0.0.1", Some("10.0.0.2:0")),
        // Nobody knows who is further left.
        ("192.0.2.1, unknown, 10.0.0.1", Some("10.0.0.1:0")),
        ("192.0.2.1, garbage", None),
        ("192.0.2.1,,", Some("192.0.2.1:0")),
        ("unknown", None),
        ("0.0.0.0", None),
        ("192.0.2.1:", None),
        ("192.0.2.1:65536", None),
        ("192.0.2.1:+1", None),
        ("192.0.2.256", None),
        ("[192.0.2.1]", None),
        ("[::1", None),
        ("[::1]x", None),
        ("fe80::1%eth0", None),
        ("", None),
    ] {
        assert_client(&format!("X-Forwarded-For: {list}\r\n"), expected);
    }
    assert_client("", None);
    assert_client(
        "X-Forwarded-For: 192.0.2.1\r\nx-forwarded-for: 10.0.0.1\r\n",
        Some("192.0.2.1:0"),
    );
    assert_client(
        "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n",
        Some("192.0.2.2:0"),
    );
}

#[test]
fn the_standard_header_names_the_client_in_the_same_way() {
    for (list, expected) in [
        ("for=192.0.2.1", Some("192.0.2.1:0")),
        ("For=\"192.0.2.1:4711\"", Some("192.0.2.1:4711")),
        (
            "for=\"[2001:db8:cafe::17]:4711\"",
            Some("[2001:db8:cafe::17]:4711"),
        ),
        ("for=\"[::1]:_port\"", Some("[::1]:0")),
        ("for=\"[::1]:_\"", None),
        ("for=[::1]:_port:[::1]:_port", None),
        ("for=\"[::1]:_p,q\"", None),
        (
            "for=198.51.100.1, for=192.0.2.1;by=10.0.0.1, for=10.0.0.9;proto=http",
            Some("192.0.2.1:0"),
        ),
        (
            "for=192.0.2.1, for=_hidden, for=10.0.0.1",
            Some("10.0.0.1:0"),
        ),
        (
            "for=192.0.2.1, proto=https, for=10.0.0.1",
            Some("10.0.0.1:0"),
        ),
        ("for=unknown", None),
        ("for=\"_SEVKISEK\"", None),
        ("proto=https", None),
        ("for=192.0.2.1;for=192.0.2.2", None),
        // What a client has opened does not hide what a proxy adds.
        ("for=\"198.51.100.1, for=192.0.2.1", Some("192.0.2.1:0")),
        ("for=\"x, for=\"[::1]\"", Some("[::1]:0")),
        (
            "for=192.0.2.1;host=\"a,for=198.51.100.1\"",
            Some("192.0.2.1:0"),
        ),
        (
            "for=192.0.2.1;host=\"a\\\",for=198.51.100.1,b=\\\"\"",
            Some("192.0.2.1:0"),
        ),
        ("", None),
    ] {
        assert_client(&format!("Forwarded: {list}\r\n"), expected);
    }
    assert_client(
        "Forwarded: for=192.0.2.1\r\nForwarded: for=10.0.0.1\r\n",
        Some("192.0.2.1:0"),
    );
}

#[test]
fn nothing_that_a_client_sends_hides_the_address_that_a_proxy_adds() {
    let mut random = fastrand::Rng::with_seed(7);
    let parts = [
        "\"", "\\", ",", ";", "=", " ", "for", "host", "[", "]", ":", "10.0.0.1", "a",
    ];
    for _ in 0..3_000 {
        let count = random.usize(..12);
        let sent: String = (0..count)
            .map(|_| parts[random.usize(..parts.len())])
            .collect();
        let plain = format!("Forwarded: {sent},for=192.0.2.1;host=b\r\n");
        assert_client(&plain, Some("192.0.2.1:0"));
        let quoted = format!("Forwarded: {sent}, proto=http;for=\"[::1]:80\"\r\n");
        assert_client(&quoted, Some("[::1]:80"));
        let usual = format!("X-Forwarded-For: {sent}, 192.0.2.1\r\n");
        assert_client(&usual, Some("192.0.2.1:0"));
    }
}

#[test]
fn two_headers_that_disagree_are_a_contradiction() {
    for (standard, usual, agreed) in [
        ("for=192.0.2.1", "192.0.2.1", Some("192.0.2.1:0")),
        (
            "for=\"192.0.2.1:80\"",
            "198.51.100.1, 192.0.2.1",
            Some("192.0.2.1:80"),
        ),
        ("for=192.0.2.1", "192.0.2.2", None),
        ("for=unknown", "192.0.2.2", None),
        ("for=192.0.2.1", "unknown", None),
        ("\"", "192.0.2.2", None),
    ] {
        let headers = format!("Forwarded: {standard}\r\nX-Forwarded-For: {usual}\r\n");
        let expected = agreed.map(|it| Some(it.to_owned())).ok_or(Contradiction);
        assert_eq!(client(&headers), expected, "{headers}");
    }
}

#[test]
fn the_host_and_the_scheme_are_those_of_the_client() {
    for (headers, host, scheme) in [
        (
            "X-Forwarded-Host: a:1\r\nX-Forwarded-Proto: wss",
            Some("a:1"),
            Some(Scheme::Tls),
        ),
        (
            "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: a, b",
            Some("b"),
            None,
        ),
        (
            "X-Forwarded-For: 1.1.1.1, 192.0.2.1, 10.0.0.1\r\nX-Forwarded-Host: a, b,c\r\n\
             X-Forwarded-Proto: http,HTTPS,http",
            Some("b"),
            Some(Scheme::Tls),
        ),
        ("X-Forwarded-Proto: gopher", None, None),
        (
            "Forwarded: for=192.0.2.1;host=\"a:1\";proto=https, for=10.0.0.1;host=b;proto=http\r\n\
             X-Forwarded-Host: c",
            Some("a:1"),
            Some(Scheme::Tls),
        ),
        ("Forwarded: host=a;proto=ws", Some("a"), Some(Scheme::Plain)),
        (
            "Forwarded: for=192.0.2.1\r\nX-Forwarded-Host: c",
            None,
            None,
        ),
    ] {
        with_request(&format!("{headers}\r\n"), |request| {
            let read = Forwarded::read(request, &trust()).expect(headers);
            assert_eq!(read.host, host.map(str::as_bytes), "{headers}");
            assert_eq!(read.scheme, scheme, "{headers}");
        });
    }
}
