use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::command_line::tests::options;
use crate::serve::acceptor::PlainAcceptor;
use crate::serve::limits::{Admission, Limit};
use crate::serve::peer::Peer;
use crate::serve::poller::Poller;
use crate::serve::worker::Worker;

const WATCHDOG: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(60);

fn limiter(arguments: &[&str]) -> Arc<ConnectionLimiter> {
    Arc::new(ConnectionLimiter::new(&options(arguments, &[]), u64::MAX))
}

/// A monitor of workers that do not exist, and their pollers.
fn monitor(workers: usize) -> (Monitor, Vec<Poller>) {
    let pollers = (0..workers).map(|_| Poller::new().unwrap());
    let (pollers, wakers): (Vec<_>, Vec<_>) = pollers.unzip();
    let monitor = Monitor::new(limiter(&["--max-connections=1"]), wakers, WATCHDOG);
    (monitor, pollers)
}

/// What a worker with this many clients answers.
fn report(clients: usize) -> Report {
    Report {
        clients,
        ..Report::default()
    }
}

#[test]
fn a_worker_that_stays_in_a_round_is_stuck_until_the_round_ends() {
    let (monitor, _pollers) = monitor(2);
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let second = monitor.post(1);
    assert_eq!(monitor.liveness(at(100)), Ok(()));
    second.begin_round();
    assert_eq!(monitor.liveness(at(200)), Ok(()), "since when is not known");
    assert_eq!(monitor.liveness(at(205)), Ok(()));
    let stuck = |seconds| {
        let time = Duration::from_secs(seconds);
        Err(Stuck { worker: 2, time })
    };
    assert_eq!(monitor.liveness(at(206)), stuck(6));
    assert_eq!(monitor.liveness(at(300)), stuck(100));
    second.end_round();
    assert_eq!(monitor.liveness(at(400)), Ok(()), "it waits for events");
    assert_eq!(monitor.liveness(at(500)), Ok(()));
    second.begin_round();
    assert_eq!(monitor.liveness(at(600)), Ok(()));
    second.end_round();
    second.begin_round();
    assert_eq!(monitor.liveness(at(700)), Ok(()), "it is another round");
}

#[test]
fn a_server_is_ready_while_it_can_get_clients() {
    let (monitor, _pollers) = monitor(1);
    let now = Instant::now();
    assert_eq!(monitor.readiness(now), Err(Unready::Starting));
    monitor.enter(Stage::Serving);
    assert_eq!(monitor.readiness(now), Ok(()));

    let peer = Peer::from(SocketAddr::from(([127, 0, 0, 1], 1)));
    assert_eq!(monitor.limiter().admit(peer), Admission::Accept);
    assert_eq!(monitor.readiness(now), Err(Unready::Full(1)));
    monitor.limiter().release(peer);
    assert_eq!(monitor.readiness(now), Ok(()));

    monitor.post(0).set_cannot_accept(true);
    assert_eq!(monitor.readiness(now), Err(Unready::CannotAccept));
    monitor.post(0).set_cannot_accept(false);

    monitor.limiter().turn_away(Limit::Connections);
    assert_eq!(monitor.readiness(now), Ok(()));
    monitor.limiter().turn_away(Limit::Memory);
    assert_eq!(monitor.readiness(now), Err(Unready::ShortOfMemory));
    assert_eq!(monitor.readiness(now + LONG), Ok(()));

    monitor.enter(Stage::Draining);
    monitor.enter(Stage::Serving);
    assert_eq!(monitor.readiness(now + LONG), Err(Unready::Draining));
}

#[test]
fn the_last_answer_stands_for_a_worker_that_does_not_answer() {
    let (monitor, _pollers) = monitor(2);
    let [first, second] = [monitor.post(0), monitor.post(1)];
    let counters = Question::Counters;
    let clients = || {
        let answers = monitor.ask(counters, Duration::from_millis(1));
        assert_eq!(answers.late, 2);
        let clients = answers.reports.iter().map(|report| report.clients);
        clients.collect::<Vec<_>>()
    };
    assert_eq!(clients(), [0, 0]);
    for post in [&first, &second] {
        assert_eq!(post.question(), Some(counters));
        assert_eq!(post.question(), None, "it is asked once");
    }
    first.answer(counters, report(3));
    second.answer(counters, report(4));
    assert_eq!(clients(), [3, 4]);
    second.answer(Question::Connections(1), report(5));
    assert_eq!(
        second.question(),
        Some(counters),
        "that was another question"
    );
}

#[test]
fn a_worker_answers_when_it_is_asked() {
    let (monitor, mut pollers) = monitor(1);
    let monitor = Arc::new(monitor);
    let stop = Arc::new(AtomicBool::new(false));
    let (_sender, inbox) = mpsc::channel();
    let poller = pollers.remove(0);
    let options = options(&[], &[]);
    let worker = Worker::new(
        poller,
        inbox,
        stop.clone(),
        (&monitor, 0),
        &options,
        PlainAcceptor,
    );
    let worker = thread::spawn(move || worker.run());
    let ask = || monitor.ask(Question::Counters, LONG);
    let [first, second] = [ask(), ask()];
    assert_eq!((first.late, second.late), (0, 0));
    assert!(!Arc::ptr_eq(&first.reports[0], &second.reports[0]));
    stop.store(true, Ordering::Release);
    ask();
    worker.join().unwrap().unwrap();
}
