//! How is each group of lines embedded and committed?

use crate::engine::Engine;
use openmemory_calls::index_text::indexed_text;
use openmemory_domain::Content;
use openmemory_domain::export::{ExportedMemory, ExportedTombstone, Line};
use openmemory_domain::request::OnConflict;
use openmemory_rules::contract::{Control, Imported};
use openmemory_rules::write::add;
use openmemory_rules::{Changes, Error, ImportFile, IndexedText, Numbered};
use openmemory_storage::Transaction;

use openmemory_rules::write::import::{self, Applied, Standing};

/// A memory that is embedded and can be committed.
struct Ready {
    line: u64,
    memory: Box<ExportedMemory>,
    text: IndexedText,
}

/// The result of each memory of a group.
type Results = Vec<(u64, Box<ExportedMemory>, Result<Applied, Error>)>;

impl Engine {
    /// Imports a file that [`ImportFile::check`] has validated. `on_conflict` decides about memories that differ from
    /// those in the store.
    pub async fn import_from(
        &self,
        mut file: ImportFile,
        on_conflict: OnConflict,
        control: &Control,
    ) -> Result<Imported, Error> {
        self.fitting_model().await?;
        self.name_model(&file).await?;
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

    /// Records the embedder's model in a store without vectors, if the export has the same model, so that a later
    /// export begins with the same header.
    async fn name_model(&self, file: &ImportFile) -> Result<(), Error> {
        let model = self.model.identity().await?.clone();
        if file.model.as_ref() != Some(&model) {
            return Ok(());
        }
        let work = move |transaction: &mut Transaction<'_>| add::settle_model(transaction, &model);
        self.store.commit(work, |()| {}).await?
    }

    async fn import_group(
        &self,
        group: Vec<Numbered>,
        on_conflict: OnConflict,
        imported: &mut Imported,
        control: &Control,
    ) -> Result<(), Error> {
        let (mut new, mut tombstones, mut learnt) = (Vec::new(), Vec::new(), Vec::new());
        for Numbered { number, line } in group {
            match line {
                Line::Memory(memory) => match (import::standing(&*self.store, &memory)?, on_conflict) {
                    (Standing::Same, _) | (Standing::Different { .. }, OnConflict::Skip) => imported.skipped += 1,
                    (Standing::Different { current }, OnConflict::Report) => {
                        imported.refuse(number, &memory.id, Error::Differs { id: memory.id.clone(), current });
                    }
                    (Standing::Absent, _) | (Standing::Different { .. }, OnConflict::Replace) => {
                        new.push((number, memory));
                    }
                },
                Line::Tombstone(tombstone) => tombstones.push(tombstone),
                Line::Message(_) | Line::Learning(_) | Line::Source(_) => learnt.push(line),
                Line::End(_) => {}
            }
        }
        let ready = self.embed_new(new, imported, control).await?;
        self.commit_group(ready, (tombstones, learnt), on_conflict, imported).await
    }

    async fn embed_new(
        &self,
        new: Vec<(u64, Box<ExportedMemory>)>,
        imported: &mut Imported,
        control: &Control,
    ) -> Result<Vec<Ready>, Error> {
        let contents: Vec<&Content> = new.iter().filter_map(|(_, memory)| memory.content()).collect();
        let embedded = self.embed_all(&contents, control, |_, _| {}).await?;
        // If no text of a group can be embedded, the model has failed. A repeated call continues from here.
        if let Some(Err(error)) = embedded.values().next()
            && embedded.values().all(Result::is_err)
        {
            return Err(error.clone());
        }
        let mut ready = Vec::with_capacity(new.len());
        for (line, memory) in new {
            let embedding = memory.content().and_then(|content| embedded.get(&content.hash()));
            match embedding.cloned().unwrap_or(Err(Error::Internal("a text was not embedded"))) {
                Ok(embedding) => {
                    let Some(content) = memory.content() else { continue };
                    let text = indexed_text(content, embedding);
                    ready.push(Ready { line, memory, text });
                }
                Err(error) => imported.refuse(line, &memory.id, error),
            }
        }
        Ok(ready)
    }

    async fn commit_group(
        &self,
        ready: Vec<Ready>,
        (tombstones, learnt): (Vec<ExportedTombstone>, Vec<Line>),
        on_conflict: OnConflict,
        imported: &mut Imported,
    ) -> Result<(), Error> {
        if ready.is_empty() && tombstones.is_empty() && learnt.is_empty() {
            return Ok(());
        }
        let (model, now, listeners) = (self.model.identity().await?.clone(), self.now(), self.listeners());
        let work = move |transaction: &mut Transaction<'_>| -> Result<(Results, u64), Error> {
            if !ready.is_empty() {
                add::settle_model(transaction, &model)?;
            }
            let mut results = Results::with_capacity(ready.len());
            for Ready { line, memory, text } in ready {
                let result =
                    transaction.attempt(|transaction| import::import(transaction, &memory, &text, on_conflict, now));
                results.push((line, memory, result));
            }
            let mut tombstones_added = 0;
            for tombstone in &tombstones {
                tombstones_added += u64::from(import::insert_tombstone(transaction, tombstone)?);
            }
            for line in &learnt {
                import::insert_learnt(transaction, line)?;
            }
            Ok((results, tombstones_added))
        };
        let publish = move |(results, _): &(Results, u64)| {
            for (_, _, result) in results {
                match result {
                    Ok(Applied::Imported(committed)) => listeners.committed(committed),
                    Ok(Applied::Replaced { old, scope, committed }) => listeners.replaced(*old, scope, committed),
                    Ok(Applied::Skipped) | Err(_) => {}
                }
            }
        };
        let (results, tombstones_added) = self.store.commit(work, publish).await??;
        imported.tombstones += tombstones_added;
        for (line, memory, result) in results {
            match result {
                Ok(Applied::Imported(_)) => imported.imported += 1,
                Ok(Applied::Replaced { .. }) => imported.replaced += 1,
                Ok(Applied::Skipped) => imported.skipped += 1,
                Err(error) => imported.refuse(line, &memory.id, error),
            }
        }
        Ok(())
    }
}
