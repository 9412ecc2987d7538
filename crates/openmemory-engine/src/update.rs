//! How is a memory updated without losing concurrent changes? The text is embedded before anything is locked, and the
//! patch is applied to the current version inside the commit.

use super::engine::Engine;
use super::partitions::user_of;
use openmemory_calls::index_text::words;
use openmemory_domain::request::{Restore, Retire, Update};
use openmemory_domain::{Content, Memory, MemoryId};
use openmemory_rules::write::committed::Committed;
use openmemory_rules::write::text::Text;
use openmemory_rules::write::{current::check_version, restore, retire, update};
use openmemory_rules::{Error, Rows};
use openmemory_storage::Transaction;

impl Engine {
    pub async fn update(&self, update: Update) -> Result<Memory, Error> {
        let text = match &update.patch.content {
            Some(content) => {
                self.check_update(&update.id, update.if_version)?;
                Some(self.text(&update.id, content).await?)
            }
            None => None,
        };
        let now = self.now();
        let work = move |transaction: &mut Transaction<'_>| update::update(transaction, &update, text.as_ref(), now);
        Ok(self.commit(work).await?.memory)
    }

    /// Makes a copy of an earlier version the newest one.
    pub async fn restore(&self, restore: Restore) -> Result<Memory, Error> {
        let text = self.text_to_restore(&restore).await?;
        let now = self.now();
        let work = move |transaction: &mut Transaction<'_>| restore::restore(transaction, &restore, text.as_ref(), now);
        Ok(self.commit(work).await?.memory)
    }

    /// The text of an earlier version, embedded if its vectors are missing, or of a former model.
    pub(super) async fn text_to_restore(&self, restore: &Restore) -> Result<Option<Text>, Error> {
        let Some(number) = self.store.number(&restore.id)? else { return Ok(None) };
        let Some(earlier) = self.store.earlier(number, restore.version)? else { return Ok(None) };
        let Some(content) = self.store.content(number, earlier.content)? else { return Ok(None) };
        Ok(Some(self.text(&restore.id, &Content::recorded("content", content)?).await?))
    }

    /// Records that a memory has ended or was wrong.
    pub async fn retire(&self, request: Retire) -> Result<Memory, Error> {
        let now = self.now();
        let work = move |transaction: &mut Transaction<'_>| retire::retire(transaction, &request, now);
        Ok(self.commit(work).await?.memory)
    }

    /// Loads the partition in which similar memories are looked for.
    pub(super) async fn load_partition_of(&self, id: &MemoryId) -> Result<(), Error> {
        let Some(number) = self.store.number(id)? else { return Ok(()) };
        let Some(head) = self.store.head(number)? else { return Ok(()) };
        self.partitions.load(&self.store, [user_of(&head.scope)]).await
    }

    /// Commits a change of one memory and publishes it.
    async fn commit<W>(&self, work: W) -> Result<Committed, Error>
    where
        W: FnOnce(&mut Transaction<'_>) -> Result<Committed, Error> + Send + 'static,
    {
        let listeners = self.listeners();
        self.store.commit(work, move |committed| listeners.committed(committed)).await?
    }

    /// Rejects early what the commit would reject, so that no text is embedded in vain.
    pub(super) fn check_update(&self, id: &MemoryId, if_version: Option<u64>) -> Result<(), Error> {
        let number = self.store.number(id)?.ok_or_else(|| self.not_found(id))?;
        let head = self.store.head(number)?.ok_or_else(|| self.not_found(id))?;
        check_version(id, &head, if_version)?;
        if head.immutable { Err(Error::Immutable { id: id.clone() }) } else { Ok(()) }
    }

    /// A text for memory `id`, embedded unless the memory already has its vectors.
    async fn text(&self, id: &MemoryId, content: &Content) -> Result<Text, Error> {
        let hash = content.hash();
        let embedding = if self.knows(id, hash).await? {
            None
        } else {
            self.fitting_model().await?;
            let embedding = self.embed(content).await?;
            Some(embedding)
        };
        let words = words(content.as_str());
        let related = match &embedding {
            Some(embedding) => {
                self.load_partition_of(id).await?;
                self.more_related(id, embedding)?
            }
            None => Vec::new(),
        };
        Ok(Text { content: content.clone(), hash, words, embedding, related })
    }
}
