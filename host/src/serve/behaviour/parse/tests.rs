mod pairs;

use std::collections::BTreeSet;
use std::time::Duration;

use super::table::{GROUPS, find, parameters};
use super::*;
use crate::serve::behaviour::*;

const BOUNDS: Bounds = Bounds { max_push: 10_000 };

fn parsed(query: &str) -> Behaviour {
    let parsed = Behaviour::parse(query, &BOUNDS);
    parsed.unwrap_or_else(|mistake| panic!("{query}: {}", mistake.sentence()))
}

/// What the server says about a query that is wrong.
fn mistake(query: &str) -> String {
    match Behaviour::parse(query, &BOUNDS) {
        Ok(behaviour) => panic!("{query} is accepted: {behaviour:?}"),
        Err(mistake) => mistake.sentence().into(),
    }
}

/// Asserts that a query changes the default in this way, and nothing else.
fn assert_sets(query: &str, change: impl FnOnce(&mut Behaviour)) {
    let mut expected = Behaviour::default();
    change(&mut expected);
    assert_eq!(parsed(query), expected, "{query}");
    assert_eq!(parsed(&expected.to_query()), expected, "{query}");
}

/// Asserts that each value is wrong for the parameter, and what the server says to write.
fn assert_wrong(name: &str, values: &[&str], advice: &str) {
    for value in values {
        let sentence = mistake(&format!("{name}={value}"));
        assert!(sentence.starts_with("invalid value '"), "{sentence}");
        assert!(
            sentence.contains(&format!("' for '{name}': ")),
            "{sentence}"
        );
        assert!(sentence.ends_with(advice), "{name}={value}: {sentence}");
    }
}

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn an_empty_query_is_the_exact_echo() {
    assert_eq!(parsed(""), Behaviour::default());
    assert_eq!(Behaviour::default().to_query(), "");
}

#[test]
fn parameters_of_a_refusal_are_read() {
    let refusal = |change: fn(&mut TestRefusal)| {
        move |it: &mut Behaviour| {
            let mut refusal = TestRefusal {
                status: 503,
                ..TestRefusal::default()
            };
            change(&mut refusal);
            it.handshake.refusal = Some(refusal);
        }
    };
    assert_sets("status=503", refusal(|_| {}));
    assert_sets("status=200", refusal(|it| it.status = 200));
    assert_sets("status=599", refusal(|it| it.status = 599));
    assert_sets(
        "status=503&retry-after=5s",
        refusal(|it| it.retry_after = Some(5)),
    );
    assert_sets(
        "retry-after=1m&status=503",
        refusal(|it| it.retry_after = Some(60)),
    );
    assert_sets(
        "status=503&body=too+busy%0A",
        refusal(|it| it.body = Some("too busy\n".into())),
    );
    assert_sets(
        "location=http://localhost/a?b=c&status=302",
        refusal(|it| {
            it.status = 302;
            it.location = Some("http://localhost/a?b=c".into());
        }),
    );
}

#[test]
fn parameters_of_the_handshake_are_read() {
    assert_sets("handshake-delay=2s", |it| it.handshake.delay = 2 * SECOND);
    assert_sets("header=X-A:b&header=x-a:+b%20c:+", |it| {
        it.handshake.headers = vec![("X-A".into(), "b".into()), ("x-a".into(), "b c:".into())];
    });
    assert_sets("header=X-Empty:", |it| {
        it.handshake.headers = vec![("X-Empty".into(), String::new())];
    });
    assert_sets("subprotocol=chat.v1", |it| {
        it.handshake.subprotocol = Some("chat.v1".into());
    });
    assert_sets("accept=wrong", |it| it.handshake.has_wrong_accept = true);
    assert_sets("cut=1", |it| it.handshake.piece_len = 1);
    assert_sets("cut=65535", |it| it.handshake.piece_len = 65_535);
}

#[test]
fn wrong_parameters_of_the_handshake_are_named() {
    let statuses = ["", "199", "600", "+200", "-1", "abc", "0x1f4", "200.0"];
    let advice = "write a number from 200 to 599, such as status=503";
    assert_wrong("status", &statuses, advice);
    let advice = "write whole seconds, at most 1h, such as retry-after=5s";
    assert_wrong("retry-after", &["500ms", "2h", "soon"], advice);
    assert_wrong("body", &[""], "write a text, such as body=too+busy");
    let advice = "characters, such as location=http://localhost/";
    assert_wrong("location", &["", "a+b", "a%0D%0Ab", "%C3%A4"], advice);
    let advice = "write a duration of at most 1h, such as handshake-delay=2s";
    assert_wrong("handshake-delay", &["", "61m", "s", "-1s", "1.5s"], advice);
    let advice = "such as subprotocol=chat.v1";
    assert_wrong("subprotocol", &["", "a+b", "a,b", "%C3%A4"], advice);
    assert_wrong(
        "accept",
        &["", "right"],
        "write wrong, such as accept=wrong",
    );
    let advice = "write a number of bytes from 1 to 65535, such as cut=1";
    assert_wrong("cut", &["", "0", "65536", "-1", "1.5", "a"], advice);
}

#[test]
fn a_header_that_the_response_has_anyway_is_refused_with_what_does_it() {
    for (name, advice) in [
        ("Sec-WebSocket-Accept", "write accept=wrong "),
        ("sec-websocket-protocol", "write subprotocol=NAME "),
        ("Sec-WebSocket-Extensions", "the handshake itself decides"),
        ("Upgrade", "the response itself has it; write status=200 "),
        (
            "CONNECTION",
            "the response itself has it; write status=200 ",
        ),
        ("Content-Length", "write body=TEXT "),
        ("Transfer-Encoding", "write body=TEXT "),
    ] {
        let sentence = mistake(&format!("header={name}:1"));
        assert!(sentence.contains(advice), "{sentence}");
    }
    let advice = "write a name, a colon, and a value of visible ASCII characters and spaces, \
                  such as header=Name:Value";
    assert_wrong(
        "header",
        &["", "Name", "a:%0Ab", "a:b%00", "a:%C3%A4", "a:%09b"],
        advice,
    );
    assert_wrong(
        "header",
        &[":b", "a b:c", "%0A:b"],
        "such as header=Name:Value",
    );
}

#[test]
fn parameters_of_the_greeting_are_read() {
    for (query, greeting) in [
        ("greeting=none", Greeting::None),
        ("greeting=request", Greeting::Request),
        ("greeting=None", Greeting::Text("None".into())),
        ("greeting=text:none", Greeting::Text("none".into())),
        ("greeting=text:request", Greeting::Text("request".into())),
        ("greeting=text:text:", Greeting::Text("text:".into())),
        ("greeting=text:", Greeting::Text(String::new())),
        (
            "greeting=Gr%C3%BC%c3%9fe+%2B+%26",
            Greeting::Text("Grüße + &".into()),
        ),
        ("greeting=a=b", Greeting::Text("a=b".into())),
    ] {
        assert_sets(query, |it| it.greeting.greeting = greeting);
    }
    assert_sets("glued", |_| {});
    assert_sets("glued=", |_| {});
    assert_sets("separate=200ms", |it| it.greeting.separate = Some(200 * MS));
    assert_sets("separate=0", |it| {
        it.greeting.separate = Some(Duration::ZERO)
    });
}

#[test]
fn wrong_parameters_of_the_greeting_are_named() {
    assert_wrong("greeting", &[""], "such as greeting=hello");
    assert_wrong(
        "glued",
        &["1", "yes"],
        "write it without a value, such as glued",
    );
    let advice = "write a duration of at most 1h, such as separate=200ms";
    assert_wrong("separate", &["", "61m", "yes"], advice);
}

#[test]
fn parameters_of_messages_are_read() {
    assert_sets("delay=200ms", |it| it.messages.delay = 200 * MS);
    assert_sets("delay=1h", |it| it.messages.delay = HOUR);
    assert_sets("delay=0", |_| {});
    assert_sets("jitter=50ms", |it| it.messages.jitter = 50 * MS);
    assert_sets("rate=64KiB", |it| it.messages.rate = Some(65_536));
    assert_sets("rate=1", |it| it.messages.rate = Some(1));
    assert_sets("fragment=16", |it| it.messages.fragment_len = 16);
    assert_sets("fragment=1GiB", |it| it.messages.fragment_len = 1 << 30);
    assert_sets("fragment-text=anywhere&fragment=1", |it| {
        it.messages.fragment_len = 1;
        it.messages.cuts_characters = true;
    });
    assert_sets("repeat=1", |it| it.messages.repeat = 1);
    assert_sets("repeat=10000", |it| it.messages.repeat = 10_000);
    assert_sets("as=text", |it| it.messages.kind = SentKind::Text);
    assert_sets("as=binary", |it| it.messages.kind = SentKind::Binary);
    assert_sets("drop=every:1", |it| it.messages.drop_every = 1);
    assert_sets("prefix=echo:+", |it| it.messages.prefix = "echo: ".into());
    assert_sets("coalesce=100ms", |it| it.messages.coalesce = 100 * MS);
    assert_sets("segment=1", |it| it.messages.segment_len = 1);
    assert_sets("pause-reading=after:10", |it| {
        it.messages.pause_reading_after = Some(10);
    });
    assert_sets("pause-reading=after:0", |it| {
        it.messages.pause_reading_after = Some(0);
    });
}

#[test]
fn wrong_parameters_of_messages_are_named() {
    for name in ["delay", "jitter", "coalesce"] {
        let advice = format!("such as {}", find(name).unwrap().written());
        assert_wrong(name, &["", "3601s", "2days", "200+ms", "\u{661}s"], &advice);
    }
    for name in ["rate", "fragment"] {
        let advice = format!(
            "a size from 1 to 1GiB, such as {}",
            find(name).unwrap().written()
        );
        assert_wrong(
            name,
            &["", "0", "2GiB", "1KB", "-1", "99999999999999999999999"],
            &advice,
        );
    }
    assert_wrong(
        "fragment-text",
        &["", "yes"],
        "such as fragment-text=anywhere",
    );
    let advice = "write a number from 1 to 10000 (--max-push)";
    assert_wrong("repeat", &["0", "10001", "1KiB", "three", "%2B1"], advice);
    assert_wrong(
        "as",
        &["", "json", "Text"],
        "write text or binary, such as as=binary",
    );
    let values = [
        "", "10", "every", "every:", "every:0", "after:1", "every:-1",
    ];
    assert_wrong("drop", &values, "such as drop=every:10");
    assert_wrong("prefix", &[""], "write a text, such as prefix=echo:");
    let advice = "write a number of bytes from 1 to 65535, such as segment=1";
    assert_wrong("segment", &["", "0", "64KiB"], advice);
    let values = ["", "10", "after:", "after:1s", "after:99999999999999999999"];
    assert_wrong("pause-reading", &values, "such as pause-reading=after:10");
}

#[test]
fn parameters_of_what_comes_unasked_are_read() {
    assert_sets("tick=1ms", |it| it.unasked.tick = Some(MS));
    assert_sets("ping=1h", |it| it.unasked.ping = Some(HOUR));
    for (query, push, push_len) in [
        ("push=1", 1, 16),
        ("push=10000&size=5", 10_000, 5),
        ("size=16MiB&push=3", 3, 16 << 20),
    ] {
        assert_sets(query, |it| {
            it.unasked.push = push;
            it.unasked.push_len = push_len;
        });
    }
    assert_sets("pong=none", |it| it.unasked.pong = PongBehaviour::None);
    assert_sets("pong=unasked", |it| {
        it.unasked.pong = PongBehaviour::Unasked
    });
}

#[test]
fn wrong_parameters_of_what_comes_unasked_are_named() {
    for name in ["tick", "ping"] {
        let advice = format!("write a duration from 1ms to 1h, such as {name}=1s");
        assert_wrong(name, &["", "0", "0ms", "61m", "often"], &advice);
    }
    let advice = "write a number from 1 to 10000 (--max-push)";
    assert_wrong("push", &["0", "10001", "-1"], advice);
    let advice = "write a size from 1 to 16MiB, such as size=4KiB";
    assert_wrong("size", &["", "0", "16777217", "1MB"], advice);
    let advice = "write none or unasked, such as pong=none";
    assert_wrong("pong", &["", "never"], advice);
}

#[test]
fn a_number_that_is_longer_than_the_usual_message_is_not_cut() {
    let bounds = Bounds { max_push: u64::MAX };
    let behaviour = Behaviour::parse(&format!("push={}", u64::MAX), &bounds).unwrap();
    assert_eq!(behaviour.unasked.push_len, 20);
}

#[test]
fn parameters_of_the_end_are_read() {
    let close = |code, reason: &str| {
        Some(SentClose {
            code,
            reason: reason.into(),
        })
    };
    let longest = "r".repeat(123);
    assert_sets("close=1011", |it| it.end.close = close(1011, ""));
    assert_sets("close=4999&reason=b%20y", |it| {
        it.end.close = close(4999, "b y")
    });
    let query = format!("reason={longest}&close=1000");
    assert_sets(&query, |it| it.end.close = close(1000, &longest));
    for (word, end) in [
        ("fin", TransportEnd::Fin),
        ("reset", TransportEnd::Reset),
        ("hang", TransportEnd::Hang),
        ("half", TransportEnd::Half),
    ] {
        assert_sets(&format!("end={word}"), |it| it.end.transport = Some(end));
    }
    for (value, after) in [
        ("0", After::Messages(0)),
        ("3", After::Messages(3)),
        ("0s", After::Time(Duration::ZERO)),
        ("10s", After::Time(10 * SECOND)),
    ] {
        assert_sets(&format!("end=fin&after={value}"), |it| {
            it.end.transport = Some(TransportEnd::Fin);
            it.after = after;
        });
    }
    assert_sets("close-answer=never", |it| {
        it.end.close_answer = CloseAnswer::Never
    });
    assert_sets("close-answer=late:3s", |it| {
        it.end.close_answer = CloseAnswer::Late(3 * SECOND);
    });
}

#[test]
fn wrong_parameters_of_the_end_are_named() {
    let codes = [
        "999", "1004", "1005", "1006", "1015", "2999", "5000", "66547",
    ];
    assert_wrong("close", &codes, "; violate=close-code sends another");
    assert_wrong(
        "close",
        &["", "normal", "-1"],
        "3000 to 4999, such as close=1011",
    );
    let long = "%C3%A4".repeat(62);
    assert_wrong("reason", &[&long], "it has 124 bytes; write at most 123");
    assert_wrong(
        "end",
        &["", "close", "rst"],
        "write fin, reset, hang or half, such as end=fin",
    );
    let values = ["", "soon", "1.5s", "61m", "-3", "99999999999999999999"];
    assert_wrong("after", &values, "such as after=3");
    let values = ["", "late", "late:", "late:2h", "3s", "no"];
    assert_wrong("close-answer", &values, "such as close-answer=never");
}

#[test]
fn each_violation_is_read() {
    for (word, violation) in [
        ("mask", Violation::Mask),
        ("rsv", Violation::ReservedBit),
        ("opcode", Violation::Opcode),
        ("utf8", Violation::Utf8),
        ("length", Violation::Length),
        ("fragment", Violation::Fragment),
        ("control", Violation::Control),
        ("close-code", Violation::CloseCode),
        ("continuation", Violation::Continuation),
    ] {
        assert_sets(&format!("violate={word}"), |it| {
            it.violation = Some(violation)
        });
    }
    assert_sets("violate=accept", |it| it.handshake.has_wrong_accept = true);
    let advice = "close-code, continuation or accept, such as violate=mask";
    assert_wrong("violate", &["", "masks", "mask,rsv"], advice);
}

#[test]
fn a_seed_has_64_bits() {
    assert_sets("seed=0", |it| it.seed = Some(0));
    let greatest = u64::MAX.to_string();
    assert_sets(&format!("seed={greatest}"), |it| it.seed = Some(u64::MAX));
    let values = ["", "18446744073709551616", "-1", "0x1", "a"];
    assert_wrong("seed", &values, "18446744073709551615, such as seed=1");
}

#[test]
fn an_unknown_parameter_is_named_with_a_similar_one() {
    for (name, advice) in [
        ("dealy", "write delay"),
        ("Delay", "write delay"),
        ("handshake_delay", "write handshake-delay"),
        ("closing", "write close"),
        ("status%20", "write status"),
        ("user", "write one of those below"),
        ("%3Cscript%3E", "write one of those below"),
        ("", "write one of those below"),
    ] {
        let sentence = mistake(&format!("{name}=1"));
        assert!(sentence.starts_with("unknown parameter '"), "{sentence}");
        assert!(sentence.ends_with(&format!(": {advice}")), "{sentence}");
    }
}

#[test]
fn a_repeated_parameter_is_a_mistake_except_for_header() {
    for parameter in parameters().filter(|parameter| parameter.needs.is_none()) {
        let written = parameter.written();
        let query = match parameter.name {
            "after" => format!("{written}&end=fin&{written}"),
            _ => format!("{written}&{written}"),
        };
        if parameter.name == "header" {
            parsed(&query);
        } else {
            let expected = format!("'{}' is given twice: write it once", parameter.name);
            assert_eq!(mistake(&query), expected);
        }
    }
    assert_eq!(
        mistake("delay=1&%64elay=2"),
        "'delay' is given twice: write it once"
    );
}

#[test]
fn an_empty_parameter_is_a_mistake() {
    for query in ["&", "delay=1s&", "&delay=1s", "delay=1s&&jitter=1s", "="] {
        let advice = "a parameter is empty: write one & between two parameters";
        assert_eq!(mistake(query), advice, "{query}");
    }
    let advice = "invalid value '' for 'delay': \
                  write a duration of at most 1h, such as delay=200ms";
    assert_eq!(mistake("delay"), advice);
}

#[test]
fn a_wrong_encoding_is_quoted() {
    for part in ["100%", "%", "%4", "%4G", "%%41", "%+1", "%-1"] {
        let expected = "has a % without two hexadecimal digits after it: write %25 for the \
                        character %";
        assert_eq!(
            mistake(&format!("body={part}")),
            format!("'{part}' {expected}")
        );
        assert_eq!(
            mistake(&format!("{part}=1")),
            format!("'{part}' {expected}")
        );
    }
    for part in ["%FF", "%C3", "a%ED%A0%80", "%C0%80"] {
        let expected =
            format!("'{part}' is not UTF-8: write the bytes of each character, as %C3%A4");
        assert_eq!(mistake(&format!("greeting={part}")), expected);
    }
}

#[test]
fn parameters_that_mean_nothing_alone_name_the_missing_one() {
    for (query, expected) in [
        (
            "retry-after=5s",
            "'retry-after' means nothing without 'status': ",
        ),
        ("body=a", "'body' means nothing without 'status': "),
        ("location=a", "'location' means nothing without 'status': "),
        ("reason=bye", "'reason' means nothing without 'close': "),
        ("size=16", "'size' means nothing without 'push': "),
        (
            "fragment-text=anywhere",
            "'fragment-text' means nothing without 'fragment': ",
        ),
        (
            "after=3",
            "'after' means nothing without 'close', 'end' or 'violate': ",
        ),
        (
            "after=0s&delay=1s",
            "'after' means nothing without 'close', 'end' or 'violate': ",
        ),
        (
            "after=3&violate=accept",
            "'after' means nothing without 'close', 'end' or 'violate' \
             (a wrong accept value is part of the handshake): ",
        ),
    ] {
        let sentence = mistake(query);
        assert!(sentence.starts_with(expected), "{query}: {sentence}");
        // What it says to write is right.
        let (_, advice) = sentence.rsplit_once("such as ").unwrap();
        parsed(advice);
    }
    parsed("after=3&violate=accept&end=fin");
}

#[test]
fn parameters_of_one_group_that_exclude_each_other_are_named() {
    for (query, expected) in [
        (
            "glued&separate=1s",
            "'glued' and 'separate' exclude each other: ",
        ),
        (
            "separate=1s&glued&greeting=none",
            "'glued' and 'separate' exclude each other: ",
        ),
        (
            "glued&greeting=none",
            "'glued' means nothing with 'greeting=none': ",
        ),
        (
            "greeting=none&separate=1s",
            "'separate' means nothing with 'greeting=none': ",
        ),
        (
            "push=1000&size=3",
            "'size=3' is too short for the number 1000: write size=4 or more",
        ),
    ] {
        let sentence = mistake(query);
        assert!(sentence.starts_with(expected), "{query}: {sentence}");
    }
    parsed("push=1000&size=4");
    parsed("glued&greeting=text:none");
}

#[test]
fn a_refused_request_has_only_the_parameters_of_the_response() {
    parsed("status=503&retry-after=5s&body=a&location=/&header=A:b&handshake-delay=1s&cut=1");
    let beside = "status retry-after body location header handshake-delay cut";
    for parameter in parameters() {
        let written = parameter.written();
        if beside.split(' ').any(|name| name == parameter.name) {
            continue;
        }
        let expected = format!(
            "'{}' means nothing beside 'status', because the request is refused: write only \
             retry-after, body, location, header, handshake-delay and cut beside it",
            parameter.name
        );
        assert_eq!(mistake(&format!("status=503&{written}")), expected);
        assert_eq!(mistake(&format!("{written}&status=503")), expected);
    }
}

#[test]
fn an_end_that_never_comes_is_a_mistake() {
    let expected = "'after=3' never comes with 'pause-reading=after:2': \
                    write after=2 or less, or a time, such as after=10s";
    assert_eq!(mistake("end=fin&after=3&pause-reading=after:2"), expected);
    parsed("end=fin&after=2&pause-reading=after:2");
    parsed("end=fin&after=10s&pause-reading=after:0");
}

#[test]
fn a_mistake_lists_all_parameters_by_group() {
    let mistake = Behaviour::parse("dealy=1s", &BOUNDS).unwrap_err();
    let text = mistake.to_string();
    assert!(
        text.starts_with("unknown parameter 'dealy': write delay\n\n"),
        "{text}"
    );
    assert!(text.ends_with('\n'), "{text}");
    for group in &GROUPS {
        assert!(text.contains(&format!("\n\n{}:\n  ", group.name)), "{text}");
        for parameter in group.parameters {
            assert!(
                text.contains(&format!("\n  {} ", parameter.written())),
                "{text}"
            );
        }
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
}

#[test]
fn each_parameter_has_its_own_name_and_a_right_example() {
    let names: BTreeSet<_> = parameters().map(|parameter| parameter.name).collect();
    assert_eq!(names.len(), parameters().count());
    for parameter in parameters() {
        let needed = parameter.needs.map(|(_, example)| format!("&{example}"));
        let query = match parameter.name {
            "after" => "after=3&close=1011".into(),
            _ => parameter.written() + &needed.unwrap_or_default(),
        };
        parsed(&query);
    }
}

#[test]
fn what_a_client_sent_is_quoted_escaped_and_cut() {
    for query in ["%1B[2J%0A=1", "status=%1B[2J%0A", "delay=%1B[2J%0A"] {
        let sentence = mistake(query);
        assert!(sentence.contains(r"'\u{1b}[2J\n'"), "{sentence}");
    }
    let long = "a".repeat(10_000);
    for query in [
        long.clone(),
        format!("{long}=1"),
        format!("delay={long}"),
        format!("subprotocol=,{long}"),
        format!("close=1000&reason={long}"),
        format!("body=%{long}"),
        format!("body=%FF{long}"),
    ] {
        let sentence = mistake(&query);
        assert!(sentence.len() < 300, "{sentence}");
    }
}

#[test]
fn a_long_query_is_read() {
    let text = "%C3%A4".repeat(100_000);
    let behaviour = parsed(&format!("greeting={text}&prefix={text}"));
    assert_eq!(behaviour.messages.prefix.len(), 200_000);
    let headers = "header=Name:Value&".repeat(10_000) + "delay=1s";
    assert_eq!(parsed(&headers).handshake.headers.len(), 10_000);
}

#[test]
fn random_bytes_and_random_parameters_give_a_behaviour_or_a_mistake() {
    const CHARACTERS: &[u8] = b"abcdefghijklmnop-=&&==%+:0123456789ms \n\0";
    let written: Vec<_> = parameters().map(Parameter::written).collect();
    for seed in 0..2_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut query = String::new();
        for _ in 0..random.usize(..8) {
            query.push_str(random.choice(&written).unwrap());
            let byte = *random.choice(CHARACTERS).unwrap();
            query.push(if random.u8(..4) == 0 {
                char::from(byte)
            } else {
                '&'
            });
        }
        let bytes: Vec<_> = (0..random.usize(..40)).map(|_| random.u8(..)).collect();
        for query in [query, String::from_utf8_lossy(&bytes).into()] {
            match Behaviour::parse(&query, &BOUNDS) {
                Ok(behaviour) => assert_eq!(parsed(&behaviour.to_query()), behaviour, "{query}"),
                Err(mistake) => assert_eq!(mistake.sentence().lines().count(), 1, "{query}"),
            }
        }
    }
}
