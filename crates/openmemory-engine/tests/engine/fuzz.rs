//! Can any input make the engine panic? Requests, filters, ids, times, metadata, lines of imported files, stored
//! records, cursors and texts are mutated at random.
//!
//! The kept inputs come first, then new ones made from them. `npm run test:fuzz -- --inputs 1000000` makes more,
//! `--seed` others, and `--keep` keeps what led somewhere new.

mod corpus;
mod mutate;
mod outcome;
mod seeds;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};

use corpus::Corpus;
use outcome::Outcome;
use targets::{TARGETS, Targets};

use contract_model::rng::{Rng, setting};

const INPUTS: u64 = 20_000;
const SEED: u64 = 1;

#[test]
fn no_input_makes_the_engine_panic() {
    let (inputs, seed) = (setting("OPENMEMORY_FUZZ_INPUTS", INPUTS), setting("OPENMEMORY_FUZZ_SEED", SEED));
    let keeps = setting("OPENMEMORY_FUZZ_KEEP", 0) == 1;
    let targets = Targets::new();
    let mut tries: Vec<Tries> = (0..TARGETS.len()).map(|at| Tries::begin(&targets, at, keeps)).collect();
    let known: Vec<usize> = tries.iter().map(|tried| tried.corpus.outcomes()).collect();
    let mut rng = Rng::new(seed);
    for n in 1..=inputs {
        let tried = rng.below(tries.len());
        let tried = &mut tries[tried];
        let input = mutate::input(&mut rng, tried.corpus.inputs());
        tried.run(&targets, &input);
        if n % 100_000 == 0 {
            println!("{n} of {inputs} inputs");
        }
    }
    for (tried, known) in tries.iter().zip(known) {
        let Tries { name, all, accepted, corpus, .. } = tried;
        let (kept, new) = (corpus.smallest().len(), corpus.outcomes() - known);
        println!("{name}: {all} inputs, {accepted} accepted; {new} new outcomes beside {known}, of {kept} inputs");
        // If all inputs were rejected, the code behind the first check was not tested.
        assert!(*accepted > 0 && accepted < all, "{name} accepted {accepted} of {all}");
        if keeps {
            corpus::write(name, &corpus.smallest());
        }
    }
    println!("{inputs} inputs of seed {seed} without a panic");
}

/// What one target was given.
struct Tries {
    name: &'static str,
    run: targets::Run,
    corpus: Corpus,
    all: u64,
    accepted: u64,
    keeps: bool,
}

impl Tries {
    fn begin(targets: &Targets, at: usize, keeps: bool) -> Self {
        let (name, run) = TARGETS[at];
        let mut tried = Self { name, run, corpus: Corpus::default(), all: 0, accepted: 0, keeps };
        for input in targets.seeds(name).iter().chain(&corpus::read(name)) {
            tried.run(targets, input);
        }
        tried
    }

    fn run(&mut self, targets: &Targets, input: &[u8]) {
        let mut outcome = Outcome::default();
        let ended = catch_unwind(AssertUnwindSafe(|| (self.run)(targets, input, &mut outcome)));
        let Ok(accepted) = ended else {
            if self.keeps {
                corpus::keep_panic(self.name, input);
            }
            panic!("input {} makes {} panic: {:?}", self.all, self.name, String::from_utf8_lossy(input));
        };
        self.all += 1;
        self.accepted += u64::from(accepted);
        self.corpus.take(input, &outcome);
    }
}
