//! What is said about a case.

/// What is said about a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// For everything but a pass: what was seen, in one sentence without a full stop.
    pub seen: String,
    /// What was expected, in words.
    pub expected: String,
    /// Whether nothing is lacking but a Close, or its code: what was exchanged before is right.
    pub is_about_close: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    Passed,
    /// Allowed, but a SHOULD is not kept.
    NotStrict,
    /// The RFC leaves it open; what the peer does is noted.
    Informational,
    Failed,
    /// It was not played; why is in `seen`.
    Skipped,
}

impl Verdict {
    /// A verdict with these words.
    pub fn new(outcome: Outcome, seen: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            outcome,
            seen: seen.into(),
            expected: expected.into(),
            is_about_close: false,
        }
    }

    /// A case that was not played, and why.
    pub fn skipped(why: impl Into<String>) -> Self {
        Self::new(Outcome::Skipped, why, "")
    }

    /// A pass.
    pub fn passed() -> Self {
        Self::new(Outcome::Passed, "", "")
    }
}
