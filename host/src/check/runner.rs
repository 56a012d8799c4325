//! Plays the cases against a server, several at the same time.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use super::case::Case;
use super::player;
use super::presence::Presence;
use super::progress::Progress;
use super::report::CaseResult;
use super::target::Target;
use super::verdict::{Outcome, Verdict};
use crate::client::waiter::SocketPoll;
use crate::lock::lock;

/// Plays all cases: first those that can be played side by side, then the others one after the
/// other. After a signal, or when the server is gone, no further one begins, and the results are
/// those that are there. Returns also why the server is gone, if it is.
///
/// # Errors
///
/// When the system refuses a poll or a thread.
pub(crate) fn run(
    target: &Target<'_>,
    cases: Vec<Case>,
    progress: &Progress,
) -> io::Result<(Vec<CaseResult>, Option<String>)> {
    let count = cases.len();
    let (alone, together): (Vec<_>, Vec<_>) = cases
        .into_iter()
        .enumerate()
        .partition(|(_, case)| case.needs.alone);
    let results = Mutex::new((0..count).map(|_| None).collect::<Vec<_>>());
    let presence = Presence::new(target.jobs.get());
    let play_next = |cases: &[(usize, Case)], next: &AtomicUsize| -> io::Result<()> {
        let mut poll = SocketPoll::new()?;
        while let Some((index, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            if progress.is_stopped() || presence.is_lost() {
                break;
            }
            let result = play(&mut poll, target, case);
            if result.verdict.outcome != Outcome::Skipped {
                presence.note(&mut poll, target, &result);
            }
            lock(&results)[*index] = Some(result);
            progress.played_one();
        }
        Ok(())
    };
    let next = AtomicUsize::new(0);
    let jobs = target.jobs.get().min(together.len());
    thread::scope(|scope| {
        let start = |_| {
            let job = || play_next(&together, &next);
            thread::Builder::new().spawn_scoped(scope, job)
        };
        let jobs = (0..jobs).map(start).collect::<io::Result<Vec<_>>>()?;
        for job in jobs {
            job.join()
                .map_err(|_| io::Error::other("a case panicked"))??;
        }
        play_next(&alone, &AtomicUsize::new(0))
    })?;
    let results = results
        .into_inner()
        .unwrap_or_else(|error| error.into_inner());
    Ok((results.into_iter().flatten().collect(), presence.why()))
}

fn play(poll: &mut SocketPoll, target: &Target<'_>, case: &Case) -> CaseResult {
    let start = Instant::now();
    let (verdict, transcript) = match skipped(target, case) {
        Some(why) => (Verdict::skipped(why), Default::default()),
        None => player::play(poll, target, case),
    };
    CaseResult {
        case: case.clone(),
        verdict,
        transcript,
        time: start.elapsed(),
    }
}

/// Why a case is not played.
fn skipped(target: &Target<'_>, case: &Case) -> Option<&'static str> {
    if target.options.no_echo && case.needs_echo() {
        return Some("it needs a server that echoes");
    }
    if case.needs.plain_tcp && target.connector.is_some() {
        return Some("it cannot be played over TLS");
    }
    None
}
