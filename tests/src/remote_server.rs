//! A server that runs elsewhere, in a microcontroller or as a process. With
//! `WS_ECHO_SERVER=ADDRESS:PORT` each session of the conformance tests is played against it over
//! TCP, instead of with all the cuts in memory.

use std::env;
use std::io::Write as _;
use std::net::{Shutdown, SocketAddr};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use crate::driver::Outcome;
use crate::driver::server::Served;
use crate::scripted_client::{Client, WELCOME, request};
use crate::server::{cargo, run_up_to};
use crate::wire::{self, Frame, TEXT};

/// The variable that names the server.
const VARIABLE: &str = "WS_ECHO_SERVER";

/// The tests that play their sessions.
const TESTS: [&str; 4] = ["framing", "text", "closing", "server_handshake"];

/// The tests among them that are too many sessions for that, and play none.
const IN_MEMORY_ONLY: &str = "each_of_the_65536";

/// How many of them run at a time. The firmware has room for eight clients, and needs some time to
/// see that one has gone.
const THREADS: &str = "2";

/// A lower limit to the number of sessions that are played.
const CLIENTS_MIN: usize = 5000;

/// How often a client connects that is not answered, and the time between. Room for a client can be
/// longer in coming: on a busy machine, the firmware hears late that others have gone.
const ATTEMPTS: usize = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Long enough for cargo, which may have to build the tests.
const PATIENCE: Duration = Duration::from_secs(600);

/// The first byte of TLS: the binary answers it in TLS, the firmware like any other byte.
const TLS_HANDSHAKE: u8 = 22;

/// The longest head that every server of ours accepts, in bytes.
const HEAD_LEN: usize = 768;

/// Whether there is such a server.
pub fn is_named() -> bool {
    server().is_some()
}

/// Its address, if one is named.
///
/// # Panics
///
/// If the variable is not an address.
pub fn server() -> Option<SocketAddr> {
    static SERVER: OnceLock<Option<SocketAddr>> = OnceLock::new();
    *SERVER.get_or_init(|| {
        let address = env::var(VARIABLE).ok()?;
        let address = address.parse();
        Some(address.unwrap_or_else(|error| panic!("{VARIABLE}: {error}")))
    })
}

/// Plays the sessions of all conformance tests against a server that greets and echoes, and that
/// logs a line for each client.
///
/// # Panics
///
/// If a test fails, or clients are missing from the log.
pub fn play_all(server: SocketAddr, log: impl Fn() -> String) {
    let mut command = cargo();
    // Nothing is built again after `cargo test --workspace`.
    command.args(["test", "--workspace"]);
    // The profile that the tests were built with for this run.
    command.args((!cfg!(debug_assertions)).then_some("--release"));
    command.args(TESTS.iter().flat_map(|name| ["--test", name]));
    command.args(["--", "--skip", IN_MEMORY_ONLY, "--test-threads", THREADS]);
    command.env(VARIABLE, server.to_string());
    let (status, stdout, stderr) = run_up_to(PATIENCE, &mut command).expect("cargo runs");
    assert!(status.success(), "{stdout}\n{stderr}");
    let clients = log().matches(" connected").count();
    assert!(clients > CLIENTS_MIN, "{clients} clients connected");
}

/// Plays a session that begins after the handshake.
///
/// # Panics
///
/// If the server answers with other messages than `expected`.
pub fn check_session(input: &[u8], expected: &Outcome) {
    let Some(server) = server() else { return };
    let request = request("/");
    let input = [request.as_bytes(), input].concat();
    play(server, &input, ATTEMPTS, |client| {
        let head = client.receive_head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert_messages(client, expected);
    });
}

/// Plays a session that begins with the request. Requests that only some servers accept are left
/// out.
///
/// # Panics
///
/// If the server answers with another response or other messages than `expected`.
pub fn check_served(input: &[u8], expected: &Served) {
    let Some(server) = server() else { return };
    let end = input.windows(4).position(|end| end == b"\r\n\r\n");
    if end.unwrap_or(input.len()) + 4 > HEAD_LEN || input.first() == Some(&TLS_HANDSHAKE) {
        return;
    }
    let attempts = if expected.head.is_empty() {
        1
    } else {
        ATTEMPTS
    };
    play(server, input, attempts, |client| {
        if expected.head.is_empty() {
            assert_eq!(client.receive_rest(), b"", "nothing comes over TCP");
            return;
        }
        assert_eq!(client.receive_head(), expected.head, "over TCP");
        match &expected.session {
            Some(session) => assert_messages(client, session),
            None => assert_eq!(client.receive_rest(), expected.body.as_bytes(), "over TCP"),
        }
    });
}

/// Sends all of the input and then the end of the stream, while the answers are received. A client
/// that is disconnected without an answer tries again, up to this many attempts in all.
fn play(server: SocketAddr, input: &[u8], attempts: usize, receive: impl Fn(&mut Client)) {
    for left in (0..attempts).rev() {
        let mut client = Client::connect(server);
        let mut sending = client.handle();
        let is_answered = thread::scope(|scope| {
            scope.spawn(move || {
                // The server may have closed before everything is sent.
                let _ = sending.write_all(input);
                let _ = sending.shutdown(Shutdown::Write);
            });
            let is_answered = left == 0 || !client.is_disconnected();
            if is_answered {
                receive(&mut client);
            }
            is_answered
        });
        if is_answered {
            return;
        }
        thread::sleep(PAUSE);
    }
}

/// Checks what follows the response: the greeting, the same messages as expected, and the end.
fn assert_messages(client: &mut Client, expected: &Outcome) {
    assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, WELCOME)));
    let received = client.receive_rest();
    let (frames, rest) = wire::unmasked(&received);
    assert_eq!(rest, b"", "a frame was cut over TCP");
    let expected = wire::joined(&expected.frames);
    assert_eq!(wire::joined(&frames), expected, "over TCP");
}
