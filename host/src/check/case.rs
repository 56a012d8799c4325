//! A case as data: a claim about a peer, the rule behind it, what is sent, and what is allowed in
//! answer.

use std::borrow::Cow;

use super::answer::Answer;
use super::attack::Attack;
use super::comparison::Pongs;
use super::compression::parameters;
use super::frame::{Frame, Role};
use super::negotiation::Negotiation;
use super::received::FaultKind;
use super::request_play::RequestPlay;
use super::response_play::ResponsePlay;
use super::session::{Allowed, Cut, End, Grade, Session, Step};

/// One claim about a peer, and how it is tried.
#[derive(Clone, Debug)]
pub struct Case {
    /// Stays the same for ever. It begins with the section of RFC 6455, or with another RFC and
    /// its section: `5.5.2-ping-without-payload`, `rfc7692-7.2.1-empty-message`.
    pub id: Cow<'static, str>,
    /// What a peer does that keeps the rule, as a sentence without a full stop.
    pub claim: Cow<'static, str>,
    pub rule: &'static Rule,
    pub severity: Severity,
    /// The number of the counterpart in Autobahn's suite.
    pub autobahn: Option<Cow<'static, str>>,
    /// Which end can be tested; `None` for both.
    pub role: Option<Role>,
    /// What the case needs besides.
    pub needs: Needs,
    pub play: Play,
}

/// A sentence of an RFC.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The number of the RFC, such as 6455.
    pub rfc: u16,
    /// Such as `5.5.2`.
    pub section: &'static str,
    /// As it is in the RFC, on one line.
    pub sentence: &'static str,
}

impl Rule {
    /// A sentence of RFC 6455.
    pub const fn new(section: &'static str, sentence: &'static str) -> Self {
        Self::of(6455, section, sentence)
    }

    /// A sentence of another RFC.
    pub const fn of(rfc: u16, section: &'static str, sentence: &'static str) -> Self {
        Self {
            rfc,
            section,
            sentence,
        }
    }
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// An RFC says MUST, or the connection cannot work.
    Must,
    /// An RFC says SHOULD.
    Should,
    /// No RFC says it, but a peer that fails can be hurt, or is of little use.
    Robustness,
}

/// What a case needs besides a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// No other case may be played at the same time.
    pub alone: bool,
    /// It is played with `--hostile` only.
    pub hostile: bool,
    /// It cannot be played over TLS.
    pub plain_tcp: bool,
}

/// How a case is tried.
#[derive(Clone, Debug)]
pub enum Play {
    /// Frames, after an opening handshake.
    Session(Session),
    /// A request to a server, and its response.
    Request(RequestPlay),
    /// A response to a client, and what it does then.
    Response(ResponsePlay),
    /// Connections that load a server, while another client must be served.
    Attack(Attack),
}

impl Case {
    fn new(
        severity: Severity,
        id: impl Into<Cow<'static, str>>,
        claim: impl Into<Cow<'static, str>>,
        rule: &'static Rule,
    ) -> Self {
        Self {
            id: id.into(),
            claim: claim.into(),
            rule,
            severity,
            autobahn: None,
            role: None,
            needs: Needs::default(),
            play: Play::Session(Session::default()),
        }
    }

    /// A case of a rule that must be kept.
    pub fn must(
        id: impl Into<Cow<'static, str>>,
        claim: impl Into<Cow<'static, str>>,
        rule: &'static Rule,
    ) -> Self {
        Self::new(Severity::Must, id, claim, rule)
    }

    /// A case of a rule that should be kept.
    pub fn should(
        id: impl Into<Cow<'static, str>>,
        claim: impl Into<Cow<'static, str>>,
        rule: &'static Rule,
    ) -> Self {
        Self::new(Severity::Should, id, claim, rule)
    }

    /// A case of what no rule asks for, but users do.
    pub fn robust(
        id: impl Into<Cow<'static, str>>,
        claim: impl Into<Cow<'static, str>>,
        rule: &'static Rule,
    ) -> Self {
        Self::new(Severity::Robustness, id, claim, rule)
    }

    /// The case with its number in Autobahn's suite.
    pub fn autobahn(mut self, number: impl Into<Cow<'static, str>>) -> Self {
        self.autobahn = Some(number.into());
        self
    }

    /// The case for servers only, or for clients only.
    pub fn of(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// The case with no other at the same time.
    pub fn alone(mut self) -> Self {
        self.needs.alone = true;
        self
    }

    /// The case with `--hostile` only.
    pub fn hostile(mut self) -> Self {
        self.needs.hostile = true;
        self
    }

    /// The case without TLS only.
    pub fn plain_tcp(mut self) -> Self {
        self.needs.plain_tcp = true;
        self
    }

    /// The case with a play of another kind.
    pub fn play(mut self, play: Play) -> Self {
        self.play = play;
        self
    }

    /// The case with a request to a server.
    pub fn asks(self, request: RequestPlay) -> Self {
        self.of(Role::Server).play(Play::Request(request))
    }

    /// The section, as in the id.
    pub fn section(&self) -> &str {
        let end = match self.id.strip_prefix("rfc") {
            Some(_) => self.id.match_indices('-').nth(1),
            None => self.id.match_indices('-').next(),
        };
        &self.id[..end.map_or(self.id.len(), |(index, _)| index)]
    }

    /// Whether the peer must echo.
    pub fn needs_echo(&self) -> bool {
        match &self.play {
            Play::Session(session) => session.needs_echo(),
            Play::Request(_) | Play::Response(_) | Play::Attack(_) => false,
        }
    }
}

/// The script of a session, in the order of what happens.
impl Case {
    fn session(mut self, change: impl FnOnce(&mut Session)) -> Self {
        if let Play::Session(session) = &mut self.play {
            change(session);
        }
        self
    }

    /// Then these frames are sent, all at once.
    pub fn sends(self, frames: impl IntoIterator<Item = Frame>) -> Self {
        self.sends_cut(Cut::Whole, frames)
    }

    /// Then these frames are sent, cut in this way.
    pub fn sends_cut(self, cut: Cut, frames: impl IntoIterator<Item = Frame>) -> Self {
        let frames = frames.into_iter().collect();
        self.session(|session| session.steps.push(Step::Send(frames, cut)))
    }

    /// Then these bytes are sent as they are, to a peer of either role.
    pub fn sends_bytes(self, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        self.session(|session| session.steps.push(Step::SendBytes(bytes)))
    }

    /// Then this is done.
    pub fn then(self, step: Step) -> Self {
        self.session(|session| session.steps.push(step))
    }

    /// Then these answers must come, before anything else is sent.
    pub fn answers(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.session(|session| {
            let expected = &mut session.strict().answers;
            expected.extend(answers);
            let count = expected.len();
            session.steps.push(Step::Await(count));
        })
    }

    /// The frames are in one piece with the end of the opening handshake.
    pub fn glued(self) -> Self {
        self.session(|session| session.is_glued = true)
    }

    /// The session is played once for each place where its bytes can be cut, and byte by byte.
    pub fn cut_everywhere(self) -> Self {
        self.session(|session| session.is_cut_everywhere = true)
    }

    /// In the end the peer fails the connection, with one of these codes if it sends a Close.
    pub fn fails(self, codes: &'static [u16]) -> Self {
        self.ends(End::Fails(codes))
    }

    /// In the end the peer answers a Close that was sent, with one of these codes (1005 for none).
    pub fn closes(self, codes: &'static [u16]) -> Self {
        self.ends(End::Closes(codes))
    }

    /// How the connection is in the end; without this, [`End::Open`].
    pub fn ends(self, end: End) -> Self {
        self.session(|session| session.strict().end = end)
    }

    /// What a peer should do has this grade, which is not a pass: the RFC leaves it open.
    pub fn graded(self, grade: Grade) -> Self {
        self.session(|session| session.strict().grade = grade)
    }

    /// The player does not answer the peer's Close.
    pub fn silent(self) -> Self {
        self.session(|session| session.is_silent = true)
    }

    /// These answers and this end are allowed too, with another grade.
    pub fn or(self, grade: Grade, answers: impl IntoIterator<Item = Answer>, end: End) -> Self {
        let answers = answers.into_iter().collect();
        self.session(|session| {
            session.allowed.push(Allowed {
                grade,
                answers,
                end,
            });
        })
    }

    /// The case fails if a received frame has this fault, whatever else comes. Other cases do not
    /// look at it.
    pub fn watches(self, fault: FaultKind) -> Self {
        self.session(|session| session.watched = Some(fault))
    }

    /// Not each Ping must be answered, if a later one is.
    pub fn pongs(self, pongs: Pongs) -> Self {
        self.session(|session| session.pongs = pongs)
    }

    /// The handshake offers this to a server, the value of `Sec-WebSocket-Extensions`, and a client
    /// that offers permessage-deflate is answered without parameters. Without an agreement the case
    /// is skipped.
    pub fn offers(self, extensions: impl Into<Cow<'static, str>>) -> Self {
        self.negotiates(Negotiation {
            offers: vec![extensions.into()],
            accepts: vec![parameters::Answer::default()],
            ..Negotiation::default()
        })
    }

    /// This is negotiated of permessage-deflate.
    pub fn negotiates(self, negotiation: Negotiation) -> Self {
        self.session(|session| session.negotiation = Some(negotiation))
    }
}
