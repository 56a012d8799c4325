//! What the client must see of a behaviour.

use super::seen::{Frame, Message, Seen};
use super::{CLOSE_AT, MESSAGES, PING_AT, RESPONSE, SECOND, greeting};
use crate::serve::behaviour::performance::sending::Action;
use crate::serve::behaviour::*;

const PING: u8 = 0x89;
const PONG: u8 = 0x8A;
const CLOSE: u8 = 0x88;

/// A behaviour, and what a client has seen of it.
#[derive(Debug)]
pub(super) struct Model<'a> {
    /// For what a failure says.
    query: &'a str,
    behaviour: &'a Behaviour,
    greeting: Option<Message>,
    ticks: Vec<Message>,
    /// What was pushed, and echoes.
    messages: Vec<Message>,
    /// When the greeting was there, or the response if there is none.
    begin: u64,
    seen: Seen,
}

fn milliseconds(time: Duration) -> u64 {
    time.as_millis() as u64
}

impl<'a> Model<'a> {
    pub(super) fn new(query: &'a str, behaviour: &'a Behaviour, seen: Seen) -> Self {
        let mut messages = seen.messages.clone();
        let has_greeting = greeting(behaviour).is_some() && !messages.is_empty();
        let greeting = has_greeting.then(|| messages.remove(0));
        let is_tick = |message: &Message| message.payload.starts_with(b"{\"tick\":");
        let (ticks, messages) = messages.into_iter().partition(is_tick);
        let mut len = 0;
        let mut response = seen.writes.iter().skip_while(|(_, bytes)| {
            len += bytes.len();
            len < RESPONSE.len()
        });
        let responded = response.next().expect("a response").0;
        Self {
            query,
            behaviour,
            begin: greeting.as_ref().map_or(responded, |it| it.end),
            greeting,
            ticks,
            messages,
            seen,
        }
    }

    pub(super) fn check(&self) {
        self.check_begin();
        self.check_messages();
        self.check_times();
        self.check_frames();
        self.check_segments();
        self.check_violation();
        self.check_pongs();
        self.check_intervals();
        self.check_closes();
        self.check_end();
    }

    /// The response, and the greeting.
    fn check_begin(&self) {
        let (query, handshake) = (self.query, &self.behaviour.handshake);
        let (first_at, first) = &self.seen.writes[0];
        assert_eq!(*first_at, milliseconds(handshake.delay), "{query}");
        let payload = self.greeting.as_ref().map(|it| &it.payload[..]);
        let expected = greeting(self.behaviour).map(str::as_bytes);
        assert_eq!(payload, expected, "{query}");
        let greeting_len = expected.map_or(0, |payload| payload.len() + 2);
        let separate = self.behaviour.greeting.separate.map(milliseconds);
        if let Some((separate, greeting)) = separate.zip(self.greeting.as_ref()) {
            assert!(greeting.start >= first_at + separate, "{query}");
        }
        let glued_len = if separate.is_some() { 0 } else { greeting_len };
        let whole_len = RESPONSE.len() + glued_len;
        match handshake.piece_len {
            0 => assert_eq!(first.len(), whole_len, "{query}"),
            len => {
                let pieces = self.seen.writes.iter().take(whole_len / len);
                assert!(
                    pieces.clone().all(|(_, piece)| piece.len() == len),
                    "{query}"
                );
                let times: Vec<_> = pieces.map(|(at, _)| *at).collect();
                assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{query}");
            }
        }
    }

    /// Whether the server ends the connection.
    fn ends(&self) -> bool {
        let end = &self.behaviour.end;
        end.close.is_some() || end.transport.is_some()
    }

    /// Whether nothing more is received after this many messages.
    fn is_paused_after(&self, messages: usize) -> bool {
        let pause = self.behaviour.messages.pause_reading_after;
        pause.is_some_and(|pause| messages as u64 >= pause)
    }

    /// The messages that are answered, with their indices.
    fn answered(&self) -> Vec<usize> {
        let messages = &self.behaviour.messages;
        let end = match self.behaviour.after {
            After::Messages(count) if self.ends() => count,
            _ => u64::MAX,
        };
        let pause = messages.pause_reading_after.unwrap_or(u64::MAX);
        let is_dropped =
            |number: u64| messages.drop_every > 0 && number.is_multiple_of(messages.drop_every);
        let numbers = (1..=MESSAGES.len() as u64).filter(|number| *number <= end.min(pause));
        let answered = numbers.filter(|number| !is_dropped(*number));
        answered.map(|number| number as usize - 1).collect()
    }

    /// An echo: whether it is a text, and its payload.
    fn echo(&self, index: usize) -> (bool, Vec<u8>) {
        let messages = &self.behaviour.messages;
        let (_, first, payload) = MESSAGES[index];
        let (is_text, payload) = match messages.kind {
            SentKind::AsReceived => (first == 0x81, payload.to_vec()),
            SentKind::Text => (true, String::from_utf8_lossy(payload).into_owned().into()),
            SentKind::Binary => (false, payload.to_vec()),
        };
        (is_text, [messages.prefix.as_bytes(), &payload].concat())
    }

    fn check_messages(&self) {
        let unasked = &self.behaviour.unasked;
        let pushed = (1..=unasked.push).map(|number| {
            let text = format!("{number:.<width$}", width = unasked.push_len);
            (true, text.into_bytes())
        });
        let repeat = self.behaviour.messages.repeat.max(1) as usize;
        let answered = self.answered();
        let echoes = answered
            .iter()
            .flat_map(|index| std::iter::repeat_n(self.echo(*index), repeat));
        let expected: Vec<_> = pushed.chain(echoes).collect();
        let seen = self.messages.iter();
        let seen: Vec<_> = seen.map(|it| (it.is_text, it.payload.clone())).collect();
        assert_eq!(seen, expected, "{}", self.query);
    }

    /// When echoes come: exactly, unless the bytes are paced or the time is a random one.
    fn check_times(&self) {
        let messages = &self.behaviour.messages;
        let repeat = messages.repeat.max(1) as usize;
        let echoes = &self.messages[self.behaviour.unasked.push as usize..];
        let is_paced = messages.rate.is_some() || messages.segment_len > 0;
        let (delay, jitter) = (milliseconds(messages.delay), milliseconds(messages.jitter));
        for (copies, index) in echoes.chunks(repeat).zip(self.answered()) {
            // Each message opens a window of its own here, because they are as far apart.
            let due = MESSAGES[index].0 + delay + milliseconds(messages.coalesce);
            for copy in copies {
                let earliest = due.saturating_sub(jitter).max(MESSAGES[index].0);
                let latest = if is_paced { u64::MAX } else { due + jitter };
                let is_right = (earliest..=latest).contains(&copy.start);
                assert!(is_right, "{}: {copy:?} is due at {due}", self.query);
            }
        }
    }

    fn check_frames(&self) {
        let messages = &self.behaviour.messages;
        let max = messages.fragment_len;
        for message in self.messages.iter().chain(&self.ticks) {
            let text = format!("{}: {message:?}", self.query);
            let is_cut = max > 0 && message.payload.len() > max;
            assert_eq!(message.lens.len() > 1, is_cut, "{text}");
            let [firsts @ .., last] = &message.lens[..] else {
                panic!("{text}: no frame");
            };
            assert!(!is_cut || *last <= max, "{text}");
            let mut rest = &message.payload[..];
            for len in firsts {
                // As long as it may be, unless the next character would be cut.
                let keeps = message.is_text && !messages.cuts_characters;
                let is_inside = |at: usize| keeps && rest.get(at).is_some_and(|it| it >> 6 == 2);
                let expected = (1..=max).rev().find(|at| !is_inside(*at));
                assert_eq!(Some(*len), expected, "{text}");
                rest = &rest[*len..];
            }
        }
    }

    fn check_segments(&self) {
        let max = self.behaviour.messages.segment_len;
        let mut after_begin = self.seen.writes.iter().filter(|(at, _)| *at > self.begin);
        let is_short = |bytes: &[u8]| max == 0 || bytes.len() <= max;
        assert!(
            after_begin.all(|(_, bytes)| is_short(bytes)),
            "{}",
            self.query
        );
    }

    /// When the end or the violation comes: not before.
    fn after(&self) -> u64 {
        match self.behaviour.after {
            After::Messages(0) => self.begin,
            After::Messages(count) => MESSAGES[count as usize - 1].0,
            After::Time(time) => self.begin + milliseconds(time),
        }
    }

    fn check_violation(&self) {
        let violations = &self.seen.violations;
        let expected = match self.behaviour.violation {
            None => 0,
            Some(Violation::Fragment) => 2,
            Some(_) => 1,
        };
        assert_eq!(violations.len(), expected, "{}", self.query);
        let ticks = self.ticks.iter();
        for (before, violation) in violations {
            assert!(violation.start >= self.after(), "{}", self.query);
            let earlier_ticks = ticks.clone().filter(|it| it.end <= violation.start).count();
            let before = before - earlier_ticks - usize::from(self.greeting.is_some());
            let of_messages = self.messages_before_end();
            assert_eq!(before, of_messages, "{}: {violation:?}", self.query);
        }
    }

    /// How many pushed messages and echoes come before the end or the violation.
    fn messages_before_end(&self) -> usize {
        let pushed = self.behaviour.unasked.push as usize;
        let repeat = self.behaviour.messages.repeat.max(1) as usize;
        let answered = self.answered();
        let is_before = |index: &&usize| match self.behaviour.after {
            After::Messages(count) => (**index as u64) < count,
            After::Time(_) => true,
        };
        pushed + repeat * answered.iter().filter(is_before).count()
    }

    /// When the server's own Close, or its end without one, has come.
    fn end(&self) -> Option<u64> {
        let close = self.behaviour.end.close.as_ref();
        let closes = close.map(|_| self.seen.controls(CLOSE).next().map_or(0, |it| it.start));
        let last = || self.seen.writes.last().map_or(0, |(at, _)| *at);
        closes.or_else(|| {
            self.ends()
                .then(|| self.seen.ended.map_or_else(last, |it| it.0))
        })
    }

    fn check_pongs(&self) {
        let (asked, unasked): (Vec<_>, Vec<_>) =
            self.seen.controls(PONG).partition(|it| it.payload == b"?");
        let received = MESSAGES.iter().filter(|(at, ..)| *at < PING_AT).count();
        let is_silent = self.behaviour.unasked.pong == PongBehaviour::None;
        let transport = self.behaviour.end.transport;
        let is_over = self.end().is_some_and(|end| end < PING_AT);
        let expected = match (is_silent || self.is_paused_after(received), is_over) {
            (true, _) => Some(0),
            (false, false) => Some(1),
            (false, true) if transport.is_some() => Some(0),
            // Between our Close and its answer a Pong may come, as long as the connection is there.
            (false, true) => None,
        };
        let seen = asked.len();
        assert_eq!(seen, expected.unwrap_or(seen), "{}", self.query);
        assert!(
            asked.iter().all(|pong| pong.start >= PING_AT),
            "{}",
            self.query
        );
        let expected = match self.behaviour.unasked.pong {
            PongBehaviour::Unasked => 1 + self.answered().len(),
            _ => 0,
        };
        assert_eq!(unasked.len(), expected, "{}", self.query);
        assert!(
            unasked.iter().all(|pong| pong.payload.is_empty()),
            "{}",
            self.query
        );
    }

    /// Ticks and Pings are numbered, come at their times, and until the end.
    fn check_intervals(&self) {
        let ticks = self.ticks.iter().map(|it| (it.start, &it.payload));
        let tick = |number: u64| format!("{{\"tick\":{number},\"time\":\"1970-");
        self.check_interval(self.behaviour.unasked.tick, ticks.collect(), tick);
        let pings = self
            .seen
            .controls(PING)
            .map(|it: &Frame| (it.start, &it.payload));
        let ping = |number: u64| number.to_string();
        self.check_interval(self.behaviour.unasked.ping, pings.collect(), ping);
    }

    fn check_interval(
        &self,
        interval: Option<Duration>,
        seen: Vec<(u64, &Vec<u8>)>,
        text: impl Fn(u64) -> String,
    ) {
        assert!(interval.is_some() || seen.is_empty(), "{}", self.query);
        let Some(interval) = interval else { return };
        let end = self.end().unwrap_or(CLOSE_AT).min(CLOSE_AT);
        // What is due at the end, and the bytes of `segment` before it.
        let latest = self.after() + milliseconds(SECOND);
        let is_in_time = |at: u64| !self.ends() || at <= latest;
        assert!(seen.iter().all(|(at, _)| is_in_time(*at)), "{}", self.query);
        // One may be due in the moment of the end.
        let least = end.saturating_sub(self.begin + 1) / milliseconds(interval);
        assert!(seen.len() as u64 >= least, "{}: {}", self.query, seen.len());
        for (number, (at, payload)) in (1..).zip(seen) {
            let due = self.begin + number * milliseconds(interval);
            let slack = match self.behaviour.messages.segment_len {
                0 => 0,
                // The bytes before it.
                _ => milliseconds(SECOND),
            };
            assert!(
                (due..=due + slack).contains(&at),
                "{}: {number} at {at}",
                self.query
            );
            assert!(
                payload.starts_with(text(number).as_bytes()),
                "{}",
                self.query
            );
        }
    }

    fn check_closes(&self) {
        let closes: Vec<_> = self.seen.controls(CLOSE).collect();
        let end = &self.behaviour.end;
        let payload = |code: u16, reason: &str| [&code.to_be_bytes(), reason.as_bytes()].concat();
        let answered_at = match end.close_answer {
            _ if self.ends() || self.is_paused_after(MESSAGES.len()) => None,
            // A Close was sent, though a wrong one.
            _ if self.behaviour.violation == Some(Violation::CloseCode) => None,
            CloseAnswer::AtOnce => Some(CLOSE_AT),
            CloseAnswer::Never => None,
            CloseAnswer::Late(time) => Some(CLOSE_AT + milliseconds(time)),
        };
        let own = end.close.as_ref().map(|it| payload(it.code, &it.reason));
        let expected = own.or_else(|| answered_at.map(|_| payload(1000, "")));
        let seen: Vec<_> = closes.iter().map(|close| close.payload.clone()).collect();
        assert_eq!(seen, Vec::from_iter(expected), "{}", self.query);
        let Some(close) = closes.first() else { return };
        match answered_at {
            Some(at) => assert!((at..=at + 10).contains(&close.start), "{}", self.query),
            None => assert!(close.start >= self.after(), "{}", self.query),
        }
        let (first, last) = (close.start, self.seen.messages.last());
        assert!(last.is_none_or(|last| last.end <= first), "{}", self.query);
    }

    /// How the transport ends.
    fn check_end(&self) {
        let Seen {
            ended,
            is_shut,
            is_there,
            ..
        } = &self.seen;
        let transport = self.behaviour.end.transport;
        let answers = self.behaviour.end.close_answer != CloseAnswer::Never;
        let is_heard = !self.is_paused_after(MESSAGES.len());
        let expected = match transport {
            Some(TransportEnd::Fin) => Some(Action::Finish),
            Some(TransportEnd::Reset) => Some(Action::Reset),
            Some(TransportEnd::Hang | TransportEnd::Half) => None,
            // The client does not answer our Close in time.
            None if self.ends() => None,
            None => Some(Action::Finish).filter(|_| answers && is_heard),
        };
        assert_eq!(ended.map(|(_, action)| action), expected, "{}", self.query);
        assert_eq!(
            *is_shut,
            transport == Some(TransportEnd::Half),
            "{}",
            self.query
        );
        let is_closed = self.ends() && transport.is_none();
        assert_eq!(
            *is_there,
            expected.is_none() && !is_closed,
            "{}",
            self.query
        );
        if let Some((at, _)) = ended.filter(|_| self.ends()) {
            assert!(at >= self.after(), "{}", self.query);
        }
    }
}
