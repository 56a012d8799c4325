//! One client of the fuzzer, from when it connects: whether it received what it had to receive, and
//! when.

use std::cell::{RefCell, RefMut};
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use ws_echo_core::Agreed;

use super::scenario::Scenario;
use super::settings::{REQUEST_TIMEOUT, Settings};
use super::transport::{Disconnect, Link, MemoryTransport, State};
use super::unsolicited_frames::{Reason, UnsolicitedFrames};
use crate::fuzzing::expected::Expected;
use crate::fuzzing::transmitted::Transmitted;
use crate::scripted_client::WELCOME;
use crate::wire::{PING, TEXT};

/// The start of a response that opens a connection.
pub(super) const ACCEPTED: &[u8] = b"HTTP/1.1 101 ";

/// The header with which a response must answer the key of
/// [`request`](crate::scripted_client::request) (RFC 6455 section 1.3).
const ACCEPT: &str = "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

/// How long a client that has connected may take to send its request when the server stops.
const HANDSHAKE_GRACE: Duration = Duration::from_secs(1);

/// How long a client may take nothing before its answers are kept, at most.
const PATIENCE: Duration = Duration::from_millis(150);

/// How late a near deadline may be: two ticks of the server's clock, and the current one.
pub(super) const LATENESS: Duration = Duration::from_millis(150);

/// A client from when it connects until the server drops it.
#[derive(Debug)]
pub(super) struct FuzzedClient {
    pub(super) link: Rc<RefCell<Link>>,
    pub(super) request_len: Option<usize>,
    pub(super) offer: Option<&'static str>,
    /// What was expected last, for a session of this length.
    pub(super) expected: RefCell<Option<(usize, Agreed, Rc<Expected>)>>,
    /// How much it costs to verify what was received.
    pub(super) effort: usize,
    pub(super) is_turned_away: bool,
    pub(super) connected: Duration,
    /// When the last byte passed, and how many had passed by then.
    pub(super) last_moved: Duration,
    pub(super) moved: Moved,
    /// Since when no byte has passed of an incomplete frame or of pending output.
    pub(super) stuck: Option<Duration>,
    /// When it was noticed then that it takes nothing.
    pub(super) patience_ended: Option<Duration>,
    /// When it was noticed after that that it still takes nothing.
    pub(super) stall_ended: Option<Duration>,
    /// When the last call was interrupted, and how many had been by then.
    pub(super) interrupted: Duration,
    interruptions: usize,
    /// When the server began its response, and when it shut its side.
    pub(super) answered: Option<Duration>,
    pub(super) shut: Option<Duration>,
    /// How many bytes had arrived when the server decided on its response: it may wait for room.
    arrived_before_answer: Option<usize>,
    /// How many bytes that had to be echoed had arrived when the server was stopped.
    arrived_before_stop: Option<usize>,
}

/// The bytes that have passed between a client and the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    read: usize,
    written: usize,
    is_blocked: bool,
}

impl Moved {
    pub(super) fn of(link: &Link) -> Self {
        Self {
            read: link.read,
            written: link.output.len(),
            is_blocked: link.is_blocked,
        }
    }

    pub(super) fn bytes(self) -> usize {
        self.read + self.written
    }
}

/// What the server and its clock are doing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) settings: &'a Settings,
    pub(super) now: Duration,
    pub(super) stop: Stop,
}

/// Whether the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    No,
    /// The clients are closed, one after the other.
    Begun,
    /// All clients had to be closed.
    Due,
}

/// How much of the input must be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    All,
    /// The client has not taken all output, or did not want to.
    Part,
}

impl FuzzedClient {
    /// A client that connects, and the server's end of its link.
    pub(super) fn new(scenario: &Scenario, context: Context<'_>) -> (Self, MemoryTransport) {
        let mut link = Link::new(scenario.input.clone(), context.settings.longest_buffer);
        link.taken_at_once = scenario.taken_at_once;
        let link = Rc::new(RefCell::new(link));
        let this = Self {
            link: link.clone(),
            request_len: scenario.request_len,
            offer: scenario.offer,
            expected: RefCell::default(),
            effort: 0,
            is_turned_away: false,
            connected: context.now,
            last_moved: context.now,
            moved: Moved::default(),
            stuck: None,
            patience_ended: None,
            stall_ended: None,
            interrupted: context.now,
            interruptions: 0,
            answered: None,
            arrived_before_answer: None,
            shut: None,
            arrived_before_stop: None,
        };
        (this, MemoryTransport(link))
    }

    pub(super) fn link(&self) -> RefMut<'_, Link> {
        self.link.borrow_mut()
    }

    /// Notes that the server is about to stop.
    pub(super) fn note_stop(&mut self) {
        let link = self.link.borrow();
        self.arrived_before_stop = link.is_plain().then_some(link.arrived);
    }

    /// Notes whether the server has turned this client away.
    pub(super) fn note_admission(&mut self) {
        let is_answered = !self.link().output.is_empty();
        self.is_turned_away = is_answered;
    }

    /// Notes when bytes pass, and asserts that no client gets a Ping too early, or when it could
    /// not answer, and that what cannot be kept is not received.
    pub(super) fn note_moves(&mut self, context: Context<'_>) {
        let link = self.link.borrow();
        if link.is_dropped {
            return;
        }
        let may_read_ahead = context.settings.has_backlogs || !self.is_open(&link, context);
        assert!(
            may_read_ahead || !link.has_read_ahead,
            "received while output waits"
        );
        assert_eq!(link.disconnect, None, "a broken connection is kept");
        let (before, moved) = (self.moved, Moved::of(&link));
        let is_ping = link.output.ends_with(&[PING, 0])
            && (moved.read, moved.written) == (before.read, before.written + 2);
        if is_ping && !before.is_blocked {
            let interval = context.settings.ping_interval.expect("pings are on");
            let silence = context.now - self.last_moved;
            assert!(silence >= interval * 7 / 8, "a Ping after {silence:?}");
            assert_eq!(self.stuck, None, "a Ping inside a frame");
        }
        if link.interruptions > self.interruptions {
            (self.interrupted, self.interruptions) = (context.now, link.interruptions);
        }
        if moved == before {
            return;
        }
        let is_stuck = moved.is_blocked || self.is_inside_frame(&link, context);
        let has_moved = moved.bytes() > before.bytes();
        if has_moved {
            self.last_moved = context.now;
        }
        if has_moved || self.stuck.is_none() {
            self.stuck = is_stuck.then_some(context.now);
            (self.patience_ended, self.stall_ended) = (None, None);
        }
        self.moved = moved;
        if link.is_blocked || !link.output.is_empty() {
            self.arrived_before_answer.get_or_insert(link.arrived);
        }
        if !link.output.is_empty() {
            self.answered.get_or_insert(context.now);
        }
        if link.is_shut {
            self.shut.get_or_insert(context.now);
        }
    }

    /// Notes when the server has noticed that the client takes nothing: not before it has looked
    /// for deadlines that have expired.
    pub(super) fn note_expiry(&mut self, context: Context<'_>) {
        if let Some(stuck) = self.stuck
            && context.settings.has_backlogs
            && self.moved.is_blocked
            && context.now - stuck >= PATIENCE
        {
            let ended = *self.patience_ended.get_or_insert(context.now);
            let stall = context.settings.stall_timeout;
            // By then it was noticed.
            if stall.is_some_and(|stall| context.now - ended >= stall + LATENESS) {
                self.stall_ended.get_or_insert(context.now);
            }
        }
    }

    /// Asserts that the server has done all that it can do.
    pub(super) fn check_at_rest(&self, context: Context<'_>) {
        let link = self.link.borrow();
        assert!(!link.is_stalled(), "there is room, and it is not used");
        assert!(
            link.state != State::Broken,
            "a broken connection is not dropped"
        );
        assert!(!link.is_waiting(), "it is not received");
        let due = if link.is_blocked { Due::Part } else { Due::All };
        self.check(&link, context, due);
        self.check_time(&link, context);
    }

    /// Asserts that the server had a reason to drop this client, and had answered it before.
    pub(super) fn check_dropped(&self, context: Context<'_>) {
        let link = self.link.borrow();
        let due = match link.disconnect {
            Some(Disconnect::EndOfStream | Disconnect::ReadError) if !link.is_blocked => Due::All,
            Some(_) | None => Due::Part,
        };
        self.check(&link, context, due);
        if link.disconnect.is_none() && context.stop == Stop::No {
            self.check_patience(&link, context);
        }
    }

    /// The place of the session in the input, as far as it was read, if the whole request was read.
    pub(super) fn session(&self, link: &Link) -> Option<Range<usize>> {
        // A damaged request may still be valid.
        let request_len = self.request_len.or_else(|| head_len(&link.input))?;
        (request_len <= link.read).then_some(request_len..link.read)
    }

    fn check(&self, link: &Link, context: Context<'_>, due: Due) {
        let Some(head_len) = head_len(&link.output) else {
            let is_asked = self.request_len.is_some_and(|len| len <= link.read);
            let is_due = is_asked || self.is_turned_away || !link.output.is_empty();
            assert!(due == Due::Part || !is_due, "no response");
            if due == Due::All && link.disconnect.is_none() && !self.is_turned_away {
                let time = context.now - self.connected;
                assert!(time <= REQUEST_TIMEOUT + LATENESS, "waits for {time:?}");
                let is_new = time <= HANDSHAKE_GRACE + LATENESS;
                let may_stay = context.stop == Stop::No || is_new;
                assert!(may_stay, "a client without a request stays for {time:?}");
            }
            return;
        };
        let (head, rest) = link.output.split_at(head_len);
        let head = str::from_utf8(head).expect("a head is text");
        if !head.as_bytes().starts_with(ACCEPTED) {
            self.check_status(link, head, context);
            return check_response(link, head, rest, due);
        }
        let session = self.session(link).expect("all of the request was read");
        assert!(!self.is_turned_away, "{head}");
        assert!(
            self.request_len.is_none() || head.contains(ACCEPT),
            "{head}"
        );
        let mut greeting = Vec::new();
        if context.settings.has_greeting {
            greeting.extend([TEXT, WELCOME.len() as u8]);
            greeting.extend(WELCOME.as_bytes());
        }
        let greeted = rest.len().min(greeting.len());
        assert_eq!(rest[..greeted], greeting[..greeted]);
        assert!(greeted == greeting.len() || due == Due::Part, "no greeting");
        self.check_session(link, context, session, &rest[greeted..], due);
    }

    /// Asserts that a valid request is refused for one of the allowed reasons.
    fn check_status(&self, link: &Link, head: &str, context: Context<'_>) {
        let status = &head["HTTP/1.1 ".len()..][..3];
        let answered = self.answered.unwrap_or(context.now);
        // What has arrived in time counts.
        let has_arrived = |len| Some(len) <= self.arrived_before_answer && link.fits_last_turns();
        let is_late = answered - self.connected >= REQUEST_TIMEOUT
            && !self.request_len.is_some_and(has_arrived);
        let is_right = match status {
            "503" | "429" => self.is_turned_away,
            "408" => is_late,
            _ => self.request_len.is_none(),
        };
        assert!(
            is_right && self.is_turned_away == matches!(status, "503" | "429"),
            "{head}"
        );
    }

    /// Asserts that the answers to a session are the expected ones, with only the server's own
    /// frames between them.
    fn check_session(
        &self,
        link: &Link,
        context: Context<'_>,
        session: Range<usize>,
        output: &[u8],
        due: Due,
    ) {
        let own = UnsolicitedFrames::find(output, context);
        let whole = &output[..own.whole_len];
        assert!(
            due == Due::Part || whole.len() == output.len(),
            "a frame is cut"
        );
        assert!(own.pings.is_empty() || context.settings.ping_interval.is_some());
        let expected = self.expected(link, session.clone(), context);
        let Some((close, reason)) = own.close else {
            let all = Transmitted::read_without(whole, &own.pings);
            return check_unclosed(link, context, &expected, &all, due);
        };
        let pings = own.pings.into_iter().filter(|ping| ping.end <= close.start);
        let before = Transmitted::read_without(&whole[..close.start], &pings.collect::<Vec<_>>());
        expected.check_prefix(&before);
        if let Some(arrived) = self.arrived_before_stop
            && due == Due::All
        {
            let arrived = arrived.max(session.start);
            self.expected(link, session.start..arrived, context)
                .check_certain(&before);
        }
        if reason == Reason::GoingAway {
            return;
        }
        assert_eq!(
            close.end,
            output.len(),
            "there is something after the last frame"
        );
        expected.check_certain(&before);
        if reason == Reason::TooLong {
            assert!(expected.may_be_too_long, "no message is too long");
            assert!(link.is_shut || due == Due::Part, "an end");
        }
    }
}

/// Asserts that the answers to a session are the expected ones, if the server has not closed it of
/// its own accord.
fn check_unclosed(
    link: &Link,
    context: Context<'_>,
    expected: &Expected,
    all: &Transmitted,
    due: Due,
) {
    expected.check_prefix(all);
    if due == Due::All || all.close.is_some() {
        expected.check(all);
        if !context.settings.may_be_short {
            expected.check_frames(all, context.settings.buffer_len);
        }
    }
    if due == Due::All {
        assert_eq!(link.is_shut, expected.has_ended(all), "an end");
        let has_to_go = context.stop == Stop::Due && expected.is_idle;
        let is_over = link.is_shut || link.disconnect.is_some();
        assert!(is_over || !has_to_go, "no Close");
    }
}

/// Asserts that a response is as long as it declares.
fn check_response(link: &Link, head: &str, body: &[u8], due: Due) {
    let len = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    let len: usize = len.expect("a length").parse().expect("a number");
    let is_alone = link.input.starts_with(b"HEAD ") && body.is_empty();
    assert!(body.len() <= len, "{head}");
    if due == Due::All {
        assert!((body.len() == len || is_alone) && link.is_shut, "{head}");
    }
}

pub(super) fn head_len(output: &[u8]) -> Option<usize> {
    let end = output.windows(4).position(|end| end == b"\r\n\r\n");
    end.map(|end| end + 4)
}
