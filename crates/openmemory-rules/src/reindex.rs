//! What does a store keep of an unfinished change of its embedding model?

use openmemory_domain::ModelIdentity;
use serde::{Deserialize, Serialize};

/// A change of model that is in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reindex {
    pub target: ModelIdentity,
}
