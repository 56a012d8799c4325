//! The sockets that the parent of the process has opened and passed to it, as a service manager
//! does: see sd_listen_fds(3). Their file descriptors are numbered from 3.

use std::process;

use super::environment::Environment;
use super::host;
use crate::escape::Excerpt;
use crate::options::listen::ListenSocket;

const COUNT: &str = "LISTEN_FDS";
const PROCESS: &str = "LISTEN_PID";
const NAMES: &str = "LISTEN_FDNAMES";
/// The first file descriptor.
const FIRST: usize = 3;
/// More than any unit has.
const COUNT_MAX: usize = 1000;
/// What a socket without a name is called.
const UNKNOWN: &str = "unknown";

/// The names of the sockets that were passed to this process, in their order; the error says what
/// is wrong with the variables.
pub(super) fn names(environment: &Environment) -> Result<Vec<String>, String> {
    let Some(count) = environment.get(COUNT).filter(|_| cfg!(unix)) else {
        return Ok(Vec::new());
    };
    // They may be for the parent of this process.
    let is_ours = |id: &std::ffi::OsStr| id == &*process::id().to_string();
    if !environment.get(PROCESS).is_none_or(is_ours) {
        return Ok(Vec::new());
    }
    let count = count.to_string_lossy();
    let wrong = || {
        let count = Excerpt::new(&count);
        format!("invalid value '{count}' for '{COUNT}': write how many sockets are passed")
    };
    let is_number = host::is_number(&count);
    let count = count
        .parse()
        .ok()
        .filter(|it| is_number && *it <= COUNT_MAX);
    let count = count.ok_or_else(wrong)?;
    let Some(names) = environment.get(NAMES) else {
        return Ok(vec![UNKNOWN.into(); count]);
    };
    let names = names.to_string_lossy();
    let names: Vec<_> = names.split(':').map(String::from).collect();
    if names.len() != count {
        let names = names.len();
        return Err(format!(
            "{COUNT} is {count}, but {NAMES} has {names} names: write as many"
        ));
    }
    Ok(names)
}

/// The sockets with this file descriptor or name; the error says what to write. If nothing was
/// passed by the variables, a file descriptor may be any that this process has inherited.
pub(super) fn find(which: &str, names: &[String]) -> Result<Vec<ListenSocket>, String> {
    let number = which.parse().ok().filter(|_| host::is_number(which));
    match number {
        Some(number) if names.is_empty() && cfg!(target_os = "linux") => {
            return Ok(vec![ListenSocket::Inherited(number)]);
        }
        _ => {}
    }
    let is_it = |(place, name): (usize, &String)| match number {
        Some(number) => place + FIRST == number,
        None => name == which,
    };
    let places = (0..).zip(names).filter(|it| is_it(*it));
    let sockets: Vec<_> = places
        .map(|(place, _)| ListenSocket::Passed(place))
        .collect();
    if !sockets.is_empty() {
        return Ok(sockets);
    }
    let which = Excerpt::new(which);
    if names.is_empty() {
        return Err(format!(
            "no socket is passed to this process, so there is no fd:{which}: start it by a socket \
             unit, or write an address, such as 127.0.0.1:3000"
        ));
    }
    let all = names.iter().enumerate();
    let all: Vec<_> = all
        .map(|(place, name)| format!("fd:{} (fd:{})", place + FIRST, Excerpt::new(name)))
        .collect();
    let all = all.join(", ");
    Err(format!(
        "no socket fd:{which} is passed to this process: write one of {all}"
    ))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::options::listen::ListenSocket::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    #[test]
    fn sockets_are_found_by_their_number_or_name() {
        let own = process::id().to_string();
        let variables = [(COUNT, "3"), (PROCESS, &own), (NAMES, "web:admin:web")];
        let names = names(&environment(&variables)).expect("they are right");
        let passed = |places: &[usize]| Ok(places.iter().map(|it| Passed(*it)).collect());
        assert_eq!(find("3", &names), passed(&[0]));
        assert_eq!(find("5", &names), passed(&[2]));
        assert_eq!(find("web", &names), passed(&[0, 2]));
        for which in ["0", "2", "6", "99999999999999999999", "", "other"] {
            let refusal = find(which, &names).expect_err(which);
            assert!(refusal.ends_with("fd:3 (fd:web), fd:4 (fd:admin), fd:5 (fd:web)"));
        }
    }

    #[test]
    fn sockets_of_another_process_are_not_ours() {
        let other = (process::id() + 1).to_string();
        let variables = [(COUNT, "1"), (PROCESS, &*other)];
        assert_eq!(names(&environment(&variables)), Ok(Vec::new()));
        assert_eq!(names(&environment(&[])), Ok(Vec::new()));
        for which in ["web", "", "-1", "+3", "99999999999999999999"] {
            let refusal = find(which, &[]).expect_err("nothing is passed");
            assert!(refusal.contains("socket unit"), "{refusal}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn where_nothing_is_passed_a_number_is_that_of_an_inherited_socket() {
        assert_eq!(find("0", &[]), Ok(vec![Inherited(0)]));
        assert_eq!(find("17", &[]), Ok(vec![Inherited(17)]));
    }

    #[test]
    fn wrong_variables_are_named() {
        for count in ["x", "-1", "+1", "1001", "99999999999999999999"] {
            let refusal = names(&environment(&[(COUNT, count)])).expect_err(count);
            assert!(refusal.contains("'LISTEN_FDS'"), "{refusal}");
        }
        let variables = [(COUNT, "2"), (NAMES, "one")];
        let refusal = names(&environment(&variables)).expect_err("a name is missing");
        assert!(refusal.contains("LISTEN_FDNAMES has 1 names"), "{refusal}");
    }
}
