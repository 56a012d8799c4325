//! What the tests of ws-echo share: frames as bytes, drivers of the core that cut input and output,
//! the binary as a process, and the bodies of the fuzz targets. None of it uses the core's encoder
//! to check the core's decoder.

pub mod admin;
pub mod chromium;
pub mod core_examples;
pub mod deflate;
pub mod driver;
pub mod firmware;
pub mod folder;
pub mod foreign;
pub mod fuzzing;
pub mod http_answer;
pub mod inflaters;
pub mod log;
pub mod masking_keys;
#[cfg(feature = "std")]
pub mod mutants;
pub mod names;
pub mod network;
pub mod peers;
pub mod programs;
pub mod proxies;
pub mod proxy_header;
pub mod recording_proxy;
pub mod remote_server;
pub mod scripted_client;
pub mod scripted_server;
pub mod segments;
pub mod server;
#[cfg(unix)]
pub mod service_manager;
pub mod sessions;
pub mod skipped;
#[cfg(feature = "std")]
pub mod tls;
pub mod wire;
