//! Plays one case: against a server, over a connection of its own, or against a client that has
//! connected.

mod attack;
mod attackers;
pub(crate) mod client_opening;
mod client_response;
pub(crate) mod client_session;
pub(crate) mod connection;
pub(crate) mod conversation;
pub(crate) mod opening;
mod outgoing;
pub(crate) mod request;
mod script;
pub(crate) mod server_session;
pub(crate) mod talk;
mod witness;

use super::case::{Case, Play};
use super::request_part::Circumstances;
use super::target::Target;
use super::transcript::Transcript;
use super::verdict::Verdict;
use crate::client::waiter::SocketPoll;
use client_opening::WaitingClient;

/// Plays a case against a server, and judges it.
pub(crate) fn play(
    poll: &mut SocketPoll,
    target: &Target<'_>,
    case: &Case,
) -> (Verdict, Transcript) {
    match &case.play {
        Play::Session(session) => server_session::play(poll, target, session),
        Play::Attack(attack) => attack::play(poll, target, attack),
        Play::Request(request) => request::play(poll, target, request),
        Play::Response(_) => (
            Verdict::skipped("cases of this kind cannot be played against a server"),
            Transcript::default(),
        ),
    }
}

/// Plays a case against a client that has connected, and judges it. A client that uses the
/// connection for another request is returned, and has sent the beginning of that.
pub(crate) fn play_client<'a>(
    client: WaitingClient<'a>,
    case: &Case,
    around: Circumstances,
) -> (Verdict, Transcript, Option<WaitingClient<'a>>) {
    let (verdict, transcript) = match &case.play {
        Play::Session(session) => client_session::play(client, session),
        Play::Response(response) => return client_response::play(client, response, around),
        Play::Request(_) | Play::Attack(_) => {
            let why = "cases of this kind cannot be played against a client";
            client_session::skip(client, Verdict::skipped(why))
        }
    };
    (verdict, transcript, None)
}
