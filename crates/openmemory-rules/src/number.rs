//! How does a store identify a memory internally?

use serde::{Deserialize, Serialize};

/// The internal key of a memory within one store, assigned in insertion order and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Number(pub u64);
