//! The binary: nothing but the door to [`voronka::cli`].

use std::process::ExitCode;

// in the place of the C library's allocator, for all code of the program
#[cfg(all(target_os = "linux", target_env = "gnu"))]
use tikv_jemallocator as _;

fn main() -> ExitCode {
    voronka::cli::main()
}
