//! The WebSocket echo server as firmware, whatever the board is: that is `crate::board`. The server
//! itself is `core/examples/smoltcp/server.rs`, unchanged.

mod clock;
mod ethernet;
mod log;
#[path = "../../../examples/smoltcp/server.rs"]
mod server;

use core::panic::PanicInfo;

use cortex_m::Peripherals;
use cortex_m::interrupt::{self, InterruptNumber};
use cortex_m::peripheral::{NVIC, SCB, SYST};
use cortex_m_rt::entry;
use heapless::Vec;
use smoltcp::iface::{Config, Interface, PollIngressSingleResult, SocketSet, SocketStorage};
use smoltcp::socket::tcp;
use smoltcp::wire::{IpCidr, Ipv4Address, Ipv4Cidr};

use crate::board;
use clock::Clock;
use ethernet::Ethernet;
use log::Log;
use log::Part::{Number, Text};
use server::{Change, PORT, Server};

/// The address of this device, and the length of its network's prefix.
const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24);
const GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

/// How many clients can be connected at a time.
const SERVERS: usize = 8;
/// The length of each socket's two buffers, and of the one buffer that the servers share.
const BUFFER_LEN: usize = 512;
/// The longest head of a request, in bytes. Browsers send 500 and their cookies.
const HEAD_LEN: usize = 768;
/// Whether clients may compress their messages.
const COMPRESSION: bool = cfg!(feature = "compression");
// A client whose neighbor entry smoltcp has forgotten costs all clients a second.
const _: () = assert!(smoltcp::config::IFACE_NEIGHBOR_CACHE_COUNT > SERVERS);
/// How many frames are received before clients are served.
const FRAMES_PER_TURN: usize = 16;

#[entry]
fn main() -> ! {
    static mut ETHERNET: Ethernet = Ethernet::new();
    static mut BUFFERS: [[[u8; BUFFER_LEN]; 2]; SERVERS] = [[[0; BUFFER_LEN]; 2]; SERVERS];
    static mut STORAGE: [u8; BUFFER_LEN] = [0; BUFFER_LEN];
    static mut SOCKETS: Vec<SocketStorage<'static>, SERVERS> = Vec::new();
    static mut SERVING: Vec<Server<HEAD_LEN, COMPRESSION>, SERVERS> = Vec::new();

    let Some(mut peripherals) = Peripherals::take() else {
        SCB::sys_reset()
    };
    board::start();
    let mut clock = Clock::start(&mut peripherals.SYST);
    let mut log = Log::start();
    log_address(&mut log);
    let mut interface = interface(ETHERNET, &mut clock);
    while SOCKETS.push(SocketStorage::EMPTY).is_ok() {}
    let mut sockets = SocketSet::new(&mut SOCKETS[..]);
    for buffers in BUFFERS {
        // There is room for all.
        let _ = SERVING.push(Server::new(&mut sockets, socket(buffers)));
    }
    // None is received before the servers listen: their first turn.
    let mut frames = 0;
    loop {
        let now = clock.now();
        for _ in 0..frames {
            let received = interface.poll_ingress_single(now, ETHERNET, &mut sockets);
            if let PollIngressSingleResult::None = received {
                break;
            }
        }
        frames = FRAMES_PER_TURN;
        interface.poll_egress(now, ETHERNET, &mut sockets);
        for (number, server) in SERVING.iter_mut().enumerate() {
            server.serve(&mut sockets, STORAGE, now, |change| {
                log_change(&mut log, number, change);
            });
        }
        log.transmit();
        let deadlines = SERVING.iter().filter_map(Server::poll_at);
        let next = deadlines.chain(interface.poll_at(now, &sockets)).min();
        // The next tick of the clock wakes the processor at the latest.
        if next.is_none_or(|next| next > now) {
            sleep(ETHERNET);
        }
    }
}

fn interface(ethernet: &mut Ethernet, clock: &mut Clock) -> Interface {
    let address = ethernet.start();
    let mut config = Config::new(address.into());
    // TCP starts its connections at numbers that should be hard to guess. The arrival time of the
    // first frame is not known beforehand. If an attacker can send that frame, put something random
    // here.
    while !ethernet.has_frame() {
        sleep(ethernet);
    }
    let milliseconds = clock.now().total_millis().unsigned_abs();
    config.random_seed = milliseconds << 16 | u64::from(SYST::get_current() & 0xFFFF);
    let mut interface = Interface::new(config, ethernet, clock.now());
    interface.update_ip_addrs(|addresses| {
        // There is room for one.
        let _ = addresses.push(IpCidr::Ipv4(ADDRESS));
    });
    let _ = interface.routes_mut().add_default_ipv4_route(GATEWAY);
    interface
}

fn socket(buffers: &'static mut [[u8; BUFFER_LEN]; 2]) -> tcp::Socket<'static> {
    let [receive, send] = buffers;
    let receive = tcp::SocketBuffer::new(&mut receive[..]);
    let send = tcp::SocketBuffer::new(&mut send[..]);
    tcp::Socket::new(receive, send)
}

fn log_address(log: &mut Log) {
    let [a, b, c, d] = ADDRESS.address().octets().map(|octet| Number(octet.into()));
    let dot = || Text(".");
    let start = Text("listening on ws://");
    log.line(&[
        start,
        a,
        dot(),
        b,
        dot(),
        c,
        dot(),
        d,
        Text(":"),
        Number(PORT),
    ]);
}

fn log_change(log: &mut Log, number: usize, change: Change) {
    let (what, why) = match change {
        Change::Opened => ("connected", Text("")),
        Change::Refused(refusal) => ("refused: ", Text(refusal.text())),
        Change::Failed(error) => ("failed with ", Number(error.close_code().get())),
        Change::TimedOut => ("took too long", Text("")),
        Change::Gone => ("gone", Text("")),
    };
    let number = Number(number as u16);
    log.line(&[Text("client "), number, Text(": "), Text(what), why]);
}

/// Waits for a tick of the clock or a frame.
///
/// The Ethernet interrupt wakes the processor and is never taken: it is unmasked only here, where
/// interrupts are disabled. So nothing is shared with a handler, and no frame is missed while the
/// processor sleeps.
fn sleep(ethernet: &mut Ethernet) {
    interrupt::free(|_| {
        let has_frame = ethernet.has_frame();
        NVIC::unpend(EthernetInterrupt);
        // SAFETY: no critical section is based on this mask.
        unsafe { NVIC::unmask(EthernetInterrupt) };
        if !has_frame {
            cortex_m::asm::wfi();
        }
        NVIC::mask(EthernetInterrupt);
    });
}

#[derive(Clone, Copy)]
struct EthernetInterrupt;

// SAFETY: this is the Ethernet controller's number, and no other interrupt has a number here.
unsafe impl InterruptNumber for EthernetInterrupt {
    fn number(self) -> u16 {
        board::ethernet::INTERRUPT
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}
