//! What did memories say that were found lately? Agents ask about the same things again and again, and a text and its vectors
//! never change under their names, so they are read once.

use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;

use openmemory_domain::{ContentHash, Embedding};
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage::Store;

/// Bytes that are kept.
const MAX_BYTES: usize = 1024 * 1024;
/// Bytes of one that are worth driving out others for.
const MAX_BYTES_OF_ONE: usize = MAX_BYTES / 16;

/// A text and its vectors.
pub(super) struct CachedHit {
    pub(super) content: String,
    pub(super) embedding: Embedding,
}

impl CachedHit {
    fn bytes(&self) -> usize {
        self.content.len() + self.embedding.bytes()
    }
}

/// The last that were found, up to so many bytes.
pub(super) struct HitCache(Mutex<Cache>);

struct Cache {
    hits: LruCache<(Number, ContentHash), Arc<CachedHit>>,
    bytes: usize,
}

impl Default for HitCache {
    fn default() -> Self {
        Self(Mutex::new(Cache { hits: LruCache::unbounded(), bytes: 0 }))
    }
}

impl HitCache {
    /// None where the store has it no more: the memory was deleted, or has another text.
    pub(super) fn read(
        &self,
        store: &Store,
        number: Number,
        hash: ContentHash,
    ) -> Result<Option<Arc<CachedHit>>, Error> {
        if let Some(hit) = self.0.lock().hits.get(&(number, hash)) {
            return Ok(Some(Arc::clone(hit)));
        }
        let (Some(content), Some(embedding)) = (store.content(number, hash)?, store.embedding(number, hash)?) else {
            return Ok(None);
        };
        let hit = Arc::new(CachedHit { content, embedding });
        self.0.lock().keep((number, hash), &hit);
        Ok(Some(hit))
    }
}

impl Cache {
    fn keep(&mut self, name: (Number, ContentHash), hit: &Arc<CachedHit>) {
        if hit.bytes() > MAX_BYTES_OF_ONE {
            return;
        }
        self.bytes += hit.bytes();
        if let Some(before) = self.hits.put(name, Arc::clone(hit)) {
            self.bytes -= before.bytes();
        }
        while self.bytes > MAX_BYTES
            && let Some((_, oldest)) = self.hits.pop_lru()
        {
            self.bytes -= oldest.bytes();
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
        Arc::new(CachedHit { content, embedding })
    }

    fn name(number: u64) -> (Number, ContentHash) {
        (Number(number), ContentHash::of("text"))
    }

    #[test]
    fn those_found_last_are_kept_within_the_bytes() {
        let mut cache = Cache { hits: LruCache::unbounded(), bytes: 0 };
        for number in 0..40 {
            cache.keep(name(number), &hit(MAX_BYTES / 20));
            cache.hits.get(&name(0));
        }
        assert!(cache.hits.contains(&name(0)), "found again and again");
        assert!(cache.hits.contains(&name(39)) && !cache.hits.contains(&name(1)));
        assert_eq!((cache.hits.len(), cache.bytes), (20, 20 * (MAX_BYTES / 20)));
    }

    #[test]
    fn one_that_is_read_twice_at_once_counts_once() {
        let mut cache = Cache { hits: LruCache::unbounded(), bytes: 0 };
        (0..3).for_each(|_| cache.keep(name(0), &hit(1000)));
        assert_eq!(cache.bytes, 1000);
    }

    #[test]
    fn a_very_long_text_does_not_drive_out_all_others() {
        let mut cache = Cache { hits: LruCache::unbounded(), bytes: 0 };
        cache.keep(name(0), &hit(1000));
        cache.keep(name(1), &hit(MAX_BYTES / 2));
        assert_eq!((cache.hits.len(), cache.bytes), (1, 1000));
    }
}
