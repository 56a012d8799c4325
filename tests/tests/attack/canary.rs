//! A client that does nothing wrong, beside those that do: it sends messages and checks their
//! echoes all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::wire::{BINARY, CLOSE, FIN, Frame, PING, PONG, TEXT, masked, masked_close};

/// Frames with each kind of length, in one buffer and in several.
const LENGTHS: [usize; 9] = [0, 1, 125, 126, 1000, 65_535, 65_536, 5, LENGTH_MAX];
const LENGTH_MAX: usize = 150_000;
/// It leaves the processor to the others.
const PAUSE: Duration = Duration::from_millis(1);
/// How long [`Canary::one_round`] waits before it checks again.
const LOOK_INTERVAL: Duration = Duration::from_millis(1);

/// A client on a thread of its own.
pub(crate) struct Canary {
    thread: JoinHandle<CanaryReport>,
    count: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

/// What the client has measured.
pub(crate) struct CanaryReport {
    pub(crate) echoes: u64,
    pub(crate) worst: Duration,
    end: End,
}

#[derive(Debug, PartialEq)]
enum End {
    /// The client has ended its connection, as the test wanted.
    Wanted,
    /// The server has sent a Close.
    Closed(Frame),
}

impl Canary {
    /// Starts to send over a connection, and to receive the echoes.
    pub(crate) fn start(client: Client) -> Self {
        let count = Arc::<AtomicU64>::default();
        let is_over = Arc::<AtomicBool>::default();
        let thread = {
            let (count, is_over) = (Arc::clone(&count), Arc::clone(&is_over));
            thread::spawn(move || run(client, &count, &is_over))
        };
        Self {
            thread,
            count,
            is_over,
        }
    }

    /// Waits until it has received an echo of each length, from now on.
    pub(crate) fn one_round(&self) {
        let count = || self.count.load(Ordering::Relaxed);
        let enough = count() + LENGTHS.len() as u64;
        while count() < enough && !self.thread.is_finished() {
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Stops it.
    ///
    /// # Panics
    ///
    /// If an echo was wrong, or the server has closed the connection.
    pub(crate) fn stop(self) -> CanaryReport {
        self.is_over.store(true, Ordering::Relaxed);
        let report = self.join();
        assert_eq!(report.end, End::Wanted, "the canary's connection");
        report
    }

    /// Waits until the server closes the connection.
    ///
    /// # Panics
    ///
    /// If an echo was wrong, or the Close has another code.
    pub(crate) fn closed_with(self, code: u16) -> CanaryReport {
        let report = self.join();
        assert_eq!(report.end, End::Closed(Frame::close(code)));
        report
    }

    fn join(self) -> CanaryReport {
        self.thread.join().expect("the canary has had its echoes")
    }
}

impl CanaryReport {
    /// Merges the measurements of several canaries.
    pub(crate) fn of_all(reports: impl IntoIterator<Item = Self>) -> Self {
        let both = |a: Self, b: Self| Self {
            echoes: a.echoes + b.echoes,
            worst: a.worst.max(b.worst),
            end: b.end,
        };
        reports.into_iter().reduce(both).expect("at least one")
    }
}

impl std::fmt::Display for CanaryReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let worst = self.worst.as_secs_f64() * 1000.0;
        write!(f, "{}, {worst:.1} ms", self.echoes)
    }
}

fn run(mut client: Client, count: &AtomicU64, is_over: &AtomicBool) -> CanaryReport {
    let letters: Vec<u8> = (b'a'..=b'z').cycle().take(LENGTH_MAX + 20).collect();
    let mut worst = Duration::ZERO;
    let mut lengths = LENGTHS.into_iter().cycle();
    let mut kinds = [TEXT, BINARY, BINARY].into_iter().cycle();
    let report = |worst, end| CanaryReport {
        echoes: count.load(Ordering::Relaxed),
        worst,
        end,
    };
    while let (Some(len), Some(kind)) = (lengths.next(), kinds.next()) {
        if is_over.load(Ordering::Relaxed) {
            client.send(masked_close(1000, ""));
            assert_eq!(client.receive_frame(), Some(Frame::close(1000)));
            assert_eq!(client.receive_frame(), None);
            return report(worst, End::Wanted);
        }
        let first = (count.load(Ordering::Relaxed) % 20) as usize;
        let payload = &letters[first..first + len];
        let frame = masked(kind, payload);
        let start = Instant::now();
        client.send(frame);
        let echo = message(&mut client);
        if echo.first == CLOSE {
            client.send(masked(CLOSE, &echo.payload));
            assert_eq!(client.receive_frame(), None);
            return report(worst, End::Closed(echo));
        }
        worst = worst.max(start.elapsed());
        assert!(echo == Frame::new(kind, payload), "{echo:?} of {len} bytes");
        count.fetch_add(1, Ordering::Relaxed);
        thread::sleep(PAUSE);
    }
    unreachable!("the lengths repeat forever")
}

/// The next message with all of its fragments, or a Close. Pings are answered.
fn message(client: &mut Client) -> Frame {
    let mut fragments: Option<Frame> = None;
    loop {
        let frame = client.receive_frame().expect("the server continues");
        match (frame.first, &mut fragments) {
            (PING, _) => client.send(masked(PONG, frame.payload)),
            (CLOSE, _) | (_, None) if frame.first & FIN != 0 => return frame,
            (_, None) => fragments = Some(frame),
            (_, Some(message)) => {
                message.payload.extend(frame.payload);
                message.first |= frame.first;
                if message.first & FIN != 0 {
                    return message.clone();
                }
            }
        }
    }
}
