//! How long a connection may last, so that long ones spread over new servers.

use std::time::Duration;

/// 2^32 divided by the golden ratio: multiples of it, modulo 2^32, spread evenly however many
/// there are.
const SPREAD: u32 = 0x9E37_79B9;
/// The last part of the time, in which connections end: each at another moment.
const SPREAD_PART: u32 = 5;

/// How long a connection may last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime(pub(crate) Duration);

impl Lifetime {
    /// How much is left to the client at `key` whose connection has this age. Nothing is kept for
    /// it: those that connect one after the other have keys that follow each other.
    pub(crate) fn left(self, key: usize, age: Duration) -> Duration {
        let share = (key as u32).wrapping_mul(SPREAD);
        let share = f64::from(share) / f64::from(u32::MAX);
        let spread = (self.0 / SPREAD_PART).mul_f64(share);
        self.0.saturating_sub(spread).saturating_sub(age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn connections_that_begin_together_end_in_the_last_fifth_one_after_the_other() {
        let lifetime = Lifetime(100 * SECOND);
        let mut ends: Vec<_> = (0..1000)
            .map(|key| lifetime.left(key, Duration::ZERO))
            .collect();
        ends.sort_unstable();
        assert!(
            ends.iter()
                .all(|end| (80 * SECOND..=100 * SECOND).contains(end))
        );
        let gaps = ends.windows(2).map(|pair| pair[1] - pair[0]);
        // Evenly spread, they would be 20 ms apart.
        assert!(gaps.max() < Some(Duration::from_millis(60)));
    }

    #[test]
    fn nothing_is_left_after_the_end() {
        let lifetime = Lifetime(10 * SECOND);
        assert_eq!(lifetime.left(0, 4 * SECOND), 6 * SECOND);
        assert_eq!(lifetime.left(0, 10 * SECOND), Duration::ZERO);
        assert_eq!(lifetime.left(7, 100 * SECOND), Duration::ZERO);
    }
}
