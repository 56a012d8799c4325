//! Hands the linker each board's memory map, and the script of cortex-m-rt that uses it.

use std::path::PathBuf;
use std::{env, fs, io};

/// Each program, and where its board's memory map is.
const BOARDS: [(&str, &str); 3] = [
    ("lm3s6965", "src/lm3s6965/memory.x"),
    ("mps2-an385", "src/mps2/memory.x"),
    ("mps2-an500", "src/mps2/memory.x"),
];

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for (program, memory) in BOARDS {
        let folder = out.join(program);
        fs::create_dir_all(&folder)?;
        fs::copy(memory, folder.join("memory.x"))?;
        let folder = folder.display();
        println!("cargo::rustc-link-arg-bin={program}=-L{folder}");
        println!("cargo::rerun-if-changed={memory}");
    }
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-link-arg-bins=--nmagic");
    Ok(())
}
