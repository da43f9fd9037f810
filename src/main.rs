//! The binary: nothing but the door to [`voronka::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    voronka::cli::main()
}
