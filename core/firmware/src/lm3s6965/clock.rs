//! The processor's clock: 50 MHz from the board's crystal of 8 MHz.

use super::registers::system::{RCC, RIS};

/// Initialization and configuration as in the data sheet (section 5.3).
pub(super) fn run_at_50_mhz() {
    const BYPASS: u32 = 1 << 11;
    const USE_SYSTEM_DIVISOR: u32 = 1 << 22;
    const POWER_DOWN: u32 = 1 << 13;
    const MAIN_OSCILLATOR_DISABLED: u32 = 1 << 0;
    const CRYSTAL: u32 = 0xF << 6;
    const CRYSTAL_OF_8_MHZ: u32 = 0xE << 6;
    const OSCILLATOR: u32 = 3 << 4;
    const SYSTEM_DIVISOR: u32 = 0xF << 23;
    /// The PLL's 200 MHz divided by 4.
    const DIVISOR_OF_4: u32 = 3 << 23;
    const PLL_LOCKED: u32 = 1 << 6;

    RCC.set(BYPASS);
    RCC.clear(USE_SYSTEM_DIVISOR | MAIN_OSCILLATOR_DISABLED);
    // The oscillator needs time to start: this is a hundredth of a second at the 12 MHz of the
    // start.
    cortex_m::asm::delay(120_000);
    let with_crystal = RCC.read() & !(CRYSTAL | OSCILLATOR | POWER_DOWN);
    RCC.write(with_crystal | CRYSTAL_OF_8_MHZ);
    let divided = RCC.read() & !SYSTEM_DIVISOR;
    RCC.write(divided | DIVISOR_OF_4 | USE_SYSTEM_DIVISOR);
    while RIS.read() & PLL_LOCKED == 0 {}
    RCC.clear(BYPASS);
}
