//! Measures the lab's speed: `just bench`, `cargo bench --package bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::main()
}
