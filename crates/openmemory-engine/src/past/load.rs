//! Which texts did the memories of a user have before? Read from the rows of the history, whose vectors are kept, so that
//! nothing is embedded.

use std::collections::{BTreeSet, HashSet};

use openmemory_domain::{ContentHash, ModelIdentity, Version};
use openmemory_index::{Entry, Tags, Terms};
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage::Store;

use super::texts::PastTexts;
use openmemory_calls::index_entry::vectors;

/// The newest texts of a memory that are kept.
const MAX_TEXTS_OF_MEMORY: usize = 16;
/// A user whose memories are at least this share of a range of numbers is read in one pass over the range.
const MIN_SHARE_FOR_ONE_PASS: u64 = 4;

/// The replaced texts of these memories.
pub(super) fn load(store: &Store, model: &ModelIdentity, numbers: &BTreeSet<Number>) -> Result<PastTexts, Error> {
    let mut texts = PastTexts::new(model.dimensions);
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return Ok(texts) };
    if (last.0 - first.0) / MIN_SHARE_FOR_ONE_PASS >= numbers.len() as u64 {
        for number in numbers {
            put(store, model, &mut texts, *number)?;
        }
        return Ok(texts);
    }
    let mut versions: Vec<Version> = Vec::new();
    let mut of = *first;
    for replaced in store.histories(*first, *last) {
        let (number, version) = replaced?;
        if number != of {
            put_versions(store, model, &mut texts, of, &mut versions)?;
            of = number;
        }
        if numbers.contains(&number) {
            versions.push(version);
        }
    }
    put_versions(store, model, &mut texts, of, &mut versions)?;
    Ok(texts)
}

/// Reads the replaced texts of one memory again.
pub(super) fn put(store: &Store, model: &ModelIdentity, texts: &mut PastTexts, number: Number) -> Result<(), Error> {
    texts.remove(number);
    let mut versions = store.history(number, u64::MAX).collect::<Result<Vec<_>, _>>()?;
    versions.reverse();
    put_versions(store, model, texts, number, &mut versions)
}

/// Takes the replaced versions of a memory, oldest first.
fn put_versions(
    store: &Store,
    model: &ModelIdentity,
    texts: &mut PastTexts,
    number: Number,
    versions: &mut Vec<Version>,
) -> Result<(), Error> {
    let versions = std::mem::take(versions);
    if versions.is_empty() {
        return Ok(());
    }
    // The memory may have been deleted meanwhile.
    let Some(head) = store.head(number)? else { return Ok(()) };
    let Some(dynamics) = store.dynamics(number, &head.scope)? else { return Ok(()) };
    let mut seen: HashSet<ContentHash> = HashSet::from([head.content]);
    for version in versions.into_iter().rev() {
        if seen.len() > MAX_TEXTS_OF_MEMORY || !seen.insert(version.content) {
            continue;
        }
        let Some(content) = store.content(number, version.content)? else { continue };
        let embedding = store.replaced_embedding(number, version.content)?;
        let embedding = embedding.filter(|embedding| embedding.model == model.tag());
        // One that came with an import, or was embedded by a former model, is about the same as the newest text.
        let newest = match embedding {
            Some(_) => None,
            None => store.indexed_text(number, &head.scope)?.map(|text| text.embedding),
        };
        let newest = newest.filter(|embedding| embedding.model == model.tag());
        let Some(embedding) = embedding.as_ref().or(newest.as_deref()) else { continue };
        let entry = Entry {
            number: 0,
            run: None,
            content: version.content,
            terms: &Terms::of(&content),
            tags: Tags::of(version.tags.as_slice()),
            created_at: version.created_at,
            expires_at: None,
            validity: version.validity,
            dynamics: &dynamics,
            vectors: vectors(embedding, &version.sectors()),
        };
        texts.put(number, entry).map_err(|_| Error::Internal("a vector of another model's dimensions"))?;
    }
    Ok(())
}
