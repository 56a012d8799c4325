//! Which records are logged: a level, and other levels for some targets.
//!
//! `debug` is a level for everything, `ws_echo::client=debug` one for a target and those below it
//! (`ws_echo::client::...`). Commas separate several. Targets without a level and patterns are not
//! supported.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use log::{Level, LevelFilter, Metadata};

/// What to write in place of a directive that cannot be read.
pub(super) const ADVICE: &str = "write off, error, warn, info, debug or trace, or TARGET=LEVEL";

/// Decides by a record's level and target. The longest matching target decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    /// The level of records that match no target.
    level: LevelFilter,
    /// The longest target first.
    targets: Vec<(String, LevelFilter)>,
    /// The directives that could not be read, as they were written.
    ignored: Vec<String>,
}

impl Filter {
    /// Reads the valid directives and keeps the others as [`ignored`](Self::ignored).
    ///
    /// The default level is `info`.
    pub(crate) fn parse_lenient(text: &str) -> Self {
        let mut filter = Self {
            level: LevelFilter::Info,
            targets: Vec::new(),
            ignored: Vec::new(),
        };
        let directives = text.split(',').map(str::trim);
        for directive in directives.filter(|directive| !directive.is_empty()) {
            filter.add(directive);
        }
        filter
            .targets
            .sort_by_key(|(target, _)| std::cmp::Reverse(target.len()));
        filter
    }

    /// Returns the directives that could not be read.
    pub(super) fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Returns whether records of a target and a level are logged.
    pub(crate) fn shows(&self, target: &str, level: Level) -> bool {
        self.allows(&Metadata::builder().target(target).level(level).build())
    }

    /// Returns whether a record with these metadata is logged.
    pub(super) fn allows(&self, metadata: &Metadata<'_>) -> bool {
        let covers = |name: &str| {
            let rest = metadata.target().strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let special = self.targets.iter().find(|(name, _)| covers(name));
        metadata.level() <= special.map_or(self.level, |(_, level)| *level)
    }

    /// Returns the most verbose level that is logged for any target.
    pub(super) fn max_level(&self) -> LevelFilter {
        let levels = self.targets.iter().map(|(_, level)| *level);
        levels
            .max()
            .map_or(self.level, |level| level.max(self.level))
    }

    fn add(&mut self, directive: &str) {
        let (target, level) = match directive.split_once('=') {
            Some((target, level)) => (Some(target.trim()), level.trim()),
            None => (None, directive),
        };
        match (target, level.parse()) {
            (None, Ok(level)) => self.level = level,
            (Some(target), Ok(level)) if !target.is_empty() => {
                self.targets.retain(|(name, _)| name != target);
                self.targets.push((target.into(), level));
            }
            _ => self.ignored.push(directive.into()),
        }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    /// Reads a filter in which every directive must be valid.
    fn from_str(text: &str) -> Result<Self, FilterError> {
        let filter = Self::parse_lenient(text);
        match filter.ignored.first() {
            None if text.trim().is_empty() => Err(FilterError(text.into())),
            None => Ok(filter),
            Some(directive) => Err(FilterError(directive.clone())),
        }
    }
}

/// The directive that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilterError(String);

impl Display for FilterError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "'{}' is not a level; {ADVICE}", self.0)
    }
}

impl std::error::Error for FilterError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(filter: &str, target: &str, level: Level) -> bool {
        Filter::parse_lenient(filter).shows(target, level)
    }

    #[test]
    fn a_level_alone_is_for_everything() {
        assert!(allows("debug", "ws_echo::client", Level::Debug));
        assert!(!allows("debug", "ws_echo::client", Level::Trace));
        assert!(allows("WARN", "mio", Level::Warn));
        assert!(!allows("off", "ws_echo", Level::Error));
    }

    #[test]
    fn the_default_level_is_info() {
        for filter in ["", " ", ",", "mio=trace"] {
            assert!(allows(filter, "ws_echo", Level::Info));
            assert!(!allows(filter, "ws_echo", Level::Debug));
        }
    }

    #[test]
    fn a_target_covers_those_below_it_and_no_others() {
        let filter = "ws_echo=debug,warn";
        assert!(allows(filter, "ws_echo", Level::Debug));
        assert!(allows(filter, "ws_echo::client", Level::Debug));
        assert!(!allows(filter, "ws_echo_core", Level::Debug));
        assert!(!allows(filter, "mio::poll", Level::Info));
    }

    #[test]
    fn the_longest_target_decides_in_any_order() {
        for filter in ["a=off,a::b=trace", "a::b=trace, a=off"] {
            assert!(allows(filter, "a::b::c", Level::Trace));
            assert!(!allows(filter, "a::c", Level::Error));
        }
    }

    #[test]
    fn the_last_of_two_equal_directives_counts() {
        assert!(allows("a=off,a=info", "a", Level::Info));
        assert!(allows("error,debug", "a", Level::Debug));
    }

    #[test]
    fn the_most_verbose_level_is_found() {
        let max_level = |filter| Filter::parse_lenient(filter).max_level();
        assert_eq!(max_level("warn"), LevelFilter::Warn);
        assert_eq!(max_level("warn,a=trace,b=off"), LevelFilter::Trace);
        assert_eq!(max_level("debug,a=off"), LevelFilter::Debug);
    }

    #[test]
    fn invalid_directives_are_kept_and_the_others_count() {
        let filter = Filter::parse_lenient("loud,ws_echo=loud,=info,mio,debug");
        assert_eq!(filter.ignored(), ["loud", "ws_echo=loud", "=info", "mio"]);
        assert_eq!(filter.max_level(), LevelFilter::Debug);
    }

    #[test]
    fn a_strict_filter_rejects_what_a_lenient_one_ignores() {
        assert!("info,ws_echo::client=debug".parse::<Filter>().is_ok());
        let message = |text: &str| text.parse::<Filter>().expect_err(text).to_string();
        assert!(message("loud").starts_with("'loud' is not a level; write off, error"));
        assert!(message("info,a=1").starts_with("'a=1'"));
        assert!(message("").starts_with("''"));
    }
}
