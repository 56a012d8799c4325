//! The server of `server.rs` on a TAP interface of Linux.
//!
//! ```sh
//! sudo ip tuntap add name tap0 mode tap user $USER
//! sudo ip link set tap0 up
//! sudo ip addr add 192.168.69.100/24 dev tap0
//! cargo run --manifest-path core/examples/embassy/tap/Cargo.toml -- tap0
//! ```

use std::{env, process};

use embassy_executor::Spawner;
use embassy_net::{Config, Ipv4Address, Ipv4Cidr, Runner, StackResources, StaticConfigV4};
use embassy_net_tuntap::TunTapDevice;
use embassy_time::Timer;
use ws_echo_embassy::{PORT, SOCKETS, serve};

const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(192, 168, 69, 1), 24);

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let Some(name) = env::args().nth(1) else {
        eprintln!("usage: ws-echo-embassy INTERFACE, such as tap0");
        process::exit(2);
    };
    let device = TunTapDevice::new(&name).unwrap_or_else(|error| {
        eprintln!("{name}: {error}: ip tuntap add name {name} mode tap user $USER");
        process::exit(1);
    });
    let config = Config::ipv4_static(StaticConfigV4 {
        address: ADDRESS,
        gateway: None,
        dns_servers: Default::default(),
    });
    // A device has them in a StaticCell.
    let resources = Box::leak(Box::new(StackResources::<SOCKETS>::new()));
    // TCP starts its connections at numbers that are hard to guess.
    let seed = getrandom::u64().expect("the system has entropy");
    let (stack, runner) = embassy_net::new(device, config, resources, seed);
    spawner.spawn(run(runner).expect("it is the first"));
    for _ in 0..SOCKETS {
        spawner.spawn(serve(stack).expect("there are as many as sockets"));
    }
    // When this timer fires, each task has run once, and listens.
    Timer::after_millis(1).await;
    println!("listening on ws://{}:{PORT}", ADDRESS.address());
}

/// Moves packets.
#[embassy_executor::task]
async fn run(mut runner: Runner<'static, TunTapDevice>) -> ! {
    runner.run().await
}
