//! How long does ranking take without the model and the store? Prints medians in milliseconds for one thread and one
//! user, with one vector per memory and texts of 25 words. Run: `cargo bench -p openmemory-index --bench memory_index`
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its table")]

#[path = "../tests/support/by_user.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod by_user;

use std::hint::black_box;
use std::time::Instant;

use openmemory_domain::{ContentHash, Dynamics, Sector, Sectors, Shown, Timestamp, Validity, Vector};
use openmemory_index::{CandidateSet, Entry, Query, SectorMask, Tags, Terms};

use by_user::MemoryIndex;

const DIMENSIONS: usize = 384;
const CLUSTERS: usize = 200;
const VOCABULARY: u64 = 20_000;
const K: usize = 8;
const RUNS: usize = 51;

fn main() {
    println!(
        "| memories | search | search in runs | 1 % of them | nearest three | update in place | bytes per memory |"
    );
    println!("|---|---|---|---|---|---|---|");
    for count in [1_000, 10_000, 100_000] {
        let mut numbers = Numbers(1);
        let centres: Vec<Vec<f32>> = (0..CLUSTERS).map(|_| numbers.vector()).collect();
        let plain = filled(count, &centres, |_| None);
        let in_runs = filled(count, &centres, |number| Some(format!("run{}", number / 40)));
        let (text, vector) = (numbers.text(8), numbers.near(&centres[5]));
        let query = Query {
            text: &text,
            vector: &vector,
            multilingual: true,
            spread: 1.0,
            contrast: 1.0,
            echo: 1.0,
            mask: None,
            candidates: None,
            now: Timestamp::from_millis(86_400_000),
            window: None,
            shown: Shown::default(),
        };
        let search = median(|| drop(black_box(plain.search(&query, K).unwrap())));
        let with_runs = median(|| drop(black_box(in_runs.search(&query, K).unwrap())));
        let few = CandidateSet::Numbers((0..count).step_by(100).collect());
        let restricted = Query { candidates: Some(&few), ..query };
        let filtered = median(|| drop(black_box(plain.search(&restricted, K).unwrap())));
        let prepared: Vec<Vec<f32>> = (0..RUNS).map(|at| numbers.near(&centres[at % CLUSTERS])).collect();
        let mut prepared = prepared.iter();
        let nearest = median(|| drop(black_box(plain.nearest(None, prepared.next().unwrap(), 3, 0.6).unwrap())));
        let mut number = 0;
        let update = median(|| {
            number = (number + 7919) % count;
            put(&plain, number, &text, &vector, None);
        });
        let bytes = plain.usage().bytes as u64 / count;
        println!("| {count} | {search:.3} | {with_runs:.3} | {filtered:.3} | {nearest:.3} | {update:.4} | {bytes} |");
    }
}

fn filled(count: u64, centres: &[Vec<f32>], run: impl Fn(u64) -> Option<String>) -> MemoryIndex {
    let index = MemoryIndex::new(DIMENSIONS);
    let mut numbers = Numbers(2);
    for number in 0..count {
        let (text, vector) = (numbers.text(25), numbers.near(&centres[number as usize % CLUSTERS]));
        put(&index, number, &text, &vector, run(number).as_deref());
    }
    index
}

fn put(index: &MemoryIndex, number: u64, text: &str, vector: &[f32], run: Option<&str>) {
    let (now, vector) = (Timestamp::from_millis(0), Vector::new(vector));
    let entry = Entry {
        number,
        run,
        content: ContentHash::of(text),
        terms: &Terms::of(text),
        tags: Tags::of(&[]),
        created_at: now,
        expires_at: None,
        validity: Validity::default(),
        dynamics: &Dynamics::new(&Sectors::new(Sector::Semantic, []), now),
        vectors: vec![(&vector, SectorMask::PASSAGE)],
    };
    index.put(None, &entry).unwrap();
}

fn median(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

struct Numbers(u64);

impl Numbers {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn vector(&mut self) -> Vec<f32> {
        normalised((0..DIMENSIONS).map(|_| self.unit() as f32 - 0.5).collect())
    }

    fn near(&mut self, centre: &[f32]) -> Vec<f32> {
        normalised(centre.iter().map(|x| x + 0.05 * (self.unit() as f32 - 0.5)).collect())
    }

    /// Words with a Zipf distribution.
    fn text(&mut self, words: usize) -> String {
        let word = |_| format!("w{}", ((VOCABULARY as f64).powf(self.unit())) as u64);
        (0..words).map(word).collect::<Vec<_>>().join(" ")
    }
}

fn normalised(mut vector: Vec<f32>) -> Vec<f32> {
    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= norm);
    vector
}
