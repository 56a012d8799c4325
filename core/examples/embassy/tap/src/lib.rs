//! What the program for Linux and one for a device have in common. It needs no std.

#![no_std]

#[path = "../../server.rs"]
pub mod server;

use embassy_net::Stack;

/// The port on which the server listens.
pub const PORT: u16 = 3000;
/// How many sockets there are: one for each client, and some that listen.
pub const SOCKETS: usize = 8;

/// Serves one client after the other. Spawn it for each socket.
#[embassy_executor::task(pool_size = SOCKETS)]
pub async fn serve(stack: Stack<'static>) -> ! {
    server::listen(stack, PORT).await
}
