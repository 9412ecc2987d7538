//! How does text become vectors?
//!
//! A text is split into *passages* that fit the model's window, none of which spans two texts of a memory, and each passage into *sentences*. One pass of the
//! model gives the vector of the passage and, from the same token states, those of its sentences. A sentence is
//! therefore read in the context of its passage, at no extra cost.

#![forbid(unsafe_code)]

mod check;
mod embedder;
mod error;
mod external;
mod fair_queue;
mod job_queue;
mod known_passages;
mod model;
mod passage;
mod passages;
mod pool;
mod pool_client;
mod pooling;
mod reassemble;
mod sentences;
mod service;
mod test_embedder;
mod texts;
mod tokens;
mod unigram;

pub use check::{Measured, ModelCheck, Trial};
pub use embedder::{Embedder, FirstPass};
pub use error::EmbeddingError;
pub use external::{EmbedAnswer, EmbedCall, EmbedFailure, ExternalEmbedder, Purpose};
pub use fair_queue::Priority;
pub use model::{ModelEmbedder, ModelOptions};
pub use openmemory_domain::ModelIdentity;
pub use openmemory_onnx::{Description, Port};
pub use passage::{Passage, Sentence};
pub use pool::EmbeddingPool;
pub use pool_client::PoolClient;
pub use pooling::{Pooling, normalised};
pub use service::{EmbedderSource, EmbeddingService, LocalEmbedder};
pub use test_embedder::TestEmbedder;
pub use texts::texts;
