//! How are many memories added?

use std::sync::Arc;

use openmemory_calls::embed::Embedded;
use openmemory_calls::outcome::{HasId, aborted, read_items};
use openmemory_calls::unprepared::Unprepared;
use openmemory_domain::Embedding;
use openmemory_domain::request::{AddMany, NewMemory};
use openmemory_rules::Error;
use openmemory_rules::contract::{Added, Control, ItemError, ItemResult};
use openmemory_rules::write::add::{self, Prepared};

use crate::job::Hints;
use crate::store::Tenant;
use crate::workspace::Workspace;

/// New memories per commit. A memory can be linked only to memories of earlier commits.
const ADD_CHUNK: usize = 128;

impl Tenant {
    pub(crate) async fn add_many(
        self: &Arc<Self>,
        request: AddMany,
        control: &Control,
    ) -> Result<Vec<ItemResult<Added>>, Error> {
        self.fitting_model().await?;
        let items = read_items(request.items);
        if request.atomic && items.iter().any(Result::is_err) {
            return Ok(aborted(items));
        }
        let mut unprepared = Vec::with_capacity(items.len());
        for item in items {
            unprepared.push(match item {
                Ok(new) => match self.known_vectors_of(&new).await {
                    Ok(known) => Ok(Unprepared { new, known }),
                    Err(error) => Err(ItemError { id: HasId::id(&new), error }),
                },
                Err(failed) => Err(failed),
            });
        }
        if request.atomic && unprepared.iter().any(Result::is_err) {
            return Ok(aborted(unprepared));
        }
        let unknown = unprepared.iter().flatten().filter(|item| item.known.is_none()).map(|item| &item.new.content);
        let report = |done, total| control.report(done, total);
        let embedded = self.model.embed_all(&unknown.collect::<Vec<_>>(), control, report).await?;
        let chunk = if request.atomic { unprepared.len() } else { ADD_CHUNK };
        let mut results = Vec::with_capacity(unprepared.len());
        while !unprepared.is_empty() {
            let rest = unprepared.split_off(chunk.min(unprepared.len()));
            let scopes = unprepared.iter().flatten().map(|item| self.scope_of(&item.new.scope)).collect();
            let prepared = self.prepare_items(unprepared, &embedded).await?;
            let mut hints = Hints { model: true, ..Hints::default() };
            for prepared in prepared.iter().flatten() {
                let scope = self.scope_of(&prepared.version.scope);
                hints.numbers.extend(prepared.text.related.iter().map(|other| (scope.key, other.number.0)));
                hints.new += 1;
            }
            let model = self.model.identity().await?.clone();
            let insert = move |rows: &mut Workspace<'_>, prepared: Prepared| {
                let id = prepared.id().to_string();
                add::add(rows, prepared, &model, rows.now()).map_err(|error| ItemError { id: Some(id), error })
            };
            results.extend(self.commit_items(scopes, hints, prepared, request.atomic, insert).await?);
            unprepared = rest;
        }
        Ok(results)
    }

    async fn prepare_items(
        self: &Arc<Self>,
        items: Vec<ItemResult<Unprepared>>,
        embedded: &Embedded,
    ) -> Result<Vec<ItemResult<Prepared>>, Error> {
        let with_vectors = |item: ItemResult<Unprepared>| {
            let Unprepared { new, known } = item?;
            let id = HasId::id(&new);
            match (known, embedded.get(&new.content.hash())) {
                (Some(known), _) => Ok((new, known)),
                (None, Some(Ok(embedding))) => Ok((new, Arc::clone(embedding))),
                (None, Some(Err(error))) => Err(ItemError { id, error: error.clone() }),
                (None, None) => Err(ItemError { id, error: Error::Internal("a text was not embedded") }),
            }
        };
        let items: Vec<ItemResult<(NewMemory, Arc<Embedding>)>> = items.into_iter().map(with_vectors).collect();
        let wanted = items.iter().flatten();
        let wanted = wanted.map(|(new, embedding)| (self.scope_of(&new.scope).key, Arc::clone(embedding))).collect();
        let mut related = self.related(wanted).await?.into_iter();
        let prepare = |item: ItemResult<(NewMemory, Arc<Embedding>)>| {
            let (new, embedding) = item?;
            let id = HasId::id(&new);
            let related = related.next().unwrap_or_default();
            self.prepared(new, embedding, related).map_err(|error| ItemError { id, error })
        };
        Ok(items.into_iter().map(prepare).collect())
    }
}
