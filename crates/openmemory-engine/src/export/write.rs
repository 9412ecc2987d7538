//! What does an export contain? The matching memories with their histories, and the tombstones.

use std::collections::HashSet;
use std::io::Write;

use super::super::engine::Engine;
use openmemory_calls::export_lines::{Lines, unwritable};
use openmemory_domain::export::{ExportedTombstone, Header, LinkRow, MemoryRow, Trailer, VersionRow};
use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::request::Export;
use openmemory_domain::{ContentHash, Invalid, Version};
use openmemory_rules::contract::{Control, Exported};
use openmemory_rules::write::current;
use openmemory_rules::{Error, LINE_BYTES, LearningRows, Number, Rows, Tombstone};
use openmemory_storage::StorageError;
use serde_json::json;

use super::file::ExportFile;

/// Memories between two reports of progress.
const REPORT_INTERVAL: usize = 64;

impl Engine {
    /// Writes an export to a file. Blocks, but never waits for the writer.
    pub fn export_to(&self, request: &Export, control: &Control) -> Result<Exported, Error> {
        let mut file = ExportFile::create(&request.file)?;
        let exported = self.export(request.filter.as_ref(), control, &mut |bytes| file.write(bytes))?;
        // The file does not have its name yet, so cancelling leaves nothing.
        if control.is_cancelled() {
            return Err(Error::Aborted);
        }
        file.finish()?;
        Ok(exported)
    }

    /// Passes the matching memories with their histories to `sink`, line by line, each in its state when it is read.
    /// An export without its last line is incomplete. Blocks as long as `sink` does.
    pub fn export(
        &self,
        filter: Option<&Filter>,
        control: &Control,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Exported, Error> {
        let mut lines = Lines::to(sink);
        let mut exported = Exported::default();
        lines.record(&Header::new(self.store.model()?))?;
        let (mut done, total) = (0, self.store.count()? as usize);
        control.report(0, total);
        for head in self.store.heads() {
            if control.is_cancelled() {
                return Err(Error::Aborted);
            }
            let (number, head) = head?;
            if self.matches(number, &head, filter)?
                && let Some(line) = self.line(number, &head, filter)?
            {
                lines.write(&line)?;
                exported.memories += 1;
                exported.versions += head.number;
            }
            done += 1;
            if done % REPORT_INTERVAL == 0 {
                control.report(done.min(total), total);
            }
        }
        if filter.is_none() {
            for tombstone in self.store.tombstones() {
                let (id, tombstone) = tombstone?;
                let Tombstone { deleted_at, version, actor, reason } = tombstone;
                let line = ExportedTombstone { id, deleted_at, version, actor, reason };
                lines.record(&line)?;
                exported.tombstones += 1;
            }
        }
        self.export_learnt(filter, control, &mut lines)?;
        let trailer = Trailer {
            memories: Some(exported.memories),
            versions: Some(exported.versions),
            tombstones: Some(exported.tombstones),
            blake3: Some(lines.checksum()),
        };
        lines.record(&trailer)?;
        exported.bytes = lines.bytes();
        control.report(total, total);
        Ok(exported)
    }

    /// Messages, learnings and sources of all users, or of those that a filter names and nothing else.
    fn export_learnt(&self, filter: Option<&Filter>, control: &Control, lines: &mut Lines<'_>) -> Result<(), Error> {
        let users = match filter {
            None => None,
            Some(filter) if filter.constrains_only(&Field::UserId) => filter.required(&Field::UserId),
            Some(_) => return Ok(()),
        };
        let is_wanted = |user: Option<&str>| users.as_ref().is_none_or(|users| users.contains(&user));
        for (user, id) in self.store.all_messages()?.into_iter().filter(|(user, _)| is_wanted(user.as_deref())) {
            control.check()?;
            if let Some(message) = self.store.message(user.as_deref(), &id)? {
                lines.record(&json!({ "message": message }))?;
            }
        }
        let mut learnings = HashSet::new();
        for id in self.store.all_learnings()? {
            control.check()?;
            let kept = self.store.learning(&id)?;
            if let Some(kept) = kept.filter(|kept| is_wanted(kept.learning.scope.user_id.as_deref())) {
                lines.record(&json!({ "learning": kept }))?;
                learnings.insert(id);
            }
        }
        if learnings.is_empty() {
            return Ok(());
        }
        for head in self.store.heads() {
            control.check()?;
            for source in self.store.sources(head?.0)?.into_iter().filter(|source| learnings.contains(&source.learning))
            {
                lines.record(&json!({ "source": source }))?;
            }
        }
        Ok(())
    }

    /// The line of a memory; `None` if it was deleted while it was read.
    fn line(&self, number: Number, head: &Version, filter: Option<&Filter>) -> Result<Option<Vec<u8>>, Error> {
        let Some(dynamics) = self.store.dynamics(number, &head.scope)? else { return self.missing(number) };
        let mut line = MemoryRow::new(head, &dynamics, self.links(number, filter)?).begin().map_err(unwritable)?;
        let mut expected = head.number;
        let mut before: Option<ContentHash> = None;
        for version in std::iter::once(Ok(head.clone())).chain(self.store.history(number, head.number)) {
            let version = version?;
            if version.number != expected {
                return self.missing(number);
            }
            let content = if before == Some(version.content) {
                None
            } else {
                let Some(content) = self.store.content(number, version.content)? else { return self.missing(number) };
                Some(content)
            };
            if before.is_some() {
                line.push(b',');
            }
            serde_json::to_writer(&mut line, &VersionRow::new(&version, content.as_deref())).map_err(unwritable)?;
            if line.len() > LINE_BYTES {
                let problem = format!("cannot hold memory {}: its history is over 1 GiB", head.id);
                return Err(Invalid::limit("file", problem).into());
            }
            before = Some(version.content);
            expected -= 1;
        }
        if expected != 0 {
            return self.missing(number);
        }
        line.write_all(MemoryRow::END).map_err(|error| Error::from(StorageError::from(error)))?;
        Ok(Some(line))
    }

    /// The links to older memories that are exported too. Each link is exported once, on the younger memory's line.
    fn links(&self, number: Number, filter: Option<&Filter>) -> Result<Vec<LinkRow>, Error> {
        let mut links = Vec::new();
        for (other, waypoint) in self.store.waypoints(number)?.into_iter().filter(|(other, _)| *other < number) {
            if let Some(head) = self.store.head(other)?
                && self.matches(other, &head, filter)?
            {
                links.push(LinkRow {
                    id: head.id.to_string(),
                    weight: waypoint.weight,
                    created_at: waypoint.created_at.to_string(),
                    updated_at: waypoint.updated_at.to_string(),
                });
            }
        }
        Ok(links)
    }

    /// Explains missing rows of a memory: `None` if it was deleted meanwhile, an error if it is damaged.
    fn missing<T>(&self, number: Number) -> Result<Option<T>, Error> {
        match self.store.head(number)? {
            None => Ok(None),
            Some(head) => {
                current::dynamics(&*self.store, number, &head.scope)?;
                Err(StorageError::Corrupted(format!("the history of memory {} has a gap", head.id)).into())
            }
        }
    }
}
