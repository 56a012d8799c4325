//! A binary that the tests start instead of the one that they build: `WS_ECHO_BINARY` names it. If
//! it is for another system or processor, `WS_ECHO_BINARY_SYSTEM` says in what it runs, and a test
//! that needs what is not there says so and passes. With the binary that the tests build, each test
//! has all that it needs.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;

use crate::skipped::Skipped;

/// The variable that names the binary.
const BINARY: &str = "WS_ECHO_BINARY";
/// The variable that says in what it runs.
const SYSTEM: &str = "WS_ECHO_BINARY_SYSTEM";

/// What the binary runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// The system of the tests.
    Native,
    /// An emulator of another processor, on the system of the tests.
    Emulated,
    /// Windows, or Wine.
    Windows,
}

/// What a test needs of the system of the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Signals other than SIGINT.
    Signals,
    /// System calls that strace sees.
    SystemCalls,
    /// A pseudo-terminal.
    Terminal,
    /// The process's own memory, threads and sockets, as the system of the tests shows them.
    Process,
    /// Limits that a shell sets, of memory or open files.
    ResourceLimits,
    /// Host names of one's own, in a namespace.
    Names,
    /// The end of a connection whose bytes are not read: mio reports none on Windows.
    EndsUnread,
}

impl Need {
    const fn is_met_by(self, system: System) -> bool {
        match system {
            System::Native => true,
            System::Emulated => matches!(self, Self::Signals | Self::Terminal | Self::EndsUnread),
            System::Windows => false,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Signals => "signals other than SIGINT",
            Self::SystemCalls => "system calls that strace sees",
            Self::Terminal => "a pseudo-terminal",
            Self::Process => "the process in /proc",
            Self::ResourceLimits => "limits by ulimit",
            Self::Names => "host names of one's own",
            Self::EndsUnread => "the end of a connection that is not read",
        }
    }
}

/// The binary that the variable names.
///
/// # Panics
///
/// If it is no file, or if there is a system but no binary.
pub(crate) fn binary() -> Option<PathBuf> {
    let binary = env::var_os(BINARY).map(PathBuf::from);
    if let Some(binary) = &binary {
        assert!(binary.is_file(), "{BINARY}={binary:?} is no file");
    } else {
        let system = env::var_os(SYSTEM);
        assert_eq!(system, None, "{SYSTEM} is set without {BINARY}");
    }
    binary
}

/// What the binary runs in.
///
/// # Panics
///
/// If the variable has another value than these.
pub fn system() -> System {
    parse(env::var_os(SYSTEM).as_deref())
}

fn parse(system: Option<&OsStr>) -> System {
    match system.map(|it| it.to_str().unwrap_or_default()) {
        None => System::Native,
        Some("emulated") => System::Emulated,
        Some("windows") => System::Windows,
        Some(_) => panic!("{SYSTEM} is neither emulated nor windows"),
    }
}

/// Whether the binary runs in Windows, or Wine.
pub fn is_windows() -> bool {
    system() == System::Windows
}

/// Whether the binary's system has this signal. SIGKILL ends each process, and a SIGINT of Wine's
/// is a Ctrl-C.
pub fn is_signal(name: &str) -> bool {
    Need::Signals.is_met_by(system()) || ["INT", "KILL"].contains(&name)
}

/// Returns from a test that needs what the binary's system has not: a
/// [`Need`](crate::foreign::Need) by its name, as in `needs!(Signals)`. The test has said so, and
/// passes.
#[macro_export]
macro_rules! needs {
    ($need:ident) => {
        if !$crate::foreign::has($crate::foreign::Need::$need) {
            return;
        }
    };
}

/// Whether the test has what it needs. If not, it cannot be done with this binary: it has said so,
/// and should return.
pub fn has(need: Need) -> bool {
    let system = system();
    let is_met = need.is_met_by(system);
    if !is_met {
        say(need, system);
    }
    is_met
}

fn say(need: Need, system: System) {
    let remedy = format!("not with {BINARY} ({system:?})");
    let skipped = Skipped::in_this_test(need.name(), &remedy);
    let message = format!(
        "skipped: {}: not with this binary ({system:?}): it needs {}\n",
        skipped.test,
        need.name()
    );
    skipped.say(&message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_are_known_by_name() {
        assert_eq!(parse(None), System::Native);
        assert_eq!(parse(Some("emulated".as_ref())), System::Emulated);
        assert_eq!(parse(Some("windows".as_ref())), System::Windows);
    }

    #[test]
    #[should_panic(expected = "neither emulated nor windows")]
    fn another_name_is_a_mistake() {
        parse(Some("wine".as_ref()));
    }

    #[test]
    fn with_the_binary_that_the_tests_build_nothing_is_missing() {
        for need in [
            Need::Signals,
            Need::SystemCalls,
            Need::Terminal,
            Need::Process,
            Need::ResourceLimits,
            Need::Names,
            Need::EndsUnread,
        ] {
            assert!(need.is_met_by(System::Native), "{need:?}");
        }
        assert!(Need::Signals.is_met_by(System::Emulated));
        assert!(!Need::SystemCalls.is_met_by(System::Emulated));
        assert!(!Need::Signals.is_met_by(System::Windows));
    }
}
