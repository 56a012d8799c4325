//! What was recorded and what is received in, counts and differences out.

use ws_echo_core::Kind;

use super::*;
use crate::replay::seen::Content;

const TIMEOUT: Duration = Duration::from_secs(5);

fn text(text: &str) -> Seen {
    Seen::Message(Kind::Text, Content::Known(text.into()))
}

fn unknown() -> Seen {
    Seen::Message(Kind::Text, Content::Unknown("truncated"))
}

fn close(code: u16) -> Seen {
    Seen::Close(Some(code), "bye".into())
}

/// A comparison, whose lines are counted from 3.
struct Test {
    comparison: Comparison,
    start: Instant,
    line: u64,
}

impl Test {
    fn new() -> Self {
        let start = Instant::now();
        let comparison = Comparison::new(TIMEOUT, start);
        Self {
            comparison,
            start,
            line: 2,
        }
    }

    fn expect(&mut self, what: Seen) -> &mut Self {
        self.line += 1;
        let (line, from) = (self.line, self.start);
        let expected = Expected { line, what, from };
        self.comparison.expect(expected, self.start);
        self
    }

    fn receive(&mut self, seen: Seen) -> &mut Self {
        self.comparison.receive(seen, self.start);
        self
    }

    /// Lets the time for the next answer pass.
    fn miss(&mut self) -> &mut Self {
        let now = self.comparison.deadline().expect("something is expected");
        self.comparison.check_deadline(now);
        self
    }

    fn finish(&mut self) -> &mut Self {
        self.comparison.finish(self.start);
        self
    }

    /// The differences as lines.
    fn shown(&self) -> Vec<String> {
        let differences = self.comparison.differences.iter();
        differences.map(ToString::to_string).collect()
    }

    fn counts(&self) -> Counts {
        self.comparison.counts
    }
}

#[test]
fn the_same_messages_in_the_same_order_are_the_same_whoever_is_first() {
    let mut test = Test::new();
    test.expect(text("a")).receive(text("a"));
    test.receive(text("b")).receive(text("c"));
    test.expect(text("b")).expect(text("c")).expect(close(1000));
    assert!(!test.comparison.is_caught_up());
    test.receive(close(1000)).finish();
    assert!(test.comparison.is_caught_up());
    assert_eq!(test.shown(), [""; 0]);
    let expected = Counts {
        same: 4,
        ..Counts::default()
    };
    assert_eq!(test.counts(), expected);
}

#[test]
fn a_message_that_was_changed_is_the_only_difference() {
    let mut test = Test::new();
    for message in ["a", "bcd", "e"] {
        test.expect(text(message));
    }
    for message in ["a", "bCd", "e"] {
        test.receive(text(message));
    }
    let expected = r#"line 4: expected text "bcd", got text "bCd" (from byte 1 on)"#;
    assert_eq!(test.finish().shown(), [expected]);
    assert_eq!((test.counts().same, test.counts().changed), (2, 1));
}

#[test]
fn the_kind_of_a_message_is_a_difference() {
    let mut test = Test::new();
    let binary = Seen::Message(Kind::Binary, Content::Known(b"a\xff".to_vec()));
    test.expect(text("a")).receive(binary);
    let expected = r#"line 3: expected text "a", got binary 0x61ff"#;
    assert_eq!(test.shown(), [expected]);
}

#[test]
fn a_message_that_was_added_does_not_shift_the_others() {
    let mut test = Test::new();
    test.expect(text("a")).receive(text("x"));
    assert_eq!(test.counts().changed, 1);
    test.expect(text("b"));
    test.receive(text("a")).receive(text("b")).finish();
    let expected = r#"after line 3: got text "x", which was not recorded"#;
    assert_eq!(test.shown(), [expected]);
    assert_eq!((test.counts().same, test.counts().unexpected), (2, 1));
}

#[test]
fn a_message_that_was_added_at_the_end_is_unexpected() {
    let mut test = Test::new();
    test.expect(text("a")).receive(text("a")).receive(text("x"));
    let expected = r#"after line 3: got text "x", which was not recorded"#;
    assert_eq!(test.finish().shown(), [expected]);
    let mut test = Test::new();
    test.expect(text("a")).receive(text("x")).receive(text("a"));
    assert_eq!(test.finish().shown(), [expected]);
}

#[test]
fn a_message_that_is_missing_does_not_shift_the_others() {
    let mut test = Test::new();
    for message in ["a", "b", "c"] {
        test.expect(text(message));
    }
    test.receive(text("b")).receive(text("c"));
    let expected = r#"line 3: expected text "a", got nothing"#;
    assert_eq!(test.shown(), [expected]);
    assert_eq!((test.counts().same, test.counts().missing), (2, 1));
}

#[test]
fn an_answer_has_the_time_for_it_from_the_one_before_it_on() {
    let mut test = Test::new();
    test.expect(text("a")).expect(text("b"));
    let before = test.start + TIMEOUT - Duration::from_millis(1);
    test.comparison.check_deadline(before);
    assert_eq!(test.counts().missing, 0);
    test.comparison.receive(text("a"), before);
    assert_eq!(test.comparison.deadline(), Some(before + TIMEOUT));
    test.miss();
    assert_eq!(test.comparison.missed_in_a_row, 1);
    let expected = r#"line 4: expected text "b", got nothing"#;
    assert_eq!(test.shown(), [expected]);
}

#[test]
fn an_answer_that_comes_too_late_is_late_and_does_not_shift_the_others() {
    let mut test = Test::new();
    test.expect(text("a")).miss().expect(text("b"));
    test.receive(text("a")).receive(text("b")).finish();
    let expected = r#"line 3: expected text "a", which came too late"#;
    assert_eq!(test.shown(), [expected]);
    let expected = Counts {
        same: 1,
        late: 1,
        ..Counts::default()
    };
    assert_eq!(test.counts(), expected);
    assert_eq!(test.comparison.missed_in_a_row, 0);
}

#[test]
fn two_messages_that_are_exchanged_are_one_that_is_late() {
    let mut test = Test::new();
    test.expect(text("a")).expect(text("b")).expect(text("c"));
    test.receive(text("b"))
        .receive(text("a"))
        .receive(text("c"));
    assert_eq!((test.counts().same, test.counts().late), (2, 1));
    assert_eq!(test.finish().counts().differences(), 1);
}

#[test]
fn another_close_is_a_difference() {
    let mut test = Test::new();
    test.expect(close(1000)).receive(close(1011));
    let expected = "line 3: expected Close 1000: bye, got Close 1011: bye";
    assert_eq!(test.finish().shown(), [expected]);
    let mut test = Test::new();
    test.expect(close(1000)).receive(Seen::End("reset".into()));
    let expected =
        "line 3: expected Close 1000: bye, got the end of the connection without Close: reset";
    assert_eq!(test.finish().shown(), [expected]);
}

#[test]
fn what_a_close_cuts_off_is_counted_and_the_first_of_it_is_listed() {
    let mut test = Test::new();
    test.expect(text("a")).expect(close(1000));
    test.receive(close(1000));
    let expected = r#"line 3: expected text "a", got nothing"#;
    assert_eq!(test.finish().shown(), [expected]);
    let mut test = Test::new();
    for message in ["a", "b", "c"] {
        test.expect(text(message));
    }
    test.receive(close(1011)).finish();
    assert_eq!(
        test.shown(),
        [
            r#"line 3: expected text "a", got Close 1011: bye"#,
            r#"line 4: expected text "b", got nothing"#
        ]
    );
    assert_eq!((test.counts().changed, test.counts().missing), (1, 2));
}

#[test]
fn a_message_that_is_not_known_is_any_message_of_its_kind() {
    let mut test = Test::new();
    test.expect(unknown()).expect(text("b"));
    test.receive(text("a")).receive(text("b")).finish();
    let expected = Counts {
        same: 1,
        not_compared: 1,
        ..Counts::default()
    };
    assert_eq!((test.counts(), test.shown().len()), (expected, 0));
    let mut test = Test::new();
    test.expect(unknown()).miss().finish();
    assert_eq!(test.counts().not_compared, 1);
    assert_eq!(test.counts().differences(), 0);
}

#[test]
fn many_differences_are_counted_and_some_are_listed() {
    let mut test = Test::new();
    for number in 0..1000 {
        test.expect(text(&format!("a{number}")));
        test.receive(text(&format!("b{number}")));
    }
    assert_eq!(test.counts().changed, 1000);
    assert_eq!(test.shown().len(), DIFFERENCES_MAX);
    // The last one, which is corrected, is not listed.
    test.receive(text("a999")).finish();
    assert_eq!(test.counts().changed, 999);
    assert_eq!(test.shown().len(), DIFFERENCES_MAX);
    assert!(test.shown()[99].starts_with("line 102: "));
}

#[test]
fn what_waits_is_bounded_on_both_sides() {
    let mut test = Test::new();
    let long = "x".repeat(WAITING_BYTES_MAX);
    test.expect(text(&long));
    assert!(!test.comparison.can_expect());
    test.receive(text(&long)).receive(text(&long));
    assert!(test.comparison.can_expect() && !test.comparison.can_receive());
    test.expect(text(&long));
    assert!(test.comparison.can_receive());
    for _ in 0..WAITING_MAX {
        assert!(test.comparison.can_receive());
        test.receive(text(""));
    }
    assert!(!test.comparison.can_receive());
}

#[test]
fn what_is_shown_is_escaped_cut_and_begins_before_the_difference() {
    let mut test = Test::new();
    test.expect(text("a\x1b[2J\u{202e}")).receive(text("\n"));
    let shown = r#"line 3: expected text "a\u{1b}[2J\u{202e}", got text "\n" (from byte 0 on)"#;
    assert_eq!(test.shown(), [shown]);
    let common = "ß".repeat(1000);
    test.expect(text(&format!("{common}a")))
        .receive(text(&common));
    let start = "ß".repeat(10);
    let shown = format!(
        "line 4: expected text of 2001 bytes, from byte 1980: \"{start}a\", got text of 2000 \
         bytes, from byte 1980: \"{start}\" (from byte 2000 on)"
    );
    assert_eq!(test.shown()[1], shown);
    test.expect(text(&common)).receive(text("x"));
    let start = "ß".repeat(100);
    let shown =
        format!(r#"line 5: expected text "{start}… (+1800 B)", got text "x" (from byte 0 on)"#);
    assert_eq!(test.shown()[2], shown);
}
