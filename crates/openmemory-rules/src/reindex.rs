//! What does a store record about an unfinished change of its embedding model?

use openmemory_domain::ModelIdentity;
use serde::{Deserialize, Serialize};

/// A change of model in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reindex {
    pub target: ModelIdentity,
}
