//! How does text become vectors: by a model, by a function, in passages, on a pool of threads?
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, in its helpers too")]

mod external;
mod files;
mod model;
mod passages;
mod pool;
mod unigram;
