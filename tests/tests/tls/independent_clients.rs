//! Independent programs that speak TLS.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use ws_echo_tests::peers;
use ws_echo_tests::programs::{CURL, OPENSSL};
use ws_echo_tests::server::Server;

use ws_echo_tests::tls::certificate::{file, self_signed};

/// The output of `openssl s_client` for a connection on which it asks for the page. It must trust
/// the certificate.
fn s_client(server: &Server, certificate: &Path, options: &[&str]) -> String {
    let mut child = OPENSSL
        .command()
        .args(["s_client", "-connect", &server.address.to_string()])
        .args([
            "-verify_return_error",
            "-verify_hostname",
            "localhost",
            "-ign_eof",
        ])
        .arg("-CAfile")
        .arg(certificate)
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // If there is no connection, nothing reads it.
    let _ = stdin.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let both = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

fn has_openssl() -> bool {
    OPENSSL.is_there(&["version"])
}

#[test]
fn openssl_speaks_both_versions_and_resumes_its_sessions() {
    if !has_openssl() {
        return;
    }
    let (server, certificate) = self_signed("openssl", &[]);
    for (version, name) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let kept = file(&format!("openssl{version}.session"));
        let kept = kept.to_str().unwrap();
        let _ = fs::remove_file(kept);
        for (session, outcome) in [("-sess_out", "New"), ("-sess_in", "Reused")] {
            let said = s_client(
                &server,
                &certificate,
                &[version, "-alpn", "h2,http/1.1", session, kept],
            );
            assert!(
                said.contains(&format!("{outcome}, {name}, Cipher is")),
                "{said}"
            );
            assert!(said.contains("ALPN protocol: http/1.1"), "{said}");
            assert!(said.contains("HTTP/1.1 200 OK"), "{said}");
            // The end is announced, too.
            assert!(!said.contains("unexpected eof"), "{said}");
        }
    }
}

#[test]
fn openssl_is_refused_if_it_wants_http_2_or_an_old_version() {
    if !has_openssl() {
        return;
    }
    let (server, certificate) = self_signed("refused", &[]);
    let said = s_client(&server, &certificate, &["-alpn", "h2"]);
    assert!(said.contains("alert no application protocol"), "{said}");
    server.logged("TLS: peer doesn't support any known protocol");
    let said = s_client(
        &server,
        &certificate,
        &["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
    );
    assert!(said.contains("alert handshake failure"), "{said}");
}

#[test]
fn python_websockets_runs_its_sessions_over_tls() {
    let (server, certificate) = self_signed("python", &[]);
    if let Some(mut command) = peers::python_websockets_command(&server.url("/")) {
        // The certificate that its `ssl.create_default_context` trusts.
        peers::expect_ok(command.env("SSL_CERT_FILE", certificate));
    }
}

#[test]
fn ws_of_node_runs_its_sessions_over_tls() {
    let (server, certificate) = self_signed("node", &[]);
    if let Some(mut command) = peers::node_command("ws_client.cjs") {
        command.env("NODE_EXTRA_CA_CERTS", certificate);
        peers::expect_ok(command.arg(server.url("/")));
    }
}

#[test]
fn the_page_chats_over_tls_in_chromium() {
    let (server, certificate) = self_signed("chromium", &[]);
    let url = format!("https://{}/", server.address);
    if let Some(mut command) = peers::chromium_command("page_over_tls.cjs") {
        peers::expect_ok(command.arg(url).arg(certificate));
    }
}

#[test]
fn curl_gets_the_page_over_https() {
    let (server, certificate) = self_signed("curl", &[]);
    if !CURL.is_there(&["--version"]) {
        return;
    }
    let mut command = CURL.command();
    command
        .args(["--silent", "--show-error", "--noproxy", "*", "--cacert"])
        .arg(certificate);
    let url = format!("https://{}/", server.address);
    let output = command.arg(url).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.starts_with(b"<!doctype html>"));
}
