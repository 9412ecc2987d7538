//! Which messages of a call are new, and what in them may be kept and sent?

use std::collections::HashMap;

use data_encoding::HEXLOWER;
use openmemory_domain::Timestamp;
use openmemory_domain::learning::{KeptMessage, Message, MessageId, Role};
use openmemory_domain::request::{KeepMessages, Learn};
use openmemory_learning::echo::without_memories;
use openmemory_learning::redact::redacted;
use openmemory_learning::{Turn, prompt};
use openmemory_rules::{Error, LearningRows};

/// The messages of a call.
pub(super) struct Conversation {
    /// As they are kept: without secrets.
    pub messages: Vec<KeptMessage>,
    /// As the model reads them: also without recalled memories.
    pub turns: Vec<Turn>,
    /// Which of them the model is asked about.
    pub is_new: Vec<bool>,
    /// Which of them the store did not have.
    pub is_unknown: Vec<bool>,
    /// With which instructions, prompt and model they are learnt from.
    pub lens: String,
    /// The hash of all that decides what is learnt.
    pub key: String,
}

impl Conversation {
    pub fn of(request: &Learn, model: &str, rows: &dyn LearningRows, now: Timestamp) -> Result<Self, Error> {
        let lens = lens(request, model);
        let mut key = blake3::Hasher::new();
        key.update(lens.as_bytes());
        let mut occurrences: HashMap<MessageId, usize> = HashMap::new();
        let (mut messages, mut turns) = (Vec::new(), Vec::new());
        let (mut is_new, mut is_unknown) = (Vec::new(), Vec::new());
        for (given, said) in &request.messages {
            let content = if request.redact { redacted(&given.content) } else { given.content.clone() };
            // A call that waited has heard its messages before now.
            let heard = if given.at == Timestamp::FIRST { now } else { given.at };
            let message = Message { content, at: said.or(request.at).unwrap_or(heard), ..given.clone() };
            let said = said.or(request.at);
            let again = said_again(request, &message, rows)?;
            let message = again.as_ref().map_or(message, |kept| kept.message.clone());
            let id = match &again {
                Some(kept) => kept.message_id.clone(),
                None => {
                    let equal = occurrences.entry(MessageId::of(&request.scope, &message, said, 0)).or_insert(0);
                    *equal += 1;
                    MessageId::of(&request.scope, &message, said, *equal - 1)
                }
            };
            key.update(id.as_str().as_bytes());
            let known = match request.keep_messages {
                KeepMessages::None => None,
                _ if again.is_some() => again,
                _ => rows.message(request.scope.user_id.as_deref(), &id)?,
            };
            // The store has heard it at the time when it was told first.
            let at = known.as_ref().map_or(message.at, |known| known.message.at);
            let seen = known.as_ref().map_or_else(Vec::new, |known| known.seen.clone());
            let text = without_memories(&message.content).trim().to_owned();
            let says_something = !text.is_empty() && request.from.contains(&message.role);
            is_new.push(!seen.contains(&lens) && (says_something || is_context(message.role, &text)));
            is_unknown.push(known.is_none());
            turns.push(Turn { id: id.clone(), role: message.role, name: message.name.clone(), at, text });
            let message = Message { at, ..message };
            messages.push(KeptMessage { message_id: id, message, scope: request.scope.clone(), seen });
        }
        let key = HEXLOWER.encode(&key.finalize().as_bytes()[..16]);
        let mut conversation = Self { messages, turns, is_new, is_unknown, lens, key };
        // What nobody may learn from is worth no request.
        if !conversation.has_source(&request.from) {
            conversation.is_new.fill(false);
        }
        Ok(conversation)
    }

    fn has_source(&self, from: &[Role]) -> bool {
        self.turns.iter().zip(&self.is_new).any(|(turn, new)| *new && from.contains(&turn.role))
    }

    pub fn has_new(&self) -> bool {
        self.is_new.contains(&true)
    }

    /// The messages with the mark that they were learnt from.
    pub fn seen(&self) -> Vec<KeptMessage> {
        let seen = |kept: &KeptMessage| {
            let mut kept = kept.clone();
            if !kept.seen.contains(&self.lens) {
                kept.seen.push(self.lens.clone());
            }
            kept
        };
        self.messages.iter().map(seen).collect()
    }
}

/// The kept message that a caller names by the id that the store gave it.
fn said_again(request: &Learn, message: &Message, rows: &dyn LearningRows) -> Result<Option<KeptMessage>, Error> {
    let named = message.id.as_deref().and_then(|id| MessageId::read("id", id).ok());
    let Some(id) = named else { return Ok(None) };
    let kept = rows.message(request.scope.user_id.as_deref(), &id)?;
    Ok(kept.filter(|kept| kept.scope == request.scope))
}

/// Others' words are shown between those of the speakers that are learnt from.
fn is_context(role: Role, text: &str) -> bool {
    matches!(role, Role::User | Role::Assistant) && !text.is_empty()
}

/// A short hash of what is asked about each message.
fn lens(request: &Learn, model: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    let allow = request.allow;
    for part in [
        prompt::id(&request.categories),
        model,
        request.instructions.as_deref().unwrap_or_default(),
        &format!("{:?}{:?}", request.from, allow),
    ] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    for category in &request.categories {
        hasher.update(format!("{category:?}").as_bytes());
    }
    HEXLOWER.encode(&hasher.finalize().as_bytes()[..8])
}
