//! Which passages of long texts were embedded lately? An edited text keeps most of its passages, and they need not be
//! embedded again.

use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::{EmbeddingError, Passage};

/// The size of the cache: about 60,000 tokens with vectors of 384 numbers.
const MAX_BYTES: usize = 4 * 1024 * 1024;
const EXPECTED_ENTRIES: usize = MAX_BYTES / 16_384;
/// What is left to passages that were needed again: a text is mostly edited soon after it was written, so the latest count.
const NEEDED_AGAIN: f64 = 0.1;

/// The BLAKE3 hash of a passage's text.
type Key = [u8; 32];

/// The passages of one model that were used last, up to [`MAX_BYTES`].
pub(super) struct KnownPassages(Cache<Key, Arc<Passage>, Bytes>);

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<Passage>> for Bytes {
    fn weight(&self, _: &Key, passage: &Arc<Passage>) -> u64 {
        let numbers = passage.vector.len() + passage.sentences.iter().map(|one| one.vector.len()).sum::<usize>();
        (size_of_val(&**passage) + size_of_val(&passage.sentences[..]) + 4 * numbers) as u64
    }
}

impl Default for KnownPassages {
    fn default() -> Self {
        let mut options = OptionsBuilder::new();
        // In one part, so that the latest of all go last: waiting for its lock is nothing beside embedding.
        options.estimated_items_capacity(EXPECTED_ENTRIES).weight_capacity(MAX_BYTES as u64).shards(1);
        #[expect(clippy::expect_used, reason = "both capacities are set")]
        let options = options.hot_allocation(NEEDED_AGAIN).build().expect("both capacities are set");
        Self(Cache::with_options(options, Bytes, DefaultHashBuilder::default(), DefaultLifecycle::default()))
    }
}

impl KnownPassages {
    /// The passage of this text, which `embed` makes if it is not known.
    pub(super) fn get_or_embed(
        &self,
        text: &str,
        embed: impl FnOnce() -> Result<Passage, EmbeddingError>,
    ) -> Result<Passage, EmbeddingError> {
        if let Some(known) = self.get(text) {
            return Ok(known);
        }
        let passage = embed()?;
        self.insert(text, &passage);
        Ok(passage)
    }

    pub(super) fn get(&self, text: &str) -> Option<Passage> {
        self.0.get(&key(text)).map(|known| Passage::clone(&known))
    }

    pub(super) fn insert(&self, text: &str, passage: &Passage) {
        self.0.insert(key(text), Arc::new(passage.clone()));
    }
}

fn key(text: &str) -> Key {
    *blake3::hash(text.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_embedded_once_and_a_failure_is_tried_again() {
        let known = KnownPassages::default();
        let passage = |number: f32| Passage::of_whole("tea", vec![number]);
        assert!(known.get_or_embed("tea", || Err(EmbeddingError::failed("busy"))).is_err());
        assert_eq!(known.get_or_embed("tea", || Ok(passage(1.0))).unwrap(), passage(1.0));
        assert_eq!(known.get_or_embed("tea", || Ok(passage(2.0))).unwrap(), passage(1.0));
        assert_eq!(known.get_or_embed("teas", || Ok(passage(3.0))).unwrap(), passage(3.0));
    }

    #[test]
    fn the_latest_passages_are_known_whatever_was_needed_again_before() {
        let known = KnownPassages::default();
        let passage = Passage::of_whole("tea", vec![1.0; 4096]);
        for old in 0..300 {
            known.insert(&format!("old {old}"), &passage);
            (0..3).for_each(|_| drop(known.get(&format!("old {old}"))));
        }
        for new in 0..100 {
            known.insert(&format!("new {new}"), &passage);
        }
        let found = (0..100).filter(|new| known.get(&format!("new {new}")).is_some()).count();
        assert_eq!(found, 100);
    }

    #[test]
    fn the_passages_of_many_texts_stay_within_the_size() {
        let known = KnownPassages::default();
        for number in 0..2000 {
            let passage = || Ok(Passage::of_whole("tea", vec![1.0; 4096]));
            known.get_or_embed(&number.to_string(), passage).unwrap();
        }
        assert!(known.0.weight() <= MAX_BYTES as u64);
    }
}
