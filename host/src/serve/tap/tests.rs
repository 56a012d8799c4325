//! Bytes in, lines of a recording out, however they are cut; and whatever they are.

mod faults;
mod recorders;

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::gathered::MESSAGE_LEN_MAX;
use super::*;
use crate::options::serve::{RECORDING_LEN_MIN, RecordOptions};
use crate::recording::reader::Reader;
use crate::recording::{Line, Payload, Side, Value};

const REQUEST: &[u8] = b"GET /a?b HTTP/1.1\r\nHost: localhost\r\ncookie: s=1\r\n\
    Authorization: Basic\r\n\tc2VjcmV0\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\nX-Bytes: \xFF\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// A folder of recordings, which is removed in the end.
struct Folder {
    path: PathBuf,
    recorder: Arc<Recorder>,
    /// How many connections were recorded.
    connections: u16,
}

impl Folder {
    fn new(max_files: usize) -> Self {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("ws-echo-tap-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let options = RecordOptions {
            folder: path.clone(),
            max_len: RECORDING_LEN_MIN,
            max_files: NonZeroUsize::new(max_files).expect("a number"),
        };
        Self {
            path,
            recorder: Arc::new(Recorder::start(&options).expect("a recorder")),
            connections: 0,
        }
    }

    /// What is recorded of these pieces, without times.
    fn lines(&mut self, pieces: &[(Side, &[u8])]) -> Vec<Line> {
        self.connections += 1;
        let peer = SocketAddr::from(([127, 0, 0, 1], self.connections));
        let tap = Tap {
            is_logged: false,
            recorder: Some(self.recorder.clone()),
            secrets: Secrets::Hidden,
        };
        let mut watch = tap.watch(peer.into(), None);
        for (side, piece) in pieces {
            match side {
                Side::Client => watch.received(piece),
                Side::Server => watch.sent(piece),
            }
        }
        watch.end(EndedBy::Client, "end of stream");
        self.recorder.finish();
        self.read(&format!("-127.0.0.1-{}.jsonl", self.connections))
    }

    /// The lines of the file whose name ends so.
    fn read(&self, end: &str) -> Vec<Line> {
        let files = fs::read_dir(&self.path).expect("a folder").map(|file| {
            let file = file.expect("a file");
            (file.file_name().into_string().expect("a name"), file.path())
        });
        let mut files = files.filter(|(name, _)| name.ends_with(end));
        let Some((_, path)) = files.next() else {
            return Vec::new();
        };
        let text = fs::read(path).expect("a recording");
        assert!(text.len() as u64 <= RECORDING_LEN_MIN);
        let lines = Reader::new(&text[..]).map(|line| line.expect("a line"));
        lines.map(without_time).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A line at the time 0.
fn without_time(mut line: Line) -> Line {
    match &mut line {
        Line::Request(request) => request.time.clear(),
        Line::Response(it) => it.after = 0.0,
        Line::Message(it) => it.after = 0.0,
        Line::Ping(it) | Line::Pong(it) => it.after = 0.0,
        Line::Close(it) => it.after = 0.0,
        Line::Invalid(it) => it.after = 0.0,
        Line::Missing(it) => it.after = 0.0,
        Line::End(it) => it.after = 0.0,
    }
    line
}

/// A frame with these first bytes and this payload, with a masking key if the client sends it.
fn frame(side: Side, first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = match side {
        Side::Client => 0x80,
        Side::Server => 0,
    };
    let mut frame = match payload.len() {
        len @ ..126 => vec![first, mask | len as u8],
        len @ 126..0x1_0000 => [&[first, mask | 126][..], &(len as u16).to_be_bytes()].concat(),
        len => [&[first, mask | 127][..], &(len as u64).to_be_bytes()].concat(),
    };
    if side == Side::Server {
        frame.extend(payload);
        return frame;
    }
    let key = [0x11, 0x22, 0x33, 0x44];
    frame.extend(key);
    frame.extend(
        payload
            .iter()
            .zip(key.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    frame
}

/// What both sides send in a connection with everything that may be sent.
fn everything() -> [(Side, Vec<u8>); 4] {
    let long = "ä".repeat(40_000);
    let frames = |side: Side| {
        let frame = |first, payload: &[u8]| frame(side, first, payload);
        [
            frame(0x81, "grüße".as_bytes()),
            frame(0x02, &[0, 1]),
            frame(0x89, b"in between"),
            frame(0x00, b""),
            frame(0x80, &[0xFF; 200]),
            frame(0xC1, b"\xCA\x48"),
            frame(0x81, long.as_bytes()),
            frame(0x81, b"\xFF"),
            frame(0x8A, b""),
            frame(0x88, b"\x0F\xA0bye"),
        ]
        .concat()
    };
    [
        (Side::Client, REQUEST.to_vec()),
        (Side::Server, RESPONSE.to_vec()),
        (Side::Client, frames(Side::Client)),
        (Side::Server, frames(Side::Server)),
    ]
}

/// What is sent, in pieces of these lengths in turn.
fn cut<'a>(sent: &'a [(Side, Vec<u8>)], lens: &[usize]) -> Vec<(Side, &'a [u8])> {
    let mut lens = lens.iter().cycle();
    let mut pieces = Vec::new();
    for (side, bytes) in sent {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let len = lens.next().expect("a length").min(&rest.len()).to_owned();
            let (piece, after) = rest.split_at(len);
            pieces.push((*side, piece));
            rest = after;
        }
    }
    pieces
}

#[test]
fn what_is_recorded_is_the_same_however_it_is_cut() {
    let mut folder = Folder::new(100);
    let sent = everything();
    let whole = folder.lines(&cut(&sent, &[usize::MAX]));
    assert_eq!(whole.len(), 2 + 2 * 8 + 1, "{whole:?}");
    let peer = |mut line: Line| {
        if let Line::Request(request) = &mut line {
            request.peer.clear();
        }
        line
    };
    let whole: Vec<_> = whole.into_iter().map(peer).collect();
    for lens in [
        &[1][..],
        &[2],
        &[3, 1],
        &[7, 5],
        &[13, 1, 200],
        &[4096],
        &[65_536],
    ] {
        let lines = folder.lines(&cut(&sent, lens)).into_iter().map(peer);
        assert_eq!(lines.collect::<Vec<_>>(), whole, "{lens:?}");
    }
}

#[test]
fn a_recording_has_heads_messages_and_the_end() {
    let lines = Folder::new(1).lines(&cut(&everything(), &[usize::MAX]));
    let json: Vec<_> = lines.iter().map(Line::to_json).collect();
    let long = "ä".repeat(40_000);
    for (line, expected) in [
        (
            0,
            "\"method\":\"GET\",\"target\":\"/a?b\",\"version\":\"HTTP/1.1\"",
        ),
        (
            0,
            "[[\"Host\",\"localhost\"],[\"cookie\",{\"hidden\":3}],[\"Authorization\",{\"hidden\":14}],",
        ),
        (0, "[\"X-Bytes\",{\"base64\":\"/w==\"}]]}"),
        (
            1,
            "{\"type\":\"response\",\"after\":0.0,\"status\":101,\"headers\":[[\"Sec",
        ),
        (
            2,
            "\"from\":\"client\",\"kind\":\"text\",\"text\":\"grüße\",\"frames\":[7]}",
        ),
        (
            3,
            "{\"type\":\"ping\",\"after\":0.0,\"from\":\"client\",\"base64\":\"aW4gYmV0d2Vlbg==\"}",
        ),
        (4, "\"kind\":\"binary\",\"base64\":\"AAH/"),
        (4, "\"frames\":[2,0,200]}"),
        (5, "\"base64\":\"ykg=\",\"frames\":[2],\"compressed\":true}"),
        (6, &format!("\"text\":\"{long}\",\"frames\":[80000]}}")),
        (7, "\"kind\":\"text\",\"base64\":\"/w==\",\"frames\":[1]}"),
        (
            8,
            "{\"type\":\"pong\",\"after\":0.0,\"from\":\"client\",\"base64\":\"\"}",
        ),
        (9, "\"from\":\"client\",\"code\":4000,\"reason\":\"bye\"}"),
        (
            10,
            "\"from\":\"server\",\"kind\":\"text\",\"text\":\"grüße\"",
        ),
        (
            18,
            "{\"type\":\"end\",\"after\":0.0,\"by\":\"client\",\"reason\":\"end of stream\"}",
        ),
    ] {
        assert!(json[line].contains(expected), "{line}: {}", json[line]);
    }
}

#[test]
fn addresses_are_those_of_the_log() {
    let folder = Folder::new(1);
    let tap = Tap {
        is_logged: false,
        recorder: Some(folder.recorder.clone()),
        secrets: Secrets::Hidden,
    };
    let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
    let local = Some(address("[::ffff:127.0.0.1]:3000"));
    let mut watch = tap.watch(address("[::ffff:192.0.2.1]:5").into(), local);
    watch.received(REQUEST);
    folder.recorder.finish();
    let lines = folder.read("-192.0.2.1-5.jsonl");
    let [Line::Request(request)] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(
        (&*request.peer, &*request.local),
        ("192.0.2.1:5", "127.0.0.1:3000")
    );
}

#[test]
fn a_request_that_is_answered_before_it_is_complete_is_what_has_come_of_it() {
    let mut folder = Folder::new(10);
    let refusal = &b"HTTP/1.1 408 Request Timeout\r\n\r\nToo late"[..];
    let text = |text: &str| Value::Text(text.into());
    for (request, first_line, faults) in [
        (&b""[..], ["", "", ""], 0),
        (b"\x16\x03\x01", ["\u{16}\u{3}\u{1}", "", ""], 1),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nCookie 1",
            ["GET", "/", "HTTP/1.1"],
            1,
        ),
        (b"GET / HTTP/1.1\nHost: a\n\n", ["GET", "/", "HTTP/1.1"], 1),
    ] {
        let lines = folder.lines(&[(Side::Client, request), (Side::Server, refusal)]);
        let [Line::Request(found), .., Line::End(_)] = &lines[..] else {
            panic!("{lines:?}");
        };
        let found = [&found.method, &found.target, &found.version].map(Clone::clone);
        assert_eq!(found, first_line.map(text));
        let is_fault = |line: &&Line| matches!(line, Line::Invalid(_));
        assert_eq!(lines.iter().filter(is_fault).count(), faults);
        assert_eq!(lines.len(), 3 + faults);
        assert!(!format!("{lines:?}").contains("Cookie 1"));
    }
}

#[test]
fn what_follows_a_refusal_or_a_page_is_not_taken_for_frames() {
    let mut folder = Folder::new(10);
    let page = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x81\x02ab";
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let (client, server) = (Side::Client, Side::Server);
    for request in [&request[..], REQUEST] {
        let pieces = [
            (client, request),
            (server, page),
            (client, &b"\x81\x82abcdef"[..]),
        ];
        let lines = folder.lines(&pieces);
        assert!(
            matches!(
                &lines[..],
                [Line::Request(_), Line::Response(_), Line::End(_)]
            ),
            "{lines:?}"
        );
    }
    // Nothing has travelled: there is nothing to record.
    assert_eq!(folder.lines(&[]), []);
}

#[test]
fn a_long_message_is_cut_between_characters_and_says_how_long_it_is() {
    let mut folder = Folder::new(1);
    // Too long for the smallest file as well, so only its line is made here.
    let text = "€".repeat(MESSAGE_LEN_MAX / 2);
    let sent = frame(Side::Client, 0x81, text.as_bytes());
    let mut messages = messages::MessageReader::new(Side::Client, Some(folder.recorder.budget()));
    let mut found = None;
    for piece in sent.chunks(4096) {
        messages.read(piece, &mut |it| match it {
            messages::Found::Message(message) => found = Some(message),
            messages::Found::Frame(..) => {}
            other => panic!("{other:?}"),
        });
    }
    let message = found.expect("a message");
    let (line, _reserved) = connection_recording::line(0.0, Side::Client, message);
    assert_eq!(
        (line.is_truncated, line.len),
        (true, Some(text.len() as u64))
    );
    let Payload::Text(recorded) = line.payload else {
        panic!("no text");
    };
    assert!(text.starts_with(&recorded));
    assert_eq!(recorded.len(), MESSAGE_LEN_MAX - MESSAGE_LEN_MAX % 3);
    let lines = folder.lines(&[
        (Side::Client, REQUEST),
        (Side::Server, RESPONSE),
        (Side::Client, &sent),
    ]);
    let Some(Line::End(end)) = lines.last() else {
        panic!("{lines:?}");
    };
    assert_eq!(
        (end.by, &*end.reason),
        (EndedBy::Recorder, "--record-max-size 262144")
    );
}

#[test]
fn any_bytes_in_any_pieces_give_lines_that_can_be_read() {
    let mut folder = Folder::new(400);
    for seed in 0..400 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut sent = everything();
        // From random bytes alone to a single one that is changed.
        let changes = if seed % 4 == 0 {
            usize::MAX
        } else {
            random.usize(1..20)
        };
        for (_, bytes) in &mut sent {
            // Fewer bytes: the recording must end here too.
            bytes.truncate(random.usize(..3000).max(100));
            if changes == usize::MAX && random.bool() {
                random.fill(bytes);
            }
            for _ in 0..changes.min(bytes.len()) {
                let at = random.usize(..bytes.len());
                bytes[at] = random.u8(..);
            }
        }
        let lens: Vec<_> = (0..8).map(|_| random.usize(1..300)).collect();
        let mut pieces = cut(&sent, &lens);
        for _ in 0..pieces.len() / 4 {
            let [one, other] = [(); 2].map(|()| random.usize(..pieces.len()));
            pieces.swap(one, other);
        }
        let lines = folder.lines(&pieces);
        assert!(
            matches!(&lines[..], [Line::Request(_), .., Line::End(_)]),
            "seed {seed}: {lines:?}"
        );
    }
}
