//! What the server counts, and how it tells: in Prometheus' text format at `/metrics`, and as a
//! list of connections in JSON at `/connections`.
//!
//! Each worker counts for itself, in plain numbers: what happens to a client is counted where it is
//! logged, whether or not the log shows it. Nobody else sees the numbers before they are asked for.

pub(crate) mod closes;
pub(crate) mod connections;
pub(crate) mod counters;
pub(crate) mod exposition;
pub(crate) mod failure;
pub(crate) mod histogram;
mod process;
pub(crate) mod report;
pub(crate) mod round_trips;
mod text;
