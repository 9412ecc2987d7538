//! Are the rows that the index needs kept by user, and the vectors of replaced texts beside them?

use openmemory_domain::request::{Restore, Update};
use openmemory_rules::Labels;
use openmemory_rules::write::restore::restore;
use openmemory_rules::write::text::Text;
use openmemory_rules::write::update::update;
use serde_json::json;

use super::*;
use crate::store::indexed::IndexedMemory;

/// In the order of their keys.
const USERS: [Option<&str>; 7] = [None, Some(""), Some("\0"), Some("a"), Some("b"), Some("ab"), Some("ä")];
/// More than fit in one byte, so that the order is that of numbers.
const MEMORIES: usize = 600;

fn version_of(user: Option<&str>, id: &str, text: &str) -> Version {
    Version { scope: Scope { user_id: user.map(str::to_owned), ..Scope::default() }, ..version(id, text, 0) }
}

fn user_of(at: usize) -> Option<&'static str> {
    USERS[at * 5 % USERS.len()]
}

fn tagged(version: &Version, tag: &str) -> Version {
    let tags = Tags::read("tags", vec![tag.to_owned()]).unwrap();
    Version { number: version.number + 1, tags, ..version.clone() }
}

fn expected(number: Number, head: &Version, text: &str) -> IndexedMemory {
    let dynamics = Dynamics::new(&head.sectors(), head.created_at);
    IndexedMemory { number, labels: Labels::of(head), dynamics, text: indexed_text("m", text) }
}

fn all_of(store: &Store, user: Option<&str>) -> Vec<IndexedMemory> {
    store.indexed_memories(user).collect::<Result<_, _>>().unwrap()
}

fn users(store: &Store) -> Vec<Option<String>> {
    store.users().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn the_memories_of_a_user_are_read_in_order_and_apart_from_those_of_others() {
    let (memory, store, _directory) = store();
    let work = |transaction: &mut Transaction<'_>| {
        let mut left: Vec<Vec<IndexedMemory>> = vec![Vec::new(); USERS.len()];
        for at in 0..MEMORIES {
            // Some texts are so long that their rows are cut into parts.
            let text = format!("text {at} {}", "long ".repeat(if at % 50 == 0 { 8000 } else { 0 }));
            let mut head = version_of(user_of(at), &format!("m{at}"), &text);
            let number = put(transaction, &head, &text)?;
            if at % 7 == 3 {
                let next = tagged(&head, "changed");
                transaction.replace(number, &head, &next)?;
                head = next;
            }
            if at % 9 == 4 {
                transaction.delete(number, &head, &tombstone(Timestamp::from_millis(2), head.number))?;
                continue;
            }
            let user = USERS.iter().position(|user| *user == user_of(at)).unwrap();
            left[user].push(expected(number, &head, &text));
        }
        Ok(left)
    };
    let left = commit(&store, work).await.unwrap();
    for (user, left) in USERS.into_iter().zip(left) {
        assert!(left.len() > MEMORIES / 10);
        assert_eq!(all_of(&store, user), left, "{user:?}");
        for memory in left.iter().step_by(11) {
            assert_eq!(store.indexed_memory(user, memory.number).unwrap().as_ref(), Some(memory));
        }
    }
    assert_eq!(users(&store), USERS.map(|user| user.map(str::to_owned)));
    assert_eq!(inspect(&*memory as &dyn Backend).problems, vec![]);
}

#[tokio::test]
async fn a_user_whose_last_memory_is_deleted_is_no_longer_listed() {
    let (_memory, store, _directory) = store();
    assert_eq!(users(&store), Vec::<Option<String>>::new());
    let work = |transaction: &mut Transaction<'_>| {
        for (at, user) in USERS.into_iter().enumerate() {
            put(transaction, &version_of(user, &format!("m{at}"), "text"), "text")?;
        }
        for at in [0, 3, 6] {
            let head = version_of(USERS[at], &format!("m{at}"), "text");
            transaction.delete(Number(at as u64), &head, &tombstone(Timestamp::from_millis(2), 1))?;
        }
        Ok(())
    };
    commit(&store, work).await.unwrap();
    assert_eq!(users(&store), [1, 2, 4, 5].map(|at: usize| USERS[at].map(str::to_owned)));
    assert_eq!((all_of(&store, None), all_of(&store, Some(""))[0].number), (vec![], Number(1)));
}

fn text(content: &str, embedding: Option<Embedding>) -> Text {
    let content = Content::read("content", content.into()).unwrap();
    let words = indexed_text("m", content.as_str()).words;
    Text { hash: content.hash(), words, content, embedding: embedding.map(Arc::new), related: Vec::new() }
}

#[tokio::test]
async fn vectors_of_replaced_texts_are_found_and_restored() {
    let (memory, store, _directory) = store();
    let number = commit(&store, |transaction| put(transaction, &version("m", "one", 0), "one")).await.unwrap();
    for (at, content) in ["two", "three"].into_iter().enumerate() {
        let request = Update::read(json!({"id": "m", "patch": {"content": content}})).unwrap();
        let text = text(content, Some(embedding("m", content)));
        let now = Timestamp::from_millis(at as i64 + 2);
        commit(&store, move |transaction| update(transaction, &request, Some(&text), now).map(drop)).await.unwrap();
    }
    // No vectors are given, as for a text that the memory knows.
    let request = Restore::read(json!({"id": "m", "version": 1})).unwrap();
    let work = move |transaction: &mut Transaction<'_>| {
        restore(transaction, &request, Some(&text("one", None)), Timestamp::from_millis(9)).map(drop)
    };
    commit(&store, work).await.unwrap();
    assert_eq!(all_of(&store, Some("ada"))[0].text, indexed_text("m", "one"));
    for text in ["one", "two", "three"] {
        let kept = vectors(&store, number, ContentHash::of(text)).unwrap();
        assert_eq!(*kept, embedding("m", text), "{text}");
    }
    assert_eq!(vectors(&store, number, ContentHash::of("four")), None);
    assert_eq!(inspect(&*memory as &dyn Backend).problems, vec![]);

    let head = store.head(number).unwrap().unwrap();
    let tombstone = tombstone(Timestamp::from_millis(10), head.number);
    commit(&store, move |transaction| transaction.delete(number, &head, &tombstone)).await.unwrap();
    assert_eq!((memory.keys_in(keys::REPLACED_EMBEDDING), memory.keys_in(keys::INDEXED)), (0, 0));
}

/// A reindex changes the vectors of the newest text, which may have been replaced before.
#[tokio::test]
async fn the_vectors_of_a_replaced_text_are_those_that_it_had_last() {
    let (_memory, store, _directory) = store();
    let number = commit(&store, |transaction| put(transaction, &version("m", "one", 0), "one")).await.unwrap();
    let steps = [("old", "two"), ("old", "one"), ("new", "one"), ("new", "two")];
    for (model, text) in steps {
        let work = move |transaction: &mut Transaction<'_>| {
            let scope = Scope { user_id: Some("ada".into()), ..Scope::default() };
            transaction.put_indexed_text(number, &scope, &indexed_text(model, text))
        };
        commit(&store, work).await.unwrap();
        assert_eq!(*vectors(&store, number, ContentHash::of(text)).unwrap(), embedding(model, text));
    }
    assert_eq!(*vectors(&store, number, ContentHash::of("one")).unwrap(), embedding("new", "one"));
}
