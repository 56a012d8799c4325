//! Servers that the client waits for in vain, and servers that are only silent or slow.

use smoltcp::time::Duration;
use ws_echo_core::{CloseCode, ResponseError};
use ws_echo_tests::wire::{CLOSE, Frame, PING, PONG, TEXT};

use crate::client_driver::ClientEvent::{self, Closed, Gone, Message, TimedOut};
use crate::client_sending::{REQUEST, accepting, frame, without_server};
use crate::echoes::binary;
use crate::network::{Network, Number, Setup};
use crate::server::PORT;

const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
const PING_INTERVAL: Duration = Duration::from_secs(25);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// For the packets' travel times, and delayed acknowledgements.
const SLACK: Duration = Duration::from_millis(300);

fn network() -> Network {
    without_server([127, 127, 256])
}

impl Network {
    /// Asserts that the client gives up after this time.
    fn assert_gives_up_after(&mut self, time: Duration, told: &[ClientEvent]) {
        let begin = self.now;
        self.assert_client_events(told);
        let took = self.now - begin;
        let is_right = time <= took + SLACK && took <= time + SLACK;
        assert!(is_right, "it took {took}, not {time}");
        self.assert_client_events(&[Gone]);
        self.loopback.cut_off = None;
        self.pass(SLACK);
        self.assert_client_is_free();
    }

    /// Waits for the Ping that a silent server gets.
    fn assert_asked(&mut self, server: Number) {
        let begin = self.now;
        let asked = Frame::new(PING, "");
        self.wait("a Ping", |network| {
            network.all_sent_by_client(server).last() == Some(&asked)
        });
        let took = self.now - begin;
        assert!(took <= PING_INTERVAL + SLACK, "it took {took}");
    }
}

#[test]
fn an_unreachable_address_is_given_up() {
    let mut network = network();
    network.loopback.cut_off = Some(PORT);
    network
        .connect_client(REQUEST)
        .expect("it can try to connect");
    network.assert_gives_up_after(OPEN_TIMEOUT, &[TimedOut]);
}

#[test]
fn a_server_that_never_responds_is_given_up() {
    let mut network = network();
    network.connect_client_to_script(REQUEST);
    network.assert_gives_up_after(OPEN_TIMEOUT, &[TimedOut]);
}

#[test]
fn a_server_with_a_response_that_trickles_in_is_given_up() {
    let mut network = network();
    let (server, request) = network.connect_client_to_script(REQUEST);
    for byte in &accepting(&request).as_bytes()[..9] {
        network.send(server, [*byte]);
        network.pass(Duration::from_secs(1));
    }
    network.assert_gives_up_after(Duration::from_secs(1), &[TimedOut]);
}

#[test]
fn a_server_that_does_not_end_a_refused_connection_is_given_up() {
    let mut network = network();
    let (server, _) = network.connect_client_to_script(REQUEST);
    network.send(server, "HTTP/1.1 503 \r\n\r\n");
    let refused = ClientEvent::Refused(ResponseError::Status(503));
    network.assert_client_events(&[refused]);
    network.assert_gives_up_after(CLOSE_TIMEOUT, &[TimedOut]);
}

#[test]
fn a_silent_server_gets_pings_and_stays_as_long_as_it_answers() {
    let mut network = network();
    let server = network.open_client_to_script(b"");
    for _ in 0..20 {
        network.assert_asked(server);
        network.pass(PING_TIMEOUT - SLACK);
        network.send(server, frame(PONG, ""));
        network.pass(SLACK);
        network.send(server, frame(TEXT, "\u{e9}"));
        network.assert_client_events(&[Message(Frame::new(TEXT, "\u{e9}"))]);
        network.pass(Duration::from_secs(1));
        network.forget(server);
    }
}

#[test]
fn a_server_that_hangs_or_vanishes_is_given_up_when_it_does_not_answer() {
    for vanishes in [false, true] {
        let mut network = network();
        network.open_client_to_script(b"");
        if vanishes {
            network.loopback.cut_off = Some(PORT);
        }
        network.assert_gives_up_after(PING_INTERVAL + PING_TIMEOUT, &[TimedOut]);
    }
}

#[test]
fn a_server_that_sends_and_does_not_read_is_given_up() {
    let mut network = network();
    let server = network.open_client_to_script(b"");
    network.set_reads(server, false);
    network.driver.send(binary(5000));
    network.pass(Duration::from_secs(1));
    for _ in 0..5 {
        network.pass(Duration::from_secs(5));
        network.send(server, frame(TEXT, "blah"));
        network.assert_client_events(&[Message(Frame::new(TEXT, "blah"))]);
    }
    let left = STALL_TIMEOUT - Duration::from_secs(26);
    network.assert_gives_up_after(left, &[TimedOut]);
}

#[test]
fn the_wait_for_a_server_to_read_starts_when_a_message_is_sent() {
    let mut network = network();
    network.open_client_to_script(b"");
    let idle = Duration::from_secs(20);
    network.driver.is_busy = true;
    network.pass(idle);
    network.driver.is_busy = false;
    network.loopback.cut_off = Some(PORT);
    network.send_at_once(Frame::new(TEXT, "untaken"));
    network.assert_gives_up_after(PING_INTERVAL + PING_TIMEOUT - idle, &[TimedOut]);
}

#[test]
fn a_server_that_reads_slowly_stays_even_if_the_program_seldom_polls() {
    for is_busy in [false, true] {
        let mut network = network();
        let server = network.open_client_to_script(b"");
        network.set_reads(server, false);
        network.driver.send(binary(5000));
        network.pass(Duration::from_secs(1));
        for _ in 0..20 {
            network.driver.is_busy = is_busy;
            assert_eq!(network.read(server, 100), 100);
            network.send(server, frame(PONG, ""));
            network.pass(Duration::from_secs(20));
            network.driver.is_busy = false;
            network.turn();
        }
        network.assert_client_events(&[]);
        network.set_reads(server, true);
        assert_eq!(network.sent_by_client(server, 1), [binary(5000)]);
    }
}

#[test]
fn a_server_that_does_not_answer_a_close_is_given_up() {
    for vanishes in [false, true] {
        let mut network = network();
        network.open_client_to_script(b"");
        network.driver.close(CloseCode::NORMAL, "");
        if vanishes {
            network.loopback.cut_off = Some(PORT);
        }
        network.assert_gives_up_after(CLOSE_TIMEOUT, &[TimedOut]);
    }
}

#[test]
fn a_server_that_does_not_end_tcp_after_its_close_is_given_up() {
    let mut network = network();
    let server = network.open_client_to_script(b"");
    network.send(server, frame(CLOSE, b"\x03\xe8"));
    let closed = Closed(Some(1000), String::new());
    network.assert_gives_up_after(CLOSE_TIMEOUT, &[closed, TimedOut]);
}

#[test]
fn nothing_is_due_without_a_connection() {
    let mut network = network();
    let turns_of_an_hour = |network: &mut Network| {
        let before = network.turns;
        network.pass(Duration::from_secs(60 * 60));
        network.turns - before
    };
    let turns = turns_of_an_hour(&mut network);
    assert!(turns < 20, "{turns} turns without a connection");
    network
        .connect_client(REQUEST)
        .expect("it can try to connect");
    network.assert_client_events(&[Gone]);
    let turns = turns_of_an_hour(&mut network);
    assert!(turns < 20, "{turns} turns without a connection");
}

#[test]
fn server_and_client_stay_together_for_hours_with_little_to_do() {
    let mut network = Network::new(Setup::default());
    network.connect_client_to_server();
    let before = network.turns;
    network.pass(Duration::from_secs(5 * 60 * 60));
    network.assert_client_events(&[]);
    let turns = network.turns - before;
    assert!(turns < 20_000, "{turns} turns for a silent connection");
    network.driver.send(Frame::new(TEXT, "still here"));
    network.assert_client_events(&[Message(Frame::new(TEXT, "still here"))]);
}
