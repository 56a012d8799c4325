//! Deadlines set, cancelled and taken, alone and against a model that looks at all of them.

use std::collections::BTreeMap;

use super::*;

impl TimerWheel {
    /// Whether a key has a deadline.
    fn is_set(&self, key: usize) -> bool {
        let link = link_of(key);
        let next = self.links.get(link as usize).map(|link| link.next);
        next.is_some_and(|next| next != link)
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn taken(wheel: &mut TimerWheel) -> Vec<usize> {
    std::iter::from_fn(|| wheel.pop_expired()).collect()
}

#[test]
fn deadlines_expire_in_their_order_and_not_early() {
    let start = Instant::now();
    let mut wheel = TimerWheel::new(start);
    wheel.set(7, Ticks::at_least(2 * SECOND));
    wheel.set(3, Ticks::at_least(SECOND));
    wheel.advance(start + SECOND);
    assert_eq!(wheel.pop_expired(), None);
    wheel.advance(start + SECOND + GRANULARITY);
    assert_eq!(taken(&mut wheel), [3]);
    wheel.set(3, Ticks::at_least(SECOND));
    wheel.advance(start + 10 * SECOND);
    assert_eq!(taken(&mut wheel), [7, 3]);
    assert_eq!(wheel.timeout(Instant::now()), None);
}

#[test]
fn a_deadline_that_is_set_in_the_middle_of_a_tick_is_not_early() {
    let start = Instant::now();
    let mut wheel = TimerWheel::new(start);
    // The clock shows the beginning of the tick, which is nearly over.
    wheel.set(0, Ticks::at_least(GRANULARITY));
    wheel.advance(start + GRANULARITY);
    assert_eq!(wheel.pop_expired(), None);
    wheel.advance(start + 2 * GRANULARITY);
    assert_eq!(wheel.pop_expired(), Some(0));
}

#[test]
fn a_wait_for_the_next_deadline_takes_one_wake_up_and_without_any_has_no_end() {
    let start = Instant::now();
    let mut wheel = TimerWheel::new(start);
    assert_eq!(wheel.timeout(Instant::now()), None);
    for key in 0..1000 {
        wheel.set(key, Ticks::at_least(25 * SECOND));
    }
    let timeout = wheel.timeout(Instant::now()).unwrap();
    assert_eq!(timeout, 25 * SECOND + GRANULARITY);
    wheel.advance(start + timeout);
    assert_eq!(wheel.timeout(Instant::now()), Some(Duration::ZERO));
    assert_eq!(taken(&mut wheel).len(), 1000);
    assert_eq!(wheel.timeout(Instant::now()), None);
}

#[test]
fn a_deadline_that_is_cancelled_or_set_again_causes_no_wake_up() {
    let start = Instant::now();
    let mut wheel = TimerWheel::new(start);
    wheel.cancel(5);
    for key in 0..3 {
        wheel.set(key, Ticks::at_least(SECOND));
    }
    wheel.cancel(0);
    wheel.set(1, Ticks::at_least(3 * SECOND));
    wheel.cancel(2);
    assert!(wheel.is_set(1) && !wheel.is_set(2) && !wheel.is_set(5));
    assert_eq!(
        wheel.timeout(Instant::now()),
        Some(3 * SECOND + GRANULARITY)
    );
    // Also one that is due and not taken.
    wheel.set(2, Ticks::at_least(SECOND));
    wheel.advance(start + 5 * SECOND);
    wheel.cancel(2);
    assert_eq!(taken(&mut wheel), [1]);
    assert_eq!(wheel.timeout(Instant::now()), None);
}

#[test]
fn far_deadlines_expire_in_their_own_revolution_and_little_late() {
    let start = Instant::now();
    let mut wheel = TimerWheel::new(start);
    let day = 24 * 60 * 60 * SECOND;
    wheel.set(0, Ticks::at_least(day));
    wheel.set(1, Ticks::at_least(2 * day));
    let (mut now, mut wakes) = (start, 0);
    while let Some(timeout) = wheel.timeout(Instant::now()) {
        now += timeout;
        wheel.advance(now);
        wakes += 1;
        if wheel.pop_expired() == Some(0) {
            break;
        }
    }
    assert!(now >= start + day && now < start + day + 4 * SECOND);
    assert!(wakes <= 2 * 86_400 / 102 + 2, "{wakes}");
}

#[test]
fn far_deadlines_that_are_set_at_any_time_share_their_wake_ups() {
    let start = Instant::now();
    let mut wheel = TimerWheel::new(start);
    for key in 0..10_000 {
        wheel.advance(start + GRANULARITY * key as u32);
        wheel.set(key, Ticks::at_least(3600 * SECOND));
    }
    let filled: u32 = wheel.filled.iter().map(|word| word.count_ones()).sum();
    assert_eq!(filled, SLOTS / FAR_TICKS);
}

#[test]
fn a_clock_that_wraps_around_is_harmless() {
    let start = Instant::now();
    let mut wheel = TimerWheel::new(start);
    wheel.advance(start + GRANULARITY * (u32::MAX - 3));
    let before = start + GRANULARITY * (u32::MAX - 3);
    wheel.set(0, Ticks(2));
    wheel.set(1, Ticks(10));
    wheel.set(2, Ticks(SLOTS + 10));
    for (ticks, expected) in [(1, &[][..]), (2, &[0]), (9, &[]), (10, &[1]), (2057, &[])] {
        wheel.advance(before + GRANULARITY * ticks);
        assert_eq!(taken(&mut wheel), expected, "after {ticks}");
    }
    wheel.advance(before + GRANULARITY * (SLOTS + 10 + FAR_TICKS));
    assert_eq!(taken(&mut wheel), [2]);
}

#[test]
fn a_part_of_a_span_is_at_least_a_tick_and_at_most_the_span() {
    assert_eq!(Ticks(500).part(0), Ticks(1));
    assert_eq!(Ticks(500).part(u32::MAX), Ticks(500));
    assert_eq!(Ticks(500).part(1 << 31), Ticks(251));
}

/// When deadlines must expire: those in the same tick in any order.
#[derive(Default)]
struct Model {
    due: BTreeMap<usize, Instant>,
}

impl Model {
    fn pop_expired(&mut self, now: Instant) -> Vec<usize> {
        let late = |due: &Instant| *due <= now;
        let keys = self.due.iter().filter(|(_, due)| late(due));
        let keys: Vec<_> = keys.map(|(key, _)| *key).collect();
        self.due.retain(|_, due| !late(due));
        keys
    }
}

#[test]
fn any_sequence_of_operations_has_the_outcome_of_the_model() {
    let start = Instant::now();
    for seed in 0..20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut wheel, mut model) = (TimerWheel::new(start), Model::default());
        let mut ticks = 0;
        for _ in 0..5_000 {
            let key = random.usize(..50);
            match random.u32(..10) {
                0..5 => {
                    let after = random.u32(1..2 * SLOTS);
                    let mut due = ticks + after;
                    if after >= SLOTS {
                        due |= FAR_TICKS - 1;
                    }
                    wheel.set(key, Ticks(after));
                    model.due.insert(key, start + GRANULARITY * due);
                }
                5..7 => {
                    wheel.cancel(key);
                    model.due.remove(&key);
                }
                _ => {
                    let longest = 1 << random.u32(..13);
                    ticks += random.u32(..longest);
                    let now = start + GRANULARITY * ticks;
                    wheel.advance(now);
                    let mut due = taken(&mut wheel);
                    due.sort_unstable();
                    assert_eq!(due, model.pop_expired(now), "seed {seed}, tick {ticks}");
                    let next = model.due.values().min();
                    let timeout = wheel.timeout(Instant::now());
                    assert_eq!(timeout.is_some(), next.is_some(), "seed {seed}");
                    assert!(
                        timeout.is_none_or(|it| Some(&(now + it)) <= next),
                        "seed {seed}"
                    );
                }
            }
            assert_eq!(wheel.is_set(key), model.due.contains_key(&key));
        }
    }
}

#[test]
fn an_alarm_is_exact_among_deadlines_and_takes_the_place_of_one() {
    let start = Instant::now();
    let after = |milliseconds| start + Duration::from_millis(milliseconds);
    let mut wheel = TimerWheel::new(start);
    wheel.set(1, Ticks::at_least(SECOND));
    wheel.set(2, Ticks::at_least(SECOND));
    wheel.set_alarm(2, Some(after(123)));
    wheel.set_alarm(3, Some(after(7)));
    assert_eq!(wheel.timeout(start), Some(Duration::from_millis(7)));
    assert_eq!(wheel.timeout(after(2)), Some(Duration::from_millis(5)));
    wheel.advance(after(6));
    assert_eq!(taken(&mut wheel), [0; 0]);
    wheel.advance(after(7));
    assert_eq!(wheel.timeout(after(7)), Some(Duration::ZERO));
    assert_eq!(taken(&mut wheel), [3]);
    // The next tick is no reason to look earlier, or later.
    wheel.advance(after(122));
    assert_eq!(taken(&mut wheel), [0; 0]);
    assert_eq!(wheel.timeout(after(122)), Some(Duration::from_millis(1)));
    wheel.advance(after(124));
    wheel.set_alarm(2, Some(after(500)));
    assert_eq!(taken(&mut wheel), [0; 0], "another time was set");
    wheel.forget(2);
    wheel.advance(after(1_000) + GRANULARITY);
    assert_eq!(taken(&mut wheel), [1]);
    assert_eq!(wheel.timeout(after(2_000)), None);
}

#[test]
fn a_shortened_span_keeps_seven_eighths() {
    let span = Ticks(800);
    let shares = [0, 1 << 29, u32::MAX];
    let shortened = shares.map(|share| span.shortened(share).0);
    assert_eq!(shortened, [800, 788, 701]);
    assert_eq!(span.shortest(), Ticks(701));
    assert_eq!(Ticks(1).shortest(), Ticks(1));
}
