//! How does a store change its model? All current texts are embedded again; an interrupted run continues where it
//! stopped.

use std::collections::HashMap;
use std::sync::Arc;

use super::engine::Engine;
use openmemory_calls::index_text::indexed_text;
use openmemory_domain::{Content, ContentHash, ModelTag};
use openmemory_rules::contract::{Control, Reindexed};
use openmemory_rules::{Changes, Error, IndexedText, Number, Reindex, Rows};
use openmemory_storage::Transaction;

/// Memories per commit.
const CHUNK: usize = 16;

impl Engine {
    /// Makes the embedder's model the model of the store. Until it ends, search, add and updates of content fail with
    /// `MODEL_MISMATCH`; everything else works. Versions and times do not change.
    pub async fn reindex(&self, control: &Control) -> Result<Reindexed, Error> {
        let model = self.model.identity().await?.clone();
        if self.store.model()?.as_ref() != Some(&model) || self.store.reindex()?.is_some() {
            let target = Reindex { target: model.clone() };
            let begin = move |transaction: &mut Transaction<'_>| transaction.put_reindex(&target);
            self.store.commit(begin, |()| {}).await??;
        }
        let (total, stale) = self.stale(model.tag())?;
        let before = total - stale.len();
        let mut reindexed = 0;
        tracing::debug!(done = before, total, "reindex begins");
        control.report(before, total);
        for chunk in stale.chunks(CHUNK) {
            reindexed += match self.reindex_chunk(chunk, control).await {
                Err(Error::Aborted) => return Err(Error::Interrupted { done: before + reindexed, total }),
                result => result?,
            };
            control.report(before + reindexed, total);
        }
        let target = model.clone();
        let end = move |transaction: &mut Transaction<'_>| transaction.put_model(&target);
        let (partitions, past) = (Arc::clone(&self.partitions), Arc::clone(&self.past));
        let publish = move |_: &()| {
            partitions.clear();
            past.clear();
        };
        self.store.commit(end, publish).await??;
        tracing::debug!(reindexed, "reindex ended");
        Ok(Reindexed { reindexed, model })
    }

    /// The number of memories, and those that still need vectors of `model`.
    fn stale(&self, model: ModelTag) -> Result<(usize, Vec<(Number, ContentHash)>), Error> {
        let mut total = 0;
        let mut stale = Vec::new();
        for head in self.store.heads() {
            let (number, head) = head?;
            total += 1;
            let text = self.store.indexed_text(number, &head.scope)?;
            let fits = |text: &IndexedText| text.content == head.content && text.embedding.model == model;
            if !text.as_ref().is_some_and(fits) {
                stale.push((number, head.content));
            }
        }
        Ok((total, stale))
    }

    async fn reindex_chunk(&self, chunk: &[(Number, ContentHash)], control: &Control) -> Result<usize, Error> {
        let mut contents: HashMap<ContentHash, Content> = HashMap::new();
        for (number, hash) in chunk {
            if let Some(text) = self.store.content(*number, *hash)? {
                contents.insert(*hash, Content::recorded("content", text)?);
            }
        }
        let texts: Vec<&Content> = contents.values().collect();
        let embedded = self.embed_all(&texts, control, |_, _| {}).await?;
        let mut fresh = Vec::with_capacity(chunk.len());
        for (number, hash) in chunk {
            if let (Some(embedding), Some(content)) = (embedded.get(hash), contents.get(hash)) {
                fresh.push((*number, indexed_text(content, embedding.clone()?)));
            }
        }
        let put = move |transaction: &mut Transaction<'_>| -> Result<usize, Error> {
            let mut put = 0;
            for (number, text) in &fresh {
                // The memory may have been deleted or changed meanwhile.
                if let Some(head) = transaction.head(*number)?
                    && head.content == text.content
                {
                    transaction.put_indexed_text(*number, &head.scope, text)?;
                    put += 1;
                }
            }
            Ok(put)
        };
        self.store.commit(put, |_| {}).await?
    }
}
