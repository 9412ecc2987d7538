//! What of learning is this store's own? Its rows and commits; what is learnt is decided in openmemory-calls.

mod documents;
mod forget;
mod read;
mod store;
