//! The cost of a message: the difference of two runs, which does not include the cost of the
//! server's start.

use std::collections::BTreeMap;

use crate::generator::{Amount, Generator, Load};
use crate::scenario::Scenario;
use crate::server::{Running, Server};

/// How often each of several operations was done, by its name.
pub(crate) type Counts = BTreeMap<String, f64>;

/// The cost of the first run, and the cost of a message besides its bytes: thousands of short ones,
/// tens of long ones.
const FIRST_RUN: usize = 20_000_000;
const MESSAGE: usize = 2_000;
/// How many times more messages the second run has.
const SECOND_RUN: u64 = 3;

/// Sends this many messages and nothing else.
///
/// # Errors
///
/// If an echo is wrong or missing.
pub(crate) fn send(
    generator: &Generator,
    server: &Server,
    running: &Running,
    scenario: &Scenario,
    count: u64,
) -> anyhow::Result<()> {
    let load = Load {
        scenario,
        amount: Amount::Messages(count),
        rate: None,
    };
    generator.run(server, running, load).map(drop)
}

/// The cost of each message, where `count` returns the operations of a run with a number of
/// messages.
///
/// # Errors
///
/// Those of `count`.
pub(crate) fn for_each_message(
    scenario: &Scenario,
    mut count: impl FnMut(u64) -> anyhow::Result<Counts>,
) -> anyhow::Result<Counts> {
    let messages = (FIRST_RUN / (MESSAGE + scenario.len)) as u64;
    let few = count(messages)?;
    let mut many = count(SECOND_RUN * messages)?;
    for (name, count) in few {
        *many.entry(name).or_default() -= count;
    }
    let more = (SECOND_RUN - 1) * messages;
    many.values_mut().for_each(|count| *count /= more as f64);
    Ok(many)
}
