//! Robustness against peers that mean harm, with `--hostile` only. Each case loads the server for a
//! few seconds, and another client must be served meanwhile.

use crate::check::attack::{Answers, Attack, Behaviour, Flood};
use crate::check::case::{Case, Play};
use crate::check::cases::rules::PLATFORM_LIMITS;
use crate::check::frame::{Frame, Length, Role, binary, continuation, ping, pong, text};
use crate::check::payload::Payload;

pub(super) fn cases() -> Vec<Case> {
    [floods(), slow(), held()].concat()
}

/// So many connections send as fast as they can.
const FLOODS: usize = 8;

fn case(name: &str, claim: &str, connections: usize, behaviour: Behaviour) -> Case {
    Case::robust(
        format!("10.4-hostile-{name}"),
        format!("Another client is served while {claim}"),
        &PLATFORM_LIMITS,
    )
    .of(Role::Server)
    .alone()
    .hostile()
    .plain_tcp()
    .play(Play::Attack(Attack {
        connections,
        behaviour,
    }))
}

/// What is sent once, and then again and again.
type Frames = (Vec<Frame>, Vec<Frame>);

fn floods() -> Vec<Case> {
    let case = |(name, what, (first, frames)): (&str, &str, Frames), answers| {
        let (also, and) = match answers {
            Answers::Read => ("", ""),
            Answers::Unread => ("-unread", " and read no answers"),
        };
        let flood = Flood {
            first,
            again: frames,
            answers,
        };
        case(
            &format!("{name}{also}"),
            &format!("{FLOODS} clients send {what} as fast as they can{and}"),
            FLOODS,
            Behaviour::Flood(flood),
        )
    };
    let mut cases = Vec::new();
    for flood in flooding() {
        // Nothing answers a Pong or a fragment.
        let is_answered = !matches!(flood.0, "pongs" | "empty-fragments" | "tiny-fragments");
        cases.push(case(flood.clone(), Answers::Read));
        if is_answered {
            cases.push(case(flood, Answers::Unread));
        }
    }
    cases
}

fn slow() -> Vec<Case> {
    vec![
        case(
            "slow-requests",
            "100 clients send their requests a byte now and then",
            100,
            Behaviour::SlowRequest,
        ),
        case(
            "slow-frames",
            "100 clients send their frames a byte now and then",
            100,
            Behaviour::Slow(vec![binary(Payload::repeated("*", 1000))]),
        ),
        case(
            "reset-connections",
            "connections are opened and reset as fast as possible",
            20,
            Behaviour::Reopened,
        ),
    ]
}

fn held() -> Vec<Case> {
    let begun = |len: Length| vec![binary("begun").length(len)];
    vec![
        case(
            "no-requests",
            "1000 clients have connected and send nothing",
            1000,
            Behaviour::Silent,
        ),
        case(
            "half-requests",
            "500 clients have sent half a request",
            500,
            Behaviour::HalfRequest,
        ),
        case(
            "half-frames",
            "500 clients have sent the beginning of a frame of 64 KiB",
            500,
            Behaviour::Holds(begun(Length::OfWhole(65_536))),
        ),
        case(
            "huge-frames",
            "100 clients have sent the beginning of a frame of 2^40 bytes",
            100,
            Behaviour::Holds(begun(Length::Claimed(1 << 40))),
        ),
        case(
            "half-messages",
            "500 clients have sent 64 KiB of a message that never ends",
            500,
            Behaviour::Holds(vec![binary(Payload::repeated("*", 65_536)).not_final()]),
        ),
        case(
            "thousand-idle-connections",
            "1000 clients have opened a connection and do nothing",
            1000,
            Behaviour::Idle,
        ),
        case(
            "five-thousand-idle-connections",
            "5000 clients have opened a connection and do nothing",
            5000,
            Behaviour::Idle,
        ),
    ]
}

/// The end of an id, what is sent in words, and the frames.
fn flooding() -> [(&'static str, &'static str, Frames); 8] {
    let again = |frame: Frame| (Vec::new(), vec![frame]);
    let inside = |frame: Frame| (vec![text("begun").not_final()], vec![frame]);
    [
        ("tiny-messages", "messages of one byte", again(binary("x"))),
        ("empty-messages", "empty messages", again(text(""))),
        (
            "long-messages",
            "messages of 64 KiB",
            again(binary(Payload::repeated("*", 65_536))),
        ),
        ("pings", "Pings", again(ping("flood"))),
        (
            "long-pings",
            "Pings of 125 bytes",
            again(ping(Payload::repeated("*", 125))),
        ),
        ("pongs", "Pongs", again(pong("flood"))),
        (
            "empty-fragments",
            "empty fragments of messages that never end",
            inside(continuation("").not_final()),
        ),
        (
            "tiny-fragments",
            "fragments of one byte of messages that never end",
            inside(continuation("x").not_final()),
        ),
    ]
}
