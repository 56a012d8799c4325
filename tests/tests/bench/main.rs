//! The output of `ws-echo bench` for our server, and for servers that do not echo.

#![cfg(unix)]

mod compression;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use ws_echo_tests::foreign::{self, Need};
use ws_echo_tests::names::Names;
use ws_echo_tests::needs;
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::scripted_server::{accept, frame, request, response, server, unmasked};
use ws_echo_tests::server::{Server, command, run, signal, wait};
use ws_echo_tests::wire::{BINARY, CLOSE, PING, PONG, TEXT};

/// Shorter than the default, since nothing will arrive.
const SHORT: [&str; 2] = ["--timeout", "300ms"];

/// A run of the load generator, without a warm-up unless one is asked for. Returns its exit status,
/// stdout and stderr.
fn bench(url: &str, options: &[&str]) -> (Option<i32>, String, String) {
    let (status, stdout, stderr) = run(&mut bench_command(url, options)).unwrap();
    (status.code(), stdout, stderr)
}

fn bench_command(url: &str, options: &[&str]) -> Command {
    let warm_up = if options.contains(&"--warm-up") {
        &[][..]
    } else {
        &["--warm-up", "0"]
    };
    command([&["bench", url], warm_up, options].concat())
}

/// The figures of a run that must succeed without output on stderr.
fn figures(url: &str, options: &[&str]) -> Value {
    let (status, stdout, stderr) = bench(url, &[options, &["--json"]].concat());
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    serde_json::from_str(&stdout).expect("one JSON object")
}

/// The message of a run that must fail.
fn failure(url: &str, options: &[&str]) -> String {
    let (status, stdout, stderr) = bench(url, options);
    assert_eq!((status, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.starts_with("ws-echo: ") && stderr.lines().count() == 1);
    assert!(!stderr.trim_end().contains(char::is_control), "{stderr:?}");
    stderr
}

/// A server that accepts the handshake, echoes the first message, and passes each further one to
/// `answer`, which returns the bytes to send. Control frames do not count as messages.
fn answering(
    answer: impl Fn(&mut TcpStream, u8, &[u8]) -> Vec<u8> + Send + Sync + 'static,
) -> String {
    server(move |mut stream| {
        accept(&mut stream)?;
        let (first, probe) = frame(&mut stream)?;
        stream.write_all(&unmasked(first, &probe)).ok()?;
        while let Some((first, payload)) = frame(&mut stream) {
            if first != CLOSE {
                let answer = answer(&mut stream, first, &payload);
                stream.write_all(&answer).ok()?;
            }
        }
        Some(())
    })
}

#[test]
fn our_server_is_measured_with_each_load() {
    let server = Server::start(&["--threads", "1"]);
    for (options, payload, size) in [
        (&[][..], "binary", 16),
        (&["--connections", "5", "--in-flight", "7"], "binary", 16),
        (&["--size", "0", "--in-flight", "3"], "binary", 0),
        (&["--text", "--size", "125"], "ascii", 125),
        (&["--text=chinese", "--size", "1000"], "chinese", 1000),
        (&["--payload", "json", "--size", "1KiB"], "json", 1024),
        (&["--size", "70000", "--in-flight", "4"], "binary", 70_000),
        (&["--size", "1MiB", "--connections", "2"], "binary", 1 << 20),
        (&["--rate", "5000", "--connections", "3"], "binary", 16),
        (&["--rate", "1000000", "--in-flight", "2"], "binary", 16),
        (&["--warm-up", "50ms"], "binary", 16),
    ] {
        let options = [options, &["--messages", "200"]].concat();
        let figures = figures(&server.url("/a?b"), &options);
        assert_eq!(figures["messages"], 200, "{options:?}");
        assert_eq!(figures["payload"], payload);
        assert_eq!(figures["size"], size);
    }
    assert!(!server.log().contains("lost"), "each was closed");
}

#[test]
fn the_json_object_has_the_documented_names() {
    let server = Server::start(&[]);
    let url = server.url("/");
    let options = ["--messages", "100", "--connections", "2", "--pid"];
    let pid = server.id().to_string();
    let options = [&options[..], &[&pid]].concat();
    let has_process = cfg!(target_os = "linux") && foreign::has(Need::Process);
    let options = if has_process {
        &options[..]
    } else {
        &options[..4]
    };
    let figures = figures(&url, options);
    assert_eq!(figures["url"], url);
    assert_eq!(figures["connections"], 2);
    assert_eq!(figures["in_flight"], 1);
    assert_eq!(figures["rate"], Value::Null);
    assert_eq!(figures["messages_not_sent"], 0);
    for name in ["seconds", "messages_per_second", "bytes_per_second"] {
        assert!(figures[name].as_f64().unwrap() > 0.0, "{name}");
    }
    let latency = |name: &str| figures["latency_us"][name].as_f64().expect(name);
    let names = ["min", "p50", "p90", "p99", "p99_9", "max"];
    assert!(names.map(latency).is_sorted() && latency("min") > 0.0);
    assert!((latency("min")..=latency("max")).contains(&latency("mean")));
    assert!(figures["generator_is_the_limit"].is_boolean());
    if has_process {
        assert!(figures["generator_cpu_seconds"].as_f64().unwrap() > 0.0);
        for name in [
            "server_cpu_seconds",
            "server_user_seconds",
            "server_system_seconds",
        ] {
            assert!(figures[name].as_f64().unwrap() >= 0.0, "{name}");
        }
    }
}

#[test]
fn a_name_and_a_password_of_the_url_are_sent_and_not_shown() {
    let url = server(|mut stream| {
        let request = accept(&mut stream)?;
        // user:pass word
        assert!(request.contains("\r\nAuthorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n"));
        while let Some((first, payload)) = frame(&mut stream) {
            stream.write_all(&unmasked(first, &payload)).ok()?;
        }
        Some(())
    });
    let with_user = url.replace("//", "//user:pass%20word@");
    let figures = figures(&with_user, &["--connections=3", "--messages=9"]);
    assert_eq!(figures["url"], url);
    assert_eq!(figures["messages"], 9);
}

#[test]
fn the_text_report_has_all_figures_in_80_columns() {
    let server = Server::start(&[]);
    let (status, stdout, stderr) = bench(&server.url("/"), &["--messages", "1000"]);
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    for text in [
        "1 connection, 16 bytes of binary, 1 in flight\n",
        "1,000 in ",
        "B/s each way\n",
        "p99.9",
        " % #",
    ] {
        assert!(stdout.contains(text), "{text} is not in\n{stdout}");
    }
    assert!(
        stdout.lines().all(|line| line.chars().count() <= 80),
        "{stdout}"
    );
}

#[test]
fn exactly_the_requested_number_of_messages_is_sent() {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let url = answering(move |_, first, payload| {
        counted.fetch_add(1, Ordering::Relaxed);
        unmasked(first, payload)
    });
    for options in [
        &["--connections", "4", "--in-flight", "8"][..],
        &["--rate", "100000", "--connections", "4"],
        &["--rate", "100000", "--in-flight", "1"],
    ] {
        let options = [options, &["--messages", "101"]].concat();
        assert_eq!(figures(&url, &options)["messages"], 101);
        assert_eq!(count.swap(0, Ordering::Relaxed), 101, "{options:?}");
    }
}

#[test]
fn scheduled_latency_counts_from_the_due_time() {
    const STALL: Duration = Duration::from_millis(400);
    let count = AtomicU64::new(0);
    let url = answering(move |_, first, payload| {
        if count.fetch_add(1, Ordering::Relaxed).is_multiple_of(20) {
            thread::sleep(STALL);
        }
        unmasked(first, payload)
    });
    for in_flight in [&["--in-flight", "1"][..], &[]] {
        let options = [&["--rate", "100", "--messages", "20"], in_flight].concat();
        let figures = figures(&url, &options);
        // The last one is due after 190 ms, and the first one delays all.
        assert!(figures["latency_us"]["min"].as_f64().unwrap() >= 209_000.0);
        assert!(figures["latency_us"]["max"].as_f64().unwrap() >= 399_000.0);
    }
}

#[test]
fn a_schedule_respects_the_limit_of_messages_in_flight() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        let (first, probe) = frame(&mut stream)?;
        stream.write_all(&unmasked(first, &probe)).ok()?;
        loop {
            let (first, payload) = frame(&mut stream)?;
            frame(&mut stream)?;
            // A third message would have arrived by now.
            let wait = Some(Duration::from_millis(50));
            stream.set_read_timeout(wait).ok()?;
            let is_quiet = stream.peek(&mut [0]).is_err();
            stream.set_read_timeout(None).ok()?;
            let echo = if is_quiet { payload } else { vec![0; 16] };
            stream.write_all(&unmasked(first, &echo).repeat(2)).ok()?;
        }
    });
    let options = ["--rate", "1000", "--in-flight", "2", "--messages", "6"];
    assert_eq!(figures(&url, &options)["messages"], 6);
}

#[test]
fn a_fragmented_echo_counts_as_one_and_pings_are_answered() {
    let pongs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&pongs);
    let url = answering(move |_, first, payload| {
        if first == PONG {
            assert_eq!(payload, b"p");
            counted.fetch_add(1, Ordering::Relaxed);
            return Vec::new();
        }
        let (start, end) = payload.split_at(5);
        [
            unmasked(first & 0x0F, start),
            unmasked(PING, b"p"),
            unmasked(0x80, end),
        ]
        .concat()
    });
    let options = ["--messages", "100", "--in-flight", "4", "--text"];
    assert_eq!(figures(&url, &options)["messages"], 100);
    // The last one may arrive after the end.
    assert!(pongs.load(Ordering::Relaxed) >= 90);
}

#[test]
fn messages_before_the_first_echo_are_skipped() {
    let url = server(|mut stream| {
        let request = request(&mut stream)?;
        let greetings = [
            unmasked(TEXT, b"hello"),
            unmasked(PING, b"p"),
            unmasked(0x02, b"ws-echo"),
            unmasked(0x80, b" bench"),
            unmasked(TEXT, b""),
        ];
        let bytes = [response(&request).into_bytes(), greetings.concat()].concat();
        for part in bytes.chunks(11) {
            stream.write_all(part).ok()?;
        }
        while let Some((first, payload)) = frame(&mut stream) {
            if first == TEXT || first == BINARY {
                stream.write_all(&unmasked(first, &payload)).ok()?;
            }
        }
        Some(())
    });
    assert_eq!(figures(&url, &["--messages", "9"])["messages"], 9);
}

#[test]
fn a_wrong_echo_is_an_error_that_shows_it() {
    let wrong_byte = answering(|_, first, payload| {
        let mut payload = payload.to_vec();
        payload[3] ^= 1;
        unmasked(first, &payload)
    });
    assert!(failure(&wrong_byte, &[]).contains("connection 1: wrong echo: byte 3 of the message"));
    let wrong_opcode = answering(|_, _, payload| unmasked(TEXT, payload));
    assert!(failure(&wrong_opcode, &[]).contains("a text message, but a binary message was sent"));
    let too_short = answering(|_, first, payload| unmasked(first, &payload[..15]));
    assert!(failure(&too_short, &[]).contains("wrong echo: 15 bytes instead of 16"));
    let twice = answering(|_, first, payload| unmasked(first, payload).repeat(2));
    assert!(failure(&twice, &[]).contains("a message was received that was not sent"));
    let masked = answering(|_, _, _| vec![0x82, 0x80, 0, 0, 0, 0]);
    assert!(failure(&masked, &[]).contains("an invalid frame: a masking key"));
    let garbage = answering(|_, _, _| vec![0xFF; 100]);
    assert!(failure(&garbage, &[]).contains("an invalid frame: reserved bits"));
}

#[test]
fn every_echo_of_the_warm_up_is_compared_byte_by_byte() {
    let count = AtomicU64::new(0);
    let url = answering(move |_, first, payload| {
        let is_wrong = count.fetch_add(1, Ordering::Relaxed) == 20;
        unmasked(
            first,
            &if is_wrong {
                vec![0; 16]
            } else {
                payload.to_vec()
            },
        )
    });
    let message = failure(&url, &["--warm-up", "1h"]);
    assert!(
        message.contains("wrong echo: byte 0 of the message"),
        "{message}"
    );
}

#[test]
fn the_first_message_after_the_warm_up_is_compared_too() {
    let count = AtomicU64::new(0);
    let url = answering(move |_, first, payload| {
        let mut payload = payload.to_vec();
        // The warm-up consists of the first message only; the third is the first one of its
        // connection.
        payload[3] ^= u8::from(count.fetch_add(1, Ordering::Relaxed) == 2);
        unmasked(first, &payload)
    });
    let load = ["--rate", "10", "--connections", "3", "--messages", "2"];
    let message = failure(&url, &[&load[..], &["--warm-up", "50ms"]].concat());
    assert!(
        message.contains("connection 2: wrong echo: byte 3"),
        "{message}"
    );
}

#[test]
fn a_message_received_before_the_first_was_sent_is_not_its_echo() {
    let count = AtomicU64::new(0);
    let url = server(move |mut stream| {
        let is_late = count.fetch_add(1, Ordering::Relaxed) > 0;
        if is_late {
            // For this time the previous connection is open and has received unexpected data.
            thread::sleep(Duration::from_millis(300));
        }
        accept(&mut stream)?;
        let (first, probe) = frame(&mut stream)?;
        stream.write_all(&unmasked(first, &probe)).ok()?;
        if !is_late {
            thread::sleep(Duration::from_millis(100));
            stream.write_all(&unmasked(BINARY, b"")).ok()?;
        }
        while let Some((first, payload)) = frame(&mut stream) {
            stream.write_all(&unmasked(first, &payload)).ok()?;
        }
        Some(())
    });
    let options = ["--connections", "2", "--size", "0", "--messages", "1"];
    let message = failure(&url, &options);
    assert!(message.contains("received that was not sent"), "{message}");
}

#[test]
fn a_probe_that_comes_back_as_binary_is_an_error() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        let (_, payload) = frame(&mut stream)?;
        stream.write_all(&unmasked(BINARY, &payload)).ok()?;
        frame(&mut stream).map(drop)
    });
    assert!(failure(&url, &[]).contains("a binary message, but a text message was sent"));
}

#[test]
fn a_refusal_and_invalid_http_are_reported_with_their_first_line() {
    let server_of_one_path = Server::start(&["--path", "/echo"]);
    let message = failure(&server_of_one_path.url("/other"), &[]);
    assert!(
        message.contains("refused the upgrade: 404 Not Found"),
        "{message}"
    );
    let without_reason = server(|mut stream| {
        request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 429 \r\n\r\n").ok()
    });
    let message = failure(&without_reason, &[]);
    assert!(message.ends_with(": 429\n"), "{message}");
    let garbage = server(|mut stream| {
        request(&mut stream)?;
        stream.write_all(b"\x1b[31mSSH-2.0\r\n").ok()
    });
    let message = failure(&garbage, &[]);
    assert!(
        message.contains(r"does not speak HTTP/1: \u{1b}[31mSSH-2.0"),
        "{message}"
    );
    let wrong_accept = server(|mut stream| {
        let request = request(&mut stream)?;
        let response = response(&request).replace("Accept: ", "Accept: x");
        stream.write_all(response.as_bytes()).ok()
    });
    assert!(failure(&wrong_accept, &[]).contains("Sec-WebSocket-Accept does not answer"));
}

#[test]
fn the_end_of_a_connection_is_an_error_with_its_code_and_reason() {
    let closes = answering(|_, _, _| unmasked(CLOSE, b"\x03\xf3so\n\x1b[1m"));
    let message = failure(&closes, &[]);
    assert!(
        message.contains(r"closed with 1011: so\n\u{1b}[1m"),
        "{message}"
    );
    let ends = answering(|stream, first, payload| {
        // The echo arrives, and the end right after it, so the next message cannot be sent.
        let _ = stream.write_all(&unmasked(first, payload));
        let _ = stream.shutdown(Shutdown::Write);
        Vec::new()
    });
    for _ in 0..20 {
        let message = failure(&ends, &["--messages", "2", "--in-flight", "2"]);
        assert!(message.contains("ended the connection"), "{message}");
    }
    let ends_at_once = server(|mut stream| request(&mut stream).map(drop));
    assert!(failure(&ends_at_once, &[]).contains("ended the connection"));
}

#[test]
fn a_silent_server_is_given_up() {
    let never = |stream: &mut TcpStream| while frame(stream).is_some() {};
    let no_response = server(move |mut stream| {
        request(&mut stream)?;
        request(&mut stream).map(drop)
    });
    let message = failure(&no_response, &SHORT);
    assert!(message.contains("no response to the request within 300 ms (--timeout)"));
    let no_probe = server(move |mut stream| {
        accept(&mut stream)?;
        never(&mut stream);
        Some(())
    });
    let message = failure(&no_probe, &SHORT);
    assert!(
        message.contains("no echo of the first text message within 300 ms"),
        "{message}"
    );
    let no_echo = answering(|_, _, _| Vec::new());
    let message = failure(&no_echo, &[&SHORT[..], &["--in-flight", "5"]].concat());
    assert!(
        message.contains("no echo arrived for 300 ms (--timeout), and 5 messages were not echoed")
    );
}

#[test]
fn pings_and_empty_fragments_do_not_count_as_an_echo() {
    let endless = |start: Vec<u8>, then: Vec<u8>| {
        answering(move |stream, _, _| {
            let mut written = stream.write_all(&start);
            while written.is_ok() {
                thread::sleep(Duration::from_millis(50));
                written = stream.write_all(&then);
            }
            Vec::new()
        })
    };
    for url in [
        endless(Vec::new(), unmasked(PING, b"p")),
        endless(unmasked(BINARY & 0x0F, b""), unmasked(0x00, b"")),
    ] {
        let message = failure(&url, &SHORT);
        assert!(message.contains("no echo arrived for 300 ms"), "{message}");
    }
}

#[test]
fn a_flood_of_pings_whose_pongs_are_not_read_is_an_error() {
    fn flood(stream: &mut TcpStream) {
        let pings = unmasked(PING, [0; 125]).repeat(1000);
        while stream.write_all(&pings).is_ok() {}
    }
    let while_opening = server(|mut stream| {
        accept(&mut stream)?;
        flood(&mut stream);
        Some(())
    });
    let while_measuring = answering(|stream, _, _| {
        flood(stream);
        Vec::new()
    });
    for url in [while_opening, while_measuring] {
        let message = failure(&url, &[]);
        assert!(message.contains("does not read the Pongs"), "{message}");
    }
}

#[test]
fn messages_before_the_first_echo_do_not_prevent_the_timeout() {
    let url = server(|mut stream| {
        accept(&mut stream)?;
        let messages = unmasked(TEXT, b"x").repeat(100_000);
        while stream.write_all(&messages).is_ok() {}
        Some(())
    });
    let message = failure(&url, &SHORT);
    assert!(
        message.contains("no echo of the first text message within 300 ms"),
        "{message}"
    );
}

#[test]
fn a_refused_connection_is_an_error_that_names_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let message = failure(&format!("ws://{address}"), &[]);
    assert!(
        message.contains(&format!("cannot connect to {address}: ")),
        "{message}"
    );
}

#[test]
fn a_name_is_found_at_the_first_of_its_addresses_that_accepts() {
    let Some(names) = Names::in_file() else {
        return;
    };
    let server = Server::start(&[]);
    let port = server.address.port();
    names.set("127.0.0.2 echo.test\n127.0.0.1 echo.test\n127.0.0.3 echo.test\n");
    let bench = |host: &str| {
        let url = format!("ws://{host}:{port}");
        run(&mut names.command(&bench_command(&url, &["--messages", "9"]))).unwrap()
    };
    let (status, stdout, stderr) = bench("echo.test");
    assert_eq!((status.code(), &*stderr), (Some(0), ""), "{stdout}");
    let (status, stdout, stderr) = bench("unknown.test");
    assert_eq!((status.code(), &*stdout), (Some(1), ""));
    let expected = "ws-echo: cannot resolve the host 'unknown.test': ";
    assert!(stderr.starts_with(expected), "{stderr}");
}

#[test]
fn a_name_server_that_is_silent_does_not_outlast_the_timeout() {
    let Some(names) = Names::of_silent_server() else {
        return;
    };
    let bench = bench_command("ws://echo.test", &SHORT);
    let (status, stdout, stderr) = run(&mut names.command(&bench)).unwrap();
    let expected = "ws-echo: cannot resolve the host 'echo.test': no answer within 300 ms \
                    (--timeout)\n";
    let outcome = (status.code(), &*stdout, &*stderr);
    assert_eq!(outcome, (Some(1), "", expected));
}

#[test]
fn a_signal_ends_the_measurement_early_and_prints_it() {
    let (reached, is_reached) = std::sync::mpsc::channel();
    let count = AtomicU64::new(0);
    let url = answering(move |_, first, payload| {
        if count.fetch_add(1, Ordering::Relaxed) == 100 {
            reached.send(()).unwrap();
        }
        unmasked(first, payload)
    });
    let mut command = bench_command(&url, &["--duration", "1h", "--json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    is_reached.recv().unwrap();
    signal(&child, "INT");
    assert_eq!(wait(&mut child).code(), Some(0));
    let mut stdout = String::new();
    child.stdout.unwrap().read_to_string(&mut stdout).unwrap();
    let figures: Value = serde_json::from_str(&stdout).unwrap();
    assert!(figures["messages"].as_u64().unwrap() >= 100);
}

#[test]
fn a_wrong_command_line_gets_status_2() {
    for (arguments, advice) in [
        (&["bench"][..], "<URL>"),
        (
            &["bench", "wss://127.0.0.1"],
            "bench does not speak TLS: write ws://",
        ),
        (&["bench", "127.0.0.1:3000"], "ws://127.0.0.1:3000"),
        (
            &["bench", "ws://127.0.0.1", "--connections", "20001"],
            "1 to 20000",
        ),
        (&["bench", "ws://127.0.0.1", "--listen", "x"], "--listen"),
    ] {
        let (status, stdout, stderr) = run(&mut command(arguments)).unwrap();
        assert_eq!((status.code(), stdout.as_str()), (Some(2), ""));
        assert!(stderr.contains(advice), "{stderr}");
    }
}

#[test]
fn a_message_longer_than_the_socket_buffers_is_sent_in_pieces() {
    let server = Server::start(&["--no-welcome", "--threads", "1"]);
    let options = ["--size", "16MiB", "--messages", "2", "--in-flight", "2"];
    assert_eq!(figures(&server.url("/"), &options)["messages"], 2);
}

#[test]
fn silence_is_not_a_failure_while_no_echo_is_missing() {
    let server = Server::start(&[]);
    let options = ["--rate", "0.5", "--messages", "2", "--timeout", "1s"];
    assert_eq!(figures(&server.url("/"), &options)["messages"], 2);
}

#[test]
fn many_connections_are_opened_and_closed() {
    let server = Server::start(&["--log-level", "warn"]);
    let options = ["--connections", "300", "--messages", "900"];
    assert_eq!(figures(&server.url("/"), &options)["messages"], 900);
    // The server still works.
    Client::greeted(server.address);
}

#[test]
fn the_limit_of_open_files_is_raised_as_far_as_possible() {
    needs!(ResourceLimits);
    let server = Server::start(&["--log-level", "warn"]);
    let limited = |limit: &str| {
        let script = format!("{limit}; exec \"$@\"");
        let options = ["--connections", "100", "--messages", "100", "--json"];
        let bench = bench_command(&server.url("/"), &options);
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, "sh"]).arg(bench.get_program());
        run(shell.args(bench.get_args())).unwrap()
    };
    let (status, _, stderr) = limited("ulimit -S -n 50");
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
    let (status, _, stderr) = limited("ulimit -n 50");
    assert_eq!(status.code(), Some(1));
    assert!(
        stderr.contains("this process may open 50: raise the hard limit"),
        "{stderr}"
    );
    assert!(stderr.contains("fewer --connections"), "{stderr}");
}
