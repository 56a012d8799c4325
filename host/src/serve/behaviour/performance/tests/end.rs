//! How connections end, and what no server may do.

use super::stage::*;
use crate::serve::behaviour::performance::sending::Action;
use crate::serve::behaviour::{After, Behaviour, CloseAnswer, SentClose, TransportEnd, Violation};

fn close_with(code: u16, reason: &str) -> Option<SentClose> {
    let reason = reason.into();
    Some(SentClose { code, reason })
}

#[test]
fn a_close_of_the_client_is_answered_and_the_connection_ends() {
    let mut stage = Stage::new(|_| {});
    stage.send([text("a"), frame(0x88, b"\x03\xe8bye")].concat());
    assert_eq!(stage.bytes(), [echo("a"), close(1000, "")].concat());
    assert_eq!(stage.ended, Some((0, Action::Finish)));
    assert_eq!(stage.ending, "closed by client with 1000: bye");
}

#[test]
fn a_close_of_the_client_is_answered_at_once_though_echoes_wait() {
    let mut stage = Stage::new(|it| it.messages.delay = SECOND);
    stage.send([text("a"), CLOSE.to_vec()].concat());
    assert_eq!(stage.taken(), [(0, close(1000, ""))]);
    assert_eq!(stage.ended, Some((0, Action::Finish)));
}

#[test]
fn a_close_of_the_client_is_answered_late_or_never() {
    let late = |it: &mut Behaviour| {
        it.end.close_answer = CloseAnswer::Late(3 * SECOND);
        it.messages.delay = SECOND;
        it.unasked.ping = Some(2 * SECOND);
    };
    let mut stage = Stage::new(late);
    stage.send([text("a"), CLOSE.to_vec(), text("b")].concat());
    stage.pass(10 * SECOND);
    assert_eq!(
        stage.taken(),
        [
            (1000, echo("a")),
            (2000, served(0x89, "1")),
            (3000, close(1000, ""))
        ]
    );
    assert_eq!(stage.ended, Some((3000, Action::Finish)));

    let mut stage = Stage::new(|it| it.end.close_answer = CloseAnswer::Never);
    stage.send([CLOSE, b"anything"].concat());
    stage.pass(1000 * SECOND);
    assert_eq!(stage.taken(), []);
    assert!(stage.is_there());
    stage.leave();
    assert_eq!(stage.ending, "closed by client with 1000");
}

#[test]
fn the_server_closes_after_the_echo_of_a_message() {
    let mut stage = Stage::new(|it| {
        it.after = After::Messages(2);
        it.end.close = close_with(1011, "bye");
        it.messages.delay = SECOND;
    });
    stage.send([text("1"), text("2"), text("3")].concat());
    stage.pass(2 * SECOND);
    assert_eq!(
        stage.taken(),
        [
            (1000, [echo("1"), echo("2")].concat()),
            (1000, close(1011, "bye"))
        ]
    );
    assert_eq!(stage.ended, None, "it waits for the answer");
    stage.send([text("4"), frame(0x89, "?"), frame(0x88, b"\x03\xf3")].concat());
    assert_eq!(stage.bytes(), served(0x8A, "?"));
    assert_eq!(stage.ended, Some((2000, Action::Finish)));
    assert_eq!(stage.ending, "closed by server with 1011");
}

#[test]
fn a_close_of_the_server_does_not_follow_one_of_the_client() {
    let mut stage = Stage::new(|it| {
        it.end.close_answer = CloseAnswer::Never;
        it.end.close = close_with(1011, "");
        it.end.transport = Some(TransportEnd::Fin);
        it.after = After::Time(SECOND);
    });
    stage.send(CLOSE);
    stage.pass(2 * SECOND);
    assert_eq!(stage.taken(), []);
    assert_eq!(stage.ended, Some((1000, Action::Finish)));
    assert_eq!(stage.ending, "ended by server as asked (end=fin)");
}

#[test]
fn a_close_that_is_not_answered_ends_the_connection_in_time() {
    let mut stage = Stage::with(&["--close-timeout=5s"], None, AGREED, |it| {
        it.end.close = close_with(1000, "");
    });
    assert_eq!(stage.bytes(), [RESPONSE, &close(1000, "")].concat());
    stage.pass(4 * SECOND);
    assert!(stage.is_there());
    stage.pass(SECOND);
    assert!(!stage.is_there());
    assert_eq!(
        stage.ending,
        "closed by server with 1000, not answered in time"
    );
}

#[test]
fn a_close_at_once_follows_the_greeting_and_what_is_pushed() {
    let mut stage = Stage::greeting("hi", |it| {
        it.end.close = close_with(4000, "");
        it.unasked.push = 2;
        it.unasked.push_len = 1;
    });
    let expected = [
        RESPONSE,
        &echo("hi"),
        &echo("1"),
        &echo("2"),
        &close(4000, ""),
    ];
    assert_eq!(stage.bytes(), expected.concat());
    stage.send([text("not echoed"), CLOSE.to_vec()].concat());
    assert_eq!(stage.bytes(), b"");
    assert_eq!(stage.ended, Some((0, Action::Finish)));
}

#[test]
fn at_a_time_a_client_that_has_sent_close_is_still_answered() {
    let ends: [fn(&mut Behaviour); 2] = [
        |it| it.end.close = close_with(1011, ""),
        |it| it.violation = Some(Violation::ReservedBit),
    ];
    for end in ends {
        let mut stage = Stage::new(|it| {
            it.end.close_answer = CloseAnswer::Late(3 * SECOND);
            it.after = After::Time(SECOND);
            end(it);
        });
        stage.send(CLOSE);
        stage.pass(10 * SECOND);
        assert_eq!(stage.taken(), [(3000, close(1000, ""))]);
        assert_eq!(stage.ended, Some((3000, Action::Finish)));
    }
}

#[test]
fn at_a_time_what_waits_is_not_sent() {
    let mut stage = Stage::greeting("hi", |it| {
        it.greeting.separate = Some(SECOND);
        it.after = After::Time(10 * SECOND);
        it.end.close = close_with(1012, "");
        it.messages.delay = 3 * SECOND;
    });
    stage.pass(6 * SECOND);
    stage.send(text("in time"));
    stage.pass(3 * SECOND);
    stage.send(text("too late"));
    stage.pass(10 * SECOND);
    assert_eq!(
        stage.taken(),
        [
            (0, RESPONSE.to_vec()),
            (1000, echo("hi")),
            (9000, echo("in time")),
            (11_000, close(1012, ""))
        ]
    );
}

#[test]
fn at_a_time_a_begun_frame_is_ended_and_the_rest_of_its_message_is_not_sent() {
    let mut stage = Stage::new(|it| {
        it.after = After::Time(25 * MILLISECOND);
        it.end.close = close_with(1000, "");
        it.messages.fragment_len = 10;
        it.messages.segment_len = 1;
    });
    stage.send(text("x".repeat(100)));
    stage.pass(SECOND);
    let fragments = [
        &b"\x01\x0Axxxxxxxxxx"[..],
        b"\x00\x0Axxxxxxxxxx",
        b"\x00\x0Axxxxxxxxxx",
    ];
    assert_eq!(
        stage.bytes(),
        [fragments.concat(), close(1000, "")].concat()
    );
}

#[test]
fn a_transport_ends_as_asked_with_a_close_and_without() {
    for (end, action) in [
        (TransportEnd::Fin, Action::Finish),
        (TransportEnd::Reset, Action::Reset),
    ] {
        let mut stage = Stage::new(|it| {
            it.after = After::Messages(1);
            it.end.transport = Some(end);
        });
        stage.send([text("a"), text("b")].concat());
        assert_eq!(stage.bytes(), echo("a"));
        assert_eq!(stage.ended, Some((0, action)));
        assert_eq!(stage.ending, format!("ended by server as asked ({end})"));

        let mut stage = Stage::new(|it| {
            it.after = After::Messages(1);
            it.end.transport = Some(end);
            it.end.close = close_with(1001, "");
        });
        stage.send(text("a"));
        assert_eq!(stage.bytes(), [echo("a"), close(1001, "")].concat());
        assert_eq!(stage.ended, Some((0, action)));
        let expected = format!("closed by server with 1001 and ended as asked ({end})");
        assert_eq!(stage.ending, expected);
    }
}

#[test]
fn a_connection_that_hangs_or_is_half_open_is_read_and_nothing_is_answered() {
    for end in [TransportEnd::Hang, TransportEnd::Half] {
        let mut stage = Stage::new(|it| {
            it.after = After::Messages(1);
            it.end.transport = Some(end);
            it.unasked.tick = Some(SECOND);
            it.messages.delay = 10 * MILLISECOND;
        });
        stage.send(text("a"));
        stage.pass(20 * MILLISECOND);
        assert_eq!(stage.bytes(), echo("a"));
        assert!(stage.is_receiving());
        stage.send([text("b"), frame(0x89, "?"), CLOSE.to_vec()].concat());
        stage.pass(100 * SECOND);
        assert_eq!(stage.bytes(), b"");
        assert_eq!(
            (stage.ended, stage.is_shut),
            (None, end == TransportEnd::Half)
        );
        stage.leave();
        assert_eq!(stage.ending, format!("ended by server as asked ({end})"));
    }
}

#[test]
fn a_violation_comes_once_and_echoes_go_on() {
    let mut stage = Stage::new(|it| {
        it.after = After::Messages(1);
        it.violation = Some(Violation::Opcode);
    });
    stage.send([text("1"), text("2")].concat());
    let violation = served(0x83, "violation");
    assert_eq!(stage.bytes(), [echo("1"), violation, echo("2")].concat());
}

#[test]
fn a_close_follows_a_violation() {
    let mut stage = Stage::greeting("hi", |it| {
        it.violation = Some(Violation::ReservedBit);
        it.end.close = close_with(1000, "");
    });
    let expected = [
        RESPONSE,
        &echo("hi"),
        &served(0xA1, "violation"),
        &close(1000, ""),
    ];
    assert_eq!(stage.bytes(), expected.concat());
}

#[test]
fn a_violation_at_a_time_does_not_come_inside_a_message() {
    let mut stage = Stage::new(|it| {
        // The first of two fragments is begun.
        it.after = After::Time(2 * MILLISECOND);
        it.violation = Some(Violation::Continuation);
        it.messages.fragment_len = 2;
        it.messages.segment_len = 1;
        it.messages.repeat = 2;
    });
    stage.send([text("abcd"), text("not sent")].concat());
    stage.pass(SECOND);
    let expected = [&b"\x01\x02ab\x80\x02cd"[..], b"\x80\x09violation"].concat();
    assert_eq!(stage.bytes(), expected);
}

#[test]
fn a_client_that_breaks_the_protocol_is_closed_though_echoes_wait() {
    let mut stage = Stage::new(|it| it.messages.delay = SECOND);
    stage.send([text("a"), b"\x83\x80\0\0\0\0".to_vec()].concat());
    assert_eq!(stage.taken(), [(0, close(1002, ""))]);
    assert_eq!(stage.ended, Some((0, Action::Finish)));
    assert!(
        stage.ending.starts_with("closed by server with 1002: "),
        "{}",
        stage.ending
    );
}

#[test]
fn a_server_that_stops_closes_after_the_begun_frame() {
    let mut stage = Stage::new(|it| {
        it.messages.segment_len = 1;
        it.messages.repeat = 100;
        it.unasked.tick = Some(SECOND);
    });
    stage.send(text("abc"));
    stage.stop();
    stage.pass(SECOND);
    assert_eq!(stage.bytes(), [echo("abc"), close(1001, "")].concat());
    stage.send(frame(0x88, b"\x03\xe9"));
    assert_eq!(stage.ending, "closed by server with 1001");

    let mut stage = Stage::new(|it| it.messages.rate = Some(1));
    stage.send([text("abc"), text("not sent")].concat());
    stage.stop();
    assert_eq!(stage.bytes(), [echo("abc"), close(1001, "")].concat());

    let mut stage = Stage::greeting("hi", |it| it.handshake.delay = SECOND);
    stage.stop();
    assert!(!stage.is_there());
    assert_eq!(stage.bytes(), b"");
    let mut stage = Stage::new(|it| it.end.transport = Some(TransportEnd::Hang));
    stage.stop();
    assert!(!stage.is_there());
}

#[test]
fn a_connection_ends_when_its_time_is_over() {
    let arguments = ["--max-test-time=10s", "--close-timeout=2s"];
    let mut stage = Stage::with(&arguments, None, AGREED, |it| {
        it.messages.delay = SECOND;
    });
    stage.taken();
    stage.pass(9500 * MILLISECOND);
    stage.send(text("too late"));
    stage.pass(SECOND);
    let reason = "the time of a test is over";
    assert_eq!(stage.taken(), [(10_000, close(1001, reason))]);
    stage.pass(2 * SECOND);
    assert!(!stage.is_there());
    let expected = "closed by server with 1001: the time of a test is over (--max-test-time)";
    assert_eq!(stage.ending, expected);

    let mut stage = Stage::with(&arguments, None, AGREED, |it| {
        it.end.close_answer = CloseAnswer::Never;
    });
    stage.send(CLOSE);
    stage.pass(10 * SECOND);
    assert!(!stage.is_there());
}
