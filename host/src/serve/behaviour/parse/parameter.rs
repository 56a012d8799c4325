//! What a parameter of the test path is: its name, what is written as its value, and what reads it.

use crate::serve::behaviour::Behaviour;

/// What a behaviour may ask for at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The number of messages that are pushed, and how often a message is repeated; at least 1.
    pub max_push: u64,
}

/// Parameters that are about the same part of a connection.
#[derive(Debug)]
pub(crate) struct Group {
    /// What they are about, in plain words.
    pub(crate) name: &'static str,
    /// At least one.
    pub(crate) parameters: &'static [Parameter],
}

/// One parameter of the query.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// The name in the query: lowercase letters and `-`.
    pub(crate) name: &'static str,
    /// A right value; empty if the parameter has none.
    pub(crate) example: &'static str,
    /// What is written as the value, as it continues the word "write".
    pub(crate) form: &'static str,
    /// What the server does, in a few words.
    pub(crate) meaning: &'static str,
    /// The parameter without which this one means nothing, and an example of it.
    pub(crate) needs: Option<(&'static str, &'static str)>,
    /// Whether the parameter may be given more than once.
    pub(crate) is_repeatable: bool,
    pub(super) set: Set,
}

/// Reads a value, and writes it into the behaviour. The value is empty only if the parameter has
/// none.
pub(super) type Set = fn(&mut Behaviour, &str, &Bounds) -> Result<(), Wrong>;

/// Why a value is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It has not the form of the parameter's values.
    Form,
    /// It has that form; this says what to write instead.
    Advice(String),
}

impl Parameter {
    /// A parameter that may be given once, and needs no other.
    pub(super) const fn new(
        (name, example): (&'static str, &'static str),
        form: &'static str,
        meaning: &'static str,
        set: Set,
    ) -> Self {
        Self {
            name,
            example,
            form,
            meaning,
            needs: None,
            is_repeatable: false,
            set,
        }
    }

    pub(super) const fn needing(self, name: &'static str, example: &'static str) -> Self {
        Self {
            needs: Some((name, example)),
            ..self
        }
    }

    pub(super) const fn repeatable(self) -> Self {
        Self {
            is_repeatable: true,
            ..self
        }
    }

    /// The parameter as it is written in a query, with its example.
    pub(crate) fn written(&self) -> String {
        match self.example {
            "" => self.name.into(),
            example => format!("{}={example}", self.name),
        }
    }
}
