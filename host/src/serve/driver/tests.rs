//! What a driver keeps of an idle client, and after a Ping, and what it counts.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use super::*;
use crate::command_line::tests::options;
use crate::serve::behaviour::performance::Scratch;
use crate::serve::clients::tests::memory_transport::{End, REQUEST};
use crate::serve::journal::Journal;
use crate::serve::limits::ConnectionLimiter;
use crate::serve::service::Service;
use crate::serve::traffic::Traffic;

/// A transport that takes everything, and from which these bytes are received.
struct Scripted(&'static [u8]);

impl Read for Scripted {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Scripted {
    fn shut(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn shared(arguments: &[&str]) -> Shared {
    let options = options(arguments, &[]);
    Shared {
        service: Service::new(&options),
        pool: Pool::new(options.buffer_len, usize::MAX, options.max_backlog)
            .with_verifiers(&options),
        journal: Journal::new(Instant::now(), options.welcome.text()),
        limiter: ConnectionLimiter::new(&options, u64::MAX).into(),
        is_stopping: false,
        has_opened: false,
        leave_code: options.drain.code,
        now: Instant::now(),
        scratch: Scratch::default(),
    }
}

/// A client's frame with a masking key of zeros.
fn frame(first: u8, len: usize) -> Vec<u8> {
    let mut frame = match len {
        ..126 => vec![first, 0x80 | len as u8],
        126..0x1_0000 => [&[first, 0xFE][..], &(len as u16).to_be_bytes()].concat(),
        _ => [&[first, 0xFF][..], &(len as u64).to_be_bytes()].concat(),
    };
    frame.resize(frame.len() + 4 + len, 0);
    frame
}

/// The messages in frames of which the last may be cut. Headers have a key of this length.
fn messages_in(mut bytes: &[u8], key_len: usize) -> Traffic {
    let mut found = Traffic::default();
    while let [first, second, rest @ ..] = bytes {
        let (len, rest) = match (second & 0x7F, rest) {
            (126, [a, b, rest @ ..]) => (u16::from_be_bytes([*a, *b]).into(), rest),
            (127, [0, 0, 0, 0, a, b, c, d, rest @ ..]) => {
                (u32::from_be_bytes([*a, *b, *c, *d]), rest)
            }
            (126.., _) => break,
            (len, rest) => (len.into(), rest),
        };
        let payload = rest.get(key_len..).unwrap_or_default();
        let here = payload.len().min(len as usize);
        if first & 0x08 == 0 {
            let is_all = rest.len() >= key_len + len as usize;
            found.bytes += here as u64;
            found.messages += u64::from(first & 0x80 != 0 && is_all);
        }
        bytes = &payload[here..];
    }
    found
}

/// Messages, fragments and Pings in random order, and some lengths often.
fn frames(random: &mut fastrand::Rng) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut continued = 0x02;
    for _ in 0..random.usize(1..40) {
        let len = match random.u8(..10) {
            0 => random.usize(..100_000),
            1..4 => random.usize(..4000),
            _ => random.usize(..130),
        };
        frames.push(match random.u8(..4) {
            0 => frame(0x89, len.min(125)),
            1 => frame(std::mem::replace(&mut continued, 0x00), len),
            _ => frame(0x80 | std::mem::replace(&mut continued, 0x02), len),
        });
    }
    frames
}

/// How many bytes are left of the frame at this position, and of some after it.
fn to_end_of_frame(frames: &[Vec<u8>], position: usize, more: usize) -> usize {
    let ends = frames.iter().scan(0, |end, frame| {
        *end += frame.len();
        Some(*end)
    });
    let mut lens = ends.filter(|end| *end > position).map(|end| end - position);
    lens.nth(more).unwrap_or_default()
}

/// A request with many headers.
fn long_request() -> Vec<u8> {
    let request = REQUEST.strip_suffix(b"\r\n").unwrap();
    let header = format!("X-Quotes: {}\r\n", "\"".repeat(500));
    [request, header.repeat(12).as_bytes(), b"\r\n"].concat()
}

/// What a client is sent before its first echo if it takes all at once.
fn greeting(arguments: &[&str], request: &[u8]) -> Traffic {
    let mut shared = shared(arguments);
    let end = End::default();
    let line = Rc::clone(&end.0);
    line.borrow_mut().room = usize::MAX;
    line.borrow_mut().to_server.extend(request);
    let mut driver = Driver::new(end, SocketAddr::from(([127, 0, 0, 1], 1)).into());
    driver.note(Readiness::Data);
    while driver.turn(&mut shared).next == Next::Requeue {}
    let sent = &line.borrow().to_client;
    let head_len = sent.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    messages_in(&sent[head_len + 4..], 0)
}

#[test]
fn what_is_counted_as_sent_and_received_is_what_was_however_it_is_cut() {
    let short = REQUEST.to_vec();
    let cases = [
        ("--no-welcome", short.clone()),
        ("--welcome=hello", short.clone()),
        ("--welcome-request", short),
        ("--welcome-request", long_request()),
    ]
    .map(|(flag, request)| (flag, greeting(&[flag, "--buffer=4KiB"], &request), request));
    assert!(cases[3].1.bytes > 12_000, "{:?}", cases[3].1);
    for seed in 0..400 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (flag, greeting, request) = &cases[seed as usize % cases.len()];
        let mut shared = shared(&[flag, "--buffer=4KiB"]);
        let end = End::default();
        let line = Rc::clone(&end.0);
        let mut driver = Driver::new(end, SocketAddr::from(([127, 0, 0, 1], 1)).into());
        line.borrow_mut().to_server.extend(request);
        let frames = frames(&mut random);
        let sent = frames.concat();
        let mut rest = &sent[..];
        while !rest.is_empty() || !line.borrow().to_server.is_empty() {
            let len = match random.u8(..3) {
                0 => random.usize(..=rest.len().min(200)),
                1 => random.usize(..=rest.len()),
                _ => to_end_of_frame(&frames, sent.len() - rest.len(), random.usize(..3)),
            };
            line.borrow_mut()
                .to_server
                .extend(rest.split_off(..len).unwrap_or_default());
            line.borrow_mut().room = match random.u8(..4) {
                0 => 0,
                1 => random.usize(..200),
                2 => random.usize(..70_000),
                _ => usize::MAX,
            };
            driver.note(Readiness::Data);
            while driver.turn(&mut shared).next == Next::Requeue {}
            if driver.deadline() == Deadline::Patience {
                driver.expire(&mut shared);
            }
            let Some(carried) = driver.client.carried(None) else {
                assert_eq!(line.borrow().to_client, b"");
                continue;
            };
            let line = line.borrow();
            let head_len = line.to_client.windows(4).position(|it| it == b"\r\n\r\n");
            let frames = head_len.map_or(&[][..], |len| &line.to_client[len + 4..]);
            let transmitted = carried.echoed + *greeting;
            assert_eq!(transmitted, messages_in(frames, 0), "seed {seed}");
            let read = sent.len() - rest.len() - line.to_server.len();
            let received = messages_in(&sent[..read], 4);
            if line.room > 0 {
                assert_eq!(carried.received, received, "seed {seed}");
            }
            assert!(carried.received.bytes <= received.bytes, "seed {seed}");
        }
    }
}

#[test]
fn what_waits_to_be_verified_counts_as_received_and_not_as_sent() {
    let mut shared = shared(&["--no-welcome"]);
    let end = End::default();
    let line = Rc::clone(&end.0);
    line.borrow_mut().room = usize::MAX;
    let mut driver = Driver::new(end, SocketAddr::from(([127, 0, 0, 1], 1)).into());
    let request = REQUEST.strip_suffix(b"\r\n").unwrap();
    let offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    // A block that inflates to nothing, many times, in a message that ends and in a fragment.
    let blocks = b"\x00\x00\x00\xFF\xFF".repeat(12_000);
    for (first, messages) in [(0xC2, 1), (0x42, 0)] {
        let mut frame = frame(first, blocks.len());
        let header_len = frame.len() - blocks.len();
        frame[header_len..].copy_from_slice(&blocks);
        if line.borrow().to_client.is_empty() {
            line.borrow_mut()
                .to_server
                .extend([request, offer].concat());
        }
        line.borrow_mut().to_server.extend(frame);
        driver.note(Readiness::Data);
        let before = driver.client.carried(None).map(|it| it.echoed);
        while !driver.client.is_paused() {
            assert_eq!(driver.turn(&mut shared).next, Next::Requeue);
        }
        let carried = driver.client.carried(None).unwrap();
        assert_eq!(carried.echoed, before.unwrap_or_default());
        let received = carried.received - carried.echoed;
        assert_eq!((received.messages, received.bytes), (messages, 60_000));
        while driver.turn(&mut shared).next == Next::Requeue {}
        let carried = driver.client.carried(None).unwrap();
        assert_eq!(carried.received, carried.echoed);
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
fn an_idle_client_is_one_cache_line_and_is_kept_in_no_more() {
    assert_eq!(size_of::<Driver<u32>>(), 64);
    assert_eq!(size_of::<Option<Driver<u32>>>(), 64);
}

#[test]
fn a_client_that_is_pinged_owns_nothing_more_than_before() {
    let mut shared = shared(&[]);
    let mut driver = Driver::new(
        Scripted(REQUEST),
        SocketAddr::from(([127, 0, 0, 1], 1)).into(),
    );
    driver.note(Readiness::Data);
    let opened = driver.turn(&mut shared);
    assert_eq!(opened.next, Next::Idle);
    assert_eq!(
        opened.deadline,
        DeadlineChange::Spread(Deadline::SignOfLife)
    );
    for deadline in [Deadline::SignOfLife, Deadline::Answer] {
        let expired = driver.expire(&mut shared);
        assert_eq!(expired.next, Next::Idle);
        assert_eq!(expired.deadline, DeadlineChange::Restart(deadline));
        assert!(driver.client.is_idle());
    }
}
