//! What does the index need of a memory? It is stored by user, apart from the versions, so that the memories of one user
//! are read in one pass.

use std::sync::Arc;

use openmemory_domain::valid_time::or_unknown;
use openmemory_domain::{ContentHash, Embedding, Sectors, Tags, Timestamp, Validity, Version};
use serde::{Deserialize, Serialize};

use crate::words::Words;

/// The newest text of a memory, prepared for the index.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedText {
    pub content: ContentHash,
    pub words: Words,
    pub embedding: Arc<Embedding>,
}

/// What the index keeps of a version besides its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    pub sectors: Sectors,
    pub tags: Tags,
    pub run: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// The last field, and not written if nothing is known: see [`Version::validity`].
    #[serde(skip_serializing_if = "Validity::is_unknown", deserialize_with = "or_unknown")]
    pub validity: Validity,
}

impl Labels {
    pub fn of(version: &Version) -> Self {
        Self {
            sectors: version.sectors(),
            tags: version.tags.clone(),
            run: version.scope.run_id.clone(),
            created_at: version.created_at,
            expires_at: version.expires_at,
            validity: version.validity,
        }
    }
}
