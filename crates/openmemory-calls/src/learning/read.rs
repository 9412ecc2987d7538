//! What has a store learnt, from which words, and what was said?

use openmemory_domain::Invalid;
use openmemory_domain::learning::{LearningId, MessageId};
use openmemory_domain::request::{ListLearnings, ListMessages, Sources};
use openmemory_rules::contract::{LearningPage, MessagePage, SourceText};
use openmemory_rules::write::current::current;
use openmemory_rules::{Error, LearningRows};

/// A page of these learnings, newest first.
pub fn learning_page(
    rows: &impl LearningRows,
    mut ids: Vec<LearningId>,
    request: &ListLearnings,
) -> Result<LearningPage, Error> {
    ids.sort();
    let mut page = LearningPage::default();
    for id in ids.into_iter().rev().filter(|id| request.cursor.as_ref().is_none_or(|cursor| id < cursor)) {
        let Some(kept) = rows.learning(&id)? else { continue };
        let learning = kept.learning;
        if !learning.scope.is_within(&request.scope) || request.status.is_some_and(|status| learning.status != status) {
            continue;
        }
        if page.learnings.len() == request.limit {
            page.next_cursor = page.learnings.last().map(|last| last.id.to_string());
            break;
        }
        page.learnings.push(learning);
    }
    Ok(page)
}

/// The sources of a memory, newest version first.
pub fn source_texts(rows: &impl LearningRows, request: &Sources) -> Result<Vec<SourceText>, Error> {
    let (number, head) = current(rows, &request.id)?;
    let user = head.scope.user_id.as_deref();
    let wanted = |version| request.version.is_none_or(|wanted| wanted == version);
    let mut sources = Vec::new();
    for source in rows.sources(number)?.into_iter().rev().filter(|source| wanted(source.version)) {
        let text = rows.message(user, &source.message)?;
        sources.push(SourceText { source, text });
    }
    Ok(sources)
}

/// A page of these messages, which are in the order in which they were said, each with its user.
pub fn message_page(
    rows: &impl LearningRows,
    ids: Vec<(Option<String>, MessageId)>,
    request: &ListMessages,
) -> Result<MessagePage, Error> {
    let cursor = request.cursor.as_deref().map(|text| MessageId::read("cursor", text)).transpose()?;
    let mut after = cursor.is_none();
    let mut page = MessagePage::default();
    for (user, id) in ids {
        if !after {
            after = Some(&id) == cursor.as_ref();
            continue;
        }
        let Some(kept) = rows.message(user.as_deref(), &id)? else { continue };
        if !kept.scope.is_within(&request.scope) {
            continue;
        }
        if page.messages.len() == request.limit {
            page.next_cursor = page.messages.last().map(|last| last.message_id.to_string());
            break;
        }
        page.messages.push(kept);
    }
    if after { Ok(page) } else { Err(Invalid::argument("cursor", "must be the next_cursor of a page").into()) }
}
