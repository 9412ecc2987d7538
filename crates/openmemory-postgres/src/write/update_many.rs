//! How are many memories updated, or kept for longer?

use std::sync::Arc;

use openmemory_calls::embed::Embedded;
use openmemory_calls::outcome::{aborted, read_items};
use openmemory_domain::request::{Touch, Update, UpdateMany};
use openmemory_domain::{Content, Embedding, Memory, MemoryId};
use openmemory_rules::Error;
use openmemory_rules::contract::{Control, ItemError, ItemResult};
use openmemory_rules::write::text::Text;
use openmemory_rules::write::update;

use super::items::read_ids;
use crate::prepare::{Before, Change, text_with};
use crate::store::Tenant;
use crate::workspace::Workspace;

/// Updates per commit.
const UPDATE_CHUNK: usize = 512;

impl Tenant {
    pub(crate) async fn update_many(
        self: &Arc<Self>,
        request: UpdateMany,
        control: &Control,
    ) -> Result<Vec<ItemResult<Memory>>, Error> {
        // `if_version` is left to the commit, because an earlier item may create that version.
        let change = |update: &Update| Change {
            id: update.id.clone(),
            text: update.patch.content.as_ref().map(Content::hash),
            check: Some(None),
        };
        let read = read_items(request.items);
        let mut known = Vec::with_capacity(read.len());
        for some in read.chunks(UPDATE_CHUNK) {
            known.extend(self.before(some.iter().flatten().map(change).collect()).await?);
        }
        let mut known = known.into_iter();
        let with_known = |item: ItemResult<Update>| {
            let update = item?;
            match known.next() {
                Some(Ok(before)) => Ok((update, before)),
                Some(Err(error)) => Err(ItemError { id: Some(update.id.to_string()), error }),
                None => Err(ItemError { id: None, error: Error::Internal("nothing is known of a memory") }),
            }
        };
        let items: Vec<ItemResult<(Update, Before)>> = read.into_iter().map(with_known).collect();
        if request.atomic && items.iter().any(Result::is_err) {
            return Ok(aborted(items.into_iter().map(|item| item.map(|(update, _)| update)).collect()));
        }
        let unknown = items.iter().flatten().filter(|(_, before)| !before.has_vectors());
        let unknown: Vec<&Content> = unknown.filter_map(|(update, _)| update.patch.content.as_ref()).collect();
        if !unknown.is_empty() {
            self.fitting_model().await?;
        }
        let embedded = self.model.embed_all(&unknown, control, |done, total| control.report(done, total)).await?;
        let mut texts = self.with_texts(items, &embedded).await?;
        let chunk = if request.atomic { texts.len() } else { UPDATE_CHUNK };
        let mut results = Vec::with_capacity(texts.len());
        while !texts.is_empty() {
            let rest = texts.split_off(chunk.min(texts.len()));
            let (scopes, mut hints) = self.places(texts.iter().flatten().map(|(update, _)| &update.id)).await?;
            hints.model = texts.iter().flatten().any(|(_, text)| text.is_some());
            for (update, text) in texts.iter().flatten() {
                let place = self.known_place(&update.id);
                hints.texts.extend(text.as_ref().zip(place).map(|(text, (scope, number))| (scope, number, text.hash)));
            }
            let apply = move |rows: &mut Workspace<'_>, (update, text): (Update, Option<Text>)| {
                update::update(rows, &update, text.as_ref(), rows.now())
                    .map_err(|error| ItemError { id: Some(update.id.to_string()), error })
            };
            results.extend(self.commit_items(scopes, hints, texts, request.atomic, apply).await?);
            texts = rest;
        }
        Ok(results)
    }

    /// Updates with the texts that they set.
    async fn with_texts(
        self: &Arc<Self>,
        items: Vec<ItemResult<(Update, Before)>>,
        embedded: &Embedded,
    ) -> Result<Vec<ItemResult<(Update, Option<Text>)>>, Error> {
        let embedding = |(update, _): &(Update, Before)| {
            let known = update.patch.content.as_ref().and_then(|content| embedded.get(&content.hash()));
            known.cloned().transpose()
        };
        let embeddings: Vec<Result<Option<Arc<Embedding>>, Error>> = items.iter().flatten().map(embedding).collect();
        let linked = items.iter().flatten().zip(&embeddings);
        let linked = linked.map(|((_, before), embedding)| (before, embedding.clone().ok().flatten())).collect();
        let mut related = self.more_related(linked).await?.into_iter();
        let mut embeddings = embeddings.into_iter();
        let with_text = |item: ItemResult<(Update, Before)>| {
            let (update, _) = item?;
            let related = related.next().unwrap_or_default();
            let id = || Some(update.id.to_string());
            let embedding = embeddings.next().unwrap_or(Ok(None)).map_err(|error| ItemError { id: id(), error })?;
            let text = update.patch.content.as_ref().map(|content| text_with(content, embedding, related));
            Ok((update, text))
        };
        Ok(items.into_iter().map(with_text).collect())
    }

    pub(crate) async fn touch(self: &Arc<Self>, request: Touch) -> Result<Vec<ItemResult<Memory>>, Error> {
        let (items, expires_at) = (read_ids(request.ids), request.expires_at);
        let (scopes, hints) = self.places(items.iter().flatten()).await?;
        let apply = move |rows: &mut Workspace<'_>, id: MemoryId| {
            update::touch(rows, &id, expires_at, rows.now())
                .map_err(|error| ItemError { id: Some(id.to_string()), error })
        };
        self.commit_items(scopes, hints, items, false, apply).await
    }
}
