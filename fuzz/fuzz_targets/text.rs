#![no_main]

use libfuzzer_sys::fuzz_target;
use voronka_fuzz::readers::read;

// an export, or a repair file
fuzz_target!(|bytes: &[u8]| match bytes.starts_with(b"quarantine_line") {
    true => read("deals.csv.repair.csv", bytes),
    false => read("deals.csv", bytes),
});
