//! Lines as they are in a file, and files that are whole, cut off or wrong.

use super::reader::Reader;
use super::*;

const REQUEST: &str = concat!(
    r#"{"type":"request","format":1,"time":"2026-11-29T15:12:48.123456Z","#,
    r#""peer":"127.0.0.1:5","local":"127.0.0.1:3000","method":"GET","target":"/","#,
    r#""version":"HTTP/1.1","headers":[["Host","localhost"],["Cookie",{"hidden":7}],"#,
    r#"["X-Bytes",{"base64":"/w=="}]]}"#,
    "\n"
);
const LINES: [&str; 10] = [
    REQUEST,
    "{\"type\":\"response\",\"after\":0.000123,\"status\":101,\
     \"headers\":[[\"Upgrade\",\"websocket\"]]}\n",
    "{\"type\":\"message\",\"after\":1.234567,\"from\":\"client\",\"kind\":\"text\",\
     \"text\":\"hello\",\"frames\":[5]}\n",
    "{\"type\":\"message\",\"after\":1.234601,\"from\":\"server\",\"kind\":\"binary\",\
     \"base64\":\"AAE=\",\"frames\":[1,1],\"compressed\":true}\n",
    "{\"type\":\"message\",\"after\":1.5,\"from\":\"server\",\"kind\":\"text\",\
     \"text\":\"\",\"frames\":[900],\"truncated\":true,\"len\":900}\n",
    "{\"type\":\"ping\",\"after\":2.0,\"from\":\"server\",\"base64\":\"\"}\n",
    "{\"type\":\"close\",\"after\":3.0,\"from\":\"client\",\"code\":null,\"reason\":\"\"}\n",
    "{\"type\":\"invalid\",\"after\":3.0,\"from\":\"server\",\"reason\":\"RSV2\",\
     \"base64\":\"oQA=\"}\n",
    "{\"type\":\"missing\",\"after\":3.05,\"lines\":2}\n",
    "{\"type\":\"end\",\"after\":3.1,\"by\":\"client\",\"reason\":\"end of stream\"}\n",
];

fn read(text: &str) -> (Vec<Line>, Option<String>, bool) {
    let mut reader = Reader::new(text.as_bytes());
    let (mut lines, mut error) = (Vec::new(), None);
    for line in reader.by_ref() {
        match line {
            Ok(line) => lines.push(line),
            Err(wrong) => error = Some(wrong.to_string()),
        }
    }
    assert!(reader.next().is_none());
    (lines, error, reader.is_cut_off())
}

#[test]
fn what_is_written_is_what_is_read() {
    let (lines, error, is_cut_off) = read(&LINES.concat());
    assert_eq!((lines.len(), error, is_cut_off), (LINES.len(), None, false));
    for (line, expected) in lines.iter().zip(LINES) {
        assert_eq!(line.to_json(), expected);
    }
    assert_eq!(lines[3].after(), 1.234_601);
}

#[test]
fn a_recording_that_is_cut_anywhere_is_read_to_its_last_whole_line() {
    let text = LINES.concat();
    for len in REQUEST.len()..text.len() {
        let (lines, error, is_cut_off) = read(&text[..len]);
        let ends = LINES.iter().scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        });
        // A line is whole without its line feed.
        let whole = ends.clone().filter(|end| *end <= len + 1).count();
        let is_whole = ends.clone().any(|end| len == end || len + 1 == end);
        assert_eq!(error, None);
        assert_eq!((lines.len(), is_cut_off), (whole, !is_whole), "{len}");
    }
    for len in 0..REQUEST.len() - 1 {
        let (lines, error, _) = read(&text[..len]);
        assert_eq!((lines.len(), error.is_some()), (0, true));
    }
}

#[test]
fn a_wrong_recording_is_an_error_that_says_where() {
    let request = REQUEST;
    for (text, expected) in [
        (String::new(), "no whole line"),
        ("{".into(), "no whole line"),
        (LINES[1].into(), "line 1 is not a request"),
        (
            request.replace("\"format\":1", "\"format\":2"),
            "recorded in format 2",
        ),
        (
            "{\"type\":\"new\",\"format\":3}\n".into(),
            "recorded in format 3",
        ),
        (format!("{request}{request}"), "line 2: a second request"),
        (format!("{request}\n"), "line 2: EOF"),
        (
            format!("{request}{{\"type\":\"other\"}}\n"),
            "line 2: unknown variant `other`",
        ),
        (
            format!("{request}{}", LINES[1].replace("0.000123", "-1")),
            "before the start",
        ),
        (
            format!("{request}{}", LINES[5].replace("\"\"}", "\"%\"}")),
            "line 2: base64",
        ),
        (
            format!("{request}{}", LINES[5].replace("base64", "hex")),
            "line 2: no variant",
        ),
    ] {
        let (_, error, _) = read(&text);
        let error = error.unwrap_or_else(|| panic!("{expected}"));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn bytes_that_are_no_text_are_base64() {
    assert_eq!(
        Payload::text(b"\xC3\xA4".to_vec()),
        Payload::Text("ä".into())
    );
    let bytes = Payload::text(b"\xC3".to_vec());
    assert_eq!(
        (&bytes, bytes.bytes()),
        (&Payload::Bytes(vec![0xC3]), &b"\xC3"[..])
    );
    assert_eq!(Value::new(b"\xC3").bytes(), Some(&b"\xC3"[..]));
    assert_eq!(Value::hidden(b"secret").bytes(), None);
    let json = serde_json::to_string(&Value::hidden(b"secret")).expect("JSON");
    assert_eq!(json, r#"{"hidden":6}"#);
}

#[test]
fn times_are_written_to_the_microsecond() {
    assert_eq!(seconds(Duration::from_nanos(1_234_567_999)), 1.234_567);
    assert_eq!(seconds(Duration::from_secs(1 << 40)), (1_u64 << 40) as f64);
}
