//! What the server sends of its own accord.

use super::stage::*;
use crate::serve::behaviour::{After, PongBehaviour, TransportEnd};

fn tick(number: u64, time: &str) -> Vec<u8> {
    echo(format!(
        r#"{{"tick":{number},"time":"1970-01-01T00:00:{time}Z"}}"#
    ))
}

#[test]
fn ticks_and_pings_come_at_their_intervals_after_the_greeting() {
    let mut stage = Stage::greeting("hi", |it| {
        it.greeting.separate = Some(500 * MILLISECOND);
        it.unasked.tick = Some(SECOND);
        it.unasked.ping = Some(1500 * MILLISECOND);
    });
    stage.pass(3600 * MILLISECOND);
    assert_eq!(
        stage.taken(),
        [
            (0, RESPONSE.to_vec()),
            (500, echo("hi")),
            (1500, tick(1, "01.500")),
            (2000, served(0x89, "1")),
            (2500, tick(2, "02.500")),
            (3500, [tick(3, "03.500"), served(0x89, "2")].concat()),
        ]
    );
}

#[test]
fn a_tick_does_not_wait_for_echoes_that_are_due_later() {
    let mut stage = Stage::new(|it| {
        it.unasked.tick = Some(SECOND);
        it.messages.delay = 1500 * MILLISECOND;
    });
    stage.send(text("slow"));
    stage.pass(2 * SECOND);
    assert_eq!(
        stage.taken(),
        [
            (1000, tick(1, "01.000")),
            (1500, echo("slow")),
            (2000, tick(2, "02.000"))
        ]
    );
}

#[test]
fn ticks_that_a_client_does_not_take_are_left_out_and_their_numbers_tell() {
    let mut stage = Stage::with(
        &["--max-backlog=4KiB", "--buffer=4KiB"],
        None,
        AGREED,
        |it| {
            it.unasked.tick = Some(MILLISECOND);
        },
    );
    stage.taken();
    stage.room = 0;
    let turns = stage.pass(5 * SECOND);
    assert!(turns < 100, "{turns} turns");
    assert!(stage.held() < 8 << 10, "{} bytes", stage.held());
    stage.make_room(usize::MAX);
    stage.pass(MILLISECOND);
    let bytes = String::from_utf8_lossy(&stage.bytes()).into_owned();
    assert!(bytes.contains("{\"tick\":1,"));
    assert!(bytes.contains("{\"tick\":5001,"));
    assert!(!bytes.contains("{\"tick\":4000,"));
}

#[test]
fn pushed_messages_come_after_the_greeting_and_before_echoes() {
    let mut stage = Stage::greeting("hi", |it| {
        it.greeting.separate = Some(MILLISECOND);
        it.unasked.push = 3;
        it.unasked.push_len = 4;
        it.messages.fragment_len = 3;
    });
    stage.send(text("me"));
    stage.pass(SECOND);
    let pushed = [1, 2, 3].map(|number| format!("\x01\x03{number}..").into_bytes());
    let pushed = pushed.map(|first| [&first, &b"\x80\x01."[..]].concat());
    let expected = [RESPONSE, &echo("hi"), &pushed.concat(), &echo("me")];
    assert_eq!(stage.bytes(), expected.concat());
}

#[test]
fn pushed_messages_are_made_while_they_are_written() {
    let mut stage = Stage::blocked(&[], None, AGREED, |it| {
        it.unasked.push = 10_000;
        it.unasked.push_len = 16 << 20;
    });
    // 160 GB are to come.
    for _ in 0..10 {
        stage.make_room(1_000_000);
        assert!(stage.held() < 100_000, "{} bytes", stage.held());
    }
    assert_eq!(stage.bytes().len(), 10_000_000);
}

#[test]
fn pings_are_not_answered_or_pongs_come_unasked() {
    let mut stage = Stage::new(|it| it.unasked.pong = PongBehaviour::None);
    stage.send([frame(0x89, "?"), text("a")].concat());
    assert_eq!(stage.bytes(), echo("a"));

    let mut stage = Stage::greeting("hi", |it| it.unasked.pong = PongBehaviour::Unasked);
    let pong = served(0x8A, "");
    let expected = [RESPONSE, &echo("hi"), &pong].concat();
    assert_eq!(stage.bytes(), expected);
    stage.send([frame(0x89, "?"), text("a")].concat());
    let expected = [served(0x8A, "?"), pong, echo("a")].concat();
    assert_eq!(stage.bytes(), expected);
}

#[test]
fn nothing_is_added_behind_an_end_that_waits() {
    for after in [After::Messages(0), After::Time(SECOND)] {
        let mut stage = Stage::with(&[], None, AGREED, |it| {
            it.messages.rate = Some(1);
            it.unasked.push = 1;
            it.unasked.push_len = 1000;
            it.unasked.tick = Some(10 * MILLISECOND);
            it.unasked.ping = Some(10 * MILLISECOND);
            it.end.transport = Some(TransportEnd::Fin);
            it.after = after;
        });
        stage.pass(SECOND);
        let held = stage.held();
        stage.pass(50 * SECOND);
        assert!(
            stage.held() <= held && held < 10_000,
            "{held}, {}",
            stage.held()
        );
        stage.pass(1000 * SECOND);
        assert_eq!(stage.bytes().len(), RESPONSE.len() + 1004);
        assert!(!stage.is_there());
    }
}
