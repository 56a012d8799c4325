//! A stop while all clients are sending.

use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{CLOSE, Frame, TEXT, masked};

use crate::canary::{Canary, CanaryReport};
use crate::table::Row;
use crate::target::{at_once, row};

const CANARIES: usize = 4;
const TALKERS: usize = 8;
/// How many messages a client sends before it reads their echoes.
const BURST: u64 = 16;

/// Each message up to the Close is echoed, and nothing follows.
pub(crate) fn under_load() -> Row {
    let mut server = Server::start(&["--no-welcome", "--threads=2"]);
    let before = server.peak_memory();
    let canaries: Vec<_> = (0..CANARIES)
        .map(|_| Canary::start(Client::open(server.address)))
        .collect();
    canaries.iter().for_each(Canary::one_round);
    let (echoes, report, peak) = std::thread::scope(|scope| {
        let address = server.address;
        let talkers = scope.spawn(move || at_once(TALKERS, |_| talk(Client::open(address))));
        canaries.iter().for_each(Canary::one_round);
        let peak = server.peak_memory();
        server.ask_to_stop();
        let reports = canaries.into_iter().map(|it| it.closed_with(1001));
        let report = CanaryReport::of_all(reports);
        (talkers.join().expect("echoes in order"), report, peak)
    });
    assert_eq!(server.wait().code(), Some(0));
    server.logged("stopped");
    let echoes: u64 = echoes.iter().sum();
    let done = format!(
        "SIGTERM while {TALKERS} send {BURST} messages at once, and {CANARIES} canaries one"
    );
    let answered = format!("{echoes} echoes in order, then Close 1001; exit status 0");
    row(done, answered, &report, before, peak)
}

/// Sends numbered messages until the server closes. Returns how many were echoed.
fn talk(mut client: Client) -> u64 {
    let mut next = 0;
    loop {
        let numbers = next..next + BURST;
        let burst: Vec<u8> = numbers
            .clone()
            .flat_map(|it| masked(TEXT, it.to_string()))
            .collect();
        client.send(burst);
        for number in numbers {
            let frame = client.receive_frame().expect("an echo or a Close");
            if frame.first == CLOSE {
                assert_eq!(frame, Frame::close(1001));
                client.send(masked(CLOSE, &frame.payload));
                assert_eq!(client.receive_frame(), None);
                return number;
            }
            assert_eq!(frame, Frame::new(TEXT, number.to_string()));
            next += 1;
        }
    }
}
