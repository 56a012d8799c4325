//! The report for people: the figures, and the distribution of latencies, in 80 columns.

use std::fmt::{self, Display, Formatter};

use hdrhistogram::Histogram;

use super::report::Report;
use crate::time::{NANOSECONDS_PER_SECOND, Time};

const MIB: f64 = 1024.0 * 1024.0;
const BAR_LEN_MAX: f64 = 45.0;
/// Bounds of the bars are 1, 2 and 5 of each power of ten.
const STEPS: [u64; 3] = [1, 2, 5];

/// The report as text, without a line break at its end.
pub(super) fn text(report: &Report<'_>, latencies: &Histogram<u64>) -> String {
    let mut lines = vec![load(report), String::new()];
    lines.extend(speed(report));
    lines.extend(percentiles(report));
    lines.push(String::new());
    lines.extend(bars(latencies));
    lines.push(String::new());
    lines.extend(processor_times(report));
    lines.extend(warnings(report));
    lines.join("\n")
}

fn load(report: &Report<'_>) -> String {
    let connections = match report.connections {
        1 => "1 connection".into(),
        count => format!("{} connections", Grouped(count as u64)),
    };
    let in_flight = match report.in_flight {
        Some(count) => format!(", {count} in flight each"),
        None => String::new(),
    };
    let rate = match report.rate {
        Some(rate) => format!(", {rate} messages/s by schedule"),
        None => String::new(),
    };
    let (size, payload) = (report.size, report.payload);
    format!("{connections}, {size} B of {payload}{in_flight}{rate}")
}

fn speed(report: &Report<'_>) -> [String; 2] {
    let messages = Grouped(report.messages);
    let rate = Grouped(report.messages_per_second.round() as u64);
    let seconds = report.seconds;
    let bytes = report.bytes_per_second / MIB;
    [
        format!("messages   {messages} in {seconds:.3} s"),
        format!("rate       {rate} messages/s, {bytes:.1} MiB/s each way"),
    ]
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

/// One bar for each range of latencies from the least to the greatest.
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
        let count = count(range) as f64;
        let len = (count / most as f64 * BAR_LEN_MAX).ceil() as usize;
        let share = 100.0 * count / latencies.len() as f64;
        let [low, high] = [range.0, range.1].map(|bound| Time(bound as f64).to_string());
        let bar = "#".repeat(len);
        format!("{low:>7} to {high:>7} {share:6.2} % {bar}")
    };
    ranges.iter().map(bar).collect()
}

/// All ranges of latencies in nanoseconds, each without its upper bound.
fn ranges() -> impl Iterator<Item = (u64, u64)> {
    let bounds = (0..13).flat_map(|power| STEPS.map(|step| step * 10_u64.pow(power)));
    let bounds: Vec<u64> = bounds.collect();
    let upper = bounds.clone().into_iter().skip(1);
    bounds.into_iter().zip(upper)
}

fn processor_times(report: &Report<'_>) -> Vec<String> {
    let each = |seconds: f64| Time(seconds * NANOSECONDS_PER_SECOND / report.messages as f64);
    let mut lines = Vec::new();
    if let Some(time) = report.generator_cpu_seconds {
        let each = each(time);
        lines.push(format!(
            "generator  {time:.3} s of processor time, {each} per message"
        ));
    }
    if let Some(time) = report.server_cpu_seconds {
        let each = each(time);
        lines.push(format!(
            "server     {time:.3} s of processor time, {each} per message"
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
        lines.push(format!(
            "\nThe server did not keep up: {} messages were due but could not be sent in time.\n\
             The latencies above do not include them.",
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

/// A number with commas between thousands.
struct Grouped(u64);

impl Display for Grouped {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.char_indices() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                formatter.write_str(",")?;
            }
            write!(formatter, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(Grouped(number).to_string(), expected);
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
            lines[0].starts_with("   1 ns to    2 ns  16.67 % #"),
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
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].contains("100.00 % #"), "{lines:#?}");
    }
}
