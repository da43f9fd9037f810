//! The binary: nothing but the door to [`voronka::cli`].

use std::process::ExitCode;

/// Queries allocate and free many short lists from several threads: this allocator does that with less work and less waste.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    voronka::cli::main()
}
