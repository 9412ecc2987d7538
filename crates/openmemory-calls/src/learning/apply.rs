//! How are the operations of a learning applied? All in one commit with their sources, the messages and the record of the
//! learning. One that conflicts is refused by itself.

use openmemory_domain::learning::{
    Added, Change, KeptLearning, KeptMessage, KeptSource, LearnedOperation, ProposedOperation, Refusal, RefusalCode,
    State, Status, VersionedId,
};
use openmemory_domain::request::{Duplicates, NewMemory, Operation, Retire, Update};
use openmemory_domain::valid_time::{Retirement, ValidityPatch};
use openmemory_domain::{
    Content, Event, MemoryId, Metadata, ModelIdentity, Patch, Provenance, Retired, Scope, Setting, Tags, Timestamp,
    Validity,
};
use openmemory_rules::contract::Control;
use openmemory_rules::write::current::{check_version, current};
use openmemory_rules::{Error, LearningChanges};

use super::store::{LearningStore, LearningWork};
use crate::operations::{Applied, Ready, apply};

/// What a commit does for one operation.
enum Step {
    Nothing,
    Keep(VersionedId),
    /// The first one makes the version that the operation is known by.
    Change(Vec<Ready>),
}

impl Step {
    fn memories(&self) -> Vec<&MemoryId> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Keep(memory) => vec![&memory.id],
            Self::Change(ready) => ready.iter().flat_map(Ready::memory_ids).collect(),
        }
    }
}

/// A learning that is ready for its commit, and the memories that messages become.
pub(super) struct Commit {
    pub kept: KeptLearning,
    /// Which operations are applied now.
    pub now: Vec<bool>,
    pub messages: Vec<KeptMessage>,
    pub turns: Vec<NewMemory>,
    /// Who changes the memories.
    pub actor: String,
    pub reason: Option<String>,
    /// A document that has to be there.
    pub promised_by: Option<String>,
}

pub(super) async fn commit_learning(
    store: &impl LearningStore,
    commit: Commit,
    control: &Control,
) -> Result<KeptLearning, Error> {
    let Commit { mut kept, now, messages, turns, actor, reason, promised_by } = commit;
    let mut requests: Vec<Vec<Operation>> = Vec::with_capacity(now.len());
    for (learned, is_now) in kept.learning.operations.iter_mut().zip(&now) {
        let requested = match (&learned.operation, is_now) {
            (Some(operation), true) => {
                let by = Provenance {
                    event: Event::Update,
                    actor: Some(actor.clone()),
                    reason: Some(reason.clone().unwrap_or_else(|| learned.reason.clone())),
                };
                let said = match messages.iter().find(|kept| cites(learned, kept)) {
                    Some(cited) => cited.message.at,
                    None => said(store, &kept.learning.scope, learned, kept.learning.created_at).await?,
                };
                requests_of(operation, &kept.added, &kept.learning.scope, said, by)
            }
            _ => Ok(Vec::new()),
        };
        requests.push(requested.unwrap_or_else(|error| {
            refuse(learned, &error);
            Vec::new()
        }));
    }
    let turns: Vec<Operation> = turns.into_iter().map(|new| Operation::Add(Box::new(new))).collect();
    let all: Vec<Operation> = requests.iter().flatten().chain(&turns).cloned().collect();
    let embedded = store.embed_texts(&all, control).await?;
    let model = if embedded.is_empty() { None } else { Some(store.model_identity().await?) };
    let mut steps = Vec::with_capacity(requests.len());
    for (at, requested) in requests.into_iter().enumerate() {
        let learned = &mut kept.learning.operations[at];
        let keeps = match &learned.operation {
            Some(ProposedOperation::Keep { memory }) if now[at] => Some(memory.clone()),
            _ => None,
        };
        if let Some(memory) = keeps {
            steps.push(Step::Keep(memory));
            continue;
        }
        let mut ready = Vec::with_capacity(requested.len());
        for operation in requested {
            match store.prepare(operation, &embedded).await {
                Ok(prepared) => ready.push(prepared),
                Err(error) => {
                    refuse(learned, &error);
                    ready.clear();
                    break;
                }
            }
        }
        if let Some(Ready::Add(prepared)) = ready.first_mut() {
            let provenance = &mut prepared.version.provenance;
            provenance.actor = Some(actor.clone());
            provenance.reason = Some(reason.clone().unwrap_or_else(|| learned.reason.clone()));
        }
        steps.push(if ready.is_empty() { Step::Nothing } else { Step::Change(ready) });
    }
    let mut turns_ready = Vec::with_capacity(turns.len());
    for turn in turns {
        turns_ready.push(store.prepare(turn, &embedded).await?);
    }
    let scope = kept.learning.scope.clone();
    let memories = steps.iter().flat_map(Step::memories).cloned().collect();
    let work = Apply { kept, steps, turns: turns_ready, messages, promised_by, model };
    store.commit(&scope, memories, work).await
}

/// The commit of a learning.
struct Apply {
    kept: KeptLearning,
    steps: Vec<Step>,
    turns: Vec<Ready>,
    messages: Vec<KeptMessage>,
    promised_by: Option<String>,
    model: Option<ModelIdentity>,
}

impl LearningWork for Apply {
    type Output = KeptLearning;

    fn run(&self, changes: &mut impl LearningChanges, now: Timestamp) -> Result<(KeptLearning, Vec<Applied>), Error> {
        check_promise(changes, self.promised_by.as_deref())?;
        if let Some(other) = learnt_elsewhere(changes, &self.kept)? {
            return Ok((other, Vec::new()));
        }
        let mut kept = self.kept.clone();
        let mut applied = Vec::new();
        for turn in &self.turns {
            applied.push(apply(changes, turn.clone(), self.model.as_ref(), now)?);
        }
        for (learned, step) in kept.learning.operations.iter_mut().zip(&self.steps) {
            match changes.attempt(|changes| run(changes, step, self.model.as_ref(), now)) {
                Ok(None) => {}
                Ok(Some((version, changed))) => {
                    learned.state = State::Applied;
                    learned.id = Some(version.id);
                    learned.version = Some(version.if_version);
                    applied.extend(changed);
                }
                Err(error) => refuse(learned, &error),
            }
        }
        kept.learning.status = kept.learning.settled_status();
        put_sources(changes, &kept)?;
        for message in &self.messages {
            put_message(changes, message)?;
        }
        changes.put_learning(&kept)?;
        Ok((kept, applied))
    }
}

/// What another server of the same memories has learnt from the same call meanwhile.
fn learnt_elsewhere(changes: &impl LearningChanges, kept: &KeptLearning) -> Result<Option<KeptLearning>, Error> {
    let Some(id) = changes.learning_of_key(&kept.key)?.filter(|id| *id != kept.learning.id) else { return Ok(None) };
    Ok(changes.learning(&id)?.filter(|other| other.learning.status != Status::Failed))
}

/// Keeps a learning that changes no memory.
pub(super) async fn keep_record(
    store: &impl LearningStore,
    kept: KeptLearning,
    messages: Vec<KeptMessage>,
    promised_by: Option<String>,
) -> Result<(), Error> {
    let scope = kept.learning.scope.clone();
    store.commit(&scope, Vec::new(), KeepRecord { kept, messages, promised_by }).await
}

struct KeepRecord {
    kept: KeptLearning,
    messages: Vec<KeptMessage>,
    promised_by: Option<String>,
}

impl LearningWork for KeepRecord {
    type Output = ();

    fn run(&self, changes: &mut impl LearningChanges, _now: Timestamp) -> Result<((), Vec<Applied>), Error> {
        check_promise(changes, self.promised_by.as_deref())?;
        for message in &self.messages {
            put_message(changes, message)?;
        }
        changes.put_learning(&self.kept)?;
        Ok(((), Vec::new()))
    }
}

/// When the words of an operation were said.
async fn said(
    store: &impl LearningStore,
    scope: &Scope,
    learned: &LearnedOperation,
    otherwise: Timestamp,
) -> Result<Timestamp, Error> {
    let Some(quote) = learned.quotes.first() else { return Ok(otherwise) };
    let (user, id) = (scope.user_id.clone(), quote.message.clone());
    let message = store.read(move |rows| rows.message(user.as_deref(), &id)).await?;
    Ok(message.map_or(otherwise, |kept| kept.message.at))
}

/// Its document goes when the user is deleted, also while the model is thinking.
fn check_promise(changes: &impl LearningChanges, name: Option<&str>) -> Result<(), Error> {
    match name {
        Some(name) if changes.document(name)?.is_none() => Err(Error::Aborted),
        _ => Ok(()),
    }
}

fn cites(learned: &LearnedOperation, kept: &KeptMessage) -> bool {
    learned.quotes.first().is_some_and(|quote| quote.message == kept.message_id)
}

/// What an operation asks of the store; the first request is about the memory that it names.
fn requests_of(
    operation: &ProposedOperation,
    added: &Added,
    scope: &Scope,
    said: Timestamp,
    by: Provenance,
) -> Result<Vec<Operation>, Error> {
    let retire = |memory: &VersionedId, retirement, reason: Option<String>| {
        let reason = reason.or_else(|| by.reason.clone());
        let provenance = Provenance { event: Event::Retire, reason, ..by.clone() };
        let if_version = Some(memory.if_version);
        Operation::Retire(Retire { id: memory.id.clone(), retirement, if_version, provenance })
    };
    let update = |memory: &VersionedId, content: &str, validity| -> Result<Operation, Error> {
        let content = Content::read("content", content.to_owned())?;
        let patch = Patch { content: Some(content), validity, ..Patch::default() };
        let if_version = Some(memory.if_version);
        Ok(Operation::Update(Box::new(Update { id: memory.id.clone(), patch, if_version, provenance: by.clone() })))
    };
    Ok(match operation {
        ProposedOperation::Add { content, tags, valid_from, valid_to } => {
            let validity = Validity { from: *valid_from, to: *valid_to, ..Validity::default() }.checked()?;
            vec![Operation::Add(Box::new(NewMemory {
                id: None,
                content: Content::read("content", content.clone())?,
                tags: Tags::read("tags", both(&added.tags, tags))?,
                metadata: Metadata::read("metadata", added.metadata.clone())?,
                removed: Vec::new(),
                scope: scope.clone(),
                immutable: added.immutable,
                expires_at: added.expires_at,
                created_at: Some(said),
                validity,
                vectors: None,
                embed: true,
                duplicates: Duplicates::default(),
            }))]
        }
        ProposedOperation::Update { memory, content, change, valid_from, valid_to } => {
            let correction = *change != Change::NewState;
            let (from, to) = (valid_from.map(Setting::Set), valid_to.map(Setting::Set));
            vec![update(memory, content, ValidityPatch { from, to, correction })?]
        }
        ProposedOperation::Retire { memory, why, valid_to } => {
            let to = valid_to.filter(|_| *why == Retired::Ended);
            vec![retire(memory, Retirement { why: *why, to }, None)]
        }
        ProposedOperation::Merge { memory, content, from } => {
            let kept = ValidityPatch { correction: true, ..ValidityPatch::default() };
            let mut requests = vec![update(memory, content, kept)?];
            let into = |other| {
                let retirement = Retirement { why: Retired::Ended, to: None };
                retire(other, retirement, Some(Provenance::merged_into(&memory.id)))
            };
            requests.extend(from.iter().map(into));
            requests
        }
        ProposedOperation::Keep { .. } => Vec::new(),
    })
}

fn both(ours: &[String], more: &[String]) -> Vec<String> {
    let new = more.iter().filter(|tag| !ours.contains(tag));
    ours.iter().chain(new).cloned().collect()
}

/// The memory and its version after the step, and the changes to publish.
fn run(
    changes: &mut impl LearningChanges,
    step: &Step,
    model: Option<&ModelIdentity>,
    now: Timestamp,
) -> Result<Option<(VersionedId, Vec<Applied>)>, Error> {
    match step {
        Step::Nothing => Ok(None),
        Step::Keep(memory) => {
            let (_, head) = current(changes, &memory.id)?;
            check_version(&memory.id, &head, Some(memory.if_version))?;
            Ok(Some((memory.clone(), Vec::new())))
        }
        Step::Change(ready) => {
            let mut applied = Vec::with_capacity(ready.len());
            for operation in ready {
                applied.push(apply(changes, operation.clone(), model, now)?);
            }
            let first = applied.first().ok_or(Error::Internal("an operation without a change"))?;
            let version = &first.memory().version;
            Ok(Some((VersionedId { id: version.id.clone(), if_version: version.number }, applied)))
        }
    }
}

/// Keeps where the versions of this learning come from. What was merged brings its own sources.
fn put_sources(changes: &mut impl LearningChanges, kept: &KeptLearning) -> Result<(), Error> {
    for learned in &kept.learning.operations {
        let (State::Applied, Some(id), Some(version)) = (learned.state, &learned.id, learned.version) else { continue };
        let Some(number) = changes.number(id)? else { continue };
        for quote in &learned.quotes {
            let source = KeptSource {
                memory: id.clone(),
                version,
                learning: kept.learning.id.clone(),
                message: quote.message.clone(),
                quote: quote.text.clone(),
            };
            changes.put_source(number, &source)?;
        }
        if let Some(ProposedOperation::Merge { from, .. }) = &learned.operation {
            for other in from {
                let Some(merged) = changes.number(&other.id)? else { continue };
                for source in changes.sources(merged)? {
                    changes.put_source(number, &KeptSource { memory: id.clone(), version, ..source })?;
                }
            }
        }
    }
    Ok(())
}

/// Keeps a message with all marks that it has by now.
fn put_message(changes: &mut impl LearningChanges, message: &KeptMessage) -> Result<(), Error> {
    let user = message.scope.user_id.as_deref();
    let mut message = message.clone();
    if let Some(before) = changes.message(user, &message.message_id)? {
        message.seen.extend(before.seen);
        message.seen.sort();
        message.seen.dedup();
        message.message.at = before.message.at;
    }
    changes.put_message(&message)
}

fn refuse(learned: &mut LearnedOperation, error: &Error) {
    let code = match error {
        Error::VersionConflict { .. } => RefusalCode::VersionConflict,
        Error::NotFound { .. } => RefusalCode::NotFound,
        Error::Immutable { .. } => RefusalCode::Immutable,
        _ => RefusalCode::InvalidArgument,
    };
    learned.state = State::Refused;
    learned.error = Some(Refusal { code, message: error.to_string(), field: error.field().map(str::to_owned) });
}
