//! A client on the test path: its request is answered as its address asks, and a performance does
//! the rest.

use std::time::{Instant, SystemTime};

use ws_echo_core::{Agreed, Refusal};

use super::pending::Pending;
use super::{Client, Phase, Shared};
use crate::random;
use crate::serve::behaviour::Behaviour;
use crate::serve::behaviour::performance::ending::Cause;
use crate::serve::behaviour::performance::memory::Short;
use crate::serve::behaviour::performance::response::{refusal, rewrite};
use crate::serve::behaviour::performance::{Opening, Performance, Surroundings};
use crate::serve::journal::{Ending, Journal};
use crate::serve::pool::HeapBuffer;
use crate::serve::request_report::Route;
use crate::serve::response::SHORT_OF_MEMORY;
use crate::serve::service::{Handshake, TestAcceptance};

/// A request on the test path that can be accepted, until its response is made.
#[derive(Debug)]
pub(super) struct AcceptedTest {
    behaviour: Box<Behaviour>,
    pub(super) acceptance: TestAcceptance,
}

impl Shared {
    /// What is around a performance in this turn.
    #[expect(
        clippy::disallowed_methods,
        reason = "a tick says the time of day, and nothing is measured by it"
    )]
    pub(crate) fn surroundings(&mut self) -> Surroundings<'_> {
        Surroundings {
            now: self.now,
            time: SystemTime::now(),
            limits: self.service.test_limits(),
            pool: &mut self.pool,
        }
    }
}

impl Client {
    /// Whether it is on the test path, and its performance is not over.
    #[inline]
    pub(crate) fn is_in_test(&self) -> bool {
        matches!(self.phase, Phase::Test(_))
    }

    /// Its performance, if it is on the test path.
    pub(crate) fn performance(&mut self) -> Option<&mut Performance> {
        match &mut self.phase {
            Phase::Test(performance) => Some(performance),
            _ => None,
        }
    }

    /// When it must get a turn, if it is on the test path.
    pub(crate) fn alarm(&self, shared: &Shared) -> Option<Instant> {
        match &self.phase {
            Phase::Test(performance) => {
                let limits = shared.service.test_limits();
                Some(performance.alarm(shared.now, &limits))
            }
            _ => None,
        }
    }

    /// Logs how its performance ends.
    pub(crate) fn end_test(&self, cause: Cause, journal: &mut Journal) {
        if let Phase::Test(performance) = &self.phase
            && let Some(ending) = performance.ending(cause)
        {
            let carried = performance.carried(journal.greeting());
            journal.ended(self.peer(), &ending, Some(carried));
        }
    }

    /// Ends its performance: our side of the transport was shut.
    pub(crate) fn drain(&mut self, shared: &mut Shared) {
        self.give_memory_back(&mut shared.pool);
        self.phase = Phase::Draining;
    }

    /// Begins the performance of a client whose response is ready in `buffer`.
    pub(super) fn open_test(
        &mut self,
        test: AcceptedTest,
        agreed: Agreed,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) {
        let AcceptedTest {
            behaviour,
            acceptance: TestAcceptance { greeting, .. },
        } = test;
        let mut response = buffer.ready().to_vec();
        buffer.consume(usize::MAX);
        rewrite(&mut response, &behaviour.handshake);
        let seed = behaviour
            .seed
            .unwrap_or_else(|| self.choose_seed(&behaviour, shared));
        let opening = Opening {
            response,
            greeting,
            agreed,
            opened: shared.journal.now(),
            seed,
        };
        self.begin_test(shared, |around| {
            Performance::accept(behaviour, opening, around)
        });
        if !self.is_in_test() {
            let ending = Ending::ShortOfMemory;
            shared.journal.ended(self.peer(), &ending, None);
            shared.journal.count_broken_opening();
        }
    }

    /// A seed for the random choices, if there are some.
    fn choose_seed(&self, behaviour: &Behaviour, shared: &mut Shared) -> u64 {
        if !behaviour.is_random() {
            return 0;
        }
        let seed = u64::from_ne_bytes(random::bytes());
        shared.journal.seed(self.peer(), seed);
        seed
    }

    /// Begins to refuse a client as its address asks. What it sends is thrown away.
    pub(super) fn refuse_as_asked(
        &mut self,
        behaviour: Box<Behaviour>,
        buffer: &mut HeapBuffer,
        shared: &mut Shared,
    ) {
        buffer.discard_received();
        let handshake = &behaviour.handshake;
        let response = handshake.refusal.iter();
        let response = response
            .flat_map(|it| refusal(it, &handshake.headers))
            .collect();
        self.begin_test(shared, |around| {
            Performance::refuse(behaviour, response, around)
        });
    }

    /// Begins a performance, if there is memory for it: it takes the place of the handshake.
    fn begin_test(
        &mut self,
        shared: &mut Shared,
        begin: impl FnOnce(&mut Surroundings<'_>) -> Result<Box<Performance>, Short>,
    ) {
        self.end_handshake(Phase::Draining, shared);
        self.phase = match begin(&mut shared.surroundings()) {
            Ok(performance) => Phase::Test(performance),
            Err(Short) => {
                let response = SHORT_OF_MEMORY.bytes();
                Phase::Responding(Box::new(Pending::new(response)))
            }
        };
    }
}

/// Accepts a request on the test path. `route` tells how it has come.
pub(super) fn accept(
    handshake: &mut Handshake,
    behaviour: Box<Behaviour>,
    route: &dyn Fn() -> Route,
    shared: &mut Shared,
) -> Result<AcceptedTest, Refusal> {
    let acceptance = shared.service.accept_test(handshake, &behaviour, route)?;
    Ok(AcceptedTest {
        behaviour,
        acceptance,
    })
}
