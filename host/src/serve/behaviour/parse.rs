//! Reads a behaviour from the query of an address. A pure function: every query gives a behaviour or
//! a mistake.

use std::fmt::{self, Display};

use super::Behaviour;

/// What a behaviour may ask for at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The number of messages that are pushed, and how often a message is repeated.
    pub(crate) max_push: u64,
}

/// What is wrong with a query, and what to write instead: the content of the response 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake(String);

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Behaviour {
    /// The behaviour that a query asks for. An empty query is the exact echo.
    ///
    /// # Errors
    ///
    /// An unknown, repeated or wrong parameter, or parameters that mean nothing together.
    pub(crate) fn parse(_query: &str, _bounds: &Bounds) -> Result<Self, Mistake> {
        Ok(Self::default())
    }
}
