//! A request that is sent to a server, right or wrong, how it is sent, and the responses that are
//! allowed (RFC 6455 section 4.2, RFC 9112).

use std::fmt::{self, Display, Formatter};

use super::answer::Answer;
use super::frame::Frame;
use super::request::Request;
use super::response_head::HeadFault;
use super::session::Grade;

/// A request, and the responses that are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPlay {
    pub request: Request,
    pub sending: Sending,
    /// Whether the client ends its direction of the TCP connection behind the request.
    pub is_half_closed: bool,
    pub afterwards: Afterwards,
    /// What must come once the connection is open, in answer to frames.
    pub answers: Vec<Answer>,
    /// What must not be wrong with the response.
    pub watched: Option<HeadFault>,
    /// What is allowed; the first is what a server should do.
    pub allowed: Vec<(Grade, Response)>,
}

/// How a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    Whole,
    /// The last two bytes come later, and nothing may come before them.
    Paused,
    /// Again and again: cut at each place, and in the end byte by byte.
    CutEverywhere,
}

/// What is done once the connection is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// These frames are sent, and a Close.
    Frames(Vec<Frame>),
    /// It is listened for a second response.
    Listen,
}

/// What a server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// It opens the connection: status 101.
    Opens,
    /// It refuses with one of these statuses; with any of 400 to 599 if there are none.
    Refuses(&'static [u16]),
    /// The same, and it ends the TCP connection then.
    RefusesAndEnds(&'static [u16]),
    /// It answers with any status but 101, as to a request for a page.
    Declines,
    /// It ends the TCP connection without a response.
    Drops,
    /// It ends the TCP connection, whatever it has sent before, as long as it does not open one.
    Ends,
    /// It waits for more, and ends the TCP connection when the client has ended its direction.
    Waits,
}

/// A request with no response allowed yet.
pub fn ask(request: Request) -> RequestPlay {
    RequestPlay {
        request,
        sending: Sending::Whole,
        is_half_closed: false,
        afterwards: Afterwards::Frames(Vec::new()),
        answers: Vec::new(),
        watched: None,
        allowed: Vec::new(),
    }
}

impl RequestPlay {
    /// A server should open the connection.
    pub fn opens(self) -> Self {
        self.or(Grade::Passed, Response::Opens)
    }

    /// A server should refuse with one of these statuses, or with any if there are none.
    pub fn refused(self, statuses: &'static [u16]) -> Self {
        self.or(Grade::Passed, Response::Refuses(statuses))
    }

    /// This is allowed too.
    pub fn or(mut self, grade: Grade, response: Response) -> Self {
        self.allowed.push((grade, response));
        self
    }

    /// The connection opens; then the frames are sent, and these answers must come.
    pub fn then(mut self, frames: Vec<Frame>, answers: Vec<Answer>) -> Self {
        self.afterwards = Afterwards::Frames(frames);
        self.answers = answers;
        self
    }

    /// Afterwards it is listened for a second response.
    pub fn listens(mut self) -> Self {
        self.afterwards = Afterwards::Listen;
        self
    }

    /// The request is sent in this way.
    pub fn sent(mut self, sending: Sending) -> Self {
        self.sending = sending;
        self
    }

    /// The client ends its direction behind the request.
    pub fn half_closed(mut self) -> Self {
        self.is_half_closed = true;
        self
    }

    /// The case fails if the response has this fault. Other cases do not look at it.
    pub fn watches(mut self, fault: HeadFault) -> Self {
        self.watched = Some(fault);
        self
    }

    /// Whether a response is allowed, with any grade.
    pub fn allows(&self, response: Response) -> bool {
        self.allowed.iter().any(|(_, allowed)| *allowed == response)
    }

    /// What is allowed, in words.
    pub fn expected(&self) -> String {
        let allowed = self.allowed.iter().map(|(grade, response)| match grade {
            Grade::Passed => response.to_string(),
            Grade::NotStrict => format!("{response} (not strict)"),
            Grade::Informational => format!("{response} (left open by the RFC)"),
        });
        let mut expected = allowed.collect::<Vec<_>>().join("; or ");
        for answer in &self.answers {
            expected += &format!("; then {answer}");
        }
        expected
    }
}

/// In words, such as `a response with status 400`.
impl Display for Response {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opens => f.write_str("a response with status 101"),
            Self::Refuses([]) => f.write_str("a response with a status from 400 to 599"),
            Self::Refuses(statuses) => write!(f, "a response with status {}", Statuses(statuses)),
            Self::RefusesAndEnds(statuses) => {
                let refuses = Self::Refuses(statuses);
                write!(f, "{refuses}, and the end of the TCP connection")
            }
            Self::Declines => f.write_str("a response with another status than 101"),
            Self::Drops => f.write_str("the end of the TCP connection without a response"),
            Self::Ends => f.write_str("the end of the TCP connection"),
            Self::Waits => f.write_str(
                "nothing, and the end of the TCP connection when the client has ended its direction",
            ),
        }
    }
}

struct Statuses<'a>(&'a [u16]);

impl Display for Statuses<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, status) in self.0.iter().enumerate() {
            match index {
                0 => {}
                _ if index + 1 == self.0.len() => f.write_str(" or ")?,
                _ => f.write_str(", ")?,
            }
            write!(f, "{status}")?;
        }
        Ok(())
    }
}
