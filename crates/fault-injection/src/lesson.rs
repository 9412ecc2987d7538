//! What is a store taught, lesson by lesson, and what must it contain after each? A lesson adds two memories, updates one
//! and retires one, so that a part of it would show.

use std::collections::BTreeMap;
use std::time::Duration;

use openmemory_domain::Retired;
use openmemory_domain::learning::{Learning, State, Status};
use openmemory_domain::request::{List, ListLearnings, ListMessages, Sources};
use openmemory_engine::Engine;
use openmemory_learning::{Answer, Finish, LanguageModel, Pending, Request};
use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use serde_json::{Value, json};

/// Half of them teach by Mem0's add, which is answered before it is learnt from, and half wait until they have been learnt
/// from.
pub const LEARNERS: [&str; 4] = ["ann", "bob", "cleo", "dan"];

/// What one says in a lesson, in messages of their own, so that each is searched for by itself.
pub fn said(learner: &str, lesson: u64) -> Vec<String> {
    let [counter, red, blue] = texts(learner, lesson);
    let mut messages = vec![format!("Lesson {lesson} of {learner}: {counter}."), format!("{red}. {blue}.")];
    if lesson > 1 {
        messages.push(format!("{} no longer.", texts(learner, lesson - 1)[2]));
    }
    messages
}

/// The memory that each lesson updates, and the two that it adds.
fn texts(learner: &str, lesson: u64) -> [String; 3] {
    let [state, red, blue] = [0, 1, 2].map(|kind| word(lesson * 3 + kind));
    [
        format!("The counter of {learner} stands at {state}"),
        format!("{learner} has the red {red}"),
        format!("{learner} has the blue {blue}"),
    ]
}

/// A word of its own for each number below 4096.
fn word(number: u64) -> String {
    const SYLLABLES: [&str; 8] = ["ba", "ku", "mi", "ro", "te", "sa", "lo", "ni"];
    (0..4).map(|place| SYLLABLES[(number >> (3 * place)) as usize % 8]).collect()
}

/// A model that understands lessons.
pub struct Pupil {
    /// How long it thinks.
    pub pace: Duration,
}

impl LanguageModel for Pupil {
    fn id(&self) -> &str {
        "pupil"
    }

    fn context_tokens(&self) -> usize {
        16_000
    }

    fn output_tokens(&self) -> usize {
        2_000
    }

    fn complete(&self, request: Request) -> Pending {
        let pace = self.pace;
        Box::pin(async move {
            tokio::time::sleep(pace).await;
            let asked = serde_json::from_str(&request.user).unwrap_or_default();
            let text = json!({ "operations": understood(&asked).unwrap_or_default() }).to_string();
            Ok(Answer { text, finish: Finish::Stop, input_tokens: None, output_tokens: None, calls: 1 })
        })
    }
}

fn understood(asked: &Value) -> Option<Vec<Value>> {
    let (head, _) = asked["messages"][0]["text"].as_str()?.strip_prefix("Lesson ")?.split_once(':')?;
    let (lesson, learner) = head.split_once(" of ")?;
    let lesson: u64 = lesson.parse().ok()?;
    let operation =
        |op: &str, memory: Value, (message, quote): (u64, &str), text: Option<&str>, change: Option<&str>| {
            json!({
                "op": op, "memory": memory, "others": [], "message": message, "quote": quote, "text": text,
                "change": change, "from": null, "until": null, "because": "it was said",
            })
        };
    let [counter, red, blue] = texts(learner, lesson);
    let add = |message, text: &String| operation("add", Value::Null, (message, text), Some(text), None);
    let mut operations = vec![add(2, &red), add(2, &blue)];
    if lesson == 1 {
        operations.push(add(1, &counter));
    } else {
        let [before, _, gone] = texts(learner, lesson - 1);
        let (before, retired) = (number(asked, &before), number(asked, &gone));
        operations.push(operation("update", before, (1, &counter), Some(&counter), Some("new_state")));
        operations.push(operation("retire", retired, (3, &gone), None, Some("ended")));
    }
    Some(operations)
}

/// The number under which a memory is shown, or one that is not shown.
fn number(asked: &Value, text: &str) -> Value {
    let found = asked["memories"].as_array().and_then(|memories| memories.iter().find(|memory| memory["text"] == text));
    found.map_or(json!(1), |memory| memory["n"].clone())
}

/// The lessons that a store has learnt, each of them whole.
pub fn learnt(engine: &Engine, learner: &str) -> Result<u64, String> {
    let fail = |what: String| format!("{learner}: {what}");
    let found = read(engine, learner).map_err(|error| fail(error.to_string()))?;
    if let Some(part) = found.learnings.iter().find(|learning| !is_whole(learning)) {
        return Err(fail(format!("not all operations are applied: {:?}", part.operations)));
    }
    let lessons = found.learnings.len() as u64;
    let expected = memories_after(learner, lessons);
    if found.memories != expected {
        return Err(fail(format!("after {lessons} lessons it has {:?}, not {expected:?}", found.memories)));
    }
    let (messages, sources) = (found.messages as u64, found.sources as u64);
    if (messages, sources) != ((1..=lessons).map(|lesson| said(learner, lesson).len() as u64).sum(), lessons) {
        return Err(fail(format!("after {lessons} lessons it has {messages} messages and {sources} sources")));
    }
    Ok(lessons)
}

/// Each text with its version, and whether it is retired.
type Memories = BTreeMap<String, (u64, bool)>;

fn memories_after(learner: &str, lessons: u64) -> Memories {
    let mut memories = Memories::new();
    for lesson in 1..=lessons {
        let [counter, red, blue] = texts(learner, lesson);
        memories.insert(red, (1, false));
        let is_gone = lesson < lessons;
        memories.insert(blue, (1 + u64::from(is_gone), is_gone));
        if lesson == lessons {
            memories.insert(counter, (lessons, false));
        }
    }
    memories
}

fn is_whole(learning: &Learning) -> bool {
    learning.status == Status::Done && learning.operations.iter().all(|learned| learned.state == State::Applied)
}

struct Found {
    learnings: Vec<Learning>,
    memories: Memories,
    messages: usize,
    /// Of the memory that each lesson updates.
    sources: usize,
}

fn read(engine: &Engine, learner: &str) -> Result<Found, Error> {
    let learnings =
        engine.list_learnings(&ListLearnings::read(json!({ "user_id": learner, "limit": 1000 }))?)?.learnings;
    let list = json!({ "filters": { "user_id": learner }, "limit": 1000, "showRetired": true });
    let page = engine.list(&List::read(list)?, &Control::default())?;
    let mut sources = 0;
    if let Some(counter) = page.memories.iter().find(|memory| memory.content.starts_with("The counter")) {
        sources = engine.sources(&Sources { id: counter.version.id.clone(), version: None })?.len();
    }
    let memories = page.memories.iter().map(|memory| {
        let is_retired = memory.version.validity.retired == Some(Retired::Ended);
        (memory.content.clone(), (memory.version.number, is_retired))
    });
    let messages = engine.list_messages(&ListMessages::read(json!({ "user_id": learner, "limit": 1000 }))?)?.messages;
    Ok(Found { learnings, memories: memories.collect(), messages: messages.len(), sources })
}
