//! Does one random operation have the same outcome in the store and in the model?

use openmemory_domain::{Clock, Memory};
use openmemory_rules::Error;
use openmemory_rules::contract::ItemResult;
use serde_json::{Map, Value, json};

use crate::calls::{Calls, code, to_json};
use crate::clock::{ManualClock, START};
use crate::compare::same;
use crate::filter::Filter;
use crate::rng::Rng;
use crate::state::{Change, MemoryState, Model, VersionState, iso};

const IDS: usize = 12;

type Agreement = Result<(), String>;

pub async fn step(calls: &Calls, clock: &ManualClock, model: &mut Model, rng: &mut Rng) -> Agreement {
    match rng.below(40) {
        0..=3 => clock.advance(rng.below(3000) as i64),
        4 => clock.advance(-(rng.below(2000) as i64)),
        _ => {}
    }
    let now = clock.now().millis();
    let id = format!("m{}", rng.below(IDS));
    match rng.below(30) {
        0..=3 => add(calls, model, rng, &id, now).await,
        4..=11 => update(calls, model, rng, &id, now).await,
        12 => add_batch(calls, model, rng, now).await,
        13..=14 => update_batch(calls, model, rng, now).await,
        15..=16 => restore(calls, model, rng, &id, now).await,
        17 if rng.once_in(3) => delete(calls, model, rng, &id).await,
        18 if rng.once_in(40) => delete_matching(calls, model, rng, now).await,
        17..=19 => reinforce(calls, model, rng, &id).await,
        20 => feedback(calls, model, rng, &id).await,
        21..=23 => list(calls, model, rng, now).await,
        24..=25 => search(calls, model, rng, &id, now).await,
        26 => history(calls, model, rng, &id).await,
        27..=28 => look_back(calls, model, rng, &id, now).await,
        _ => get(calls, model, &id).await,
    }
}

fn agree(what: &str, found: Option<&str>, expected: Option<&str>) -> Agreement {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, and the model says {expected:?}")) }
}

fn shows(what: &str, found: &Value, expected: &Value) -> Agreement {
    if same(found, expected) { Ok(()) } else { Err(format!("{what}: {found}, and the model says {expected}")) }
}

/// Compares the outcome of a change of one memory: the error, or the memory in its new state.
fn changed(
    what: &str,
    model: &Model,
    id: &str,
    found: &Result<Memory, Error>,
    expected: Result<u64, &str>,
) -> Agreement {
    agree(what, code(found), expected.err())?;
    let Ok(found) = found else { return Ok(()) };
    let memory = &model.memories[id];
    shows(what, &to_json(found), &memory.record(id, memory.versions.len()))
}

fn content(rng: &mut Rng) -> String {
    format!("Word{} word{}.", rng.below(6), rng.below(6))
}

fn tags(rng: &mut Rng) -> Value {
    (0..rng.below(4)).map(|_| format!("tag{}", rng.below(4))).collect()
}

fn metadata(rng: &mut Rng, with_null: bool) -> Map<String, Value> {
    let mut fields = Map::new();
    for _ in 0..rng.below(4) {
        let key = *rng.one(&["a", "b", "c", "sector"]);
        let value = match (rng.below(3), key) {
            (0, _) if with_null => Value::Null,
            (_, "sector") => (*rng.one(&["episodic", "semantic"])).into(),
            (_, _) => json!({"n": [rng.below(100), null, 0.1]}),
        };
        fields.insert(key.into(), value);
    }
    fields
}

/// A new memory, as a request and in the model.
fn new_memory(rng: &mut Rng, id: &str, now: i64) -> (Value, MemoryState) {
    let created_at = if rng.once_in(4) { now - rng.below(10_000) as i64 } else { now };
    let version = VersionState {
        content: if rng.once_in(10) { String::new() } else { content(rng) },
        // Without text something else is needed.
        tags: [tags(rng), json!(["tag0"])].into_iter().find(|tags| tags != &json!([])).unwrap_or_default(),
        metadata: metadata(rng, false),
        expires_at: rng.once_in(5).then(|| now - 1000 + rng.below(5000) as i64),
        updated_at: created_at,
        event: "ADD",
        restored_from: None,
        actor: None,
    };
    let user = (!rng.once_in(4)).then(|| format!("u{}", rng.below(4)));
    let immutable = rng.once_in(10);
    let mut request = json!({
        "id": id, "content": Some(&version.content).filter(|content| !content.is_empty()), "tags": version.tags,
        "metadata": version.metadata, "immutable": immutable,
    });
    if created_at != now {
        request["created_at"] = iso(created_at).into();
    }
    if let Some(at) = version.expires_at {
        request["expires_at"] = iso(at).into();
    }
    if let Some(user) = &user {
        request["user_id"] = user.as_str().into();
    }
    (request, MemoryState { number: 0, user, created_at, immutable, feedback: None, versions: vec![version] })
}

async fn add(calls: &Calls, model: &mut Model, rng: &mut Rng, id: &str, now: i64) -> Agreement {
    let (request, memory) = new_memory(rng, id, now);
    let found = calls.add(request).await;
    let expected = model.add(id, memory).map(|()| 1);
    changed("add", model, id, &found, expected)
}

fn change(rng: &mut Rng, versions: usize) -> Change {
    let fields = 1 + rng.below(15);
    Change {
        content: (fields & 1 != 0).then(|| content(rng)),
        tags: (fields & 2 != 0).then(|| tags(rng)),
        metadata: (fields & 4 != 0).then(|| metadata(rng, true)),
        expires_at: (fields & 8 != 0).then(|| (!rng.once_in(2)).then(|| START + rng.below(400_000) as i64)),
        if_version: rng.once_in(4).then(|| (versions + rng.below(2)).max(1) as u64),
        actor: None,
    }
}

fn patch(change: &Change) -> Map<String, Value> {
    let mut patch = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            patch.insert(key.into(), value);
        }
    };
    put("content", change.content.as_deref().map(Value::from));
    put("tags", change.tags.clone());
    put("metadata", change.metadata.clone().map(Value::from));
    put("expires_at", change.expires_at.map(|at| at.map_or(Value::Null, |at| iso(at).into())));
    patch
}

fn versions(model: &Model, id: &str) -> usize {
    model.memories.get(id).map_or(0, |memory| memory.versions.len())
}

async fn update(calls: &Calls, model: &mut Model, rng: &mut Rng, id: &str, now: i64) -> Agreement {
    let change = Change { actor: rng.once_in(3).then(|| "ada".into()), ..change(rng, versions(model, id)) };
    let mut request = json!({"id": id, "patch": patch(&change)});
    if let Some(version) = change.if_version {
        request["ifVersion"] = version.into();
    }
    if let Some(actor) = &change.actor {
        request["actor"] = actor.as_str().into();
    }
    let found = calls.update(request).await;
    let expected = model.update(id, &change, now);
    changed("update", model, id, &found, expected)
}

fn outcomes<T>(results: &[ItemResult<T>]) -> Vec<Option<&'static str>> {
    results.iter().map(|result| result.as_ref().err().map(|refused| refused.error.code().as_str())).collect()
}

/// The outcomes of an atomic batch with a bad item.
fn refused(outcomes: Vec<Option<&'static str>>) -> Vec<Option<&'static str>> {
    outcomes.into_iter().map(|outcome| outcome.or(Some("ABORTED"))).collect()
}

fn batch_agrees(what: &str, found: &[Option<&str>], expected: &[Option<&str>]) -> Agreement {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, and the model says {expected:?}")) }
}

async fn add_batch(calls: &Calls, model: &mut Model, rng: &mut Rng, now: i64) -> Agreement {
    let atomic = rng.once_in(2);
    let mut trial = model.clone();
    let (mut items, mut expected, mut bad) = (Vec::new(), Vec::new(), false);
    for _ in 0..=rng.below(4) {
        let id = format!("m{}", rng.below(IDS));
        let (mut request, memory) = new_memory(rng, &id, now);
        if rng.once_in(6) {
            request["content"] = "  ".into();
            bad = true;
            expected.push(Some("INVALID_ARGUMENT"));
        } else {
            expected.push(trial.add(&id, memory).err());
        }
        items.push(request);
    }
    let results = calls.add_many(json!({"items": items, "atomic": atomic})).await.unwrap();
    if atomic && bad {
        // The batch is rejected before any lookup.
        let only_bad = expected.iter().map(|outcome| outcome.filter(|code| *code == "INVALID_ARGUMENT")).collect();
        return batch_agrees("atomic add batch", &outcomes(&results), &refused(only_bad));
    }
    if atomic && expected.iter().any(Option::is_some) {
        return batch_agrees("atomic add batch", &outcomes(&results), &refused(expected));
    }
    *model = trial;
    batch_agrees("add batch", &outcomes(&results), &expected)
}

async fn update_batch(calls: &Calls, model: &mut Model, rng: &mut Rng, now: i64) -> Agreement {
    let atomic = rng.once_in(2);
    let mut trial = model.clone();
    let (mut items, mut early, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..=rng.below(4) {
        let id = format!("m{}", rng.below(IDS));
        let change = change(rng, versions(&trial, &id));
        let mut item = patch(&change);
        item.insert("id".into(), id.as_str().into());
        if let Some(version) = change.if_version {
            item.insert("ifVersion".into(), version.into());
        }
        if rng.once_in(8) {
            item.insert("tags".into(), json!([""]));
            early.push(Some("INVALID_ARGUMENT"));
            expected.push(Some("INVALID_ARGUMENT"));
        } else {
            // Existence and immutability are checked before versions.
            let refused = match model.memories.get(&id) {
                None => Some("NOT_FOUND"),
                Some(memory) => memory.immutable.then_some("IMMUTABLE"),
            };
            early.push(refused);
            expected.push(refused.or_else(|| trial.update(&id, &change, now).err()));
        }
        items.push(Value::from(item));
    }
    let results = calls.update_many(json!({"items": items, "atomic": atomic})).await.unwrap();
    if atomic && early.iter().any(Option::is_some) {
        return batch_agrees("atomic update batch", &outcomes(&results), &refused(early));
    }
    if atomic && expected.iter().any(Option::is_some) {
        return batch_agrees("atomic update batch", &outcomes(&results), &refused(expected));
    }
    *model = trial;
    batch_agrees("update batch", &outcomes(&results), &expected)
}

async fn restore(calls: &Calls, model: &mut Model, rng: &mut Rng, id: &str, now: i64) -> Agreement {
    let version = 1 + rng.below(versions(model, id) + 1) as u64;
    let found = calls.restore(id, version).await;
    let expected = model.restore(id, version, now);
    changed("restore", model, id, &found, expected)
}

async fn delete(calls: &Calls, model: &mut Model, rng: &mut Rng, id: &str) -> Agreement {
    if rng.once_in(2) {
        let found = calls.delete(id).await;
        return agree("delete", code(&found), model.delete(id).err());
    }
    let other = format!("m{}", rng.below(IDS));
    let results = calls.delete_many(&[id, &other, "never"]).await.unwrap();
    let expected = [id, &other, "never"].map(|id| model.delete(id).err());
    batch_agrees("delete many", &outcomes(&results), &expected)
}

async fn delete_matching(calls: &Calls, model: &mut Model, rng: &mut Rng, now: i64) -> Agreement {
    let filter = Filter::any(rng, now, 2);
    let found = calls.delete_matching(filter.to_json()).await.unwrap();
    let matching = model.memories.iter().filter(|(id, memory)| filter.matches(id, memory));
    let expected: Vec<String> = matching.map(|(id, _)| id.clone()).collect();
    for id in &expected {
        model.delete(id).unwrap();
    }
    let what = format!("delete by {}", filter.to_json());
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, and the model says {expected:?}")) }
}

async fn reinforce(calls: &Calls, model: &Model, rng: &mut Rng, id: &str) -> Agreement {
    let boost = (1 + rng.below(10)) as f64 / 10.0;
    // Reinforcements by searches are committed asynchronously; a tiny change that follows them waits for that.
    let before = calls.reinforce(id, 1e-12).await.map(|memory| memory.dynamics.salience().at(memory.now));
    let found = calls.reinforce(id, boost).await;
    let expected = model.memories.contains_key(id).then_some(versions(model, id) as u64).ok_or("NOT_FOUND");
    changed("reinforce", model, id, &found, expected)?;
    if let (Ok(before), Ok(after)) = (before, found) {
        let after = after.dynamics.salience().at(after.now);
        if (after - (before + boost).min(1.0)).abs() > 1e-9 {
            return Err(format!("reinforce by {boost}: salience went from {before} to {after}"));
        }
    }
    Ok(())
}

async fn feedback(calls: &Calls, model: &mut Model, rng: &mut Rng, id: &str) -> Agreement {
    let feedback = *rng.one(&[None, Some("POSITIVE"), Some("NEGATIVE"), Some("VERY_NEGATIVE")]);
    let found = calls.feedback(id, feedback).await;
    let expected = match model.memories.get_mut(id) {
        Some(memory) => {
            memory.feedback = feedback;
            Ok(memory.versions.len() as u64)
        }
        None => Err("NOT_FOUND"),
    };
    changed("feedback", model, id, &found, expected)
}

async fn list(calls: &Calls, model: &Model, rng: &mut Rng, now: i64) -> Agreement {
    let filter = Filter::any(rng, now, 3);
    let (by_updated, newest_first, show_expired) = (rng.once_in(2), rng.once_in(2), rng.once_in(2));
    let order = format!(
        "{}:{}",
        if by_updated { "updated_at" } else { "created_at" },
        if newest_first { "desc" } else { "asc" }
    );
    let limit = 1 + rng.below(5);
    let mut expected: Vec<_> = model
        .memories
        .iter()
        .filter(|(id, memory)| (show_expired || !memory.expired(now)) && filter.matches(id, memory))
        .map(|(id, memory)| {
            (if by_updated { memory.last().updated_at } else { memory.created_at }, memory.number, id.as_str())
        })
        .collect();
    expected.sort_unstable();
    if newest_first {
        expected.reverse();
    }
    let expected: Vec<&str> = expected.into_iter().map(|(_, _, id)| id).collect();
    let mut request = json!({"filters": filter.to_json(), "order": order, "limit": limit, "showExpired": show_expired});
    let mut found = Vec::new();
    loop {
        let page = calls.list(request.clone()).await.unwrap();
        if page.memories.len() > limit {
            return Err(format!("list: {} memories on a page of {limit}", page.memories.len()));
        }
        found.extend(page.memories.into_iter().map(|memory| memory.version.id.to_string()));
        match page.next_cursor {
            Some(cursor) => request["cursor"] = cursor.into(),
            None => break,
        }
    }
    if found == expected { Ok(()) } else { Err(format!("list {request}: {found:?}, and the model says {expected:?}")) }
}

async fn search(calls: &Calls, model: &Model, rng: &mut Rng, id: &str, now: i64) -> Agreement {
    let show_expired = rng.once_in(2);
    let visible = |memory: &MemoryState| show_expired || !memory.expired(now);
    if let Some(memory) = model.memories.get(id).filter(|_| rng.once_in(2)) {
        // A search for its current text finds a memory.
        let text = &memory.last().content;
        let query = json!({
            "query": if text.is_empty() { "tag0" } else { text },
            "filters": {"memory_ids": [id]}, "showExpired": show_expired,
        });
        let hits = calls.search(query).await.map_err(|error| error.to_string())?;
        let found = visible(memory) && !text.is_empty();
        let expected = if found { vec![memory.record(id, memory.versions.len())] } else { vec![] };
        if hits.len() != expected.len() {
            return Err(format!("search for {id}: {} hits, and the model says {}", hits.len(), expected.len()));
        }
        return hits.iter().zip(&expected).try_for_each(|(hit, record)| shows("search", &to_json(hit), record));
    }
    let filter = Filter::any(rng, now, 2);
    let query = json!({
        "query": content(rng), "limit": 1 + rng.below(20), "filters": filter.to_json(), "showExpired": show_expired,
    });
    let hits = calls.search(query.clone()).await.map_err(|error| error.to_string())?;
    if !hits.is_sorted_by(|a, b| a.score >= b.score) {
        return Err(format!("search {query}: not the best first"));
    }
    let mut seen = std::collections::BTreeSet::new();
    for hit in hits {
        let id = hit.memory.version.id.to_string();
        let memory = model.memories.get(&id).filter(|memory| visible(memory) && filter.matches(&id, memory));
        let Some(memory) = memory else { return Err(format!("search {query}: {id}, which the model leaves out")) };
        shows("search", &to_json(&hit), &memory.record(&id, memory.versions.len()))?;
        if !seen.insert(id) {
            return Err(format!("search {query}: a memory twice"));
        }
    }
    Ok(())
}

async fn history(calls: &Calls, model: &Model, rng: &mut Rng, id: &str) -> Agreement {
    let limit = 1 + rng.below(4);
    let before = 1 + rng.below(versions(model, id) + 2);
    let found = calls.history(json!({"id": id, "limit": limit, "before": before})).await;
    let Some(memory) = model.memories.get(id) else { return agree("history", code(&found), Some("NOT_FOUND")) };
    let found = found.map_err(|error| error.to_string())?;
    let expected = (1..before.min(memory.versions.len() + 1)).rev().take(limit);
    let expected: Vec<Value> = expected.map(|number| memory.entry(id, number)).collect();
    if found.len() != expected.len() {
        return Err(format!("history of {id} before {before}: {} entries", found.len()));
    }
    found.iter().zip(&expected).try_for_each(|(entry, expected)| shows("history", &to_json(entry), expected))
}

async fn look_back(calls: &Calls, model: &Model, rng: &mut Rng, id: &str, now: i64) -> Agreement {
    let Some(memory) = model.memories.get(id) else { return get(calls, model, id).await };
    let number = 1 + rng.below(memory.versions.len() + 1);
    let found = calls.get(json!({"id": id, "version": number})).await;
    if number > memory.versions.len() {
        agree("get by version", code(&found), Some("NOT_FOUND"))?;
    } else {
        let found = found.map_err(|error| error.to_string())?;
        shows("get by version", &to_json(&found), &memory.record(id, number))?;
    }
    let at = now - rng.below(20_000) as i64;
    let found = calls.get(json!({"id": id, "asOf": iso(at)})).await;
    match (1..=memory.versions.len()).rev().find(|number| memory.versions[number - 1].updated_at <= at) {
        None => agree("get at a time", code(&found), Some("NOT_FOUND")),
        Some(number) => {
            shows("get at a time", &to_json(&found.map_err(|error| error.to_string())?), &memory.record(id, number))
        }
    }
}

async fn get(calls: &Calls, model: &Model, id: &str) -> Agreement {
    let found = calls.get(json!({ "id": id })).await;
    match (model.memories.get(id), model.deleted.get(id)) {
        (Some(memory), _) => {
            let found = found.map_err(|error| error.to_string())?;
            shows("get", &to_json(&found), &memory.record(id, memory.versions.len()))
        }
        (None, version) => {
            agree("get", code(&found), Some("NOT_FOUND"))?;
            let details = found.err().and_then(|error| error.details()).unwrap_or_default();
            if details.get("version").and_then(Value::as_u64) == version.copied() {
                return Ok(());
            }
            Err(format!("get of a deleted id: {details}, and the model says {version:?}"))
        }
    }
}
