//! The core without std, and the proof that no panic can be reached in it: the panic handler calls a
//! function that does not exist, so this program links only if the handler is dead code.
//!
//! It is linked, never run. `.ci/no-std` builds it at several levels of optimisation, for this machine and for microcontrollers.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use ws_echo_core::{
    Buffer, CloseCode, Connection, Event, Message, Opening, Progress, Refusal, Storage,
};

/// What an open connection costs. (On a machine of 64 bits it is more.)
#[used]
static STATE_OF_AN_OPEN_CONNECTION: Connection = Connection::server();
const _: () = assert!(size_of::<Connection>() <= if size_of::<usize>() == 4 { 192 } else { 256 });

unsafe extern "C" {
    fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    unsafe { a_panic_is_reachable() }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut opening = Opening::<1024>::new();
    let mut connection = Connection::server();
    let mut storage = [0; 1024];
    let mut buffer = Buffer::new([0; 1024]);
    loop {
        turn(&mut opening, &mut connection, &mut buffer);
        let lent = storage.get_mut(..black_box(0)).unwrap_or_default();
        turn(&mut opening, &mut connection, &mut Buffer::for_pieces(lent));
    }
}

/// Everything that a driver can do, in an order that the compiler does not know.
fn turn<S: Storage>(opening: &mut Opening, connection: &mut Connection, buffer: &mut Buffer<S>) {
    black_box(buffer.spare_mut());
    buffer.commit(black_box(0));
    match opening.advance(buffer) {
        Ok(Progress::Request) if black_box(true) => {
            opening.refuse(Refusal::NotFound);
        }
        Ok(Progress::Request) => {
            let request = opening.request();
            black_box((request.path(), request.subprotocols().next()));
            let accepted = opening.accept(Some(black_box("chat")), Some(Message::Text("hello")));
            black_box(accepted.is_ok());
        }
        progress => drop(black_box(progress)),
    }
    let mut exchange = connection.exchange(buffer);
    if black_box(true) {
        black_box(exchange.echo_whole_messages());
    }
    loop {
        match exchange.next_event() {
            Ok(Some(Event::Data(chunk))) => {
                black_box((exchange.bytes(&chunk), exchange.text(&chunk)));
                exchange.echo(chunk);
            }
            Ok(None) => break,
            event => drop(black_box(event)),
        }
    }
    black_box(exchange.send(Message::Binary(black_box(&[0; 20]))).is_ok());
    black_box(exchange.ping(black_box(&[])).is_ok());
    let code = CloseCode::new(black_box(1000)).unwrap_or(CloseCode::NORMAL);
    black_box(exchange.close(code, black_box("")).is_ok());
    black_box((connection.is_done(), connection.close_reason()));
    let len = black_box(buffer.ready()).len();
    buffer.consume(len);
}
