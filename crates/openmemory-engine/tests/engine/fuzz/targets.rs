//! Which parts parse untrusted input? Each target returns whether it accepted the input, and must never panic.

use std::any::type_name;
use std::fmt::Debug;

use openmemory_domain::export::{Header, Line};
use openmemory_domain::request::{
    AddMany, ById, Delete, DeleteMany, Export, FeedbackRequest, Get, History, Import, List, NewMemory, Reinforce,
    Restore, Search, Update, UpdateMany,
};
use openmemory_domain::{
    Content, ContentHash, Dynamics, Embedding, Event, Invalid, MemoryId, Metadata, ModelIdentity, PartialDate, Patch,
    Provenance, Retired, Scope, Sector, Sectors, Tags, Timestamp, Validity, Vector, Version, filter,
};
use openmemory_embedding::{Embedder, TestEmbedder};
use openmemory_index::{Entry, Partition, Partitions, Query, SectorMask, Terms, WrongDimensions};
use openmemory_rules::contract::Control;
use openmemory_rules::{Labels, Tombstone, Waypoint};
use openmemory_storage::{Durability, Indexed};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::outcome::Outcome;
use super::seeds;
use crate::support::{Fixture, to_json};

pub type Run = fn(&Targets, &[u8], &mut Outcome) -> bool;

pub const TARGETS: [(&str, Run); 8] = [
    ("requests", requests),
    ("filters", filters),
    ("patches", patches),
    ("imported lines", lines),
    ("stored records", records),
    ("stored words", words),
    ("cursors and lists", lists),
    ("texts", texts),
];

pub struct Targets {
    /// A store with a few memories, to ask with what was accepted.
    fixture: Fixture,
    version: Version,
    requests: Vec<Vec<u8>>,
    patches: Vec<Vec<u8>>,
    filters: Vec<Vec<u8>>,
    lines: Vec<Vec<u8>>,
    records: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    lists: Vec<Vec<u8>>,
    texts: Vec<Vec<u8>>,
}

fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

impl Targets {
    pub fn new() -> Self {
        let fixture = Fixture::with(Durability::Interval);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let items: Vec<Value> = (0..9)
            .map(|n| {
                let metadata = json!({"a": {"b": [n, null]}, "score": n});
                json!({"id": format!("m{n}"), "content": format!("Note {n}."), "tags": ["a"], "metadata": metadata})
            })
            .collect();
        runtime.block_on(fixture.add_many(json!({ "items": items }))).unwrap();
        let list = json!({"limit": 2, "order": "updated_at:asc"});
        let cursor = fixture.engine.list(&List::read(list.clone()).unwrap(), &Control::default()).unwrap().next_cursor;
        let with_cursor = |cursor: Option<String>| {
            let mut list = list.clone();
            list["cursor"] = cursor.into();
            list.to_string().into_bytes()
        };
        let version = version();
        let mut lists = bytes(seeds::FILTERS)
            .into_iter()
            .map(|filter| [br#"{"limit":3,"filters":"#.as_slice(), &filter, b"}"].concat())
            .collect::<Vec<_>>();
        lists.extend((0..lists.len()).map(|_| with_cursor(cursor.clone())));
        Self {
            fixture,
            requests: bytes(seeds::REQUESTS),
            patches: bytes(seeds::PATCHES),
            filters: bytes(seeds::FILTERS),
            lines: bytes(seeds::LINES),
            records: records_of(&version),
            words: seeds::TEXTS.iter().map(|text| Terms::of(text).encode()).collect(),
            lists,
            texts: bytes(seeds::TEXTS),
            version,
        }
    }

    pub fn seeds(&self, name: &str) -> &[Vec<u8>] {
        match name {
            "requests" => &self.requests,
            "patches" => &self.patches,
            "filters" => &self.filters,
            "imported lines" => &self.lines,
            "stored records" => &self.records,
            "stored words" => &self.words,
            "cursors and lists" => &self.lists,
            _ => &self.texts,
        }
    }
}

fn version() -> Version {
    let metadata = json!({"a": {"b": [1, null, 0.5]}, "sector": "semantic"});
    Version {
        id: MemoryId::read("id", "m1").unwrap(),
        number: 3,
        content: Content::read("content", "one".into()).unwrap().hash(),
        tags: Tags::read("tags", vec!["a".into(), "b".into()]).unwrap(),
        metadata: Metadata::read("metadata", metadata.as_object().unwrap().clone()).unwrap(),
        scope: Scope { user_id: Some("ada".into()), ..Scope::default() },
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(1),
        expires_at: Some(Timestamp::from_millis(2)),
        immutable: false,
        classified: Sectors::new(Sector::Semantic, [Sector::Episodic]),
        provenance: Provenance { event: Event::Restore { from: 1 }, actor: None, reason: Some("x".into()) },
        validity: Validity {
            from: PartialDate::parse("2024-05"),
            to: PartialDate::parse("2026-03-02"),
            retired: Some(Retired::Ended),
            correction: true,
        },
    }
}

fn records_of(version: &Version) -> Vec<Vec<u8>> {
    let model = ModelIdentity { id: "test".into(), dimensions: 2 };
    let sectors = vec![(Sector::Semantic, vec![0.6, 0.8])];
    let embedding = Embedding::new(model.tag(), vec![1.0, 0.0], vec![vec![1.0, 0.0], vec![0.0, 1.0]], sectors);
    let now = Timestamp::from_millis(0);
    let waypoint = Waypoint { weight: 0.5, created_at: now, updated_at: now };
    vec![
        postcard::to_stdvec(version).unwrap(),
        postcard::to_stdvec(&embedding).unwrap(),
        postcard::to_stdvec(&Dynamics::new(&version.classified, now)).unwrap(),
        postcard::to_stdvec(&Tombstone { deleted_at: now, version: 2, actor: None, reason: None }).unwrap(),
        postcard::to_stdvec(&waypoint).unwrap(),
        postcard::to_stdvec(&model).unwrap(),
        postcard::to_stdvec(&Labels::of(version)).unwrap(),
        postcard::to_stdvec(&Indexed { words: Terms::VERSION, next: None }).unwrap(),
    ]
}

fn read<T: Debug>(outcome: &mut Outcome, reader: &str, read: Result<T, Invalid>) -> Option<T> {
    match read {
        Ok(value) => {
            outcome.taken(reader, &value);
            Some(value)
        }
        Err(invalid) => {
            assert!(!invalid.problem.is_empty());
            outcome.refused(reader, &invalid);
            None
        }
    }
}

fn requests(_: &Targets, input: &[u8], outcome: &mut Outcome) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return false };
    [
        read(outcome, "NewMemory", NewMemory::read(value.clone())).is_some(),
        read(outcome, "Update", Update::read(value.clone())).is_some(),
        read(outcome, "AddMany", AddMany::read(value.clone())).is_some(),
        read(outcome, "UpdateMany", UpdateMany::read(value.clone())).is_some(),
        read(outcome, "DeleteMany", DeleteMany::read(value.clone())).is_some(),
        read(outcome, "ById", ById::read(value.clone())).is_some(),
        read(outcome, "Delete", Delete::read(value.clone())).is_some(),
        read(outcome, "Get", Get::read(value.clone())).is_some(),
        read(outcome, "History", History::read(value.clone())).is_some(),
        read(outcome, "Restore", Restore::read(value.clone())).is_some(),
        read(outcome, "Reinforce", Reinforce::read(value.clone())).is_some(),
        read(outcome, "FeedbackRequest", FeedbackRequest::read(value.clone())).is_some(),
        read(outcome, "List", List::read(value.clone())).is_some(),
        read(outcome, "Search", Search::read(value.clone())).is_some(),
        read(outcome, "Export", Export::read(value.clone())).is_some(),
        read(outcome, "Import", Import::read(value)).is_some(),
    ]
    .contains(&true)
}

fn filters(targets: &Targets, input: &[u8], outcome: &mut Outcome) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return false };
    let Some(filter) = read(outcome, "filter", filter::parse(&value)) else { return false };
    let matches = filter.matches(&targets.version, "Tea and coffee");
    let opposite = filter::Filter::Not(Box::new(filter.clone()));
    assert_ne!(matches, opposite.matches(&targets.version, "Tea and coffee"));
    // Every match has a value that the filter requires.
    if let Some(users) = filter.required(&filter::Field::UserId) {
        assert!(!matches || users.contains(&Some("ada")));
    }
    true
}

fn patches(targets: &Targets, input: &[u8], outcome: &mut Outcome) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return false };
    let Some(update) = read(outcome, "update", Update::read(value)) else { return false };
    let Update { patch, provenance, .. } = update;
    let content = patch.content.as_ref().map(|content| (content.hash(), targets.version.classified.clone()));
    let now = Timestamp::from_millis(5);
    let Ok(next) = Patch::apply(&patch, &targets.version, content, now, provenance) else { return false };
    outcome.taken("next version", &next);
    // An accepted version survives a round trip through its encoding.
    let stored = postcard::to_stdvec(&next).unwrap();
    assert_eq!(postcard::from_bytes::<Version>(&stored).unwrap(), next);
    assert_eq!(next.number, targets.version.number + 1);
    true
}

fn lines(_: &Targets, input: &[u8], outcome: &mut Outcome) -> bool {
    let header = Header::read(input);
    outcome.taken("header", &header);
    let Some(line) = read(outcome, "line", Line::read(input)) else { return header.is_ok() };
    if let Line::Memory(memory) = line {
        let sectors = Sectors::new(Sector::Semantic, []);
        let versions: Vec<Version> = memory.oldest_first(&sectors).collect::<Result<_, _>>().unwrap();
        assert!(versions.iter().zip(1..).all(|(version, number)| version.number == number));
        let salience = memory.dynamics(&sectors).salience().at(Timestamp::from_millis(0));
        assert!((0.0..=1.0).contains(&salience), "{salience}");
    }
    true
}

fn decoded<T: DeserializeOwned + Debug>(outcome: &mut Outcome, input: &[u8], used: impl FnOnce(T)) -> bool {
    let Ok((record, _)) = postcard::take_from_bytes::<T>(input) else { return false };
    outcome.taken(type_name::<T>(), &record);
    used(record);
    true
}

fn records(_: &Targets, input: &[u8], outcome: &mut Outcome) -> bool {
    let now = Timestamp::from_millis(0);
    // After damage that no checksum detects, any bytes may be read as any record.
    let used = [
        decoded(outcome, input, |version: Version| {
            let _ = (version.sectors(), version.expired(now), version.changes_since("a", (&version, "b")));
        }),
        decoded(outcome, input, |embedding: Embedding| {
            if embedding.is_whole() {
                let sectors = embedding.classified().unwrap();
                let _ = embedding.sector(Sector::Emotional);
                let vectors: Vec<(&Vector, SectorMask)> = embedding
                    .roles(&sectors)
                    .into_iter()
                    .map(|(vector, of, _)| (vector, SectorMask::of(&of)))
                    .collect();
                index(&Terms::of("tea"), vectors, embedding.whole().dimensions());
            }
        }),
        decoded(outcome, input, |dynamics: Dynamics| {
            let _ = dynamics.reinforced(0.1, now).salience().at(now);
        }),
        decoded(outcome, input, |tombstone: Tombstone| drop(tombstone.deleted_at.to_string())),
        decoded(outcome, input, |waypoint: Waypoint| drop(waypoint.updated_at.to_string())),
        decoded(outcome, input, |model: ModelIdentity| {
            let _ = model.tag();
        }),
        decoded(outcome, input, |labels: Labels| drop(labels.created_at.to_string())),
        decoded(outcome, input, |_: Indexed| {}),
    ];
    used.contains(&true)
}

/// Words as the index stores them. Their checksum says that they are as they were written, not that any bytes are.
fn words(_: &Targets, input: &[u8], outcome: &mut Outcome) -> bool {
    let Ok(terms) = Terms::decode(input) else { return false };
    outcome.taken("terms", &terms);
    index(&terms, vec![(&Vector::new(&[0.6, 0.8]), SectorMask::PASSAGE)], 2);
    true
}

/// Indexes a memory, finds it, and removes it.
fn index(terms: &Terms<'_>, vectors: Vec<(&Vector, SectorMask)>, dimensions: usize) {
    struct One(Partition);
    impl Partitions for One {
        type Error = WrongDimensions;

        fn each(&self, visit: &mut dyn FnMut(&Partition)) -> Result<(), WrongDimensions> {
            visit(&self.0);
            Ok(())
        }
    }
    let now = Timestamp::from_millis(0);
    let entry = Entry {
        number: 1,
        run: Some("r"),
        content: ContentHash::of("tea"),
        terms,
        tags: openmemory_index::Tags::of(&[]),
        created_at: now,
        expires_at: None,
        validity: Validity::default(),
        dynamics: &Dynamics::new(&Sectors::new(Sector::Semantic, []), now),
        vectors,
    };
    let mut one = One(Partition::new(dimensions));
    one.0.put(&entry).unwrap();
    one.0.put(&entry).unwrap();
    let query = Query {
        text: "Does Ada drink tea?",
        vector: &vec![(dimensions as f32).sqrt().recip(); dimensions],
        multilingual: true,
        spread: 1.0,
        contrast: 1.0,
        echo: 1.0,
        mask: None,
        candidates: None,
        now,
        window: None,
        shown: openmemory_domain::Shown::default(),
    };
    let _ = openmemory_index::search(&one, &query, 1).unwrap();
    let _ = openmemory_index::without_names(&one, "Does Ada drink tea?").unwrap();
    assert!(one.0.remove(1));
}

fn lists(targets: &Targets, input: &[u8], outcome: &mut Outcome) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return false };
    let Some(list) = read(outcome, "list", List::read(value)) else { return false };
    match targets.fixture.engine.list(&list, &Control::default()) {
        Ok(page) => page.memories.len() <= list.limit && to_json(&page).is_object(),
        Err(error) => {
            assert_eq!((error.code().as_str(), error.field()), ("INVALID_ARGUMENT", Some("cursor")));
            false
        }
    }
}

fn texts(_: &Targets, input: &[u8], outcome: &mut Outcome) -> bool {
    let text = String::from_utf8_lossy(input);
    if let Some(id) = read(outcome, "id", MemoryId::read("id", &text)) {
        assert_eq!(MemoryId::read("id", id.as_str()).unwrap(), id);
    }
    if let Some(time) = Timestamp::parse(&text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
    }
    let Some(content) = read(outcome, "content", Content::read("content", text.into_owned())) else { return false };
    let text = content.as_str();
    let passages = TestEmbedder.passages(text).unwrap();
    let sentences: usize = passages.iter().map(|passage| passage.sentences.len()).sum();
    outcome.taken("passages", &vec![(); passages.len().min(8)]);
    outcome.taken("sentences", &vec![(); sentences]);
    let mut covered = 0;
    for passage in passages {
        assert_eq!(passage.range.start, covered);
        covered = passage.range.end;
        assert!(passage.sentences.iter().all(|sentence| text.is_char_boundary(sentence.range.start)));
    }
    assert_eq!(covered, text.len());
    true
}
