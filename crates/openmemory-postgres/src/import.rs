//! How is each group of lines of an export embedded and committed?

use std::sync::Arc;

use openmemory_calls::index_text::indexed_text;
use openmemory_domain::export::{ExportedMemory, ExportedTombstone, Line};
use openmemory_domain::request::OnConflict;
use openmemory_domain::{Content, Scope};
use openmemory_rules::contract::{Control, Imported};
use openmemory_rules::write::add;
use openmemory_rules::write::import::{self, Applied, Standing};
use openmemory_rules::{Changes, Error, ImportFile, IndexedText, Numbered};

use crate::job::{Hints, ScopeRow};
use crate::store::Tenant;

/// A memory that is embedded and can be committed.
#[derive(Clone)]
struct Ready {
    line: u64,
    memory: Arc<ExportedMemory>,
    text: IndexedText,
}

impl Tenant {
    pub(crate) async fn import(
        self: &Arc<Self>,
        mut file: ImportFile,
        on_conflict: OnConflict,
        control: &Control,
    ) -> Result<Imported, Error> {
        self.fitting_model().await?;
        let model = self.model.identity().await?.clone();
        if file.model.as_ref() == Some(&model) {
            let named = model.clone();
            let work = move |rows: &mut crate::workspace::Workspace<'_>| add::settle_model(rows, &named);
            self.commit(Vec::new(), Hints { model: true, ..Hints::default() }, work).await?;
        }
        let (mut done, total) = (0, file.memories + file.tombstones);
        let mut imported = Imported::default();
        control.report(0, total);
        loop {
            if control.is_cancelled() {
                return Err(Error::Interrupted { done, total });
            }
            let group = file.group()?;
            if group.is_empty() {
                return Ok(imported);
            }
            let lines = group.len();
            match self.import_group(group, on_conflict, &mut imported, control).await {
                Err(Error::Aborted) => return Err(Error::Interrupted { done, total }),
                result => result?,
            }
            done += lines;
            control.report(done, total);
        }
    }

    async fn import_group(
        self: &Arc<Self>,
        group: Vec<Numbered>,
        on_conflict: OnConflict,
        imported: &mut Imported,
        control: &Control,
    ) -> Result<(), Error> {
        let (mut new, mut tombstones, mut learnt) = (Vec::new(), Vec::new(), Vec::new());
        for Numbered { number, line } in group {
            match line {
                Line::Memory(memory) => {
                    let memory: Arc<ExportedMemory> = Arc::from(memory);
                    let compared = Arc::clone(&memory);
                    let standing = self.read(Vec::new(), move |rows| import::standing(rows, &compared)).await?;
                    match (standing, on_conflict) {
                        (Standing::Same, _) | (Standing::Different { .. }, OnConflict::Skip) => imported.skipped += 1,
                        (Standing::Different { current }, OnConflict::Report) => {
                            imported.refuse(number, &memory.id, Error::Differs { id: memory.id.clone(), current });
                        }
                        (Standing::Absent, _) | (Standing::Different { .. }, OnConflict::Replace) => {
                            new.push((number, memory));
                        }
                    }
                }
                Line::Tombstone(tombstone) => tombstones.push(tombstone),
                Line::Message(_) | Line::Learning(_) | Line::Source(_) => learnt.push(line),
                Line::End(_) => {}
            }
        }
        let ready = self.embed_new(new, imported, control).await?;
        self.commit_group(ready, (tombstones, learnt), on_conflict, imported).await
    }

    async fn embed_new(
        self: &Arc<Self>,
        new: Vec<(u64, Arc<ExportedMemory>)>,
        imported: &mut Imported,
        control: &Control,
    ) -> Result<Vec<Ready>, Error> {
        let contents: Vec<&Content> = new.iter().filter_map(|(_, memory)| memory.content()).collect();
        let embedded = self.model.embed_all(&contents, control, |_, _| {}).await?;
        // If no text of a group can be embedded, the model has failed. A repeated call continues from here.
        if let Some(Err(error)) = embedded.values().next()
            && embedded.values().all(Result::is_err)
        {
            return Err(error.clone());
        }
        let mut ready = Vec::with_capacity(new.len());
        for (line, memory) in new {
            let Some(content) = memory.content() else { continue };
            let embedding = embedded.get(&content.hash());
            match embedding.cloned().unwrap_or(Err(Error::Internal("a text was not embedded"))) {
                Ok(embedding) => {
                    let text = indexed_text(content, embedding);
                    ready.push(Ready { line, memory, text });
                }
                Err(error) => imported.refuse(line, &memory.id, error),
            }
        }
        Ok(ready)
    }

    async fn commit_group(
        self: &Arc<Self>,
        ready: Vec<Ready>,
        (tombstones, learnt): (Vec<ExportedTombstone>, Vec<Line>),
        on_conflict: OnConflict,
        imported: &mut Imported,
    ) -> Result<(), Error> {
        if ready.is_empty() && tombstones.is_empty() && learnt.is_empty() {
            return Ok(());
        }
        let model = self.model.identity().await?.clone();
        let mut scopes: Vec<ScopeRow> =
            ready.iter().filter_map(|ready| ready.scope()).map(|scope| self.scope_of(&scope)).collect();
        let mut sources = Vec::new();
        for line in &learnt {
            match line {
                Line::Message(kept) => scopes.push(self.scope_of(&kept.scope)),
                Line::Learning(kept) => scopes.push(self.scope_of(&kept.learning.scope)),
                Line::Source(source) => sources.push(source.memory.clone()),
                Line::Memory(_) | Line::Tombstone(_) | Line::End(_) => {}
            }
        }
        let (of_sources, hints) = self.places(sources.iter()).await?;
        scopes.extend(of_sources);
        scopes.sort_by_key(|scope| (scope.key, scope.user.is_none()));
        scopes.dedup_by_key(|scope| scope.key);
        let ids =
            ready.iter().map(|ready| ready.memory.id.clone()).chain(tombstones.iter().map(|dead| dead.id.clone()));
        let hints = Hints {
            ids: ids.chain(hints.ids).collect(),
            numbers: hints.numbers,
            new: ready.len(),
            model: true,
            sources: !sources.is_empty(),
            texts: Vec::new(),
        };
        let lines: Vec<(u64, Arc<ExportedMemory>)> =
            ready.iter().map(|ready| (ready.line, Arc::clone(&ready.memory))).collect();
        let work = move |rows: &mut crate::workspace::Workspace<'_>| {
            if !ready.is_empty() {
                add::settle_model(rows, &model)?;
            }
            let now = rows.now();
            let mut results = Vec::with_capacity(ready.len());
            for Ready { memory, text, .. } in &ready {
                results.push(rows.attempt(|rows| import::import(rows, memory, text, on_conflict, now)));
            }
            let mut added = 0;
            for tombstone in &tombstones {
                added += u64::from(import::insert_tombstone(rows, tombstone)?);
            }
            for line in &learnt {
                import::insert_learnt(rows, line)?;
            }
            Ok((results, added))
        };
        let (results, added) = self.commit(scopes, hints, work).await?;
        imported.tombstones += added;
        for ((line, memory), result) in lines.into_iter().zip(results) {
            match result {
                Ok(Applied::Imported(_)) => imported.imported += 1,
                Ok(Applied::Replaced { .. }) => {
                    self.forget(&memory.id);
                    imported.replaced += 1;
                }
                Ok(Applied::Skipped) => imported.skipped += 1,
                Err(error) => imported.refuse(line, &memory.id, error),
            }
        }
        Ok(())
    }
}

impl Ready {
    fn scope(&self) -> Option<Scope> {
        let classified = self.text.embedding.classified()?;
        let newest = self.memory.versions.first()?;
        self.memory.version(newest, &classified).ok().map(|version| version.scope)
    }
}
