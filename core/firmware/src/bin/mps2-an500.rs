//! The firmware on an Arm MPS2 with the image AN500: a Cortex-M7, and a LAN9118 for Ethernet.

#![no_std]
#![no_main]

#[path = "../mps2/mod.rs"]
mod board;
#[path = "../firmware/mod.rs"]
mod firmware;
#[path = "../register.rs"]
mod register;

/// Where this image has the registers of the Ethernet controller.
const ETHERNET: usize = 0xA000_0000;
