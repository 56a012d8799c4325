//! Servers that are not trusted, do not speak TLS, or disconnect in the middle of it: each results
//! in an exit status, and a message that says what to write instead.

use std::io::{Read, Write};
use std::net::Shutdown;

use ws_echo_tests::peers::python_command;
use ws_echo_tests::scripted_server::{accept, frame, request, response, server, unmasked};
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::TEXT;

use super::certificates::Certificate;
use super::tls::{config, tls_server, trusting};
use super::{Outcome, listen, talk};

/// The only note of a run, which ends with this status.
fn note(ended: &Outcome, status: i32) -> String {
    assert_eq!((ended.status, &*ended.stdout), (Some(status), ""));
    let note = ended.stderr.strip_prefix("# socket error: ");
    let note = note.and_then(|note| note.strip_suffix('\n'));
    let note = note.unwrap_or_else(|| panic!("{:?}", ended.stderr));
    assert!(!note.contains(char::is_control), "{note:?}");
    note.into()
}

/// The message for a server with this certificate, if its authority is trusted.
fn said_of(certificate: &Certificate) -> String {
    let url = tls_server(config(certificate), |stream| accept(stream).map(drop));
    let options = ["--ca", &certificate.authority_file()];
    note(&talk(&url, &options, "a\n"), 4)
}

/// The `wss` URL of a scripted server.
fn wss(url: &str) -> String {
    url.replace("ws://", "wss://")
}

#[test]
fn an_untrusted_authority_is_reported_with_two_ways_to_trust_it() {
    let expected = "the server's certificate was issued by an authority that is not trusted: pass its \
                    certificate with --ca; --insecure accepts any certificate";
    for certificate in [Certificate::trusted(), Certificate::self_signed()] {
        let url = tls_server(config(&certificate), |stream| accept(stream).map(drop));
        let other = Certificate::of_an_authority_itself();
        let ended = trusting(&other.authority_file(), &url, &[]).wait();
        assert_eq!(note(&ended, 4), expected);
        // The certificate stays invalid, so there is no other attempt.
        let ended = trusting(&other.authority_file(), &url, &["--reconnect"]).wait();
        assert_eq!(note(&ended, 4), expected);
    }
}

#[test]
fn another_authority_with_the_same_name_is_not_trusted() {
    let (certificate, other) = (Certificate::trusted(), Certificate::trusted());
    let url = tls_server(config(&certificate), |stream| accept(stream).map(drop));
    let ended = talk(&url, &["--ca", &other.authority_file()], "");
    assert_eq!(
        note(&ended, 4),
        "the server's certificate was issued by an authority with the name of a trusted one, but \
         another key: pass its certificate with --ca; --insecure accepts any certificate"
    );
}

#[test]
fn a_system_without_trusted_authorities_is_reported() {
    let Outcome { status, stderr, .. } = trusting("/dev/null", "wss://127.0.0.1:1", &[]).wait();
    assert_eq!(status, Some(4));
    let expected = "ws-echo: this system has no trusted certificate authorities";
    assert!(stderr.starts_with(expected), "{stderr}");
    assert!(stderr.ends_with("or pass a file with --ca\n"), "{stderr}");
}

#[test]
fn an_expired_or_future_certificate_is_reported_with_its_distance() {
    let text = said_of(&Certificate::expired());
    let days = text.strip_prefix("the server's certificate expired ");
    let days =
        days.and_then(|text| text.strip_suffix(" days ago; --insecure accepts any certificate"));
    let days: u32 = days.and_then(|days| days.parse().ok()).expect(&text);
    assert!(days > 2000, "{text}");

    let text = said_of(&Certificate::of_the_future());
    let start = "the server's certificate becomes valid in ";
    let end = " days: check this machine's clock; --insecure accepts any certificate";
    assert!(text.starts_with(start) && text.ends_with(end), "{text}");
}

#[test]
fn a_certificate_for_other_names_is_reported_with_them() {
    assert_eq!(
        said_of(&Certificate::of_others(&[
            "example.com",
            "10.0.0.1",
            "\x1b[2J"
        ])),
        r"the server's certificate is for example.com, 10.0.0.1, \u{1b}[2J, not for 127.0.0.1; --insecure accepts any certificate"
    );
    assert_eq!(
        said_of(&Certificate::of_others(&[])),
        "the server's certificate is for no name, not for 127.0.0.1; --insecure accepts any certificate"
    );
    let many = Certificate::of_others(&["x.example"; 1000]);
    let text = said_of(&many);
    assert!(text.len() < 400, "{text}");
}

#[test]
fn an_authority_certificate_is_reported_with_how_to_make_another() {
    assert_eq!(
        said_of(&Certificate::of_an_authority_itself()),
        "the server's certificate is a CA certificate, which a server must not use: create one with \
         basicConstraints=CA:FALSE; --insecure accepts any certificate"
    );
}

#[test]
fn a_server_without_tls_is_reported_with_the_right_url() {
    let banner = server(|mut stream| {
        stream.write_all(b"SSH-2.0-x\r\n").ok()?;
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    });
    let text = note(&talk(&wss(&banner), &[], ""), 4);
    assert_eq!(text, format!("the server does not speak TLS: use {banner}"));
    let ending = server(|mut stream| {
        stream.read_exact(&mut [0; 100]).ok()?;
        stream.shutdown(Shutdown::Both).ok()
    });
    let text = note(&talk(&wss(&ending), &[], ""), 4);
    assert!(
        text.starts_with("the connection ended during the TLS handshake: "),
        "{text}"
    );
    let advice = format!("; if the server does not speak TLS, use {ending}");
    assert!(text.ends_with(&advice), "{text}");
}

#[test]
fn real_servers_without_tls_are_reported_with_the_right_url() {
    let ours = Server::start(&[]);
    let python = python_command("websockets_server.py", &["127.0.0.1", "0"]);
    let python = python.map(|mut command| Server::spawn(&mut command));
    for server in [Some(ours), python].into_iter().flatten() {
        let url = server.url("/a?b");
        let text = note(&talk(&wss(&url), &[], ""), 4);
        assert!(text.ends_with(&format!("use {url}")), "{text}");
    }
}

#[test]
fn a_server_with_tls_is_reported_to_a_client_without() {
    let url = tls_server(config(&Certificate::trusted()), |stream| {
        accept(stream).map(drop)
    });
    let plain = url.replace("wss://", "ws://");
    let text = note(&talk(&plain, &[], ""), 3);
    assert_eq!(text, format!("the server speaks TLS: use {url}"));
}

#[test]
fn an_incomplete_tls_handshake_is_given_up_after_the_timeout() {
    let mute = server(|mut stream| stream.read_to_end(&mut Vec::new()).ok().map(drop));
    let half = server(|mut stream| {
        stream.write_all(b"\x16\x03\x03\x40\x00\x02").ok()?;
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    });
    for url in [mute, half] {
        let text = note(&talk(&wss(&url), &["--timeout", "300ms"], ""), 4);
        let expected = format!(
            "the TLS handshake did not finish within 300 ms (--timeout); if the server does not \
             speak TLS, use {url}"
        );
        assert_eq!(text, expected);
    }
}

#[test]
fn a_server_silent_after_the_tls_handshake_is_given_up_after_the_timeout() {
    let certificate = Certificate::trusted();
    let url = tls_server(config(&certificate), |stream| {
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    });
    let options = ["--timeout=1s", "--ca", &certificate.authority_file()];
    let text = note(&talk(&url, &options, ""), 4);
    assert_eq!(text, "no response to the handshake within 1 s (--timeout)");
}

#[test]
fn an_end_without_a_close_is_reported_with_or_without_close_notify() {
    let certificate = Certificate::self_signed();
    let said = tls_server(config(&certificate), |stream| {
        accept(stream)?;
        stream.write_all(&unmasked(TEXT, "a")).ok()
    });
    let cut = tls_server(config(&certificate), |stream| {
        accept(stream)?;
        stream.write_all(&unmasked(TEXT, "a")).ok()?;
        stream.sock.shutdown(Shutdown::Write).ok()
    });
    for (url, expected) in [
        (
            said,
            "the server closed the connection without a Close frame",
        ),
        (
            cut,
            "connection lost: TLS ended without close_notify, so data may be missing",
        ),
    ] {
        let Outcome {
            status,
            stdout,
            stderr,
        } = listen(&url, &["--ca", &certificate.authority_file()]);
        assert_eq!((status, &*stdout), (Some(1), "a\n"));
        assert_eq!(
            stderr,
            format!("# socket open\n# socket error: {expected}\n")
        );
    }
}

#[test]
fn an_invalid_record_breaks_the_connection_and_loses_nothing_before_it() {
    let certificate = Certificate::self_signed();
    let url = tls_server(config(&certificate), |stream| {
        let response = response(&request(stream)?);
        let bytes = [response.as_bytes(), &unmasked(TEXT, "a")].concat();
        stream.conn.writer().write_all(&bytes).ok()?;
        let mut records = Vec::new();
        stream.conn.write_tls(&mut records).ok()?;
        // A record that does not contain anything encrypted.
        records.extend([0x17, 3, 3, 0, 20]);
        records.extend([0; 20]);
        stream.sock.write_all(&records).ok()?;
        frame(stream).map(drop)
    });
    let options = ["--ca", &certificate.authority_file()];
    let Outcome {
        status,
        stdout,
        stderr,
    } = listen(&url, &options);
    assert_eq!((status, &*stdout), (Some(1), "a\n"));
    assert_eq!(
        stderr,
        "# socket open\n# socket error: connection lost: cannot decrypt peer's message\n"
    );
}
