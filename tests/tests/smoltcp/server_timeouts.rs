//! Clients that take too long, and clients that are only silent.

use smoltcp::socket::tcp::State;
use smoltcp::time::Duration;
use ws_echo_core::{Refusal, SyntaxError};
use ws_echo_tests::scripted_client::request;
use ws_echo_tests::wire::{BINARY, Frame, PONG, TEXT, masked, masked_close};

use crate::network::{Network, Number, Setup};
use crate::server::Change::{Gone, Opened, Refused, TimedOut};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const VANISHED_TIMEOUT: Duration = Duration::from_secs(30);

/// For the packets' travel times, and delayed acknowledgements.
const SLACK: Duration = Duration::from_millis(100);

impl Network {
    /// Runs something that must take exactly the time of a deadline.
    fn assert_takes<R>(&mut self, time: Duration, script: impl FnOnce(&mut Self) -> R) -> R {
        let begin = self.now;
        let result = script(self);
        let took = self.now - begin;
        let is_right = time <= took + SLACK && took <= time + SLACK;
        assert!(is_right, "it took {took}, not {time}");
        result
    }

    /// Waits for the response to a request that was not completed in time.
    fn assert_late(&mut self, client: Number) {
        let head = self.head(client);
        assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
        let body = self.receive_rest(client);
        let text = Refusal::Timeout.text().as_bytes();
        assert_eq!(body.strip_suffix(b"\n"), Some(text));
    }

    /// Asserts that the server is free: a client is served.
    fn assert_free(&mut self) {
        let client = self.open();
        self.assert_echoed(client, &[Frame::new(TEXT, "next")]);
        self.close(client);
        self.assert_told(&[(0, Opened), (0, Gone)]);
    }
}

#[test]
fn a_request_that_is_never_complete_gets_408() {
    let request = request("/").into_bytes();
    let mut network = Network::new(Setup::default());
    for beginning in [&b""[..], &request[..40], &request[..request.len() - 1]] {
        let client = network.connect();
        network.send(client, beginning);
        network.assert_takes(HANDSHAKE_TIMEOUT, |network| network.assert_late(client));
        network.assert_ended(client);
        network.assert_told(&[(0, TimedOut), (0, Gone)]);
        network.assert_free();
    }
}

#[test]
fn a_request_that_trickles_in_gets_408() {
    let mut network = Network::new(Setup::default());
    let client = network.connect();
    for byte in &request("/").as_bytes()[..9] {
        network.send(client, [*byte]);
        network.pass(Duration::from_secs(1));
    }
    network.assert_takes(Duration::from_secs(1), |network| {
        network.assert_late(client)
    });
}

#[test]
fn a_408_that_is_longer_than_the_ring_is_sent_whole() {
    let mut network = Network::new(Setup {
        ring: 61,
        ..Setup::default()
    });
    let client = network.connect();
    network.assert_takes(HANDSHAKE_TIMEOUT, |network| network.assert_late(client));
    network.assert_ended(client);
    network.assert_told(&[(0, TimedOut), (0, Gone)]);
}

#[test]
fn a_client_that_does_not_take_its_response_is_dropped() {
    for (request, refusal) in [
        (
            "GET / HTTP/1.1\n",
            Some(Refused(Refusal::Syntax(SyntaxError::BareLineFeed))),
        ),
        (&request("/"), None),
    ] {
        let mut network = Network::new(Setup {
            ring: 61,
            client: [10, 2048],
            ..Setup::default()
        });
        let client = network.connect();
        network.set_reads(client, false);
        network.send(client, request);
        let told = [refusal, Some(TimedOut), Some(Gone)];
        let told: Vec<_> = told.into_iter().flatten().map(|it| (0, it)).collect();
        network.assert_takes(HANDSHAKE_TIMEOUT, |network| network.assert_told(&told));
        network.assert_reset(client);
        network.assert_free();
    }
}

/// A client that does not read, with all rings full of its echoes.
fn stalled() -> (Network, Number) {
    let mut network = Network::new(Setup {
        ring: 512,
        client: [100, 4096],
        ..Setup::default()
    });
    let client = network.open();
    network.assert_told(&[(0, Opened)]);
    network.set_reads(client, false);
    network.send(client, masked(BINARY, vec![7; 3000]));
    network.pass(SLACK);
    (network, client)
}

#[test]
fn a_client_that_stops_reading_is_dropped() {
    for shuts in [false, true] {
        let (mut network, client) = stalled();
        if shuts {
            network.shut(client);
        }
        network.assert_takes(STALL_TIMEOUT, |network| {
            network.assert_told(&[(0, TimedOut)]);
        });
        network.assert_reset(client);
        network.assert_told(&[(0, Gone)]);
        network.assert_free();
    }
}

#[test]
fn a_client_that_takes_nothing_is_dropped_whatever_it_sends() {
    let mut network = Network::new(Setup {
        client: [100, 4096],
        ..Setup::default()
    });
    let client = network.open();
    network.set_reads(client, false);
    network.send(client, masked(BINARY, [7; 200]));
    network.pass(SLACK);
    network.assert_told(&[(0, Opened)]);
    for _ in 0..5 {
        network.pass(Duration::from_secs(5));
        network.send(client, masked(PONG, "still here"));
    }
    network.assert_takes(Duration::from_secs(5), |network| {
        network.assert_told(&[(0, TimedOut)]);
    });
    network.assert_reset(client);
}

#[test]
fn a_client_that_reads_slowly_stays() {
    let (mut network, client) = stalled();
    for _ in 0..20 {
        network.pass(Duration::from_secs(25));
        assert_eq!(network.read(client, 100), 100);
    }
    network.assert_told(&[]);
    network.set_reads(client, true);
    assert_eq!(network.messages(client, 1), [Frame::new(BINARY, [7; 3000])]);
    network.close(client);
}

#[test]
fn a_client_that_reads_the_last_echo_slowly_stays() {
    let mut network = Network::new(Setup {
        ring: 1000,
        client: [100, 4096],
        ..Setup::default()
    });
    let client = network.open();
    network.set_reads(client, false);
    network.send(client, masked(BINARY, vec![7; 800]));
    // All of the echo is in the server's ring. It is taken from there piece by piece.
    for _ in 0..7 {
        network.pass(Duration::from_secs(20));
        assert_eq!(network.read(client, 100), 100);
    }
    network.assert_told(&[(0, Opened)]);
    network.set_reads(client, true);
    assert_eq!(network.messages(client, 1), [Frame::new(BINARY, [7; 800])]);
}

#[test]
fn a_client_that_vanishes_is_dropped_when_keep_alives_stay_unanswered() {
    let mut network = Network::new(Setup::default());
    let client = network.open();
    network.pass(Duration::from_secs(100));
    network.assert_told(&[(0, Opened)]);
    network.cut_off(client);
    let begin = network.now;
    network.assert_told(&[(0, Gone)]);
    let took = network.now - begin;
    assert!(took + KEEP_ALIVE >= VANISHED_TIMEOUT, "{took}");
    assert!(took <= VANISHED_TIMEOUT + KEEP_ALIVE, "{took}");
    network.assert_free();
}

#[test]
fn a_client_that_vanishes_while_echoes_are_under_way_is_dropped() {
    let (mut network, client) = stalled();
    network.cut_off(client);
    network.pass(VANISHED_TIMEOUT + KEEP_ALIVE);
    assert_eq!(network.take_changes().last(), Some(&(0, Gone)));
    network.assert_free();
}

#[test]
fn a_client_that_vanishes_before_its_request_is_complete_is_dropped() {
    let mut network = Network::new(Setup::default());
    let client = network.connect();
    network.send(client, "GET");
    network.pass(Duration::from_secs(1));
    network.cut_off(client);
    let left = HANDSHAKE_TIMEOUT + CLOSE_TIMEOUT - Duration::from_secs(1);
    network.assert_takes(left, |network| {
        network.assert_told(&[(0, TimedOut), (0, TimedOut), (0, Gone)]);
    });
    network.assert_free();
}

#[test]
fn a_client_that_vanishes_before_the_connection_is_open_is_dropped() {
    let mut network = Network::new(Setup::default());
    let client = network.connect();
    while network.state(client) != State::Established {
        network.turn();
    }
    // Its last packet, which the server waits for, is lost.
    network.cut_off(client);
    network.pass(CONNECT_TIMEOUT - SLACK);
    let other = network.connect();
    network.assert_reset(other);
    network.pass(SLACK * 2);
    assert_eq!(network.take_changes(), [], "it was no client yet");
    network.assert_free();
}

#[test]
fn a_client_that_vanishes_after_its_request_has_as_long_as_any_other() {
    let mut network = Network::new(Setup::default());
    let client = network.connect();
    while network.state(client) != State::Established {
        network.turn();
    }
    network.send(client, request("/"));
    network.turn();
    network.turn();
    network.assert_told(&[(0, Opened)]);
    network.cut_off(client);
    network.pass(VANISHED_TIMEOUT - Duration::from_secs(1));
    network.assert_told(&[]);
    network.pass(Duration::from_secs(2));
    assert_eq!(network.take_changes().last(), Some(&(0, Gone)));
}

#[test]
fn a_client_that_does_not_end_the_connection_after_close_is_dropped() {
    for vanishes in [false, true] {
        let mut network = Network::new(Setup::default());
        let client = network.open();
        network.send(client, masked_close(1000, ""));
        assert_eq!(network.messages(client, 1), [Frame::close(1000)]);
        if vanishes {
            network.cut_off(client);
        }
        network.assert_takes(CLOSE_TIMEOUT, |network| {
            network.assert_told(&[(0, Opened), (0, TimedOut), (0, Gone)]);
        });
        if !vanishes {
            network.assert_reset(client);
        }
        network.assert_free();
    }
}

#[test]
fn a_client_that_ends_its_side_and_vanishes_is_dropped() {
    let mut network = Network::new(Setup::default());
    let client = network.open();
    network.shut(client);
    // Its FIN is sent, and arrives. The server's FIN is lost.
    network.turn();
    network.turn();
    network.cut_off(client);
    network.assert_takes(CLOSE_TIMEOUT, |network| {
        network.assert_told(&[(0, Opened), (0, TimedOut), (0, Gone)]);
    });
    network.assert_free();
}

#[test]
fn a_silent_client_that_is_still_connected_stays_for_hours() {
    let mut network = Network::new(Setup::default());
    let client = network.open();
    network.pass(Duration::from_secs(5 * 60 * 60));
    network.assert_told(&[(0, Opened)]);
    network.assert_echoed(client, &[Frame::new(TEXT, "still here")]);
    network.close(client);
}

#[test]
fn nothing_is_due_without_clients_and_little_with_silent_ones() {
    let mut network = Network::new(Setup::default());
    let turns_of_a_minute = |network: &mut Network| {
        let before = network.turns;
        network.pass(Duration::from_secs(60));
        network.turns - before
    };
    for beginning in ["", "GET", "GET / HTTP/1.1\n", &request("/")] {
        let client = network.connect();
        network.send(client, beginning);
        network.pass(SLACK);
        network.abort(client);
        let turns = turns_of_a_minute(&mut network);
        assert!(turns < 10, "{turns} turns without clients");
    }
    let client = network.open();
    network.assert_echoed(client, &[Frame::new(TEXT, "hello")]);
    let turns = turns_of_a_minute(&mut network);
    assert!(turns < 50, "{turns} turns for a silent client");
    network.close(client);
    network.pass(CLOSE_TIMEOUT);
    let turns = turns_of_a_minute(&mut network);
    assert!(turns < 10, "{turns} turns without clients");
}
