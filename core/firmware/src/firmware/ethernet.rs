//! The board's Ethernet controller as a smoltcp device.

use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;
use smoltcp::wire::EthernetAddress;

use crate::board::ethernet as controller;

/// Destination, source and type.
const HEADER_LEN: usize = 14;
/// What every host must be able to receive over IPv4 (RFC 1122 section 3.3.2). More would cost
/// memory, and is not needed here.
const MTU: usize = 576;
const FRAME_LEN: usize = HEADER_LEN + MTU;

/// The address of a board that was given none: a local one.
const LOCAL_ADDRESS: EthernetAddress = EthernetAddress([0x02, 0, 0, 0, 0, 0x01]);

/// The controller, and room for a frame each way.
pub(super) struct Ethernet {
    received: [u8; FRAME_LEN],
    sent: [u8; FRAME_LEN],
}

impl Ethernet {
    pub(super) const fn new() -> Self {
        Self {
            received: [0; FRAME_LEN],
            sent: [0; FRAME_LEN],
        }
    }

    /// Starts the controller with the address that the board was given, and returns the address.
    pub(super) fn start(&mut self) -> EthernetAddress {
        controller::start(LOCAL_ADDRESS)
    }

    /// Whether a frame waits. If not, its arrival causes an interrupt.
    pub(super) fn has_frame(&mut self) -> bool {
        controller::has_frame()
    }
}

impl Device for Ethernet {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = ToSend<'a>;

    /// The next frame, if an answer can be sent.
    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, ToSend<'_>)> {
        if !controller::can_send() {
            return None;
        }
        let len = controller::take_frame(&mut self.received)?;
        let frame = self.received.get(..len).unwrap_or_default();
        let buffer = &mut self.sent;
        Some((Received { frame }, ToSend { buffer }))
    }

    fn transmit(&mut self, _: Instant) -> Option<ToSend<'_>> {
        let buffer = &mut self.sent;
        controller::can_send().then_some(ToSend { buffer })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME_LEN;
        capabilities
    }
}

/// A frame that was received.
pub(super) struct Received<'a> {
    frame: &'a [u8],
}

impl phy::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.frame)
    }
}

/// Room for a frame to send.
pub(super) struct ToSend<'a> {
    buffer: &'a mut [u8; FRAME_LEN],
}

impl phy::TxToken for ToSend<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let frame = self.buffer.get_mut(..len).unwrap_or_default();
        let result = f(frame);
        controller::send(frame);
        result
    }
}
