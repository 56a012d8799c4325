//! What a device needs from the core to inflate messages, and nothing else: `.ci/figures`
//! measures its flash. Like `main.rs`, it links only if no panic can be reached.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use ws_echo_core::Inflate;

unsafe extern "C" {
    fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    unsafe { a_panic_is_reachable() }
}

/// Inflates a message that was received whole, and passes its pieces to `show`. Returns whether
/// it was valid.
#[unsafe(no_mangle)]
fn _start(inflate: &mut Inflate<512>, mut message: &[u8], show: fn(&[u8])) -> bool {
    loop {
        match inflate.piece(&mut message) {
            Ok(Some(piece)) => show(piece),
            Ok(None) => return inflate.end_message().is_ok(),
            Err(_) => return false,
        }
    }
}
