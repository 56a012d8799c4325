//! Prints what a device has logged, or the same values as Rust's own formatting has them.
//!
//!     device's output | decode ELF
//!     decode --expected

/// How the values are logged. Before the module that uses it.
macro_rules! log {
    ($value:expr) => {
        println!("{:?}", $value)
    };
}

#[path = "../values.rs"]
mod values;

use std::error::Error;
use std::io::{self, Read as _};
use std::{env, fs};

use defmt_decoder::{DecodeError, Table};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = env::args()
        .nth(1)
        .ok_or("write an ELF file or --expected")?;
    if argument == "--expected" {
        values::log_each();
        return Ok(());
    }
    let table = Table::parse(&fs::read(argument)?)?.ok_or("it logs nothing by defmt")?;
    let mut logged = Vec::new();
    io::stdin().read_to_end(&mut logged)?;
    let mut decoder = table.new_stream_decoder();
    decoder.received(&logged);
    loop {
        match decoder.decode() {
            Ok(frame) => println!("{}", frame.display_message()),
            Err(DecodeError::UnexpectedEof) => return Ok(()),
            Err(DecodeError::Malformed) => return Err("a frame is malformed".into()),
        }
    }
}
