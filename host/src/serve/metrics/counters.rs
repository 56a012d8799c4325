//! What one worker has counted since the start. Data only.

use ws_echo_core::Kind;

use super::closes::Closes;
use super::failure::Failure;
use super::histogram::{CONNECTION_BOUNDS, Histogram, ROUND_TRIP_BOUNDS};
use crate::frame_header::{BINARY, TEXT, read_header};
use crate::serve::traffic::Traffic;

/// The opcode of a frame, in its first byte (RFC 6455 section 5.2).
const OPCODE: u8 = 0xF;

/// What was counted.
#[derive(Clone, Debug)]
pub(crate) struct Counters {
    /// The messages that were received and made ready to be sent back.
    pub(crate) echoed: ByKind,
    /// The greetings that were made ready, which are text.
    pub(crate) greetings: Traffic,
    /// What was made ready, and not sent when its connection ended.
    pub(crate) unsent: Traffic,
    /// Frames that did not end their messages.
    pub(crate) fragments: BothWays,
    pub(crate) pings: BothWays,
    pub(crate) pongs: BothWays,
    /// From a Ping to the next bytes of that client.
    pub(crate) round_trips: Histogram<12>,
    /// Connections of the transport that were accepted.
    pub(crate) accepted: u64,
    /// Those that were turned away because of a limit, for each [`Limit`] in its order.
    ///
    /// [`Limit`]: crate::serve::limits::Limit
    pub(crate) turned_away: [u64; 3],
    pub(crate) failures: [u64; Failure::COUNT],
    /// Pages and other files that were sent in place of a WebSocket.
    pub(crate) pages: u64,
    /// WebSocket connections that were opened.
    pub(crate) opened: u64,
    pub(crate) closes: Closes,
    /// How long WebSocket connections were open.
    pub(crate) durations: Histogram<10>,
    /// Buffers for which there was no memory.
    pub(crate) shortages: u64,
}

/// The messages of both kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByKind {
    pub(crate) text: Traffic,
    pub(crate) binary: Traffic,
}

/// A number for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BothWays {
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            echoed: ByKind::default(),
            greetings: Traffic::default(),
            unsent: Traffic::default(),
            fragments: BothWays::default(),
            pings: BothWays::default(),
            pongs: BothWays::default(),
            round_trips: Histogram::new(&ROUND_TRIP_BOUNDS),
            accepted: 0,
            turned_away: [0; 3],
            failures: [0; Failure::COUNT],
            pages: 0,
            opened: 0,
            closes: Closes::default(),
            durations: Histogram::new(&CONNECTION_BOUNDS),
            shortages: 0,
        }
    }
}

impl Counters {
    /// Counts a request that gets no connection.
    pub(crate) fn fail(&mut self, failure: impl Into<Failure>) {
        self.failures[failure.into() as usize] += 1;
    }

    /// How many WebSocket connections are open.
    pub(crate) fn open(&self) -> u64 {
        self.opened.saturating_sub(self.closes.sum())
    }

    /// Adds what another worker has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.echoed.add(Kind::Text, other.echoed.text);
        self.echoed.add(Kind::Binary, other.echoed.binary);
        self.greetings = self.greetings + other.greetings;
        self.unsent = self.unsent + other.unsent;
        self.fragments.add(other.fragments);
        self.pings.add(other.pings);
        self.pongs.add(other.pongs);
        self.round_trips.add(&other.round_trips);
        self.accepted += other.accepted;
        let ours = self.turned_away.iter_mut().chain(&mut self.failures);
        for (count, more) in ours.zip(other.turned_away.iter().chain(&other.failures)) {
            *count += more;
        }
        self.pages += other.pages;
        self.opened += other.opened;
        self.closes.add(&other.closes);
        self.durations.add(&other.durations);
        self.shortages += other.shortages;
    }
}

impl BothWays {
    fn add(&mut self, other: Self) {
        self.received += other.received;
        self.sent += other.sent;
    }
}

impl ByKind {
    /// Adds messages of one kind.
    #[inline]
    pub(crate) fn add(&mut self, kind: Kind, messages: Traffic) {
        let counted = match kind {
            Kind::Text => &mut self.text,
            Kind::Binary => &mut self.binary,
        };
        *counted = *counted + messages;
    }

    /// Adds messages of which the whole frames are in `echoes`. `kind` is that of all of them;
    /// `None` if they must be looked at.
    #[inline(always)]
    pub(crate) fn add_echoes(&mut self, kind: Option<Kind>, messages: Traffic, echoes: &[u8]) {
        match kind {
            Some(kind) => self.add(kind, messages),
            None => self.add_each(echoes),
        }
    }

    /// Adds the message of each of these frames.
    #[cold]
    #[inline(never)]
    fn add_each(&mut self, mut echoes: &[u8]) {
        while let Some(header) = read_header(echoes) {
            let one = Traffic {
                messages: 1,
                bytes: header.len,
            };
            match header.first & OPCODE {
                TEXT => self.add(Kind::Text, one),
                BINARY => self.add(Kind::Binary, one),
                _ => {}
            }
            let len = header.header_len + header.len as usize;
            echoes = echoes.get(len..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_both_kinds_in_one_turn_are_told_apart() {
        let echoes = b"\x81\x02hi\x82\x00\xc1\x01.\x82\x03abc";
        let mut counted = ByKind::default();
        let all = Traffic {
            messages: 4,
            bytes: 6,
        };
        counted.add_echoes(None, all, echoes);
        let of = |messages, bytes| Traffic { messages, bytes };
        let expected = ByKind {
            text: of(2, 3),
            binary: of(2, 3),
        };
        assert_eq!(counted, expected);
        counted.add_echoes(Some(Kind::Binary), all, echoes);
        assert_eq!((counted.text, counted.binary), (of(2, 3), of(6, 9)));
    }

    #[test]
    fn the_sum_of_two_workers_has_all_that_each_has() {
        let mut one = Counters {
            accepted: 5,
            opened: 3,
            turned_away: [0, 0, 1],
            ..Counters::default()
        };
        one.fail(Failure::TlsTimeout);
        one.closes.count_by_client(None);
        one.pings.sent = 2;
        let mut both = one.clone();
        both.add(&one);
        assert_eq!((both.accepted, both.opened, both.open()), (10, 6, 4));
        assert_eq!(both.turned_away, [0, 0, 2]);
        assert_eq!(both.failures[Failure::TlsTimeout as usize], 2);
        assert_eq!(
            both.pings,
            BothWays {
                received: 0,
                sent: 4
            }
        );
    }
}
