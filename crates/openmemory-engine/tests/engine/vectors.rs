//! Do vectors follow the text? They are new after an update, reused for known texts, and separate for each sector.

use std::path::Path;
use std::sync::Arc;

use openmemory_domain::request::NewMemory;
use openmemory_domain::{Embedding, Sector};
use openmemory_embedding::{ModelEmbedder, ModelOptions};
use openmemory_engine::{Engine, Options};
use serde_json::json;

use crate::support::{Fixture, stored_embedding};

const OLD: &str = "The capital of France is Paris. I feel anxious and afraid about the trip.";
const NEW: &str = "To install the package, run npm install and restart the server. She was sad and cried all evening.";

#[tokio::test]
async fn an_updated_memory_has_the_same_vectors_as_a_new_one() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "updated", "content": OLD})).await.unwrap();
    let updated = fixture.update("updated", json!({"content": NEW})).await.unwrap();
    let fresh = fixture.add(json!({"id": "fresh", "content": NEW})).await.unwrap();
    assert!(updated.version.sectors().as_slice().len() > 1);
    assert_eq!(updated.version.sectors(), fresh.version.sectors());
    let hits = fixture.search(json!({"query": NEW})).await.unwrap();
    assert_eq!((hits[0].score, hits[0].similarity), (hits[1].score, hits[1].similarity));

    let [updated, fresh] = &fixture.stored_embeddings(&["updated", "fresh"])[..] else { unreachable!() };
    assert_eq!(updated, fresh);
}

#[tokio::test]
async fn search_finds_the_new_meaning_and_no_longer_the_old_one() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "Ada lives in Lisbon near the river."})).await.unwrap();
    fixture.add(json!({"id": "other", "content": "Lisbon has hills."})).await.unwrap();
    fixture.update("m", json!({"content": "Ada plays chess every Sunday."})).await.unwrap();
    let best = async |query: &str| fixture.search(json!({"query": query})).await.unwrap().remove(0).memory.version.id;
    assert_eq!(best("plays chess on Sunday").await.as_str(), "m");
    assert_eq!(best("lives in Lisbon").await.as_str(), "other");
}

#[tokio::test]
async fn only_texts_that_a_memory_never_had_are_embedded() {
    let fixture = Fixture::new();
    let embedder = Arc::clone(&fixture.embedder);
    fixture.add(json!({"id": "m", "content": OLD})).await.unwrap();
    assert!(embedder.taken().contains(&OLD.to_owned()));

    fixture.update("m", json!({"content": NEW})).await.unwrap();
    assert_eq!(embedder.taken(), [NEW]);
    for patch in [
        json!({"content": NEW}),
        json!({"content": OLD}),
        json!({"content": NEW, "tags": ["a"]}),
        json!({"metadata": {"a": 1}}),
        json!({"tags": []}),
        json!({"expires_at": "2090-01-01"}),
        json!({"metadata": {"sector": "reflective"}}),
    ] {
        fixture.update("m", patch).await.unwrap();
    }
    fixture.restore("m", 1).await.unwrap();
    let items = json!([{"id": "m", "content": NEW}, {"id": "m", "content": OLD}, {"id": "m", "tags": ["b"]}]);
    fixture.update_many(json!({ "items": items })).await.unwrap();
    let fixture = fixture.reopened();
    fixture.update("m", json!({"content": NEW})).await.unwrap();
    assert_eq!(embedder.taken(), Vec::<String>::new());
    assert_eq!(fixture.get("m").unwrap().version.number, 14);

    fixture.add(json!({"id": "another", "content": "Something else."})).await.unwrap();
    assert_eq!(embedder.taken(), ["Something else."], "the prototypes are kept");
}

#[tokio::test]
async fn a_pinned_sector_changes_search_results_without_embedding() {
    let fixture = Fixture::new();
    let classified = fixture.add(json!({"id": "m", "content": OLD})).await.unwrap().version.sectors();
    assert!(!classified.as_slice().contains(&Sector::Reflective));
    fixture.embedder.taken();
    let found = async |sector: Sector| {
        let hits = fixture.search(json!({"query": OLD, "sectors": [sector.name()]})).await.unwrap();
        !hits.is_empty()
    };

    let pinned = fixture.update("m", json!({"metadata": {"sector": "reflective"}})).await.unwrap();
    assert_eq!(pinned.version.sectors().as_slice(), [Sector::Reflective]);
    assert!(found(Sector::Reflective).await);
    assert!(!found(classified.primary()).await);

    let unpinned = fixture.update("m", json!({"metadata": {"sector": null}})).await.unwrap();
    assert_eq!(unpinned.version.sectors(), classified);
    assert!(!found(Sector::Reflective).await);
    for sector in classified.as_slice() {
        assert!(found(*sector).await);
    }
    assert_eq!(fixture.embedder.taken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_new_text_of_a_pinned_memory_is_found_in_the_pinned_sector() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": OLD, "metadata": {"sector": "reflective"}})).await.unwrap();
    let updated = fixture.update("m", json!({"content": NEW})).await.unwrap();
    assert_eq!(updated.version.sectors().as_slice(), [Sector::Reflective]);
    let hits = fixture.search(json!({"query": NEW, "sectors": ["reflective"]})).await.unwrap();
    assert!(hits[0].similarity > 0.99);
    let unpinned = fixture.update("m", json!({"metadata": {"sector": null}})).await.unwrap();
    assert_eq!(unpinned.version.sectors(), updated.version.classified);
}

#[tokio::test]
async fn with_the_shipped_model_a_text_of_several_sectors_has_a_vector_for_each() {
    let directory = tempfile::tempdir().unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../model");
    let embedder = Arc::new(ModelEmbedder::new(ModelOptions::shipped(&model)));
    let engine = Engine::open(Options::new(directory.path(), embedder)).unwrap();
    let sides = [
        (Sector::Episodic, "Yesterday I went to the hospital with my sister."),
        (Sector::Procedural, "To restart the server run systemctl restart nginx."),
        (Sector::Emotional, "I feel anxious about the result."),
    ];
    let whole = sides.map(|(_, text)| text).join(" ");
    for (id, text) in [("whole", whole.as_str())].into_iter().chain(sides.map(|(sector, text)| (sector.name(), text))) {
        engine.add(NewMemory::read(json!({"id": id, "content": text})).unwrap()).await.unwrap();
    }
    engine.close().unwrap();
    drop(engine);

    let whole = stored_embedding(directory.path(), "whole");
    let mut named = whole.classified().unwrap().as_slice().to_vec();
    named.sort();
    assert_eq!(named, [Sector::Episodic, Sector::Procedural, Sector::Emotional]);
    let alone: Vec<Embedding> =
        sides.iter().map(|(sector, _)| stored_embedding(directory.path(), sector.name())).collect();
    for (sector, _) in sides {
        let cosine = |of: Sector, side: &Embedding| whole.sector(of).dot(&side.whole().to_numbers());
        let near = |side: &Embedding| cosine(sector, side);
        for ((other, _), side) in sides.iter().zip(&alone) {
            let of_other = cosine(*other, side);
            assert!(*other == sector || near(side) + 0.1 < of_other, "{sector:?} {other:?} {} {of_other}", near(side));
        }
    }
}
