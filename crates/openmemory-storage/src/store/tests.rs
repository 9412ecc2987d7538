//! Does the store keep its guarantees over any key-value engine? Tests with one in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use parking_lot::RwLock;
use serde_json::{Map, Value};
use tokio::task::JoinSet;

use super::*;
use crate::doctor::inspect::inspect;
use crate::rows::backend::{Batch, RowIterator};
use openmemory_domain::{
    Content, ContentHash, Dynamics, Embedding, Event, MemoryId, Metadata, ModelIdentity, Provenance, Scope, Sector,
    Sectors, Tags, TextKey, Validity,
};
use openmemory_rules::{Changes, Error, IndexedText, Waypoint, Words};

mod indexed;
mod upgrading;

#[derive(Default)]
struct InMemory {
    rows: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
    batches: AtomicUsize,
    /// The keys that were read one by one.
    looked_for: RwLock<Vec<Vec<u8>>>,
    broken: AtomicBool,
    /// Simulates a failure in a background thread.
    failed: AtomicBool,
    /// Called after each row that is written individually.
    watcher: RwLock<Option<Watcher>>,
}

type Watcher = Box<dyn Fn() + Send + Sync>;

impl InMemory {
    fn keys_in(&self, space: u8) -> usize {
        self.rows.read().keys().filter(|key| key[0] == space).count()
    }

    fn begin(&self) -> Result<(), StorageError> {
        self.batches.fetch_add(1, Ordering::Relaxed);
        if self.broken.load(Ordering::Relaxed) { Err(std::io::Error::other("no space").into()) } else { Ok(()) }
    }
}

fn set(rows: &mut BTreeMap<Vec<u8>, Vec<u8>>, (key, value): (Vec<u8>, Option<Vec<u8>>)) {
    match value {
        Some(value) => drop(rows.insert(key, value)),
        None => drop(rows.remove(&key)),
    }
}

impl Backend for InMemory {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.looked_for.write().push(key.to_vec());
        Ok(self.rows.read().get(key).cloned())
    }

    fn rows(&self, from: &[u8], to: &[u8], backwards: bool) -> RowIterator<'_> {
        let rows = self.rows.read();
        let mut found: Vec<_> =
            rows.range(from.to_vec()..to.to_vec()).map(|(k, v)| Ok((k.clone(), v.clone()))).collect();
        if backwards {
            found.reverse();
        }
        Box::new(found.into_iter())
    }

    fn apply(&self, batch: Batch) -> Result<(), StorageError> {
        self.begin()?;
        let mut rows = self.rows.write();
        batch.into_iter().for_each(|row| set(&mut rows, row));
        Ok(())
    }

    fn write(&self, batch: Batch) -> Result<(), StorageError> {
        self.begin()?;
        for row in batch {
            set(&mut self.rows.write(), row);
            if let Some(watcher) = &*self.watcher.read() {
                watcher();
            }
        }
        Ok(())
    }

    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    fn sync(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

fn store() -> (Arc<InMemory>, Arc<Store>, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let memory = Arc::new(InMemory::default());
    let layout = Layout::new(directory.path());
    let session = Session::Open { interval: false };
    let manifest = Manifest::new([1; 16], Timestamp::from_millis(0), session);
    let log = RedoLog::begin(&layout, manifest.store, 1, &SizeLimits::default()).unwrap();
    let lock = Lock::take(&layout.lock()).unwrap();
    let backend = Arc::clone(&memory) as Arc<dyn Backend>;
    let opened = Opened { backend, sled: None, manifest, state: State::default(), log, repaired: None };
    (memory, Arc::new(Store::over(opened, layout, lock, Durability::Flush, SizeLimits::default()).unwrap()), directory)
}

fn version(id: &str, text: &str, metadata_bytes: usize) -> Version {
    let metadata = Map::from_iter([("long".to_owned(), Value::from("x".repeat(metadata_bytes)))]);
    Version {
        id: MemoryId::read("id", id).unwrap(),
        number: 1,
        content: ContentHash::of(text),
        tags: Tags::read("tags", vec!["a".into(), "b".into()]).unwrap(),
        metadata: Metadata::read("metadata", metadata).unwrap(),
        scope: Scope { user_id: Some("ada".into()), ..Scope::default() },
        created_at: Timestamp::from_millis(1),
        updated_at: Timestamp::from_millis(1),
        expires_at: None,
        immutable: false,
        classified: Sectors::new(Sector::Semantic, []),
        provenance: Provenance { event: Event::Add, actor: None, reason: None },
        validity: Validity::default(),
    }
}

fn tombstone(deleted_at: Timestamp, version: u64) -> Tombstone {
    Tombstone { deleted_at, version, actor: None, reason: None }
}

/// Writes a memory with all of its rows.
fn put(transaction: &mut Transaction<'_>, version: &Version, text: &str) -> Result<Number, Error> {
    let content = Content::read("content", text.into()).unwrap();
    let number = transaction.insert(version, &content, &Dynamics::new(&version.sectors(), version.created_at))?;
    put_text(transaction, number, &version.scope, text)?;
    Ok(number)
}

fn put_text(transaction: &mut Transaction<'_>, number: Number, scope: &Scope, text: &str) -> Result<(), Error> {
    transaction.put_content(number, ContentHash::of(text), &Content::read("content", text.into()).unwrap())?;
    transaction.put_indexed_text(number, scope, &indexed_text("m", text))
}

/// A text as the index needs it. Its words are the text, since storage does not read them.
fn indexed_text(model: &str, text: &str) -> IndexedText {
    let words = Words::new([&[WORDS_VERSION], text.as_bytes()].concat());
    IndexedText { content: ContentHash::of(text), words, embedding: Arc::new(embedding(model, text)) }
}

const WORDS_VERSION: u8 = 7;

fn embedding(model: &str, text: &str) -> Embedding {
    let (model, vector) = (ModelIdentity { id: model.into(), dimensions: 2 }.tag(), vector(text));
    Embedding::new(model, vector.clone(), vec![vector.clone()], vec![(Sector::Semantic, vector)])
}

/// Another one for each text.
fn vector(text: &str) -> Vec<f32> {
    let angle = f32::from(ContentHash::of(text).as_bytes()[0]);
    vec![angle.cos(), angle.sin()]
}

async fn commit<T, W>(store: &Store, work: W) -> Result<T, Error>
where
    T: Send + 'static,
    W: FnOnce(&mut Transaction<'_>) -> Result<T, Error> + Send + 'static,
{
    store.commit(work, |_| {}).await?
}

#[tokio::test]
async fn a_failed_attempt_rolls_back_only_its_own_writes() {
    let (memory, store, _directory) = store();
    let work = |transaction: &mut Transaction<'_>| {
        put(transaction, &version("first", "one", 0), "one")?;
        let failed = transaction.attempt(|transaction| {
            put(transaction, &version("second", "two", 40_000), "two")?;
            transaction.attempt(|transaction| put(transaction, &version("third", "three", 0), "three"))?;
            let (number, head) = (Number(0), version("first", "one", 0));
            transaction.delete(number, &head, &tombstone(Timestamp::from_millis(2), 1))?;
            Err::<(), _>(Error::Closed)
        });
        assert!(failed.is_err());
        transaction.attempt(|transaction| {
            let _ = transaction.attempt(|transaction| {
                put(transaction, &version("fourth", "four", 0), "four")?;
                Err::<(), _>(Error::Closed)
            });
            put(transaction, &version("fifth", "five", 0), "five").map(drop)
        })
    };
    commit(&store, work).await.unwrap();
    let is_there = |id: &str| store.number(&MemoryId::read("id", id).unwrap()).unwrap().is_some();
    assert_eq!(["first", "second", "third", "fourth", "fifth"].map(is_there), [true, false, false, false, true]);
    assert_eq!(
        (store.count().unwrap(), memory.keys_in(b'P'), memory.keys_in(b'Z'), memory.keys_in(b'T')),
        (2, 0, 0, 4)
    );
    assert_eq!(store.content(Number(0), ContentHash::of("one")).unwrap().as_deref(), Some("one"));
}

#[tokio::test]
async fn what_cannot_be_there_is_neither_looked_for_nor_removed() {
    let (memory, store, _directory) = store();
    for id in ["first", "second", "third"] {
        memory.looked_for.write().clear();
        let work = |transaction: &mut Transaction<'_>| {
            let number = put(transaction, &version(id, "text", 40_000), "text")?;
            let link =
                Waypoint { weight: 0.7, created_at: Timestamp::from_millis(1), updated_at: Timestamp::from_millis(1) };
            transaction.put_waypoints(number, &[(Number(7), link)])
        };
        commit(&store, work).await.unwrap();
        let of_a_memory = |key: &Vec<u8>| keys::number(key).is_some();
        assert!(!memory.looked_for.read().iter().any(of_a_memory), "{id}");
    }
    let mut transaction = Transaction::new(&*memory);
    let [first, absent] = ["first", "absent"].map(|id| keys::id(&MemoryId::read("id", id).unwrap()));
    transaction.remove(&absent).unwrap();
    assert!(transaction.is_empty());
    transaction.remove(&first).unwrap();
    transaction.remove(&first).unwrap();
    assert_eq!(transaction.into_batch(), [(first, None)]);
}

#[tokio::test]
async fn publishing_sees_whether_other_commits_wait() {
    let (_memory, store, _directory) = store();
    let (seen, heard) = mpsc::channel();
    let (begun, begin) = mpsc::channel();
    // The first commit's work runs until the two others are queued.
    let work = move |_: &mut Transaction<'_>| begin.recv().map_err(|_| StorageError::Closed);
    let publish = |store: &Arc<Store>| {
        let (store, seen) = (Arc::clone(store), seen.clone());
        move |(): &()| seen.send(store.is_waited_for()).unwrap()
    };
    let first = store.commit(work, publish(&store));
    let second = store.commit(|_| Ok::<_, StorageError>(()), publish(&store));
    let third = store.commit(|_| Ok::<_, StorageError>(()), publish(&store));
    let begin = async { begun.send(()).unwrap() };
    let (first, second, third, ()) = tokio::join!(biased; first, second, third, begin);
    assert!(first.unwrap().is_ok() && second.unwrap().is_ok() && third.unwrap().is_ok());
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [true, true, false]);
    assert!(!store.is_waited_for());
}

#[tokio::test]
async fn detached_work_is_committed() {
    let (_memory, store, _directory) = store();
    let (done, heard) = tokio::sync::oneshot::channel();
    let work = |transaction: &mut Transaction<'_>| put(transaction, &version("quiet", "text", 0), "text").map(drop);
    assert!(store.commit_detached(work, move |()| done.send(()).unwrap()));
    heard.await.unwrap();
    assert!(store.number(&MemoryId::read("id", "quiet").unwrap()).unwrap().is_some());
    store.close().unwrap();
    assert!(!store.commit_detached(|_| Ok::<_, StorageError>(()), |()| {}));
}

#[tokio::test]
async fn long_rows_round_trip_and_leave_no_parts() {
    let (memory, store, _directory) = store();
    let text = "é".repeat(199_999) + "😀";
    let first = version("m", &text, 60 * 1024);
    let (head, content) = (first.clone(), text.clone());
    let number = commit(&store, move |transaction| put(transaction, &head, &content)).await.unwrap();
    assert_eq!(store.head(number).unwrap().as_ref(), Some(&first));
    assert_eq!(store.content(number, first.content).unwrap(), Some(text));
    assert!(memory.keys_in(b'P') > 20 && memory.rows.read().values().all(|row| row.len() <= 16 * 1024 + 16));

    let second = Version { number: 2, ..version("m", "short", 1) };
    let (old, new) = (first.clone(), second.clone());
    commit(&store, move |transaction| transaction.replace(number, &old, &new)).await.unwrap();
    assert_eq!(store.head(number).unwrap().as_ref(), Some(&second));
    assert_eq!(store.earlier(number, 1).unwrap(), Some(first));

    let link = Waypoint { weight: 0.5, created_at: second.created_at, updated_at: second.updated_at };
    let work = move |transaction: &mut Transaction<'_>| {
        let other = put(transaction, &version("other", "other", 0), "other")?;
        transaction.put_waypoints(number, &[(other, link)])?;
        transaction.delete(number, &second, &tombstone(Timestamp::from_millis(2), 2))?;
        transaction.delete(other, &version("other", "other", 0), &tombstone(Timestamp::from_millis(2), 1))
    };
    commit(&store, work).await.unwrap();
    let left: Vec<u8> = memory.rows.read().keys().map(|key| key[0]).filter(|space| *space != b'M').collect();
    assert_eq!(left, *b"ZZ", "two tombstones and nothing else");
}

#[tokio::test]
async fn a_failed_or_panicked_job_does_not_affect_its_group() {
    let (memory, store, _directory) = store();
    // The first job blocks the writer until the others are queued.
    let (release, held) = mpsc::channel::<()>();
    let mut held = Some(held);
    let mut jobs = JoinSet::new();
    for (name, end) in [("a", 0), ("b", 1), ("c", 2), ("d", 0)] {
        let (store, held) = (Arc::clone(&store), held.take());
        jobs.spawn(async move {
            let work = move |transaction: &mut Transaction<'_>| {
                held.map(|held| held.recv());
                put(transaction, &version(name, name, 0), name)?;
                match end {
                    0 => Ok(()),
                    1 => Err(Error::BatchRefused),
                    _ => panic!("a fault"),
                }
            };
            (name, commit(&store, work).await)
        });
    }
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    let mut results = jobs.join_all().await;
    results.sort_by_key(|(name, _)| *name);
    assert!(matches!(
        &results[..],
        [("a", Ok(())), ("b", Err(Error::BatchRefused)), ("c", Err(dropped)), ("d", Ok(()))]
            if matches!(StorageError::of(dropped), Some(StorageError::Dropped))
    ));
    assert_eq!((store.count().unwrap(), memory.keys_in(b'H'), memory.keys_in(b'T')), (2, 2, 4));
    assert_eq!(memory.batches.load(Ordering::Relaxed), 1, "one commit for all");
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_published_or_written() {
    let (memory, store, _directory) = store();
    memory.broken.store(true, Ordering::Relaxed);
    for expected in ["io", "poisoned"] {
        let work = |transaction: &mut Transaction<'_>| put(transaction, &version("m", "text", 0), "text");
        let result = store.commit(work, |_| panic!("was published")).await.map(|result| result.map(drop));
        match result {
            Err(StorageError::Io(_)) => assert_eq!(expected, "io"),
            Err(StorageError::Poisoned) => assert_eq!(expected, "poisoned"),
            other => panic!("{other:?}"),
        }
        memory.broken.store(false, Ordering::Relaxed);
    }
    assert_eq!((store.count().unwrap(), memory.keys_in(b'H')), (0, 0));
}

#[tokio::test]
async fn a_store_whose_tree_has_failed_rejects_commits() {
    let (memory, store, _directory) = store();
    memory.failed.store(true, Ordering::Relaxed);
    assert!(store.has_failed());
    let work = |transaction: &mut Transaction<'_>| put(transaction, &version("m", "text", 0), "text").map(drop);
    assert!(matches!(commit(&store, work).await, Err(Error::StoreFailed)));
    assert_eq!(memory.batches.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn every_flipped_byte_is_reported_as_corruption() {
    let (memory, store, _directory) = store();
    let first = version("m", "text", 20_000);
    let head = first.clone();
    let number = commit(&store, move |transaction| {
        let number = put(transaction, &head, "text")?;
        transaction.replace(number, &head, &Version { number: 2, ..head.clone() })?;
        put_text(transaction, number, &head.scope, "another text")?;
        Ok(number)
    })
    .await
    .unwrap();
    let read_all = || -> Result<(), StorageError> {
        store.number(&first.id)?;
        store.head(number)?;
        store.earlier(number, 1)?;
        store.content(number, first.content)?;
        store.content(number, ContentHash::of("another text"))?;
        store.indexed_text(number, &first.scope)?;
        store.replaced_embedding(number, first.content)?;
        store.dynamics(number, &first.scope)?;
        store.labels(number, &first.scope)?;
        store.finds_texts()?;
        store.indexed()?;
        store.count().map(drop)
    };
    read_all().unwrap();
    let good = memory.rows.read().clone();
    let records = good.iter().filter(|(key, row)| !row.is_empty() && !records::is_applied(key));
    let mut flips = 0;
    for (key, row) in records {
        for byte in (0..row.len()).step_by(1 + row.len() / 40) {
            memory.rows.write().get_mut(key).unwrap()[byte] ^= 0x20;
            assert!(matches!(read_all(), Err(StorageError::Corrupted(_))), "byte {byte} of {key:?}");
            memory.rows.write().insert(key.clone(), row.clone());
            flips += 1;
        }
    }
    assert!(flips > 200);
    read_all().unwrap();
}

/// The vectors of a current or earlier text, as the rules find them.
fn vectors(store: &Store, number: Number, text: ContentHash) -> Option<Arc<Embedding>> {
    let scope = Scope { user_id: Some("ada".into()), ..Scope::default() };
    openmemory_rules::Rows::embedding(store, number, &scope, text).unwrap()
}

/// What a concurrent reader would find inconsistent.
fn inconsistency(store: &Store, id: &str) -> Option<String> {
    let number = store.number(&MemoryId::read("id", id).unwrap()).unwrap()?;
    let Some(head) = store.head(number).unwrap() else { return Some(format!("{id} without a head")) };
    let versions = (1..head.number).map(|version| store.earlier(number, version).unwrap());
    for version in versions.chain([Some(head.clone())]) {
        let Some(version) = version else { return Some(format!("{head:?} without its history")) };
        let text = store.content(number, version.content).unwrap();
        if text.is_none() || vectors(store, number, version.content).is_none() {
            return Some(format!("{version:?} without its text and vectors"));
        }
    }
    if store.indexed_memory(head.scope.user_id.as_deref(), number).unwrap().is_none() {
        return Some(format!("{head:?} without what the index needs"));
    }
    let tags = head.tags.distinct().into_iter().map(|tag| ScanRange::Tag(tag.to_owned()));
    let scope = ScanRange::Scope { field: "user_id", value: "ada".into() };
    let order = Order { by: TimeField::Created, newest_first: true };
    let mut scans = tags.chain([scope, ScanRange::All]);
    let missing = scans.find(|among| !store.by_time(among, order, None).any(|found| found.unwrap() == number));
    missing.map(|among| format!("version {} is not found among {among:?}", head.number))
}

#[tokio::test]
async fn a_concurrent_reader_sees_each_memory_old_or_new() {
    let (memory, store, _directory) = store();
    let (torn, checks) = (Arc::new(RwLock::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let (watched, seen, checked) = (Arc::downgrade(&store), Arc::clone(&torn), Arc::clone(&checks));
    *memory.watcher.write() = Some(Box::new(move || {
        checked.fetch_add(1, Ordering::Relaxed);
        if let Some(store) = watched.upgrade() {
            seen.write().extend(["m", "n"].into_iter().filter_map(|id| inconsistency(&store, id)));
        }
    }));
    let number = commit(&store, |transaction| {
        put(transaction, &version("n", "other", 0), "other")?;
        put(transaction, &version("m", "one", 0), "one")
    });
    let number = number.await.unwrap();
    let mut head = store.head(number).unwrap().unwrap();
    for (text, tags) in [("two", vec!["b", "c"]), ("three", vec![]), ("one", vec!["a", "d"])] {
        let tags = Tags::read("tags", tags.into_iter().map(str::to_owned).collect()).unwrap();
        let updated_at = Timestamp::from_millis(head.number as i64 + 10);
        let next =
            Version { number: head.number + 1, content: ContentHash::of(text), tags, updated_at, ..head.clone() };
        let (old, new) = (head, next.clone());
        let work = move |transaction: &mut Transaction<'_>| {
            put_text(transaction, number, &old.scope, text)?;
            transaction.replace(number, &old, &new)
        };
        commit(&store, work).await.unwrap();
        head = next;
    }
    let tombstone = tombstone(Timestamp::from_millis(99), head.number);
    commit(&store, move |transaction| transaction.delete(number, &head, &tombstone)).await.unwrap();
    assert!(checks.load(Ordering::Relaxed) > 40, "rows are written one by one");
    assert_eq!(*torn.read(), Vec::<String>::new());
}

#[tokio::test]
async fn texts_of_an_earlier_build_are_indexed_on_demand() {
    let (memory, store, _directory) = store();
    let stored = version("m", "text", 0);
    let text = TextKey::of(&stored.scope, "text");
    let work = move |transaction: &mut Transaction<'_>| put(transaction, &stored, "text");
    let number = commit(&store, work).await.unwrap();
    let problems = || inspect(&*memory as &dyn Backend).problems;
    assert_eq!((store.numbers_of_text(text).unwrap(), problems()), (vec![number], vec![]));
    let forget = move |transaction: &mut Transaction<'_>| {
        transaction.unmark(keys::text(text, number));
        Ok(transaction.remove(&records::texts_key())?)
    };
    commit(&store, forget).await.unwrap();
    assert_eq!((store.numbers_of_text(text).unwrap(), problems()), (vec![], vec![]));
    commit(&store, |transaction| transaction.index_texts()).await.unwrap();
    assert_eq!((store.numbers_of_text(text).unwrap(), problems()), (vec![number], vec![]));
    let unmark = move |transaction: &mut Transaction<'_>| {
        transaction.unmark(keys::text(text, number));
        Ok(())
    };
    commit(&store, unmark).await.unwrap();
    assert!(problems().iter().any(|problem| problem.problem.contains("text")));
}
