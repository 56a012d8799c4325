//! A request that is sent to a server, right or wrong, how it is sent, and the responses that are
//! allowed (RFC 6455 section 4.2, RFC 9112).

use std::fmt::{self, Display, Formatter};

use super::answer::Answer;
use super::frame::Frame;
use super::request::{Base, Request};
use super::response_head::HeadFault;
use super::session::Grade;

/// How many lines of a request are shown, and how many bytes of a line.
const LINES_SHOWN: usize = 20;
const LINE_LEN_SHOWN: usize = 200;

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

    /// The connection opens; then the frames are sent, and these answers must come: the last ones
    /// to these frames, and those before them to what was behind the request.
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
    pub fn allowed_in_words(&self) -> String {
        let allowed = self.allowed.iter().map(|(grade, response)| {
            let mut words = response.to_string();
            if *response == Response::Opens {
                let answers = self.answers.iter();
                words.extend(answers.map(|answer| format!(", then {answer}")));
            }
            match grade {
                Grade::Passed => words,
                Grade::NotStrict => words + " (not strict)",
                Grade::Informational => words + " (left open by the RFC)",
            }
        });
        let mut words = allowed.collect::<Vec<_>>().join("; or ");
        if let Some(watched) = self.watched {
            words += &format!("; and {watched}");
        }
        words
    }

    /// What is sent, in lines, with values as in the examples of RFC 6455.
    pub fn sent_in_words(&self) -> Vec<String> {
        let example = Base {
            resource: "/chat".into(),
            authority: "server.example.com".into(),
            scheme: "http",
            key: "dGhlIHNhbXBsZSBub25jZQ==".into(),
            headers: Vec::new(),
        };
        let mut words = vec![format!("{}:", self.request.words(&example))];
        let bytes = self.request.bytes(&example);
        let lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
        let shown = lines.iter().take(LINES_SHOWN);
        words.extend(shown.map(|line| shown_line(line)));
        if lines.len() > LINES_SHOWN {
            words.push(format!("... and {} more lines", lines.len() - LINES_SHOWN));
        }
        match self.sending {
            Sending::Whole => {}
            Sending::Paused => words.push("(the last two bytes come later)".into()),
            Sending::CutEverywhere => {
                words.push("(again for each place where it can be cut, and byte by byte)".into());
            }
        }
        if self.is_half_closed {
            words.push("(and the end of the TCP connection in this direction)".into());
        }
        if let Afterwards::Frames(frames) = &self.afterwards {
            let sent = frames.iter();
            words.extend(sent.map(|frame| format!("once the connection is open: {frame}")));
        }
        words
    }
}

/// A line of a request, with its end as an escape.
fn shown_line(line: &[u8]) -> String {
    let (shown, others) = line.split_at(line.len().min(LINE_LEN_SHOWN));
    let mut words = shown.escape_ascii().to_string();
    if !others.is_empty() {
        words += &format!("... and {} more bytes", others.len());
    }
    words
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
                "nothing, and the end of the TCP connection once the client has ended it",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::request::request;

    #[test]
    fn a_request_is_explained_line_by_line() {
        let play = ask(request().without("Upgrade").line("X: \0"))
            .refused(&[400, 426])
            .or(Grade::NotStrict, Response::Drops)
            .sent(Sending::Paused);
        assert_eq!(
            play.sent_in_words(),
            [
                "a request without Upgrade and with the further line \"X: \\u{0}\":",
                "GET /chat HTTP/1.1\\r\\n",
                "Host: server.example.com\\r\\n",
                "Connection: Upgrade\\r\\n",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n",
                "Sec-WebSocket-Version: 13\\r\\n",
                "X: \\x00\\r\\n",
                "\\r\\n",
                "(the last two bytes come later)",
            ]
        );
        assert_eq!(
            play.allowed_in_words(),
            "a response with status 400 or 426; or the end of the TCP connection without a \
             response (not strict)"
        );
    }

    #[test]
    fn a_long_request_is_explained_by_its_beginning() {
        let long = ask(request().many_headers(1000).line("a".repeat(5000))).sent_in_words();
        assert_eq!(long.last().unwrap(), "... and 988 more lines");
        let long = ask(request().line("a".repeat(5000))).sent_in_words();
        assert!(
            long[7].ends_with("aaa... and 4802 more bytes"),
            "{}",
            long[7]
        );
    }
}
