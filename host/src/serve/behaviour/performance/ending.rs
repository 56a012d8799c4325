//! How a performance ends, in the words of the log.

use std::io;

use super::memory::Short;
use super::{Dropped, Outcome, Performance, Stage};
use crate::serve::journal::{Carried, Ending};
use crate::serve::traffic::Traffic;

/// Why a client is gone that has not ended as it was planned.
#[derive(Debug)]
pub(crate) enum Cause {
    /// Our side has ended it: there is a plan.
    Planned,
    Dropped(Dropped),
    EndOfStream,
    Lost(io::Error),
}

impl Performance {
    /// How it ended, for the log; `None` if the connection was not open.
    pub(crate) fn ending(&self, cause: Cause) -> Option<Ending<'_>> {
        if self.stage == Stage::Refusing {
            return None;
        }
        Some(match (&self.outcome, cause) {
            (Some(outcome), _) => outcome.ending(),
            (None, Cause::Dropped(Dropped::ShortOfMemory)) => Ending::ShortOfMemory,
            (None, Cause::Dropped(Dropped::Stalled)) => Ending::DroppedStalled,
            (None, Cause::Dropped(Dropped::TimeOver)) => Ending::TestTimeOver,
            (None, Cause::Lost(error)) => Ending::Lost(error),
            (None, Cause::Dropped(Dropped::Stopped)) => Ending::Stopped,
            (None, Cause::Dropped(Dropped::CloseTimeout)) => match self.close_code {
                Some(code) => Ending::CloseTimeout(code),
                None => Ending::Stopped,
            },
            (None, Cause::Planned | Cause::EndOfStream) => Ending::EndOfStream,
        })
    }

    /// What it has carried. `greeting` is what the log adds, because other clients are sent it.
    pub(crate) fn carried(&self, greeting: Traffic) -> Carried {
        Carried {
            opened: self.opened,
            received: self.received,
            echoed: self.sent - greeting,
            unsent: Traffic::default(),
        }
    }
}

impl Outcome {
    fn ending(&self) -> Ending<'_> {
        match self {
            Self::ClosedByClient(code, reason) => Ending::ClosedByClient(*code, reason),
            Self::Closed(code) => Ending::ClosedByServer(*code),
            Self::Failed(error) => Ending::Failed(*error),
            Self::TooLong(max) => Ending::TooLong(*max),
            Self::TooLongToHold(max) => Ending::TooLongToHold(*max),
            Self::AsAsked(code, end) => Ending::AsAsked(*code, *end),
            Self::TimeOver => Ending::TestTimeOver,
        }
    }
}

impl From<Dropped> for Cause {
    fn from(dropped: Dropped) -> Self {
        Self::Dropped(dropped)
    }
}

impl From<Short> for Cause {
    fn from(short: Short) -> Self {
        Self::Dropped(short.into())
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}
