//! A hashed timing wheel: deadlines on a coarse clock, at most one for each key. Setting and
//! cancelling one costs the same however many there are, and a cancelled one leaves nothing.
//!
//! ```text
//!  slot of tick   0   1   2   3 ...   2047     due
//!                 |   |   |   |        |        |
//!                 o   5   o   o       7-2       9      rings of links; a link's place is its key
//! ```
//!
//! A deadline stays in the slot of its tick until that tick begins, and then among those that are
//! due until it is taken. One that is further away than one revolution of the wheel stays in its
//! slot until its own tick begins.
//!
//! A key may have an alarm instead, which is exact. While there is none, alarms cost nothing.

use std::time::{Duration, Instant};

use crate::serve::alarms::Alarms;

/// The length of a tick: deadlines within one cost one wake-up. A deadline may be found two ticks
/// late, and a far one a few seconds.
pub(crate) const GRANULARITY: Duration = Duration::from_millis(GRANULARITY_MILLISECONDS);
const GRANULARITY_MILLISECONDS: u64 = 50;

/// A power of two, so that a slot follows from a tick of any width. A revolution takes 102 seconds.
const SLOTS: u32 = 2048;
const WORDS: u32 = SLOTS / 64;
const _: () = assert!(WORDS == u32::BITS, "there is a bit for each");

/// The ring of what is due, after the rings of the slots.
const DUE: u32 = SLOTS;
/// Where the link of key 0 is, after those of the rings.
const FIRST_KEY: u32 = SLOTS + 1;

/// Far deadlines are rounded up to a multiple of this many ticks. So few slots hold them, and few
/// wake-ups find nothing that is due.
const FAR_TICKS: u32 = 64;

/// A span is shortened by less than a part of 2 to the power of this.
const SHORTENING: u32 = 3;

/// A span of time in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticks(u32);

impl Ticks {
    /// The fewest ticks that are not shorter than this, from any moment on.
    pub(crate) fn at_least(duration: Duration) -> Self {
        let whole = duration.as_nanos().div_ceil(GRANULARITY.as_nanos());
        // The current tick has begun already. Half of all ticks are in the future.
        let ticks = (whole + 1).min(u128::from(u32::MAX / 2));
        Self(ticks as u32)
    }

    /// How long this is.
    pub(crate) fn duration(self) -> Duration {
        GRANULARITY * self.0
    }

    /// The time that has passed at least if so much of the span is left.
    pub(crate) fn passed(self, left: Duration) -> Duration {
        // The first tick had begun already.
        (GRANULARITY * self.0.saturating_sub(1)).saturating_sub(left)
    }

    /// A part of the span, one tick at least: `share` of 2^32.
    pub(crate) fn part(self, share: u32) -> Self {
        Self(self.share(share) + 1)
    }

    /// The span without a share of 2^32 of an eighth of it.
    pub(crate) fn shortened(self, share: u32) -> Self {
        Self(self.0 - self.share(share >> SHORTENING))
    }

    /// The shortest span that [`shortened`](Self::shortened) can return.
    pub(crate) fn shortest(self) -> Self {
        self.shortened(u32::MAX)
    }

    fn share(self, share: u32) -> u32 {
        let part = (u64::from(self.0) * u64::from(share)) >> 32;
        part as u32
    }
}

/// A place in a ring, or the beginning and end of a ring.
#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
    /// The tick, counted modulo 2^32.
    due: u32,
}

/// What a key costs, in bytes.
pub(crate) const KEY_COST: usize = size_of::<Link>();

/// All deadlines.
#[derive(Debug)]
pub(crate) struct TimerWheel {
    start: Instant,
    /// The ticks that have passed since the start.
    now: u64,
    /// When the next one begins.
    next_tick: Instant,
    alarms: Alarms,
    /// When something may be due that is not: with the next tick, or with an alarm before it.
    next_look: Instant,
    /// Those of the rings, then those of the keys. A key without a deadline is a ring by itself.
    links: Vec<Link>,
    /// One bit for each slot: whether its ring holds a key.
    filled: [u64; WORDS as usize],
    /// One bit for each word of these.
    filled_words: u32,
    /// What [`timeout`](Self::timeout) returned last; `None` if something has changed since.
    timeout: Option<Option<Duration>>,
}

impl TimerWheel {
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            now: 0,
            next_tick: start + GRANULARITY,
            alarms: Alarms::default(),
            next_look: start + GRANULARITY,
            links: (0..FIRST_KEY).map(Link::alone).collect(),
            filled: [0; WORDS as usize],
            filled_words: 0,
            timeout: None,
        }
    }

    /// Makes room for this many keys.
    pub(crate) fn reserve(&mut self, keys: usize) {
        let links = FIRST_KEY as usize + keys;
        self.links
            .reserve_exact(links.saturating_sub(self.links.len()));
    }

    /// Sets the deadline of a key, and forgets the one or the alarm that it has.
    pub(crate) fn set(&mut self, key: usize, after: Ticks) {
        self.forget_alarm(key);
        let link = self.provide(key);
        let mut due = (self.now as u32).wrapping_add(after.0);
        if after.0 >= SLOTS {
            due |= FAR_TICKS - 1;
        }
        self.unlink(link);
        self.links[link as usize].due = due;
        self.push(due % SLOTS, link);
    }

    /// How far away the deadline of a key is that has one; no ticks if it has passed.
    pub(crate) fn left(&self, key: usize) -> Ticks {
        let due = self.links[link_of(key) as usize].due;
        // Half of all ticks are in the future.
        let ticks = due.wrapping_sub(self.now as u32) as i32;
        Ticks(u32::try_from(ticks).unwrap_or(0))
    }

    /// Where the link of a key is, which is made if there is none.
    #[inline(always)]
    fn provide(&mut self, key: usize) -> u32 {
        let link = link_of(key);
        for place in self.links.len() as u32..=link {
            self.links.push(Link::alone(place));
        }
        link
    }

    /// Forgets the deadline of a key, if it has one.
    pub(crate) fn cancel(&mut self, key: usize) {
        let link = link_of(key);
        if (link as usize) < self.links.len() {
            self.unlink(link);
        }
    }

    /// Sets the alarm of a key, and forgets the alarm and the deadline that it has.
    #[cold]
    pub(crate) fn set_alarm(&mut self, key: usize, at: Option<Instant>) {
        self.cancel(key);
        self.alarms.set(key, at);
        self.timeout = None;
        self.look_in_time();
    }

    /// Forgets the alarm and the deadline of a key.
    pub(crate) fn forget(&mut self, key: usize) {
        self.cancel(key);
        self.forget_alarm(key);
    }

    #[inline]
    fn forget_alarm(&mut self, key: usize) {
        if !self.alarms.is_empty() {
            self.set_alarm(key, None);
        }
    }

    fn look_in_time(&mut self) {
        let alarm = self.alarms.next().unwrap_or(self.next_tick);
        self.next_look = self.next_tick.min(alarm);
    }

    /// Moves the clock on to `now`. (A call would cost an echo 15 instructions more.)
    #[inline(always)]
    pub(crate) fn advance(&mut self, now: Instant) {
        if now < self.next_look {
            return;
        }
        self.move_on(now);
    }

    /// Moves the clock on to a moment at which something may become due.
    #[cold]
    #[inline(never)]
    fn move_on(&mut self, moment: Instant) {
        let now = moment.saturating_duration_since(self.start).as_millis();
        let now = now as u64 / GRANULARITY_MILLISECONDS;
        // Once around the wheel, every slot was seen.
        let passed = (now - self.now).min(u64::from(SLOTS));
        self.now = now;
        self.timeout = None;
        self.next_tick = self.start + Duration::from_millis((now + 1) * GRANULARITY_MILLISECONDS);
        for tick in now - passed + 1..=now {
            self.sweep(tick as u32 % SLOTS);
        }
        while let Some(key) = self.alarms.pop_due(moment) {
            let link = self.provide(key);
            self.unlink(link);
            self.push(DUE, link);
        }
        self.look_in_time();
    }

    /// How long it is until the deadline of a key; `None` if it has none.
    pub(crate) fn remaining(&self, key: usize) -> Option<Duration> {
        let place = link_of(key);
        let link = self.links.get(place as usize)?;
        let is_set = link.next != place;
        is_set.then(|| self.left(key).duration())
    }

    /// Takes the next key with a deadline that is due.
    pub(crate) fn pop_expired(&mut self) -> Option<usize> {
        let link = self.links[DUE as usize].next;
        if link == DUE {
            return None;
        }
        self.unlink(link);
        Some((link - FIRST_KEY) as usize)
    }

    /// How long to wait for the next deadline, at most a tick too long, or exactly for the next
    /// alarm. It does not read the clock: `now` is where that was moved to.
    #[inline(always)]
    pub(crate) fn timeout(&mut self, now: Instant) -> Option<Duration> {
        match self.timeout {
            Some(timeout) => timeout,
            None => self.next_timeout(now),
        }
    }

    /// The same after something has changed.
    #[inline(never)]
    fn next_timeout(&mut self, now: Instant) -> Option<Duration> {
        let ticks = if self.links[DUE as usize].next != DUE {
            Some(0)
        } else {
            self.ticks_to_next_filled()
        };
        let timeout = ticks.map(|ticks| GRANULARITY * ticks);
        if let Some(alarm) = self.alarms.next() {
            let alarm = alarm.saturating_duration_since(now);
            return Some(timeout.map_or(alarm, |timeout| timeout.min(alarm)));
        }
        self.timeout = Some(timeout);
        timeout
    }

    /// How far away the next slot is that holds a key; the current slot is the farthest.
    fn ticks_to_next_filled(&self) -> Option<u32> {
        let first = (self.now as u32).wrapping_add(1) % SLOTS;
        let mut word = first / 64;
        let mut bits = self.filled[word as usize] & (u64::MAX << (first % 64));
        if bits == 0 {
            if self.filled_words == 0 {
                return None;
            }
            let others = self.filled_words.rotate_right(word + 1);
            word = (word + 1 + others.trailing_zeros()) % WORDS;
            bits = self.filled[word as usize];
        }
        let slot = word * 64 + bits.trailing_zeros();
        Some(slot.wrapping_sub(first) % SLOTS + 1)
    }

    /// Moves the deadlines of a slot that are due to the ring of those.
    fn sweep(&mut self, slot: u32) {
        let mut link = self.links[slot as usize].next;
        while link != slot {
            let Link { next, due, .. } = self.links[link as usize];
            // No deadline is half of all ticks away, so the difference has a sign.
            let is_due = (self.now as u32).wrapping_sub(due) as i32 >= 0;
            if is_due {
                self.unlink(link);
                self.push(DUE, link);
            }
            link = next;
        }
    }

    /// Takes a link out of its ring.
    fn unlink(&mut self, link: u32) {
        self.timeout = None;
        let Link { previous, next, .. } = self.links[link as usize];
        self.links[previous as usize].next = next;
        self.links[next as usize].previous = previous;
        let alone = &mut self.links[link as usize];
        (alone.previous, alone.next) = (link, link);
        if previous == next && next < SLOTS {
            self.note_empty(next);
        }
    }

    /// Puts a link that is alone at the end of a ring.
    fn push(&mut self, ring: u32, link: u32) {
        self.timeout = None;
        let last = self.links[ring as usize].previous;
        self.links[last as usize].next = link;
        self.links[ring as usize].previous = link;
        let pushed = &mut self.links[link as usize];
        (pushed.previous, pushed.next) = (last, ring);
        if ring < SLOTS {
            self.note_filled(ring);
        }
    }

    fn note_filled(&mut self, slot: u32) {
        self.filled[slot as usize / 64] |= 1 << (slot % 64);
        self.filled_words |= 1 << (slot / 64);
    }

    fn note_empty(&mut self, slot: u32) {
        let word = &mut self.filled[slot as usize / 64];
        *word &= !(1 << (slot % 64));
        if *word == 0 {
            self.filled_words &= !(1 << (slot / 64));
        }
    }
}

impl Link {
    /// The link at `place`, a ring by itself.
    fn alone(place: u32) -> Self {
        let (previous, next) = (place, place);
        let due = 0;
        Self {
            previous,
            next,
            due,
        }
    }
}

/// Where the link of a key is. No machine has so many connections that it would not fit.
fn link_of(key: usize) -> u32 {
    FIRST_KEY + key as u32
}

#[cfg(test)]
mod tests;
