//! Tests that files drive: proofs of metrics, exports, messages, generated pages, golden
//! reports. Each case is a test with a name of its own. What the files of each family are: `tests/README.md`.
//!
//! A binary beside `it`, because such tests are only known when the folders are read, and libtest takes none that are not
//! compiled in.

// a test stops at the first thing that is not as expected, helpers included; the list of the slowest is for the terminal
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod case;
mod exports;
mod golden;
mod messages;
mod pages;
#[cfg(feature = "pdf")]
mod print;
mod proofs;
mod sample;
mod workbook;
#[path = "../support/mod.rs"]
#[allow(dead_code)] // some of it is used by `it` alone
mod support;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, FormatSetting, Trial};

use case::Case;

/// DataFusion plans recursively; unoptimised builds need more than the usual 2 MiB for it.
const STACK: usize = 32 << 20;

/// How many of the slowest tests are listed.
const LISTED: usize = 10;

/// How long each test took.
type Times = Arc<Mutex<Vec<(Duration, String)>>>;

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let times = Times::default();
    let cases = cases();
    case::assert_distinct(&cases);
    let trials = cases.into_iter().map(|case| trial(case, &times)).collect();
    let conclusion = libtest_mimic::run(&args, trials);
    if args.format != Some(FormatSetting::Json) {
        print_slowest(times.lock().unwrap().split_off(0));
    }
    conclusion.exit_code()
}

/// All cases, those that take long first: at the end no thread waits for another.
fn cases() -> Vec<Case> {
    let (sample, mut cases) = (sample::shared(), Vec::new());
    for (family, found) in [
        ("golden::report", sample::reports(&sample)),
        ("workbook", sample::workbooks(&sample)),
        #[cfg(feature = "pdf")]
        ("print", sample::prints(&sample)),
        ("answer", sample::answers(&sample)),
        ("held", sample::held(&sample)),
        ("rows", sample::lists(&sample)),
        ("golden", golden::cases()),
        ("export", exports::cases()),
        ("message", messages::cases()),
        ("proof", proofs::cases()),
        ("page", pages::cases()),
    ] {
        cases.extend(case::family(family, found));
    }
    cases.push(case::left_over(&cases, &["tests/golden", "tests/messages"]));
    cases
}

fn trial(case: Case, times: &Times) -> Trial {
    let times = Arc::clone(times);
    Trial::test(case.name.clone(), move || {
        let (name, begun) = (case.name.clone(), Instant::now());
        // its own thread for the stack: the runner's have what RUST_MIN_STACK says, and the main one what the shell says
        let thread = thread::Builder::new().name(name.clone()).stack_size(STACK).spawn(case.run)?;
        let result = thread.join();
        times.lock().unwrap().push((begun.elapsed(), name));
        match result {
            Ok(result) => result.map_err(Failed::from),
            Err(_) => Err("panicked, see above".into()),
        }
    })
}

fn print_slowest(mut times: Vec<(Duration, String)>) {
    if times.len() < 2 {
        return;
    }
    times.sort_by(|one, other| other.cmp(one));
    let all: Duration = times.iter().map(|(time, _)| time).sum();
    println!("slowest, of {:.1} s in all tests:", all.as_secs_f64());
    for (time, name) in times.iter().take(LISTED) {
        println!("{:>7.2} s  {name}", time.as_secs_f64());
    }
    println!();
}
