#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| voronka_fuzz::readers::read("deals.parquet", bytes));
