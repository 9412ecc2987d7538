//! What does one call that learns do? It keeps the messages, asks the model about the new ones, and applies what holds.

use std::sync::Arc;

use openmemory_domain::learning::{
    KeptLearning, KeptMessage, LearnedOperation, Learning, LearningFailure, LearningId, Role, Status, Usage,
};
use openmemory_domain::request::{Duplicates, KeepMessages, Learn, LearnMode, NewMemory};
use openmemory_domain::{Content, Metadata, Tags, Validity};
use openmemory_learning::check::once::Before;
use openmemory_learning::plan::{decided, plan};
use openmemory_learning::prompt::Setting;
use openmemory_learning::transcript::parts;
use openmemory_learning::{Context, LanguageModel, ModelFailure, Why, prompt};
use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use serde_json::json;

use super::apply::{Commit, commit_learning, keep_record};
use super::ask::{NoAnswer, ask, budget};
use super::conversation::Conversation;
use super::recall::{MESSAGE_ID, Reach, candidates_for, neighbours_of};
use super::store::LearningStore;

/// Each operation, and whether it is applied now.
type Decided = Vec<(LearnedOperation, bool)>;

/// Learns from messages. Without a model nothing is kept and nothing is sent.
pub async fn learn(
    store: &impl LearningStore,
    request: Learn,
    model: Option<Arc<dyn LanguageModel>>,
    control: &Control,
) -> Result<Learning, Error> {
    let model = model.ok_or(Error::NoLanguageModel)?;
    let _turn = tokio::select! {
        biased;
        () = control.cancelled() => return Err(Error::Aborted),
        turn = store.queue().turn(&request.scope) => turn,
    };
    let now = store.now();
    let (asked, name) = (request.clone(), model.id().to_owned());
    let conversation = store.read(move |rows| Conversation::of(&asked, &name, rows, now)).await?;
    if let Some(finished) = finished(store, conversation.key.clone()).await? {
        return Ok(finished);
    }
    let mut usage = Usage::default();
    let asked = match conversation.has_new() {
        true => asked_of(store, &request, &conversation, &*model, control, &mut usage).await,
        false => Ok(Vec::new()),
    };
    usage.ms = u64::try_from(store.now().millis() - now.millis()).unwrap_or(0);
    let learning = Learning {
        id: request.id.clone().unwrap_or_else(LearningId::generate),
        status: Status::Nothing,
        operations: Vec::new(),
        messages: conversation.messages.iter().map(|kept| kept.message_id.clone()).collect(),
        usage,
        model: model.id().to_owned(),
        prompt: prompt::id(&request.categories).to_owned(),
        scope: request.scope.clone(),
        created_at: now,
        error: None,
    };
    match asked {
        Ok(decided) => keep(store, request, conversation, learning, decided, control).await,
        Err(Stopped::Error(error)) => Err(error),
        Err(Stopped::Model(failure)) => Err(keep_failure(store, &request, conversation, learning, failure).await?),
    }
}

/// What the same call has learnt before, unless it failed.
async fn finished(store: &impl LearningStore, key: String) -> Result<Option<Learning>, Error> {
    let kept = store.read(move |rows| match rows.learning_of_key(&key)? {
        Some(id) => rows.learning(&id),
        None => Ok(None),
    });
    Ok(kept.await?.map(|kept| kept.learning).filter(|learning| learning.status != Status::Failed))
}

async fn asked_of(
    store: &impl LearningStore,
    request: &Learn,
    conversation: &Conversation,
    model: &dyn LanguageModel,
    control: &Control,
    usage: &mut Usage,
) -> Result<Decided, Stopped> {
    let reach = Reach::of(&request.scope, request.filter.clone())?;
    let parts = parts(&conversation.turns, &conversation.is_new, budget(model)?);
    let setting = Setting {
        now: store.now(),
        timezone: &request.timezone,
        instructions: request.instructions.as_deref(),
        categories: &request.categories,
        from: &request.from,
        allow: request.allow,
    };
    let (mut before, mut room) = (Before::default(), request.max_operations);
    let (mut all, total) = (Vec::new(), parts.len());
    control.report(0, total);
    for (done, part) in parts.into_iter().enumerate() {
        let candidates = candidates_for(store, &part, &reach).await?;
        for (part, answer) in ask(model, &setting, &candidates, part, control, usage).await? {
            let neighbours = neighbours_of(store, &answer, &reach).await?;
            let context = Context {
                now: setting.now,
                from: &request.from,
                allow: request.allow,
                categories: &request.categories,
                part: &part,
                candidates: &candidates,
                neighbours: &neighbours,
            };
            let planned = plan(&context, answer, &mut before, &mut room);
            all.extend(decided(&context, request.mode, &planned));
        }
        control.report(done + 1, total);
    }
    Ok(all)
}

async fn keep(
    store: &impl LearningStore,
    request: Learn,
    conversation: Conversation,
    mut learning: Learning,
    decided: Decided,
    control: &Control,
) -> Result<Learning, Error> {
    // Until here nothing was changed; from here on nothing is left half done.
    control.check()?;
    let (operations, now): (Vec<_>, Vec<_>) = decided.into_iter().unzip();
    learning.operations = operations;
    learning.status = learning.settled_status();
    if request.mode == LearnMode::Dry {
        return Ok(learning);
    }
    let actor = request.added.actor.clone().unwrap_or_else(|| format!("model:{}", learning.model));
    let keeps = request.keep_messages != KeepMessages::None;
    let turns = if request.keep_messages == KeepMessages::Memories { turns(&conversation)? } else { Vec::new() };
    let messages = if keeps { conversation.seen() } else { Vec::new() };
    let kept = KeptLearning { learning, added: request.added, key: conversation.key };
    let (reason, promised_by) = (request.reason, request.promised_by);
    let commit = Commit { kept, now, messages, turns, actor, reason, promised_by };
    // Its progress is that of the requests.
    Ok(commit_learning(store, commit, &Control::default()).await?.learning)
}

/// Keeps that the model has failed, with the messages, so that the call can be repeated.
async fn keep_failure(
    store: &impl LearningStore,
    request: &Learn,
    conversation: Conversation,
    mut learning: Learning,
    failure: ModelFailure,
) -> Result<Error, Error> {
    let ModelFailure { why, message, retryable } = failure;
    let (why, code) = (why.name(), openmemory_domain::ErrorCode::LanguageModelFailed.as_str().to_owned());
    learning.status = Status::Failed;
    learning.error = Some(LearningFailure { code, why: why.to_owned(), message: message.clone() });
    let id = learning.id.clone();
    // What is promised is asked for again once there are tokens.
    let is_put_off = why == Why::Budget.name() && retryable && request.promised_by.is_some();
    let is_kept = request.mode != LearnMode::Dry && request.keep_messages != KeepMessages::None && !is_put_off;
    if is_kept {
        let kept = KeptLearning { learning, added: request.added.clone(), key: conversation.key };
        keep_record(store, kept, conversation.messages, request.promised_by.clone()).await?;
    }
    Ok(Error::LanguageModelFailed { why, message, retryable, learning: is_kept.then_some(id) })
}

/// The messages that the store did not have, as memories of their run.
fn turns(conversation: &Conversation) -> Result<Vec<NewMemory>, Error> {
    let unknown = conversation.messages.iter().zip(&conversation.is_unknown).filter(|(_, unknown)| **unknown);
    let said = unknown.map(|(kept, _)| kept).filter(|kept| kept.message.role != Role::System);
    said.filter(|kept| !kept.message.content.trim().is_empty()).map(turn).collect()
}

fn turn(kept: &KeptMessage) -> Result<NewMemory, Error> {
    let message = &kept.message;
    let mut metadata = serde_json::Map::new();
    metadata.insert(MESSAGE_ID.into(), json!(kept.message_id));
    metadata.insert("role".into(), json!(message.role.name()));
    if let Some(name) = &message.name {
        metadata.insert("name".into(), json!(name));
    }
    Ok(NewMemory {
        id: None,
        content: Content::read("content", message.content.clone())?,
        tags: Tags::default(),
        metadata: Metadata::read("metadata", metadata)?,
        removed: Vec::new(),
        scope: kept.scope.clone(),
        immutable: false,
        expires_at: None,
        created_at: Some(message.at),
        validity: Validity::default(),
        vectors: None,
        embed: true,
        duplicates: Duplicates::default(),
    })
}

/// Why a call ends before anything is applied.
enum Stopped {
    Error(Error),
    Model(ModelFailure),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<NoAnswer> for Stopped {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::Cancelled => Self::Error(Error::Aborted),
            NoAnswer::Model(failure) => Self::Model(failure),
        }
    }
}
