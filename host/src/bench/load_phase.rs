//! A stretch of load, warm-up or measurement: what is still to be sent, and what has come back when.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::error::BenchError;
use super::load_connection::LoadConnection;
use super::pace::Pace;
use crate::options::bench::Amount;

/// Latencies are told to three digits, from a nanosecond to an hour.
const DIGITS: u8 = 3;
const LATENCY_MAX: u64 = 3_600 * 1_000_000_000;

/// A phase under way. Times are in nanoseconds since its start.
#[derive(Debug)]
pub(super) struct LoadPhase {
    start: Instant,
    pub(super) pace: Pace,
    /// When no more messages are sent.
    until: u64,
    is_ended: bool,
    /// How many messages may be without their echo, for each connection.
    in_flight_max: u64,
    /// How many messages are due or sent, and not back.
    missing: u64,
    /// How many messages were due and never sent, because the time was over.
    unsent: u64,
    /// When a part of an awaited echo came for the last time.
    pub(super) heard_at: u64,
    /// When the last echo came.
    answered_at: u64,
    /// How long the generator has looked at the clock for want of anything to do.
    pub(super) idle: u64,
    latencies: Histogram<u64>,
}

/// What came of a phase.
#[derive(Debug)]
pub(super) struct Measurement {
    /// How long it took, from the first message to the last echo.
    pub(super) time: Duration,
    /// The latencies of all messages, in nanoseconds.
    pub(super) latencies: Histogram<u64>,
    /// How many messages were due and never sent.
    pub(super) unsent: u64,
    /// How long the generator had nothing to do and did not sleep.
    pub(super) idle: Duration,
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
                Amount::For(time) => u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
                Amount::Messages(_) => u64::MAX,
            },
            is_ended: false,
            in_flight_max,
            missing: 0,
            unsent: 0,
            heard_at: 0,
            answered_at: 0,
            idle: 0,
            latencies,
        })
    }

    /// The time. It is taken once per wait and once per read, and is that of all messages of a read:
    /// those before the last were there earlier, by less than the read took.
    pub(super) fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// How many messages have come back.
    pub(super) fn answered(&self) -> u64 {
        self.latencies.len()
    }

    /// Whether nothing is to be sent and nothing to come.
    pub(super) fn is_over(&self) -> bool {
        let all_sent = match &self.pace {
            Pace::Closed { left } => *left == 0,
            Pace::Open(schedule) => schedule.next_at().is_none(),
        };
        all_sent && self.missing == 0
    }

    /// Counts echoes that a connection has received now.
    pub(super) fn settle(
        &mut self,
        connection: &mut LoadConnection,
        index: usize,
        count: u64,
        now: u64,
    ) {
        match &self.pace {
            Pace::Closed { .. } => self.settle_batches(connection, count, now),
            Pace::Open(schedule) => {
                for nth in connection.answered..connection.answered + count {
                    let due_at = schedule.due_on(index, nth);
                    self.latencies.saturating_record(now.saturating_sub(due_at));
                }
            }
        }
        connection.answered += count;
        connection.in_flight -= count;
        self.missing -= count;
        self.answered_at = now;
    }

    fn settle_batches(&mut self, connection: &mut LoadConnection, mut count: u64, now: u64) {
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

    /// How many messages the connection sends now, of `wanted` without a schedule; they count as
    /// sent.
    pub(super) fn take(&mut self, connection: &mut LoadConnection, wanted: u64, now: u64) -> u64 {
        match &mut self.pace {
            Pace::Closed { left } => {
                if now >= self.until {
                    *left = 0;
                }
                let count = wanted.min(*left);
                *left -= count;
                self.expect(count, now);
                connection.note(now, count);
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

    /// Counts messages that are to come back.
    pub(super) fn expect(&mut self, count: u64, now: u64) {
        if self.missing == 0 {
            // Until now there was nothing to hear.
            self.heard_at = now;
        }
        self.missing += count;
    }

    /// Counts messages that will not come back, as they were never sent.
    pub(super) fn give_up(&mut self, count: u64) {
        self.missing -= count;
        self.unsent += count;
    }

    /// Whether it is to be ended now.
    pub(super) fn is_time_over(&self, now: u64) -> bool {
        now >= self.until && !self.is_ended
    }

    /// Lets nothing more be sent.
    pub(super) fn end(&mut self, now: u64) {
        self.is_ended = true;
        self.until = self.until.min(now);
        match &mut self.pace {
            Pace::Closed { left } => *left = 0,
            Pace::Open(schedule) => schedule.stop(),
        }
    }

    /// Fails when the server has echoed nothing for too long, whatever else it may have sent.
    pub(super) fn check_silence(&self, now: u64, timeout: Duration) -> Result<(), BenchError> {
        if self.missing == 0 || Duration::from_nanos(now - self.heard_at) < timeout {
            return Ok(());
        }
        Err(BenchError::Silent {
            time: timeout,
            missing: self.missing,
        })
    }

    /// What came of it.
    pub(super) fn outcome(self) -> Measurement {
        let span = match &self.pace {
            Pace::Open(schedule) => schedule.span(),
            Pace::Closed { .. } => 0,
        };
        Measurement {
            time: Duration::from_nanos(span.max(self.answered_at)),
            latencies: self.latencies,
            unsent: self.unsent,
            idle: Duration::from_nanos(self.idle),
        }
    }
}
