//! What did memories say that were found lately? Agents ask about the same things again and again, and a text and its vectors
//! never change under their names, so they are read once.

use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;

use super::error::Error;
use openmemory_domain::{ContentHash, Embedding};
use openmemory_storage::{Number, Records, Store};

/// Bytes that are kept.
const MOST: usize = 1024 * 1024;
/// Bytes of one that are worth driving out others for.
const MOST_OF_ONE: usize = MOST / 16;

/// A text and its vectors.
pub(super) struct Said {
    pub(super) content: String,
    pub(super) embedding: Embedding,
}

impl Said {
    fn bytes(&self) -> usize {
        self.content.len() + self.embedding.bytes()
    }
}

/// The last that were found, up to so many bytes.
pub(super) struct SaidLately(Mutex<Kept>);

struct Kept {
    said: LruCache<(Number, ContentHash), Arc<Said>>,
    bytes: usize,
}

impl Default for SaidLately {
    fn default() -> Self {
        Self(Mutex::new(Kept { said: LruCache::unbounded(), bytes: 0 }))
    }
}

impl SaidLately {
    /// None where the store has it no more: the memory was deleted, or has another text.
    pub(super) fn read(&self, store: &Store, number: Number, hash: ContentHash) -> Result<Option<Arc<Said>>, Error> {
        if let Some(said) = self.0.lock().said.get(&(number, hash)) {
            return Ok(Some(Arc::clone(said)));
        }
        let (Some(content), Some(embedding)) = (store.content(number, hash)?, store.embedding(number, hash)?) else {
            return Ok(None);
        };
        let said = Arc::new(Said { content, embedding });
        self.0.lock().keep((number, hash), &said);
        Ok(Some(said))
    }
}

impl Kept {
    fn keep(&mut self, name: (Number, ContentHash), said: &Arc<Said>) {
        if said.bytes() > MOST_OF_ONE {
            return;
        }
        self.bytes += said.bytes();
        if let Some(before) = self.said.put(name, Arc::clone(said)) {
            self.bytes -= before.bytes();
        }
        while self.bytes > MOST
            && let Some((_, oldest)) = self.said.pop_lru()
        {
            self.bytes -= oldest.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openmemory_domain::{ModelIdentity, Sector};

    fn said(bytes: usize) -> Arc<Said> {
        let model = ModelIdentity { id: "m".into(), dimensions: 1 }.tag();
        let embedding = Embedding::new(model, vec![1.0], vec![vec![1.0]], vec![(Sector::Semantic, vec![1.0])]);
        let content = "x".repeat(bytes - embedding.bytes());
        Arc::new(Said { content, embedding })
    }

    fn name(number: u64) -> (Number, ContentHash) {
        (Number(number), ContentHash::of("text"))
    }

    #[test]
    fn those_found_last_are_kept_within_the_bytes() {
        let mut kept = Kept { said: LruCache::unbounded(), bytes: 0 };
        for number in 0..40 {
            kept.keep(name(number), &said(MOST / 20));
            kept.said.get(&name(0));
        }
        assert!(kept.said.contains(&name(0)), "found again and again");
        assert!(kept.said.contains(&name(39)) && !kept.said.contains(&name(1)));
        assert_eq!((kept.said.len(), kept.bytes), (20, 20 * (MOST / 20)));
    }

    #[test]
    fn one_that_is_read_twice_at_once_counts_once() {
        let mut kept = Kept { said: LruCache::unbounded(), bytes: 0 };
        (0..3).for_each(|_| kept.keep(name(0), &said(1000)));
        assert_eq!(kept.bytes, 1000);
    }

    #[test]
    fn a_very_long_text_does_not_drive_out_all_others() {
        let mut kept = Kept { said: LruCache::unbounded(), bytes: 0 };
        kept.keep(name(0), &said(1000));
        kept.keep(name(1), &said(MOST / 2));
        assert_eq!((kept.said.len(), kept.bytes), (1, 1000));
    }
}
