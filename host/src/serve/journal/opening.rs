//! When connections were opened, and what they were sent first, in as few bytes as cost an idle
//! client nothing.

use std::time::{Duration, Instant};

use slab::Slab;

use crate::serve::memory;
use crate::serve::traffic::Traffic;

/// When a connection was opened, and its greeting: the number of its entry in [`Openings`], or
/// milliseconds if it has none. 39 bits of them are enough for 17 years.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moment([u8; 5]);

/// In the last byte of a moment: it is the number of an entry.
const IS_ENTRY: u8 = 0x80;

/// The fewest entries that are made at once.
const CAPACITY_MIN: usize = 64;

/// What it costs that a connection has an entry, in bytes, at most: a list that grows has room for
/// twice as many.
pub(crate) const ENTRY_COST: usize = 2 * size_of::<(usize, Opening)>();

/// When the connections of one worker were opened. A connection with a greeting of its own has an
/// entry; the others have the usual greeting.
#[derive(Debug)]
pub(super) struct Openings {
    start: Instant,
    /// What each other client is sent before its first echo.
    pub(super) usual_greeting: Traffic,
    entries: Slab<Opening>,
}

#[derive(Clone, Copy, Debug)]
struct Opening {
    /// Since the start.
    milliseconds: u64,
    greeting: Traffic,
}

impl Openings {
    pub(super) fn new(start: Instant, usual_greeting: Traffic) -> Self {
        Self {
            start,
            usual_greeting,
            entries: Slab::new(),
        }
    }

    /// A connection is opened now, with the usual greeting.
    pub(super) fn open(&self) -> Moment {
        Moment::of(self.elapsed(), 0)
    }

    /// The same with another greeting: it must be [taken](Self::take). Without memory for an entry
    /// the greeting is not remembered.
    pub(super) fn open_with(&mut self, greeting: Traffic) -> Moment {
        let (len, capacity) = (self.entries.len(), self.entries.capacity());
        if len == capacity {
            let more = capacity.max(CAPACITY_MIN);
            let size = size_of::<(usize, Opening)>();
            let Some(_granted) = memory::ask((capacity + more) * size) else {
                return self.open();
            };
            self.entries.reserve_exact(more);
        }
        let milliseconds = self.elapsed();
        let entry = self.entries.insert(Opening {
            milliseconds,
            greeting,
        });
        Moment::of(entry as u64, IS_ENTRY)
    }

    /// Returns for how long a connection was open, and its greeting. Its moment is used up.
    pub(super) fn take(&mut self, moment: Moment) -> (Duration, Traffic) {
        let found = self.look_at(moment);
        if let Some(entry) = moment.entry() {
            self.entries.try_remove(entry);
        }
        found
    }

    /// For how long a connection is open, and its greeting.
    pub(super) fn look_at(&self, moment: Moment) -> (Duration, Traffic) {
        let opening = moment.entry().and_then(|entry| self.entries.get(entry));
        let opening = opening.copied().unwrap_or(Opening {
            milliseconds: moment.parts().0,
            greeting: self.usual_greeting,
        });
        let then = Duration::from_millis(opening.milliseconds);
        (self.start.elapsed().saturating_sub(then), opening.greeting)
    }

    /// How old a connection is now.
    pub(super) fn age(&self, moment: Moment, now: Instant) -> Duration {
        let (number, kind) = moment.parts();
        let milliseconds = match usize::try_from(number) {
            Ok(entry) if kind == IS_ENTRY => self.entries.get(entry).map(|it| it.milliseconds),
            _ => None,
        };
        let then = Duration::from_millis(milliseconds.unwrap_or(number));
        let elapsed = now.saturating_duration_since(self.start);
        elapsed.saturating_sub(then)
    }

    /// Whether no connection has an entry.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn elapsed(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }
}

impl Moment {
    /// The first 39 bits of a number, and its kind.
    fn of(number: u64, kind: u8) -> Self {
        let [first @ .., last, _, _, _] = number.to_le_bytes();
        let [a, b, c, d] = first;
        Self([a, b, c, d, last & !IS_ENTRY | kind])
    }

    /// The number of its entry, if it has one.
    fn entry(self) -> Option<usize> {
        let (number, kind) = self.parts();
        (kind == IS_ENTRY).then(|| usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn parts(self) -> (u64, u8) {
        let [a, b, c, d, last] = self.0;
        let number = u64::from_le_bytes([a, b, c, d, last & !IS_ENTRY, 0, 0, 0]);
        (number, last & IS_ENTRY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Traffic = Traffic {
        messages: 1,
        bytes: 7,
    };

    fn own(bytes: u64) -> Traffic {
        Traffic { messages: 1, bytes }
    }

    #[test]
    fn each_connection_has_its_greeting_in_whatever_order_they_end() {
        let mut openings = Openings::new(Instant::now(), USUAL);
        assert_eq!(size_of::<Moment>(), 5);
        let opened: Vec<_> = (0..1000).map(|len| openings.open_with(own(len))).collect();
        let usual = openings.open();
        assert_eq!(openings.take(usual).1, USUAL);
        for step in [7, 1] {
            for len in (0..1000).step_by(step) {
                let is_first = step == 7 || len % 7 != 0;
                if is_first {
                    let (_, greeting) = openings.take(opened[len]);
                    assert_eq!(greeting, own(len as u64));
                }
            }
        }
        assert!(openings.is_empty());
        // A second end does no harm.
        assert_eq!(openings.take(opened[3]).1, USUAL);
    }

    #[test]
    fn a_moment_lasts_for_years_and_is_no_entry() {
        let ten_years = 10 * 365 * 86_400 * 1000;
        let moment = Moment::of(ten_years, 0);
        assert_eq!(moment.parts(), (ten_years, 0));
        let start = Instant::now();
        let mut openings = Openings::new(start, USUAL);
        let moment = openings.open();
        let (lasted, _) = openings.take(moment);
        assert!(lasted <= start.elapsed());
        assert_eq!(openings.take(Moment::of(ten_years, 0)).0, Duration::ZERO);
    }
}
