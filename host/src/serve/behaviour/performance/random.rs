//! Random choices that can be repeated: the same seed makes the same ones, in each version of this
//! program. (They are SplitMix64, by Steele, Lea and Flood.)

use std::time::Duration;

/// Where choices come from.
#[derive(Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number of 64 bits.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A time that is not longer than this, each nanosecond with the same probability.
    pub(super) fn up_to(&mut self, longest: Duration) -> Duration {
        let choices = longest.as_nanos() + 1;
        let chosen = (u128::from(self.next()) * choices) >> u64::BITS;
        // It is below 2^64: no time here is longer than some hours.
        Duration::from_nanos(chosen as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_seed_are_those_of_the_published_algorithm() {
        let mut random = Random::new(1_234_567);
        let numbers = [(); 3].map(|()| random.next());
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn times_are_up_to_the_longest_and_of_all_lengths() {
        let longest = Duration::from_millis(100);
        let mut random = Random::new(1);
        let times: Vec<_> = (0..1000).map(|_| random.up_to(longest)).collect();
        assert!(times.iter().all(|time| *time <= longest));
        assert!(times.iter().any(|time| *time < longest / 20));
        assert!(times.iter().any(|time| *time > longest * 19 / 20));
        assert_eq!(random.up_to(Duration::ZERO), Duration::ZERO);
    }
}
