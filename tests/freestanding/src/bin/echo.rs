//! What a device needs from the core to echo, and nothing else: `.ci/figures` measures its flash.
//! Like `main.rs`, it links only if no panic can be reached.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use ws_echo_core::{
    Acceptance, Buffer, Connection, Event, Message, Progress, ServerHandshake, Window,
};

/// Whether a client may compress its messages.
const COMPRESSION: bool = cfg!(feature = "compression");

unsafe extern "C" {
    fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    unsafe { a_panic_is_reachable() }
}

/// A client of this device.
pub enum Client {
    /// It has not made its request.
    Handshake(ServerHandshake<1024>),
    /// It is connected.
    Open(Connection),
}

/// Serves a client through a lent buffer that holds `received` bytes. Returns whether the
/// connection is over.
#[unsafe(no_mangle)]
fn _start(client: &mut Client, storage: &mut [u8], received: usize) -> bool {
    let mut buffer = Buffer::for_pieces(storage);
    black_box(buffer.spare_mut());
    buffer.commit(received);
    let is_done = answer(client, &mut buffer);
    black_box((buffer.ready(), buffer.received()));
    is_done
}

fn answer(client: &mut Client, buffer: &mut Buffer<&mut [u8]>) -> bool {
    while let Client::Handshake(handshake) = client {
        match handshake.advance(buffer) {
            Ok(Progress::Request) => {
                let deflate = if COMPRESSION {
                    handshake.request().deflate(Window::MAX)
                } else {
                    None
                };
                let _ = handshake.accept(Acceptance {
                    deflate: deflate.as_ref(),
                    greeting: Some(Message::Text("Welcome to Awesome Chat")),
                    ..Acceptance::default()
                });
            }
            Ok(Progress::Open(agreed)) => *client = Client::Open(Connection::server(agreed)),
            Ok(_) => return handshake.is_done(),
            Err(_) => {}
        }
    }
    let Client::Open(connection) = client else {
        return false;
    };
    let mut exchange = connection.exchange(buffer);
    loop {
        match exchange.next_event() {
            Ok(Some(Event::Data(chunk))) => exchange.echo(chunk),
            Ok(None) => return connection.is_done(),
            _ => {}
        }
    }
}
