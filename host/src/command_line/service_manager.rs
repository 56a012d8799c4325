//! The variables of a service manager: see sd_notify(3) and sd_watchdog_enabled(3).

use std::process;
use std::time::Duration;

use super::environment::Environment;
use super::host;
use crate::options::service_manager::ServiceManager;

const SOCKET: &str = "NOTIFY_SOCKET";
const WATCHDOG: &str = "WATCHDOG_USEC";
const WATCHED: &str = "WATCHDOG_PID";

/// The service manager that wants to know how far the server is, if there is one.
pub(super) fn service_manager(environment: &Environment) -> Option<ServiceManager> {
    let socket = environment.get(SOCKET).filter(|_| cfg!(unix))?;
    // There are others, for virtual machines.
    let is_unix = matches!(socket.as_encoded_bytes(), [b'/' | b'@', _, ..]);
    is_unix.then(|| ServiceManager {
        socket: socket.to_owned(),
        watchdog: watchdog(environment),
    })
}

/// How often it must hear of the server, at least.
fn watchdog(environment: &Environment) -> Option<Duration> {
    let watched = environment.get(WATCHED);
    if watched.is_some_and(|id| id != &*process::id().to_string()) {
        return None;
    }
    let microseconds = environment.get(WATCHDOG)?.to_str()?;
    let is_number = host::is_number(microseconds);
    let microseconds = microseconds.parse().ok().filter(|it| is_number && *it > 0);
    microseconds.map(Duration::from_micros)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Option<ServiceManager> {
        service_manager(&variables.iter().copied().collect())
    }

    #[test]
    fn a_service_manager_has_a_unix_socket() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[(WATCHDOG, "1000")]), None);
        for socket in ["/run/systemd/notify", "@abstract"] {
            let manager = read(&[(SOCKET, socket)]).expect(socket);
            assert_eq!(
                (&*manager.socket, manager.watchdog),
                (socket.as_ref(), None)
            );
        }
        for socket in ["/", "@", "vsock:2:1234", "run/notify"] {
            assert_eq!(read(&[(SOCKET, socket)]), None, "{socket}");
        }
    }

    #[test]
    fn the_watchdog_of_another_process_is_not_ours() {
        let (own, other) = (process::id(), process::id() + 1);
        let watchdog = |microseconds: &str, id: &str| {
            let variables = [(SOCKET, "/a"), (WATCHDOG, microseconds), (WATCHED, id)];
            read(&variables).expect("a manager").watchdog
        };
        let second = Some(Duration::from_secs(1));
        assert_eq!(watchdog("1000000", &own.to_string()), second);
        assert_eq!(watchdog("1000000", ""), second);
        assert_eq!(watchdog("1000000", &other.to_string()), None);
        for wrong in ["0", "-1", "+1", "1s", "99999999999999999999"] {
            assert_eq!(watchdog(wrong, ""), None, "{wrong}");
        }
    }
}
