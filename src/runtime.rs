//! Which threads run asynchronous and blocking calls? Those of a small tokio runtime. Embedding and writing have
//! threads of their own.

use std::time::Duration;

use napi_derive::module_init;

/// Futures hardly do any work between waits, so two threads suffice for any number of calls.
const WORKERS: usize = 2;
/// Maximum number of concurrent blocking calls; further ones wait. Reads of a server take at most 16 and those of
/// JavaScript 8, which always leaves threads to open and close stores.
const MAX_BLOCKING: usize = 32;
/// How long an idle blocking thread waits for the next call.
const KEEP_ALIVE: Duration = Duration::from_millis(500);

/// The thread on which storage opens a tree that may be damaged. sled panics on some damage, and storage handles that.
const PANICS_HANDLED_ON: &str = "openmemory-open";

#[module_init]
fn start() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(PANICS_HANDLED_ON) {
            report(panic);
        }
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(MAX_BLOCKING)
        .thread_keep_alive(KEEP_ALIVE)
        .thread_name("openmemory-async")
        .enable_all()
        .build();
    // If this fails, napi starts a runtime of its own and reports the failure.
    if let Ok(runtime) = runtime {
        napi::bindgen_prelude::create_custom_tokio_runtime(runtime);
    }
}
