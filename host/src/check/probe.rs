//! The first connection to a server under test: whether it is one, how fast it answers, how it
//! greets, and whether it echoes.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use super::answer::{Answer, Kind};
use super::frame;
use super::http::Head;
use super::player::connection::Connection;
use super::player::talk::{NotOpened, Talk};
use super::target::Target;
use super::timing::Timing;
use crate::client::destination::Destination;
use crate::client::tls::TlsConnector;
use crate::client::waiter::SocketPoll;
use crate::escape::Untrusted;
use crate::options::check::ServerOptions;
use crate::resolve::Lookup;

/// What was found out about a server.
pub(crate) struct Probed<'a> {
    pub(crate) target: Target<'a>,
    /// The value of its `Server` header.
    pub(crate) product: Option<String>,
}

/// How long nothing must come before the greeting is over.
const GREETING_PAUSE: Duration = Duration::from_millis(200);
/// More messages than any greeting has.
const GREETING_LEN_MAX: usize = 100;
const ECHO: &str = "ws-echo check";

/// Connects, and finds out what has to be known before the cases.
///
/// # Errors
///
/// Why no case can be played, in one sentence.
pub(crate) fn probe<'a>(
    poll: &mut SocketPoll,
    options: &'a ServerOptions,
    detail: super::transcript::Detail,
) -> Result<Probed<'a>, String> {
    let destination = Destination {
        url: &options.url,
        trust: &options.trust,
        timeout: options.timeout,
    };
    let mut failure = String::from("the host has no address");
    for address in addresses(poll, options)? {
        let target = Target {
            options,
            destination,
            address,
            connector: TlsConnector::new(destination)?,
            timing: Timing::LOCAL,
            greeting_len: 0,
            jobs: options.jobs,
            detail,
        };
        match Connection::open(poll, &target) {
            Ok(connection) => return speak(connection, target),
            Err(error) => failure = error.to_string(),
        }
    }
    Err(failure)
}

fn addresses(poll: &mut SocketPoll, options: &ServerOptions) -> Result<Vec<SocketAddr>, String> {
    let deadline = Instant::now() + options.timeout;
    let lookup = Lookup::start(&options.url, poll.waker())
        .map_err(|error| format!("cannot start a thread: {error}"))?;
    loop {
        if let Some(answer) = lookup.answer() {
            return answer;
        }
        if Instant::now() >= deadline {
            return Err(lookup.late(options.timeout));
        }
        let waited = poll.wait(Some(deadline));
        waited.map_err(|error| format!("cannot wait for an answer: {error}"))?;
    }
}

fn speak<'a>(connection: Connection<'_>, mut target: Target<'a>) -> Result<Probed<'a>, String> {
    let start = Instant::now();
    let (mut talk, head) = open(connection, &target)?;
    target.timing.round_trip = start.elapsed();
    let product = head.value("Server").map(str::to_owned);
    target.greeting_len = greeting(&mut talk, target.timing)?;
    let start = Instant::now();
    let deadline = start + target.destination.timeout;
    talk.send(&frame::ping(ECHO), deadline)?;
    talk.wait(deadline, |answers| !answers.is_empty());
    target.timing.round_trip = target.timing.round_trip.min(start.elapsed());
    if !target.options.no_echo {
        check_echo(&mut talk, target.destination.timeout)?;
    }
    if !serves_another(&target) {
        target.jobs = NonZeroUsize::MIN;
    }
    Ok(Probed { target, product })
}

/// Whether the server answers on another connection while one is open.
fn serves_another(target: &Target<'_>) -> bool {
    let Ok(mut poll) = SocketPoll::new() else {
        return true;
    };
    let Ok(connection) = Connection::open(&mut poll, target) else {
        return false;
    };
    open(connection, target).is_ok()
}

/// Looks whether a server still does what it did at first.
///
/// # Errors
///
/// Why it seems to be gone, in words.
pub(crate) fn look_again(poll: &mut SocketPoll, target: &Target<'_>) -> Result<(), String> {
    let connection = Connection::open(poll, target).map_err(|error| error.to_string())?;
    let (mut talk, _) = open(connection, target)?;
    if target.options.no_echo {
        return Ok(());
    }
    let is_greeted = |answers: &[Answer]| answers.len() >= target.greeting_len;
    let timeout = target.destination.timeout;
    talk.wait(Instant::now() + timeout, is_greeted);
    check_echo(&mut talk, timeout)
}

fn open<'a>(connection: Connection<'a>, target: &Target<'_>) -> Result<(Talk<'a>, Head), String> {
    let deadline = Instant::now() + target.destination.timeout;
    Talk::open(connection, target, deadline).map_err(|error| match error {
        NotOpened::NotSent(why) => why,
        NotOpened::NoResponse { why, received } => {
            let seems = looks_like(&received);
            format!("this is no WebSocket server: {why}{seems}")
        }
        NotOpened::Refused(line) => {
            let line = Untrusted::excerpt(&line);
            format!("the server did not open a WebSocket connection: {line}")
        }
    })
}

/// What the first bytes of something else look like.
fn looks_like(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x15 | 0x16, 3, ..] => "; it seems to speak TLS: write wss:// instead of ws://",
        [0, 0, _, 4, ..] => "; it seems to speak HTTP/2 only",
        [b'S', b'S', b'H', b'-', ..] => "; it seems to speak SSH",
        _ => "",
    }
}

/// Waits for the messages of a greeting, and returns how many there are.
fn greeting(talk: &mut Talk<'_>, timing: Timing) -> Result<usize, String> {
    loop {
        let count = talk.answers.len();
        let until = Instant::now() + timing.quiet().max(GREETING_PAUSE);
        talk.wait(until, |answers| answers.len() > count);
        if talk.ended.is_some() {
            return Err("the server ended the connection before anything was sent".into());
        }
        if talk.answers.len() == count {
            talk.answers.clear();
            return Ok(count);
        }
        if count > GREETING_LEN_MAX {
            return Err(
                "the server sends messages without end, so none can be told to be an \
                        answer"
                    .into(),
            );
        }
    }
}

/// Checks that a text and a binary message come back, each within a time.
fn check_echo(talk: &mut Talk<'_>, timeout: Duration) -> Result<(), String> {
    for (sent, kind, name) in [
        (frame::text(ECHO), Kind::Text, "text"),
        (frame::binary(ECHO), Kind::Binary, "binary message"),
    ] {
        let deadline = Instant::now() + timeout;
        talk.send(&sent, deadline)?;
        let is_data = |answer: &&Answer| answer.kind != Kind::Pong;
        talk.answers.clear();
        talk.wait(deadline, |answers| answers.iter().any(|it| is_data(&it)));
        let came = talk.answers.iter().find(is_data);
        let expected = Answer {
            kind,
            payload: ECHO.into(),
        };
        let came = match came {
            Some(came) if *came == expected => continue,
            Some(came) => format!("{came} came back"),
            None if talk.ended.is_some() => "the connection ended".into(),
            None => "nothing came back".into(),
        };
        return Err(format!(
            "the server does not echo: a {name} was sent, and {came}; test a server with a \
             protocol of its own with --no-echo"
        ));
    }
    Ok(())
}
