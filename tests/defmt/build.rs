//! Hands the linker the device's memory map, and the scripts of cortex-m-rt and defmt.

use std::path::PathBuf;
use std::{env, fs, io};

const MEMORY: &str = "../../core/firmware/src/mps2/memory.x";

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::copy(MEMORY, out.join("memory.x"))?;
    println!("cargo::rustc-link-arg-bin=device=-L{}", out.display());
    println!("cargo::rustc-link-arg-bin=device=-Tlink.x");
    println!("cargo::rustc-link-arg-bin=device=-Tdefmt.x");
    println!("cargo::rustc-link-arg-bin=device=--nmagic");
    println!("cargo::rerun-if-changed={MEMORY}");
    Ok(())
}
