//! The clients under test, by what they call themselves, and what was found out about each.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::check::case::{Case, Play};
use crate::check::frame::Role;
use crate::check::report::{CaseResult, Report};
use crate::check::verdict::Verdict;

/// How many agents there can be. What is kept of one whose cases all fail is tens of megabytes.
const AGENTS_MAX: usize = 20;

/// All agents.
#[derive(Default)]
pub(super) struct Agents {
    agents: Mutex<BTreeMap<String, Agent>>,
    /// A case has ended.
    changed: Condvar,
}

struct Agent {
    product: Option<String>,
    start: Instant,
    /// From the start to the last result.
    time: Duration,
    /// By the number of the case, from 0.
    cases: BTreeMap<usize, Played>,
    /// Whether there are results that were not printed.
    is_new: bool,
}

enum Played {
    Running,
    Ended(Box<CaseResult>),
}

/// There are too many agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyAgents;

impl Agents {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Agent>> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent runs a case from now on.
    ///
    /// # Errors
    ///
    /// When there are too many agents.
    pub(super) fn begin(
        &self,
        name: &str,
        product: Option<&str>,
        case: usize,
    ) -> Result<(), TooManyAgents> {
        let mut agents = self.lock();
        if agents.len() >= AGENTS_MAX && !agents.contains_key(name) {
            return Err(TooManyAgents);
        }
        let agent = agents.entry(name.to_owned()).or_insert_with(|| Agent {
            product: product.map(str::to_owned),
            start: Instant::now(),
            time: Duration::ZERO,
            cases: BTreeMap::new(),
            is_new: false,
        });
        agent.cases.insert(case, Played::Running);
        Ok(())
    }

    /// An agent's case has ended.
    pub(super) fn end(&self, name: &str, case: usize, result: CaseResult) {
        if let Some(agent) = self.lock().get_mut(name) {
            agent.cases.insert(case, Played::Ended(Box::new(result)));
            agent.time = agent.start.elapsed();
            agent.is_new = true;
        }
        self.changed.notify_all();
    }

    /// The verdict on a case, once it has ended; `None` if the agent does not run it.
    pub(super) fn verdict(&self, name: &str, case: usize, patience: Duration) -> Option<Verdict> {
        let deadline = Instant::now() + patience;
        let mut agents = self.lock();
        loop {
            match agents.get(name)?.cases.get(&case)? {
                Played::Ended(result) => return Some(result.verdict.clone()),
                Played::Running => {}
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            let waited = self.changed.wait_timeout(agents, left);
            agents = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until none of these agents runs a case.
    pub(super) fn wait(&self, is_awaited: impl Fn(&str) -> bool, patience: Duration) {
        let is_running = |agents: &mut BTreeMap<String, Agent>| {
            let awaited = agents.iter().filter(|(name, _)| is_awaited(name));
            let mut cases = awaited.flat_map(|(_, agent)| agent.cases.values());
            cases.any(|played| matches!(played, Played::Running))
        };
        // A case that takes longer is not in the report yet.
        let _ = self
            .changed
            .wait_timeout_while(self.lock(), patience, is_running);
    }

    /// What was found out about all agents that have played something, and whether that was not
    /// printed yet.
    pub(super) fn reports(&self) -> Vec<(Report, bool)> {
        let agents = self.lock();
        let has_result = |(_, agent): &(&String, &Agent)| agent.results().next().is_some();
        agents
            .iter()
            .filter(has_result)
            .map(|(name, agent)| (agent.report(name), agent.is_new))
            .collect()
    }

    /// What was found out about this agent is printed.
    pub(super) fn set_printed(&self, name: &str) {
        if let Some(agent) = self.lock().get_mut(name) {
            agent.is_new = false;
        }
    }
}

impl Agent {
    fn results(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases.values().filter_map(|played| match played {
            Played::Running => None,
            Played::Ended(result) => Some(&**result),
        })
    }

    fn report(&self, name: &str) -> Report {
        Report {
            role: Role::Client,
            peer: name.to_owned(),
            product: self.product.clone(),
            results: self.results().cloned().collect(),
            not_played: 0,
            time: self.time,
        }
    }
}

/// The cases in the order in which clients count them: Autobahn's counterparts first, in its order,
/// so that a program that knows only those has played them. Responses that must be refused are
/// last, because some programs give up when a connection fails.
pub(super) fn in_order(mut cases: Vec<Case>) -> Vec<Case> {
    let number = |case: &Case| -> Vec<u32> {
        let number = case.autobahn.as_deref().unwrap_or_default();
        number.split('.').filter_map(|it| it.parse().ok()).collect()
    };
    let place = |case: &Case| match &case.play {
        _ if case.autobahn.is_some() => 0,
        Play::Response(play) if !play.may_open() && play.looks_at.is_none() => 3,
        Play::Response(play) if play.looks_at.is_none() => 2,
        _ => 1,
    };
    cases.retain(|case| matches!(case.play, Play::Session(_) | Play::Response(_)));
    cases.sort_by_cached_key(|case| (place(case), number(case)));
    cases
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::check::cases;
    use crate::check::report::tests;

    #[test]
    fn a_wait_lasts_until_the_result_of_the_last_case_is_there() {
        let agents = Agents::default();
        assert_eq!(agents.begin("a", None, 0), Ok(()));
        let result = tests::report().results.remove(0);
        thread::scope(|scope| {
            scope.spawn(|| agents.end("a", 0, result));
            agents.wait(|_| true, Duration::MAX);
            assert_eq!(agents.reports().len(), 1);
        });
    }

    #[test]
    fn clients_count_autobahn_s_cases_first_and_refusals_last() {
        let cases = in_order(cases::all());
        let numbers: Vec<&str> = cases
            .iter()
            .map_while(|it| it.autobahn.as_deref())
            .collect();
        let all = cases::all();
        let count = all.iter().filter(|case| case.autobahn.is_some()).count();
        assert_eq!(numbers.len(), count);
        assert_eq!(numbers[..3], ["1.1.1", "1.1.2", "1.1.3"]);
        let place = |number| numbers.iter().position(|it| *it == number);
        assert!(place("2.9") < place("2.10") && place("9.8.6") < place("10.1.1"));
        let is_refusal = |case: &Case| match &case.play {
            Play::Response(play) => play.looks_at.is_none() && !play.may_open(),
            Play::Session(_) | Play::Request(_) | Play::Attack(_) => false,
        };
        let first = cases.iter().position(is_refusal).expect("there are some");
        assert!(cases[first..].iter().all(is_refusal));
        assert!(
            cases
                .iter()
                .all(|case| !matches!(case.play, Play::Request(_)))
        );
    }
}
