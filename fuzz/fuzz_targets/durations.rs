#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| voronka_fuzz::values::durations(text));
