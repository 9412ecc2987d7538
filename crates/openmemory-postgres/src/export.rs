//! What does an export contain? The matching memories with their histories, the tombstones, and what was learnt.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use openmemory_calls::export_lines::{Lines, unwritable};
use openmemory_domain::export::{ExportedTombstone, Header, LinkRow, MemoryRow, Trailer, VersionRow};
use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::learning::KeptSource;
use openmemory_domain::{ContentHash, Invalid, MemoryId, Version};
use openmemory_rules::contract::{Control, ExportSink, Exported};
use openmemory_rules::{Error, LINE_BYTES, LearningRows, Number, Rows, Tombstone};
use parking_lot::Mutex;
use serde_json::json;

use crate::error::damaged;
use crate::learning_rows::read_json;
use crate::rows::{self, Whole, decode};
use crate::stats::each_memory;
use crate::store::Tenant;
use crate::workspace::{Key, Workspace};

/// Memories between two reports of progress.
const REPORT_INTERVAL: usize = 64;
const READ_TOGETHER: i64 = 1024;

impl Tenant {
    /// Passes the matching memories with their histories to `sink`, each in its state when it is read.
    pub(crate) async fn export(
        self: &Arc<Self>,
        filter: Option<Filter>,
        control: Arc<Control>,
        sink: ExportSink,
    ) -> Result<Exported, Error> {
        let tenant = Arc::clone(self);
        let sink = Mutex::new(sink);
        // Not tried again: what has been passed on cannot be taken back.
        self.database
            .run(move |session| {
                let rows = Workspace::reading(session, &tenant.name, tenant.now(), &[]);
                let mut sink = sink.lock();
                let mut sink = |bytes: &[u8]| {
                    // Its reader may be slow, and a transaction must not wait for it.
                    session.pause();
                    sink(bytes)
                };
                tenant.write_export(&rows, filter.as_ref(), &control, &mut sink)
            })
            .await
    }

    fn write_export(
        &self,
        rows: &Workspace<'_>,
        filter: Option<&Filter>,
        control: &Control,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Exported, Error> {
        let mut lines = Lines::to(sink);
        let mut exported = Exported::default();
        lines.record(&Header::new(rows.model()?))?;
        let counted = rows.session().query(rows::COUNT, &[&self.name])?;
        let total = counted.first().map_or(0, |row| row.get::<_, i64>(0)) as usize;
        let mut done = 0;
        control.report(0, total);
        each_memory(rows, &self.name, control, |whole| {
            let is_wanted = |filter: &Filter| filter.matches(&whole.memory.version, &whole.memory.content);
            if filter.is_none_or(is_wanted) {
                let versions = whole.memory.version.number;
                if let Some(line) = line(rows, &whole, filter)? {
                    lines.write(&line)?;
                    exported.memories += 1;
                    exported.versions += versions;
                }
            }
            done += 1;
            if done % REPORT_INTERVAL == 0 {
                control.report(done.min(total), total);
            }
            Ok(())
        })?;
        if filter.is_none() {
            for (id, tombstone) in tombstones(rows, &self.name)? {
                let Tombstone { deleted_at, version, actor, reason } = tombstone;
                lines.record(&ExportedTombstone { id, deleted_at, version, actor, reason })?;
                exported.tombstones += 1;
            }
        }
        self.write_learnt(rows, filter, control, &mut lines)?;
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
    fn write_learnt(
        &self,
        rows: &Workspace<'_>,
        filter: Option<&Filter>,
        control: &Control,
        lines: &mut Lines<'_>,
    ) -> Result<(), Error> {
        let users = match filter {
            None => None,
            Some(filter) if filter.constrains_only(&Field::UserId) => filter.required(&Field::UserId),
            Some(_) => return Ok(()),
        };
        let is_wanted = |user: Option<&str>| users.as_ref().is_none_or(|users| users.contains(&user));
        for (user, id) in rows.all_messages()?.into_iter().filter(|(user, _)| is_wanted(user.as_deref())) {
            control.check()?;
            if let Some(message) = rows.message(user.as_deref(), &id)? {
                lines.record(&json!({ "message": message }))?;
            }
        }
        let mut learnings = HashSet::new();
        for id in rows.all_learnings()? {
            control.check()?;
            let kept = rows.learning(&id)?;
            if let Some(kept) = kept.filter(|kept| is_wanted(kept.learning.scope.user_id.as_deref())) {
                lines.record(&json!({ "learning": kept }))?;
                learnings.insert(id);
            }
        }
        let mut last = -1_i64;
        while !learnings.is_empty() {
            control.check()?;
            let found = rows.session().query(rows::TENANT_SOURCES, &[&self.name, &last, &READ_TOGETHER])?;
            for row in &found {
                last = row.get(0);
                let sources: Vec<KeptSource> = read_json(row.get(1), "the sources of a memory")?;
                for source in sources.into_iter().filter(|source| learnings.contains(&source.learning)) {
                    lines.record(&json!({ "source": source }))?;
                }
            }
            if (found.len() as i64) < READ_TOGETHER {
                break;
            }
        }
        Ok(())
    }
}

/// All tombstones of a tenant, by id.
pub(crate) fn tombstones(rows: &Workspace<'_>, tenant: &str) -> Result<Vec<(MemoryId, Tombstone)>, Error> {
    let (mut all, mut last) = (Vec::new(), String::new());
    loop {
        let found = rows.session().query(rows::TOMBSTONES, &[&tenant, &last, &READ_TOGETHER])?;
        for row in &found {
            last = row.get(0);
            let id = MemoryId::read("id", &last).map_err(|_| damaged("the id of a memory"))?;
            all.push((id, decode(row.get(1), "a tombstone")?));
        }
        if (found.len() as i64) < READ_TOGETHER {
            return Ok(all);
        }
    }
}

/// The line of a memory; `None` if it was changed or deleted while it was read.
fn line(rows: &Workspace<'_>, whole: &Whole, filter: Option<&Filter>) -> Result<Option<Vec<u8>>, Error> {
    let (number, head) = (whole.number, &whole.memory.version);
    rows.know_scope(number, whole.scope);
    rows.know(Key::Text(number.0, head.content), Some(whole.memory.content.as_bytes()));
    let links = links(rows, whole, filter)?;
    let mut line = MemoryRow::new(head, &whole.memory.dynamics, links).begin().map_err(unwritable)?;
    let mut expected = head.number;
    let mut before: Option<ContentHash> = None;
    let earlier = rows.history(number, head.number)?;
    for version in std::iter::once(head).chain(&earlier) {
        if version.number != expected {
            return Ok(None);
        }
        let content = match before {
            Some(hash) if hash == version.content => None,
            _ => match rows.content(number, version.content)? {
                Some(content) => Some(content),
                None => return Ok(None),
            },
        };
        if before.is_some() {
            line.push(b',');
        }
        write_version(&mut line, version, content.as_deref())?;
        if line.len() > LINE_BYTES {
            let problem = format!("cannot hold memory {}: its history is over 1 GiB", head.id);
            return Err(Invalid::limit("file", problem).into());
        }
        before = Some(version.content);
        expected -= 1;
    }
    if expected != 0 {
        return Ok(None);
    }
    line.write_all(MemoryRow::END).map_err(Error::disk)?;
    Ok(Some(line))
}

fn write_version(line: &mut Vec<u8>, version: &Version, content: Option<&str>) -> Result<(), Error> {
    serde_json::to_writer(line, &VersionRow::new(version, content)).map_err(unwritable)
}

/// The links to older memories that are exported too.
fn links(rows: &Workspace<'_>, whole: &Whole, filter: Option<&Filter>) -> Result<Vec<LinkRow>, Error> {
    let mut links = Vec::new();
    let older = |(other, _): &(Number, _)| *other < whole.number;
    for (other, waypoint) in rows.waypoints(whole.number)?.into_iter().filter(older) {
        rows.know_scope(other, whole.scope);
        if let Some(head) = rows.head(other)?
            && rows.matches(other, &head, filter)?
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
