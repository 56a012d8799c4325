//! The figures of a measurement, for programs (as JSON) and for the summary.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::load_phase::Measurement;
use super::processor::ProcessTime;
use crate::options::bench::{BenchOptions, Compression, PayloadKind};

/// The share of the time that the generator's thread may work before it counts as the limit.
const BUSY: f64 = 0.9;
/// The shortest measurement, in seconds, in which that share is judged.
const JUDGED_SECONDS: f64 = 0.1;
const NANOSECONDS_PER_MICROSECOND: f64 = 1e3;

/// The figures. The names are those of the JSON object, and do not change.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub(super) url: &'a str,
    pub(super) connections: usize,
    pub(super) size: usize,
    pub(super) in_flight: Option<u64>,
    pub(super) rate: Option<f64>,
    pub(super) payload: &'static str,
    pub(super) compression: Option<&'static str>,
    pub(super) seconds: f64,
    pub(super) messages: u64,
    pub(super) messages_not_sent: u64,
    pub(super) messages_per_second: f64,
    pub(super) bytes_per_second: f64,
    pub(super) wire_bytes_sent: u64,
    pub(super) wire_bytes_received: u64,
    pub(super) latency_us: Latencies,
    pub(super) generator_cpu_seconds: Option<f64>,
    pub(super) generator_is_the_limit: bool,
    pub(super) server_cpu_seconds: Option<f64>,
    pub(super) server_user_seconds: Option<f64>,
    pub(super) server_system_seconds: Option<f64>,
}

/// Latencies in microseconds.
#[derive(Debug, Default, Serialize)]
pub(super) struct Latencies {
    pub(super) min: f64,
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) p99_9: f64,
    pub(super) max: f64,
    pub(super) mean: f64,
}

impl<'a> Report<'a> {
    /// The figures of a measurement, and the processor times of the generator and the server.
    pub(super) fn new(
        options: &'a BenchOptions,
        measurement: &Measurement,
        generator: Option<Duration>,
        server: Option<ProcessTime>,
    ) -> Self {
        let seconds = measurement.time.as_secs_f64();
        let messages = measurement.latencies.len();
        let messages_per_second = messages as f64 / seconds.max(f64::MIN_POSITIVE);
        let busy = generator.map(|time| time.saturating_sub(measurement.idle).as_secs_f64());
        let is_limit = busy.is_some_and(|busy| busy > BUSY * seconds);
        Self {
            url: &options.url.text,
            connections: options.connections,
            size: options.size,
            in_flight: options.in_flight,
            rate: options.rate,
            payload: payload_name(options.payload),
            compression: options.compression.map(compression_name),
            seconds,
            messages,
            messages_not_sent: measurement.unsent,
            messages_per_second,
            bytes_per_second: messages_per_second * options.size as f64,
            wire_bytes_sent: measurement.wire_bytes.sent,
            wire_bytes_received: measurement.wire_bytes.received,
            latency_us: Latencies::of(&measurement.latencies),
            generator_cpu_seconds: generator.map(|time| time.as_secs_f64()),
            generator_is_the_limit: is_limit && seconds >= JUDGED_SECONDS,
            server_cpu_seconds: server.map(|time| time.total.as_secs_f64()),
            server_user_seconds: server.map(|time| time.user.as_secs_f64()),
            server_system_seconds: server.map(|time| time.system.as_secs_f64()),
        }
    }

    /// One JSON object.
    ///
    /// # Errors
    ///
    /// None are known: all numbers are finite, and all texts are UTF-8.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

impl Latencies {
    fn of(latencies: &Histogram<u64>) -> Self {
        let in_microseconds = |time| time as f64 / NANOSECONDS_PER_MICROSECOND;
        let at = |quantile| in_microseconds(latencies.value_at_quantile(quantile));
        Self {
            min: in_microseconds(latencies.min()),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p99_9: at(0.999),
            max: in_microseconds(latencies.max()),
            mean: latencies.mean() / NANOSECONDS_PER_MICROSECOND,
        }
    }
}

fn compression_name(compression: Compression) -> &'static str {
    match compression {
        Compression::Fresh => "fresh",
        Compression::Window => "window",
    }
}

fn payload_name(kind: PayloadKind) -> &'static str {
    match kind {
        PayloadKind::Binary => "binary",
        PayloadKind::Ascii => "ascii",
        PayloadKind::Chinese => "chinese",
        PayloadKind::Json => "json",
    }
}
