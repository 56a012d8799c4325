//! The registers of the LM3S6965 that this firmware uses, by the names of its data sheet.

use crate::register::Register;

impl Register {
    pub(crate) fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }

    pub(crate) fn clear(self, bits: u32) {
        self.write(self.read() & !bits);
    }
}

/// System control (chapter 5).
pub(super) mod system {
    use crate::register::{Register, at};

    pub(in crate::board) const RIS: Register = at(0x400F_E050);
    pub(in crate::board) const RCC: Register = at(0x400F_E060);
    pub(in crate::board) const RCGC1: Register = at(0x400F_E104);
    pub(in crate::board) const RCGC2: Register = at(0x400F_E108);
    pub(in crate::board) const USER0: Register = at(0x400F_E1E0);
    pub(in crate::board) const USER1: Register = at(0x400F_E1E4);
}

/// General-purpose port A, whose pins 0 and 1 are those of UART0 (chapter 8).
pub(super) mod port_a {
    use crate::register::{Register, at};

    pub(in crate::board) const AFSEL: Register = at(0x4000_4420);
    pub(in crate::board) const DEN: Register = at(0x4000_451C);
}

/// The first serial port (chapter 12).
pub(super) mod uart0 {
    use crate::register::{Register, at};

    pub(in crate::board) const DR: Register = at(0x4000_C000);
    pub(in crate::board) const FR: Register = at(0x4000_C018);
    pub(in crate::board) const IBRD: Register = at(0x4000_C024);
    pub(in crate::board) const FBRD: Register = at(0x4000_C028);
    pub(in crate::board) const LCRH: Register = at(0x4000_C02C);
    pub(in crate::board) const CTL: Register = at(0x4000_C030);
}

/// The Ethernet controller (chapter 15).
pub(super) mod mac {
    use crate::register::{Register, at};

    /// Raw interrupt status when read, interrupt acknowledge when written.
    pub(in crate::board) const RIS: Register = at(0x4004_8000);
    pub(in crate::board) const IM: Register = at(0x4004_8004);
    pub(in crate::board) const RCTL: Register = at(0x4004_8008);
    pub(in crate::board) const TCTL: Register = at(0x4004_800C);
    pub(in crate::board) const DATA: Register = at(0x4004_8010);
    pub(in crate::board) const IA0: Register = at(0x4004_8014);
    pub(in crate::board) const IA1: Register = at(0x4004_8018);
    pub(in crate::board) const NP: Register = at(0x4004_8034);
    pub(in crate::board) const TR: Register = at(0x4004_8038);
}
