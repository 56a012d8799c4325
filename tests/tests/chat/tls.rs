//! TLS changes nothing for the chat: servers that are trusted, and what is exchanged below
//! WebSocket.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use rustls::{
    HandshakeKind, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion, version,
};
use ws_echo_tests::needs;
use ws_echo_tests::scripted_server::{accept, close, frame, server, unmasked};
use ws_echo_tests::server::peak_memory;
use ws_echo_tests::wire::{CLOSE, TEXT};

use super::certificates::Certificate;
use super::screen::Screen;
use super::{Outcome, Pipe, chat, talk, well};

/// The server's side of a connection.
pub(crate) type TlsStream = StreamOwned<ServerConnection, TcpStream>;

/// The most memory of a client that holds little of a message at a time.
const MEMORY_MAX: u64 = 32 << 20;

/// The TLS configuration of a server with this certificate.
pub(crate) fn config(certificate: &Certificate) -> ServerConfig {
    config_of(certificate, &[&version::TLS13, &version::TLS12])
}

fn config_of(
    certificate: &Certificate,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConfig {
    let config = ServerConfig::builder_with_protocol_versions(versions).with_no_client_auth();
    let config = config.with_single_cert(certificate.chain(), certificate.key());
    let mut config = config.unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// A server that does what a test says after the TLS handshake, and ends with close_notify. Returns
/// its URL.
pub(crate) fn tls_server(
    config: ServerConfig,
    serve: impl Fn(&mut TlsStream) -> Option<()> + Send + Sync + 'static,
) -> String {
    let config = Arc::new(config);
    let url = server(move |socket| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(session, socket);
        let served = serve(&mut stream);
        stream.conn.send_close_notify();
        let _ = stream.flush();
        served
    });
    url.replace("ws://", "wss://")
}

/// A run on a system that trusts only the authorities in this file.
pub(crate) fn trusting(file: &str, url: &str, options: &[&str]) -> Pipe {
    let mut command = chat(url, options);
    command
        .env("SSL_CERT_FILE", file)
        .env_remove("SSL_CERT_DIR");
    Pipe::spawn(&mut command)
}

/// Accepts and echoes, until a Close.
fn echo(stream: &mut TlsStream) -> Option<()> {
    accept(stream)?;
    loop {
        let (first, payload) = frame(stream)?;
        stream.write_all(&unmasked(first, payload)).ok()?;
        if first == CLOSE {
            return Some(());
        }
    }
}

#[test]
fn both_versions_of_tls_are_spoken() {
    let certificate = Certificate::trusted();
    let options = ["--ca", &certificate.authority_file()];
    for version in [&version::TLS12, &version::TLS13] {
        let url = tls_server(config_of(&certificate, &[version]), echo);
        assert_eq!(talk(&url, &options, "a\nb\n"), well("a\nb\n"));
    }
}

#[test]
fn the_client_sends_the_host_name_and_the_protocol() {
    let certificate = Certificate::trusted();
    let options = ["--ca", &certificate.authority_file()];
    let (sender, told) = mpsc::channel();
    let sender = Mutex::new(sender);
    let url = tls_server(config(&certificate), move |stream| {
        accept(stream)?;
        let name = stream.conn.server_name().map(str::to_owned);
        let protocol = stream.conn.alpn_protocol().map(<[u8]>::to_vec);
        sender.lock().unwrap().send((name, protocol)).ok()?;
        stream.write_all(&close(1000, "")).ok()
    });
    let protocol = Some(b"http/1.1".to_vec());
    let by_name = url.replace("127.0.0.1", "localhost");
    assert_eq!(talk(&by_name, &options, ""), well(""));
    assert_eq!(
        told.recv().unwrap(),
        (Some("localhost".into()), protocol.clone())
    );
    // An address is not a name (RFC 6066 section 3), but the certificate must be valid for it.
    assert_eq!(talk(&url, &options, ""), well(""));
    assert_eq!(told.recv().unwrap(), (None, protocol));
}

#[test]
fn an_authority_may_be_one_of_a_file_or_of_the_system() {
    let (certificate, other) = (Certificate::trusted(), Certificate::trusted());
    let url = tls_server(config(&certificate), echo);
    let (file, other) = (certificate.authority_file(), other.authority_file());
    let options = ["--ca", &other, "--ca", &file];
    assert_eq!(talk(&url, &options, "a\n"), well("a\n"));
    assert_eq!(trusting(&file, &url, &[]).wait(), well(""));
}

#[test]
fn a_self_signed_certificate_may_be_named() {
    let certificate = Certificate::self_signed();
    let url = tls_server(config(&certificate), echo);
    let options = ["--ca", &certificate.authority_file()];
    assert_eq!(talk(&url, &options, "a\n"), well("a\n"));
}

#[test]
fn insecure_accepts_any_certificate_and_warns_each_time() {
    let warning = "ws-echo: --insecure: the server's certificate is not checked; anyone between \
                   here and the server can read and change everything\n";
    for certificate in [
        Certificate::self_signed(),
        Certificate::expired(),
        Certificate::of_others(&["example.com"]),
        Certificate::of_an_authority_itself(),
    ] {
        for version in [&version::TLS12, &version::TLS13] {
            let url = tls_server(config_of(&certificate, &[version]), echo);
            let mut expected = well("a\n");
            expected.stderr.insert_str(0, warning);
            assert_eq!(talk(&url, &["--insecure"], "a\n"), expected);
        }
    }
}

#[test]
fn a_terminal_chats_over_tls_and_shows_the_warning() {
    needs!(Terminal);
    let url = tls_server(config(&Certificate::self_signed()), echo);
    let mut command = chat(&url, &["--insecure"]);
    let mut screen = Screen::start(command.env("TERM", "xterm").env("NO_COLOR", "1"));
    screen.wait_for("# socket open");
    screen.wait_for_texts("--insecure: the server's certificate is not checked", 1);
    screen.line("hello");
    screen.wait_for("< hello");
    screen.line("/quit");
    let ended = screen.wait();
    assert_eq!(ended.status, Some(0));
    assert_eq!(ended.lines.last().unwrap(), "# socket closed 1000");
}

#[test]
fn a_new_connection_resumes_the_tls_session() {
    let certificate = Certificate::trusted();
    let options = ["--reconnect", "--ca", &certificate.authority_file()];
    for version in [&version::TLS12, &version::TLS13] {
        let (sender, kinds) = mpsc::channel();
        let (sender, count) = (Mutex::new(sender), AtomicUsize::new(0));
        let url = tls_server(config_of(&certificate, &[version]), move |stream| {
            accept(stream)?;
            let kind = stream.conn.handshake_kind();
            sender.lock().unwrap().send(kind).ok()?;
            let code = match count.fetch_add(1, Ordering::Relaxed) {
                0 => 1012,
                _ => 1000,
            };
            stream.write_all(&close(code, "")).ok()?;
            frame(stream).map(drop)
        });
        let pipe = Pipe::start(&url, &options);
        assert_eq!(kinds.recv().unwrap(), Some(HandshakeKind::Full));
        assert_eq!(kinds.recv().unwrap(), Some(HandshakeKind::Resumed));
        pipe.stderr.wait_for("# socket closed 1000");
        assert_eq!(pipe.wait().status, Some(0));
    }
}

#[test]
fn a_server_may_ask_for_new_keys_repeatedly() {
    let certificate = Certificate::trusted();
    let url = tls_server(config(&certificate), |stream| {
        accept(stream)?;
        loop {
            stream.conn.refresh_traffic_keys().unwrap();
            let (first, payload) = frame(stream)?;
            stream.write_all(&unmasked(first, payload)).ok()?;
            if first == CLOSE {
                return Some(());
            }
        }
    });
    let lines: String = (0..100).map(|number| format!("{number}\n")).collect();
    let options = ["--ca", &certificate.authority_file()];
    assert_eq!(talk(&url, &options, &lines), well(&lines));
}

#[test]
fn both_sides_may_flood_at_once_with_little_in_memory() {
    const COUNT: usize = 512;
    const LEN: usize = 65_535;
    const INPUT_LEN: usize = 32 << 20;
    let certificate = Certificate::trusted();
    let url = tls_server(config(&certificate), |stream| {
        accept(stream)?;
        // The client must receive all of this before anything is received from it.
        let header = [&[TEXT, 126][..], &(LEN as u16).to_be_bytes()].concat();
        for _ in 0..COUNT {
            stream.write_all(&header).ok()?;
            stream.write_all(&[b'y'; LEN]).ok()?;
        }
        let mut len = 0;
        while len < INPUT_LEN {
            len += frame(stream)?.1.len();
        }
        stream.write_all(&unmasked(TEXT, "all")).ok()?;
        while frame(stream)?.0 != CLOSE {}
        stream.write_all(&close(1000, "")).ok()
    });
    let options = ["--wait=300ms", "--ca", &certificate.authority_file()];
    let mut pipe = Pipe::start(&url, &options);
    let mut stdin = pipe.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        stdin.write_all(&vec![b'x'; INPUT_LEN]).unwrap();
        stdin
    });
    for _ in 0..COUNT {
        let line = pipe.line();
        assert!(line.len() == LEN && line.bytes().all(|byte| byte == b'y'));
    }
    assert_eq!(pipe.line(), "all");
    let memory = peak_memory(pipe.child.id());
    assert!(memory.is_none_or(|it| it < MEMORY_MAX), "{memory:?} bytes");
    pipe.stdin = Some(writer.join().unwrap());
    assert_eq!(pipe.wait(), well(""));
}

#[test]
fn all_small_messages_in_one_record_are_shown() {
    let certificate = Certificate::trusted();
    let url = tls_server(config(&certificate), |stream| {
        accept(stream)?;
        // 16 KiB, the most a record can hold, with no event after it.
        stream.write_all(&unmasked(TEXT, "").repeat(8192)).ok()?;
        let (_, payload) = frame(stream)?;
        stream.write_all(&unmasked(CLOSE, payload)).ok()
    });
    let mut pipe = Pipe::start(&url, &["--ca", &certificate.authority_file()]);
    for _ in 0..8192 {
        assert_eq!(pipe.line(), "");
    }
    pipe.signal("INT");
    assert_eq!(pipe.wait(), well(""));
}

#[test]
fn the_client_sends_close_notify() {
    let certificate = Certificate::trusted();
    let (sender, ends) = mpsc::channel();
    let sender = Mutex::new(sender);
    let url = tls_server(config(&certificate), move |stream| {
        accept(stream)?;
        stream.write_all(&close(1000, "")).ok()?;
        frame(stream)?;
        stream.conn.send_close_notify();
        // Without close_notify this would be an error.
        let end = std::io::Read::read(stream, &mut [0]).map_err(|error| error.to_string());
        sender.lock().unwrap().send(end).ok()
    });
    let options = ["--ca", &certificate.authority_file()];
    assert_eq!(talk(&url, &options, ""), well(""));
    assert_eq!(ends.recv().unwrap(), Ok(0));
}

#[test]
fn a_missing_close_notify_after_a_close_is_accepted() {
    let certificate = Certificate::trusted();
    let url = tls_server(config(&certificate), |stream| {
        accept(stream)?;
        stream.write_all(&close(1000, "")).ok()?;
        frame(stream)?;
        stream.sock.shutdown(std::net::Shutdown::Both).ok()
    });
    let options = ["--ca", &certificate.authority_file()];
    let Outcome { status, stderr, .. } = talk(&url, &options, "");
    assert_eq!((status, &*stderr), (Some(0), &*well("").stderr));
}
