//! What does a change need before its commit? Its vectors, and the memories that it may be linked to; nothing is locked.

use std::sync::Arc;

use openmemory_calls::embed::Embedded;
use openmemory_calls::index_text::words;
use openmemory_domain::request::{IfExists, NewMemory, OnConflict, Restore, Update};
use openmemory_domain::{Content, ContentHash, Embedding, Memory, MemoryId};
use openmemory_rules::write::add::{Prepared, find};
use openmemory_rules::write::current::{check_version, current, memory};
use openmemory_rules::write::links::{MAX_OWN_LINKS, MIN_SIMILARITY, Related};
use openmemory_rules::write::text::Text;
use openmemory_rules::{Error, Number, Rows};

use crate::scope_key::{self, ScopeKey};
use crate::store::Tenant;

impl Tenant {
    /// The existing memory with the text of `new`, if such a memory is to be skipped.
    pub(crate) async fn existing_to_skip(self: &Arc<Self>, new: &NewMemory) -> Result<Option<Memory>, Error> {
        if new.duplicates.if_exists != IfExists::Skip || new.duplicates.on_conflict != OnConflict::Report {
            return Ok(None);
        }
        let key = self.scope_of(&new.scope).key;
        let (scope, text) = (new.scope.clone(), new.content.clone());
        self.read(vec![key], move |rows| match find(rows, &scope, text.as_str(), rows.now())? {
            Some((number, head)) => memory(rows, number, head, rows.now()).map(Some),
            None => Ok(None),
        })
        .await
    }

    /// Rejects a taken id before the text is embedded. The commit checks again.
    pub(crate) async fn check_free(self: &Arc<Self>, new: &NewMemory) -> Result<(), Error> {
        let is_refused = new.duplicates.if_exists == IfExists::Add && new.duplicates.on_conflict == OnConflict::Report;
        let Some(id) = new.id.clone().filter(|_| is_refused) else { return Ok(()) };
        self.read(Vec::new(), move |rows| {
            let Some(number) = rows.number(&id)? else { return Ok(()) };
            let current = rows.head(number)?.map_or(0, |head| head.number);
            Err(Error::Exists { id: id.clone(), current })
        })
        .await
    }

    /// The vectors of a new text that need not be made: those that the caller passes, none if the text is not to be
    /// embedded, or those that the memory with its id or with its text has.
    pub(crate) async fn known_vectors_of(self: &Arc<Self>, new: &NewMemory) -> Result<Option<Arc<Embedding>>, Error> {
        if let Some(vectors) = &new.vectors {
            return self.model.own_embedding(&new.content, vectors).await.map(Some);
        }
        if !new.embed {
            return self.model.no_embedding().await.map(Some);
        }
        let replaces = new.id.is_some() && new.duplicates.on_conflict == OnConflict::Replace;
        if !replaces && new.duplicates.if_exists == IfExists::Add {
            return Ok(None);
        }
        let model = self.fitting_model().await?;
        let key = self.scope_of(&new.scope).key;
        let new = new.clone();
        let known = self.read(vec![key], move |rows| {
            let hash = new.content.hash();
            let by_id = new.id.as_ref().filter(|_| replaces);
            let mut found = None;
            if let Some(id) = by_id
                && let Some(number) = rows.number(id)?
            {
                found = rows.head(number)?.map(|head| (number, head));
            }
            if found.is_none() && new.duplicates.if_exists != IfExists::Add {
                found =
                    find(rows, &new.scope, new.content.as_str(), rows.now())?.filter(|(_, head)| head.content == hash);
            }
            match found {
                Some((number, head)) => rows.embedding(number, &head.scope, hash),
                None => Ok(None),
            }
        });
        Ok(known.await?.filter(|known| known.model == model))
    }

    /// A new memory with its words, and the memories that it is linked to.
    pub(crate) async fn prepare(
        self: &Arc<Self>,
        new: NewMemory,
        embedding: Arc<Embedding>,
    ) -> Result<Prepared, Error> {
        let related = self.related(self.scope_of(&new.scope).key, &embedding).await?;
        let words = words(new.content.as_str());
        Prepared::new(new, embedding, words, related, self.now())
    }

    /// The most similar memories of a scope.
    pub(crate) async fn related(
        self: &Arc<Self>,
        scope: ScopeKey,
        embedding: &Embedding,
    ) -> Result<Vec<Related>, Error> {
        if !self.has_model().await? {
            return Ok(Vec::new());
        }
        let identity = self.model.identity().await?.clone();
        let (tenant, vector) = (Arc::clone(self), embedding.whole().to_numbers());
        self.database
            .read(move |session| {
                let hot = tenant.current(session, Some(&[scope]), identity.dimensions, identity.tag())?;
                let mut related = Vec::new();
                for hot in hot {
                    let near = hot.with(|partition| partition.nearest(&vector, MAX_OWN_LINKS, MIN_SIMILARITY));
                    let near =
                        near.transpose().map_err(|_| Error::Internal("a vector of another model's dimensions"))?;
                    let link =
                        |(number, cosine): (u64, f32)| Related { number: Number(number), weight: cosine.min(1.0) };
                    related.extend(near.into_iter().flatten().map(link));
                }
                Ok(related)
            })
            .await
    }

    /// Rejects early what the commit would reject, so that no text is embedded in vain.
    pub(crate) async fn check_update(self: &Arc<Self>, id: &MemoryId, if_version: Option<u64>) -> Result<(), Error> {
        let id = id.clone();
        self.read(Vec::new(), move |rows| {
            let (_, head) = current(rows, &id)?;
            check_version(&id, &head, if_version)?;
            if head.immutable { Err(Error::Immutable { id: id.clone() }) } else { Ok(()) }
        })
        .await
    }

    /// Whether the memory has usable vectors of this text, as its content or in its history.
    pub(crate) async fn knows(self: &Arc<Self>, id: &MemoryId, hash: ContentHash) -> Result<bool, Error> {
        let id = id.clone();
        let known = self.read(Vec::new(), move |rows| {
            let Some(number) = rows.number(&id)? else { return Ok(None) };
            let Some(head) = rows.head(number)? else { return Ok(None) };
            if head.content == hash {
                return Ok(Some(None));
            }
            Ok(rows.embedding(number, &head.scope, hash)?.map(|known| Some(known.model)))
        });
        match known.await? {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(model)) => Ok(model == self.fitting_model().await?),
        }
    }

    /// A text for a memory, embedded unless the memory has its vectors.
    pub(crate) async fn text(self: &Arc<Self>, id: &MemoryId, content: &Content) -> Result<Text, Error> {
        let embedding = if self.knows(id, content.hash()).await? {
            None
        } else {
            self.fitting_model().await?;
            Some(self.model.embed(content).await?)
        };
        self.text_with(id, content, embedding).await
    }

    async fn text_with(
        self: &Arc<Self>,
        id: &MemoryId,
        content: &Content,
        embedding: Option<Arc<Embedding>>,
    ) -> Result<Text, Error> {
        let related = match &embedding {
            Some(embedding) => self.more_related(id, embedding).await?,
            None => Vec::new(),
        };
        let words = words(content.as_str());
        Ok(Text { content: content.clone(), hash: content.hash(), words, embedding, related })
    }

    /// Candidates for further links of a memory with a new text; none if it has enough links.
    async fn more_related(self: &Arc<Self>, id: &MemoryId, embedding: &Embedding) -> Result<Vec<Related>, Error> {
        let wanted = id.clone();
        let name = self.name.clone();
        let place = self.read(Vec::new(), move |rows| {
            let Some(number) = rows.number(&wanted)? else { return Ok(None) };
            let Some(head) = rows.head(number)? else { return Ok(None) };
            let has_enough = rows.waypoints(number)?.len() >= MAX_OWN_LINKS;
            Ok((!has_enough).then(|| (number, scope_key::of_scope(&name, &head.scope))))
        });
        let Some((number, scope)) = place.await? else { return Ok(Vec::new()) };
        let mut related = self.related(scope, embedding).await?;
        // The most similar text may be the memory's own current one.
        related.retain(|other| other.number != number);
        Ok(related)
    }

    /// The text of an earlier version, embedded if its vectors are missing, or of a former model.
    pub(crate) async fn text_to_restore(self: &Arc<Self>, restore: &Restore) -> Result<Option<Text>, Error> {
        let (id, version) = (restore.id.clone(), restore.version);
        let content = self.read(Vec::new(), move |rows| {
            let Some(number) = rows.number(&id)? else { return Ok(None) };
            let Some(earlier) = rows.earlier(number, version)? else { return Ok(None) };
            rows.content(number, earlier.content)
        });
        match content.await? {
            Some(content) => Ok(Some(self.text(&restore.id, &Content::recorded("content", content)?).await?)),
            None => Ok(None),
        }
    }

    /// An update with the text that it sets, if its vectors are in `embedded`.
    pub(crate) async fn with_text(
        self: &Arc<Self>,
        update: Update,
        embedded: &Embedded,
    ) -> Result<(Update, Option<Text>), Error> {
        let Some(content) = update.patch.content.clone() else { return Ok((update, None)) };
        let embedding = embedded.get(&content.hash()).cloned().transpose()?;
        let text = self.text_with(&update.id, &content, embedding).await?;
        Ok((update, Some(text)))
    }
}
