//! How long does a search take beside exact arithmetic over all vectors? Medians in milliseconds, one thread.
//! `cargo bench -p openmemory-core --bench vector_index`
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its table")]

use std::convert::Infallible;
use std::hint::black_box;
use std::time::Instant;

use openmemory_core::index::{Query, Scope, SectorMask, VectorIndex};

const DIMENSIONS: usize = 384;
const CLUSTERS: usize = 200;
const K: usize = 8;

fn main() {
    println!(
        "| vectors | f32 scan | search | ratio | exact scores | 1 % filter, walked | 1 % filter, retained | update in place µs |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for count in [1_000, 10_000, 100_000] {
        let vectors = clustered(count);
        let index = VectorIndex::new(DIMENSIONS);
        for (memory, vector) in vectors.chunks_exact(DIMENSIONS).enumerate() {
            index.replace(None, memory as u64, &[(vector, SectorMask::PASSAGE)]).unwrap();
        }
        let query = vectors[5 * DIMENSIONS..][..DIMENSIONS].to_vec();
        let stored = |memory: u64| &vectors[memory as usize * DIMENSIONS..][..DIMENSIONS];
        let mut asked = 0;
        let mut search = |accepts: fn(u64) -> bool| {
            asked = 0;
            let query = Query { scope: Scope::Users(&[None]), vector: &query, mask: None };
            let exact = |memory| {
                asked += 1;
                Ok::<_, Infallible>(accepts(memory).then(|| cosine(stored(memory), query.vector)))
            };
            black_box(index.ranked(&query).unwrap().best(K, 0.0, exact).unwrap());
        };
        let one_percent = median(|| search(one_in_a_hundred));
        let found = median(|| search(|_| true));
        let retained = median(|| {
            let query = Query { scope: Scope::Users(&[None]), vector: &query, mask: None };
            let ranked = index.ranked(&query).unwrap().retain(one_in_a_hundred);
            black_box(
                ranked.best(K, 0.0, |memory| Ok::<_, Infallible>(Some(cosine(stored(memory), query.vector)))).unwrap(),
            );
        });
        let scan = median(|| {
            let mut scores = pulp::Arch::new().dispatch(Brute { vectors: &vectors, query: &query });
            black_box(scores.select_nth_unstable_by(K, |a, b| b.total_cmp(a)));
        });
        let mut memory = 0;
        let update = median(|| {
            memory = (memory + 7919) % count as u64;
            index.replace(None, memory, &[(&query, SectorMask::PASSAGE)]).unwrap();
        });
        let (ratio, update) = (scan / found, update * 1000.0);
        println!(
            "| {count} | {scan:.3} | {found:.3} | {ratio:.1} | {asked} | {one_percent:.3} | {retained:.3} | {update:.1} |"
        );
        let bytes = index.usage().bytes / count;
        println!("  {bytes} bytes per memory of one vector");
    }
}

/// Of every cluster alike.
fn one_in_a_hundred(memory: u64) -> bool {
    (memory / CLUSTERS as u64).is_multiple_of(100)
}

fn median(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..51)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The f32 scan, with the same choice of instructions as the index has.
struct Brute<'a> {
    vectors: &'a [f32],
    query: &'a [f32],
}

impl pulp::NullaryFnOnce for Brute<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn call(self) -> Vec<f32> {
        self.vectors.chunks_exact(DIMENSIONS).map(|vector| cosine(vector, self.query)).collect()
    }
}

/// Summed in 32 lanes, because the compiler may not reorder a sum of floats.
#[inline(always)]
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 32];
    for (a, b) in a.as_chunks::<32>().0.iter().zip(b.as_chunks::<32>().0) {
        for i in 0..32 {
            lanes[i] += a[i] * b[i];
        }
    }
    lanes.iter().sum()
}

fn clustered(count: usize) -> Vec<f32> {
    let mut state = 1u64;
    let mut number = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let centres: Vec<f32> = (0..CLUSTERS * DIMENSIONS).map(|_| number()).collect();
    let mut vectors: Vec<f32> = (0..count * DIMENSIONS)
        .map(|i| centres[(i / DIMENSIONS % CLUSTERS) * DIMENSIONS + i % DIMENSIONS] + 0.7 * number())
        .collect();
    for vector in vectors.chunks_exact_mut(DIMENSIONS) {
        let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
    }
    vectors
}
