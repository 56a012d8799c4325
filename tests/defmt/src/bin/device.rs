//! Logs each value by defmt, over semihosting.

#![no_std]
#![no_main]

/// How the values are logged. Before the module that uses it.
macro_rules! log {
    ($value:expr) => {
        defmt::println!("{}", $value)
    };
}

#[path = "../values.rs"]
mod values;

use core::panic::PanicInfo;

// They are linked for what they export.
use cortex_m as _;
use defmt_semihosting as _;
use semihosting::process;

#[cortex_m_rt::entry]
fn main() -> ! {
    values::log_each();
    process::exit(0)
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    process::exit(1)
}
