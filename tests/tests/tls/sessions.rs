//! The sessions that every server of ours must handle, through a tunnel over TLS.

use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::{remote_server, sessions};

use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::tls::tunnel;

/// A client that does not read gets no more than both sockets and a buffer hold.
const GROWTH_MAX: u64 = 16 << 20;

#[test]
fn the_conformance_sessions_have_the_same_outcome_over_tls() {
    // The sessions are those of RFC 6455 alone.
    let flags = ["--no-page", "--origin=*", "--deflate=off"];
    let (server, certificate) = self_signed("conformance", &flags);
    let address = tunnel::start(server.address, &certificate);
    remote_server::play_all(address, || server.log());
}

#[test]
fn clients_come_and_go_over_tls_and_each_gets_its_own_messages() {
    let (server, certificate) = self_signed("crowd", &[]);
    let address = tunnel::start(server.address, &certificate);
    sessions::several_clients_at_once(address, 20);
    sessions::connects_and_disconnects(address, 40);
}

#[test]
fn a_large_message_comes_back_over_tls_and_costs_no_memory() {
    // On a busy machine the client pauses, and would get a backlog.
    let (server, certificate) = self_signed("large", &["--max-backlog=off"]);
    let address = tunnel::start(server.address, &certificate);
    let mut client = Client::greeted(address);
    sessions::large_message(&mut client, sessions::PIECE_LEN as u64);
    let before = server.peak_memory();
    sessions::large_message(&mut client, 64 << 20);
    if let (Some(before), Some(after)) = (before, server.peak_memory()) {
        assert!(after - before < GROWTH_MAX, "{before} bytes, then {after}");
    }
}
