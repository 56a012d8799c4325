//! Plays one case: against a server, over a connection of its own, or against a client that has
//! connected.

mod attack;
mod attackers;
pub(crate) mod connection;
pub(crate) mod conversation;
pub(crate) mod events;
pub(crate) mod opening;
mod outgoing;
mod script;
pub(crate) mod server_session;
mod witness;

use super::case::{Case, Play};
use super::target::Target;
use super::transcript::Transcript;
use super::verdict::Verdict;
use events::CheckEvents;

/// Plays a case against a server, and judges it.
pub(crate) fn play(
    events: &mut CheckEvents,
    target: &Target<'_>,
    case: &Case,
) -> (Verdict, Transcript) {
    match &case.play {
        Play::Session(session) => server_session::play(events, target, session),
        Play::Attack(attack) => attack::play(events, target, attack),
        Play::Request(_) | Play::Response(_) => (
            Verdict::skipped("cases of this kind cannot be played against a server"),
            Transcript::default(),
        ),
    }
}
