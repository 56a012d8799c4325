//! Deadlines on a coarse clock: all of a kind are equally long, so they come due in the order in which
//! they were set, and a queue holds them. A connection that waits for nothing is in no queue.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How late a deadline may be: deadlines that are closer together cost one wake-up.
pub(crate) const GRANULARITY: Duration = Duration::from_millis(50);

/// How many deadlines of no use there may be beyond as many as were pending at the last look.
const SPARE: usize = 1024;

/// Which connection a deadline is for. Keys are used again, numbers are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// Where the worker keeps the connection.
    pub(crate) key: usize,
    /// Which of the worker's connections it is, counted from its start.
    pub(crate) number: u64,
}

/// The deadlines of one kind.
#[derive(Debug)]
pub(crate) struct Deadlines {
    after: Duration,
    queue: VecDeque<(Instant, Ticket)>,
    /// With how many it is worth to look for those of no use.
    many: usize,
}

impl Deadlines {
    /// No deadlines yet; each will be due `after` it was set.
    pub(crate) fn new(after: Duration) -> Self {
        Self {
            after,
            queue: VecDeque::new(),
            many: SPARE,
        }
    }

    pub(crate) fn set(&mut self, now: Instant, ticket: Ticket) {
        self.queue.push_back((now + self.after, ticket));
    }

    /// Forgets all deadlines but those that are `is_pending`, as soon as there are many.
    pub(crate) fn forget(&mut self, is_pending: impl Fn(Ticket) -> bool) {
        if self.queue.len() < self.many {
            return;
        }
        self.queue.retain(|&(_, ticket)| is_pending(ticket));
        // So each new one pays for a look at one that is pending.
        self.many = 2 * self.queue.len() + SPARE;
    }

    /// Takes the next deadline that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Ticket> {
        let due = self.queue.pop_front_if(|(due, _)| *due <= now);
        due.map(|(_, ticket)| ticket)
    }

    /// When the next deadline is due that `is_pending`; those before it are forgotten.
    pub(crate) fn next(&mut self, is_pending: impl Fn(Ticket) -> bool) -> Option<Instant> {
        while let Some(&(due, ticket)) = self.queue.front() {
            if is_pending(ticket) {
                return Some(due);
            }
            self.queue.pop_front();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(key: usize) -> Ticket {
        let number = key as u64;
        Ticket { key, number }
    }

    #[test]
    fn deadlines_come_due_in_their_order_and_not_early() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut deadlines = Deadlines::new(second);
        deadlines.set(start, ticket(1));
        deadlines.set(start + second, ticket(2));
        assert_eq!(deadlines.take_due(start), None);
        assert_eq!(deadlines.take_due(start + second), Some(ticket(1)));
        assert_eq!(deadlines.take_due(start + second), None);
        assert_eq!(deadlines.take_due(start + 2 * second), Some(ticket(2)));
    }

    #[test]
    fn deadlines_of_connections_that_went_on_wake_nobody() {
        let start = Instant::now();
        let mut deadlines = Deadlines::new(Duration::from_secs(1));
        deadlines.set(start, ticket(1));
        deadlines.set(start, ticket(2));
        let due = deadlines.next(|pending| pending == ticket(2));
        assert_eq!(due, Some(start + Duration::from_secs(1)));
        assert_eq!(deadlines.next(|_| false), None);
        assert!(deadlines.queue.is_empty());
    }

    #[test]
    fn what_is_not_pending_can_be_forgotten_behind_what_is() {
        let mut deadlines = Deadlines::new(Duration::from_secs(1));
        for key in 0..10 * SPARE {
            deadlines.set(Instant::now(), ticket(key));
            deadlines.forget(|pending| pending == ticket(0) || pending == ticket(7));
            assert!(deadlines.queue.len() < SPARE + 4);
        }
        let kept: Vec<_> = deadlines.queue.iter().take(2).map(|it| it.1).collect();
        assert_eq!(kept, [ticket(0), ticket(7)]);
    }
}
