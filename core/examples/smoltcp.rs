//! The echo server over smoltcp, as on a microcontroller.
//!
//! ```sh
//! cargo run --example smoltcp -p ws-echo-core             # with a client in the same program
//! cargo run --example smoltcp -p ws-echo-core -- tap0     # on a TAP interface of Linux
//! ```
//!
//! What serves is in `smoltcp/server.rs`: that file can be copied. Here is what every smoltcp program has.

#[path = "smoltcp/client.rs"]
mod client;
#[path = "smoltcp/server.rs"]
mod server;

use std::env;
use std::error::Error;
use std::io::{self, Write as _};

use smoltcp::iface::{Config, Interface, PollIngressSingleResult, SocketSet};
use smoltcp::phy::{Device, Loopback, Medium};
use smoltcp::socket::tcp;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address, Ipv4Cidr};

use server::{PORT, Server};

/// How many clients there may be at a time.
const SERVERS: usize = 8;
/// The length of each socket's two buffers, and of the one buffer that the servers share.
const BUFFER_LEN: usize = 1024;
/// How many packets are received before clients are served.
const PACKETS_PER_TURN: usize = 16;

/// The longest head of a request, in bytes. Browsers send 500, and their cookies.
const HEAD_LEN: usize = 1024;

const HARDWARE_ADDRESS: EthernetAddress = EthernetAddress([0x02, 0, 0, 0, 0, 0x01]);
const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(192, 168, 69, 1), 24);

fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1) {
        Some(name) => serve_tap(&name),
        None => client::talk(&mut Stack::new(Loopback::new(Medium::Ethernet)))
            .map_err(|error| format!("{error:?}").into()),
    }
}

#[cfg(target_os = "linux")]
fn serve_tap(name: &str) -> Result<(), Box<dyn Error>> {
    use smoltcp::phy::{self, TunTapInterface};
    use std::os::fd::AsRawFd as _;

    let device = TunTapInterface::new(name, Medium::Ethernet)
        .map_err(|error| format!("{name} is no TAP interface that you may use: {error}"))?;
    let interface = device.as_raw_fd();
    let mut stack = Stack::new(device);
    println!("listening on ws://{}:{PORT}", ADDRESS.address());
    loop {
        let next_turn = stack.turn();
        phy::wait(interface, next_turn)?;
    }
}

#[cfg(not(target_os = "linux"))]
fn serve_tap(_: &str) -> Result<(), Box<dyn Error>> {
    Err("smoltcp knows TAP interfaces of Linux only; leave the name away".into())
}

/// A network interface, its sockets, and the servers on them.
struct Stack<D: Device> {
    device: D,
    interface: Interface,
    sockets: SocketSet<'static>,
    servers: Vec<Server<HEAD_LEN>>,
    /// What all servers work in, one after the other.
    storage: [u8; BUFFER_LEN],
}

impl<D: Device> Stack<D> {
    fn new(mut device: D) -> Self {
        let mut config = Config::new(HARDWARE_ADDRESS.into());
        // TCP begins its connections at numbers that should be hard to guess.
        config.random_seed = Instant::now().total_micros().unsigned_abs();
        let mut interface = Interface::new(config, &mut device, Instant::now());
        interface.update_ip_addrs(|addresses| {
            // An interface has room for one address at least.
            let _ = addresses.push(IpCidr::Ipv4(ADDRESS));
        });
        let mut sockets = SocketSet::new(Vec::new());
        let servers = (0..SERVERS).map(|_| Server::new(&mut sockets, socket()));
        Self {
            device,
            interface,
            servers: servers.collect(),
            sockets,
            storage: [0; BUFFER_LEN],
        }
    }

    /// Moves packets, then serves. Returns how long nothing has to be done, unless something comes.
    fn turn(&mut self) -> Option<Duration> {
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
        for (number, server) in self.servers.iter_mut().enumerate() {
            server.serve(&mut self.sockets, &mut self.storage, now, |change| {
                // A log that nobody reads any more is no reason to stop.
                let _ = writeln!(io::stdout(), "client {number}: {change}");
            });
        }
        let deadlines = self.servers.iter().filter_map(Server::poll_at);
        let interface = self.interface.poll_at(now, &self.sockets);
        let next = deadlines.chain(interface).min()?;
        Some(if next > now {
            next - now
        } else {
            Duration::ZERO
        })
    }
}

fn socket() -> tcp::Socket<'static> {
    let buffer = || tcp::SocketBuffer::new(vec![0; BUFFER_LEN]);
    tcp::Socket::new(buffer(), buffer())
}
