//! What a client may cost, and what it may not.

use ws_echo_core::{Deflate, Window};

use super::stage::*;
use crate::serve::behaviour::Behaviour;
use crate::serve::behaviour::performance::Agreed;

const SMALL: [&str; 2] = ["--max-backlog=16KiB", "--buffer=4KiB"];

fn delayed(it: &mut Behaviour) {
    it.messages.delay = SECOND;
}

#[test]
fn a_client_is_not_read_while_as_much_is_held_as_may_be() {
    let mut stage = Stage::with(&SMALL, None, AGREED, delayed);
    stage.taken();
    let mut sent = 0;
    while stage.is_receiving() {
        stage.send(frame(0x82, [b'x'; 1000]));
        sent += 1;
    }
    assert!((10..=16).contains(&sent), "{sent} messages of 1,000 bytes");
    assert!(stage.held() < (16 << 10) + 2000);
    stage.pass(SECOND);
    assert!(stage.is_receiving());
    assert_eq!(stage.bytes().len(), sent * 1004);
    assert_eq!(stage.held(), 0);
}

#[test]
fn a_message_that_is_too_long_is_refused_when_that_is_known() {
    for (arguments, ending) in [
        (
            &["--max-message-size=100"][..],
            "closed by server with 1009: a message is longer than 100 bytes (--max-message-size)",
        ),
        (
            &SMALL,
            "closed by server with 1009: a message is longer than 16384 bytes (--max-backlog)",
        ),
    ] {
        let mut stage = Stage::with(arguments, None, AGREED, delayed);
        stage.taken();
        stage.send(text("waits"));
        // A header is enough, and so are fragments.
        stage.send(&frame(0x82, vec![0; 16_385])[..8]);
        assert_eq!(stage.bytes(), close(1009, "message is too long"));
        assert_eq!(stage.ending, ending);
    }
    let mut stage = Stage::with(&["--max-message-size=100"], None, AGREED, delayed);
    stage.send([frame(0x01, "x".repeat(60)), frame(0x00, "x".repeat(41))].concat());
    assert!(!stage.is_there());
}

#[test]
fn what_a_header_announces_takes_no_memory() {
    let mut stage = Stage::with(&["--max-backlog=16MiB"], None, AGREED, delayed);
    stage.taken();
    stage.send(&frame(0x82, vec![0; 8 << 20])[..100]);
    assert!(stage.held() < 1000, "{} bytes", stage.held());
}

#[test]
fn an_echo_costs_its_bytes_once_however_often_it_is_repeated() {
    let mut stage = Stage::blocked(&[], None, AGREED, |it| {
        it.messages.repeat = 10_000;
        it.messages.fragment_len = 1;
        it.messages.delay = SECOND;
    });
    stage.make_room(RESPONSE.len());
    stage.send(frame(0x82, [b'x'; 1000]));
    assert!(stage.held() < 1500, "{} bytes", stage.held());
}

#[test]
fn a_client_without_memory_is_dropped_and_all_is_given_back() {
    let arguments = ["--max-memory=300KiB", "--buffer=4KiB", "--max-backlog=1MiB"];
    let mut stage = Stage::with(&arguments, None, AGREED, |it| {
        delayed(it);
        it.messages.prefix = "prefix".into();
    });
    while stage.is_there() {
        stage.send(frame(0x82, [b'x'; 10_000]));
    }
    assert!(
        stage.ending.starts_with("dropped: short of memory"),
        "{}",
        stage.ending
    );
}

#[test]
fn a_client_that_takes_nothing_of_what_is_due_is_dropped() {
    let mut stage = Stage::with(&["--stall-timeout=60s"], None, AGREED, delayed);
    stage.taken();
    stage.room = 0;
    stage.pass(1000 * SECOND);
    stage.send(text("hello"));
    stage.pass(60 * SECOND);
    assert!(stage.is_there(), "it was due a second later");
    stage.make_room(1);
    stage.pass(59 * SECOND);
    assert!(stage.is_there(), "it has taken a byte");
    stage.pass(SECOND);
    assert!(!stage.is_there());
    let expected = "dropped: it took nothing of what it was sent (--stall-timeout)";
    assert_eq!(stage.ending, expected);
}

#[test]
fn a_client_that_takes_nothing_costs_no_turns() {
    let mut stage = Stage::with(&["--stall-timeout=off"], None, AGREED, |it| {
        it.messages.segment_len = 1;
    });
    stage.taken();
    stage.room = 0;
    stage.send(text("hello"));
    assert!(stage.pass(1000 * SECOND) <= 1);
}

#[test]
fn compressed_messages_go_back_as_they_came() {
    let window = Window::new(15).expect("there is one");
    let mut agreed = Agreed::NOTHING;
    agreed.deflate = Some(Deflate {
        server: window,
        client: window,
    });
    let mut stage = Stage::with(&[], None, agreed, |it| {
        delayed(it);
        it.messages.repeat = 2;
    });
    stage.taken();
    let compressed = b"\xf2\x48\xcd\xc9\xc9\x07\0";
    stage.send(frame(0x41, &compressed[..3]));
    stage.send([frame(0x80, &compressed[3..]), text("plain")].concat());
    stage.pass(SECOND);
    let compressed = served(0xC1, compressed).repeat(2);
    assert_eq!(
        stage.bytes(),
        [compressed, echo("plain").repeat(2)].concat()
    );
}
