//! RFC 6455 section 5.2: sessions whose bytes arrive cut at each place, byte by byte, at once, and
//! in one piece with the opening handshake.

use crate::check::answer::{Answer, binary_back, pong_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::{CLIENT_WAITS, ESTABLISHED};
use crate::check::frame::{Frame, Role, binary, close, continuation, ping, pong, text};
use crate::check::payload::Payload;
use crate::check::session::{Cut, End};

const STREAM: Rule = Rule::new(
    "6.2",
    "To receive WebSocket data, an endpoint listens on the underlying network connection.",
);
const FRAMES: Rule = Rule::new(
    "6.2",
    "Incoming data MUST be parsed as WebSocket frames as defined in Section 5.2.",
);

pub(super) fn cases() -> Vec<Case> {
    sessions().into_iter().flat_map(Sample::cases).collect()
}

/// A session that is cut.
struct Sample {
    name: &'static str,
    what: &'static str,
    frames: Vec<Frame>,
    answers: Vec<Answer>,
    end: End,
}

impl Sample {
    fn open(
        name: &'static str,
        what: &'static str,
        frames: impl Into<Vec<Frame>>,
        answers: impl Into<Vec<Answer>>,
    ) -> Self {
        Self {
            name,
            what,
            frames: frames.into(),
            answers: answers.into(),
            end: End::Open,
        }
    }

    fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }

    fn cases(self) -> [Case; 4] {
        let Self { name, what, .. } = self;
        let answers = || self.answers.clone();
        let everywhere = Case::must(
            format!("5.2-{name}-cut-everywhere"),
            format!("{what}, wherever the network cuts the bytes in two"),
            &FRAMES,
        )
        .sends(self.frames.clone())
        .answers(answers())
        .ends(self.end.clone())
        .cut_everywhere();
        let bytes = Case::must(
            format!("5.2-{name}-byte-by-byte"),
            format!("{what}, if the bytes arrive one by one"),
            &STREAM,
        )
        .sends_cut(Cut::Bytes, self.frames.clone())
        .answers(answers())
        .ends(self.end.clone());
        let glued = |case: Case| {
            case.sends(self.frames.clone())
                .answers(answers())
                .ends(self.end.clone())
                .glued()
        };
        // A client must not do that, but a proxy may, and a server should not be confused by it.
        let to_server = Case::robust(
            format!("4.1-{name}-glued-to-the-request"),
            format!("{what}, also if it comes in one piece with the request"),
            &CLIENT_WAITS,
        )
        .of(Role::Server);
        let to_client = Case::must(
            format!("4.2.2-{name}-glued-to-the-response"),
            format!("{what}, if it arrives in one piece with the response"),
            &ESTABLISHED,
        )
        .of(Role::Client);
        [everywhere, bytes, glued(to_server), glued(to_client)]
    }
}

fn sessions() -> Vec<Sample> {
    let mut sessions = valid();
    sessions.extend(valid_of_several_frames());
    sessions.extend(ending());
    sessions
}

fn valid() -> Vec<Sample> {
    let long = || Payload::repeated("0123456789", 126);
    vec![
        Sample::open(
            "text",
            "A text message comes back",
            [text("κόσμε 🦀")],
            [text_back("κόσμε 🦀")],
        ),
        Sample::open(
            "empty-text",
            "An empty text message comes back",
            [text("")],
            [text_back("")],
        ),
        Sample::open(
            "ping",
            "A Ping is answered",
            [ping("\u{1F980}")],
            [pong_back("\u{1F980}")],
        ),
        Sample::open(
            "16-bit-length",
            "A message with a length in 16 bits comes back",
            [binary(long())],
            [binary_back(long())],
        ),
    ]
}

fn valid_of_several_frames() -> Vec<Sample> {
    vec![
        Sample::open(
            "fragments",
            "A message in fragments, with a Ping between them, comes back",
            [
                text("κό").not_final(),
                ping("?"),
                continuation("").not_final(),
                continuation("σμε"),
            ],
            [pong_back("?"), text_back("κόσμε")],
        ),
        Sample::open(
            "character-cut-by-fragments",
            "A message whose character is cut by fragments comes back",
            [text(b"\xF0\x9F").not_final(), continuation(b"\xA6\x80")],
            [text_back("🦀")],
        ),
        Sample::open(
            "several-messages",
            "Several messages come back, and an unasked Pong changes nothing",
            [text("a"), pong("b"), binary(b"\xFF"), ping("c"), text("d")],
            [
                text_back("a"),
                binary_back(b"\xFF"),
                pong_back("c"),
                text_back("d"),
            ],
        ),
    ]
}

fn ending() -> Vec<Sample> {
    vec![
        Sample::open("close", "A Close is answered", [close(1000, "bye")], [])
            .ending(End::Closes(&[1000])),
        Sample::open(
            "reserved-bit",
            "A reserved bit fails the connection",
            [text("Hello").reserved_bits(4)],
            [],
        )
        .ending(End::Fails(&[1002])),
        Sample::open(
            "reserved-opcode",
            "A reserved opcode fails the connection",
            [text("Hello").opcode(3)],
            [],
        )
        .ending(End::Fails(&[1002])),
        Sample::open(
            "invalid-text",
            "Text that is not UTF-8 fails the connection",
            [text(b"\xCE\xBA\xED\xA0\x80")],
            [],
        )
        .ending(End::Fails(&[1007])),
        Sample::open(
            "too-long-ping",
            "A Ping of 126 bytes fails the connection",
            [ping(Payload::repeated("*", 126))],
            [],
        )
        .ending(End::Fails(&[1002])),
    ]
}
