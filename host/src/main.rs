//! The WebSocket echo server.
fn main() {}
