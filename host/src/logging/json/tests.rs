//! Every record is one valid object on one bounded line.

use std::time::Duration;

use log::Level;
use log::kv::ToValue as _;

use super::*;
use crate::escape::OneLine;
use crate::logging::line::MESSAGE_LEN_MAX;

const TARGET: &str = "ws_echo::client";

/// The line of a record with these fields.
fn line(fields: &[(&str, kv::Value<'_>)], message: fmt::Arguments<'_>) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_965_168_123);
    let mut record = Record::builder();
    let record = record.level(Level::Info).target(TARGET);
    object(&record.key_values(&fields).args(message).build(), time)
}

fn read(line: &str) -> Value {
    assert!(line.len() <= MESSAGE_LEN_MAX, "{} bytes", line.len());
    assert!(!line.contains(is_unsafe), "{line}");
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn an_object_has_what_each_record_has_and_then_its_fields() {
    let fields = [
        ("event", "disconnected".to_value()),
        ("peer", kv::Value::from_display(&"[::1]:3000")),
        ("code", 1000_u16.to_value()),
        ("duration", 1.25.to_value()),
        ("is_last", true.to_value()),
        ("bytes", u64::MAX.to_value()),
    ];
    let expected = r#"{"time":"2026-11-29T15:12:48.123Z","level":"INFO","target":"ws_echo::client","event":"disconnected","message":"a \"b\"","peer":"[::1]:3000","code":1000,"duration":1.25,"is_last":true,"bytes":18446744073709551615}"#;
    assert_eq!(line(&fields, format_args!("a {:?}", "b")), expected);
}

#[test]
fn what_has_no_value_is_left_out() {
    let fields = [
        ("code", None::<u16>.to_value()),
        ("reason", "".to_value()),
        ("status", Some(404_u16).to_value()),
    ];
    let object = read(&line(&fields, format_args!("")));
    assert_eq!(object["status"], 404);
    for absent in ["event", "code", "reason"] {
        assert!(object.get(absent).is_none(), "{absent}");
    }
    assert_eq!(object["message"], "");
}

#[test]
fn no_character_breaks_the_line_and_none_is_interpreted_by_a_terminal() {
    let characters: Vec<_> = ('\0'..=char::MAX).collect();
    for some in characters.chunks(500) {
        let text = String::from_iter(some);
        let fields = [("reason", text.as_str().to_value())];
        let object = read(&line(&fields, format_args!("{text}")));
        let shown = OneLine(&text).to_string();
        assert!(!shown.contains(is_unsafe), "{shown}");
        assert_eq!(object["message"], shown);
        assert_eq!(object["reason"], shown);
    }
}

#[test]
fn a_long_text_is_cut_and_says_how_much_is_missing() {
    let long = "ä".repeat(MESSAGE_LEN_MAX);
    let object = read(&line(&[], format_args!("-{long}-")));
    let kept = "ä".repeat(MESSAGE_ROOM / 2 - 1);
    let left_out = 2 * MESSAGE_LEN_MAX - kept.len() + 1;
    assert_eq!(object["message"], format!("-{kept}… (+{left_out} B)"));
}

#[test]
fn the_longest_of_everything_is_still_one_valid_line() {
    for piece in ["x", "\"", "\\", "\n", "\u{202e}", "𝄞", "\0", "ä\\"] {
        let long = piece.repeat(4_000);
        let fields: Vec<_> = field::ALL
            .iter()
            .map(|name| (*name, long.as_str().to_value()))
            .collect();
        let object = read(&line(&fields, format_args!("{long}{long}")));
        for name in ["message", "bytes", "path"] {
            let text = object[name].as_str().expect("text");
            assert!(text.ends_with(" B)"), "{name}: {text}");
        }
    }
}
