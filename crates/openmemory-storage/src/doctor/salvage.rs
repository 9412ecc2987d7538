//! What can be recovered from a damaged store? Every intact memory is copied to a new store. The damaged files are
//! moved to a quarantine directory, and losses are listed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use crate::checkpoint::format::{self, Header};
use crate::commit::transaction::Transaction;
use crate::doctor::evidence::{Evidence, copy_sled};
use crate::doctor::inspect::{self, Inspection, inspect};
use crate::error::StorageError;
use crate::files::disk;
use crate::files::layout::{self, DAMAGED, Layout, REPAIRED};
use crate::files::manifest::{Manifest, Session};
use crate::files::scratch;
use crate::options::size_limits::SizeLimits;
use crate::replay::expected_state::digest_of;
use crate::replay::rebuild;
use crate::rows::backend::all_rows;
use crate::rows::backend::{Backend, RowIterator};
use crate::rows::digest::State;
use crate::rows::format1;
use crate::rows::keys::{self, IndexedKind};
use crate::rows::records::{self, COUNTERS, Counters, Records};
use crate::tree::sled_tree::SledTree;
use crate::wal::log::Log;
use crate::wal::redo_log::RedoLog;
use openmemory_domain::learning::{KeptLearning, KeptMessage, KeptSource};
use openmemory_domain::{ContentHash, MemoryId, Timestamp, Version};
use openmemory_rules::{Labels, LearningChanges, Number, Reindex, Tombstone, Waypoint};

/// The result of a repair.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Salvaged {
    /// Memories in the repaired store.
    pub memories: u64,
    /// The quarantine directory; `None` if opening the store was enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<PathBuf>,
    /// What could not be recovered.
    pub lost: Vec<Lost>,
    /// Some memories have lost their vectors, so searches fail until the store is reindexed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub needs_reindex: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// The id, if it is still readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A missing version; `None` if the whole memory is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The number of acknowledged commits that are missing without a trace of what they changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commits: Option<u64>,
}

impl Lost {
    fn memory(id: Option<String>) -> Self {
        Self { id, version: None, commits: None }
    }

    fn version(id: &MemoryId, version: u64) -> Self {
        Self { id: Some(id.as_str().to_owned()), version: Some(version), commits: None }
    }
}

/// Readable rows, and what is known to be missing.
struct Source {
    rows: SledTree,
    /// Acknowledged commits that are in no file.
    missing: u64,
    /// Whether reading stopped early.
    cut: bool,
    proof: Proof,
}

/// Whether the rows match the digest of the newest log record. Better proof compares as greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    /// Rows are missing or wrong.
    Disproven,
    /// The log has no record to compare with.
    Unknown,
    Proven,
}

/// Salvages from sled, or from the checkpoint and the log, whichever yields more.
pub(crate) fn salvage(evidence: &Evidence<'_>, now: Timestamp) -> Result<Salvaged, StorageError> {
    let scratch = Layout::new(&evidence.scratch.path().join("salvage"));
    let sources = [from_sled(evidence, &scratch), from_checkpoint(evidence, &scratch)];
    let mut best: Option<(Source, Inspection)> = None;
    for source in sources.into_iter().flatten() {
        let found = inspect(&source.rows);
        let gives_more = |(known, before): &(Source, Inspection)| {
            let more = source.proof.cmp(&known.proof).then(found.intact.len().cmp(&before.intact.len()));
            more.then(known.missing.cmp(&source.missing)).is_gt()
        };
        if best.as_ref().is_none_or(gives_more) {
            best = Some((source, found));
        }
    }
    let Some((source, found)) = best else {
        return Err(StorageError::Corrupted("nothing of the store can be read".into()));
    };
    let fresh = Layout::new(&evidence.layout.directory().join(REPAIRED));
    if scratch::is_marked(fresh.directory()) {
        disk::remove_directory(fresh.directory())?;
    } else if fresh.directory().exists() {
        return Err(StorageError::ForeignFiles(REPAIRED.into()));
    }
    disk::create_subdirectory(fresh.directory())?;
    scratch::mark(fresh.directory())?;
    let made = build_store(&source, &found, &fresh, evidence.scratch.path().join("fresh"), now)?;
    let kept = evidence.layout.directory().join(format!("{DAMAGED}{}", now.millis()));
    disk::create_subdirectory(&kept)?;
    finish(evidence.layout)?;
    Ok(Salvaged { kept: Some(kept), ..made })
}

/// The readable rows of sled, plus the log's later commits.
fn from_sled(evidence: &Evidence<'_>, scratch: &Layout) -> Option<Source> {
    let number =
        evidence.manifest.as_ref().map_or_else(|| evidence.layout.sleds().ok()?.pop(), |found| Some(found.sled))?;
    let copy = scratch.directory().join("sled-copy");
    copy_sled(&evidence.layout.sled(number), &copy).ok()?;
    let damaged = rebuild::open_damaged(&copy).ok()?;
    let rows = SledTree::open(&scratch.directory().join("from-sled"), 0).ok()?;
    let mut cut = false;
    let readable = all_rows(&damaged).take_while(|row| {
        cut = row.is_err();
        !cut
    });
    rebuild::fill(&rows, readable).ok()?;
    let applied = rebuild::applied(&damaged).unwrap_or(0);
    with_log(evidence.log.as_deref(), applied, rows, cut)
}

/// The readable rows of the checkpoint, plus all readable commits of the log.
fn from_checkpoint(evidence: &Evidence<'_>, scratch: &Layout) -> Option<Source> {
    let rows = SledTree::open(&scratch.directory().join("from-checkpoint"), 0).ok()?;
    let newest = evidence.layout.checkpoints().ok()?.pop();
    let (mut base, mut cut) = (0, false);
    if let Some(mut reader) = newest.and_then(|newest| format::Reader::open(&evidence.layout.checkpoint(newest)).ok()) {
        base = reader.header.state.sequence;
        loop {
            match reader.block() {
                Ok(Some(block)) => rebuild::fill(&rows, block.into_iter().map(Ok)).ok()?,
                Ok(None) => break,
                Err(_) => {
                    cut = true;
                    break;
                }
            }
        }
    }
    with_log(evidence.log.as_deref(), base, rows, cut)
}

/// Applies every intact commit after `after`, despite gaps.
fn with_log(log: Option<&Log>, after: u64, rows: SledTree, cut: bool) -> Option<Source> {
    let Some(log) = log else { return Some(Source { rows, missing: 0, cut, proof: Proof::Unknown }) };
    log.replay_whole(after, |batch| rows.write(batch)).ok()?;
    let missing = log.missing_after(after);
    // sled may have lost writes without noticing.
    let state = log.newest_state().filter(|state| missing == 0 && state.sequence >= after);
    let proof = match state {
        None => Proof::Unknown,
        Some(state) if digest_of(all_rows(&rows)).is_ok_and(|digest| digest == state.digest) => Proof::Proven,
        Some(_) => Proof::Disproven,
    };
    Some(Source { rows, missing, cut, proof })
}

/// Creates a store of the intact memories.
fn build_store(
    source: &Source,
    found: &Inspection,
    fresh: &Layout,
    work: PathBuf,
    now: Timestamp,
) -> Result<Salvaged, StorageError> {
    let rows = &source.rows;
    let old = Transaction::new(rows);
    let target = SledTree::open(&work, 0)?;
    let mut made = Salvaged::default();
    let mut counters = Counters::default();
    let mut saved: BTreeMap<Number, MemoryId> = BTreeMap::new();
    for number in &found.intact {
        let Some(head) = old.head(*number)? else { continue };
        let mut new = Transaction::new(&target);
        // Two numbers with the same id cannot both be right.
        if new.number(&head.id)?.is_some() {
            made.lost.push(Lost::version(&head.id, head.number));
            continue;
        }
        made.needs_reindex |= !memory(&old, &mut new, *number, &head, &mut made.lost)?;
        target.apply(new.into_batch())?;
        counters = Counters { next_number: counters.next_number.max(number.0 + 1), memories: counters.memories + 1 };
        saved.insert(*number, head.id);
    }
    lost_memories(&old, rows, &saved, &mut made.lost);
    if (source.cut || source.proof == Proof::Disproven) && made.lost.is_empty() {
        made.lost.push(Lost::memory(None));
    }
    if source.missing > 0 {
        made.lost.push(Lost { commits: Some(source.missing), ..Lost::memory(None) });
    }
    let mut last = Transaction::new(&target);
    for (number, links) in intact_links(&old, &saved) {
        last.put(&keys::waypoints(number), &links.into_iter().collect::<Vec<_>>())?;
    }
    let about = inspect::whole_store_rows();
    for key in about {
        if let Ok(Some(payload)) = old.payload(&key) {
            last.put_payload(&key, &payload)?;
        }
    }
    for row in space(rows, keys::TOMBSTONE).flatten() {
        if let Ok(Some(tombstone)) = old.record::<Tombstone>(&row.0) {
            last.put(&row.0, &tombstone)?;
        }
    }
    learnt(&old, rows, &saved, &mut last)?;
    if made.needs_reindex
        && let Ok(Some(target)) = old.model()
    {
        last.put(&records::reindex_key(), &Reindex { target })?;
    }
    last.put(&keys::meta(COUNTERS), &counters)?;
    last.put(&records::texts_key(), &())?;
    target.apply(last.into_batch())?;
    made.memories = counters.memories;
    write_store(&target, fresh, now)?;
    Ok(made)
}

/// Copies a memory with all versions whose texts are intact. Returns whether the newest version has vectors.
fn memory(
    old: &Transaction<'_>,
    new: &mut Transaction<'_>,
    number: Number,
    head: &Version,
    lost: &mut Vec<Lost>,
) -> Result<bool, StorageError> {
    new.put(&keys::id(&head.id), &number)?;
    new.put(&keys::head(number), head)?;
    let user = head.scope.user_id.as_deref();
    if let Some(dynamics) = Records::dynamics(old, number, &head.scope)? {
        new.put(&keys::indexed(user, number, IndexedKind::Dynamics), &dynamics)?;
    }
    new.put(&keys::indexed(user, number, IndexedKind::Labels), &Labels::of(head))?;
    let early = format1_rows(old, new, number, head.content);
    let text = inspect::text(old, number, head.content).ok();
    inspect::markers(number, head, text.as_deref()).into_iter().for_each(|key| new.mark(key));
    for version in (1..=head.number).rev() {
        let found =
            if version == head.number { Some(head.clone()) } else { old.earlier(number, version).ok().flatten() };
        let whole = found.and_then(|found| {
            let text = inspect::text(old, number, found.content).ok()?;
            Some((found, text))
        });
        let Some((found, text)) = whole else {
            lost.push(Lost::version(&head.id, version));
            continue;
        };
        new.put_payload(&keys::content(number, found.content), text.as_bytes())?;
        if version != head.number {
            new.put(&keys::history(number, version), &found)?;
        }
        if let Ok(Some(replaced)) = Records::replaced_embedding(old, number, found.content) {
            new.put(&keys::replaced_embedding(number, found.content), &replaced)?;
        }
    }
    let Some(text) = Records::indexed_text(old, number, &head.scope).ok().flatten() else { return early };
    if text.content != head.content {
        return early;
    }
    let key = keys::indexed(user, number, IndexedKind::Text);
    new.put_payload(&key, &records::encode_indexed_text(&text)?)?;
    Ok(true)
}

/// Copies the intact rows of a memory of format 1, which the next open upgrades. Returns whether the newest text has
/// vectors.
fn format1_rows(
    old: &Transaction<'_>,
    new: &mut Transaction<'_>,
    number: Number,
    newest: ContentHash,
) -> Result<bool, StorageError> {
    let mut has_vectors = false;
    let dynamics = [format1::dynamics_key(number)];
    let embeddings = old.raw_with_prefix(&format1::embeddings_prefix(number))?.into_iter().map(|(key, _)| key);
    for key in dynamics.into_iter().chain(embeddings) {
        let Ok(Some(payload)) = old.payload(&key) else { continue };
        if key.first() == Some(&format1::EMBEDDING) {
            if format1::decode_embedding(&payload).is_err() {
                continue;
            }
            has_vectors |= format1::text_of(&key) == Some(newest);
        }
        new.put_payload(&key, &payload)?;
    }
    Ok(has_vectors)
}

/// Copies what is intact of learnings, messages, sources and documents.
fn learnt(
    old: &Transaction<'_>,
    rows: &dyn Backend,
    saved: &BTreeMap<Number, MemoryId>,
    new: &mut Transaction<'_>,
) -> Result<(), StorageError> {
    for (key, _) in space(rows, keys::LEARNING).flatten() {
        if let Ok(Some(kept)) = old.json::<KeptLearning>(&key) {
            new.put_learning(&kept).map_err(unwritable)?;
        }
    }
    for (key, _) in space(rows, keys::MESSAGE).flatten() {
        if let Ok(Some(kept)) = old.json::<KeptMessage>(&key) {
            new.put_message(&kept).map_err(unwritable)?;
        }
    }
    for (key, _) in space(rows, keys::DOCUMENT).flatten() {
        if let (Some(name), Ok(Some(document))) = (keys::trailing_id(&key, &[keys::DOCUMENT], 0), old.json(&key)) {
            new.put_document(name, &document).map_err(unwritable)?;
        }
    }
    for number in saved.keys() {
        for (key, _) in old.raw_with_prefix(&keys::sources_prefix(*number))? {
            if let Ok(Some(source)) = old.json::<KeptSource>(&key) {
                new.put_source(*number, &source).map_err(unwritable)?;
            }
        }
    }
    Ok(())
}

fn unwritable(error: openmemory_rules::Error) -> StorageError {
    StorageError::Corrupted(format!("what was learnt cannot be copied: {error}"))
}

/// The links between recovered memories, at both ends even if only one could be read.
fn intact_links(
    old: &Transaction<'_>,
    saved: &BTreeMap<Number, MemoryId>,
) -> BTreeMap<Number, BTreeMap<Number, Waypoint>> {
    let mut links: BTreeMap<Number, BTreeMap<Number, Waypoint>> = BTreeMap::new();
    for number in saved.keys() {
        for (other, link) in old.waypoints(*number).unwrap_or_default() {
            if saved.contains_key(&other) {
                links.entry(*number).or_default().insert(other, link.clone());
                links.entry(other).or_default().insert(*number, link);
            }
        }
    }
    links
}

/// Lists ids and heads whose memories were not recovered.
fn lost_memories(old: &Transaction<'_>, rows: &dyn Backend, saved: &BTreeMap<Number, MemoryId>, lost: &mut Vec<Lost>) {
    let mut named: Vec<Option<String>> = Vec::new();
    for (key, _) in space(rows, keys::ID).flatten() {
        let id = String::from_utf8_lossy(&key[1..]).into_owned();
        if saved.values().any(|saved| saved.as_str() == id) {
            continue;
        }
        named.push(Some(id));
    }
    for (key, _) in space(rows, keys::HEAD).flatten() {
        let Some(number) = keys::trailing_number(&key).filter(|number| !saved.contains_key(number)) else { continue };
        match old.head(number) {
            Ok(Some(head)) if named.contains(&Some(head.id.as_str().to_owned())) => {}
            Ok(Some(head)) => named.push(Some(head.id.as_str().to_owned())),
            _ if named.is_empty() => named.push(None),
            _ => {}
        }
    }
    lost.extend(named.into_iter().map(Lost::memory));
}

/// Writes a store that consists of a checkpoint and an empty log.
fn write_store(rows: &SledTree, fresh: &Layout, now: Timestamp) -> Result<(), StorageError> {
    let store = *uuid::Uuid::now_v7().as_bytes();
    let state = State { sequence: 1, digest: digest_of(all_rows(rows))? };
    format::write(&fresh.checkpoint(1), &Header { store, state }, all_rows(rows), || true)?;
    let log = RedoLog::begin(fresh, store, 2, &SizeLimits::default())?;
    let made = Manifest::new(store, now, Session::Backup);
    Manifest { checkpoint: Some(state), oldest: log.first(), newest: log.first(), ..made }.write(fresh)
}

/// Whether a repaired store is waiting to be installed.
pub(crate) fn is_under_way(layout: &Layout) -> bool {
    let fresh = layout.directory().join(REPAIRED);
    scratch::is_marked(&fresh) && fresh.join("manifest").exists()
}

/// Installs a repaired store; also resumes an interrupted installation. The old files are quarantined first, and the
/// manifest is replaced last, so that the directory never looks like a new store.
pub(crate) fn finish(layout: &Layout) -> Result<(), StorageError> {
    let fresh = layout.directory().join(REPAIRED);
    if !is_under_way(layout) {
        return Ok(());
    }
    let mut quarantine: Option<PathBuf> = None;
    let mut old = Vec::new();
    for entry in fs::read_dir(layout.directory())? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(DAMAGED)) {
            quarantine = quarantine.max(Some(entry.path()));
        } else if name.to_str().is_some_and(layout::is_data) {
            old.push(name);
        }
    }
    let quarantine = quarantine.unwrap_or_else(|| layout.directory().join(format!("{DAMAGED}0")));
    disk::create_subdirectory(&quarantine)?;
    let installed = [layout.checkpoint(1), layout.log(2)];
    for name in old {
        let path = layout.directory().join(&name);
        // A file that has already been installed stays.
        if installed.contains(&path) && !fresh.join(&name).exists() {
            continue;
        }
        disk::rename(&path, &quarantine.join(&name))?;
    }
    if layout.manifest().exists() && !quarantine.join("manifest").exists() {
        fs::copy(layout.manifest(), quarantine.join("manifest"))?;
    }
    for path in installed {
        let from = fresh.join(layout::name(&path));
        if from.exists() {
            disk::rename(&from, &path)?;
        }
    }
    layout.sync_names()?;
    disk::rename_durably(&fresh.join("manifest"), &layout.manifest())?;
    disk::remove_directory(&fresh)?;
    Ok(())
}

/// The rows of a key space.
fn space(rows: &dyn Backend, space: u8) -> RowIterator<'_> {
    rows.rows(&[space], &[space + 1], false)
}
