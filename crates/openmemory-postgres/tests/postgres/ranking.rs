//! Does a database rank as a store in a directory does?

use std::sync::Arc;

use openmemory_domain::request::Search;
use openmemory_embedding::TestEmbedder;
use openmemory_engine::{Engine, Options};
use openmemory_postgres::{Options as PostgresOptions, PostgresStores};
use openmemory_rules::contract::{Control, Hit, MemoryStore};
use serde_json::{Value, json};

use crate::server::Server;
use crate::support::{ManualClock, new_memory, options, search, updating};

/// A sentence of each of 18 languages, with a place for a word.
const SENTENCES: [&str; 18] = [
    "The user likes {} in the morning.",
    "Der Nutzer mag {} am Morgen.",
    "A l'utilisateur il plaît {} le matin.",
    "Al usuario le gusta {} por la mañana.",
    "All'utente piace {} al mattino.",
    "O usuário gosta de {} pela manhã.",
    "De gebruiker houdt van {} in de ochtend.",
    "Användaren gillar {} på morgonen.",
    "Brugeren kan lide {} om morgenen.",
    "Käyttäjä pitää {} aamulla.",
    "Użytkownik lubi {} rano.",
    "Пользователь любит {} утром.",
    "Користувач любить {} вранці.",
    "用户早上喜欢{}。",
    "ユーザーは朝に{}が好きです。",
    "사용자는 아침에 {} 좋아합니다.",
    "المستخدم يحب {} في الصباح.",
    "Kullanıcı sabahları {} sever.",
];
const WORDS: [&str; 12] = [
    "tea",
    "coffee",
    "running",
    "chess",
    "Berlin",
    "jazz",
    "bicycles",
    "mathematics",
    "gardening",
    "sailing",
    "bread",
    "winter",
];

/// 216 memories of two users.
pub fn memories() -> Vec<Value> {
    let mut all = Vec::new();
    for (at, sentence) in SENTENCES.iter().enumerate() {
        for (number, word) in WORDS.iter().enumerate() {
            let mut memory = json!({
                "id": format!("m-{at}-{number}"),
                "content": sentence.replace("{}", word),
                "user_id": if number % 3 == 0 { "ada" } else { "bob" },
                "tags": [word, format!("language{at}")],
                "created_at": format!("2024-{:02}-{:02}T10:00:00Z", number + 1, at + 1),
            });
            if number % 2 == 0 {
                memory["run_id"] = json!(format!("run{at}"));
            }
            all.push(memory);
        }
    }
    all
}

/// 216 searches, over all users, of one, of tags, runs and sectors.
pub fn queries() -> Vec<Value> {
    let mut all = Vec::new();
    for (at, word) in WORDS.iter().enumerate() {
        for sentence in SENTENCES {
            let query = sentence.replace("{}", word);
            all.push(match (at + query.len()) % 5 {
                0 => json!({ "query": query, "limit": 10, "filters": { "user_id": "ada" } }),
                1 => json!({ "query": query, "limit": 10 }),
                2 => json!({ "query": query, "limit": 10, "filters": { "user_id": "bob", "tags": word } }),
                3 => json!({ "query": word, "limit": 20, "filters": { "run_id": format!("run{at}") } }),
                _ => json!({ "query": word, "limit": 8, "sectors": ["semantic"], "explain": true }),
            });
        }
    }
    all
}

fn compared(hits: &[Hit]) -> Vec<(String, Vec<String>)> {
    hits.iter().map(|hit| (hit.memory.version.id.to_string(), hit.path.clone())).collect()
}

async fn compare(engine: &Engine, store: &dyn MemoryStore) -> usize {
    let mut hits = 0;
    for request in queries() {
        let search_request = Search::read(request.clone()).unwrap();
        let vector = engine.embed_query(&search_request).await.unwrap();
        let expected = engine.search(&search_request, &vector, &Control::default()).unwrap();
        let found = search(store, request.clone()).await.unwrap();
        assert_eq!(compared(&found), compared(&expected), "{request}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found.score - expected.score).abs() <= 1e-6, "{request}: {} {}", found.score, expected.score);
            assert!((found.similarity - expected.similarity).abs() <= 1e-6, "{request}");
        }
        hits += found.len();
    }
    hits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_order_and_scores_are_those_of_a_store_in_a_directory() {
    let server = Server::start();
    let directory = tempfile::tempdir().unwrap();
    // With clocks of their own, memories that tie in one store do not in the other, and beyond ten seconds one of them may
    // have reinforced the hits of a search already.
    let clock = Arc::new(ManualClock::default());
    let mut in_directory = Options::new(directory.path(), Arc::new(TestEmbedder));
    in_directory.clock = clock.clone();
    let engine = Engine::open(in_directory).unwrap();
    let url = server.database();
    let stores = || PostgresStores::new(&PostgresOptions { clock: clock.clone(), ..options(&url) }).unwrap();
    let (one, other) = (stores(), stores());
    let (writer, reader) = (one.tenant("default").await.unwrap(), other.tenant("default").await.unwrap());
    for memory in memories() {
        clock.advance(1);
        engine.add(new_memory(memory.clone())).await.unwrap();
        writer.add(new_memory(memory)).await.unwrap();
    }
    let hits = compare(&engine, &reader).await;
    assert!(hits > 500, "only {hits} hits were compared");
    // Straight after updates by the other server.
    for (at, word) in WORDS.iter().enumerate() {
        let patch = json!({ "content": format!("The user has lost interest in {word}."), "tags": ["changed"] });
        clock.advance(1);
        engine.update(updating(&format!("m-0-{at}"), patch.clone())).await.unwrap();
        writer.update(updating(&format!("m-0-{at}"), patch)).await.unwrap();
    }
    compare(&engine, &reader).await;
}
