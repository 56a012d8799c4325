//! Pipelining in the opening handshake: the client's first frames right after its request, and our
//! greeting right after the 101 (RFC 6455 sections 4.1 and 4.2.2). Input and output are cut at
//! every place.

use ws_echo_core::{
    Acceptance, Buffer, Connection, Event, MIN_BUFFER_LEN, MIN_HEAD_LEN, Message, Progress,
    ServerHandshake,
};
use ws_echo_tests::driver::Cuts;
use ws_echo_tests::driver::server::{Application, Served, serve, serve_in_pieces};
use ws_echo_tests::wire::{BINARY, CLOSE, Frame, PING, PONG, TEXT, masked, masked_close};

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

const WELCOME: &str = "Welcome to Awesome Chat";

const GREETS: Application<'_> = Application {
    greeting: Some(Message::Text(WELCOME)),
    subprotocols: &[],
    deflate: None,
    paths: &[],
};

/// A request with a text, a Ping and a Close right after it.
fn request_and_frames() -> Vec<u8> {
    [
        REQUEST,
        &masked(TEXT, "h\u{e9}llo"),
        &masked(PING, "p"),
        &masked_close(1000, "bye"),
    ]
    .concat()
}

fn assert_all_came(served: &Served, how: impl Fn() -> String) {
    assert_eq!(served.head, RESPONSE, "{}", how());
    assert_eq!(served.refusal, None, "{}", how());
    let session = served.session.clone().unwrap().joined();
    let frames = [
        Frame::new(TEXT, WELCOME),
        Frame::new(TEXT, "h\u{e9}llo"),
        Frame::new(PONG, "p"),
        Frame::close(1000),
    ];
    assert_eq!(session.frames, frames, "{}", how());
    assert_eq!((session.error, session.done), (None, true), "{}", how());
    assert_eq!(session.reason, "bye", "{}", how());
}

// > [...] the WebSocket connection is in the OPEN state. At this point, the server may begin
// > sending (and receiving) data. (section 4.2.2)

#[test]
fn frames_right_after_the_request_are_answered_at_every_split() {
    let input = request_and_frames();
    let output_len = RESPONSE.len() + WELCOME.len() + 2 + 8 + 3 + 4;
    for buffer_len in [MIN_BUFFER_LEN, 4096] {
        for received in 0..input.len() {
            for taken in 0..output_len {
                let (cuts, takes) = (Cuts::at(received), Cuts::at(taken));
                let served = serve::<MIN_HEAD_LEN>(GREETS, &input, &cuts, &takes, buffer_len);
                assert_all_came(&served, || {
                    format!("received {received}, taken {taken}, buffer of {buffer_len}")
                });
            }
        }
    }
}

#[test]
fn the_room_for_output_may_be_cut_at_every_place() {
    let input = request_and_frames();
    for buffer_len in (MIN_BUFFER_LEN..input.len() + 40).step_by(3) {
        for cut in 0..input.len() {
            for cuts in [Cuts::at(cut), Cuts::cycle([cut])] {
                let how = || format!("{cuts:?}, buffer of {buffer_len}");
                let served =
                    serve::<MIN_HEAD_LEN>(GREETS, &input, &cuts, &Cuts::whole(), buffer_len);
                assert_all_came(&served, how);
                let served = serve_in_pieces::<MIN_HEAD_LEN>(GREETS, &input, &cuts, buffer_len);
                assert_all_came(&served, how);
            }
        }
        for taken in 1..200 {
            let takes = Cuts::cycle([taken]);
            let served = serve::<MIN_HEAD_LEN>(GREETS, &input, &Cuts::whole(), &takes, buffer_len);
            assert_all_came(&served, || {
                format!("{takes:?} taken, buffer of {buffer_len}")
            });
        }
    }
}

#[test]
fn a_partly_received_first_frame_waits_for_its_rest() {
    let input = [REQUEST, &masked(TEXT, "hello")].concat();
    for len in REQUEST.len()..input.len() {
        let cuts = Cuts::whole();
        let served = serve::<MIN_HEAD_LEN>(GREETS, &input[..len], &cuts, &cuts, 4096);
        let session = served.session.unwrap();
        assert_eq!(session.frames, [Frame::new(TEXT, WELCOME)], "{len} bytes");
        assert!(!session.done);
    }
}

#[test]
fn an_error_in_the_first_frame_is_sent_after_the_response() {
    let input = [REQUEST, b"\x81\x05hello"].concat();
    for cut in 0..input.len() {
        let served = serve::<MIN_HEAD_LEN>(GREETS, &input, &Cuts::at(cut), &Cuts::whole(), 300);
        assert_eq!(served.head, RESPONSE);
        let frames = [Frame::new(TEXT, WELCOME), Frame::close(1002)];
        assert_eq!(served.session.unwrap().frames, frames);
    }
}

#[test]
fn without_a_greeting_the_first_frame_is_the_clients() {
    let input = [REQUEST, &masked(BINARY, ""), &masked(CLOSE, "")].concat();
    for cut in 0..input.len() {
        let application = Application::default();
        let served =
            serve::<MIN_HEAD_LEN>(application, &input, &Cuts::at(cut), &Cuts::whole(), 300);
        assert_eq!(served.head, RESPONSE);
        let frames = [Frame::new(BINARY, ""), Frame::new(CLOSE, "")];
        assert_eq!(served.session.unwrap().frames, frames);
    }
}

#[test]
fn response_greeting_and_first_echo_are_sent_in_one_write() {
    // Longer than the head: the received bytes must make room.
    let greeting = "x".repeat(100);
    let mut buffer = Buffer::new([0; 1024]);
    let mut handshake = ServerHandshake::<MIN_HEAD_LEN>::new();
    let input = [REQUEST, &masked(TEXT, "hello")].concat();
    buffer.spare_mut()[..input.len()].copy_from_slice(&input);
    buffer.commit(input.len());

    assert_eq!(handshake.advance(&mut buffer), Ok(Progress::Request));
    let acceptance = Acceptance {
        greeting: Some(Message::Text(&greeting)),
        ..Acceptance::default()
    };
    assert_eq!(handshake.accept(acceptance), Ok(()));
    let Ok(Progress::Open(agreed)) = handshake.advance(&mut buffer) else {
        panic!("not open");
    };
    let mut connection = Connection::server(agreed);
    let mut exchange = connection.exchange(&mut buffer);
    let Ok(Some(Event::Data(chunk))) = exchange.next_event() else {
        panic!("no data");
    };
    assert_eq!(exchange.text(&chunk), Some("hello"));
    exchange.echo(chunk);

    let greeting = [b"\x81\x64", greeting.as_bytes()].concat();
    let expected = [RESPONSE.as_bytes(), &greeting, b"\x81\x05hello"].concat();
    assert_eq!(buffer.ready(), expected);
}

#[test]
fn a_greeting_that_fits_the_head_is_sent_whole_with_any_buffer() {
    let text = "x".repeat(1024 - RESPONSE.len() - 4);
    for len in [0, 1, 125, 126, text.len()] {
        let application = Application {
            greeting: Some(Message::Text(&text[..len])),
            ..Application::default()
        };
        let input = [REQUEST, &masked(TEXT, "hello")].concat();
        for buffer_len in (MIN_BUFFER_LEN..1400).step_by(7) {
            let bytes = Cuts::bytes();
            let frames = [Frame::new(TEXT, &text[..len]), Frame::new(TEXT, "hello")];
            let served = serve::<1024>(application, &input, &bytes, &bytes, buffer_len);
            assert_eq!(served.session.unwrap().joined().frames, frames);
            let served = serve_in_pieces::<1024>(application, &input, &bytes, buffer_len);
            assert_eq!(served.session.unwrap().joined().frames, frames);
        }
    }
}
