//! The flags of TLS, and signals.

use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use ws_echo_tests::needs;
use ws_echo_tests::programs::OPENSSL;
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::server::{Server, command, run};
use ws_echo_tests::sessions::expect_echo;
use ws_echo_tests::wire::{Frame, TEXT, masked, masked_close};

use ws_echo_tests::tls::certificate::{CertificateFiles, file, self_signed};
use ws_echo_tests::tls::client::{TlsClient, VERSIONS, trusting};

/// The certificate that a new connection gets, which must be the one in the file.
fn shown(server: SocketAddr, certificate: &Path) -> Vec<u8> {
    let client = TlsClient::greeted(server, trusting(certificate, VERSIONS[1]));
    client.tls.peer_certificates().unwrap()[0].to_vec()
}

fn expect_echo_by_tls(client: &mut TlsClient) {
    client.send(masked(TEXT, "still here"));
    assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, "still here")));
}

/// The exit status and stderr of a run with these wrong arguments.
fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let arguments = ["--listen", "127.0.0.1:0"].iter().chain(arguments);
    let mut command = command(arguments);
    let (status, stdout, stderr) = run(command.envs(variables.iter().copied())).unwrap();
    assert_eq!(stdout, "", "{stderr}");
    (status.code(), stderr)
}

#[test]
fn a_hang_up_reloads_the_certificate_and_drops_no_client() {
    needs!(Signals);
    let files = CertificateFiles::make("renewed");
    let server = Server::start(&files.flags());
    let before = trusting(&files.certificate, VERSIONS[1]);
    let mut old = TlsClient::greeted(server.address, before.clone());
    let renewed = files.renew();
    server.signal("HUP");
    server.logged("certificate loaded again from ");
    assert_eq!(shown(server.address, &files.certificate), renewed);
    expect_echo_by_tls(&mut old);
    // An earlier session can be resumed.
    let mut resumed = TlsClient::greeted(server.address, before);
    assert_eq!(
        resumed.tls.handshake_kind(),
        Some(rustls::HandshakeKind::Resumed)
    );
    expect_echo_by_tls(&mut resumed);
}

#[test]
fn a_hang_up_with_an_invalid_file_changes_nothing_and_names_the_file() {
    needs!(Signals);
    let files = CertificateFiles::make("kept");
    let server = Server::start(&files.flags());
    let kept = file("kept.copy");
    fs::copy(&files.certificate, &kept).unwrap();
    let expected = shown(server.address, &kept);
    fs::write(&files.certificate, "not any more\n").unwrap();
    server.signal("HUP");
    let line = server.logged("the certificate is unchanged: --tls-cert ");
    assert!(
        line.contains("ERROR") && line.contains("kept.crt: it is not PEM"),
        "{line}"
    );
    assert_eq!(shown(server.address, &kept), expected);
}

#[test]
fn a_hang_up_with_nothing_to_load_is_logged_and_stops_nothing() {
    needs!(Signals);
    let (server, certificate) = self_signed("hang-up", &[]);
    server.signal("HUP");
    server.logged("SIGHUP: nothing to load again: the certificate was made at the start");
    shown(server.address, &certificate);
    let server = Server::start(&[]);
    server.signal("HUP");
    server.logged("SIGHUP: nothing to load again: there is no certificate");
    expect_echo(&mut Client::greeted(server.address));
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_stops_normally_when_its_terminal_is_gone() {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    needs!(Signals);
    // A process that inherits it keeps the terminal.
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, flags, Mode::empty()).unwrap();
    let mut command = command(["--listen", "127.0.0.1:0"]);
    let mut server = Server::spawn(command.stdin(terminal).stderr(Stdio::piped()));
    command.stdin(Stdio::null());
    let mut client = Client::greeted(server.address);
    server.signal("HUP");
    server.logged("nothing to load again");
    drop(master);
    // A shell may repeat the system's message.
    for _ in 0..2 {
        server.signal("HUP");
    }
    assert_eq!(client.receive_frame(), Some(Frame::close(1001)));
    client.send(masked_close(1001, ""));
    assert_eq!(client.receive_frame(), None);
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
    server.logged("the terminal is gone");
}

#[test]
fn a_close_and_a_stop_send_close_and_then_close_notify() {
    let (mut server, certificate) = self_signed("stop", &[]);
    for version in VERSIONS {
        let mut client = TlsClient::greeted(server.address, trusting(&certificate, version));
        client.send(masked_close(1000, "bye"));
        assert_eq!(client.receive_frame(), Some(Frame::close(1000)));
        assert_eq!(client.receive_frame(), None);
    }
    let mut client = TlsClient::greeted(server.address, trusting(&certificate, VERSIONS[1]));
    server.ask_to_stop();
    assert_eq!(client.receive_frame(), Some(Frame::close(1001)));
    client.send(masked_close(1001, ""));
    assert_eq!(client.receive_frame(), None);
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn the_fingerprint_in_the_log_is_that_of_the_certificate() {
    use sha2::{Digest as _, Sha256};

    let (server, certificate) = self_signed("fingerprint", &[]);
    let hash = Sha256::digest(shown(server.address, &certificate));
    let hash: Vec<_> = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    let line = server.logged("certificate made for localhost, 127.0.0.1, ::1");
    assert!(line.ends_with(&hash.join(":")), "{line}");
}

#[test]
fn a_wrong_command_line_gets_status_2_and_names_the_flag() {
    let files = CertificateFiles::make("wrong");
    let other = CertificateFiles::make("other");
    let [_, certificate, _, key] = files.flags();
    let [_, _, _, foreign] = other.flags();
    let absent = file("absent.pem");
    let absent = absent.to_str().unwrap();
    let in_absent = &format!("{absent}/a.pem");
    let no_pem = file("no.pem");
    fs::write(&no_pem, [0x30, 0x82, 0, 1]).unwrap();
    let no_pem = no_pem.to_str().unwrap();
    let broken = file("broken.pem");
    fs::write(
        &broken,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let broken = broken.to_str().unwrap();
    for (arguments, advice) in [
        (
            &["--tls-cert", certificate][..],
            "--tls-cert needs --tls-key",
        ),
        (&["--tls-key", key], "--tls-key needs --tls-cert"),
        (&["--tls-write-cert", absent], "needs --tls-self-signed"),
        (
            &["--tls-self-signed", "--tls-cert", certificate],
            "cannot be used with",
        ),
        (&["--tls-cert", absent, "--tls-key", key], "--tls-cert"),
        (
            &["--tls-cert", absent, "--tls-key", key],
            "absent.pem: there is no such file",
        ),
        (
            &["--tls-cert", certificate, "--tls-key", absent],
            "absent.pem: there is no such file",
        ),
        (
            &["--tls-self-signed", "--tls-write-cert", in_absent],
            "absent.pem/a.pem: there is no such folder",
        ),
        (
            &["--tls-cert", env!("CARGO_TARGET_TMPDIR"), "--tls-key", key],
            "it is a directory",
        ),
        (
            &["--tls-cert", no_pem, "--tls-key", key],
            "it is not PEM: there is no certificate",
        ),
        (
            &["--tls-cert", key, "--tls-key", key],
            "there is no certificate (BEGIN CERTIFICATE) in it",
        ),
        (
            &["--tls-cert", broken, "--tls-key", key],
            "broken.pem: it is not an X.509 certificate",
        ),
        (
            &["--tls-cert", certificate, "--tls-key", certificate],
            "there is no private key",
        ),
        (
            &["--tls-cert", certificate, "--tls-key", foreign],
            "does not belong to the certificate of",
        ),
        (
            &["--tls-self-signed", "--tls-write-cert", "/dev/null/x"],
            "--tls-write-cert /dev/null/x: ",
        ),
    ] {
        let (status, stderr) = refused(arguments, &[]);
        assert_eq!(status, Some(2), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains(advice),
            "{arguments:?}: {advice} is not in\n{stderr}"
        );
    }
}

#[test]
fn the_flags_may_be_set_in_the_environment_too() {
    let files = CertificateFiles::make("variables");
    let [_, certificate, _, key] = files.flags();
    let mut command = command(["--listen", "127.0.0.1:0", "--tls-cert", certificate]);
    let server = Server::spawn(command.env("WS_ECHO_TLS_KEY", key).stderr(Stdio::piped()));
    assert!(server.url("/").starts_with("wss://"));
    shown(server.address, &files.certificate);
    let (status, stderr) = refused(&[], &[("WS_ECHO_TLS_KEY", key)]);
    assert_eq!(status, Some(2), "{stderr}");
}

/// Runs openssl, which must succeed.
fn openssl(arguments: &[&str]) {
    let (status, _, stderr) = run(OPENSSL.command().args(arguments)).unwrap();
    assert!(status.success(), "{arguments:?}\n{stderr}");
}

#[test]
fn keys_written_by_openssl_and_certificate_chains_are_accepted() {
    if !OPENSSL.is_there(&["version"]) {
        return;
    }
    let [key, certificate, chain] = ["form.key", "form.crt", "form.chain"].map(file);
    let [key_path, certificate_path] = [&key, &certificate].map(|path| path.to_str().unwrap());
    let bits = ["genrsa", "-traditional", "-out", key_path, "2048"];
    let curve = [
        "ecparam",
        "-name",
        "prime256v1",
        "-genkey",
        "-noout",
        "-out",
        key_path,
    ];
    let modern = ["genpkey", "-algorithm", "ed25519", "-out", key_path];
    for (begin, arguments) in [
        ("BEGIN RSA PRIVATE KEY", &bits[..]),
        ("BEGIN EC PRIVATE KEY", &curve),
        ("BEGIN PRIVATE KEY", &modern),
    ] {
        openssl(arguments);
        assert!(fs::read_to_string(&key).unwrap().contains(begin));
        openssl(&[
            "req",
            "-x509",
            "-new",
            "-key",
            key_path,
            "-out",
            certificate_path,
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ]);
        let one = fs::read_to_string(&certificate).unwrap();
        fs::write(&chain, format!("{one}{one}")).unwrap();
        let chain = chain.to_str().unwrap();
        let server = Server::start(&["--tls-cert", chain, "--tls-key", key_path]);
        let client = TlsClient::greeted(server.address, trusting(&certificate, VERSIONS[1]));
        assert_eq!(client.tls.peer_certificates().unwrap().len(), 2, "{begin}");
    }
    let encrypted = file("form.encrypted");
    let encrypted = encrypted.to_str().unwrap();
    openssl(&[
        "pkey", "-in", key_path, "-aes128", "-passout", "pass:x", "-out", encrypted,
    ]);
    let (status, stderr) = refused(
        &["--tls-cert", certificate_path, "--tls-key", encrypted],
        &[],
    );
    assert_eq!(status, Some(2));
    assert!(
        stderr.contains("its key is encrypted; decrypt it: openssl pkey"),
        "{stderr}"
    );
}

#[test]
fn the_page_is_served_over_https() {
    let (server, certificate) = self_signed("page", &[]);
    let mut client = TlsClient::connect(server.address, trusting(&certificate, VERSIONS[1]));
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut page = String::new();
    rustls::Stream::new(&mut client.tls, &mut client.stream)
        .read_to_string(&mut page)
        .unwrap();
    assert!(
        page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with("</html>\n"),
        "{page}"
    );
}
