//! Loads a server, and looks whether it still serves another client, and opens connections when it
//! is over.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::attackers::{self, Progress};
use super::witness::Witness;
use crate::check::attack::{Attack, Behaviour, EXPECTED};
use crate::check::target::Target;
use crate::check::transcript::Transcript;
use crate::check::verdict::{Outcome, Verdict};
use crate::client::waiter::SocketPoll;
use crate::platform;

/// How long a server is watched once all connections are there.
const LOAD_TIME: Duration = Duration::from_millis(1500);
/// More than this a client needs not wait for its echo, also on a slow machine.
const LIMIT_MIN: Duration = Duration::from_secs(2);
/// The same in round trips.
const LIMIT_ROUND_TRIPS: u32 = 100;
/// How long a server may need for what another case has sent.
const RECOVERY_TIME_MAX: Duration = Duration::from_secs(15);
/// Between two messages of the other client.
const PAUSE: Duration = Duration::from_millis(5);
/// Files that are open besides the connections.
const OTHER_FILES: u64 = 64;
/// With so many connections a server may have no room for another one.
const MANY: usize = 500;

/// Loads a server, and judges what became of it.
pub(crate) fn play(
    poll: &mut SocketPoll,
    target: &Target<'_>,
    attack: &Attack,
) -> (Verdict, Transcript) {
    let mut transcript = Transcript::new(target.detail);
    let limit = LIMIT_MIN.max(target.timing.round_trip * LIMIT_ROUND_TRIPS);
    let may_open = platform::raise_file_limit().unwrap_or(u64::MAX);
    let mut attack = attack.clone();
    let wanted = attack.connections;
    attack.connections = wanted.min(may_open.saturating_sub(OTHER_FILES) as usize);
    if let Err(why) = recovered(poll, target, limit) {
        let why = format!("the server does not serve anyone, perhaps since another case: {why}");
        return (Verdict::skipped(why), transcript);
    }
    let verdict = match load(poll, target, &attack, limit, &mut transcript) {
        Err(why) => Verdict::new(Outcome::Failed, why, EXPECTED),
        Ok(()) if attack.connections < wanted => {
            let seen = format!(
                "there were {} connections only, because this process may open {may_open} files",
                attack.connections
            );
            Verdict::new(Outcome::Informational, seen, EXPECTED)
        }
        Ok(()) => Verdict::new(Outcome::Passed, "", EXPECTED),
    };
    (verdict, transcript)
}

/// Waits until the server has done with what another case has left in its buffers.
fn recovered(poll: &mut SocketPoll, target: &Target<'_>, limit: Duration) -> Result<(), String> {
    let until = Instant::now() + RECOVERY_TIME_MAX;
    loop {
        let served = Witness::open(poll, target, limit).and_then(|mut it| it.round_trip());
        match served {
            Ok(_) => return Ok(()),
            Err(why) if Instant::now() >= until => return Err(why),
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

fn load(
    poll: &mut SocketPoll,
    target: &Target<'_>,
    attack: &Attack,
    limit: Duration,
    transcript: &mut Transcript,
) -> Result<(), String> {
    let record = &mut transcript.record;
    let mut witness = Witness::open(poll, target, limit)?;
    witness.round_trip()?;
    let progress = Progress::default();
    record.event(attack.to_string());
    let watched = thread::scope(|scope| {
        scope.spawn(|| attackers::attack(target, attack, &progress));
        let watched = watch(&mut witness, target, attack, &progress, limit);
        progress.is_over.store(true, Ordering::Relaxed);
        watched
    });
    let opened = progress.opened.load(Ordering::Relaxed);
    record.event(format!("{opened} connections were opened"));
    let worst = watched?;
    let worst = worst.as_millis();
    record.event(format!(
        "the other client waited {worst} ms for an echo, at most"
    ));
    drop(witness);
    let after = |why| format!("after the load the server serves no new client: {why}");
    let mut witness = Witness::open(poll, target, limit).map_err(after)?;
    witness.round_trip().map_err(after)?;
    Ok(())
}

/// Exchanges messages while the server is loaded, and returns how long an echo took at most.
fn watch(
    witness: &mut Witness<'_>,
    target: &Target<'_>,
    attack: &Attack,
    progress: &Progress,
    limit: Duration,
) -> Result<Duration, String> {
    let mut worst = Duration::ZERO;
    let mut until = None;
    while until.is_none_or(|until| Instant::now() < until) {
        let took = witness
            .round_trip()
            .map_err(|why| format!("another client was not served during the load: {why}"))?;
        worst = worst.max(took);
        if until.is_none() && progress.is_ready.load(Ordering::Relaxed) {
            until = Some(Instant::now() + LOAD_TIME);
        }
        thread::sleep(PAUSE);
    }
    let has_room = attack.connections < MANY && !matches!(attack.behaviour, Behaviour::Reopened);
    if has_room {
        let failed = |why| format!("during the load no other client can connect: {why}");
        let mut poll =
            SocketPoll::new().map_err(|error| format!("cannot wait for sockets: {error}"))?;
        let mut other = Witness::open(&mut poll, target, limit).map_err(failed)?;
        worst = worst.max(other.round_trip().map_err(failed)?);
    }
    Ok(worst)
}
