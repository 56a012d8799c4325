//! Exact wake-ups for the few clients that need them: at most one for each, to the nanosecond. (The
//! timer wheel finds a deadline two ticks late.) While no client has one, it costs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// About what an alarm costs, in bytes: its places in both trees, which may be half full.
pub(crate) const ALARM_COST: usize =
    2 * (size_of::<(Instant, usize)>() + size_of::<(usize, Instant)>());

/// When clients must get a turn, by their keys.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    by_time: BTreeSet<(Instant, usize)>,
    by_key: BTreeMap<usize, Instant>,
}

impl Alarms {
    /// Whether there are none.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_time.is_empty()
    }

    /// Sets the alarm of a client instead of the one that it has; `None` for none.
    pub(crate) fn set(&mut self, key: usize, at: Option<Instant>) {
        let before = match at {
            Some(at) => self.by_key.insert(key, at),
            None => self.by_key.remove(&key),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.by_time.remove(&(before, key));
        }
        if let Some(at) = at {
            self.by_time.insert((at, key));
        }
    }

    /// Takes the earliest alarm that is due, and returns whose it is.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<usize> {
        let (at, key) = *self.by_time.first()?;
        if at > now {
            return None;
        }
        self.set(key, None);
        Some(key)
    }

    /// When the next one is.
    pub(crate) fn next(&self) -> Option<Instant> {
        let (at, _) = self.by_time.first()?;
        Some(*at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn alarms_are_found_in_their_order_when_they_are_due_and_each_client_has_one() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut alarms = Alarms::default();
        assert!(alarms.is_empty());
        assert_eq!(alarms.next(), None);
        for (key, milliseconds) in [(1, 30), (2, 10), (3, 20), (2, 25), (4, 5)] {
            alarms.set(key, Some(after(milliseconds)));
        }
        alarms.set(4, None);
        assert_eq!(alarms.next(), Some(after(20)));
        assert_eq!(alarms.pop_due(after(19)), None);
        let mut due = || alarms.pop_due(after(30));
        assert_eq!(
            [due(), due(), due(), due()],
            [Some(3), Some(2), Some(1), None]
        );
        assert!(alarms.is_empty());
    }
}
