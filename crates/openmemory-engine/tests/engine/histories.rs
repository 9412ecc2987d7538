//! Does every history of a store leave it healthy according to the doctor, and unchanged by a repair? Histories add,
//! change, delete and add again, import with each conflict mode, continue on a backup, and finish or interrupt changes
//! of the model.
//!
//! `npm run test:histories -- --histories 10000` tries more of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use openmemory_domain::Timestamp;
use openmemory_engine::doctor;
use openmemory_rules::contract::Control;
use openmemory_storage::Durability;
use serde_json::{Value, json};

use crate::support::{Fixture, RecordingEmbedder, UNEMBEDDABLE};
use contract_model::rng::{Rng, setting};

const HISTORIES: u64 = 40;
const SEED: u64 = 20_261_127;
const STEPS: usize = 24;
const IDS: usize = 6;
/// Embedders whose vectors are of other models.
const MODELS: [&str; 3] = ["first", "second", "third model"];

#[tokio::test]
async fn any_history_leaves_a_healthy_store_that_a_repair_does_not_change() {
    let histories = setting("OPENMEMORY_HISTORIES_HISTORIES", HISTORIES);
    let first = setting("OPENMEMORY_HISTORIES_SEED", SEED);
    let mut changed = 0;
    for seed in first..first + histories {
        changed += run(seed).await;
        if (seed - first + 1).is_multiple_of(1000) {
            println!("{} of {histories} histories", seed - first + 1);
        }
    }
    println!("{histories} histories from seed {first}, {changed} changes: each healthy, and the same after a repair");
    assert!(changed > histories * 4, "only {changed} changes in {histories} histories");
}

/// Runs one history, checks the store afterwards, and returns how many changes succeeded.
async fn run(seed: u64) -> u64 {
    let mut rng = Rng::new(seed);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("memories.jsonl");
    let mut history = History { fixture: Fixture::with(Durability::Interval), file, model: 0, changes: 0 };
    for _ in 0..STEPS {
        history = history.step(&mut rng).await;
    }
    let model = history.model;
    // Closing writes pending reinforcements.
    history.fixture = history.fixture.reopened_with(RecordingEmbedder::new(MODELS[model]));
    let before = history.fixture.everything().await;
    let (directory, clock, durability) = history.fixture.closed();
    for repair in [false, true] {
        let found = doctor(directory.path(), repair, Timestamp::from_millis(0)).unwrap();
        assert!(found.healthy && found.complete && found.repair.is_none(), "seed {seed}: {found:?}");
    }
    let after = Fixture::open(directory, clock, RecordingEmbedder::new(MODELS[model]), durability);
    assert_eq!(after.everything().await, before, "seed {seed}");
    history.changes
}

struct History {
    fixture: Fixture,
    /// The last export of the store.
    file: PathBuf,
    model: usize,
    changes: u64,
}

impl History {
    fn count<T, E>(&mut self, result: &Result<T, E>) {
        self.changes += u64::from(result.is_ok());
    }

    /// Runs one operation. It need not succeed: a rejected one must not leave a trace either.
    async fn step(mut self, rng: &mut Rng) -> Self {
        self.fixture.clock.advance(rng.below(2000) as i64 - 200);
        let id = format!("m{}", rng.below(IDS));
        match rng.below(16) {
            0..=3 => {
                let added = self.fixture.add(memory(rng, &id)).await;
                self.count(&added);
            }
            4..=5 => {
                let updated = self.fixture.update(&id, patch(rng)).await;
                self.count(&updated);
            }
            6 => {
                let items: Vec<Value> = (0..=rng.below(4)).map(|_| item(rng)).collect();
                let done = self.fixture.update_many(json!({"items": items, "atomic": rng.once_in(2)})).await;
                self.count(&done);
            }
            7 => {
                let restored = self.fixture.restore(&id, 1 + rng.below(3) as u64).await;
                self.count(&restored);
            }
            8 => {
                let deleted = self.fixture.delete(&id).await;
                self.count(&deleted);
            }
            9 => {
                let _ = self.fixture.reinforce(&id).await;
                let feedback = *rng.one(&["POSITIVE", "VERY_NEGATIVE"]);
                let _ = self.fixture.feedback(&id, feedback).await;
            }
            10 => drop(self.fixture.search(json!({ "query": text(rng) })).await),
            11 => drop(self.fixture.export_to(&self.file)),
            12 if self.file.exists() => {
                let on_conflict = *rng.one(&["report", "skip", "replace"]);
                let imported = self.fixture.import_from(&self.file.clone(), on_conflict).await;
                self.count(&imported);
            }
            13 => self.fixture = self.fixture.reopened_with(RecordingEmbedder::new(MODELS[self.model])),
            14 => self = self.on_a_backup(),
            _ => self = self.with_another_model(rng).await,
        }
        self
    }

    /// Continues on a copy of the store.
    fn on_a_backup(mut self) -> Self {
        let backup = tempfile::tempdir().unwrap();
        self.fixture.engine.backup(&backup.path().join("copy"), &Control::default()).unwrap();
        let (_, clock, durability) = self.fixture.closed();
        let directory = tempfile::tempdir().unwrap();
        move_into(&backup.path().join("copy"), directory.path());
        self.fixture = Fixture::open(directory, clock, RecordingEmbedder::new(MODELS[self.model]), durability);
        self
    }

    /// Reopens the store with another embedder, and reindexes it, or cancels that.
    async fn with_another_model(mut self, rng: &mut Rng) -> Self {
        self.model = rng.below(MODELS.len());
        self.fixture = self.fixture.reopened_with(RecordingEmbedder::new(MODELS[self.model]));
        let control = Arc::new(Control::default());
        if rng.once_in(2) {
            control.cancel();
        }
        let reindexed = self.fixture.engine.reindex(&control).await;
        self.count(&reindexed);
        self
    }
}

fn move_into(from: &Path, to: &Path) {
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        std::fs::rename(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn text(rng: &mut Rng) -> String {
    match rng.below(12) {
        0 => UNEMBEDDABLE.into(),
        1 => format!("Long {}. ", rng.below(3)).repeat(2000),
        n => format!("Word{} word{}.", n % 4, rng.below(4)),
    }
}

/// A text, several, or none.
fn content(rng: &mut Rng) -> Value {
    match rng.below(8) {
        0 => Value::Null,
        1 => json!([text(rng), text(rng)]),
        _ => text(rng).into(),
    }
}

fn memory(rng: &mut Rng, id: &str) -> Value {
    let mut memory = json!({
        "content": content(rng), "tags": (0..rng.below(3)).map(|_| format!("t{}", rng.below(3))).collect::<Vec<_>>(),
        "metadata": {"n": rng.below(9)}, "ifExists": *rng.one(&["add", "skip", "touch"]),
    });
    if !rng.once_in(3) {
        memory["id"] = id.into();
    }
    if rng.once_in(2) {
        memory["user_id"] = format!("u{}", rng.below(2)).into();
    }
    if rng.once_in(6) {
        memory["immutable"] = true.into();
    }
    if rng.once_in(6) {
        memory["created_at"] = "2024-05-06T07:08:09Z".into();
    }
    memory
}

fn patch(rng: &mut Rng) -> Value {
    match rng.below(4) {
        0 => json!({"tags": [format!("t{}", rng.below(3))]}),
        1 => json!({"metadata": {"n": null, "sector": *rng.one(&["episodic", "emotional"])}}),
        2 => json!({"content": text(rng), "expires_at": "2026-01-01T00:00:00Z"}),
        _ => json!({"content": text(rng)}),
    }
}

fn item(rng: &mut Rng) -> Value {
    let mut item = patch(rng);
    item["id"] = format!("m{}", rng.below(IDS)).into();
    item
}
