//! What a device needs of the core to echo, and nothing else: its flash is measured, see `.ci/figures`.
//! As in `main.rs`, it links only if no panic can be reached.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use ws_echo_core::{Buffer, Connection, Event, Message, Opening, Progress};

unsafe extern "C" {
    fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    unsafe { a_panic_is_reachable() }
}

enum Phase {
    Opening(Opening<1024>),
    Open(Connection),
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut phase = Phase::Opening(Opening::new());
    let mut storage = [0; 256];
    loop {
        black_box(serve(&mut phase, black_box(&mut storage)));
    }
}

/// Serves one client through a buffer that is lent; whether the connection is over.
fn serve(phase: &mut Phase, storage: &mut [u8]) -> bool {
    let mut buffer = Buffer::for_pieces(storage);
    black_box(buffer.spare_mut());
    buffer.commit(black_box(0));
    let is_done = exchange(phase, &mut buffer);
    black_box(buffer.ready());
    black_box(buffer.received());
    is_done
}

fn exchange(phase: &mut Phase, buffer: &mut Buffer<&mut [u8]>) -> bool {
    while let Phase::Opening(opening) = phase {
        match opening.advance(buffer) {
            Ok(Progress::Request) => {
                let _ = opening.accept(None, Some(Message::Text("Welcome to Awesome Chat")));
            }
            Ok(Progress::Open) => *phase = Phase::Open(Connection::server()),
            Ok(Progress::Wait) => return opening.is_done(),
            Err(_) => {}
        }
    }
    let Phase::Open(connection) = phase else {
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
