//! What becomes of each message.

use super::stage::*;
use crate::serve::behaviour::SentKind;

#[test]
fn the_default_is_an_exact_echo_in_one_frame() {
    let mut stage = Stage::new(|_| {});
    stage.send([text("one"), frame(0x82, "two"), text("")].concat());
    let expected = [echo("one"), served(0x82, "two"), echo("")].concat();
    assert_eq!(stage.taken(), [(0, expected)], "in one write");
    stage.send(frame(0x01, "in "));
    stage.send(frame(0x80, "pieces"));
    assert_eq!(stage.bytes(), echo("in pieces"));
}

#[test]
fn frames_may_be_cut_anywhere() {
    let mut stage = Stage::new(|it| it.messages.delay = 10 * MILLISECOND);
    for byte in [text("é one"), frame(0x89, "?"), text("two")].concat() {
        stage.send([byte]);
    }
    assert_eq!(stage.taken(), [(0, served(0x8A, "?"))]);
    stage.pass(SECOND);
    assert_eq!(stage.taken(), [(10, [echo("é one"), echo("two")].concat())]);
}

#[test]
fn answers_are_whole_wherever_the_frames_are_cut_that_are_answered() {
    let payload: Vec<u8> = (0..125).collect();
    let ping = frame(0x89, &payload);
    let end = frame(0x88, [b"\x03\xe8", &payload[..123]].concat());
    let sent = [text("a"), ping, end].concat();
    let answers = [echo("a"), served(0x8A, &payload), close(1000, "")];
    for cut in 0..sent.len() {
        let mut stage = Stage::new(|_| {});
        stage.send(&sent[..cut]);
        stage.send(&sent[cut..]);
        assert_eq!(stage.bytes(), answers.concat(), "cut at {cut}");
    }
    for piece_len in [1, 7, 50, 110] {
        let mut stage = Stage::new(|_| {});
        for piece in sent.chunks(piece_len) {
            stage.send(piece);
        }
        assert_eq!(stage.bytes(), answers.concat(), "pieces of {piece_len}");
    }
}

#[test]
fn echoes_wait_for_their_delay_and_answers_to_pings_do_not() {
    let mut stage = Stage::new(|it| it.messages.delay = 200 * MILLISECOND);
    stage.send(text("one"));
    stage.pass(50 * MILLISECOND);
    stage.send(text("two"));
    stage.send(frame(0x89, "ping"));
    stage.pass(SECOND);
    assert_eq!(
        stage.taken(),
        [
            (50, served(0x8A, "ping")),
            (200, echo("one")),
            (250, echo("two"))
        ]
    );
}

#[test]
fn a_jittered_run_is_repeated_with_its_seed() {
    let run = |seed| {
        let mut stage = Stage::new(|it| {
            it.messages.delay = 100 * MILLISECOND;
            it.messages.jitter = 50 * MILLISECOND;
            it.seed = Some(seed);
        });
        for _ in 0..20 {
            stage.send(text("x"));
            stage.pass(100 * MILLISECOND);
        }
        stage.pass(SECOND);
        let times: Vec<u64> = stage.taken().into_iter().map(|(time, _)| time).collect();
        times
    };
    let times = run(1);
    assert_eq!(times.len(), 20);
    for (sent, time) in (0..).step_by(100).zip(&times) {
        assert!((sent + 50..=sent + 150).contains(time), "{times:?}");
    }
    assert_eq!(run(1), times);
    assert_ne!(run(2), times);
}

#[test]
fn each_message_is_repeated_and_cut_into_fragments() {
    let mut stage = Stage::new(|it| {
        it.messages.repeat = 2;
        it.messages.fragment_len = 2;
    });
    stage.send([text("abc"), frame(0x82, "d")].concat());
    let abc = b"\x01\x02ab\x80\x01c";
    let expected = [abc, &abc[..], b"\x82\x01d\x82\x01d"].concat();
    assert_eq!(stage.bytes(), expected);
}

#[test]
fn a_message_is_changed_into_text_or_binary_with_a_prefix() {
    let sent = [text("é"), frame(0x82, b"\xFFa"), frame(0x82, "b")].concat();
    for (kind, expected) in [
        (
            SentKind::AsReceived,
            [echo("> é"), served(0x82, b"> \xFFa"), served(0x82, "> b")],
        ),
        (
            SentKind::Text,
            [echo("> é"), echo("> \u{FFFD}a"), echo("> b")],
        ),
        (
            SentKind::Binary,
            [
                served(0x82, "> é"),
                served(0x82, b"> \xFFa"),
                served(0x82, "> b"),
            ],
        ),
    ] {
        let mut stage = Stage::new(|it| {
            it.messages.kind = kind;
            it.messages.prefix = "> ".into();
        });
        stage.send(&sent);
        assert_eq!(stage.bytes(), expected.concat(), "{kind:?}");
    }
}

#[test]
fn every_third_message_is_dropped() {
    let mut stage = Stage::new(|it| it.messages.drop_every = 3);
    (1..=7).for_each(|number| stage.send(text(number.to_string())));
    assert_eq!(stage.bytes(), ["1", "2", "4", "5", "7"].map(echo).concat());
    let mut stage = Stage::new(|it| it.messages.drop_every = 1);
    stage.send(text("all"));
    assert_eq!(stage.bytes(), b"");
}

#[test]
fn coalesced_echoes_leave_in_one_write_after_their_delay() {
    let mut stage = Stage::new(|it| {
        it.messages.delay = 30 * MILLISECOND;
        it.messages.coalesce = 100 * MILLISECOND;
    });
    for time in [0, 50, 49, 1] {
        stage.pass(time * MILLISECOND);
        let elapsed = stage.elapsed();
        stage.send(text(elapsed.to_string()));
    }
    stage.pass(SECOND);
    assert_eq!(
        stage.taken(),
        [
            (130, [echo("0"), echo("50"), echo("99")].concat()),
            (230, echo("100"))
        ]
    );
}

#[test]
fn a_rate_is_kept_from_the_first_to_the_last_byte() {
    let mut stage = Stage::new(|it| it.messages.rate = Some(1000));
    stage.send(frame(0x82, vec![b'x'; 996]));
    stage.pass(10 * SECOND);
    let written = stage.taken();
    assert!(written.iter().all(|(_, bytes)| bytes.len() == 10));
    let times: Vec<u64> = written.iter().map(|(time, _)| *time).collect();
    let expected: Vec<u64> = (0..100).map(|number| 10 * number).collect();
    assert_eq!(times, expected);
    // What was not used is not saved.
    stage.send(frame(0x82, vec![b'x'; 16]));
    stage.pass(10 * SECOND);
    let times: Vec<u64> = stage.taken().iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [10_000, 10_010]);
}

#[test]
fn a_rate_is_kept_by_a_server_that_is_late() {
    let mut stage = Stage::new(|it| it.messages.rate = Some(1000));
    stage.send(frame(0x82, vec![b'x'; 996]));
    stage.late = 7 * MILLISECOND;
    stage.pass(10 * SECOND);
    let (last, _) = stage.taken().pop().expect("something was sent");
    assert_eq!(last, 990 + 7);
}

#[test]
fn a_low_rate_is_a_byte_at_a_time() {
    let mut stage = Stage::new(|it| it.messages.rate = Some(2));
    stage.send(text("ab"));
    stage.pass(10 * SECOND);
    let bytes = b"\x81\x02ab".map(|byte| vec![byte]);
    let expected: Vec<Written> = (0..).step_by(500).zip(bytes).collect();
    assert_eq!(stage.taken(), expected);
}

#[test]
fn segments_are_written_one_by_one_a_millisecond_apart() {
    let mut stage = Stage::new(|it| it.messages.segment_len = 3);
    stage.send([text("hello"), text("you")].concat());
    stage.pass(SECOND);
    let all = [echo("hello"), echo("you")].concat();
    let expected: Vec<Written> = (0..).zip(all.chunks(3).map(<[u8]>::to_vec)).collect();
    assert_eq!(stage.taken(), expected);
}

#[test]
fn at_a_rate_segments_keep_their_length_and_are_further_apart() {
    let mut stage = Stage::new(|it| {
        it.messages.segment_len = 4;
        it.messages.rate = Some(100);
    });
    stage.send(text("0123456789"));
    stage.pass(SECOND);
    let all = echo("0123456789");
    let times = (0..).step_by(40);
    let expected: Vec<Written> = times.zip(all.chunks(4).map(<[u8]>::to_vec)).collect();
    assert_eq!(stage.taken(), expected);
}

#[test]
fn nothing_is_received_after_the_last_message_before_a_pause() {
    let mut stage = Stage::new(|it| it.messages.pause_reading_after = Some(2));
    stage.send(text("1"));
    assert!(stage.is_receiving());
    stage.send([text("2"), text("3"), frame(0x89, "")].concat());
    assert!(!stage.is_receiving());
    assert_eq!(stage.bytes(), [echo("1"), echo("2")].concat());
    let stage = Stage::new(|it| it.messages.pause_reading_after = Some(0));
    assert!(!stage.is_receiving());
}

#[test]
fn a_client_that_takes_little_gets_the_same_bytes() {
    for room in [1, 2, 3, 7, 100] {
        let mut stage = Stage::new(|it| {
            it.messages.repeat = 3;
            it.messages.fragment_len = 2;
        });
        stage.room = 0;
        stage.send([text("hello"), frame(0x89, "?"), text("you")].concat());
        let mut bytes = Vec::new();
        for _ in 0..1000 {
            bytes.extend(stage.bytes());
            stage.make_room(room);
        }
        let hello = b"\x01\x02he\x00\x02ll\x80\x01o".repeat(3);
        let you = b"\x01\x02yo\x80\x01u".repeat(3);
        assert_eq!(bytes, [hello, served(0x8A, "?"), you].concat(), "{room}");
    }
}
