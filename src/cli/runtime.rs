//! The threads that a command runs on: what the system does not give is an error at once, and a panic or a time limit ends the
//! command with a message.

use super::said::{Said, said};
use crate::model::lang::both;
use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;

/// DataFusion plans recursively; unoptimised builds need more than the usual 2 MiB for it.
const STACK: usize = 32 << 20;
/// So many threads wait for files from the start. Reading a Delta log holds one that waits for another: where the system gave
/// no second one, both waited for ever.
const READERS: usize = 16;
/// Threads that take longer to begin do not begin.
const BEGIN: Duration = Duration::from_secs(20);

/// What the first panic said, and where.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs a command. It ends with it, or with its time limit, whatever its threads are at then.
pub fn run<T: Send + 'static>(
    limit: Option<Duration>,
    command: impl FnOnce(&Runtime) -> Result<T> + Send + 'static,
) -> Result<T> {
    tell_panics();
    let (end, ended) = mpsc::channel();
    let worker = Builder::new().stack_size(STACK).spawn(move || {
        let done = runtime().and_then(|runtime| command(&runtime));
        // nobody listens any more after the time limit
        let _ = end.send(done);
    })?;
    let done = match limit {
        Some(limit) => ended.recv_timeout(limit),
        None => ended.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    match done {
        Ok(done) => {
            let _ = worker.join();
            done
        }
        Err(RecvTimeoutError::Timeout) => Err(said!(
            "не успеть за время, которое даёт --timeout\n    дайте больше или спросите меньше",
            "not done within the time that --timeout gives\n    give it more, or ask for less"
        )),
        Err(RecvTimeoutError::Disconnected) => {
            let what = PANIC.lock().ok().and_then(|mut panic| panic.take()).unwrap_or_default();
            Err(said!(
                "ошибка Voronka или библиотеки в ней: {what}\n    пожалуйста, сообщите о ней: эту строку и что запускали",
                "a fault of Voronka or of a library in it: {what}\n    please report it with this line and what you ran"
            ))
        }
    }
}

/// A panic is told as an error is, where the command ends; with `RUST_BACKTRACE` it prints itself as well.
#[allow(clippy::disallowed_methods)]
fn tell_panics() {
    let prints = std::env::var("RUST_BACKTRACE").is_ok_and(|value| value != "0");
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.payload().downcast_ref::<&str>().copied()).unwrap_or("it does not say why");
        let place = panic.location().map(|place| {
            let file: Vec<&str> = place.file().rsplit(['/', '\\']).take(3).collect();
            format!(" ({}:{})", file.into_iter().rev().collect::<Vec<_>>().join("/"), place.line())
        });
        if let Ok(mut first) = PANIC.lock() {
            first.get_or_insert_with(|| format!("{text}{}", place.unwrap_or_default()));
        }
        if prints {
            usual(panic);
        }
    }));
}

fn runtime() -> Result<Runtime> {
    let scarce = || {
        Said(both!(
            "система даёт слишком мало потоков или памяти для них (см. `ulimit -v` и `ulimit -u`)",
            "the system gives too few threads, or too little memory for them (see `ulimit -v` and `ulimit -u`)"
        ))
    };
    probe().with_context(scarce)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .thread_keep_alive(Duration::from_secs(86_400))
        .build()
        .with_context(scarce)?;
    // they all begin before any of them ends, and stay
    let (begin, begun) = mpsc::channel();
    let waiting: Vec<mpsc::Sender<()>> = (0..READERS)
        .map(|_| {
            let (end, wait) = mpsc::channel::<()>();
            let begin = begin.clone();
            runtime.spawn_blocking(move || {
                let _ = begin.send(());
                let _ = wait.recv();
            });
            end
        })
        .collect();
    let all = waiting.iter().all(|_| begun.recv_timeout(BEGIN).is_ok());
    drop(waiting);
    if !all {
        runtime.shutdown_background();
        return Err(scarce().into());
    }
    Ok(runtime)
}

/// Whether the system gives as many threads as are needed: the runtime would panic, or wait, where it does not.
fn probe() -> io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut held: Vec<(mpsc::Sender<()>, JoinHandle<()>)> = Vec::new();
    for _ in 0..READERS + cores {
        let (end, wait) = mpsc::channel::<()>();
        let thread = Builder::new().stack_size(STACK).spawn(move || {
            let _ = wait.recv();
        })?;
        held.push((end, thread));
    }
    for (end, thread) in held {
        drop(end);
        let _ = thread.join();
    }
    Ok(())
}
