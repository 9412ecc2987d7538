//! Which texts and vectors of recent hits are cached? Agents repeat questions, and a version never changes.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use openmemory_domain::{Embedding, Version};
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage::Store;

/// The size of the cache.
const MAX_BYTES: usize = 1024 * 1024;
/// The expected number of entries.
const EXPECTED_ENTRIES: usize = MAX_BYTES / 4096;
/// Maximum size of one entry, so that a long text does not evict all others.
const MAX_ENTRY_BYTES: usize = MAX_BYTES / 16;

/// A text and its vectors.
pub(super) struct CachedHit {
    pub(super) content: String,
    pub(super) embedding: Arc<Embedding>,
}

impl CachedHit {
    fn bytes(&self) -> usize {
        self.content.len() + self.embedding.bytes()
    }
}

/// A version of a memory. Not its text: the same text may get another vector from its caller.
type Key = (Number, u64);

/// The most useful hits, up to [`MAX_BYTES`].
pub(super) struct HitCache(Cache<Key, Arc<CachedHit>, Bytes>);

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<CachedHit>> for Bytes {
    fn weight(&self, _: &Key, hit: &Arc<CachedHit>) -> u64 {
        hit.bytes() as u64
    }
}

impl Default for HitCache {
    fn default() -> Self {
        Self(Cache::with_weighter(EXPECTED_ENTRIES, MAX_BYTES as u64, Bytes))
    }
}

impl HitCache {
    /// None if the memory was deleted or its text has changed.
    pub(super) fn read(
        &self,
        store: &Store,
        number: Number,
        version: &Version,
    ) -> Result<Option<Arc<CachedHit>>, Error> {
        let (key, hash) = ((number, version.number), version.content);
        if let Some(hit) = self.0.get(&key) {
            return Ok(Some(hit));
        }
        let Some(content) = store.content(number, hash)? else { return Ok(None) };
        let Some(embedding) = store.embedding(number, &version.scope, hash)? else { return Ok(None) };
        let hit = Arc::new(CachedHit { content, embedding });
        self.keep(key, &hit);
        Ok(Some(hit))
    }

    fn keep(&self, key: Key, hit: &Arc<CachedHit>) {
        if hit.bytes() <= MAX_ENTRY_BYTES {
            self.0.insert(key, Arc::clone(hit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openmemory_domain::{ModelIdentity, Sector};

    fn hit(bytes: usize) -> Arc<CachedHit> {
        let model = ModelIdentity { id: "m".into(), dimensions: 1 }.tag();
        let embedding = Embedding::new(model, vec![1.0], vec![vec![1.0]], vec![(Sector::Semantic, vec![1.0])]);
        let content = "x".repeat(bytes - embedding.bytes());
        Arc::new(CachedHit { content, embedding: Arc::new(embedding) })
    }

    fn name(number: u64) -> Key {
        (Number(number), 1)
    }

    #[test]
    fn what_is_found_again_and_again_is_kept_within_the_bytes() {
        let cache = HitCache::default();
        for number in 0..4000 {
            cache.keep(name(number), &hit(2000));
            assert!(cache.0.get(&name(0)).is_some(), "after {number}");
        }
        assert!((MAX_BYTES / 2..=MAX_BYTES).contains(&(cache.0.weight() as usize)), "{}", cache.0.weight());
    }

    #[test]
    fn one_that_is_read_twice_at_once_counts_once() {
        let cache = HitCache::default();
        (0..3).for_each(|_| cache.keep(name(0), &hit(1000)));
        assert_eq!(cache.0.weight(), 1000);
    }

    #[test]
    fn a_very_long_text_does_not_drive_out_all_others() {
        let cache = HitCache::default();
        cache.keep(name(0), &hit(1000));
        cache.keep(name(1), &hit(MAX_BYTES / 2));
        assert_eq!((cache.0.len(), cache.0.weight()), (1, 1000));
    }
}
