//! What every smoltcp program has: a device, an interface with an address, and its sockets.

use std::error::Error;
use std::io;

use smoltcp::iface::{Config, Interface, PollIngressSingleResult, SocketSet};
use smoltcp::phy::Device;
use smoltcp::socket::tcp;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address, Ipv4Cidr};

/// The length of each socket's two buffers.
pub(crate) const BUFFER_LEN: usize = 1024;
/// How many packets are received before their sockets have a turn.
const PACKETS_PER_TURN: usize = 16;

const HARDWARE_ADDRESS: EthernetAddress = EthernetAddress([0x02, 0, 0, 0, 0, 0x01]);
pub(crate) const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(192, 168, 69, 1), 24);

/// Waits until something arrives, or this time has passed.
type Wait<D> = fn(&D, Option<Duration>) -> io::Result<()>;

/// A network interface and its sockets.
pub(crate) struct Stack<D: Device> {
    device: D,
    wait: Wait<D>,
    pub(crate) interface: Interface,
    pub(crate) sockets: SocketSet<'static>,
}

impl<D: Device> Stack<D> {
    #[cfg_attr(
        not(target_os = "linux"),
        allow(
            dead_code,
            reason = "there is no TAP interface, and one example has no other"
        )
    )]
    pub(crate) fn new(mut device: D, wait: Wait<D>) -> Self {
        let mut config = Config::new(HARDWARE_ADDRESS.into());
        // TCP starts its connections at numbers that are hard to guess.
        config.random_seed = getrandom::u64().expect("the system has entropy");
        let mut interface = Interface::new(config, &mut device, Instant::now());
        interface.update_ip_addrs(|addresses| {
            // An interface has room for at least one address.
            let _ = addresses.push(IpCidr::Ipv4(ADDRESS));
        });
        Self {
            device,
            wait,
            interface,
            sockets: SocketSet::new(Vec::new()),
        }
    }

    /// Moves packets. Returns the time of this turn.
    pub(crate) fn poll(&mut self) -> Instant {
        let now = Instant::now();
        for _ in 0..PACKETS_PER_TURN {
            let received =
                self.interface
                    .poll_ingress_single(now, &mut self.device, &mut self.sockets);
            if let PollIngressSingleResult::None = received {
                break;
            }
        }
        self.interface
            .poll_egress(now, &mut self.device, &mut self.sockets);
        now
    }

    /// Waits until something arrives, or must be done: here, or at one of these times.
    pub(crate) fn wait(
        &mut self,
        now: Instant,
        deadlines: impl IntoIterator<Item = Instant>,
    ) -> io::Result<()> {
        let interface = self.interface.poll_at(now, &self.sockets);
        let next = deadlines.into_iter().chain(interface).min();
        (self.wait)(&self.device, next.map(|next| next.max(now) - now))
    }
}

/// A stack on a TAP interface.
#[cfg(target_os = "linux")]
pub(crate) fn on_tap(name: &str) -> Result<Stack<smoltcp::phy::TunTapInterface>, Box<dyn Error>> {
    use smoltcp::phy::{self, Medium, TunTapInterface};
    use std::os::fd::AsRawFd as _;

    check_is_up(name)?;
    let device = TunTapInterface::new(name, Medium::Ethernet)
        .map_err(|error| format!("{name} is not a TAP interface that you may use: {error}"))?;
    Ok(Stack::new(device, |device, time| {
        phy::wait(device.as_raw_fd(), time)
    }))
}

/// Checks that the interface exists and is up: one that is not accepts no packets, which smoltcp
/// does not expect.
#[cfg(target_os = "linux")]
fn check_is_up(name: &str) -> Result<(), String> {
    const IFF_UP: u32 = 1; // of linux/if.h
    let Ok(flags) = std::fs::read_to_string(format!("/sys/class/net/{name}/flags")) else {
        return Err(format!(
            "{name} is not there: ip tuntap add name {name} mode tap user $USER"
        ));
    };
    let flags = u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16);
    if flags.is_ok_and(|flags| flags & IFF_UP == 0) {
        return Err(format!("{name} is down: ip link set {name} up"));
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn on_tap(name: &str) -> Result<Stack<smoltcp::phy::Loopback>, Box<dyn Error>> {
    Err(format!("{name}: smoltcp supports TAP interfaces on Linux only").into())
}

pub(crate) fn socket() -> tcp::Socket<'static> {
    let buffer = || tcp::SocketBuffer::new(vec![0; BUFFER_LEN]);
    tcp::Socket::new(buffer(), buffer())
}
