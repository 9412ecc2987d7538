//! Which texts did the memories of a user have before? Read from the rows of the history, whose vectors are kept, so that
//! nothing is embedded.

use std::collections::BTreeSet;

use openmemory_calls::past_texts::PastTexts;
use openmemory_domain::{ModelIdentity, Version};
use openmemory_rules::{Error, Number};
use openmemory_storage::Store;

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
            texts.put_versions(store, model.tag(), of, versions.drain(..).rev())?;
            of = number;
        }
        if numbers.contains(&number) {
            versions.push(version);
        }
    }
    texts.put_versions(store, model.tag(), of, versions.drain(..).rev())?;
    Ok(texts)
}

/// Reads the replaced texts of one memory again.
pub(super) fn put(store: &Store, model: &ModelIdentity, texts: &mut PastTexts, number: Number) -> Result<(), Error> {
    texts.remove(number);
    let versions = store.history(number, u64::MAX).collect::<Result<Vec<_>, _>>()?;
    texts.put_versions(store, model.tag(), number, versions)
}
