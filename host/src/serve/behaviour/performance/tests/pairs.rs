//! All pairs of parameters of different groups, as a client in memory sees them. It always does the
//! same; what it must see is said by a model, which knows each parameter alone and what happens
//! first when two meet.

mod model;
mod seen;

use self::model::Model;
use self::seen::Seen;
use super::stage::*;
use crate::serve::behaviour::parse::Bounds;
use crate::serve::behaviour::tests::pairs;
use crate::serve::behaviour::{Behaviour, Greeting};

/// The greeting of `--welcome`.
const USUAL: &str = "hi";
/// In place of the request as it arrived.
const REQUEST: &str = "{}";

/// What the client sends, and when, in milliseconds. All handshakes and greetings are over then.
const MESSAGES: [(u64, u8, &[u8]); 5] = [
    (5_000, 0x81, b"one"),
    (5_100, 0x82, b"\x00\xFF\xFEtwo"),
    (5_200, 0x81, "drei Äpfel, drüben, 水, 🦀".as_bytes()),
    (5_300, 0x81, b""),
    (5_400, 0x82, &[7; 40]),
];
/// When it sends a Ping.
const PING_AT: u64 = 5_250;
/// When it sends a Close, though it has got one, and when the test ends.
const CLOSE_AT: u64 = 20_050;
const END_AT: u64 = 40_000;

fn greeting(behaviour: &Behaviour) -> Option<&str> {
    match &behaviour.greeting.greeting {
        Greeting::Usual => Some(USUAL),
        Greeting::None => None,
        Greeting::Request => Some(REQUEST),
        Greeting::Text(text) => Some(text),
    }
}

/// Plays the client.
fn play(behaviour: &Behaviour) -> Seen {
    let (greeting, asked) = (greeting(behaviour), behaviour.clone());
    let mut stage = Stage::with(&["--close-timeout=5s"], greeting, AGREED, |it| *it = asked);
    let mut sent: Vec<_> = MESSAGES
        .map(|(at, first, bytes)| (at, frame(first, bytes)))
        .into();
    sent.push((PING_AT, frame(0x89, "?")));
    sent.push((CLOSE_AT, CLOSE.to_vec()));
    sent.sort();
    for (at, bytes) in sent {
        stage.pass((at - stage.elapsed()) as u32 * MILLISECOND);
        stage.send(bytes);
    }
    stage.pass((END_AT - CLOSE_AT) as u32 * MILLISECOND);
    Seen::of(&mut stage)
}

#[test]
fn all_pairs_of_different_groups_do_what_the_model_says() {
    let bounds = Bounds { max_push: 10 };
    let mut played = 0;
    for (one, other) in pairs() {
        let query = format!("{one}&{other}");
        // A mistake is for the tests of `parse`, and a refusal has no frames.
        let Ok(behaviour) = Behaviour::parse(&query, &bounds) else {
            continue;
        };
        Model::new(&query, &behaviour, play(&behaviour)).check();
        played += 1;
    }
    assert!(played > 500, "{played} pairs were played");
}
