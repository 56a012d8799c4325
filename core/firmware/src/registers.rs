//! The registers of the LM3S6965 that this firmware uses, by the names of its data sheet. All
//! access to them is here.

use core::ptr;

/// A register of 32 bits.
#[derive(Clone, Copy)]
pub(crate) struct Register {
    address: usize,
}

impl Register {
    pub(crate) fn read(self) -> u32 {
        // SAFETY: the address is one of those below, each an aligned register of this chip.
        unsafe { ptr::read_volatile(self.address as *const u32) }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: as above, and none of these registers makes the chip touch memory.
        unsafe { ptr::write_volatile(self.address as *mut u32, value) }
    }

    pub(crate) fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }

    pub(crate) fn clear(self, bits: u32) {
        self.write(self.read() & !bits);
    }
}

const fn at(address: usize) -> Register {
    Register { address }
}

/// System control (chapter 5).
pub(crate) mod system {
    use super::{Register, at};

    pub(crate) const RIS: Register = at(0x400F_E050);
    pub(crate) const RCC: Register = at(0x400F_E060);
    pub(crate) const RCGC1: Register = at(0x400F_E104);
    pub(crate) const RCGC2: Register = at(0x400F_E108);
    pub(crate) const USER0: Register = at(0x400F_E1E0);
    pub(crate) const USER1: Register = at(0x400F_E1E4);
}

/// General-purpose port A, whose pins 0 and 1 are those of UART0 (chapter 8).
pub(crate) mod port_a {
    use super::{Register, at};

    pub(crate) const AFSEL: Register = at(0x4000_4420);
    pub(crate) const DEN: Register = at(0x4000_451C);
}

/// The first serial port (chapter 12).
pub(crate) mod uart0 {
    use super::{Register, at};

    pub(crate) const DR: Register = at(0x4000_C000);
    pub(crate) const FR: Register = at(0x4000_C018);
    pub(crate) const IBRD: Register = at(0x4000_C024);
    pub(crate) const FBRD: Register = at(0x4000_C028);
    pub(crate) const LCRH: Register = at(0x4000_C02C);
    pub(crate) const CTL: Register = at(0x4000_C030);
}

/// The Ethernet controller (chapter 15).
pub(crate) mod mac {
    use super::{Register, at};

    /// Raw interrupt status when read, interrupt acknowledge when written.
    pub(crate) const RIS: Register = at(0x4004_8000);
    pub(crate) const IM: Register = at(0x4004_8004);
    pub(crate) const RCTL: Register = at(0x4004_8008);
    pub(crate) const TCTL: Register = at(0x4004_800C);
    pub(crate) const DATA: Register = at(0x4004_8010);
    pub(crate) const IA0: Register = at(0x4004_8014);
    pub(crate) const IA1: Register = at(0x4004_8018);
    pub(crate) const NP: Register = at(0x4004_8034);
    pub(crate) const TR: Register = at(0x4004_8038);
}
