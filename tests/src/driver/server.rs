//! A driver of the core's whole server in memory: a request and frames in, a response and frames
//! out.

use ws_echo_core::{
    Acceptance, Agreed, Buffer, Message, Progress, Refusal, ServerHandshake, Storage, Window,
};

use crate::driver::{self, Cuts, Outcome, Session};
use crate::remote_server;

/// What an application decides about a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Application<'a> {
    /// The message to send right after the response.
    pub greeting: Option<Message<'a>>,
    /// The subprotocols that the application speaks: it chooses the first one that is offered.
    pub subprotocols: &'a [&'a str],
    /// The window up to which the application accepts compression; `None` if it accepts none.
    pub deflate: Option<Window>,
    /// The paths that the application serves; if empty, all.
    pub paths: &'a [&'a str],
}

/// The result of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The head of the response, including the empty line at its end; empty if there was none.
    pub head: String,
    /// The body of a refusal.
    pub body: String,
    /// Why the request was refused.
    pub refusal: Option<Refusal>,
    /// What was agreed on, if the connection was opened.
    pub agreed: Option<Agreed>,
    /// The session after the response, if the connection was opened.
    pub session: Option<Outcome>,
}

impl Served {
    /// The same, with messages in place of their fragments.
    pub fn joined(mut self) -> Self {
        self.session = self.session.map(Outcome::joined);
        self
    }

    /// The status line.
    pub fn status_line(&self) -> &str {
        self.head.split("\r\n").next().unwrap()
    }

    /// The values of the response's headers with this name.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.split("\r\n").skip(1);
        lines
            .filter_map(|line| line.split_once(": "))
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }
}

/// Serves a client through a buffer that belongs to it: see [`driver::run`]. The head is collected
/// in `N` bytes.
pub fn serve<const N: usize>(
    application: Application<'_>,
    input: &[u8],
    cuts: &Cuts,
    takes: &Cuts,
    buffer_len: usize,
) -> Served {
    let mut server = Driver::<N>::new(application);
    let transmitted = driver::run(input, cuts, takes, buffer_len, |buffer| {
        server.exchange(buffer);
    });
    server.served(&transmitted)
}

/// Serves a client through a buffer that is lent for one exchange at a time: see
/// [`driver::run_in_pieces`].
pub fn serve_in_pieces<const N: usize>(
    application: Application<'_>,
    input: &[u8],
    cuts: &Cuts,
    buffer_len: usize,
) -> Served {
    let mut server = Driver::<N>::new(application);
    let transmitted =
        driver::run_in_pieces(input, cuts, buffer_len, |buffer| server.exchange(buffer));
    server.served(&transmitted)
}

/// Serves a client whole, byte by byte and at random splits, through small and large buffers, owned
/// and lent, and over TCP if a [remote server](remote_server) is named and the application is the
/// default. Returns the result, which must always be the same.
///
/// # Panics
///
/// If a result differs in more than the fragments of messages.
pub fn serve_always<const N: usize>(application: Application<'_>, input: &[u8]) -> Served {
    let whole = Cuts::whole();
    let expected = serve::<N>(application, input, &whole, &whole, 4096);
    let joined = expected.clone().joined();
    for (cuts, takes) in Cuts::many(input.len()) {
        for len in [ws_echo_core::MIN_BUFFER_LEN, 100, 4096] {
            let served = serve::<N>(application, input, &cuts, &takes, len).joined();
            assert_eq!(served, joined, "{cuts:?}, {takes:?}, buffer of {len}");
            let served = serve_in_pieces::<N>(application, input, &cuts, len).joined();
            assert_eq!(served, joined, "{cuts:?}, lent buffer of {len}");
        }
    }
    if N == 1024 && application == Application::default() {
        remote_server::check_served(input, &expected);
    }
    expected
}

struct Driver<'a, const N: usize> {
    application: Application<'a>,
    handshake: ServerHandshake<N>,
    refusal: Option<Refusal>,
    agreed: Option<Agreed>,
    session: Option<Session<ws_echo_core::Server>>,
}

impl<'a, const N: usize> Driver<'a, N> {
    fn new(application: Application<'a>) -> Self {
        Self {
            application,
            handshake: ServerHandshake::new(),
            refusal: None,
            agreed: None,
            session: None,
        }
    }

    fn exchange<S: Storage>(&mut self, buffer: &mut Buffer<S>) {
        while self.session.is_none() {
            let answer = match self.handshake.advance(buffer) {
                Ok(Progress::Wait) => return,
                Ok(Progress::Request) => self.decide(),
                Ok(Progress::Open(agreed)) => {
                    self.agreed = Some(agreed);
                    self.session = Some(Session::server(agreed));
                    Ok(())
                }
                Ok(progress) => panic!("{progress:?}"),
                Err(refusal) => Err(refusal),
            };
            if let Err(refusal) = answer {
                self.handshake.explain(refusal.text());
                assert_eq!(self.refusal.replace(refusal), None, "a second refusal");
            }
        }
        if let Some(session) = &mut self.session {
            session.exchange(buffer);
        }
    }

    fn decide(&mut self) -> Result<(), Refusal> {
        let request = self.handshake.request();
        let paths = self.application.paths;
        if !paths.is_empty() && !paths.contains(&request.path()) {
            self.handshake.refuse(Refusal::NotFound, "");
            return Err(Refusal::NotFound);
        }
        let is_offered = |name: &&str| request.subprotocols().any(|offer| offer == *name);
        let mut spoken = self.application.subprotocols.iter().copied();
        let chosen = spoken.find(is_offered);
        let limit = self.application.deflate;
        let deflate = limit.and_then(|limit| request.deflate(limit));
        self.handshake.accept(Acceptance {
            subprotocol: chosen,
            deflate: deflate.as_ref(),
            greeting: self.application.greeting,
        })
    }

    fn served(self, transmitted: &[u8]) -> Served {
        let end = transmitted.windows(4).position(|end| end == b"\r\n\r\n");
        let (head, rest) = transmitted.split_at(end.map_or(0, |end| end + 4));
        let is_refused = self.refusal.is_some();
        assert_eq!(self.handshake.is_done(), is_refused, "done when refused");
        let body = if is_refused { rest } else { &[] };
        Served {
            head: String::from_utf8(head.to_vec()).unwrap(),
            body: String::from_utf8(body.to_vec()).unwrap(),
            refusal: self.refusal,
            agreed: self.agreed,
            session: self.session.map(|session| session.outcome(rest)),
        }
    }
}
