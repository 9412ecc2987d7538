//! What does each test run on? A store in a temporary directory, with a manual clock and an embedder that records
//! calls.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub use contract_model::{ManualClock, START};
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{
    AddMany, ById, Delete, Export, FeedbackRequest, Get, History, Import, List, NewMemory, Reinforce, Restore, Search,
    Update, UpdateMany,
};
use openmemory_domain::{Embedding, Memory, MemoryId, Timestamp};
use openmemory_embedding::{Embedder, EmbeddingError, ModelIdentity, Passage, TestEmbedder};
use openmemory_engine::{Engine, Options};
use openmemory_rules::Error;
use openmemory_rules::ImportFile;
use openmemory_rules::Rows;
use openmemory_rules::contract::{
    Added, Control, Deleted, DeletedMany, Exported, Hit, Imported, ItemResult, MemoryVersion,
};
use openmemory_storage::{Durability, SizeLimits, Store, StoreOptions};
use serde::Serialize;
use serde_json::{Value, json};

/// Embedding a text that contains this fails.
pub const UNEMBEDDABLE: &str = "unembeddable";

/// Options for tests without a fixture, with the system clock.
pub fn options(directory: &Path, durability: Durability) -> Options {
    Options { durability, ..Options::new(directory, RecordingEmbedder::new("first")) }
}

pub fn open(directory: &Path) -> Result<Engine, Error> {
    Engine::open(options(directory, Durability::Flush))
}

/// A model whose vectors have half the dimensions.
pub const SHORT: &str = "short";

/// The test embedder under any name, which records the texts that it embeds. Each length of name is another model,
/// whose vectors are rotated, and [`SHORT`] has fewer dimensions.
pub struct RecordingEmbedder {
    id: &'static str,
    texts: Mutex<Vec<String>>,
    queries: AtomicUsize,
    /// No text is embedded while this is locked.
    pub gate: tokio::sync::Mutex<()>,
}

impl RecordingEmbedder {
    pub fn new(id: &'static str) -> Arc<Self> {
        Arc::new(Self {
            id,
            texts: Mutex::default(),
            queries: AtomicUsize::new(0),
            gate: tokio::sync::Mutex::default(),
        })
    }

    /// The texts embedded since the last call, sorted.
    pub fn taken(&self) -> Vec<String> {
        let mut texts = std::mem::take(&mut *self.texts.lock().unwrap());
        texts.sort();
        texts
    }

    /// Waits until a text is being embedded.
    pub async fn called(&self) {
        while self.texts.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    fn rotated(&self, mut vector: Vec<f32>) -> Vec<f32> {
        vector.rotate_left(self.id.len());
        if self.id == SHORT {
            let (first, second) = vector.split_at(vector.len() / 2);
            let sums: Vec<f32> = first.iter().zip(second).map(|(a, b)| a + b).collect();
            let length = sums.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            return sums.into_iter().map(|x| x / length).collect();
        }
        vector
    }
}

impl Embedder for RecordingEmbedder {
    fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        let ModelIdentity { dimensions, .. } = TestEmbedder.identity()?;
        Ok(ModelIdentity { id: self.id.into(), dimensions: if self.id == SHORT { dimensions / 2 } else { dimensions } })
    }

    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError> {
        TestEmbedder.cut(text)
    }

    fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>> {
        self.texts.lock().unwrap().extend(pieces.iter().map(|piece| (*piece).to_owned()));
        drop(self.gate.blocking_lock());
        let embed = |piece: &&str| match piece.contains(UNEMBEDDABLE) {
            true => Err(EmbeddingError::Failed { message: "refused".into() }),
            false => TestEmbedder.embed(&[*piece]).remove(0),
        };
        let rotated = |mut passage: Passage| {
            passage.vector = self.rotated(passage.vector);
            for sentence in &mut passage.sentences {
                sentence.vector = self.rotated(std::mem::take(&mut sentence.vector));
            }
            passage
        };
        pieces.iter().map(|piece| embed(piece).map(rotated)).collect()
    }

    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        TestEmbedder.query(text).map(|vector| self.rotated(vector))
    }

    fn batch(&self) -> usize {
        TestEmbedder.batch()
    }
}

pub struct Fixture {
    pub engine: Arc<Engine>,
    pub clock: Arc<ManualClock>,
    pub embedder: Arc<RecordingEmbedder>,
    pub durability: Durability,
    directory: tempfile::TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        Self::with(Durability::Flush)
    }

    pub fn with(durability: Durability) -> Self {
        Self::open(tempfile::tempdir().unwrap(), Arc::default(), RecordingEmbedder::new("first"), durability)
    }

    pub fn open(
        directory: tempfile::TempDir,
        clock: Arc<ManualClock>,
        embedder: Arc<RecordingEmbedder>,
        durability: Durability,
    ) -> Self {
        let options = Options {
            durability,
            clock: Arc::clone(&clock) as _,
            ..Options::new(directory.path(), Arc::clone(&embedder))
        };
        let engine = Arc::new(Engine::open(options).unwrap());
        Self { engine, clock, embedder, durability, directory }
    }

    /// Closes and reopens the store.
    pub fn reopened(self) -> Self {
        let embedder = Arc::clone(&self.embedder);
        self.reopened_with(embedder)
    }

    pub fn reopened_with(self, embedder: Arc<RecordingEmbedder>) -> Self {
        let (directory, clock, durability) = self.closed();
        Self::open(directory, clock, embedder, durability)
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Closes the store and returns what is needed to reopen it.
    pub fn closed(self) -> (tempfile::TempDir, Arc<ManualClock>, Durability) {
        self.engine.close().unwrap();
        drop(Arc::into_inner(self.engine).unwrap());
        (self.directory, self.clock, self.durability)
    }

    /// The stored vectors of memories, read after closing.
    pub fn stored_embeddings(self, ids: &[&str]) -> Vec<Embedding> {
        let (directory, ..) = self.closed();
        ids.iter().map(|id| stored_embedding(directory.path(), id)).collect()
    }

    pub async fn add(&self, request: Value) -> Result<Memory, Error> {
        self.engine.add(NewMemory::read(request)?).await.map(|added| added.memory)
    }

    pub async fn add_many(&self, request: Value) -> Result<Vec<ItemResult<Added>>, Error> {
        self.engine.add_many(AddMany::read(request)?, &Control::default()).await
    }

    pub async fn update(&self, id: &str, patch: Value) -> Result<Memory, Error> {
        self.engine.update(Update::read(json!({"id": id, "patch": patch}))?).await
    }

    pub async fn update_many(&self, request: Value) -> Result<Vec<ItemResult<Memory>>, Error> {
        self.engine.update_many(UpdateMany::read(request)?, &Control::default()).await
    }

    pub async fn restore(&self, id: &str, version: u64) -> Result<Memory, Error> {
        self.engine.restore(Restore::read(json!({"id": id, "version": version}))?).await
    }

    pub async fn delete(&self, id: &str) -> Result<Deleted, Error> {
        self.engine.delete(Delete::read(json!({ "id": id }))?).await
    }

    pub async fn delete_matching(&self, filter: Filter) -> Result<DeletedMany, Error> {
        let (filter, control) = (Some(Arc::new(filter)), Control::default());
        let ids = self.engine.ids_matching(filter.as_deref(), &control)?;
        self.engine.delete_matching(ids, filter, &control).await
    }

    pub async fn reinforce(&self, id: &str) -> Result<Memory, Error> {
        self.engine.reinforce(Reinforce::read(json!({ "id": id }))?).await
    }

    pub async fn feedback(&self, id: &str, feedback: &str) -> Result<Memory, Error> {
        self.engine.feedback(FeedbackRequest::read(json!({"id": id, "feedback": feedback}))?).await
    }

    pub async fn search(&self, request: Value) -> Result<Vec<Hit>, Error> {
        let request = Search::read(request)?;
        let vector = self.engine.embed_query(&request).await?;
        self.engine.search(&request, &vector, &Control::default())
    }

    pub fn export_to(&self, file: &Path) -> Exported {
        let request = Export::read(json!({ "file": file })).unwrap();
        self.engine.export_to(&request, &Control::default()).unwrap()
    }

    pub async fn import_from(&self, file: &Path, on_conflict: &str) -> Result<Imported, Error> {
        let Import { file, on_conflict } = Import::read(json!({"file": file, "onConflict": on_conflict}))?;
        let file = ImportFile::check(&file, &Control::default())?;
        self.engine.import_from(file, on_conflict, &Control::default()).await
    }

    pub fn get(&self, id: &str) -> Result<Memory, Error> {
        self.get_by(json!({ "id": id }))
    }

    pub fn get_by(&self, request: Value) -> Result<Memory, Error> {
        self.engine.get(&Get::read(request)?)
    }

    /// Newest first, at most 1000.
    pub fn history(&self, id: &str) -> Result<Vec<MemoryVersion>, Error> {
        self.engine.history(&History::read(json!({"id": id, "limit": 1000}))?, &Control::default())
    }

    pub fn waypoints(&self, id: &str) -> Value {
        to_json(&self.engine.waypoints(&ById::read(json!({ "id": id })).unwrap()).unwrap())
    }

    /// At most 1000 memories, oldest first, expired ones too.
    pub fn list(&self, filters: Value) -> Vec<Memory> {
        let list = json!({"filters": filters, "limit": 1000, "order": "created_at:asc", "showExpired": true});
        self.engine.list(&List::read(list).unwrap(), &Control::default()).unwrap().memories
    }

    /// Everything that readers can see of the store.
    pub async fn everything(&self) -> Value {
        self.engine.ready().await.unwrap();
        let memory = |memory: &Memory| {
            let id = memory.version.id.as_str();
            json!([to_json(memory), to_json(&self.history(id).unwrap()), self.waypoints(id)])
        };
        let stats = self.engine.stats().unwrap();
        json!({
            "memories": self.list(json!({})).iter().map(memory).collect::<Vec<_>>(),
            "count": stats.memories, "model": stats.model,
        })
    }
}

pub fn stored_embedding(directory: &Path, id: &str) -> Embedding {
    let how = StoreOptions { durability: Durability::Interval, bounds: SizeLimits::default(), allow_non_empty: false };
    let store = Store::open(directory, how, Timestamp::from_millis(0)).unwrap();
    let number = store.number(&MemoryId::read("id", id).unwrap()).unwrap().unwrap();
    let head = store.head(number).unwrap().unwrap();
    Embedding::clone(&store.embedding(number, &head.scope, head.content).unwrap().unwrap())
}

pub fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// The code of an error; `None` for a success.
pub fn code<T>(result: &Result<T, Error>) -> Option<&'static str> {
    result.as_ref().err().map(|error| error.code().as_str())
}
