//! A loopback device that can lose, garble and count packets. smoltcp's own `FaultInjector` does
//! not report what it did, and cannot garble sent packets: it acts before the packet is written.

use smoltcp::phy::{
    ChecksumCapabilities, Device, DeviceCapabilities, Loopback, Medium, RxToken, TxToken,
};
use smoltcp::time::Instant;

/// Offsets in a frame of Ethernet, IPv4 without options, and TCP.
const ETHERTYPE: usize = 12;
const SOURCE_PORT: usize = 34;
const DESTINATION_PORT: usize = 36;
const FLAGS: usize = 47;
const IPV4: [u8; 2] = [0x08, 0x00];
const RST: u8 = 0x04;

pub(crate) struct LossyLoopback {
    loopback: Loopback,
    packet: usize,
    in_flight: usize,
    random: fastrand::Rng,
    /// How many of 100 TCP packets are lost.
    pub(crate) loss: u8,
    /// In how many of 100 TCP packets one bit is flipped.
    pub(crate) noise: u8,
    /// A port from which and to which nothing is delivered.
    pub(crate) cut_off: Option<u16>,
    /// How many TCP packets were lost by chance.
    pub(crate) lost: usize,
    /// In how many TCP packets a bit was flipped.
    pub(crate) garbled: usize,
    /// How many TCP packets were sent.
    pub(crate) packets: usize,
    /// How many of the sent TCP packets reset a connection.
    pub(crate) resets: usize,
}

impl LossyLoopback {
    /// A device for packets of up to `packet` bytes.
    pub(crate) fn new(packet: usize, seed: u64) -> Self {
        Self {
            loopback: Loopback::new(Medium::Ethernet),
            packet,
            in_flight: 0,
            random: fastrand::Rng::with_seed(seed),
            loss: 0,
            noise: 0,
            cut_off: None,
            lost: 0,
            garbled: 0,
            packets: 0,
            resets: 0,
        }
    }

    /// Whether no packet is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.in_flight == 0
    }

    /// What arrives of a packet.
    fn carry(&mut self, mut frame: Vec<u8>) -> Option<Vec<u8>> {
        // ARP has no checksum, and TCP cannot repair a flipped bit there.
        if frame[ETHERTYPE..][..2] != IPV4 {
            return Some(frame);
        }
        self.packets += 1;
        self.resets += usize::from(frame[FLAGS] & RST != 0);
        let port = |at: usize| Some(u16::from_be_bytes([frame[at], frame[at + 1]]));
        if self.cut_off.is_some()
            && [SOURCE_PORT, DESTINATION_PORT]
                .map(port)
                .contains(&self.cut_off)
        {
            return None;
        }
        if self.random.u8(..100) < self.loss {
            self.lost += 1;
            return None;
        }
        if self.random.u8(..100) < self.noise {
            self.garbled += 1;
            let at = self.random.usize(..frame.len());
            frame[at] ^= 1 << self.random.u8(..8);
        }
        Some(frame)
    }
}

impl Device for LossyLoopback {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending<'a>;

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = self.loopback.capabilities();
        capabilities.max_transmission_unit = self.packet;
        capabilities.checksum = ChecksumCapabilities::default();
        capabilities
    }

    fn receive(&mut self, now: Instant) -> Option<(Received, Sending<'_>)> {
        loop {
            let (token, _) = self.loopback.receive(now)?;
            let frame = token.consume(<[u8]>::to_vec);
            self.in_flight -= 1;
            if let Some(frame) = self.carry(frame) {
                return Some((Received(frame), self.transmit(now)?));
            }
        }
    }

    fn transmit(&mut self, now: Instant) -> Option<Sending<'_>> {
        Some(Sending {
            token: self.loopback.transmit(now)?,
            in_flight: &mut self.in_flight,
        })
    }
}

pub(crate) struct Received(Vec<u8>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

pub(crate) struct Sending<'a> {
    token: <Loopback as Device>::TxToken<'a>,
    in_flight: &'a mut usize,
}

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        *self.in_flight += 1;
        self.token.consume(len, write)
    }
}
