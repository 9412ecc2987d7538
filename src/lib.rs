//! The addon: the engine as one JavaScript class. Requests and answers are JSON text, which the facade in `sdk/` writes
//! and reads; nothing here decides anything.
//!
//! | file | question |
//! |---|---|
//! | `engine` | which functions does JavaScript see? |
//! | `handle` | when is the engine opened and closed? |
//! | `server` | how does JavaScript serve a directory? |
//! | `keys` | how does JavaScript make and revoke keys? |
//! | `answer` | how does a result cross to JavaScript? |
//! | `allocator` | who hands out memory? |
//! | `at_once` | how is a call answered with the fewest switches of threads? |
//! | `turns` | how long may calls hold JavaScript's thread? |
//! | `watcher` | how does JavaScript watch? |
//! | `control` | how does long work report and stop? |
//! | `options` | which engine is meant? |
//! | `embedder` | how is a JavaScript function called to embed? |
//! | `runtime` | on which threads does all this run? |

mod allocator;
mod answer;
mod control;
mod embedder;
mod engine;
mod handle;
mod inline_poll;
mod keys;
mod loop_budget;
mod options;
mod runtime;
mod server;
mod watcher;
mod written;
