#![no_main]

use libfuzzer_sys::fuzz_target;
use voronka_fuzz::readers::{packed_workbook, read};

// a workbook as it is, or the parts of one
fuzz_target!(|bytes: &[u8]| match bytes.starts_with(b"PK") {
    true => read("deals.xlsx", bytes),
    false => read("deals.xlsx", &packed_workbook(bytes)),
});
