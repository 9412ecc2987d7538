//! How are the operations of a learning applied? All in one commit with their sources, the messages and the record of the
//! learning. One that conflicts is refused by itself.

use openmemory_domain::learning::{
    Change, KeptLearning, KeptMessage, KeptSource, LearnedOperation, ProposedOperation, Refusal, RefusalCode, State,
    VersionedId,
};
use openmemory_domain::request::{Duplicates, NewMemory, Operation, Retire, Update};
use openmemory_domain::valid_time::{Retirement, ValidityPatch};
use openmemory_domain::{
    Content, Event, Metadata, ModelIdentity, Patch, Provenance, Retired, Setting, Tags, Timestamp, Validity,
};
use openmemory_rules::contract::Control;
use openmemory_rules::write::current::{check_version, current};
use openmemory_rules::{Changes, Error, LearningChanges, LearningRows};
use openmemory_storage::Transaction;

use crate::engine::Engine;
use crate::operations::publish;
use openmemory_calls::operations::{Applied, Ready, apply};

/// What a commit does for one operation.
enum Step {
    Nothing,
    Keep(VersionedId),
    /// The first one makes the version that the operation is known by.
    Change(Vec<Ready>),
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

impl Engine {
    pub(super) async fn commit_learning(&self, commit: Commit, control: &Control) -> Result<KeptLearning, Error> {
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
                        None => self.said(&kept.learning.scope, learned, kept.learning.created_at)?,
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
        let embedded = self.embed_texts(&all, control).await?;
        let model = if embedded.is_empty() { None } else { Some(self.model.identity().await?.clone()) };
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
                match self.prepare_operation(operation, &embedded).await {
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
            turns_ready.push(self.prepare_operation(turn, &embedded).await?);
        }
        let (now, listeners) = (self.now(), self.listeners());
        let work = move |transaction: &mut Transaction<'_>| -> Result<(KeptLearning, Vec<Applied>), Error> {
            check_promise(transaction, promised_by.as_deref())?;
            let mut applied = Vec::new();
            for turn in turns_ready {
                applied.push(apply(transaction, turn, model.as_ref(), now)?);
            }
            for (learned, step) in kept.learning.operations.iter_mut().zip(steps) {
                let work = |transaction: &mut Transaction<'_>| run(transaction, step, model.as_ref(), now);
                match transaction.attempt(work) {
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
            put_sources(transaction, &kept)?;
            for message in &messages {
                put_message(transaction, message)?;
            }
            transaction.put_learning(&kept)?;
            Ok((kept, applied))
        };
        let publish = move |(_, applied): &(KeptLearning, Vec<Applied>)| {
            applied.iter().for_each(|applied| publish(applied, &listeners));
        };
        Ok(self.store.commit(work, publish).await??.0)
    }

    /// Keeps a learning that changes no memory.
    pub(super) async fn keep_record(
        &self,
        kept: KeptLearning,
        messages: Vec<KeptMessage>,
        promised_by: Option<String>,
    ) -> Result<(), Error> {
        let work = move |transaction: &mut Transaction<'_>| -> Result<(), Error> {
            check_promise(transaction, promised_by.as_deref())?;
            for message in &messages {
                put_message(transaction, message)?;
            }
            transaction.put_learning(&kept)
        };
        self.store.commit(work, |()| {}).await?
    }

    /// When the words of an operation were said.
    fn said(
        &self,
        scope: &openmemory_domain::Scope,
        learned: &LearnedOperation,
        otherwise: Timestamp,
    ) -> Result<Timestamp, Error> {
        let Some(quote) = learned.quotes.first() else { return Ok(otherwise) };
        let message = self.store.message(scope.user_id.as_deref(), &quote.message)?;
        Ok(message.map_or(otherwise, |kept| kept.message.at))
    }
}

/// Its document goes when the user is deleted, also while the model is thinking.
fn check_promise(transaction: &Transaction<'_>, name: Option<&str>) -> Result<(), Error> {
    match name {
        Some(name) if LearningRows::document(transaction, name)?.is_none() => Err(Error::Aborted),
        _ => Ok(()),
    }
}

fn cites(learned: &LearnedOperation, kept: &KeptMessage) -> bool {
    learned.quotes.first().is_some_and(|quote| quote.message == kept.message_id)
}

/// What an operation asks of the store; the first request is about the memory that it names.
fn requests_of(
    operation: &ProposedOperation,
    added: &openmemory_domain::learning::Added,
    scope: &openmemory_domain::Scope,
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
                vector: None,
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
    transaction: &mut Transaction<'_>,
    step: Step,
    model: Option<&ModelIdentity>,
    now: Timestamp,
) -> Result<Option<(VersionedId, Vec<Applied>)>, Error> {
    match step {
        Step::Nothing => Ok(None),
        Step::Keep(memory) => {
            let (_, head) = current(transaction, &memory.id)?;
            check_version(&memory.id, &head, Some(memory.if_version))?;
            Ok(Some((memory, Vec::new())))
        }
        Step::Change(ready) => {
            let mut applied = Vec::with_capacity(ready.len());
            for operation in ready {
                applied.push(apply(transaction, operation, model, now)?);
            }
            let first = applied.first().ok_or(Error::Internal("an operation without a change"))?;
            let version = &first.memory().version;
            Ok(Some((VersionedId { id: version.id.clone(), if_version: version.number }, applied)))
        }
    }
}

/// Keeps where the versions of this learning come from. What was merged brings its own sources.
fn put_sources(transaction: &mut Transaction<'_>, kept: &KeptLearning) -> Result<(), Error> {
    for learned in &kept.learning.operations {
        let (State::Applied, Some(id), Some(version)) = (learned.state, &learned.id, learned.version) else { continue };
        let Some(number) = openmemory_rules::Rows::number(transaction, id)? else { continue };
        for quote in &learned.quotes {
            let source = KeptSource {
                memory: id.clone(),
                version,
                learning: kept.learning.id.clone(),
                message: quote.message.clone(),
                quote: quote.text.clone(),
            };
            transaction.put_source(number, &source)?;
        }
        if let Some(ProposedOperation::Merge { from, .. }) = &learned.operation {
            for other in from {
                let Some(merged) = openmemory_rules::Rows::number(transaction, &other.id)? else { continue };
                for source in LearningRows::sources(transaction, merged)? {
                    transaction.put_source(number, &KeptSource { memory: id.clone(), version, ..source })?;
                }
            }
        }
    }
    Ok(())
}

/// Keeps a message with all marks that it has by now.
fn put_message(transaction: &mut Transaction<'_>, message: &KeptMessage) -> Result<(), Error> {
    let user = message.scope.user_id.as_deref();
    let mut message = message.clone();
    if let Some(before) = LearningRows::message(transaction, user, &message.message_id)? {
        message.seen.extend(before.seen);
        message.seen.sort();
        message.seen.dedup();
        message.message.at = before.message.at;
    }
    transaction.put_message(&message)
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
