//! On which threads does all this run? A small runtime with names; embedding and writing have threads of their own.

use std::time::Duration;

use napi_derive::module_init;

use crate::allocator::purge_when_threads_end;

/// Futures only wait and pass on; two threads do that for any number of calls.
const WORKERS: usize = 2;
/// Calls that block at once; further ones wait. A server has 16 at most for reads, and JavaScript 8: those that are left
/// open and close stores, whatever the reads do.
const BLOCKING: usize = 32;
/// How long one of their threads waits for the next call. When it ends, the memory that it had freed goes back to the system:
/// some megabytes where it has opened a store.
const IDLE: Duration = Duration::from_millis(500);

/// The thread on which the core opens what may be damaged: sled panics on some damage, which is an answer there.
const MAY_PANIC: &str = "openmemory-open";

#[module_init]
fn start() {
    purge_when_threads_end();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(MAY_PANIC) {
            report(panic);
        }
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .thread_keep_alive(IDLE)
        .thread_name("openmemory-async")
        .enable_all()
        .build();
    // Without threads napi starts a runtime of its own and reports what fails there.
    if let Ok(runtime) = runtime {
        napi::bindgen_prelude::create_custom_tokio_runtime(runtime);
    }
}
