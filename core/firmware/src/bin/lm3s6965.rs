//! The firmware on a TI LM3S6965: a Cortex-M3 with 256 KiB of flash, 64 KiB of RAM and Ethernet.

#![no_std]
#![no_main]

#[path = "../lm3s6965/mod.rs"]
mod board;
#[path = "../firmware/mod.rs"]
mod firmware;
#[path = "../register.rs"]
mod register;
