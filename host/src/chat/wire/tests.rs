//! Bytes in each direction in, lines out, whole and byte by byte.

use std::cell::RefCell;

use super::*;

const REQUEST: &str = "GET /a?b HTTP/1.1\r\nHost: localhost\r\nAuthorization:  Basic secret\r\n\
                       x-api-key:1\r\nCookie:\r\n\r\n";
const ACCEPTED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

/// The lines of one direction, without their times.
fn lines_of(sender: Sender, head: Head, bytes: &[u8], cut: usize) -> Vec<String> {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let shown = Rc::clone(&lines);
    let show = move |line: String| {
        let (time, rest) = line.split_once(" ms  ").expect(&line);
        let time = time.strip_prefix('+').expect(&line);
        assert!(time.parse::<u64>().is_ok(), "{line}");
        shown.borrow_mut().push(rest.to_owned());
    };
    let mut watcher = Watcher {
        log: WireLog::new(Instant::now(), Rc::new(show)),
        sender,
        state: WatcherState::Head(head),
    };
    bytes.chunks(cut).for_each(|chunk| watcher.take(chunk));
    watcher.end();
    watcher.end();
    lines.take()
}

/// The lines, which do not depend on how the bytes are cut; without the direction.
fn lines(sender: Sender, bytes: &[u8]) -> Vec<String> {
    let of = |cut| {
        let head = match sender {
            Sender::Client => Head::of_request(),
            Sender::Server => Head::of_response(),
        };
        lines_of(sender, head, bytes, cut)
    };
    let whole = of(bytes.len());
    for cut in 1..=16 {
        assert_eq!(of(cut), whole, "{cut}");
    }
    let direction = match sender {
        Sender::Client => "sent      ",
        Sender::Server => "received  ",
    };
    let rest = |line: &String| line.strip_prefix(direction).expect(line).to_owned();
    whole.iter().map(rest).collect()
}

/// The lines of frames after a response.
fn received(frames: &[u8]) -> Vec<String> {
    let lines = lines(Sender::Server, &[ACCEPTED.as_bytes(), frames].concat());
    assert_eq!(lines[1], "Upgrade: websocket");
    lines[2..].to_vec()
}

#[test]
fn a_handshake_is_shown_line_by_line_and_secrets_only_by_their_length() {
    let expected = [
        "GET /a?b HTTP/1.1",
        "Host: localhost",
        "Authorization: (12 bytes, not shown)",
        "x-api-key: (1 byte, not shown)",
        "Cookie: (0 bytes, not shown)",
        "end of the stream",
    ];
    assert_eq!(lines(Sender::Client, REQUEST.as_bytes()), expected);
}

#[test]
fn a_secret_that_continues_on_the_next_line_is_not_shown() {
    let response = "HTTP/1.1 200 OK\nSet-Cookie: a=b;\n c=secret\nServer: a\n\nrest: is content\n";
    let expected = [
        "HTTP/1.1 200 OK",
        "Set-Cookie: (4 bytes, not shown)",
        " (8 bytes, not shown)",
        "Server: a",
    ];
    assert_eq!(lines(Sender::Server, response.as_bytes()), expected);
}

#[test]
fn a_head_cannot_harm_a_terminal_or_fill_memory() {
    let long = "x".repeat(100_000);
    let response = format!("HTTP/1.1 503 \x1b[2J\u{9b}\r\nA\rB: {long}\r\n\u{202e}\r\n: ");
    let mut response = response.into_bytes();
    response.extend(b"\xff\r\nCookie: ");
    response.extend(long.as_bytes());
    response.extend(b"\r\n\r\n");
    let lines = lines(Sender::Server, &response);
    assert_eq!(lines[0], r"HTTP/1.1 503 \u{1b}[2J\u{9b}");
    assert!(lines[1].starts_with(r"A\rB: xxx"), "{}", lines[1]);
    assert!(lines[1].ends_with("… (+99005 B)"), "{}", lines[1]);
    let rest = [
        r"\u{202e}",
        ": \u{fffd}",
        "Cookie: (100000 bytes, not shown)",
    ];
    assert_eq!(lines[2..], rest);
}

#[test]
fn another_response_may_come_before_the_one_that_counts() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n";
    let response = [hints.as_bytes(), ACCEPTED.as_bytes(), b"\x81\x01a"].concat();
    let expected = [
        "HTTP/1.1 103 Early Hints",
        "Link: a",
        "(another response follows)",
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "text, 1 byte, final",
        "end of the stream",
    ];
    assert_eq!(lines(Sender::Server, &response), expected);
}

#[test]
fn each_frame_is_shown_with_its_kind_length_and_bits() {
    let long = [&[0x82, 126, 0x01, 0x00][..], &[0; 256]].concat();
    let huge = [&[0x00, 127, 0, 0, 0, 0, 0, 1, 0, 0][..], &[0x81; 65_536]].concat();
    let frames: [(&[u8], &str); 14] = [
        (b"\x81\x05hello", "text, 5 bytes, final"),
        (b"\x01\x00", "text, 0 bytes, not final"),
        (&huge, "continuation, 65536 bytes, not final"),
        (b"\x89\x00", "Ping, 0 bytes"),
        (b"\x8A\x03a\nb", r"Pong, 3 bytes: a\nb"),
        (b"\x80\x01!", "continuation, 1 byte, final"),
        (&long, "binary, 256 bytes, final"),
        (b"\xC1\x02ab", "text, 2 bytes, final, compressed"),
        (
            b"\xF0\x00",
            "continuation, 0 bytes, final, RSV1, RSV2, RSV3",
        ),
        (b"\x09\x02\xff\x00", "Ping, 2 bytes, not final: 0xff00"),
        (b"\x83\x01a", "opcode 3, 1 byte, final"),
        (b"\x81\x81\x00\x00\x00\x00a", "text, 1 byte, final, masked"),
        (b"\x8B\x00", "opcode 11, 0 bytes"),
        (b"\x88\x05\x03\xe8bye", "Close 1000: bye"),
    ];
    let bytes: Vec<&[u8]> = frames.iter().map(|(bytes, _)| *bytes).collect();
    let mut expected: Vec<&str> = frames.iter().map(|(_, line)| *line).collect();
    expected.push("end of the stream");
    // What follows a Close is not shown.
    let bytes = [&bytes.concat()[..], b"\x81\x01a"].concat();
    assert_eq!(received(&bytes), expected);
}

#[test]
fn a_close_is_shown_with_its_code_and_without_one() {
    for (frame, expected) in [
        (&b"\x88\x00"[..], "Close without a code"),
        (b"\x88\x01\x03", "Close, 1 byte"),
        (b"\x88\x02\x03\xf3", "Close 1011"),
        (b"\x88\x03\x03\xf3\x1b", r"Close 1011: \u{1b}"),
    ] {
        assert_eq!(received(frame), [expected, "end of the stream"]);
    }
    let long = [&b"\x89\x7e\x00\x80"[..], &[b'a'; 128]].concat();
    assert_eq!(received(&long), ["Ping, 128 bytes", "end of the stream"]);
}

#[test]
fn what_a_client_sends_is_shown_without_its_mask() {
    let masked = b"\x89\x82\x01\x02\x03\x04\x60\x60\x81\x00";
    let bytes = [REQUEST.as_bytes(), masked].concat();
    let lines = lines(Sender::Client, &bytes);
    let expected = ["Ping, 2 bytes: ab", "text, 0 bytes, final, not masked"];
    assert_eq!(lines[5..7], expected);
}
