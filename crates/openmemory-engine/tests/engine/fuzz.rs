//! No input makes the engine panic: requests, filters, ids, times, metadata, lines of imported files, stored records,
//! cursors and texts, all damaged in any way.
//!
//! `npm run test:fuzz -- --inputs 1000000` runs it for longer, and `--seed` with other inputs.

mod mutate;
mod seeds;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};

use targets::{TARGETS, Targets};

use crate::rng::{Rng, setting};

const INPUTS: u64 = 20_000;
const SEED: u64 = 1;

#[test]
fn no_input_makes_the_engine_panic() {
    let (inputs, seed) = (setting("OPENMEMORY_FUZZ_INPUTS", INPUTS), setting("OPENMEMORY_FUZZ_SEED", SEED));
    let targets = Targets::new();
    let (mut rng, mut counts) = (Rng::new(seed), [(0_u64, 0_u64); TARGETS.len()]);
    for n in 1..=inputs {
        let at = rng.below(TARGETS.len());
        let (name, run) = TARGETS[at];
        let input = mutate::input(&mut rng, targets.seeds(name));
        match catch_unwind(AssertUnwindSafe(|| run(&targets, &input))) {
            Ok(accepted) => {
                counts[at].0 += 1;
                counts[at].1 += u64::from(accepted);
            }
            Err(_) => {
                panic!("input {n} of seed {seed} made {name} panic: {:?}", String::from_utf8_lossy(&input));
            }
        }
        if n % 100_000 == 0 {
            println!("{n} of {inputs} inputs");
        }
    }
    for ((name, _), (all, accepted)) in TARGETS.iter().zip(counts) {
        println!("{name}: {all} inputs, {accepted} of them accepted");
        // Where everything is refused at once, nothing behind that was tried.
        assert!(accepted > 0 && accepted < all, "{name} accepted {accepted} of {all}");
    }
    println!("{inputs} inputs of seed {seed} without a panic");
}
