//! Not a test: the last test binary that `cargo test` runs, in the order of their names. It shows
//! which tests were skipped for want of another program.

use ws_echo_tests::skipped::{table, take};

fn main() {
    let skipped = take();
    // With arguments, which are those of the tests, it was not asked for.
    if !skipped.is_empty() || std::env::args().len() == 1 {
        println!("\n{}", table(&skipped));
    }
}
