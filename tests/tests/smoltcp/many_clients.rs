//! One client after the other, and many at once.

use smoltcp::socket::tcp::State;
use smoltcp::time::Duration;
use ws_echo_tests::scripted_client::request;
use ws_echo_tests::wire::{Frame, TEXT, masked, masked_close};

use crate::network::{Network, Setup};
use crate::server::Change::{Gone, Opened};

/// What a client sends before it is gone, and whether it was being served by then.
fn beginnings() -> Vec<(Vec<u8>, bool)> {
    let request = request("/").into_bytes();
    let text = [&request[..], &masked(TEXT, "h\u{e9}llo")].concat();
    let close = [&text[..], &masked_close(1000, "bye")].concat();
    vec![
        (Vec::new(), false),
        (request[..40].to_vec(), false),
        (request[..request.len() - 1].to_vec(), false),
        (request.clone(), true),
        (text[..request.len() + 1].to_vec(), true),
        (text[..request.len() + 8].to_vec(), true),
        (close[..text.len() + 3].to_vec(), true),
        (close[..close.len() - 1].to_vec(), true),
        (close, true),
    ]
}

#[test]
fn after_a_reset_in_any_phase_the_next_client_is_served_at_once() {
    let mut network = Network::new(Setup::default());
    for (beginning, is_served) in beginnings() {
        let client = network.connect();
        network.send(client, &beginning);
        network.pass(Duration::from_millis(20));
        network.abort(client);
        let before = network.now;
        if is_served {
            network.assert_told(&[(0, Opened), (0, Gone)]);
        } else {
            network.assert_told(&[(0, Gone)]);
        }
        let next = network.open();
        assert!(network.now - before < Duration::from_millis(50));
        network.assert_echoed(next, &[Frame::new(TEXT, "next")]);
        network.close(next);
        network.assert_told(&[(0, Opened), (0, Gone)]);
    }
}

#[test]
fn a_client_that_resets_during_the_tcp_handshake_affects_no_other() {
    let mut network = Network::new(Setup::default());
    for turns in 0..6 {
        let client = network.connect();
        (0..turns).for_each(|_| network.turn());
        network.abort(client);
        network.pass(Duration::from_millis(10));
        let next = network.open();
        network.close(next);
    }
}

#[test]
fn many_clients_come_and_go_on_one_server() {
    let mut network = Network::new(Setup {
        client: [256; 2],
        ..Setup::default()
    });
    let begin = network.now;
    for number in 0..100 {
        let client = network.open();
        network.assert_echoed(client, &[Frame::new(TEXT, format!("client {number}"))]);
        network.close(client);
        network.assert_told(&[(0, Opened), (0, Gone)]);
    }
    let took = network.now - begin;
    assert!(took < Duration::from_secs(10), "{took}");
}

#[test]
fn the_hundredth_client_costs_as_many_packets_as_the_first() {
    let mut network = Network::new(Setup::default());
    let mut costs = (0..100).map(|_| {
        let before = network.loopback.packets;
        let client = network.open();
        for text in ["one", "two", "three"] {
            network.assert_echoed(client, &[Frame::new(TEXT, text)]);
            network.pass(Duration::from_secs(1));
        }
        network.close(client);
        network.loopback.packets - before
    });
    let first = costs.next();
    assert!(costs.all(|cost| Some(cost) == first));
}

#[test]
fn each_of_as_many_clients_as_servers_gets_its_own_messages() {
    const CLIENTS: usize = 6;
    let mut network = Network::new(Setup {
        servers: CLIENTS,
        ring: 61,
        client: [100; 2],
        ..Setup::default()
    });
    let clients: Vec<_> = (0..CLIENTS).map(|_| network.connect()).collect();
    for &client in &clients {
        network.send(client, request("/"));
    }
    for &client in &clients {
        network.assert_greeted(client);
    }
    // Frames of all clients are under way, and cut, at the same time.
    let text = |client, round| format!("{round} of {client} \u{1f980}").repeat(10 + 7 * client);
    for round in 0..5 {
        for &client in &clients {
            network.send(client, masked(TEXT, text(client, round)));
        }
    }
    for &client in &clients {
        let texts = (0..5).map(|round| Frame::new(TEXT, text(client, round)));
        let echoes = network.messages(client, 5);
        assert!(echoes.iter().cloned().eq(texts), "{client}: {echoes:?}");
    }
    for &client in &clients {
        network.close(client);
    }
}

#[test]
fn servers_without_a_client_report_nothing_while_others_serve() {
    let mut network = Network::new(Setup {
        servers: 3,
        ..Setup::default()
    });
    let client = network.open();
    for _ in 0..30 {
        network.pass(Duration::from_secs(1));
        network.assert_echoed(client, &[Frame::new(TEXT, "hello")]);
    }
    network.assert_told(&[(0, Opened)]);
}

#[test]
fn one_client_too_many_is_refused_and_served_when_a_server_is_free() {
    let mut network = Network::new(Setup {
        servers: 2,
        ..Setup::default()
    });
    let first = network.open();
    let second = network.open();
    network.assert_told(&[(0, Opened), (1, Opened)]);
    let refused = network.connect();
    network.assert_reset(refused);
    network.close(second);
    network.assert_told(&[(1, Gone)]);
    let third = network.open();
    network.assert_told(&[(1, Opened)]);
    for client in [first, third] {
        network.assert_echoed(client, &[Frame::new(TEXT, "hello")]);
    }
    assert_eq!(network.state(first), State::Established);
}
