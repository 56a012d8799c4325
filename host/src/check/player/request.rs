//! Sends a request, right or wrong, to a server, and notes what it does.

use std::time::{Duration, Instant};

use super::connection::{Connection, Moved};
use super::conversation::Conversation;
use super::opening::{self, Opening};
use crate::check::frame::Role;
use crate::check::http::{HEAD_LEN_MAX, Head};
use crate::check::received::FrameReader;
use crate::check::request::Base;
use crate::check::request_judge::{Answered, judge};
use crate::check::request_play::{Afterwards, RequestPlay, Response, Sending};
use crate::check::response_head::Asked;
use crate::check::session::{self, Session, Step};
use crate::check::target::Target;
use crate::check::timing::Timing;
use crate::check::transcript::{Direction, Tcp, Transcript};
use crate::check::verdict::{Outcome, Verdict};
use crate::client::waiter::SocketPoll;

const SWITCHING: u16 = 101;
/// Between the parts of a request that is cut, so that a server reads the first one alone.
const CUT_PAUSE: Duration = Duration::from_millis(1);
/// The round trip time to a server that is near enough for hundreds of connections one after the
/// other.
const NEAR: Duration = Duration::from_millis(5);
/// How much of the end of a request comes late: the empty line.
const LATE_LEN: usize = 2;

/// Where the bytes of a request are cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Nowhere,
    At(usize),
    Everywhere,
}

/// Sends a request, and judges what the server does. One that is cut everywhere is sent until it
/// fails.
pub(crate) fn play(
    poll: &mut SocketPoll,
    target: &Target<'_>,
    play: &RequestPlay,
) -> (Verdict, Transcript) {
    let bytes = play.request.bytes(&base(target, &Opening::new()));
    let cuts: Vec<Cut> = match play.sending {
        Sending::Whole => vec![Cut::Nowhere],
        Sending::Paused => vec![Cut::At(bytes.len() - LATE_LEN)],
        Sending::CutEverywhere => {
            let places = places(&bytes, target.timing).into_iter();
            places.map(Cut::At).chain([Cut::Everywhere]).collect()
        }
    };
    let mut last = (Verdict::passed(), Transcript::default());
    for cut in cuts {
        last = play_once(poll, target, play, cut);
        if last.0.outcome != Outcome::Passed {
            break;
        }
    }
    last
}

/// Where a request is cut: everywhere, or for a server far away only around the blanks and the ends
/// of lines.
fn places(bytes: &[u8], timing: Timing) -> Vec<usize> {
    let is_near = timing.round_trip <= NEAR;
    let is_place = |place: &usize| {
        let around = &bytes[place - 1..=*place];
        is_near || around.iter().any(|byte| b" \r\n".contains(byte))
    };
    (1..bytes.len()).filter(is_place).collect()
}

/// What a request to this server depends on.
fn base(target: &Target<'_>, opening: &Opening) -> Base {
    let url = target.destination.url;
    let headers = opening::asked_for(target).into_iter();
    Base {
        resource: url.resource.clone(),
        authority: url.authority.clone(),
        scheme: if url.server_name.is_some() {
            "https"
        } else {
            "http"
        },
        key: opening.key.clone(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

fn play_once(
    poll: &mut SocketPoll,
    target: &Target<'_>,
    play: &RequestPlay,
    cut: Cut,
) -> (Verdict, Transcript) {
    let base = base(target, &Opening::new());
    let key = play.request.value(&base, "Sec-WebSocket-Key");
    let mut answered = Answered {
        request: play.request.words(&base),
        asked: Asked {
            accept: opening::accept(&key.unwrap_or_default()),
            subprotocols: play.request.elements(&base, "Sec-WebSocket-Protocol"),
            extensions: play.request.elements(&base, "Sec-WebSocket-Extensions"),
        },
        transcript: Transcript::new(target.detail),
        ..Answered::default()
    };
    match Connection::open(poll, target) {
        Ok(connection) => {
            let exchange = Exchange::new(connection, target, &mut answered);
            exchange.play(play, &play.request.bytes(&base), cut);
        }
        Err(error) => answered.transcript.not_opened = Some(error.to_string()),
    }
    let verdict = judge(play, &answered);
    (verdict, answered.transcript)
}

/// One request on one connection, and what comes back.
struct Exchange<'a, 'b> {
    connection: Connection<'a>,
    timing: Timing,
    greeting_len: usize,
    answered: &'b mut Answered,
    /// What came, without the heads that were read.
    received: Vec<u8>,
}

impl<'a, 'b> Exchange<'a, 'b> {
    fn new(connection: Connection<'a>, target: &Target<'_>, answered: &'b mut Answered) -> Self {
        Self {
            connection,
            timing: target.timing,
            greeting_len: target.greeting_len,
            answered,
            received: Vec::new(),
        }
    }

    fn play(mut self, play: &RequestPlay, bytes: &[u8], cut: Cut) {
        let words = self.answered.request.clone();
        let record = &mut self.answered.transcript.record;
        record.add(Direction::Sent, words, bytes);
        match cut {
            Cut::Nowhere => self.send(bytes),
            Cut::At(place) => {
                self.send(&bytes[..place]);
                self.pause(play.sending);
                self.send(&bytes[place..]);
            }
            Cut::Everywhere => bytes.chunks(1).for_each(|byte| self.send(byte)),
        }
        if play.is_half_closed {
            self.end_sending();
        }
        self.receive_response(play);
        if play.allows(Response::Waits) && self.answered.response.is_none() {
            self.end_sending();
            self.receive_until(self.timing.patience(), Self::take_head);
        }
        match self.status() {
            Some(SWITCHING) if !play.is_half_closed => self.open(play),
            _ => self.end(play),
        }
    }

    fn status(&self) -> Option<u16> {
        self.answered.response.as_ref()?.0.status()
    }

    /// Writes all, and reads meanwhile: a server may refuse a long request before its end.
    fn send(&mut self, mut bytes: &[u8]) {
        // However slowly a server reads, and whatever it sends meanwhile.
        let end = Instant::now() + 10 * self.timing.patience();
        let mut until = Instant::now() + self.timing.patience();
        while !bytes.is_empty()
            && self.connection.tcp() == Tcp::Open
            && self.received.len() <= HEAD_LEN_MAX
            && Instant::now() < until.min(end)
        {
            let written = match self.connection.write(bytes) {
                Moved::Bytes(len) => len,
                Moved::Nothing => 0,
                // What the server has sent can still be read.
                Moved::End => return,
            };
            bytes = &bytes[written..];
            let has_read = self.read();
            if written > 0 || has_read {
                until = Instant::now() + self.timing.patience();
            } else {
                self.connection.wait(until);
            }
        }
    }

    /// Waits between the parts of a request.
    fn pause(&mut self, sending: Sending) {
        let time = match sending {
            Sending::Paused => self.timing.quiet(),
            Sending::Whole | Sending::CutEverywhere => CUT_PAUSE,
        };
        self.receive_until(time, |_| false);
        self.answered.early = self.received.clone();
    }

    fn end_sending(&mut self) {
        self.connection.end_sending();
        let record = &mut self.answered.transcript.record;
        record.event("the direction to the server was ended");
    }

    /// Reads what is there. Returns whether something came.
    fn read(&mut self) -> bool {
        matches!(self.connection.read(&mut self.received), Moved::Bytes(_))
    }

    /// Reads until something is there, the connection has ended, or for some time.
    fn receive_until(&mut self, time: Duration, is_there: impl Fn(&mut Self) -> bool) {
        let until = Instant::now() + time;
        loop {
            let has_read = self.read();
            if is_there(self) || self.connection.tcp() != Tcp::Open || Instant::now() >= until {
                return;
            }
            if self.received.len() > HEAD_LEN_MAX {
                return;
            }
            if !has_read {
                self.connection.wait(until);
            }
        }
    }

    /// Waits for the last response.
    fn receive_response(&mut self, play: &RequestPlay) {
        let time = match play.allows(Response::Waits) {
            true => self.timing.quiet(),
            false => self.timing.patience(),
        };
        self.receive_until(time, Self::take_head);
    }

    /// Takes the heads of responses that are complete. Returns whether one is the last, or there
    /// will be none.
    fn take_head(&mut self) -> bool {
        while self.answered.response.is_none()
            && let Some(head) = Head::read(&self.received)
        {
            let Some(status) = head.status() else {
                return true;
            };
            let bytes: Vec<u8> = self.received.drain(..head.len).collect();
            let record = &mut self.answered.transcript.record;
            record.add(Direction::Received, head.first_line.clone(), &bytes);
            // > A client MUST be able to parse one or more 1xx responses received prior to a final
            // > response (RFC 9110 section 15.2)
            if status == SWITCHING || status >= 200 {
                self.answered.response = Some((head, bytes));
            }
        }
        self.answered.response.is_some() || !may_begin_response(&self.received)
    }

    /// The connection is open: sends the frames, and a Close.
    fn open(mut self, play: &RequestPlay) {
        let frames = match &play.afterwards {
            Afterwards::Listen => {
                self.receive_until(self.timing.quiet(), |_| false);
                return self.end(play);
            }
            Afterwards::Frames(frames) => frames.clone(),
        };
        // > If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to
        // > previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most
        // > recently processed Ping frame. (RFC 6455 section 5.5.3)
        let before = play.answers.len().saturating_sub(frames.len());
        let steps = [
            Step::Await(before),
            Step::Send(frames, session::Cut::Whole),
            Step::Await(play.answers.len()),
        ];
        let mut session = Session::default();
        session.strict().answers.clone_from(&play.answers);
        let reader = FrameReader::new(Role::Server, None);
        let transcript = &mut self.answered.transcript;
        let mut conversation = Conversation::new(
            self.connection,
            Role::Server,
            reader,
            self.timing,
            transcript,
        );
        conversation.skip(self.greeting_len);
        conversation.receive(&self.received);
        conversation.play(&session, &steps);
    }

    /// The connection is not open: waits for its end if the server must end it.
    fn end(mut self, play: &RequestPlay) {
        let must_end = |response: &Response| matches!(response, Response::RefusesAndEnds(_));
        if play.allowed.iter().any(|(_, response)| must_end(response)) {
            self.receive_until(self.timing.patience(), |_| false);
        }
        if self.answered.response.is_none() && !self.received.is_empty() {
            // To see whether a response comes behind it.
            self.receive_until(self.timing.quiet(), |_| false);
        }
        self.answered.behind = self.received;
        let transcript = &mut self.answered.transcript;
        if !self.answered.behind.is_empty() {
            let record = &mut transcript.record;
            record.add(Direction::Received, "bytes", &self.answered.behind);
        }
        transcript.tcp = self.connection.tcp();
        match transcript.tcp {
            Tcp::Open => {}
            Tcp::Fin => transcript.record.event("the TCP connection ended"),
            Tcp::Reset => transcript.record.event("the TCP connection was reset"),
        }
    }
}

/// Whether these bytes can be the beginning of a response.
fn may_begin_response(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .zip(b"HTTP/")
        .all(|(byte, expected)| byte == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_a_server_far_away_is_cut_around_blanks_and_line_ends() {
        let request = b"GET / HTTP/1.1\r\n";
        assert_eq!(places(request, Timing::LOCAL), (1..16).collect::<Vec<_>>());
        let far = Timing {
            round_trip: Duration::from_millis(50),
        };
        assert_eq!(places(request, far), [3, 4, 5, 6, 14, 15]);
    }

    #[test]
    fn what_does_not_begin_like_a_response_is_none() {
        assert!(may_begin_response(b""));
        assert!(may_begin_response(b"HTT"));
        assert!(may_begin_response(b"HTTP/1.1 101"));
        assert!(!may_begin_response(b"\x8A\x00HTTP/1.1"));
    }
}
