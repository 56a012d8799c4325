//! What a device needs of the server: it builds without std.

#![no_std]

#[path = "../../server.rs"]
pub mod server;
