//! Processor time, which Linux reports in `/proc`. Other systems are not supported.

use std::fs;
use std::io::{self, Error, ErrorKind};
use std::path::Path;
use std::time::Duration;

/// A tick of `/proc/PID/stat`: a hundredth of a second on every Linux target of Rust, whatever the
/// tick of the kernel is.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that a process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ProcessTime {
    /// All of it, of the threads that still run.
    pub(super) total: Duration,
    /// In user mode, to a hundredth of a second.
    pub(super) user: Duration,
    /// In the kernel, to a hundredth of a second.
    pub(super) system: Duration,
}

impl ProcessTime {
    /// Returns what process `id` has used so far.
    pub(super) fn of(id: u32) -> io::Result<Self> {
        let folder = format!("/proc/{id}");
        let folder = Path::new(&folder);
        let mut total = Duration::ZERO;
        for thread in fs::read_dir(folder.join("task"))? {
            match time_of(&thread?.path()) {
                Ok(time) => total += time,
                // The thread has ended in the meantime.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let (user, system) = user_and_system(&fs::read_to_string(folder.join("stat"))?)
            .ok_or(ErrorKind::InvalidData)?;
        Ok(Self {
            total,
            user,
            system,
        })
    }

    /// Returns what was used since `before`.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            total: self.total.saturating_sub(before.total),
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
        }
    }
}

/// Returns what this thread has used so far, if the system reports it.
pub(super) fn own_time() -> Option<Duration> {
    time_of(Path::new("/proc/thread-self")).ok()
}

/// The first number of `schedstat`: nanoseconds on a processor.
fn time_of(thread: &Path) -> io::Result<Duration> {
    let text = fs::read_to_string(thread.join("schedstat"))?;
    let number = text.split_whitespace().next();
    let nanoseconds = number.and_then(|number| number.parse().ok());
    nanoseconds
        .map(Duration::from_nanos)
        .ok_or_else(|| Error::from(ErrorKind::InvalidData))
}

/// Fields 14 and 15. The second one is the program's name in parentheses, which may hold anything.
fn user_and_system(stat: &str) -> Option<(Duration, Duration)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse().ok().map(|ticks: u32| TICK * ticks);
    Some((next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_found_after_any_name() {
        let stat = "12 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 150 7 13 14 15";
        let expected = (Duration::from_millis(1500), Duration::from_millis(70));
        assert_eq!(user_and_system(stat), Some(expected));
        assert_eq!(user_and_system("12 (a) S 1 2"), None);
        assert_eq!(user_and_system(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_has_used_no_less_than_before() {
        let before = ProcessTime::of(std::process::id()).expect("this process is there");
        let after = ProcessTime::of(std::process::id()).expect("it still is");
        assert!(after.total >= before.total);
        assert!(own_time().is_some());
    }
}
