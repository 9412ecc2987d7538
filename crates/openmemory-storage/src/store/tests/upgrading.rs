//! Does an upgrade from format 1 keep everything, wherever it is interrupted? The rows of format 1 are made from those of
//! this one.

use std::path::Path;

use openmemory_domain::Feedback;
use openmemory_rules::Reindex;

use super::*;
use crate::doctor::diagnose::doctor;
use crate::rows::format1::{self, Indexed};
use crate::rows::keys::IndexedKind;
use crate::store::indexed::IndexedMemory;
use crate::store::upgrade::Unindexed;

const USERS: [Option<&str>; 3] = [None, Some(""), Some("ada")];
const ONE: [&str; 3] = ["one", "two", "three"];

fn open(directory: &Path) -> Store {
    let how = StoreOptions { durability: Durability::Interval, bounds: SizeLimits::default(), allow_non_empty: false };
    Store::open(directory, how, Timestamp::from_millis(0)).unwrap()
}

fn committed<T, W>(store: &Store, work: W) -> T
where
    T: Send + 'static,
    W: FnOnce(&mut Transaction<'_>) -> Result<T, Error> + Send + 'static,
{
    store.commit_blocking(work).unwrap().unwrap()
}

fn assert_healthy(directory: &Path, when: &str) {
    let found = doctor(directory, false, Timestamp::from_millis(0)).unwrap();
    assert!(found.healthy && found.complete, "{when}: {:?}", found.problems);
}

/// Memories of several users, one with replaced texts, one deleted, and one whose newest text has no vectors yet.
fn fill(transaction: &mut Transaction<'_>) -> Result<Vec<(Number, Version)>, Error> {
    let mut heads = Vec::new();
    for (at, user) in USERS.into_iter().chain([Some("gone"), None, Some("ada")]).enumerate() {
        let text = ONE[0];
        let scope = Scope { user_id: user.map(str::to_owned), ..Scope::default() };
        let head = Version { scope, ..version(&format!("m{at}"), text, 20_000 * (at % 2)) };
        heads.push((put(transaction, &head, text)?, head));
    }
    let (number, mut head) = heads[0].clone();
    for text in &ONE[1..] {
        let next = Version { number: head.number + 1, content: ContentHash::of(text), ..head.clone() };
        put_text(transaction, number, &head.scope, text)?;
        transaction.replace(number, &head, &next)?;
        head = next;
    }
    heads[0].1 = head;
    transaction.put_dynamics(Number(1), &heads[1].1.scope, &dynamics_of_1())?;
    let (number, gone) = heads.remove(3);
    transaction.delete(number, &gone, &tombstone(Timestamp::from_millis(3), 1))?;
    transaction.put_reindex(&Reindex { target: ModelIdentity { id: "m".into(), dimensions: 2 } })?;
    Ok(heads)
}

fn dynamics_of_1() -> Dynamics {
    Dynamics::new(&Sectors::new(Sector::Emotional, []), Timestamp::from_millis(5))
        .judged(Some(Feedback::Negative), Some("a reason".into()))
}

/// Writes the rows of format 1 in the place of those of this one. The last memory has no vectors.
fn downgrade(transaction: &mut Transaction<'_>, heads: &[(Number, Version)]) -> Result<(), Error> {
    for (number, head) in heads {
        let dynamics = transaction.dynamics(*number, &head.scope)?.unwrap();
        transaction.put(&format1::dynamics_key(*number), &dynamics)?;
        for text in ONE {
            let hash = ContentHash::of(text);
            let known = openmemory_rules::Rows::embedding(&*transaction, *number, &head.scope, hash)?;
            if let Some(known) = known.filter(|_| *number != heads.last().unwrap().0) {
                let key = [format1::embeddings_prefix(*number).as_slice(), hash.as_bytes()].concat();
                let wide = (known.model, vec![vector(text)], 0u32, vec![0u32], vec![(Sector::Semantic, 0u32)]);
                transaction.put(&key, &wide)?;
            }
            transaction.remove(&keys::replaced_embedding(*number, hash))?;
        }
        for kind in IndexedKind::ALL {
            transaction.remove(&keys::indexed(head.scope.user_id.as_deref(), *number, kind))?;
        }
    }
    Ok(transaction.remove(&format1::indexed_key())?)
}

/// Upgrades as the engine does, but with a commit for each memory, and only `memories` of them.
fn upgrade(store: &Store, memories: usize) {
    let from = store.indexed().unwrap().map_or(Some(Number(0)), |indexed| indexed.next);
    let Some(from) = from else { return };
    let left: Vec<Unindexed> = store.unindexed(from).collect::<Result<_, _>>().unwrap();
    let ends = memories >= left.len();
    for memory in left.into_iter().take(memories) {
        committed(store, move |transaction| {
            let words = indexed_text("m", &memory.text).words;
            transaction.upgrade(&memory, &words)?;
            let next = Some(Number(memory.number.0 + 1));
            Ok(transaction.put_indexed(&Indexed { words: WORDS_VERSION, next })?)
        });
    }
    if ends {
        committed(store, |transaction| Ok(transaction.put_indexed(&Indexed { words: WORDS_VERSION, next: None })?));
    }
}

fn everything(store: &Store) -> Vec<IndexedMemory> {
    USERS.into_iter().flat_map(|user| store.indexed_memories(user)).collect::<Result<_, _>>().unwrap()
}

#[test]
fn an_upgrade_goes_on_where_it_stopped_and_is_healthy_all_the_time() {
    for stop in 0..=5 {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        let heads = committed(&store, fill);
        let of_this_format = everything(&store);
        let last = heads.len() - 1;
        let downgraded = heads.clone();
        committed(&store, move |transaction| downgrade(transaction, &downgraded));
        assert_eq!((everything(&store), store.indexed().unwrap()), (vec![], None));
        drop(store);
        assert_healthy(directory.path(), "before");

        let store = open(directory.path());
        upgrade(&store, stop);
        drop(store);
        assert_healthy(directory.path(), &format!("after {stop}"));

        let store = open(directory.path());
        let done = heads.iter().take(stop).map(|(number, _)| *number).filter(|number| *number != heads[last].0);
        let mut upgraded: Vec<Number> = everything(&store).iter().map(|memory| memory.number).collect();
        upgraded.sort_unstable();
        assert_eq!(upgraded, done.collect::<Vec<_>>());
        upgrade(&store, usize::MAX);
        assert_eq!(store.indexed().unwrap(), Some(Indexed { words: WORDS_VERSION, next: None }));
        let without_vectors = |memory: &IndexedMemory| memory.number != heads[last].0;
        assert_eq!(everything(&store), of_this_format.into_iter().filter(without_vectors).collect::<Vec<_>>());
        let (number, head) = &heads[0];
        for text in ONE {
            let hash = ContentHash::of(text);
            let kept = openmemory_rules::Rows::embedding(&store, *number, &head.scope, hash).unwrap().unwrap();
            assert_eq!(*kept, embedding("m", text), "{text}");
        }
        assert_eq!(store.dynamics(Number(1), &heads[1].1.scope).unwrap(), Some(dynamics_of_1()));
        let early = [format1::EMBEDDING, format1::DYNAMICS].map(|space| store.raw_with_prefix(&[space]).unwrap().len());
        assert_eq!(early, [0, 0]);
        drop(store);
        assert_healthy(directory.path(), "at the end");
    }
}

#[test]
fn words_of_another_version_are_cut_again_with_the_same_vectors() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let heads = committed(&store, fill);
    let before = everything(&store);
    for memory in store.unindexed(Number(0)).collect::<Result<Vec<_>, _>>().unwrap() {
        let words = Words::new(vec![WORDS_VERSION + 1]);
        committed(&store, move |transaction| transaction.upgrade(&memory, &words));
    }
    let after = everything(&store);
    assert_eq!(after.len(), heads.len());
    for (before, mut after) in before.into_iter().zip(after) {
        assert_eq!(after.text.words.version(), WORDS_VERSION + 1);
        after.text.words = before.text.words.clone();
        assert_eq!(after, before);
    }
    drop(store);
    assert_healthy(directory.path(), "with other words");
}
