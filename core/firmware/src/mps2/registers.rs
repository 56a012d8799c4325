//! The registers of the MPS2 that this firmware uses, by the names of the data sheets.

/// The first serial port (Cortex-M System Design Kit, "APB UART").
pub(super) mod uart0 {
    use crate::register::{Register, at};

    pub(in crate::board) const DATA: Register = at(0x4000_4000);
    pub(in crate::board) const STATE: Register = at(0x4000_4004);
    pub(in crate::board) const CTRL: Register = at(0x4000_4008);
    pub(in crate::board) const BAUDDIV: Register = at(0x4000_4010);
}

/// The Ethernet controller, a LAN9118 or one like it (section 5.3 of the data sheet).
pub(super) mod lan9118 {
    use crate::ETHERNET;
    use crate::register::{Register, at};

    pub(in crate::board) const RX_DATA_FIFO: Register = at(ETHERNET);
    pub(in crate::board) const TX_DATA_FIFO: Register = at(ETHERNET + 0x20);
    pub(in crate::board) const RX_STATUS_FIFO: Register = at(ETHERNET + 0x40);
    pub(in crate::board) const IRQ_CFG: Register = at(ETHERNET + 0x54);
    pub(in crate::board) const INT_STS: Register = at(ETHERNET + 0x58);
    pub(in crate::board) const INT_EN: Register = at(ETHERNET + 0x5C);
    pub(in crate::board) const FIFO_INT: Register = at(ETHERNET + 0x68);
    pub(in crate::board) const RX_CFG: Register = at(ETHERNET + 0x6C);
    pub(in crate::board) const TX_CFG: Register = at(ETHERNET + 0x70);
    pub(in crate::board) const HW_CFG: Register = at(ETHERNET + 0x74);
    pub(in crate::board) const RX_FIFO_INF: Register = at(ETHERNET + 0x7C);
    pub(in crate::board) const TX_FIFO_INF: Register = at(ETHERNET + 0x80);
    pub(in crate::board) const PMT_CTRL: Register = at(ETHERNET + 0x84);
    pub(in crate::board) const MAC_CSR_CMD: Register = at(ETHERNET + 0xA4);
    pub(in crate::board) const MAC_CSR_DATA: Register = at(ETHERNET + 0xA8);
}
