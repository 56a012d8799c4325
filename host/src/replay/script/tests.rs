//! Lines of recordings in, steps out.

use ws_echo_core::Window;

use super::*;
use crate::replay::outgoing::Sent;

const REQUEST: &str = concat!(
    r#"{"type":"request","format":1,"time":"","peer":"","local":"","method":"GET","#,
    r#""target":"/","version":"HTTP/1.1","headers":[]}"#
);
const RESPONSE: &str = r#"{"type":"response","after":1.5,"status":101,"headers":[]}"#;
const END: &str = r#"{"type":"end","after":9.0,"by":"server","reason":"end of stream"}"#;

/// The steps of a recording with these lines, each as a line of text, and what is remarked.
fn steps_with(agreed: Option<Deflate>, form: Form, lines: &[&str]) -> (Vec<String>, Remarks) {
    let text = [&[REQUEST, RESPONSE], lines].concat().join("\n") + "\n";
    let (_, mut script) = Script::open(text.as_bytes()).expect("a handshake");
    script.set_compression(agreed, form);
    let mut steps = Vec::new();
    while let Some(step) = script.next_step().expect("right lines") {
        steps.push(format!("{} {}", step.line, shown(step.action)));
    }
    (steps, script.remarks)
}

fn steps(lines: &[&str]) -> (Vec<String>, Remarks) {
    steps_with(None, Form::Recorded, lines)
}

fn shown(action: Action) -> String {
    match action {
        Action::Send(mut outgoing) => {
            let what = match outgoing.what {
                Sent::Message => "message",
                Sent::Control => "control",
                Sent::Close => "close",
            };
            let frames = std::iter::from_fn(|| outgoing.next_frame([0; 4]));
            let frames: Vec<_> = frames.map(|frame| crate::hex::digits(&frame)).collect();
            format!("send {what} {}", frames.join(" "))
        }
        Action::Skip => "skip".into(),
        Action::Expect(seen) => format!("expect {}", seen.shown(0)),
        Action::End => "end".into(),
    }
}

#[test]
fn only_a_pong_that_no_ping_has_asked_for_is_a_step() {
    let (steps, _) = steps(&[
        r#"{"type":"ping","after":2.0,"from":"server","text":"a"}"#,
        r#"{"type":"ping","after":2.0,"from":"server","text":"b"}"#,
        r#"{"type":"pong","after":2.0,"from":"client","text":"b"}"#,
        r#"{"type":"pong","after":2.0,"from":"client","text":"a"}"#,
        r#"{"type":"ping","after":2.0,"from":"client","text":"c"}"#,
        r#"{"type":"pong","after":2.0,"from":"server","text":"c"}"#,
        END,
    ]);
    // A Pong answers the Pings before its own too, so the second one was not asked for.
    let expected = [
        "6 send control 8a810000000061",
        "7 send control 89810000000063",
        "9 expect the end of the connection without Close: end of stream",
    ];
    assert_eq!(steps, expected);
}

#[test]
fn the_answer_to_a_close_is_no_step_and_a_close_makes_the_end_no_surprise() {
    let closes = [
        r#"{"type":"close","after":2.0,"from":"client","code":1000,"reason":""}"#,
        r#"{"type":"close","after":2.0,"from":"server","code":1000,"reason":"bye"}"#,
    ];
    let (steps_of_client, _) = steps(&[closes[0], closes[1], END]);
    let expected = ["3 send close 88820000000003e8", "4 expect Close 1000: bye"];
    assert_eq!(steps_of_client, expected);
    let (steps_of_server, _) = steps(&[closes[1], closes[0], END]);
    assert_eq!(steps_of_server, ["3 expect Close 1000: bye"]);
}

#[test]
fn a_step_has_its_time_after_the_response() {
    let line = r#"{"type":"ping","after":2.25,"from":"client","text":""}"#;
    let text = format!("{REQUEST}\n{RESPONSE}\n{line}\n");
    let (_, mut script) = Script::open(text.as_bytes()).expect("a handshake");
    let step = script.next_step().expect("a right line").expect("a step");
    assert_eq!(step.after, Duration::from_millis(750));
}

#[test]
fn a_recording_without_its_end_is_cut_off() {
    assert!(steps(&[]).1.is_cut_off);
    assert!(!steps(&[END]).1.is_cut_off);
    let by_recorder = END.replace("\"server\"", "\"recorder\"");
    let (steps_of_it, remarks) = steps(&[&by_recorder]);
    assert!(steps_of_it.is_empty() && remarks.is_cut_off);
}

#[test]
fn nothing_behind_an_obstacle_is_a_step() {
    for (line, obstacle) in [
        (r#"{"type":"missing","after":2.0,"lines":1}"#, Obstacle::Gap),
        (
            r#"{"type":"invalid","after":2.0,"from":"client","reason":"","base64":""}"#,
            Obstacle::OfClient,
        ),
    ] {
        let (steps, remarks) = steps(&[line, END]);
        assert!(steps.is_empty() && remarks.is_cut_off);
        assert_eq!(remarks.obstacle, Some(obstacle));
    }
}

#[test]
fn what_no_server_may_send_is_the_last_step() {
    for line in [
        r#"{"type":"invalid","after":2.0,"from":"server","reason":"text is not UTF-8","base64":""}"#,
        r#"{"type":"message","after":2.0,"from":"server","kind":"text","base64":"/w==","frames":[1]}"#,
    ] {
        let (steps, remarks) = steps(&[line, line, END]);
        let expected = ["3 expect what no server may send: text is not UTF-8"];
        assert_eq!(
            (&*steps, remarks.is_cut_off),
            (&expected.map(String::from)[..], true)
        );
        assert_eq!(remarks.obstacle, Some(Obstacle::OfServer));
    }
    // A client may be as wrong as it was.
    let text = r#"{"type":"message","after":2.0,"from":"client","kind":"text","base64":"/w==","frames":[1]}"#;
    assert_eq!(steps(&[text]).0, ["3 send message 818100000000ff"]);
}

#[test]
fn compressed_messages_refer_to_the_ones_before_them() {
    // `Hello` twice, in a window that is kept (RFC 7692 section 7.2.3.2).
    let message = |from: &str, base64: &str, more: &str| {
        format!(
            r#"{{"type":"message","after":2.0,"from":"{from}","kind":"text","base64":"{base64}","frames":[99],"compressed":true{more}}}"#
        )
    };
    let truncated = r#","truncated":true,"len":99"#;
    let (first, second) = ("8kjNyckHAA==", "8gARAAA=");
    let agreed = Some(Deflate {
        server: Window::MAX,
        client: Window::MAX,
    });
    let lines = [
        message("client", first, ""),
        message("client", second, ""),
        message("server", first, ""),
        message("server", second, ""),
        message("server", second, truncated),
        message("server", second, ""),
        message("client", second, truncated),
        message("client", second, ""),
        END.into(),
    ];
    let lines = lines.each_ref().map(String::as_str);
    let (steps, remarks) = steps_with(agreed, Form::Plain, &lines);
    let expected = [
        "3 send message 81850000000048656c6c6f",
        "4 send message 81850000000048656c6c6f",
        r#"5 expect text "Hello""#,
        r#"6 expect text "Hello""#,
        "7 expect text, truncated in the recording",
        "8 expect text, cannot be inflated in the recording",
        "9 skip",
        "10 skip",
        "11 expect the end of the connection without Close: end of stream",
    ];
    assert_eq!(steps, expected);
    assert_eq!(remarks.plain, 2);
    let (steps, _) = steps_with(agreed, Form::Recorded, &lines);
    assert_eq!(steps[0], "3 send message c18700000000f248cdc9c90700");
    assert_eq!(steps[1], "4 send message c18500000000f200110000");
}

#[test]
fn a_recording_without_a_response_cannot_be_played() {
    for (text, expected) in [
        (REQUEST.to_owned(), "ends before the response"),
        (format!("{REQUEST}\n{END}\n"), "no response to the request"),
    ] {
        let error = Script::open(text.as_bytes()).expect_err("no response");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
