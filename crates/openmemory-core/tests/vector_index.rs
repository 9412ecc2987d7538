//! The index against the plainest thing that could work: a map and exact arithmetic.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

use openmemory_core::index::{Candidate, Hit, Query, Scope, SectorMask, VectorIndex};
use proptest::prelude::*;

const DIMENSIONS: usize = 24;
const USERS: [Option<&str>; 3] = [None, Some("ada"), Some("bob")];

/// A fixed sequence of numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn whole(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// About normally distributed, mean 0.
    fn normal(&mut self) -> f32 {
        (0..4).map(|_| (self.whole() >> 40) as f32 / (1u64 << 24) as f32 - 0.5).sum()
    }

    fn vector(&mut self, dimensions: usize) -> Vec<f32> {
        normalised((0..dimensions).map(|_| self.normal()).collect())
    }

    fn near(&mut self, centre: &[f32], spread: f32) -> Vec<f32> {
        let scale = spread / (centre.len() as f32).sqrt();
        normalised(centre.iter().map(|x| x + self.normal() * scale).collect())
    }
}

fn normalised(mut vector: Vec<f32>) -> Vec<f32> {
    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= norm);
    vector
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn best_of(hits: &mut Vec<Hit>, k: usize) {
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.memory.cmp(&b.memory)));
    hits.truncate(k);
}

fn everyone(vector: &[f32]) -> Query<'_> {
    Query { scope: Scope::All, vector, mask: None }
}

type Entry = Vec<(Vec<f32>, SectorMask)>;

#[derive(Debug, Clone)]
enum Step {
    Replace { user: usize, memory: u64, vectors: Vec<(u64, u8)> },
    Remove { user: usize, memory: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let replace = (0..USERS.len(), 0..12u64, prop::collection::vec((1..u64::MAX, 0..6u8), 0..4))
        .prop_map(|(user, memory, vectors)| Step::Replace { user, memory, vectors });
    let remove = (0..USERS.len(), 0..12u64).prop_map(|(user, memory)| Step::Remove { user, memory });
    prop_oneof![3 => replace, 1 => remove]
}

fn mask(bit: u8) -> SectorMask {
    SectorMask::sector(bit.into()).unwrap_or(SectorMask::PASSAGE)
}

proptest! {
    #[test]
    fn any_sequence_of_changes_equals_a_map(steps in prop::collection::vec(step(), 1..60), seed in 1..u64::MAX) {
        let index = VectorIndex::new(DIMENSIONS);
        let mut map: BTreeMap<(usize, u64), Entry> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Replace { user, memory, vectors } => {
                    let entry: Entry = vectors.iter()
                        .map(|&(seed, bit)| (Numbers(seed).vector(DIMENSIONS), mask(bit)))
                        .collect();
                    let borrowed: Vec<_> = entry.iter().map(|(v, m)| (v.as_slice(), *m)).collect();
                    index.replace(USERS[user], memory, &borrowed).unwrap();
                    if entry.is_empty() { map.remove(&(user, memory)); } else { map.insert((user, memory), entry); }
                }
                Step::Remove { user, memory } => {
                    prop_assert_eq!(index.remove(USERS[user], memory), map.remove(&(user, memory)).is_some());
                }
            }
        }
        let usage = index.usage();
        prop_assert_eq!(usage.memories, map.len());
        prop_assert_eq!(usage.vectors, map.values().map(Vec::len).sum::<usize>());

        let query = Numbers(seed).vector(DIMENSIONS);
        let wanted = mask((seed % 6) as u8).union(mask((seed / 6 % 6) as u8));
        for (user, name) in USERS.iter().enumerate() {
            for mask in [None, Some(wanted)] {
                let score = |memory: u64| map[&(user, memory)].iter()
                    .filter(|(_, m)| mask.is_none_or(|mask| mask.meets(*m)))
                    .map(|(v, _)| cosine(v, &query))
                    .max_by(f32::total_cmp);
                let mut expected: Vec<Hit> = map.keys().filter(|(u, _)| *u == user)
                    .filter_map(|&(_, memory)| Some(Hit { memory, score: score(memory)? }))
                    .collect();
                best_of(&mut expected, 100);
                let query = Query { scope: Scope::Users(&[*name]), vector: &query, mask };
                let hits = index.ranked(&query).unwrap().best(100, 0.0, |memory| Ok::<_, Infallible>(score(memory)));
                prop_assert_eq!(hits.unwrap(), expected);
            }
        }
    }
}

/// `count` vectors in clusters, as texts about few subjects have them.
fn clustered(count: usize, dimensions: usize) -> Vec<Vec<f32>> {
    let mut numbers = Numbers(0x9E37_79B9);
    let centres: Vec<_> = (0..40).map(|_| numbers.vector(dimensions)).collect();
    (0..count).map(|i| numbers.near(&centres[i % centres.len()], 1.2)).collect()
}

fn index_of(vectors: &[Vec<f32>]) -> VectorIndex {
    let index = VectorIndex::new(vectors[0].len());
    for (memory, vector) in vectors.iter().enumerate() {
        index.replace(None, memory as u64, &[(vector, SectorMask::PASSAGE)]).unwrap();
    }
    index
}

#[test]
fn the_answer_is_that_of_exact_search_with_any_filter() {
    let vectors = clustered(6000, 384);
    let index = index_of(&vectors);
    let mut numbers = Numbers(77);
    let accepted: [fn(u64) -> bool; 3] = [|_| true, |memory| memory % 100 == 7, |memory| memory == 4321];
    let mut asked = 0;
    for _ in 0..40 {
        let near = numbers.whole() as usize % vectors.len();
        let query = numbers.near(&vectors[near], 0.8);
        for accepts in accepted {
            let mut expected: Vec<Hit> = (0..vectors.len() as u64)
                .filter(|memory| accepts(*memory))
                .map(|memory| Hit { memory, score: cosine(&vectors[memory as usize], &query) })
                .collect();
            best_of(&mut expected, 10);
            let exact = |memory: u64| {
                asked += usize::from(accepts(0));
                Ok::<_, Infallible>(accepts(memory).then(|| cosine(&vectors[memory as usize], &query)))
            };
            assert_eq!(index.ranked(&everyone(&query)).unwrap().best(10, 0.0, exact).unwrap(), expected);

            let narrowed = index.ranked(&everyone(&query)).unwrap().retain(accepts);
            let exact = |memory: u64| Ok::<_, Infallible>(Some(cosine(&vectors[memory as usize], &query)));
            assert_eq!(narrowed.best(10, 0.0, exact).unwrap(), expected);
        }
    }
    assert!(asked < 40 * 60, "{asked} exact scores for 40 searches");
}

#[test]
fn no_exact_score_exceeds_its_ceiling() {
    let vectors = clustered(3000, 384);
    let index = index_of(&vectors);
    let query = Numbers(5).near(&vectors[17], 1.0);
    let all: Vec<Candidate> = index.ranked(&everyone(&query)).unwrap().collect();
    assert_eq!(all.len(), vectors.len());
    for candidate in &all {
        let exact = cosine(&vectors[candidate.memory as usize], &query);
        assert!(exact <= candidate.ceiling);
        assert!((exact - candidate.approximate).abs() < 0.005);
    }
    assert!(all.is_sorted_by(|a, b| a.ceiling >= b.ceiling));
}

#[test]
fn equal_vectors_come_in_the_order_of_their_numbers() {
    let index = VectorIndex::new(DIMENSIONS);
    let vector = Numbers(3).vector(DIMENSIONS);
    for memory in [5, 1, 900, 3, 4] {
        index.replace(None, memory, &[(&vector, SectorMask::PASSAGE), (&vector, SectorMask::PASSAGE)]).unwrap();
    }
    let order: Vec<u64> = index.ranked(&everyone(&vector)).unwrap().map(|c| c.memory).collect();
    assert_eq!(order, [1, 3, 4, 5, 900]);
}

#[test]
fn a_search_sees_the_users_it_names_and_nobody_else() {
    let index = VectorIndex::new(DIMENSIONS);
    let vector = Numbers(3).vector(DIMENSIONS);
    for (memory, user) in USERS.iter().enumerate() {
        index.replace(*user, memory as u64, &[(&vector, SectorMask::PASSAGE)]).unwrap();
    }
    let found = |scope| {
        let query = Query { scope, vector: &vector, mask: None };
        index.ranked(&query).unwrap().map(|c| c.memory).collect::<Vec<_>>()
    };
    assert_eq!(found(Scope::Users(&[Some("ada")])), [1]);
    assert_eq!(found(Scope::Users(&[None])), [0]);
    assert_eq!(found(Scope::Users(&[Some("bob"), None])), [0, 2]);
    assert!(found(Scope::Users(&[Some("eve")])).is_empty());
    assert_eq!(found(Scope::All), [0, 1, 2]);
}

#[test]
fn a_user_without_memories_leaves_nothing_behind() {
    let index = VectorIndex::new(DIMENSIONS);
    let vector = Numbers(3).vector(DIMENSIONS);
    index.replace(Some("ada"), 1, &[(&vector, SectorMask::PASSAGE)]).unwrap();
    assert!(!index.remove(Some("bob"), 1));
    assert!(index.remove(Some("ada"), 1));
    assert!(!index.remove(Some("ada"), 1));
    assert_eq!(index.usage(), openmemory_core::index::Usage::default());
}

#[test]
fn a_vector_of_other_dimensions_is_refused_and_changes_nothing() {
    let index = VectorIndex::new(DIMENSIONS);
    let (right, wrong) = (Numbers(3).vector(DIMENSIONS), Numbers(3).vector(DIMENSIONS + 1));
    let refusal = index.replace(None, 1, &[(&right, SectorMask::PASSAGE), (&wrong, SectorMask::PASSAGE)]);
    assert_eq!(refusal.unwrap_err().found, DIMENSIONS + 1);
    assert!(index.ranked(&everyone(&wrong)).is_err());
    assert_eq!(index.usage().vectors, 0);
}

/// An update that swaps two vectors one after the other would show one moment with the old second and the new first,
/// where the nearest vector is far from the query.
#[test]
fn a_reader_never_sees_half_of_an_update() {
    let axis = |cosine: f32| {
        let mut vector = vec![0.0; DIMENSIONS];
        (vector[0], vector[1]) = (cosine, (1.0 - cosine * cosine).sqrt());
        vector
    };
    let index = VectorIndex::new(DIMENSIONS);
    let one = [axis(0.9), axis(0.1)];
    let other = [axis(0.2), axis(0.8)];
    let put = |[a, b]: &[Vec<f32>; 2]| {
        index.replace(None, 7, &[(a, SectorMask::PASSAGE), (b, SectorMask::PASSAGE)]).unwrap();
    };
    put(&one);
    let query = axis(1.0);
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let reader = threads.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) || reads == 0 {
                let found: Vec<Candidate> = index.ranked(&everyone(&query)).unwrap().collect();
                assert_eq!(found.len(), 1);
                assert!(found[0].approximate > 0.75, "{}", found[0].approximate);
                reads += 1;
            }
        });
        for _ in 0..20_000 {
            put(&other);
            put(&one);
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}
