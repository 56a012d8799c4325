//! When clients were sent Pings, to know how long their answers take. An idle client keeps no room
//! for that, so a few places are kept for those that were sent one last.

use std::time::{Duration, Instant};

use crate::serve::memory;

/// How many Pings are timed at once. A power of two.
const PLACES: usize = 1024;

/// The Pings that are not answered yet. Of two clients with the same place only the first is timed.
#[derive(Debug, Default)]
pub(crate) struct RoundTrips {
    /// The key of a client, and when it was sent a Ping. Empty before the first Ping.
    places: Vec<Option<(usize, Instant)>>,
}

impl RoundTrips {
    /// A client was sent a Ping.
    pub(crate) fn begin(&mut self, key: usize, now: Instant) {
        if self.places.is_empty() {
            let Some(_granted) = memory::ask(PLACES * size_of::<Option<(usize, Instant)>>()) else {
                return;
            };
            self.places = vec![None; PLACES];
        }
        self.places[key % PLACES].get_or_insert((key, now));
    }

    /// A client has given a sign of life. Returns how long it has taken, if a Ping was timed.
    pub(crate) fn end(&mut self, key: usize, now: Instant) -> Option<Duration> {
        let place = self.places.get_mut(key % PLACES)?;
        let (_, begun) = place.take_if(|(other, _)| *other == key)?;
        Some(now.saturating_duration_since(begun))
    }

    /// A client is gone.
    pub(crate) fn forget(&mut self, key: usize) {
        if let Some(place) = self.places.get_mut(key % PLACES) {
            place.take_if(|(other, _)| *other == key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_ends_once_and_is_never_that_of_another_client() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut round_trips = RoundTrips::default();
        assert_eq!(round_trips.end(7, at(0)), None);
        round_trips.forget(7);
        round_trips.begin(7, at(1));
        // Its place is taken.
        round_trips.begin(7 + PLACES, at(2));
        assert_eq!(round_trips.end(7 + PLACES, at(3)), None);
        round_trips.forget(7 + PLACES);
        assert_eq!(round_trips.end(7, at(4)), Some(Duration::from_secs(3)));
        assert_eq!(round_trips.end(7, at(5)), None);
        round_trips.begin(7, at(6));
        round_trips.forget(7);
        assert_eq!(round_trips.end(7, at(7)), None);
    }
}
