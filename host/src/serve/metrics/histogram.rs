//! How long things took: how many there were up to each of some bounds.

use std::time::Duration;

/// Bounds for connections, which last from a request's time to days.
pub(crate) static CONNECTION_BOUNDS: [Duration; 10] = [
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(4),
    Duration::from_hours(12),
    Duration::from_hours(24),
];

/// Bounds for round trips: on one machine, in one city, around the world, and by a bad radio link.
pub(crate) static ROUND_TRIP_BOUNDS: [Duration; 12] = [
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// How many times were within each of `N` bounds, and all of them together.
#[derive(Clone, Debug)]
pub(crate) struct Histogram<const N: usize> {
    bounds: &'static [Duration; N],
    /// For each bound: how many times are up to it, and longer than the bound before it.
    counts: [u64; N],
    count: u64,
    sum: Duration,
}

impl<const N: usize> Histogram<N> {
    /// Nothing yet. Each bound is longer than the one before it.
    pub(crate) fn new(bounds: &'static [Duration; N]) -> Self {
        Self {
            bounds,
            counts: [0; N],
            count: 0,
            sum: Duration::ZERO,
        }
    }

    /// Counts one that took this long.
    pub(crate) fn observe(&mut self, time: Duration) {
        let place = self.bounds.partition_point(|bound| *bound < time);
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(time);
    }

    /// Adds what another one has counted, which has the same bounds.
    pub(crate) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// Each bound, and how many times were not longer.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        self.bounds.iter().copied().zip(sums)
    }

    /// How many times were counted.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all times.
    pub(crate) fn sum(&self) -> Duration {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static BOUNDS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

    #[test]
    fn a_time_counts_up_to_each_bound_that_it_does_not_exceed() {
        let mut histogram = Histogram::new(&BOUNDS);
        for milliseconds in [0, 1_000, 1_001, 10_000, 10_001] {
            histogram.observe(Duration::from_millis(milliseconds));
        }
        let mut twice = histogram.clone();
        twice.add(&histogram);
        for (histogram, times) in [(&histogram, 1), (&twice, 2)] {
            let counts: Vec<_> = histogram.cumulative().map(|(_, count)| count).collect();
            assert_eq!(counts, [2 * times, 4 * times]);
            assert_eq!(histogram.count(), 5 * times);
            let sum = Duration::from_millis(22_002 * times);
            assert_eq!(histogram.sum(), sum);
        }
    }

    #[test]
    fn the_bounds_grow() {
        assert!(CONNECTION_BOUNDS.is_sorted_by(|a, b| a < b));
        assert!(ROUND_TRIP_BOUNDS.is_sorted_by(|a, b| a < b));
    }
}
