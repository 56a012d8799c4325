//! What the tests of ws-echo share: frames as bytes, a driver of the core that cuts as it is told, the
//! binary as a process, and the bodies of the fuzz targets. None of it uses the core's encoder to check the core's decoder.

pub mod client;
pub mod connect;
pub mod drive;
pub mod firmware;
pub mod fuzzing;
pub mod keys;
pub mod log;
pub mod network;
pub mod peers;
pub mod remote;
pub mod required;
pub mod scripted;
pub mod serve;
pub mod server;
pub mod sessions;
pub mod wire;

/// The README's examples, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
