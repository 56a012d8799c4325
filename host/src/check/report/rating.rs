//! How a case counts: what is a failure depends on `--strict`, and on the failures that are known.

use std::collections::{BTreeMap, BTreeSet};

use super::CaseResult;
use crate::check::case::Severity;
use crate::check::verdict::Outcome;

/// How a case counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    Passed,
    /// It makes the check fail.
    Failed,
    /// It would, but the baseline lists it.
    Known,
    /// Something that is only recommended is not kept.
    NotStrict,
    /// The RFC leaves it open.
    Informational,
    Skipped,
}

impl Class {
    /// All, in the order of the columns of a table.
    pub(crate) const ALL: [Self; 6] = [
        Self::Passed,
        Self::Failed,
        Self::Known,
        Self::NotStrict,
        Self::Informational,
        Self::Skipped,
    ];

    /// In words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Known => "known",
            Self::NotStrict => "not strict",
            Self::Informational => "informational",
            Self::Skipped => "skipped",
        }
    }
}

/// What counts as a failure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rating {
    /// Whether what is only recommended must be kept too.
    pub(crate) strict: bool,
    /// The ids of the cases that are known to fail.
    pub(crate) known: BTreeSet<String>,
}

impl Rating {
    /// How a case counts.
    pub(crate) fn class(&self, result: &CaseResult) -> Class {
        let is_must = result.case.severity == Severity::Must;
        let failed = match self.known.contains(&*result.case.id) {
            true => Class::Known,
            false => Class::Failed,
        };
        match result.verdict.outcome {
            Outcome::Passed => Class::Passed,
            Outcome::Informational => Class::Informational,
            Outcome::Skipped => Class::Skipped,
            Outcome::Failed if self.strict || is_must => failed,
            Outcome::NotStrict if self.strict => failed,
            Outcome::Failed | Outcome::NotStrict => Class::NotStrict,
        }
    }

    /// How many of the cases are of each class.
    pub(crate) fn count<'a>(&self, results: impl IntoIterator<Item = &'a CaseResult>) -> Counts {
        let mut counts = Counts::default();
        for result in results {
            *counts.0.entry(self.class(result)).or_default() += 1;
        }
        counts
    }
}

/// How many cases are of each class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<Class, usize>);

impl Counts {
    /// How many are of this class.
    pub(crate) fn of(&self, class: Class) -> usize {
        self.0.get(&class).copied().unwrap_or_default()
    }

    /// How many there are.
    pub(crate) fn all(&self) -> usize {
        self.0.values().sum()
    }
}
