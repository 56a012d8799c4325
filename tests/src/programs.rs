//! Programs that a test needs and that are not installed everywhere. If one is missing, the test
//! says so and passes, unless `WS_ECHO_REQUIRE_ALL=1` requires all of them.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::Command;

/// A program that an environment variable may name.
pub fn program(variable: &str, default: &str) -> OsString {
    env::var_os(variable).unwrap_or_else(|| default.into())
}

/// Whether `command` can be run. If not, `test` has been skipped or has failed.
///
/// # Panics
///
/// If the program is missing and `WS_ECHO_REQUIRE_ALL` is 1.
pub fn is_there(test: &str, command: &mut Command) -> bool {
    let works = command.output().is_ok_and(|it| it.status.success());
    if !works {
        let command = format!("{command:?}").replace('"', "");
        let missing = format!("skipped: {test}: it needs what is missing here: {command}\n");
        assert!(
            env::var("WS_ECHO_REQUIRE_ALL").as_deref() != Ok("1"),
            "{missing}"
        );
        // Not with `eprint`, which is not shown for a passing test.
        let _ = std::io::stderr().write_all(missing.as_bytes());
    }
    works
}
