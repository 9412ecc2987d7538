//! Does a store learn what holds, once, in one commit, and can it take it back? The model answers by script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use openmemory_domain::filter;
use openmemory_domain::learning::{Learning, LearningId, State, Status};
use openmemory_domain::request::{
    Decide, Learn, LearningById, ListLearnings, ListMessages, NewMemory, Retire, Sources, Update,
};
use openmemory_domain::{ErrorCode, Memory, Scope, Timestamp};
use openmemory_learning::{Answer, Finish, LanguageModel, ModelFailure, Pending, Request, Why};
use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use serde_json::{Value, json};

use super::support::Fixture;

type Script = Box<dyn Fn(&Value) -> Result<Answer, ModelFailure> + Send + Sync>;

/// Answers by script, and records what it was asked.
pub struct ScriptedModel {
    answers: Mutex<VecDeque<Script>>,
    pub asked: Mutex<Vec<Value>>,
}

impl ScriptedModel {
    pub fn new(answers: Vec<Script>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into()), asked: Mutex::default() })
    }

    /// Answers each request with the operations that the function makes of it.
    pub fn answering(operations: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Arc<Self> {
        Self::new(vec![Box::new(move |asked| Ok(stop(json!({ "operations": operations(asked) }).to_string())))])
    }

    pub fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl LanguageModel for ScriptedModel {
    fn id(&self) -> &str {
        "scripted"
    }

    fn context_tokens(&self) -> usize {
        16_000
    }

    fn output_tokens(&self) -> usize {
        2_000
    }

    fn complete(&self, request: Request) -> Pending {
        let asked: Value = serde_json::from_str(&request.user).unwrap();
        self.asked.lock().unwrap().push(asked.clone());
        let mut answers = self.answers.lock().unwrap();
        // The last one is repeated.
        let answer = if answers.len() > 1 { answers.pop_front().unwrap()(&asked) } else { answers[0](&asked) };
        Box::pin(async move { answer })
    }
}

pub fn stop(text: String) -> Answer {
    Answer { text, finish: Finish::Stop, input_tokens: Some(10), output_tokens: Some(2), calls: 1 }
}

/// The number under which a memory with this text is shown.
pub fn number(asked: &Value, text: &str) -> Value {
    let memories = asked["memories"].as_array().unwrap();
    memories.iter().find(|memory| memory["text"] == text).map_or(json!(999), |memory| memory["n"].clone())
}

pub fn operation(fields: Value) -> Value {
    let mut operation = json!({
        "op": "add", "memory": null, "others": [], "message": 1, "quote": "", "text": null, "change": null,
        "from": null, "until": null, "because": "it was said",
    });
    for (name, value) in fields.as_object().unwrap() {
        operation[name] = value.clone();
    }
    operation
}

struct Scene {
    fixture: Fixture,
}

impl Scene {
    fn new() -> Self {
        let fixture = Fixture::new();
        Self { fixture }
    }

    async fn add(&self, fields: Value) -> Memory {
        let mut memory = json!({ "user_id": "ada", "created_at": "2024-06-10" });
        for (name, value) in fields.as_object().unwrap() {
            memory[name] = value.clone();
        }
        self.fixture.engine.add(NewMemory::read(memory).unwrap()).await.unwrap().memory
    }

    async fn learn(&self, model: &Arc<ScriptedModel>, request: Value) -> Result<Learning, Error> {
        let mut all = json!({ "user_id": "ada", "at": "2025-01-20T10:00:00Z" });
        for (name, value) in request.as_object().unwrap() {
            all[name] = value.clone();
        }
        let model: Arc<dyn LanguageModel> = model.clone();
        self.fixture.engine.learn(Learn::read(all).unwrap(), Some(model), &Control::default()).await
    }

    fn content(&self, memory: &Memory) -> String {
        self.fixture.get(memory.version.id.as_str()).unwrap().content
    }

    async fn undo(&self, id: &LearningId) -> Result<Learning, Error> {
        self.fixture.engine.undo_learning(LearningById { id: id.clone(), actor: None, reason: None }).await
    }
}

/// "I moved to Porto yesterday", and a model that understands it.
fn moves() -> Arc<ScriptedModel> {
    ScriptedModel::answering(|asked| {
        json!([operation(json!({
            "op": "update", "memory": number(asked, "Ada lives in Lisbon"), "change": "new_state",
            "quote": "moved to Porto yesterday", "text": "Ada lives in Porto", "from": "2025-01-19",
        }))])
    })
}

#[tokio::test]
async fn a_move_updates_the_memory_with_date_quote_and_source() {
    let scene = Scene::new();
    let lives = scene.add(json!({ "content": "Ada lives in Lisbon", "valid_from": "2024-06" })).await;
    let model = moves();
    let learning = scene.learn(&model, json!({ "text": "I moved to Porto yesterday" })).await.unwrap();
    assert_eq!((learning.status, learning.operations[0].state), (Status::Done, State::Applied), "{learning:?}");
    let now = scene.fixture.get(lives.version.id.as_str()).unwrap();
    assert_eq!((now.content.as_str(), now.version.number), ("Ada lives in Porto", 2));
    assert_eq!(now.version.validity.from.unwrap().to_string(), "2025-01-19");
    assert_eq!(now.version.provenance.actor.as_deref(), Some("model:scripted"));
    assert_eq!(now.version.provenance.reason.as_deref(), Some("it was said"));
    assert_eq!(learning.operations[0].before.as_deref(), Some("Ada lives in Lisbon"));
    assert_eq!((learning.usage.calls, learning.usage.input_tokens), (1, Some(10)));
    let sources = scene.fixture.engine.sources(&Sources { id: lives.version.id.clone(), version: None }).unwrap();
    assert_eq!(sources.len(), 1);
    assert_eq!((sources[0].source.version, sources[0].source.quote.as_str()), (2, "moved to Porto yesterday"));
    assert_eq!(sources[0].text.as_ref().unwrap().message.content, "I moved to Porto yesterday");
    assert_eq!(model.asked.lock().unwrap()[0]["messages"][0]["weekday"], "Monday");
}

#[tokio::test]
async fn the_same_messages_again_change_nothing_and_ask_nobody() {
    let scene = Scene::new();
    let lives = scene.add(json!({ "content": "Ada lives in Lisbon" })).await;
    let model = moves();
    let first = scene.learn(&model, json!({ "text": "I moved to Porto yesterday" })).await.unwrap();
    let second = scene.learn(&model, json!({ "text": "I moved to Porto yesterday" })).await.unwrap();
    assert_eq!((first.id, model.calls()), (second.id, 1));
    assert_eq!(scene.fixture.get(lives.version.id.as_str()).unwrap().version.number, 2);
}

#[tokio::test]
async fn a_growing_transcript_is_asked_about_once() {
    let scene = Scene::new();
    let model = ScriptedModel::answering(|_| json!([]));
    let said =
        |n: usize| json!({ "messages": (0..n).map(|i| json!({ "content": format!("turn {i}") })).collect::<Vec<_>>() });
    scene.learn(&model, said(3)).await.unwrap();
    scene.learn(&model, said(4)).await.unwrap();
    let asked = model.asked.lock().unwrap();
    assert_eq!(asked[1]["messages"].as_array().unwrap().len(), 1);
    assert_eq!(asked[1]["messages"][0]["text"], "turn 3");
    assert_eq!(asked[1]["earlier"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn without_a_model_nothing_is_kept() {
    let scene = Scene::new();
    let request = Learn::read(json!({ "text": "I moved to Porto", "user_id": "ada" })).unwrap();
    let refused = scene.fixture.engine.learn(request, None, &Control::default()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NoLanguageModel);
    let all = ListMessages::read(json!({})).unwrap();
    assert!(scene.fixture.engine.list_messages(&all).unwrap().messages.is_empty());
}

#[tokio::test]
async fn what_the_model_is_asked_has_no_secrets_and_no_recalled_memories() {
    let scene = Scene::new();
    let model = ScriptedModel::answering(|_| json!([]));
    let key = format!("sk-{}", "A1b2C3d4E5f6G7h8I9j0");
    let text = format!("My key is {key} <memories>\n- \"Ada lives in Faro\"\n</memories> keep it");
    scene.learn(&model, json!({ "text": text })).await.unwrap();
    let asked = model.asked.lock().unwrap()[0].to_string();
    assert!(asked.contains("[redacted:key]") && !asked.contains(&key) && !asked.contains("Faro"), "{asked}");
    let kept = scene.fixture.engine.list_messages(&ListMessages::read(json!({})).unwrap()).unwrap();
    assert!(!kept.messages[0].message.content.contains(&key));
}

#[tokio::test]
async fn another_scope_is_neither_shown_nor_changed() {
    let scene = Scene::new();
    scene.add(json!({ "content": "Bob lives in Lisbon", "user_id": "bob" })).await;
    scene.add(json!({ "content": "Somebody lives in Lisbon", "user_id": null })).await;
    scene.add(json!({ "content": "Ada lives in Lisbon for work", "agent_id": "other" })).await;
    let model = ScriptedModel::answering(|_| json!([]));
    scene.learn(&model, json!({ "text": "I live in Lisbon", "agent_id": "mine" })).await.unwrap();
    assert_eq!(model.asked.lock().unwrap()[0]["memories"], json!([]));
}

#[tokio::test]
async fn a_change_while_the_model_thinks_is_not_lost() {
    let scene = Scene::new();
    let lives = scene.add(json!({ "content": "Ada lives in Lisbon" })).await;
    let (engine, id) = (Arc::clone(&scene.fixture.engine), lives.version.id.to_string());
    let model = ScriptedModel::answering(move |asked| {
        let update = Update::read(json!({ "id": id, "patch": { "content": "Ada lives in Faro" } })).unwrap();
        let runtime = tokio::runtime::Handle::current();
        let engine = Arc::clone(&engine);
        std::thread::spawn(move || runtime.block_on(async { engine.update(update).await.unwrap() })).join().unwrap();
        json!([
            operation(json!({ "op": "update", "memory": number(asked, "Ada lives in Lisbon"), "change": "new_state",
                "quote": "moved to Porto", "text": "Ada lives in Porto" })),
            operation(json!({ "quote": "got a cat", "text": "Ada has a cat" })),
        ])
    });
    let learning = scene.learn(&model, json!({ "text": "I moved to Porto and got a cat" })).await.unwrap();
    let states: Vec<State> = learning.operations.iter().map(|operation| operation.state).collect();
    assert_eq!(states, [State::Refused, State::Applied]);
    assert_eq!(serde_json::to_value(&learning.operations[0].error).unwrap()["code"], "VERSION_CONFLICT");
    assert_eq!(scene.content(&lives), "Ada lives in Faro");
}

#[tokio::test]
async fn undoing_gives_back_texts_tags_validity_and_what_was_added() {
    let scene = Scene::new();
    let lives = scene.add(json!({ "content": "Ada lives in Lisbon", "tags": ["home"], "valid_from": "2024-06" })).await;
    let works = scene.add(json!({ "content": "Ada works at Acme" })).await;
    let (one, two) = (
        scene.add(json!({ "content": "Ada likes tea" })).await,
        scene.add(json!({ "content": "Ada likes green tea" })).await,
    );
    let model = ScriptedModel::answering(|asked| {
        json!([
            operation(json!({ "op": "update", "memory": number(asked, "Ada lives in Lisbon"), "change": "new_state",
                "quote": "moved to Porto", "text": "Ada lives in Porto" })),
            operation(
                json!({ "op": "retire", "memory": number(asked, "Ada works at Acme"), "change": "ended", "quote": "left Acme" })
            ),
            operation(json!({ "quote": "got a cat", "text": "Ada has a cat" })),
        ])
    });
    let learning = scene
        .learn(&model, json!({ "text": "I moved to Porto, left Acme and got a cat. I still like green tea." }))
        .await
        .unwrap();
    assert!(learning.operations.iter().all(|operation| operation.state == State::Applied), "{learning:?}");
    let cat = learning.operations[2].id.clone().unwrap();
    let merge = ScriptedModel::answering(|asked| {
        json!([operation(
            json!({ "op": "merge", "memory": number(asked, "Ada likes tea"), "others": [number(asked, "Ada likes green tea")],
            "quote": "green tea as ever", "text": "Ada likes tea, above all green tea" })
        )])
    });
    let merged = scene.learn(&merge, json!({ "text": "I like green tea as ever" })).await.unwrap();
    assert_eq!(merged.operations[0].state, State::Applied, "{merged:?}");
    assert!(scene.fixture.get(two.version.id.as_str()).unwrap().version.validity.retired.is_some());
    for id in [&merged.id, &learning.id] {
        assert_eq!(scene.undo(id).await.unwrap().status, Status::Undone);
    }
    for before in [&lives, &works, &one, &two] {
        let now = scene.fixture.get(before.version.id.as_str()).unwrap();
        assert_eq!((&now.content, &now.version.tags), (&before.content, &before.version.tags));
        assert_eq!(now.version.validity, before.version.validity);
    }
    assert_eq!(scene.fixture.get(cat.as_str()).unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_learning_whose_memory_was_changed_since_is_not_undone_in_part() {
    let scene = Scene::new();
    let lives = scene.add(json!({ "content": "Ada lives in Lisbon" })).await;
    let learning = scene.learn(&moves(), json!({ "text": "I moved to Porto yesterday" })).await.unwrap();
    let update =
        Update::read(json!({ "id": lives.version.id.as_str(), "patch": { "content": "Ada lives in Faro" } })).unwrap();
    scene.fixture.engine.update(update).await.unwrap();
    assert_eq!(scene.undo(&learning.id).await.unwrap_err().code(), ErrorCode::VersionConflict);
    assert_eq!(scene.content(&lives), "Ada lives in Faro");
}

#[tokio::test]
async fn a_failed_call_keeps_messages_and_is_tried_anew() {
    let scene = Scene::new();
    let lives = scene.add(json!({ "content": "Ada lives in Lisbon" })).await;
    let failing = ScriptedModel::new(vec![Box::new(|_| {
        Err(ModelFailure { why: Why::Http, message: "503".into(), retryable: true })
    })]);
    let text = json!({ "text": "I moved to Porto yesterday" });
    let failed = scene.learn(&failing, text.clone()).await.unwrap_err();
    assert_eq!((failed.code(), failed.retryable()), (ErrorCode::LanguageModelFailed, true));
    assert_eq!(failed.details().unwrap()["why"], "http");
    let listed =
        scene.fixture.engine.list_learnings(&ListLearnings::read(json!({ "status": "failed" })).unwrap()).unwrap();
    assert_eq!((listed.learnings.len(), scene.content(&lives).as_str()), (1, "Ada lives in Lisbon"));
    let learning = scene.learn(&moves(), text).await.unwrap();
    assert_eq!((learning.status, scene.content(&lives).as_str()), (Status::Done, "Ada lives in Porto"));
}

#[tokio::test]
async fn an_unreadable_answer_is_asked_for_once_more_and_a_cut_one_about_halves() {
    let scene = Scene::new();
    let text = |asked: &Value| asked["messages"][0]["text"].as_str().unwrap().len();
    let model = ScriptedModel::new(vec![
        Box::new(|_| Ok(stop("I cannot do this in JSON".into()))),
        Box::new(|_| Ok(stop(r#"{"operations":[]}"#.into()))),
    ]);
    let learning = scene.learn(&model, json!({ "text": "I moved to Porto" })).await.unwrap();
    assert_eq!((learning.status, learning.usage.calls), (Status::Nothing, 2));
    assert!(model.asked.lock().unwrap()[1]["problem_with_your_last_answer"].is_string());
    let cut = ScriptedModel::new(vec![Box::new(move |asked| {
        let finish = if text(asked) > 800 { Finish::Length } else { Finish::Stop };
        Ok(Answer { finish, ..stop(r#"{"operations":[]}"#.into()) })
    })]);
    let long = json!({ "text": "A sentence of words. ".repeat(70) });
    assert_eq!(scene.learn(&cut, long).await.unwrap().usage.calls, 3);
    let always = ScriptedModel::new(vec![Box::new(|_| Ok(Answer { finish: Finish::Length, ..stop("{".into()) }))]);
    let failed = scene.learn(&always, json!({ "text": "I moved to Faro" })).await.unwrap_err();
    assert_eq!(failed.details().unwrap()["why"], "length");
}

#[tokio::test]
async fn review_holds_changes_back_until_somebody_decides() {
    let scene = Scene::new();
    let lives = scene.add(json!({ "content": "Ada lives in Lisbon" })).await;
    let model = ScriptedModel::answering(|asked| {
        json!([
            operation(json!({ "op": "update", "memory": number(asked, "Ada lives in Lisbon"), "change": "new_state",
                "quote": "moved to Porto", "text": "Ada lives in Porto" })),
            operation(json!({ "quote": "got a cat", "text": "Ada has a cat" })),
        ])
    });
    let learning =
        scene.learn(&model, json!({ "text": "I moved to Porto and got a cat", "mode": "review" })).await.unwrap();
    assert_eq!(learning.status, Status::Waiting);
    let states: Vec<State> = learning.operations.iter().map(|operation| operation.state).collect();
    assert_eq!(states, [State::Waiting, State::Applied]);
    assert_eq!(scene.content(&lives), "Ada lives in Lisbon");
    let wrong = Decide::read(json!({ "id": learning.id, "decisions": { "1": "apply" } })).unwrap();
    assert_eq!(scene.fixture.engine.decide(wrong).await.unwrap_err().code(), ErrorCode::InvalidArgument);
    let apply = Decide::read(json!({ "id": learning.id, "all": "apply", "actor": "eve" })).unwrap();
    let decided = scene.fixture.engine.decide(apply).await.unwrap();
    assert_eq!((decided.status, scene.content(&lives).as_str()), (Status::Done, "Ada lives in Porto"));
    let now = scene.fixture.get(lives.version.id.as_str()).unwrap();
    assert_eq!(now.version.provenance.actor.as_deref(), Some("eve"));
    assert_eq!(now.version.validity.from.unwrap().to_string(), "2025-01-20T10:00:00.000Z");
    assert_eq!(scene.undo(&learning.id).await.unwrap().status, Status::Undone);
    assert_eq!(scene.content(&lives), "Ada lives in Lisbon");
}

#[tokio::test]
async fn a_dry_run_keeps_nothing() {
    let scene = Scene::new();
    let lives = scene.add(json!({ "content": "Ada lives in Lisbon" })).await;
    let learning = scene.learn(&moves(), json!({ "text": "I moved to Porto yesterday", "mode": "dry" })).await.unwrap();
    assert_eq!((learning.status, scene.content(&lives).as_str()), (Status::Waiting, "Ada lives in Lisbon"));
    assert!(
        scene.fixture.engine.list_learnings(&ListLearnings::read(json!({})).unwrap()).unwrap().learnings.is_empty()
    );
    assert!(scene.fixture.engine.list_messages(&ListMessages::read(json!({})).unwrap()).unwrap().messages.is_empty());
}

#[tokio::test]
async fn what_was_retired_as_wrong_is_not_learnt_from_older_words() {
    let scene = Scene::new();
    let sister = scene.add(json!({ "content": "Ada has a sister" })).await;
    let id = sister.version.id.to_string();
    scene.fixture.engine.retire(Retire::read(json!({ "id": id, "why": "wrong" })).unwrap()).await.unwrap();
    let model = ScriptedModel::answering(|_| {
        json!([operation(json!({ "quote": "visited my sister", "text": "Ada has a sister" }))])
    });
    let older = scene.learn(&model, json!({ "text": "I visited my sister", "at": "2024-12-01" })).await.unwrap();
    assert_eq!(serde_json::to_value(&older.operations[0].error).unwrap()["code"], "REJECTED_BEFORE", "{older:?}");
    scene.fixture.clock.advance(3_600_000);
    let later =
        scene.learn(&model, json!({ "text": "I visited my sister", "at": "2025-01-20T15:30:00Z" })).await.unwrap();
    assert_eq!(later.operations[0].state, State::Applied);
}

#[tokio::test]
async fn deleting_a_memory_takes_its_words_out_of_learnings() {
    let scene = Scene::new();
    let model =
        ScriptedModel::answering(|_| json!([operation(json!({ "quote": "got a cat", "text": "Ada has a cat" }))]));
    let learning = scene.learn(&model, json!({ "text": "I got a cat" })).await.unwrap();
    let id = learning.operations[0].id.clone().unwrap();
    scene.fixture.engine.delete(id.into()).await.unwrap();
    let kept = scene.fixture.engine.learning(&learning.id).unwrap();
    assert_eq!((kept.operations[0].operation.is_none(), kept.operations[0].quotes.len()), (true, 0));
}

#[tokio::test]
async fn deleting_a_user_deletes_messages_and_learnings() {
    let scene = Scene::new();
    let model =
        ScriptedModel::answering(|_| json!([operation(json!({ "quote": "got a cat", "text": "The user has a cat" }))]));
    for user in ["ada", "bob"] {
        scene.learn(&model, json!({ "text": "I got a cat", "user_id": user })).await.unwrap();
    }
    let filter = Arc::new(filter::parse(&json!({ "user_id": "ada" })).unwrap());
    let ids = scene.fixture.engine.ids_matching(Some(&filter), &Control::default()).unwrap();
    scene.fixture.engine.delete_matching(ids, Some(filter), &Control::default()).await.unwrap();
    let learnings = scene.fixture.engine.list_learnings(&ListLearnings::read(json!({})).unwrap()).unwrap().learnings;
    let messages = scene.fixture.engine.list_messages(&ListMessages::read(json!({})).unwrap()).unwrap().messages;
    assert_eq!((learnings.len(), messages.len()), (1, 1));
    assert_eq!(learnings[0].scope.user_id.as_deref(), Some("bob"));
    let deleted =
        scene.fixture.engine.delete_messages(Scope { user_id: Some("bob".into()), ..Scope::default() }).await.unwrap();
    assert_eq!(deleted.deleted, 1);
    assert_eq!(
        scene.fixture.engine.delete_messages(Scope::default()).await.unwrap_err().code(),
        ErrorCode::InvalidArgument
    );
}

#[tokio::test]
async fn messages_may_also_be_memories_of_their_run() {
    let scene = Scene::new();
    let model = ScriptedModel::answering(|_| json!([]));
    let request = json!({ "messages": [{ "content": "I moved to Porto" }, { "role": "assistant", "content": "How nice" }],
        "run_id": "r1", "keepMessages": "memories" });
    scene.learn(&model, request).await.unwrap();
    assert_eq!(scene.fixture.engine.stats().unwrap().memories, 2);
    scene.learn(&model, json!({ "text": "Porto is nice" })).await.unwrap();
    assert_eq!(model.asked.lock().unwrap()[1]["memories"], json!([]), "turns are not shown as facts");
}

#[tokio::test]
async fn what_was_learnt_survives_reopening_the_doctor_and_an_export() {
    let scene = Scene::new();
    let lives = scene.add(json!({ "content": "Ada lives in Lisbon" })).await;
    let learning = scene.learn(&moves(), json!({ "text": "I moved to Porto yesterday" })).await.unwrap();
    let files = tempfile::tempdir().unwrap();
    let (file, again) = (files.path().join("export.jsonl"), files.path().join("again.jsonl"));
    let sources = Sources { id: lives.version.id.clone(), version: None };
    let expected = scene.fixture.engine.sources(&sources).unwrap();
    scene.fixture.export_to(&file);
    let fixture = scene.fixture.reopened();
    assert_eq!(fixture.engine.learning(&learning.id).unwrap(), learning);
    assert_eq!(fixture.engine.sources(&sources).unwrap(), expected);
    let (directory, ..) = fixture.closed();
    let diagnosis = openmemory_engine::doctor(directory.path(), false, Timestamp::from_millis(0)).unwrap();
    assert_eq!(serde_json::to_value(&diagnosis).unwrap()["problems"], json!([]));
    let other = Fixture::new();
    other.import_from(&file, "report").await.unwrap();
    assert_eq!(other.engine.learning(&learning.id).unwrap(), learning);
    assert_eq!(other.engine.sources(&sources).unwrap(), expected);
    other.export_to(&again);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), std::fs::read_to_string(&again).unwrap());
}

/// A power cut or a kill while a learning is written leaves some first part of its bytes. Wherever it ends, the store has
/// all of the learning or nothing.
#[tokio::test]
async fn a_learning_is_there_whole_or_not_at_all_wherever_its_commit_was_cut() {
    let scene = Scene::new();
    scene.add(json!({ "id": "a", "content": "Ada lives in Lisbon" })).await;
    let log = scene.fixture.path().join("log-0000000000000001");
    std::thread::sleep(std::time::Duration::from_millis(50));
    let [manifest, acknowledged] =
        ["manifest", "acknowledged"].map(|name| std::fs::read(scene.fixture.path().join(name)).unwrap());
    let before = std::fs::read(&log).unwrap();
    let learning = scene.learn(&moves(), json!({ "text": "I moved to Porto yesterday" })).await.unwrap();
    let after = std::fs::read(&log).unwrap();
    let from = before.iter().zip(&after).position(|(old, new)| old != new).unwrap_or(before.len());
    let to = after.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let (mut with, mut without) = (0, 0);
    for cut in (from..to).step_by(((to - from) / 60).max(1)).chain([to]) {
        let image = tempfile::tempdir().unwrap();
        let mut bytes = after[..cut].to_vec();
        bytes.extend_from_slice(before.get(cut..).unwrap_or_default());
        std::fs::write(image.path().join("manifest"), &manifest).unwrap();
        std::fs::write(image.path().join("acknowledged"), &acknowledged).unwrap();
        std::fs::write(image.path().join("log-0000000000000001"), bytes).unwrap();
        let engine = super::support::open(image.path()).unwrap();
        let found = engine.learning(&learning.id).is_ok();
        let get = openmemory_domain::request::Get::read(json!({ "id": "a" })).unwrap();
        let sources = engine.sources(&Sources::read(json!({ "id": "a" })).unwrap()).unwrap().len();
        let messages = engine.list_messages(&ListMessages::read(json!({})).unwrap()).unwrap().messages.len();
        let state = (engine.get(&get).unwrap().version.number, sources, messages);
        assert_eq!(state, if found { (2, 1, 1) } else { (1, 0, 0) }, "cut at {cut} of {from}..{to}");
        if found { with += 1 } else { without += 1 }
    }
    assert!(with > 0 && without > 30, "{with} with and {without} without");
}

#[tokio::test]
async fn without_a_user_only_memories_of_nobody_are_shown() {
    let scene = Scene::new();
    scene.add(json!({ "content": "Ada lives in Lisbon" })).await;
    scene.add(json!({ "content": "The office is in Lisbon", "user_id": null })).await;
    scene.add(json!({ "content": "The meeting is in Lisbon", "user_id": null, "run_id": "r2" })).await;
    let model = ScriptedModel::answering(|_| json!([]));
    scene.learn(&model, json!({ "text": "I am in Lisbon", "user_id": null, "run_id": "r2" })).await.unwrap();
    let asked = model.asked.lock().unwrap()[0].clone();
    let texts: Vec<&Value> = asked["memories"].as_array().unwrap().iter().map(|memory| &memory["text"]).collect();
    assert_eq!(texts, ["The meeting is in Lisbon"]);
}
