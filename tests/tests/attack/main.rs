//! What the server does when it is attacked, and what a well-behaved client notices of it: several
//! attacks at once, each on a server of its own, and a table of all at the end. No time is
//! asserted, but the worst latency is reported; with `--test-threads 1` other attacks have no part
//! in it.
//!
//! This test has a main function of its own, so that the table is shown.

#[cfg(unix)]
mod behaviours;
#[cfg(unix)]
mod canary;
#[cfg(unix)]
mod compressed;
#[cfg(unix)]
mod connections;
#[cfg(unix)]
mod floods;
#[cfg(unix)]
mod limits;
#[cfg(unix)]
mod requests;
#[cfg(unix)]
mod standard_streams;
#[cfg(unix)]
mod stop;
#[cfg(unix)]
mod table;
#[cfg(unix)]
mod target;
#[cfg(unix)]
mod tls;
#[cfg(unix)]
mod truncated;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use std::sync::Arc;
    use std::thread::available_parallelism;

    use libtest_mimic::{Arguments, Trial};

    let mut arguments = Arguments::from_args();
    let processors = available_parallelism().map_or(1, usize::from);
    // Most attacks wait for half of their time.
    arguments.test_threads.get_or_insert(2 * processors);
    connections::raise_file_limit();
    let table = Arc::new(table::Table::default());
    let trials = ATTACKS.iter().enumerate().map(|(i, &(name, attack))| {
        let table = Arc::clone(&table);
        Trial::test(name, move || {
            table.add(i, name, attack());
            Ok(())
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    print!("{table}");
    conclusion.exit_code()
}

/// Signals and limits exist on Unix only.
#[cfg(not(unix))]
fn main() {}

/// An attack and its name.
#[cfg(unix)]
type Attack = (&'static str, fn() -> table::Row);

#[cfg(unix)]
const ATTACKS: &[Attack] = &[
    // The longest is first, so that the others run beside it.
    ("every limit at once", limits::every_limit),
    ("heads that never end", requests::heads_that_never_end),
    ("heads that are too large", requests::heads_too_large),
    ("a header of 10 MB", requests::header_of_10_mb),
    ("invalid requests", requests::no_requests),
    ("TLS without TLS", requests::tls_without_tls),
    ("a body after the head", requests::bodies),
    ("garbage after a request", requests::garbage_after_a_request),
    ("a page of another site", requests::cross_site_page),
    ("too many connections", connections::too_many),
    (
        "too many of one address",
        connections::too_many_of_one_address,
    ),
    ("half-open connections", connections::half_open),
    ("silent peers", connections::silent),
    ("come and go", connections::come_and_go),
    ("10,000 idle connections", connections::idle),
    ("few file descriptors", connections::few_files),
    ("a flood of tiny frames", floods::tiny_frames),
    ("a flood of empty fragments", floods::empty_fragments),
    ("a flood of pings", floods::pings),
    ("a client that never reads", floods::never_reads),
    ("many that send first", floods::send_first),
    ("compressed gigabytes", compressed::bombs),
    ("compressed messages that wait", compressed::inside_messages),
    ("compressed bytes one by one", compressed::trickle),
    ("compressed noise", compressed::garbage),
    ("test: pushes nobody reads", behaviours::unread_pushes),
    ("test: endless repeats", behaviours::repeats),
    ("test: delays of an hour", behaviours::delays),
    ("test: a backlog of delays", behaviours::delays_of_a_backlog),
    ("test: segments of one byte", behaviours::segments),
    ("test: ticks of 1 ms", behaviours::ticks),
    ("test: garbage queries", behaviours::garbage_queries),
    ("FIN at every byte", truncated::fin),
    ("RST at every byte", truncated::rst),
    ("segments of one byte", truncated::segments_of_one_byte),
    ("SIGTERM under load", stop::under_load),
    ("TLS: half handshakes", tls::half_handshakes),
    ("TLS: endless handshakes", tls::endless_handshakes),
    ("TLS: garbage records", tls::garbage_records),
    ("TLS: records of one byte", tls::tiny_records),
    ("TLS: new keys without end", tls::new_keys),
    ("TLS: a client that never reads", tls::never_reads),
    ("stderr: nobody reads", standard_streams::stderr_unread),
    (
        "stderr: stopped terminal",
        standard_streams::stderr_stopped_terminal,
    ),
    ("stderr: reader gone", standard_streams::stderr_gone),
    ("stderr: closed", standard_streams::stderr_closed),
    ("stderr: /dev/full", standard_streams::stderr_full),
    ("stdout: reader gone", standard_streams::stdout_gone),
    ("stdout: closed", standard_streams::stdout_closed),
    ("stdout: /dev/full", standard_streams::stdout_full),
    ("no progress", limits::no_progress),
    ("messages too long", limits::messages_too_long),
    ("memory held", limits::memory_held),
    ("memory held by a trickle", limits::memory_held_by_a_trickle),
];
