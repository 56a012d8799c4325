//! How the client's connections end: refused, failed, closed by either side, or reset.

use smoltcp::socket::tcp;
use smoltcp::time::Duration;
use ws_echo_core::{ClientRequest, ClientRequestError, CloseCode, ProtocolError, ResponseError};
use ws_echo_tests::wire::{BINARY, CLOSE, Frame, TEXT, masked};

use crate::client::ConnectError;
use crate::client_driver::ClientEvent::{Closed, Failed, Gone, Message, Refused, TimedOut};
use crate::client_sending::{REQUEST, accepting, frame, without_server};
use crate::echoes::binary;
use crate::network::{Network, Setup};
use crate::server::PORT;

/// Networks with a short ring and a long one, and with a scripted server only.
fn networks() -> impl Iterator<Item = Network> {
    [61, 1000]
        .into_iter()
        .map(|ring| without_server([ring, ring, 61]))
}

impl Network {
    /// Asserts that the client is free: it connects, is answered, and is reset.
    pub(crate) fn assert_client_is_free(&mut self) {
        let server = self.open_client_to_script(&frame(TEXT, "next"));
        self.assert_client_events(&[Message(Frame::new(TEXT, "next"))]);
        self.abort(server);
        self.assert_client_events(&[Gone]);
    }
}

#[test]
fn a_refused_request_is_reported_with_its_status_and_tcp_ends_in_order() {
    let content = "x".repeat(3000);
    for (response, error) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 3000\r\n\r\n",
            ResponseError::Status(404),
        ),
        (
            "HTTP/1.1 301 Moved\r\nLocation: /a\r\n\r\n",
            ResponseError::Status(301),
        ),
        (
            "SSH-2.0-OpenSSH_9.2\r\n",
            ResponseError::MalformedStatusLine,
        ),
        ("HTTP/1.1 101 \r\n\r\n", ResponseError::NoUpgrade),
        (
            &format!("HTTP/1.1 200 {}", "a".repeat(300)),
            ResponseError::HeadTooLarge,
        ),
    ] {
        for mut network in networks() {
            let (server, _) = network.connect_client_to_script(REQUEST);
            network.send(server, response);
            network.send(server, &content);
            network.assert_client_events(&[Refused(error)]);
            let resets = network.loopback.resets;
            assert_eq!(network.receive_rest(server), b"");
            network.shut(server);
            network.assert_client_events(&[Gone]);
            // The last acknowledgement is under way, whatever comes next.
            network.connect_client(REQUEST).expect("it can connect");
            network.wait("the end of TCP", |network| {
                network.state(server) == tcp::State::Closed
            });
            assert_eq!(network.loopback.resets, resets, "the connection was reset");
        }
    }
}

#[test]
fn a_response_that_does_not_answer_the_key_opens_nothing() {
    for mut network in networks() {
        let (server, request) = network.connect_client_to_script(REQUEST);
        let other = request.replace("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: x");
        network.send(server, accepting(&other));
        network.assert_client_events(&[Refused(ResponseError::WrongAccept)]);
        assert_eq!(network.receive_rest(server), b"");
    }
}

#[test]
fn a_close_follows_all_sent_messages_and_its_answer_is_reported() {
    for mut network in networks() {
        let server = network.open_client_to_script(b"");
        network.driver.send(binary(2000));
        network.driver.close(CloseCode::NORMAL, "bye");
        let close = Frame::new(CLOSE, b"\x03\xe8bye");
        assert_eq!(network.sent_by_client(server, 2), [binary(2000), close]);
        // Data after the Close is no longer a message.
        network.send(server, frame(TEXT, "too late"));
        network.send(server, frame(CLOSE, b"\x03\xe8"));
        network.assert_client_events(&[Closed(Some(1000), String::new())]);
        // The server must be the one that ends TCP first.
        network.pass(Duration::from_secs(1));
        assert_eq!(network.state(server), tcp::State::Established);
        network.shut(server);
        network.assert_client_events(&[Gone]);
        assert_eq!(network.loopback.resets, 0);
        network.assert_client_is_free();
    }
}

#[test]
fn a_close_with_the_longest_reason_goes_through_the_shortest_buffer() {
    const REASON: &str = match str::from_utf8(&[b'r'; 123]) {
        Ok(reason) => reason,
        Err(_) => "",
    };
    for mut network in networks() {
        let server = network.open_client_to_script(b"");
        network.driver.close(CloseCode::NORMAL, REASON);
        let close = Frame::new(CLOSE, [b"\x03\xe8", REASON.as_bytes()].concat());
        assert_eq!(network.sent_by_client(server, 1), [close]);
    }
}

#[test]
fn a_close_of_the_server_is_answered_and_reported() {
    for (payload, code, reason) in [
        (&b""[..], None, ""),
        (b"\x03\xe9", Some(1001), ""),
        (b"\x03\xf3f\xc3\xbcll", Some(1011), "f\u{fc}ll"),
    ] {
        for mut network in networks() {
            let server = network.open_client_to_script(&frame(TEXT, "first"));
            network.send(server, frame(CLOSE, payload));
            let first = Message(Frame::new(TEXT, "first"));
            network.assert_client_events(&[first, Closed(code, reason.into())]);
            let code = payload.get(..2).unwrap_or_default();
            assert_eq!(network.sent_by_client(server, 1), [Frame::new(CLOSE, code)]);
            network.shut(server);
            network.assert_client_events(&[Gone]);
            assert_eq!(network.loopback.resets, 0);
            network.assert_client_is_free();
        }
    }
}

#[test]
fn a_server_that_ends_its_side_after_its_close_gets_the_close_back() {
    for mut network in networks() {
        let server = network.open_client_to_script(b"");
        network.set_reads(server, false);
        network.driver.send(binary(10_000));
        network.pass(Duration::from_secs(1));
        network.send(server, frame(CLOSE, b"\x03\xe9"));
        network.shut(server);
        network.assert_client_events(&[Closed(Some(1001), String::new())]);
        network.set_reads(server, true);
        assert_eq!(network.sent_by_client(server, 1), [Frame::close(1001)]);
        network.assert_client_events(&[Gone]);
        network.assert_client_is_free();
    }
}

#[test]
fn a_server_that_breaks_the_protocol_gets_its_close_code() {
    for (bytes, error, code) in [
        (masked(TEXT, "masked"), ProtocolError::Masked, 1002),
        (frame(0x83, ""), ProtocolError::ReservedOpcode(3), 1002),
        (frame(TEXT, b"\xff"), ProtocolError::InvalidText, 1007),
    ] {
        for mut network in networks() {
            let server = network.open_client_to_script(b"");
            network.send(server, &bytes);
            network.send(server, frame(BINARY, vec![0; 3000]));
            network.assert_client_events(&[Failed(error)]);
            assert_eq!(network.sent_by_client(server, 1), [Frame::close(code)]);
            network.shut(server);
            network.assert_client_events(&[Gone]);
            network.assert_client_is_free();
        }
    }
}

#[test]
fn the_end_of_tcp_without_a_close_ends_the_connection_at_once() {
    for mut network in networks() {
        let (server, request) = network.connect_client_to_script(REQUEST);
        network.send(server, &accepting(&request)[..40]);
        network.shut(server);
        network.assert_client_events(&[Gone]);
        let server = network.open_client_to_script(b"");
        network.driver.send(binary(3000));
        network.send(server, frame(TEXT, "last"));
        network.shut(server);
        let before = network.now;
        network.assert_client_events(&[Message(Frame::new(TEXT, "last")), Gone]);
        assert!(network.now - before < Duration::from_millis(500));
        network.assert_client_is_free();
    }
}

#[test]
fn nothing_more_is_sent_after_the_end_of_a_connection() {
    let mut network = without_server([512, 512, 256]);
    let server = network.open_client_to_script(b"");
    network.shut(server);
    (0..2).for_each(|_| network.turn());
    // The client's FIN does not arrive.
    network.loopback.cut_off = Some(PORT);
    network.driver.send(binary(100));
    network.pass(Duration::from_secs(1));
    assert_eq!(network.driver.fragments, 0);
    network.assert_client_events(&[TimedOut]);
}

#[test]
fn messages_before_a_reset_are_reported() {
    for buffer in [61, 1000] {
        let mut network = without_server([512, 512, buffer]);
        let server = network.open_client_to_script(b"");
        network.send(server, frame(TEXT, "x".repeat(400)));
        network.driver.is_busy = true;
        network.pass(Duration::from_millis(20));
        network.abort(server);
        network.pass(Duration::from_millis(20));
        network.driver.is_busy = false;
        let last = Message(Frame::new(TEXT, "x".repeat(400)));
        network.assert_client_events(&[last, Gone]);
    }
}

#[test]
fn after_a_reset_in_any_phase_the_next_connection_can_be_made_at_once() {
    for mut network in networks() {
        for turns in 0..12 {
            let server = network.listen();
            network.connect_client(REQUEST).expect("it can connect");
            network.driver.send(binary(100));
            (0..turns).for_each(|_| network.turn());
            network.abort(server);
            let before = network.now;
            network.assert_client_events(&[Gone]);
            assert!(network.now - before < Duration::from_millis(500));
        }
        network.assert_client_is_free();
    }
}

#[test]
fn a_refused_tcp_connection_is_reported_at_once() {
    let mut network = without_server([512, 512, 256]);
    network
        .connect_client(REQUEST)
        .expect("it can try to connect");
    let before = network.now;
    network.assert_client_events(&[Gone]);
    assert!(network.now - before < Duration::from_millis(50));
    network.assert_client_is_free();
}

#[test]
fn a_connection_can_be_given_up_before_it_is_open() {
    let mut network = without_server([512, 512, 256]);
    let (server, _) = network.connect_client_to_script(REQUEST);
    network.driver.close(CloseCode::NORMAL, "");
    network.assert_client_events(&[Gone]);
    network.assert_reset(server);
    network.assert_client_is_free();
}

#[test]
fn a_second_connection_beside_the_first_is_refused() {
    let mut network = Network::new(Setup::default());
    network.connect_client_to_server();
    let refused = ConnectError::Socket(tcp::ConnectError::InvalidState);
    assert_eq!(network.connect_client(REQUEST), Err(refused));
    network.driver.send(Frame::new(TEXT, "still here"));
    network.assert_client_events(&[Message(Frame::new(TEXT, "still here"))]);
}

#[test]
fn a_request_that_cannot_be_sent_is_refused_before_anything_is_sent() {
    let mut network = without_server([512, 512, 256]);
    let refused = ConnectError::Request(ClientRequestError::Resource);
    let request = ClientRequest::new("a", "no path");
    assert_eq!(network.connect_client(request), Err(refused));
    network.pass(Duration::from_secs(1));
    assert_eq!(
        (network.loopback.packets, network.driver.events.len()),
        (0, 0)
    );
    network.connect_client(REQUEST).expect("it can connect");
    network.assert_client_events(&[Gone]);
    assert_ne!(network.loopback.packets, 0);
}
