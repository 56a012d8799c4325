//! All parameters of the test path, by group.

use std::fmt::{self, Display, Formatter};

use super::parameter::{Group, Parameter};
use super::{end, greeting, handshake, messages, unasked};

/// All groups, in the order in which they act.
pub(crate) static GROUPS: [Group; 7] = [
    Group {
        name: "handshake",
        parameters: handshake::PARAMETERS,
    },
    Group {
        name: "greeting",
        parameters: greeting::PARAMETERS,
    },
    Group {
        name: "each message",
        parameters: messages::PARAMETERS,
    },
    Group {
        name: "of its own accord",
        parameters: unasked::PARAMETERS,
    },
    Group {
        name: "the end",
        parameters: end::OF_THE_END,
    },
    Group {
        name: "what no server may do",
        parameters: end::VIOLATING,
    },
    Group {
        name: "random choices",
        parameters: end::CHOOSING,
    },
];

/// All parameters.
pub(crate) fn parameters() -> impl Iterator<Item = &'static Parameter> {
    GROUPS.iter().flat_map(|group| group.parameters)
}

/// The parameter with this name.
pub(super) fn find(name: &str) -> Option<&'static Parameter> {
    parameters().find(|parameter| parameter.name == name)
}

/// Shows all parameters by group, one a line, each with an example.
pub(super) struct List;

impl Display for List {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for group in &GROUPS {
            writeln!(formatter, "\n{}:", group.name)?;
            for parameter in group.parameters {
                let written = parameter.written();
                writeln!(formatter, "  {written:<28} {}", parameter.meaning)?;
            }
        }
        Ok(())
    }
}
