//! The registers of a chip. All access to them is here; each board's `registers.rs` has those that
//! this firmware uses, by the names of the data sheet.

use core::ptr;

/// A register of 32 bits.
#[derive(Clone, Copy)]
pub(crate) struct Register {
    address: usize,
}

impl Register {
    pub(crate) fn read(self) -> u32 {
        // SAFETY: `at` is called by the boards' `registers.rs` only, which name aligned registers
        // of the chip.
        unsafe { ptr::read_volatile(self.address as *const u32) }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: as above, and none of these registers makes the chip touch memory.
        unsafe { ptr::write_volatile(self.address as *mut u32, value) }
    }
}

pub(crate) const fn at(address: usize) -> Register {
    Register { address }
}

/// Up to four bytes as a word. The first is the least significant.
pub(crate) fn word(bytes: &[u8]) -> u32 {
    let mut word = [0; 4];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    u32::from_le_bytes(word)
}
