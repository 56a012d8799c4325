//! Writes metrics in [Prometheus' text format], version 0.0.4: families of samples with labels.
//!
//! Names, labels and help are our own and contain nothing that must be escaped.
//!
//! [Prometheus' text format]: https://prometheus.io/docs/instrumenting/exposition_formats/

use std::fmt::{Display, Write};
use std::time::Duration;

use super::histogram::Histogram;

/// What the numbers of a family are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// It only grows, until the process ends.
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Families, one after the other.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// Begins a family of this name.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let text = &mut self.0;
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "# HELP {name} {help}\n# TYPE {name} {}\n",
            kind.name()
        );
        Family { text, name }
    }

    /// A family of one sample without labels.
    pub(super) fn single(
        &mut self,
        name: &'static str,
        kind: Kind,
        help: &str,
        value: impl Display,
    ) {
        self.family(name, kind, help).sample(&[], value);
    }

    /// All of it.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// A family that is begun.
#[derive(Debug)]
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Family<'_> {
    /// A sample with these labels.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.write("", labels, value);
    }

    /// The samples of a histogram, in seconds.
    pub(super) fn histogram<const N: usize>(&mut self, histogram: &Histogram<N>) {
        for (bound, count) in histogram.cumulative() {
            self.write("_bucket", &[("le", &seconds(bound))], count);
        }
        self.write("_bucket", &[("le", "+Inf")], histogram.count());
        self.write("_sum", &[], seconds(histogram.sum()));
        self.write("_count", &[], histogram.count());
    }

    fn write(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.text, "{}{suffix}", self.name);
        for (place, (name, label)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{name}=\"{label}\"");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {value}");
    }
}

/// A time in seconds. (No number is written with an exponent.)
fn seconds(time: Duration) -> String {
    time.as_secs_f64().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    static BOUNDS: [Duration; 2] = [Duration::from_micros(500), Duration::from_secs(10)];

    #[test]
    fn samples_follow_the_help_and_the_type_of_their_family() {
        let mut text = Text::default();
        text.single("open", Kind::Gauge, "Those that are open.", 3);
        let mut family = text.family("closed_total", Kind::Counter, "Those that are closed.");
        family.sample(&[("by", "client"), ("code", "1000")], u64::MAX);
        let mut histogram = Histogram::new(&BOUNDS);
        histogram.observe(Duration::from_millis(1));
        histogram.observe(Duration::from_secs(100));
        text.family("time_seconds", Kind::Histogram, "How long they were open.")
            .histogram(&histogram);
        let expected = "\
# HELP open Those that are open.
# TYPE open gauge
open 3
# HELP closed_total Those that are closed.
# TYPE closed_total counter
closed_total{by=\"client\",code=\"1000\"} 18446744073709551615
# HELP time_seconds How long they were open.
# TYPE time_seconds histogram
time_seconds_bucket{le=\"0.0005\"} 0
time_seconds_bucket{le=\"10\"} 1
time_seconds_bucket{le=\"+Inf\"} 2
time_seconds_sum 100.001
time_seconds_count 2
";
        assert_eq!(text.finish(), expected);
    }
}
