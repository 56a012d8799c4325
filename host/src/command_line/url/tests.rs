//! URLs in, their parts or what to write instead out.

use super::start::NO_SCHEME;
use super::*;

fn parts(text: &str) -> (String, String, (String, u16)) {
    let url = url(text).expect(text);
    assert_eq!(url.text, text);
    (url.authority, url.resource, (url.host, url.port))
}

fn refusal(text: &str) -> String {
    url(text).expect_err(text)
}

#[test]
fn the_port_the_path_and_the_query_may_be_left_out() {
    for (text, authority, resource, host, port) in [
        ("ws://127.0.0.1", "127.0.0.1", "/", "127.0.0.1", 80),
        ("WS://a.test:3000/", "a.test:3000", "/", "a.test", 3000),
        ("ws://a:1/a/b?c=d://e", "a:1", "/a/b?c=d://e", "a", 1),
        ("ws://a?a/b@c", "a", "/?a/b@c", "a", 80),
        ("ws://[::1]", "[::1]", "/", "::1", 80),
        ("ws://[::1]:65535/x", "[::1]:65535", "/x", "::1", 65535),
    ] {
        let address = (host.into(), port);
        assert_eq!(parts(text), (authority.into(), resource.into(), address));
    }
}

#[test]
fn with_tls_the_port_is_443_and_the_certificate_must_be_for_the_host() {
    for (text, name, port) in [
        ("wss://127.0.0.1/", "127.0.0.1", 443),
        ("WSS://[::1]?a", "::1", 443),
        ("wss://[::1]:3000", "::1", 3000),
    ] {
        let url = url(text).expect(text);
        assert_eq!((&*url.host, url.port), (name, port));
        assert_eq!(url.server_name, ServerName::try_from(name).ok());
    }
    let name = url("wss://localhost").expect("localhost").server_name;
    assert_eq!(name, ServerName::try_from("localhost").ok());
    assert_eq!(url("ws://localhost").expect("localhost").server_name, None);
    let message = refusal("wss://a..b");
    assert!(message.ends_with("'a..b': write a DNS name or an IP address"));
}

#[test]
fn a_url_can_be_written_with_another_scheme() {
    let url = url("wss://127.0.0.1:3000/a?b").expect("a URL");
    assert_eq!(url.with(Scheme::Ws), "ws://127.0.0.1:3000/a?b");
    assert_eq!(url.with(Scheme::Wss), url.text);
}

#[test]
fn a_url_with_tls_is_rejected_without_it_with_what_to_write() {
    for text in ["wss://host/x", "WSS://host/x", "https://host/x"] {
        let message = ws_url(text).expect_err(text);
        assert_eq!(
            message,
            "bench does not speak TLS: write ws://host/x if the server also listens without it"
        );
    }
    assert_eq!(ws_url("ws://127.0.0.1"), url("ws://127.0.0.1"));
}

#[test]
fn a_wrong_or_missing_scheme_is_rejected_with_the_right_one() {
    for (text, fault, advice) in [
        ("http://a:1/b", "write another scheme", "ws://a:1/b"),
        ("HTTPS://a:1/b", "write another scheme", "wss://a:1/b"),
        ("ftp://a", "write another scheme", "ws://a"),
        ("http:a:1", "write another scheme", "ws://a:1"),
        ("https:/a", "write another scheme", "wss://a"),
        (
            "ws:127.0.0.1:1",
            "write the scheme in full",
            "ws://127.0.0.1:1",
        ),
        ("ws:/a/b", "write the scheme in full", "ws://a/b"),
        ("ws//a/b", "write the scheme in full", "ws://a/b"),
        ("wss:a:1", "write the scheme in full", "wss://a:1"),
        ("ws:3000.a", "write the scheme in full", "ws://3000.a"),
        ("WSS:/a", "write the scheme in full", "wss://a"),
        (r"ws:\\a\b", "write / for \\", "ws://a/b"),
        ("127.0.0.1:3000", NO_SCHEME, "ws://127.0.0.1:3000"),
        (
            "127.0.0.1:3000/x?y=a://b",
            NO_SCHEME,
            "ws://127.0.0.1:3000/x?y=a://b",
        ),
        ("a:1/x?y=ws://b", NO_SCHEME, "ws://a:1/x?y=ws://b"),
        ("a/b://c", NO_SCHEME, "ws://a/b://c"),
        ("//a:1", NO_SCHEME, "ws://a:1"),
        ("://a:1", NO_SCHEME, "ws://a:1"),
        ("ws:3000", NO_SCHEME, "ws://ws:3000"),
        ("ws", NO_SCHEME, "ws://ws"),
        ("http:80/x", NO_SCHEME, "ws://http:80/x"),
    ] {
        assert_eq!(refusal(text), format!("{fault}: {advice}"), "{text}");
    }
    assert!(refusal("").contains("write a host, such as ws://"));
}

#[test]
fn what_can_be_repaired_is_rejected_with_the_whole_url() {
    for (text, advice) in [
        (
            " ws://a:1/b",
            "leave out the blanks around the URL: ws://a:1/b",
        ),
        (
            "ws://a/b\r\n",
            "leave out the blanks around the URL: ws://a/b",
        ),
        (r"ws://a\b\c?d=\e", r"write / for \: ws://a/b/c?d=\e"),
        ("ws://a/b#c", "leave out the fragment: ws://a/b"),
        ("ws://a#c?d", "leave out the fragment: ws://a"),
        (
            "ws://a/ b?c d",
            "percent-encode everything but visible ASCII: ws://a/%20b?c%20d",
        ),
        (
            "ws://a/ü",
            "percent-encode everything but visible ASCII: ws://a/%C3%BC",
        ),
        (
            "ws://a/\r\nX: y",
            "percent-encode everything but visible ASCII: ws://a/%0D%0AX:%20y",
        ),
        (
            "ws://ü:ö@a/",
            "percent-encode everything but visible ASCII: ws://%C3%BC:%C3%B6@a/",
        ),
        (
            r" http:\\u:p@a:1\ü?b\#c",
            r"percent-encode everything but visible ASCII: ws://u:p@a:1/%C3%BC?b\",
        ),
    ] {
        let message = refusal(text);
        assert_eq!(message, advice, "{text}");
        let (_, repaired) = message.split_once(": ").expect("a URL");
        assert!(Parts::read(repaired).is_ok(), "{repaired}");
    }
}

#[test]
fn an_invalid_host_or_port_is_rejected_with_what_to_write() {
    for text in [
        "ws://a:",
        "ws://a:x",
        "ws://a:0",
        "ws://a:65536",
        "ws://a:+1",
        "ws://[::1]x",
    ] {
        assert!(refusal(text).contains("a port from 1 to 65535"), "{text}");
    }
    for text in [
        "ws://::1",
        "ws://::1:3000",
        "ws://[::1",
        "ws://[a]",
        "ws://[::1%]",
    ] {
        let message = refusal(text);
        assert!(
            message.contains("[::1]:3000") || message.contains("a host"),
            "{text}"
        );
    }
    for text in ["ws://", "ws:///a", "ws://:80"] {
        assert!(refusal(text).contains("write a host, such as"), "{text}");
    }
    let long = format!("ws://{}/", "a".repeat(254));
    for text in ["ws://a b/", "ws://a;b", "ws://%20/", "ws://a\nb", &long] {
        assert!(refusal(text).contains("write a host of letters"), "{text}");
    }
    for text in [
        "ws://bücher.example/x",
        "ws:bücher.example",
        "wss://u:p@ü:1",
    ] {
        assert!(refusal(text).contains("in ASCII: xn--..."), "{text}");
    }
}

#[test]
fn a_name_and_a_password_are_basic_authorization_and_shown_nowhere_else() {
    for (start, value) in [
        // The example of RFC 7617 section 2.
        (
            "ws://Aladdin:open%20sesame@",
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        ("wss://user@", "dXNlcjo="),
        ("ws://user:@", "dXNlcjo="),
        ("ws://:pw@", "OnB3"),
        ("ws://a%40b:c:d@e%25@", "YUBiOmM6ZEBlJQ=="),
        // The example of section 2.1.
        ("ws://test:123%C2%A3@", "dGVzdDoxMjPCow=="),
    ] {
        let url = url(&format!("{start}127.0.0.1:1/x?y")).expect(start);
        let expected = format!("Basic {value}");
        assert_eq!(
            url.authorization(),
            Some(("Authorization", &*expected)),
            "{start}"
        );
        assert_eq!(url.authority, "127.0.0.1:1");
        assert_eq!(url.resource, "/x?y");
        assert!(url.text.ends_with("s://127.0.0.1:1/x?y"), "{}", url.text);
    }
    for text in ["ws://127.0.0.1", "ws://@127.0.0.1", "ws://127.0.0.1/a:b@c"] {
        assert_eq!(url(text).expect(text).authorization(), None);
    }
}

#[test]
fn a_wrong_name_or_password_is_rejected_with_what_to_write() {
    for text in [
        "ws://u:a/b@h/",
        "ws://u:a?b@h",
        "wss://u:a#b@h",
        "ws:u:a/b@h",
    ] {
        let advice = "percent-encode the password: / is %2F, ? is %3F, # is %23";
        assert_eq!(refusal(text), advice, "{text}");
    }
    for (text, advice) in [
        ("ws://u:50%@127.0.0.1", "write %25 for a %"),
        ("ws://u:%+1@127.0.0.1", "write %25 for a %"),
        ("ws://%ä:@127.0.0.1", "ws://%%C3%A4:@127.0.0.1"),
        ("ws://a%3Ab:c@127.0.0.1", "without a colon"),
        ("ws://a:%0A@127.0.0.1", "without control characters"),
    ] {
        assert!(refusal(text).contains(advice), "{text}: {}", refusal(text));
    }
}

#[test]
fn the_zone_of_an_address_is_for_this_machine_only() {
    for (zone, host) in [
        ("%eth0", "fe80::1%eth0"),
        ("%25eth0", "fe80::1%eth0"),
        ("%1", "fe80::1%1"),
        ("%25", "fe80::1%25"),
    ] {
        let url = url(&format!("wss://[fe80::1{zone}]:3000/")).expect(zone);
        assert_eq!((&*url.host, url.port), (host, 3000));
        assert_eq!(url.authority, "[fe80::1]:3000");
        assert_eq!(url.server_name, ServerName::try_from("fe80::1").ok());
    }
}

#[test]
fn a_zone_that_could_harm_a_terminal_is_rejected_with_what_to_write() {
    for zone in ["\x1b[31m", "a\nb", "a b", "\u{202e}a", "\u{e4}", "25\x07"] {
        assert_eq!(
            refusal(&format!("ws://[fe80::1%{zone}]:3000/")),
            "write the zone in visible ASCII, such as ws://[fe80::1%eth0]:3000",
            "{zone:?}"
        );
    }
}

#[test]
fn a_host_name_is_not_resolved() {
    // A label has at most 63 characters, so nobody has this name.
    let host = "x".repeat(64);
    let url = url(&format!("ws://{host}:1")).expect("a URL");
    assert_eq!((url.host, url.port), (host, 1));
}
