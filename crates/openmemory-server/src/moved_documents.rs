//! Which documents go along when memories move to another store? Those of webhooks, projects and answered calls; a position in
//! the changes becomes a time, since no other store knows it.

use openmemory_domain::{Clock, SystemClock};
use openmemory_rules::Error;
use openmemory_rules::contract::MemoryStore;
use serde_json::{Map, Value};

use crate::queue::{EVENTS, WAITING};
use crate::webhooks::POSITIONS;

/// All documents of a store, as another one can use them.
///
/// # Errors
/// A document cannot be read.
pub async fn documents_to_move(store: &dyn MemoryStore) -> Result<Map<String, Value>, Error> {
    let mut documents = Map::new();
    for name in store.document_names(String::new()).await? {
        let Some(mut document) = store.document(name.clone()).await? else { continue };
        if name.starts_with(POSITIONS) {
            let known = document["changed_at"].as_str().map(str::to_owned);
            document["cursor"] = known.unwrap_or_else(|| SystemClock.now().to_string()).into();
        }
        documents.insert(name, document);
    }
    Ok(documents)
}

/// Adds the documents that are not there yet, and returns how many those were. A call that the store has done already does not
/// wait again.
///
/// # Errors
/// They cannot be written; then none of them is.
pub async fn add_documents(store: &dyn MemoryStore, documents: Map<String, Value>) -> Result<usize, Error> {
    let mut missing = Vec::new();
    for (name, document) in documents {
        let call = name.strip_prefix(WAITING).map(|id| format!("{EVENTS}{id}"));
        let is_known = store.document(name.clone()).await?.is_some()
            || match call {
                Some(event) => store.document(event).await?.is_some(),
                None => false,
            };
        if !is_known {
            missing.push((name, Some(document)));
        }
    }
    let added = missing.len();
    if added > 0 {
        store.put_documents(missing).await?;
    }
    Ok(added)
}
