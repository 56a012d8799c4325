//! Lines in, lines at the sink out, whatever the sink does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::line::MESSAGE_LEN_MAX;
use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

/// An output that passes text lines on, and fails when that panics.
struct Sink<F>(F);

impl<F: Fn(&Record<'_>)> Output for Sink<F> {
    fn write(&mut self, line: &LogLine) -> io::Result<()> {
        line.log_to(&self.0);
        Ok(())
    }
}

fn logger(sink: impl Fn(&Record<'_>) + Send + 'static) -> Logger {
    spawn("info", sink)
}

fn spawn(filter: &str, sink: impl Fn(&Record<'_>) + Send + 'static) -> Logger {
    let filter = Filter::parse_lenient(filter);
    Logger::spawn(filter, Format::Text, false, Sink(sink)).expect("a thread")
}

fn say(logger: &Logger, level: Level, text: fmt::Arguments<'_>) {
    let mut record = Record::builder();
    logger.log(&record.level(level).target("test").args(text).build());
}

fn shown(record: &Record<'_>) -> String {
    format!("{} {}", record.level(), record.args())
}

/// A logger with a sink that passes each line on only after a signal from the test.
fn gated_logger() -> (Logger, Sender<()>, Receiver<String>) {
    let (open, gate) = channel();
    let (lines, shown_lines) = channel();
    let logger = logger(move |record| {
        let _ = gate.recv();
        let _ = lines.send(shown(record));
    });
    (logger, open, shown_lines)
}

fn recording_logger() -> (Logger, Receiver<String>) {
    let (logger, _, lines) = gated_logger();
    (logger, lines)
}

/// Returns the result of work that must not block.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = channel();
    thread::spawn(move || done.send(work()));
    result.recv_timeout(PATIENCE).expect("it did not block")
}

fn next(lines: &Receiver<String>) -> String {
    lines.recv_timeout(PATIENCE).expect("a line")
}

/// Returns which of the lines `said` were written, and the reported numbers of dropped ones.
fn tally(lines: &Receiver<String>, said: usize) -> (Vec<String>, Vec<usize>) {
    let (mut written, mut reports) = (Vec::new(), Vec::new());
    while written.len() + reports.iter().sum::<usize>() < said {
        let line = next(lines);
        let plural = line.strip_suffix(" log lines were dropped");
        let report = plural.or_else(|| line.strip_suffix(" log line was dropped"));
        match report.and_then(|report| report.strip_prefix("WARN ")) {
            Some(count) => reports.push(count.parse().expect("a count")),
            None => written.push(line),
        }
    }
    (written, reports)
}

#[test]
fn a_record_reaches_the_sink_with_its_level_target_and_text() {
    let (lines, shown_lines) = channel();
    let logger = logger(move |record| {
        let _ = lines.send(format!("{} {}", record.target(), shown(record)));
    });
    say(&logger, Level::Error, format_args!("{} broke", "it"));
    assert_eq!(next(&shown_lines), "test ERROR it broke");
}

#[test]
fn a_record_that_is_filtered_out_is_not_formatted() {
    struct Unshowable;
    impl fmt::Display for Unshowable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("was formatted")
        }
    }
    let (logger, lines) = recording_logger();
    say(&logger, Level::Debug, format_args!("{Unshowable}"));
    say(&logger, Level::Info, format_args!("after"));
    assert_eq!(next(&lines), "INFO after");
}

#[test]
fn a_message_is_one_line_without_control_characters() {
    let (logger, lines) = recording_logger();
    say(
        &logger,
        Level::Info,
        format_args!("a\nb\u{1b}[2J\u{202e}\\"),
    );
    assert_eq!(next(&lines), r"INFO a\nb\u{1b}[2J\u{202e}\");
}

#[test]
fn a_long_message_is_cut_and_says_how_much_is_missing() {
    let (logger, lines) = recording_logger();
    let long = "ä".repeat(MESSAGE_LEN_MAX);
    say(&logger, Level::Info, format_args!("-{long}-"));
    let line = next(&lines);
    let kept = "ä".repeat(MESSAGE_LEN_MAX / 2 - 1);
    assert_eq!(line, format!("INFO -{kept}… (+{} B)", MESSAGE_LEN_MAX + 3));
}

#[test]
fn logging_never_waits_for_a_sink_that_blocks_and_the_loss_is_reported_once() {
    let (logger, open, lines) = gated_logger();
    let said = QUEUE_LEN * 3;
    let logger = in_time(move || {
        for number in 0..said {
            say(&logger, Level::Info, format_args!("{number}"));
        }
        logger
    });

    drop(open);
    let (written, reports) = tally(&lines, said);
    assert!(written.len() <= QUEUE_LEN + 1, "the queue has a bound");
    assert_eq!(reports, [said - written.len()]);
    say(&logger, Level::Info, format_args!("again"));
    assert_eq!(next(&lines), "INFO again");
}

#[test]
fn a_sink_that_panics_loses_its_line_and_nothing_else() {
    let (lines, shown_lines) = channel();
    let logger = logger(move |record| {
        let line = shown(record);
        assert!(!line.contains("bad"), "the stream is gone");
        let _ = lines.send(line);
    });
    let texts = ["bad", "bad", "good", "bad"];
    for text in texts {
        say(&logger, Level::Info, format_args!("{text}"));
    }
    let (written, _) = tally(&shown_lines, texts.len());
    assert_eq!(written, ["INFO good"]);
}

#[test]
fn a_sink_that_comes_back_gets_the_number_of_lines_that_it_missed() {
    let is_back = Arc::new(AtomicBool::new(false));
    let sink_is_back = Arc::clone(&is_back);
    let (tries, tried) = channel();
    let (lines, shown_lines) = channel();
    let logger = logger(move |record| {
        let is_back = sink_is_back.load(Ordering::SeqCst);
        let _ = tries.send(shown(record));
        assert!(is_back, "the stream is gone");
        let _ = lines.send(shown(record));
    });
    let reports = [
        "1 log line was dropped",
        "2 log lines were dropped",
        "3 log lines were dropped",
    ];
    for (number, report) in reports.iter().enumerate() {
        say(&logger, Level::Info, format_args!("{number}"));
        assert_eq!(next(&tried), format!("INFO {number}"));
        assert_eq!(next(&tried), format!("WARN {report}"));
    }
    is_back.store(true, Ordering::SeqCst);
    say(&logger, Level::Info, format_args!("kept"));
    assert_eq!(tally(&shown_lines, 4), (vec!["INFO kept".into()], vec![3]));
}

#[test]
fn under_endless_load_the_loss_is_reported_once_for_each_filling_of_the_queue() {
    let said = QUEUE_LEN * 2;
    let (queue, waiting) = mpsc::sync_channel(said);
    for number in 0..said {
        let mut record = Record::builder();
        let record = record.level(Level::Info).target("test");
        let line = LogLine::new(Format::Text, &record.args(format_args!("{number}")).build());
        queue.try_send(Entry::Line(line)).expect("room");
    }
    drop(queue);
    let (lines, shown_lines) = channel();
    let shared = Arc::new(Shared::default());
    let sink_shared = shared.clone();
    let sink = move |record: &Record<'_>| {
        let _ = lines.send(shown(record));
        if record.level() == Level::Info {
            sink_shared.drop_line();
        }
    };
    Writer::new(Format::Text, waiting, shared.clone(), Sink(sink)).run();
    assert_eq!(shared.dropped(), said as u64);
    let (_, reports) = tally(&shown_lines, said * 2);
    assert_eq!(reports, [QUEUE_LEN, QUEUE_LEN]);
}

#[test]
fn finishing_waits_for_all_that_was_logged() {
    let (lines, shown_lines) = channel();
    let logger = logger(move |record| {
        thread::sleep(Duration::from_millis(1));
        let _ = lines.send(shown(record));
    });
    for number in 0..20 {
        say(&logger, Level::Info, format_args!("{number}"));
    }
    logger.flush();
    assert_eq!(shown_lines.try_iter().count(), 20);
}

#[test]
fn finishing_does_not_wait_for_a_sink_that_blocks() {
    for queued in [1, QUEUE_LEN * 2] {
        let (logger, _open, _lines) = gated_logger();
        let start = Instant::now();
        in_time(move || {
            for _ in 0..queued {
                say(&logger, Level::Info, format_args!("stuck"));
            }
            logger.flush();
        });
        assert!(start.elapsed() >= FINISH_TIME_MAX, "it gave up early");
    }
}

#[test]
fn an_invalid_directive_is_reported_even_if_nothing_is_logged() {
    let (lines, shown_lines) = channel();
    let logger = spawn("off,lo\nud", move |record| {
        let _ = lines.send(shown(record));
    });
    logger.warn_of_ignored_directives();
    let line = next(&shown_lines);
    assert!(
        line.starts_with(r"WARN ignored 'lo\nud' in RUST_LOG; write off"),
        "{line}"
    );
}

#[test]
fn the_output_is_opened_again_at_once_and_before_the_next_line() {
    struct Reopened(Sender<&'static str>);
    impl Output for Reopened {
        fn write(&mut self, _: &LogLine) -> io::Result<()> {
            let _ = self.0.send("line");
            Ok(())
        }

        fn reopen(&mut self) {
            let _ = self.0.send("opened");
        }
    }
    let (done, steps) = channel();
    let filter = Filter::parse_lenient("info");
    let logger = Logger::spawn(filter, Format::Text, true, Reopened(done)).expect("a thread");
    let next = || steps.recv_timeout(PATIENCE).expect("a step");
    logger.reopen();
    assert_eq!(next(), "opened");
    say(&logger, Level::Info, format_args!("first"));
    assert_eq!(next(), "line");
    logger.reopen();
    say(&logger, Level::Info, format_args!("second"));
    assert_eq!([next(), next()], ["opened", "line"]);
}

#[test]
fn each_dropped_line_is_counted_also_when_its_loss_was_reported() {
    struct Full;
    impl Output for Full {
        fn write(&mut self, _: &LogLine) -> io::Result<()> {
            Err(ErrorKind::StorageFull.into())
        }
    }
    let filter = Filter::parse_lenient("info");
    let logger = Logger::spawn(filter, Format::Text, true, Full).expect("a thread");
    for _ in 0..3 {
        say(&logger, Level::Info, format_args!("lost"));
    }
    logger.flush();
    assert_eq!(logger.shared.dropped(), 3);
}
