//! What does a change need before its commit? Its vectors, and the memories that it may be linked to; nothing is locked.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_calls::embed::Embedded;
use openmemory_calls::index_text::words;
use openmemory_domain::request::{IfExists, NewMemory, OnConflict, Restore, Update};
use openmemory_domain::{Content, ContentHash, Embedding, Memory, MemoryId, ModelTag};
use openmemory_rules::write::add::{Prepared, find};
use openmemory_rules::write::current::{check_version, current, memory};
use openmemory_rules::write::links::{MAX_OWN_LINKS, MIN_SIMILARITY, Related};
use openmemory_rules::write::text::Text;
use openmemory_rules::{Error, Number, Rows};

use crate::current::Reach;
use crate::partitions::Hot;
use crate::prefetch::Wanted;
use crate::scope_key::{self, ScopeKey};
use crate::session::Session;
use crate::store::Tenant;
use crate::workspace::Workspace;

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
        let related = self.related(vec![(self.scope_of(&new.scope).key, Arc::clone(&embedding))]).await?;
        self.prepared(new, embedding, related.into_iter().next().unwrap_or_default())
    }

    pub(crate) fn prepared(
        &self,
        new: NewMemory,
        embedding: Arc<Embedding>,
        related: Vec<Related>,
    ) -> Result<Prepared, Error> {
        let words = words(new.content.as_str());
        Prepared::new(new, embedding, words, related, self.now())
    }

    /// The most similar memories of a scope, for each scope and vector.
    pub(crate) async fn related(
        self: &Arc<Self>,
        wanted: Vec<(ScopeKey, Arc<Embedding>)>,
    ) -> Result<Vec<Vec<Related>>, Error> {
        if wanted.is_empty() || !self.has_model().await? {
            return Ok(vec![Vec::new(); wanted.len()]);
        }
        let identity = self.model.identity().await?.clone();
        let tenant = Arc::clone(self);
        let read = move |session: &Session| {
            let mut current: HashMap<ScopeKey, Vec<Arc<Hot>>> = HashMap::new();
            let mut found = Vec::with_capacity(wanted.len());
            for (scope, embedding) in &wanted {
                let vector = embedding.whole().to_numbers();
                let scopes = Some(&[*scope][..]);
                if !current.contains_key(scope) {
                    let clocks = match tenant.reach(session, scopes, None)? {
                        Reach::Scopes(clocks) => clocks,
                        Reach::Candidates(wide, within) => {
                            let hot = tenant.nearest_of(session, wide, within, &vector, &identity)?;
                            found.push(nearest(&hot, &vector)?);
                            continue;
                        }
                    };
                    current.insert(*scope, tenant.at(session, clocks, identity.dimensions, identity.tag())?);
                }
                found.push(nearest(&current[scope], &vector)?);
            }
            Ok(found)
        };
        self.database.read(read).await
    }

    /// What is known of memories that are to get texts, before anything is locked. An update that the commit would refuse is
    /// refused, so that no text is embedded in vain.
    pub(crate) async fn before(self: &Arc<Self>, changes: Vec<Change>) -> Result<Vec<Result<Before, Error>>, Error> {
        let wanted =
            |change: &Change| Wanted { id: change.id.clone(), place: self.known_place(&change.id), text: change.text };
        let wanted: Vec<Wanted> = changes.iter().map(wanted).collect();
        let read = self.read(Vec::new(), move |rows| {
            rows.prefetch(&wanted)?;
            let mut known = Vec::with_capacity(changes.len());
            for change in &changes {
                known.push(match before(rows, change) {
                    // The connection may be lost, and what follows would be, too.
                    Err(error) if rows.session().broken().is_some() => return Err(error),
                    known => known.map(|known| (change.id.clone(), known)),
                });
            }
            Ok(known)
        });
        let known = read.await?;
        let mut all = Vec::with_capacity(known.len());
        for known in known {
            all.push(match known {
                Ok((id, (place, known))) => {
                    if let Some(place) = place {
                        self.know_place(&id, place);
                    }
                    Ok(Before { vectors: self.usable(known.vectors).await?, ..known })
                }
                Err(error) => Err(error),
            });
        }
        Ok(all)
    }

    /// Vectors of a former model are as good as none.
    async fn usable(self: &Arc<Self>, vectors: Vectors) -> Result<Vectors, Error> {
        Ok(match vectors {
            Vectors::Earlier(model) if model != self.fitting_model().await? => Vectors::Unknown,
            vectors => vectors,
        })
    }

    /// A text for a memory, embedded unless the memory has its vectors.
    pub(crate) async fn text(self: &Arc<Self>, content: &Content, before: &Before) -> Result<Text, Error> {
        let embedding = if before.has_vectors() {
            None
        } else {
            self.fitting_model().await?;
            Some(self.model.embed(content).await?)
        };
        let related = self.more_related(vec![(before, embedding.clone())]).await?.pop();
        Ok(text_with(content, embedding, related.unwrap_or_default()))
    }

    /// Candidates for further links of memories with new texts; none for those that have enough links.
    pub(crate) async fn more_related(
        self: &Arc<Self>,
        changes: Vec<(&Before, Option<Arc<Embedding>>)>,
    ) -> Result<Vec<Vec<Related>>, Error> {
        let linked = |(before, embedding): &(&Before, Option<Arc<Embedding>>)| {
            let (scope, number) = before.wants_links?;
            Some((scope, number, embedding.clone()?))
        };
        let linked: Vec<Option<(ScopeKey, Number, Arc<Embedding>)>> = changes.iter().map(linked).collect();
        let wanted = linked.iter().flatten().map(|(scope, _, embedding)| (*scope, Arc::clone(embedding))).collect();
        let mut found = self.related(wanted).await?.into_iter();
        let related = |linked: Option<(ScopeKey, Number, Arc<Embedding>)>| {
            let Some((_, number, _)) = linked else { return Vec::new() };
            let mut related = found.next().unwrap_or_default();
            // The most similar text may be the memory's own current one.
            related.retain(|other| other.number != number);
            related
        };
        Ok(linked.into_iter().map(related).collect())
    }

    /// The text of an earlier version, embedded if its vectors are missing, or of a former model.
    pub(crate) async fn text_to_restore(self: &Arc<Self>, restore: &Restore) -> Result<Option<Text>, Error> {
        let (id, version) = (restore.id.clone(), restore.version);
        let content = self.read(Vec::new(), move |rows| {
            let Some(number) = rows.number(&id)? else { return Ok(None) };
            let Some(earlier) = rows.earlier(number, version)? else { return Ok(None) };
            rows.content(number, earlier.content)
        });
        let Some(content) = content.await? else { return Ok(None) };
        let content = Content::recorded("content", content)?;
        let before = self.before_one(&restore.id, &content).await?;
        Ok(Some(self.text(&content, &before).await?))
    }

    /// As [`Tenant::before`], for one memory that may be changed or not be there.
    pub(crate) async fn before_one(self: &Arc<Self>, id: &MemoryId, content: &Content) -> Result<Before, Error> {
        let change = Change { id: id.clone(), text: Some(content.hash()), check: None };
        self.before(vec![change]).await?.pop().unwrap_or(Ok(Before::NONE))
    }

    /// An update with the text that it sets, if its vectors are in `embedded`.
    pub(crate) async fn with_text(
        self: &Arc<Self>,
        update: Update,
        embedded: &Embedded,
    ) -> Result<(Update, Option<Text>), Error> {
        let Some(content) = update.patch.content.clone() else { return Ok((update, None)) };
        let embedding = embedded.get(&content.hash()).cloned().transpose()?;
        let before = self.before_one(&update.id, &content).await?;
        let related = self.more_related(vec![(&before, embedding.clone())]).await?.pop();
        Ok((update, Some(text_with(&content, embedding, related.unwrap_or_default()))))
    }
}

/// A change of a memory, before it is committed.
pub(crate) struct Change {
    pub id: MemoryId,
    /// The text that it sets.
    pub text: Option<ContentHash>,
    /// Whether it is an update that may be refused, and the version that it expects.
    pub check: Option<Option<u64>>,
}

/// What is known of a memory before a change.
pub(crate) struct Before {
    vectors: Vectors,
    /// Where it is, if it may get more links.
    wants_links: Option<(ScopeKey, Number)>,
}

/// Which vectors of its new text a memory has.
enum Vectors {
    /// Those of its text, which stays the same.
    Current,
    /// Those of an earlier text, by this model.
    Earlier(ModelTag),
    Unknown,
}

impl Before {
    /// Of a memory that is not there.
    const NONE: Self = Self { vectors: Vectors::Unknown, wants_links: None };

    /// Whether the new text need not be embedded.
    pub(crate) fn has_vectors(&self) -> bool {
        !matches!(self.vectors, Vectors::Unknown)
    }
}

type Place = (ScopeKey, u64);

/// What is known of a memory, and where it is.
fn before(rows: &Workspace<'_>, change: &Change) -> Result<(Option<Place>, Before), Error> {
    let id = &change.id;
    if let Some(if_version) = change.check {
        let (_, head) = current(rows, id)?;
        check_version(id, &head, if_version)?;
        if head.immutable {
            return Err(Error::Immutable { id: id.clone() });
        }
    }
    let Some(number) = rows.number(id)? else { return Ok((None, Before::NONE)) };
    let Some(head) = rows.head(number)? else { return Ok((None, Before::NONE)) };
    let scope = scope_key::of_scope(rows.tenant(), &head.scope);
    let place = Some((scope, number.0));
    let Some(hash) = change.text else { return Ok((place, Before::NONE)) };
    let vectors = if head.content == hash {
        Vectors::Current
    } else {
        rows.embedding(number, &head.scope, hash)?.map_or(Vectors::Unknown, |known| Vectors::Earlier(known.model))
    };
    let has_enough = rows.waypoints(number)?.len() >= MAX_OWN_LINKS;
    Ok((place, Before { vectors, wants_links: (!has_enough).then_some((scope, number)) }))
}

pub(crate) fn text_with(content: &Content, embedding: Option<Arc<Embedding>>, related: Vec<Related>) -> Text {
    let words = words(content.as_str());
    Text { content: content.clone(), hash: content.hash(), words, embedding, related }
}

fn nearest(current: &[Arc<Hot>], vector: &[f32]) -> Result<Vec<Related>, Error> {
    let mut related = Vec::new();
    for hot in current {
        let near = hot.with(|partition| partition.nearest(vector, MAX_OWN_LINKS, MIN_SIMILARITY));
        let near = near.transpose().map_err(|_| Error::Internal("a vector of another model's dimensions"))?;
        let link = |(number, cosine): (u64, f32)| Related { number: Number(number), weight: cosine.min(1.0) };
        related.extend(near.into_iter().flatten().map(link));
    }
    Ok(related)
}
