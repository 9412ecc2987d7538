//! Does the index agree with a reference implementation: a map, exact cosines, and BM25 as published?

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/by_user.rs"]
#[allow(dead_code, reason = "the benchmark needs more of it")]
mod by_user;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use openmemory_domain::valid_time::Interval;
use openmemory_domain::when::Window;
use openmemory_domain::{ContentHash, Dynamics, PartialDate, Sector, Sectors, Shown, Timestamp, Validity, Vector};
use openmemory_index::{CandidateSet, Entry, Feature, Query, RankedMemory, SectorMask, Tags, Terms};
use proptest::prelude::*;

use by_user::MemoryIndex;

const DIMENSIONS: usize = 24;
const USERS: [Option<&str>; 3] = [None, Some("ada"), Some("bob")];
const RUNS: [Option<&str>; 3] = [None, Some("monday"), Some("tuesday")];
const WORDS: [&str; 8] = ["tea", "coffee", "garden", "winter", "sister", "piano", "lisbon", "train"];

/// A deterministic pseudo-random sequence.
struct Numbers(u64);

impl Numbers {
    fn whole(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Approximately normal, mean 0.
    fn normal(&mut self) -> f32 {
        (0..4).map(|_| (self.whole() >> 40) as f32 / (1u64 << 24) as f32 - 0.5).sum()
    }

    fn vector(&mut self) -> Vec<f32> {
        let vector: Vec<f32> = (0..DIMENSIONS).map(|_| self.normal()).collect();
        let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.into_iter().map(|x| x / norm).collect()
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[derive(Debug, Clone)]
struct Plain {
    user: usize,
    run: usize,
    words: Vec<usize>,
    vectors: Vec<(Vec<f32>, SectorMask)>,
}

impl Plain {
    fn text(&self) -> String {
        self.words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ")
    }
}

fn dynamics() -> Dynamics {
    Dynamics::new(&Sectors::new(Sector::Semantic, []), Timestamp::from_millis(0))
}

fn put(index: &MemoryIndex, number: u64, plain: &Plain, tags: &[String]) {
    put_with_dynamics(index, number, plain, tags, &dynamics());
}

fn put_with_dynamics(index: &MemoryIndex, number: u64, plain: &Plain, tags: &[String], dynamics: &Dynamics) {
    let text = plain.text();
    let vectors: Vec<Vector> = plain.vectors.iter().map(|(vector, _)| Vector::new(vector)).collect();
    let entry = Entry {
        number,
        run: RUNS[plain.run],
        content: ContentHash::of(&text),
        terms: &Terms::of(&text),
        tags: Tags::of(tags),
        created_at: Timestamp::from_millis(0),
        expires_at: None,
        validity: Validity::default(),
        dynamics,
        vectors: vectors.iter().zip(&plain.vectors).map(|(vector, (_, mask))| (vector, *mask)).collect(),
    };
    index.put(USERS[plain.user], &entry).unwrap();
}

fn query<'a>(text: &'a str, vector: &'a [f32]) -> Query<'a> {
    Query {
        text,
        vector,
        multilingual: true,
        spread: 1.0,
        contrast: 1.0,
        echo: 1.0,
        mask: None,
        candidates: None,
        now: Timestamp::from_millis(0),
        window: None,
        shown: Shown::default(),
    }
}

fn numbers(found: &[RankedMemory]) -> Vec<u64> {
    found.iter().map(|found| found.number).collect()
}

fn one(words: &[usize], seed: u64) -> Plain {
    Plain { user: 0, run: 0, words: words.to_vec(), vectors: vec![(Numbers(seed).vector(), SectorMask::PASSAGE)] }
}

fn mask(bit: u8) -> SectorMask {
    Sector::ALL.get(usize::from(bit)).map_or(SectorMask::PASSAGE, |sector| SectorMask::of(&[*sector]))
}

#[derive(Debug, Clone)]
enum Step {
    Replace(u64, Plain),
    Remove(u64),
}

/// The number determines user and run, since a memory never changes them.
fn step() -> impl Strategy<Value = Step> {
    let vectors = prop::collection::vec((1..u64::MAX, 0..6u8), 0..4);
    let replace =
        (0..24u64, prop::collection::vec(0..WORDS.len(), 0..6), vectors).prop_map(|(number, words, vectors)| {
            let vectors = vectors.into_iter().map(|(seed, bit)| (Numbers(seed).vector(), mask(bit))).collect();
            Step::Replace(number, Plain { user: (number % 3) as usize, run: (number / 3 % 3) as usize, words, vectors })
        });
    prop_oneof![3 => replace, 1 => (0..24u64).prop_map(Step::Remove)]
}

/// BM25 with k1 = 0.9 and b = 0.4 over `all`, divided by the sum of the idfs.
fn bm25(all: &[&Plain], plain: &Plain, asked: &[usize]) -> f32 {
    let mean = (all.iter().map(|plain| plain.words.len()).sum::<usize>() as f32 / all.len() as f32).max(1.0);
    let idf = |word: &usize| {
        let with = all.iter().filter(|plain| plain.words.contains(word)).count() as f32;
        (1.0 + (all.len() as f32 - with + 0.5) / (with + 0.5)).ln()
    };
    let score = |word: &usize| {
        let count = plain.words.iter().filter(|other| *other == word).count() as f32;
        idf(word) * count * 1.9 / (count + 0.9 * (0.6 + 0.4 * plain.words.len() as f32 / mean))
    };
    asked.iter().map(score).sum::<f32>() / asked.iter().map(idf).sum::<f32>()
}

proptest! {
    #[test]
    fn any_sequence_of_changes_agrees_with_the_reference(steps in prop::collection::vec(step(), 1..60), seed in 1..u64::MAX) {
        let index = MemoryIndex::new(DIMENSIONS);
        let mut map: BTreeMap<u64, Plain> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Replace(number, plain) => {
                    put(&index, number, &plain, &[]);
                    if plain.vectors.is_empty() { map.remove(&number); } else { map.insert(number, plain); }
                }
                Step::Remove(number) => {
                    let known = map.remove(&number);
                    prop_assert_eq!(index.remove(USERS[(number % 3) as usize], number), known.is_some());
                }
            }
        }
        let usage = index.usage();
        prop_assert_eq!(usage.memories, map.len());
        prop_assert_eq!(usage.vectors, map.values().map(|plain| plain.vectors.len()).sum::<usize>());

        let vector = Numbers(seed).vector();
        let asked: Vec<usize> = vec![(seed % 8) as usize, ((seed % 8) as usize + 3) % 8];
        let text = asked.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ");
        let wanted = mask((seed % 6) as u8).union(mask((seed / 6 % 6) as u8));
        for (user, name) in USERS.iter().enumerate() {
            let all: Vec<&Plain> = map.values().filter(|plain| plain.user == user).collect();
            for mask in [None, Some(wanted)] {
                let dense = |plain: &Plain| plain.vectors.iter()
                    .filter(|(_, other)| mask.is_none_or(|mask| mask.meets(*other)))
                    .map(|(other, _)| cosine(other, &vector))
                    .max_by(f32::total_cmp);
                let query = Query { mask, ..query(&text, &vector) };
                let search = |query: &Query<'_>| index.search_of(&[*name], query, 100).unwrap();
                let found = search(&query);
                let mut expected: Vec<u64> = map.iter()
                    .filter(|(_, plain)| plain.user == user && dense(plain).is_some())
                    .map(|(number, _)| *number).collect();
                let mut seen = numbers(&found);
                seen.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(seen, expected);
                prop_assert!(found.is_sorted_by(|a, b| a.features.score() >= b.features.score()));
                for found in &found {
                    let plain = &map[&found.number];
                    prop_assert!((found.features.value(Feature::Dense) - dense(plain).unwrap()).abs() < 0.02);
                    prop_assert!((found.features.value(Feature::Lexical) - bm25(&all, plain, &asked)).abs() < 1e-4);
                }
                // Restricting the search to candidates does not change their results.
                let among: Vec<u64> = found.iter().map(|found| found.number).filter(|n| n % 5 < 2).collect();
                let numbered = CandidateSet::Numbers(among.clone());
                let some = search(&Query { candidates: Some(&numbered), ..query });
                prop_assert_eq!(numbers(&some), among);
                let monday = search(&Query { candidates: Some(&CandidateSet::Run("monday")), ..query });
                let expected: Vec<u64> =
                    found.iter().map(|found| found.number).filter(|number| map[number].run == 1).collect();
                prop_assert_eq!(numbers(&monday), expected);
            }
        }
    }
}

#[test]
fn ties_are_ordered_by_number_and_results_are_limited() {
    let index = MemoryIndex::new(DIMENSIONS);
    for number in [5, 1, 900, 3, 4] {
        put(&index, number, &one(&[0], 3), &[]);
    }
    let vector = Numbers(3).vector();
    assert_eq!(numbers(&index.search(&query("tea", &vector), 4).unwrap()), [1, 3, 4, 5]);
}

#[test]
fn a_search_sees_only_the_users_it_names() {
    let index = MemoryIndex::new(DIMENSIONS);
    for user in 0..3 {
        put(&index, user as u64, &Plain { user, ..one(&[0], 3) }, &[]);
    }
    let vector = Numbers(3).vector();
    let sorted = |found: &[RankedMemory]| {
        let mut found = numbers(found);
        found.sort_unstable();
        found
    };
    let found = |users: &[Option<&str>]| sorted(&index.search_of(users, &query("tea", &vector), 10).unwrap());
    assert_eq!(found(&[Some("ada")]), [1]);
    assert_eq!(found(&[None]), [0]);
    assert_eq!(found(&[Some("bob"), None]), [0, 2]);
    assert!(found(&[Some("eve")]).is_empty());
    assert_eq!(sorted(&index.search(&query("tea", &vector), 10).unwrap()), [0, 1, 2]);
}

#[test]
fn removing_the_last_memory_of_a_user_leaves_nothing_to_find() {
    let index = MemoryIndex::new(DIMENSIONS);
    put(&index, 1, &Plain { user: 1, run: 1, ..one(&[0, 1], 3) }, &["work".into()]);
    assert!(!index.remove(Some("bob"), 1));
    assert!(index.remove(Some("ada"), 1));
    assert!(!index.remove(Some("ada"), 1));
    assert_eq!((index.usage().memories, index.usage().vectors), (0, 0));
    let vector = Numbers(3).vector();
    assert!(index.search(&query("tea work", &vector), 10).unwrap().is_empty());
    // The slot, the run and the tag are free for another memory.
    put(&index, 2, &Plain { user: 1, run: 1, ..one(&[2], 4) }, &["work".into()]);
    let found = index.search(&query("tea work", &vector), 10).unwrap();
    assert_eq!(numbers(&found), [2]);
    assert_eq!((found[0].features.value(Feature::Lexical), found[0].features.value(Feature::TagNamed)), (0.0, 1.0));
}

#[test]
fn a_vector_of_wrong_dimensions_is_rejected_without_effect() {
    let index = MemoryIndex::new(DIMENSIONS);
    let wrong = vec![0.5; DIMENSIONS + 1];
    let (text, vector) = ("tea", Vector::new(&wrong));
    let entry = Entry {
        number: 1,
        run: None,
        content: ContentHash::of(text),
        terms: &Terms::of(text),
        tags: Tags::of(&[]),
        created_at: Timestamp::from_millis(0),
        expires_at: None,
        validity: Validity::default(),
        dynamics: &dynamics(),
        vectors: vec![(&vector, SectorMask::PASSAGE)],
    };
    assert_eq!(index.put(None, &entry).unwrap_err().found, DIMENSIONS + 1);
    assert!(index.search(&query(text, &wrong), 1).is_err());
    assert_eq!(index.usage().vectors, 0);
}

#[test]
fn a_tag_named_in_the_query_raises_the_score() {
    let index = MemoryIndex::new(DIMENSIONS);
    put(&index, 1, &one(&[0], 3), &["garden club".into()]);
    put(&index, 2, &one(&[0], 3), &["garden shed".into()]);
    let vector = Numbers(3).vector();
    let found = index.search(&query("What does the Garden Club drink?", &vector), 2).unwrap();
    assert_eq!(numbers(&found), [1, 2]);
    assert_eq!(found.iter().map(|found| found.features.value(Feature::TagNamed)).collect::<Vec<_>>(), [1.0, 0.0]);
    let among = CandidateSet::Tag("garden shed");
    assert_eq!(numbers(&index.search(&Query { candidates: Some(&among), ..query("tea", &vector) }, 2).unwrap()), [2]);
    index.set_labels(None, 1, &Tags::of(&[]), None);
    assert_eq!(index.search(&query("garden club", &vector), 1).unwrap()[0].features.value(Feature::TagNamed), 0.0);
}

#[test]
fn expired_memories_are_hidden_and_feedback_reorders() {
    let index = MemoryIndex::new(DIMENSIONS);
    (1..=3).for_each(|number| put(&index, number, &one(&[0], 3), &[]));
    let vector = Numbers(3).vector();
    let found = || numbers(&index.search(&query("tea", &vector), 3).unwrap());
    let judged = |name| dynamics().judged(Some(openmemory_domain::Feedback::read("feedback", name).unwrap()), None);
    index.set_dynamics(None, 3, &judged("POSITIVE"));
    index.set_dynamics(None, 1, &judged("NEGATIVE"));
    assert_eq!(found(), [3, 2, 1]);
    index.set_labels(None, 3, &Tags::of(&[]), Some(Timestamp::from_millis(0)));
    assert_eq!(found(), [2, 1]);
    let all = Query { shown: Shown { expired: true, ..Shown::default() }, ..query("tea", &vector) };
    assert_eq!(index.search(&all, 3).unwrap().len(), 3);
}

#[test]
fn salience_and_feedback_outweigh_a_small_distance() {
    let index = MemoryIndex::new(DIMENSIONS);
    (0..200).for_each(|number| put(&index, number, &one(&[0], 3), &[]));
    let vector = Numbers(3).vector();
    let near: Vec<f32> = vector.iter().zip(Numbers(4).vector()).map(|(a, b)| a + 0.1 * b).collect();
    let norm = cosine(&near, &near).sqrt();
    let near: Vec<f32> = near.into_iter().map(|x| x / norm).collect();
    assert!((0.99..0.998).contains(&cosine(&near, &vector)));
    let further = Plain { vectors: vec![(near, SectorMask::PASSAGE)], ..one(&[0], 3) };
    [150, 170].into_iter().for_each(|number| put(&index, number, &further, &[]));
    let first = || numbers(&index.search(&query("tea", &vector), 2).unwrap())[0];
    assert_eq!(first(), 0);
    let present = dynamics().reinforced(0.4, Timestamp::from_millis(0));
    index.set_dynamics(None, 150, &present);
    assert_eq!(first(), 150);
    let liked = Some(openmemory_domain::Feedback::Positive);
    index.set_dynamics(None, 170, &dynamics().judged(liked, None));
    assert_eq!(first(), 170);
    [150, 170].into_iter().for_each(|number| index.set_dynamics(None, number, &dynamics()));
    assert_eq!(first(), 0);
    put_with_dynamics(&index, 190, &further, &[], &present);
    assert_eq!(first(), 190);
}

/// If words and vectors were swapped one after the other, a reader could see the old words with the new vector.
#[test]
fn a_reader_never_sees_half_an_update() {
    let index = MemoryIndex::new(DIMENSIONS);
    let (one, other) = (one(&[0], 3), one(&[1], 4));
    put(&index, 7, &one, &[]);
    let vector = Numbers(3).vector();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let reader = threads.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) || reads == 0 {
                let found = index.search(&query("tea", &vector), 2).unwrap();
                assert_eq!(found.len(), 1);
                let parts = found[0].features;
                assert_eq!(parts.value(Feature::Lexical) > 0.1, parts.value(Feature::Dense) > 0.9, "{parts:?}");
                assert_eq!(parts.value(Feature::Lexical) > 0.1, found[0].content == ContentHash::of("tea"));
                reads += 1;
            }
        });
        for _ in 0..5_000 {
            put(&index, 7, &other, &[]);
            put(&index, 7, &one, &[]);
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[test]
fn several_threads_compute_the_same_scores_as_one() {
    const MEMORIES: u64 = 70_000;
    let index = MemoryIndex::new(DIMENSIONS);
    (0..MEMORIES).for_each(|number| put(&index, number, &one(&[number as usize % WORDS.len()], number + 1), &[]));
    let vector = Numbers(99).vector();
    let asked = query("tea", &vector);
    let all = index.search(&asked, MEMORIES as usize).unwrap();
    assert_eq!(all.len(), MEMORIES as usize);
    let together: BTreeMap<u64, f32> =
        all.iter().map(|found| (found.number, found.features.value(Feature::Dense))).collect();
    for first in 0..4 {
        let quarter = CandidateSet::Numbers((first..MEMORIES).step_by(4).collect());
        for found in index.search(&Query { candidates: Some(&quarter), ..asked }, MEMORIES as usize).unwrap() {
            assert_eq!(found.features.value(Feature::Dense), together[&found.number]);
        }
    }
}

/// Upper bounds exclude only memories that cannot be among the best.
#[test]
fn the_top_k_are_the_first_of_all_results() {
    const MEMORIES: u64 = 3000;
    let mut numbers = Numbers(11);
    let topics: Vec<Vec<f32>> = (0..20).map(|_| numbers.vector()).collect();
    let mut near = |topic: usize| -> Vec<f32> {
        let vector: Vec<f32> = topics[topic].iter().map(|x| x + 0.2 * numbers.normal()).collect();
        let length = cosine(&vector, &vector).sqrt();
        vector.into_iter().map(|x| x / length).collect()
    };
    let index = MemoryIndex::new(DIMENSIONS);
    let holiday = ["holiday".to_owned()];
    let february = PartialDate::parse("1970-02").unwrap();
    let within = |from: &str, until: &str| {
        let interval = Interval { start: Timestamp::parse(from), end: Timestamp::parse(until) };
        Window { interval, grain_ms: 86_400_000 }
    };
    for number in 0..MEMORIES {
        let place = number as usize;
        let text = format!("{} {}{}", WORDS[place % 8], WORDS[place / 8 % 7], if place % 5 == 1 { "?" } else { "" });
        // Every fourth memory has no run; the others are in runs of various lengths.
        let run = (!place.is_multiple_of(4)).then(|| format!("run {}", (place as f32).sqrt() as usize));
        let vectors: Vec<Vector> =
            (0..=place % 3).map(|passage| Vector::new(&near((place / 3 + passage) % 20))).collect();
        let entry = Entry {
            number,
            run: run.as_deref(),
            content: ContentHash::of(&text),
            terms: &Terms::of(&text),
            tags: Tags::of(if place % 50 == 7 { &holiday } else { &[] }),
            created_at: Timestamp::from_millis(number as i64 * 600_000),
            expires_at: None,
            validity: Validity { from: (place % 7 == 3).then_some(february), ..Validity::default() },
            dynamics: &dynamics().reinforced((place % 9) as f64 / 10.0, Timestamp::from_millis(0)),
            vectors: vectors.iter().map(|vector| (vector, mask((place % 6) as u8))).collect(),
        };
        index.put(None, &entry).unwrap();
    }
    for topic in 0..20 {
        let vector = near(topic);
        let text = format!("{} {} holiday", WORDS[topic % 8], WORDS[topic % 7]);
        for mask in [None, Some(mask(2).union(mask(5)))] {
            let window = [None, Some(within("1970-01-08", "1970-01-09")), Some(within("1970-02-10", "1970-02-11"))];
            let asked = Query { mask, window: window[topic % 3], ..query(&text, &vector) };
            let all = index.search(&asked, MEMORIES as usize).unwrap();
            assert_eq!(all.len() as u64, if mask.is_none() { MEMORIES } else { MEMORIES / 3 });
            for take in [1, 8, 50] {
                assert_eq!(index.search(&asked, take).unwrap(), all[..take], "{take} of {text}");
            }
        }
    }
}

#[test]
fn the_nearest_of_many_are_almost_always_found() {
    const MEMORIES: u64 = 20_000;
    const WIDE: usize = 384;
    let mut numbers = Numbers(5);
    // A component that all vectors share, as with real models, so that none are dissimilar.
    let common: Vec<f32> = (0..WIDE).map(|_| numbers.normal()).collect();
    let topics: Vec<Vec<f32>> = (0..500).map(|_| (0..WIDE).map(|_| numbers.normal()).collect()).collect();
    let mut vector = |topic: usize| -> Vec<f32> {
        let sum = |i: usize| 0.7 * common[i] + 0.6 * topics[topic][i] + 0.5 * numbers.normal();
        let vector: Vec<f32> = (0..WIDE).map(sum).collect();
        let length = cosine(&vector, &vector).sqrt();
        vector.into_iter().map(|x| x / length).collect()
    };
    let vectors: Vec<Vec<f32>> = (0..MEMORIES as usize).map(|number| vector(number % 500)).collect();
    let index = MemoryIndex::new(WIDE);
    for (number, vector) in vectors.iter().enumerate() {
        let plain = Plain { vectors: vec![(vector.clone(), SectorMask::PASSAGE)], ..one(&[], 1) };
        put(&index, number as u64, &plain, &[]);
    }
    let mut missed = 0;
    for topic in 0..100 {
        let asked = vector(topic);
        let mut all: Vec<(u64, f32)> = (0..).zip(vectors.iter().map(|vector| cosine(vector, &asked))).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        let found = index.nearest(None, &asked, 3, 0.6).unwrap();
        assert_eq!(found.len(), 3);
        // Quantisation is inexact: a memory that is as near by its bytes counts as found.
        missed +=
            found.iter().filter(|(number, _)| cosine(&vectors[*number as usize], &asked) < all[2].1 - 0.002).count();
        assert!(found.iter().all(|(number, near)| (cosine(&vectors[*number as usize], &asked) - near).abs() < 0.002));
    }
    assert!(missed <= 6, "{missed} of 300");
}
