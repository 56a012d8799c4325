//! A phase of load, warm-up or measurement: what is still to be sent, and when it was echoed.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::error::BenchError;
use super::load_connection::LoadConnection;
use super::pace::{Pace, nanoseconds};
use crate::options::bench::Amount;

/// Latencies have three digits, and are from a nanosecond to an hour.
const DIGITS: u8 = 3;
const LATENCY_MAX: u64 = 3_600 * 1_000_000_000;

/// A phase. Times are in nanoseconds since its start.
#[derive(Debug)]
pub(super) struct LoadPhase {
    start: Instant,
    pub(super) pace: Pace,
    /// When the last message may be sent.
    until: u64,
    is_ended: bool,
    /// How many messages each connection may have in flight.
    in_flight_max: u64,
    /// The messages that are due or sent, and not yet echoed.
    missing: u64,
    /// The messages that were due and never sent, because the time was over.
    unsent: u64,
    /// When a part of a missing echo was last received.
    pub(super) last_progress_at: u64,
    /// When the last echo ended.
    last_echo_at: u64,
    /// How long the generator has only looked at the clock, with nothing else to do.
    pub(super) idle: u64,
    latencies: Histogram<u64>,
}

/// The result of a phase.
#[derive(Debug)]
pub(super) struct Measurement {
    /// How long it took, from the first message to the last echo.
    pub(super) time: Duration,
    /// The latencies of all messages, in nanoseconds.
    pub(super) latencies: Histogram<u64>,
    /// The messages that were due and never sent.
    pub(super) unsent: u64,
    /// The bytes of frames on the wire, headers included.
    pub(super) wire_bytes: WireBytes,
    /// How long the generator was awake with nothing to do.
    pub(super) idle: Duration,
}

/// The bytes of frames in both directions, headers included.
#[derive(Clone, Copy, Debug)]
pub(super) struct WireBytes {
    pub(super) sent: u64,
    pub(super) received: u64,
}

impl LoadPhase {
    /// A phase that starts now.
    pub(super) fn start(
        pace: Pace,
        amount: Amount,
        in_flight_max: u64,
    ) -> Result<Self, BenchError> {
        let latencies = Histogram::new_with_bounds(1, LATENCY_MAX, DIGITS);
        let latencies = latencies.map_err(|error| {
            BenchError::System("record latencies", std::io::Error::other(error))
        })?;
        Ok(Self {
            start: Instant::now(),
            pace,
            until: match amount {
                Amount::For(time) => nanoseconds(time),
                Amount::Messages(_) => u64::MAX,
            },
            is_ended: false,
            in_flight_max,
            missing: 0,
            unsent: 0,
            last_progress_at: 0,
            last_echo_at: 0,
            idle: 0,
            latencies,
        })
    }

    /// Returns the time. It is taken once for each wait and each read, and counts for all messages
    /// of a read: the earlier ones arrived before the last, by less than the read took.
    pub(super) fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// Returns the number of messages that were echoed.
    pub(super) fn echoed(&self) -> u64 {
        self.latencies.len()
    }

    /// Returns whether every message was sent and echoed.
    pub(super) fn is_over(&self) -> bool {
        let all_sent = match &self.pace {
            Pace::Closed { left } => *left == 0,
            Pace::Open(schedule) => schedule.next_at().is_none(),
        };
        all_sent && self.missing == 0
    }

    /// Records echoes that a connection has received now.
    pub(super) fn record_echoes(
        &mut self,
        connection: &mut LoadConnection,
        index: usize,
        count: u64,
        now: u64,
    ) {
        match &self.pace {
            Pace::Closed { .. } => self.record_batches(connection, count, now),
            Pace::Open(schedule) => {
                for nth in connection.echoed..connection.echoed + count {
                    let due_at = schedule.due_on(index, nth);
                    self.latencies.saturating_record(now.saturating_sub(due_at));
                }
            }
        }
        connection.echoed += count;
        connection.in_flight -= count;
        self.missing -= count;
        self.last_echo_at = now;
    }

    fn record_batches(&mut self, connection: &mut LoadConnection, mut count: u64, now: u64) {
        while count > 0
            && let Some(batch) = connection.batches.front_mut()
        {
            let part = count.min(batch.count);
            self.latencies.saturating_record_n(now - batch.at, part);
            count -= part;
            batch.count -= part;
            if batch.count == 0 {
                connection.batches.pop_front();
            }
        }
    }

    /// Returns how many messages the connection sends now: up to `wanted`, or with a schedule those
    /// that are waiting. They count as sent.
    pub(super) fn take(&mut self, connection: &mut LoadConnection, wanted: u64, now: u64) -> u64 {
        match &mut self.pace {
            Pace::Closed { left } => {
                if now >= self.until {
                    *left = 0;
                }
                let count = wanted.min(*left);
                *left -= count;
                self.expect(count, now);
                connection.note_sent(now, count);
                count
            }
            Pace::Open(_) => {
                let room = self.in_flight_max.saturating_sub(connection.in_flight);
                let count = connection.waiting.min(room);
                connection.waiting -= count;
                count
            }
        }
    }

    /// Counts messages that must be echoed.
    pub(super) fn expect(&mut self, count: u64, now: u64) {
        if self.missing == 0 {
            // Until now, the server had nothing to echo.
            self.last_progress_at = now;
        }
        self.missing += count;
    }

    /// Counts messages that will not be echoed, because they were never sent.
    pub(super) fn give_up(&mut self, count: u64) {
        self.missing -= count;
        self.unsent += count;
    }

    /// Returns whether the time is over and the phase was not ended.
    pub(super) fn is_time_over(&self, now: u64) -> bool {
        now >= self.until && !self.is_ended
    }

    /// Ends the phase: no further message is sent.
    pub(super) fn end(&mut self, now: u64) {
        self.is_ended = true;
        self.until = self.until.min(now);
        match &mut self.pace {
            Pace::Closed { left } => *left = 0,
            Pace::Open(schedule) => schedule.stop(),
        }
    }

    /// Fails if the server has echoed nothing for `timeout`, whatever else it may have sent.
    pub(super) fn check_silence(&self, now: u64, timeout: Duration) -> Result<(), BenchError> {
        if self.missing == 0 || Duration::from_nanos(now - self.last_progress_at) < timeout {
            return Ok(());
        }
        Err(BenchError::Silent {
            time: timeout,
            missing: self.missing,
        })
    }

    /// Returns the result, with the bytes that the connections have exchanged.
    pub(super) fn measurement(self, wire_bytes: WireBytes) -> Measurement {
        let span = match &self.pace {
            Pace::Open(schedule) => schedule.span(),
            Pace::Closed { .. } => 0,
        };
        Measurement {
            time: Duration::from_nanos(span.max(self.last_echo_at)),
            latencies: self.latencies,
            unsent: self.unsent,
            wire_bytes,
            idle: Duration::from_nanos(self.idle),
        }
    }
}
