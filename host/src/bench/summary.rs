//! The report for people: the figures, and the distribution of latencies, in 80 columns.

use std::iter;

use hdrhistogram::Histogram;

use super::report::Report;
use crate::quantity::{Figure, Grouped, Size};
use crate::time::{NANOSECONDS_PER_SECOND, Time};

const BAR_LEN_MAX: f64 = 45.0;
/// Bounds of the bars are 1, 2 and 5 of each power of ten.
const STEPS: [u64; 3] = [1, 2, 5];

/// The report as text, without a line break at its end.
pub(super) fn text(report: &Report<'_>, latencies: &Histogram<u64>) -> String {
    let mut lines = vec![load(report), String::new()];
    lines.extend(speed(report));
    lines.extend(wire_bytes(report));
    lines.extend(percentiles(report));
    lines.push(String::new());
    lines.extend(bars(latencies));
    lines.push(String::new());
    lines.extend(processor_times(report));
    lines.extend(warnings(report));
    lines.join("\n")
}

fn load(report: &Report<'_>) -> String {
    let (connections, each) = match report.connections {
        1 => ("1 connection".into(), ""),
        count => (format!("{} connections", Grouped(count as u64)), " each"),
    };
    let in_flight = match report.in_flight {
        Some(count) => format!(", {} in flight{each}", Grouped(count)),
        None => String::new(),
    };
    let rate = match report.rate {
        Some(rate) => format!(", {} by schedule", messages_per_second(rate)),
        None => String::new(),
    };
    let compressed = match report.compression {
        Some(context) => format!(", compressed ({context})"),
        None => String::new(),
    };
    let (size, payload) = (Size(report.size as u64), report.payload);
    format!("{connections}, {size} of {payload}{compressed}{in_flight}{rate}")
}

/// A rate of messages.
pub(super) fn messages_per_second(rate: f64) -> String {
    match Figure(rate).to_string() {
        one if one == "1" => "1 message/s".into(),
        other => format!("{other} messages/s"),
    }
}

fn bytes_per_second(rate: f64) -> String {
    match rate {
        ..1.0 => format!("{} bytes/s", Figure(rate)),
        _ => format!("{}/s", Size(rate.round() as u64)),
    }
}

fn speed(report: &Report<'_>) -> [String; 2] {
    let messages = Grouped(report.messages);
    let time = in_seconds(report.seconds);
    let rate = messages_per_second(report.messages_per_second);
    let bytes = bytes_per_second(report.bytes_per_second);
    [
        format!("messages   {messages} in {time}"),
        format!("rate       {rate}, {bytes} each way"),
    ]
}

/// What is left of the messages on the wire, if they are compressed.
fn wire_bytes(report: &Report<'_>) -> Option<String> {
    report.compression?;
    let of_each = |bytes: u64| Size((bytes as f64 / report.messages as f64).round() as u64);
    let sent = of_each(report.wire_bytes_sent);
    let received = of_each(report.wire_bytes_received);
    Some(format!(
        "wire       {sent} sent and {received} received per message"
    ))
}

fn in_seconds(seconds: f64) -> Time {
    Time(seconds * NANOSECONDS_PER_SECOND)
}

fn percentiles(report: &Report<'_>) -> [String; 2] {
    let latency = &report.latency_us;
    let names = ["min", "p50", "p90", "p99", "p99.9", "max"];
    let values = [
        latency.min,
        latency.p50,
        latency.p90,
        latency.p99,
        latency.p99_9,
        latency.max,
    ];
    let names = names.map(|name| format!("{name:>9}"));
    let values = values.map(|value| format!("{:>9}", Time(value * 1e3).to_string()));
    [
        format!("latency    {}", names.join(" ")),
        format!("           {}", values.join(" ")),
    ]
}

/// One bar for each range of latencies from the least to the greatest, below a title.
fn bars(latencies: &Histogram<u64>) -> Vec<String> {
    // A latency is known up to its bucket. A bucket across a bound belongs to the range in which it
    // begins, or it would be counted twice.
    let greatest = latencies.lowest_equivalent(latencies.max());
    let is_needed = |&(low, high): &(u64, u64)| high > latencies.min() && low <= greatest;
    let ranges: Vec<_> = ranges().filter(is_needed).collect();
    let count = |&(low, high): &(u64, u64)| -> u64 {
        let begins = |value| (low..high).contains(&latencies.lowest_equivalent(value));
        let buckets = latencies.iter_recorded();
        let within = buckets.filter(|bucket| begins(bucket.value_iterated_to()));
        within.map(|bucket| bucket.count_at_value()).sum()
    };
    let most = ranges.iter().map(count).max().unwrap_or_default().max(1);
    let bar = |range: &(u64, u64)| {
        let count = count(range);
        let len = (count as f64 / most as f64 * BAR_LEN_MAX).ceil() as usize;
        let share = share(count, latencies.len());
        let [low, high] = [range.0, range.1].map(|bound| Time(bound as f64).to_string());
        let bar = "#".repeat(len);
        let line = format!("{low:>7} to {high:>7} {share:>6} % {bar}");
        line.trim_end().to_owned()
    };
    let title = "shares     of all messages, by their latency".into();
    iter::once(title).chain(ranges.iter().map(bar)).collect()
}

/// How many percent a part is. Only nothing is shown as 0, and only all as 100.
fn share(part: u64, all: u64) -> String {
    match 100.0 * part as f64 / all as f64 {
        0.0 => "0".into(),
        ..0.01 => "<0.01".into(),
        share @ ..=99.99 => format!("{share:.2}"),
        _ if part < all => ">99.99".into(),
        _ => "100".into(),
    }
}

/// All ranges of latencies in nanoseconds, each without its upper bound.
fn ranges() -> impl Iterator<Item = (u64, u64)> {
    let bounds = (0..13).flat_map(|power| STEPS.map(|step| step * 10_u64.pow(power)));
    let bounds: Vec<u64> = bounds.collect();
    let upper = bounds.clone().into_iter().skip(1);
    bounds.into_iter().zip(upper)
}

fn processor_times(report: &Report<'_>) -> Vec<String> {
    let each = |seconds: f64| in_seconds(seconds / report.messages as f64);
    let mut lines = Vec::new();
    if let Some(time) = report.generator_cpu_seconds {
        let (time, each) = (in_seconds(time), each(time));
        lines.push(format!(
            "generator  {time} of processor time, {each} per message"
        ));
    }
    if let Some(time) = report.server_cpu_seconds {
        let (time, each) = (in_seconds(time), each(time));
        lines.push(format!(
            "server     {time} of processor time, {each} per message"
        ));
    }
    if let Some((user, system)) = report.server_user_seconds.zip(report.server_system_seconds) {
        lines.push(format!("           {user:.2} s user, {system:.2} s system"));
    }
    lines
}

fn warnings(report: &Report<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if report.messages_not_sent > 0 {
        let (were, them) = match report.messages_not_sent {
            1 => ("message was", "it"),
            _ => ("messages were", "them"),
        };
        lines.push(format!(
            "\nThe server did not keep up: {} {were} due but could not be sent in time.\n\
             The latencies above do not include {them}.",
            Grouped(report.messages_not_sent)
        ));
    }
    if report.generator_is_the_limit {
        lines.push(
            "\nThe generator is the limit: its single thread was busy nearly all the time. The\n\
             server may be faster: run several generators at once to find out."
                .into(),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::report::Latencies;
    use super::*;

    fn report(connections: usize, size: usize, messages: u64, seconds: f64) -> Report<'static> {
        let messages_per_second = messages as f64 / seconds;
        Report {
            url: "",
            connections,
            size,
            in_flight: Some(1),
            rate: None,
            payload: "binary",
            compression: None,
            seconds,
            messages,
            messages_not_sent: 0,
            messages_per_second,
            bytes_per_second: messages_per_second * size as f64,
            wire_bytes_sent: 0,
            wire_bytes_received: 0,
            latency_us: Latencies::default(),
            generator_cpu_seconds: None,
            generator_is_the_limit: false,
            server_cpu_seconds: None,
            server_user_seconds: None,
            server_system_seconds: None,
        }
    }

    #[test]
    fn every_latency_is_in_one_bar_and_bars_fit_80_columns() {
        let mut latencies = Histogram::new_with_bounds(1, 3_600_000_000_000, 3).expect("bounds");
        for value in [1, 900, 1_500, 1_600, 30_000_000, 3_599_000_000_000] {
            latencies.record(value).expect("within the bounds");
        }
        let lines = bars(&latencies);
        assert!(
            lines.iter().all(|line| line.chars().count() <= 80),
            "{lines:#?}"
        );
        assert!(
            lines[1].starts_with("   1 ns to    2 ns  16.67 % #"),
            "{lines:#?}"
        );
        let marks = lines.iter().filter(|line| line.contains('#'));
        assert_eq!(marks.count(), 5, "{lines:#?}");
    }

    #[test]
    fn a_bucket_across_a_bound_is_counted_once() {
        let mut latencies = Histogram::new_with_bounds(1, 3_600_000_000_000, 3).expect("bounds");
        latencies.record(50_000).expect("within the bounds");
        let lines = bars(&latencies);
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[1].contains("   100 % #"), "{lines:#?}");
    }

    #[test]
    fn a_range_without_messages_has_no_bar_and_one_with_few_is_not_zero() {
        let mut latencies = Histogram::new_with_bounds(1, 3_600_000_000_000, 3).expect("bounds");
        latencies
            .record_n(1_500, 100_000)
            .expect("within the bounds");
        latencies.record(6_000).expect("within the bounds");
        let lines = bars(&latencies);
        let bar = "#".repeat(45);
        let expected = [
            "shares     of all messages, by their latency".to_owned(),
            format!("   1 µs to    2 µs >99.99 % {bar}"),
            "   2 µs to    5 µs      0 %".into(),
            "   5 µs to   10 µs  <0.01 % #".into(),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_share_is_zero_for_nothing_only_and_100_for_all_only() {
        for (part, all, expected) in [
            (0, 1, "0"),
            (1, 10_001, "<0.01"),
            (1, 10_000, "0.01"),
            (1, 3, "33.33"),
            (9_999, 10_000, "99.99"),
            (99_999, 100_000, ">99.99"),
            (7, 7, "100"),
        ] {
            assert_eq!(share(part, all), expected);
        }
    }

    #[test]
    fn rates_have_a_unit_that_fits() {
        for (rate, messages, bytes) in [
            (0.0, "0 messages/s", "0 bytes/s"),
            (0.25, "0.250 messages/s", "0.250 bytes/s"),
            (1.0, "1 message/s", "1 byte/s"),
            (512.0, "512 messages/s", "512 bytes/s"),
            (12_595.2, "12,595 messages/s", "12.3 KiB/s"),
            (1e9, "1,000,000,000 messages/s", "954 MiB/s"),
        ] {
            assert_eq!(messages_per_second(rate), messages);
            assert_eq!(bytes_per_second(rate), bytes);
        }
    }

    #[test]
    fn small_and_large_figures_have_units_that_fit_and_one_is_singular() {
        let small = report(1, 1, 1, 0.000212);
        assert_eq!(load(&small), "1 connection, 1 byte of binary, 1 in flight");
        let expected = [
            "messages   1 in 212 µs",
            "rate       4,717 messages/s, 4.61 KiB/s each way",
        ];
        assert_eq!(speed(&small), expected);

        let mut compressed = report(1, 1024, 1, 1.0);
        compressed.compression = Some("window");
        let expected = "1 connection, 1 KiB of binary, compressed (window), 1 in flight";
        assert_eq!(load(&compressed), expected);

        let mut large = report(20_000, 64 << 20, 3_000_000_000, 86_400.0);
        (large.in_flight, large.rate) = (Some(65_536), Some(34_722.5));
        let expected = "20,000 connections, 64 MiB of binary, 65,536 in flight each, \
                        34,723 messages/s by schedule";
        assert_eq!(load(&large), expected);
        let expected = [
            "messages   3,000,000,000 in 86400 s",
            "rate       34,722 messages/s, 2.12 TiB/s each way",
        ];
        assert_eq!(speed(&large), expected);

        let mut late = report(2, 0, 2, 4.0);
        (late.in_flight, late.rate, late.messages_not_sent) = (None, Some(1.0), 1);
        assert_eq!(
            load(&late),
            "2 connections, 0 bytes of binary, 1 message/s by schedule"
        );
        assert_eq!(
            speed(&late)[1],
            "rate       0.500 messages/s, 0 bytes/s each way"
        );
        let warnings = warnings(&late).concat();
        assert!(warnings.contains("up: 1 message was due"), "{warnings}");
        assert!(warnings.ends_with("do not include it."), "{warnings}");
    }
}
