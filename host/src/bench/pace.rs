//! When messages are sent: as soon as earlier ones are echoed, or by a schedule.

use std::time::Duration;

use crate::options::bench::Amount;
use crate::time::NANOSECONDS_PER_SECOND;

/// What triggers the next message. Times are in nanoseconds since the start of the phase.
#[derive(Clone, Debug)]
pub(super) enum Pace {
    /// An echo (closed loop); `left` more messages may be sent.
    Closed { left: u64 },
    /// The time (open loop).
    Open(Schedule),
}

impl Pace {
    /// The pace of a phase.
    pub(super) fn new(rate: Option<f64>, connections: usize, amount: Amount) -> Self {
        let Some(rate) = rate else {
            let left = match amount {
                Amount::For(_) => u64::MAX,
                Amount::Messages(count) => count,
            };
            return Self::Closed { left };
        };
        Self::Open(Schedule::new(rate, connections, amount))
    }
}

/// Of all messages, message `k` is due at `k / rate`, on the connection `k mod connections`.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    interval: f64,
    connections: u64,
    total: u64,
    given: u64,
    /// When the next one is due.
    next_at: u64,
}

impl Schedule {
    fn new(rate: f64, connections: usize, amount: Amount) -> Self {
        let mut schedule = Self {
            interval: NANOSECONDS_PER_SECOND / rate,
            connections: connections as u64,
            total: u64::MAX,
            given: 0,
            next_at: 0,
        };
        schedule.total = match amount {
            // The first one is due at once, so there is always one.
            Amount::For(time) => schedule.due_before(nanoseconds(time)).max(1),
            Amount::Messages(count) => count,
        };
        schedule
    }

    /// Returns when message `k` is due.
    fn due_at(&self, k: u64) -> u64 {
        (k as f64 * self.interval) as u64
    }

    /// Returns when a connection's message is due, counted from 0.
    pub(super) fn due_on(&self, connection: usize, nth: u64) -> u64 {
        self.due_at(connection as u64 + nth * self.connections)
    }

    /// Returns how many messages are due before `time`.
    fn due_before(&self, time: u64) -> u64 {
        let mut count = (time as f64 / self.interval) as u64;
        while count > 0 && self.due_at(count - 1) >= time {
            count -= 1;
        }
        while self.due_at(count) < time {
            count += 1;
        }
        count
    }

    /// Takes the messages that have become due: the index of each of their connections, and how
    /// many it sends.
    pub(super) fn take_due(&mut self, now: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let connections = self.connections;
        let first = self.given;
        if now >= self.next_at {
            self.given = self.due_before(now + 1).min(self.total);
            self.next_at = self.due_at(self.given);
        }
        let count = self.given - first;
        (0..count.min(connections)).map(move |place| {
            let share = (count - place).div_ceil(connections);
            (((first + place) % connections) as usize, share)
        })
    }

    /// Returns when the next message is due; `None` if all were.
    pub(super) fn next_at(&self) -> Option<u64> {
        (self.given < self.total).then_some(self.next_at)
    }

    /// Ends the schedule: no further message becomes due.
    pub(super) fn stop(&mut self) {
        self.total = self.given;
    }

    /// Returns the length of the schedule so far: when the message after the last one would be due.
    pub(super) fn span(&self) -> u64 {
        self.due_at(self.given)
    }
}

/// Returns a time in nanoseconds. One that is too long for the type becomes its largest value.
pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Amount = Amount::For(Duration::from_secs(1));

    fn schedule(rate: f64, connections: usize, amount: Amount) -> Schedule {
        match Pace::new(Some(rate), connections, amount) {
            Pace::Open(schedule) => schedule,
            Pace::Closed { .. } => panic!("a rate is a schedule"),
        }
    }

    fn due(schedule: &mut Schedule, now: u64) -> Vec<(usize, u64)> {
        schedule.take_due(now).collect()
    }

    #[test]
    fn a_message_is_due_at_its_multiple_of_the_interval_on_the_next_connection() {
        let mut schedule = schedule(10.0, 3, SECOND);
        assert_eq!(due(&mut schedule, 0), [(0, 1)]);
        assert_eq!(due(&mut schedule, 99_999_999), []);
        assert_eq!(schedule.next_at(), Some(100_000_000));
        assert_eq!(due(&mut schedule, 100_000_000), [(1, 1)]);
        assert_eq!(due(&mut schedule, 399_999_999), [(2, 1), (0, 1)]);
        assert_eq!(schedule.due_on(0, 1), 300_000_000);
        assert_eq!(schedule.due_on(2, 0), 200_000_000);
    }

    #[test]
    fn missed_messages_are_due_at_once_and_shared_between_the_connections() {
        let mut schedule = schedule(10.0, 3, SECOND);
        assert_eq!(due(&mut schedule, 100_000_000), [(0, 1), (1, 1)]);
        assert_eq!(due(&mut schedule, 5_000_000_000), [(2, 3), (0, 3), (1, 2)]);
        assert_eq!(due(&mut schedule, 6_000_000_000), []);
        assert_eq!((schedule.next_at(), schedule.span()), (None, 1_000_000_000));
    }

    #[test]
    fn a_duration_has_the_messages_that_are_due_before_its_end_and_at_least_one() {
        for (rate, expected) in [(10.0, 10), (0.5, 1), (3.0, 3), (1.5, 2), (1e6, 1_000_000)] {
            let mut schedule = schedule(rate, 1, SECOND);
            assert_eq!(due(&mut schedule, u64::MAX / 2), [(0, expected)], "{rate}");
        }
    }

    #[test]
    fn a_number_of_messages_is_exact_and_a_stop_ends_it() {
        let mut counted = schedule(1e9, 7, Amount::Messages(20));
        let all: u64 = due(&mut counted, 1_000_000)
            .iter()
            .map(|(_, count)| count)
            .sum();
        assert_eq!(all, 20);
        let mut stopped = schedule(1.0, 1, Amount::Messages(20));
        assert_eq!(due(&mut stopped, 0), [(0, 1)]);
        stopped.stop();
        assert_eq!(
            (stopped.next_at(), due(&mut stopped, u64::MAX / 2)),
            (None, vec![])
        );
    }

    #[test]
    fn without_a_rate_an_echo_triggers_the_next_message() {
        let left = |amount| match Pace::new(None, 5, amount) {
            Pace::Closed { left } => left,
            Pace::Open(_) => panic!("there is no rate"),
        };
        assert_eq!(left(Amount::Messages(20)), 20);
        assert_eq!(left(SECOND), u64::MAX);
    }
}
