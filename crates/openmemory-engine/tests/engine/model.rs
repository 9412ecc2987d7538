//! Does any sequence of operations return, and leave behind, what a simple in-memory model of the contract says? The
//! operations add, update, delete, restore, list, search, reopen, export and import, alone and in batches.
//!
//! `histories` also checks that the doctor finds the store healthy afterwards.
//!
//! `npm run test:model -- --steps 50000` runs it for longer, and `--seed` makes other choices.

mod compare;
mod filter;
mod histories;
mod state;
mod step;

use openmemory_storage::Durability;
use state::Model;

use crate::rng::{Rng, setting};
use crate::support::Fixture;

const STEPS: u64 = 1500;
const SEED: u64 = 20_250_120;

#[tokio::test]
async fn any_sequence_of_operations_agrees_with_the_model() {
    let (steps, seed) = (setting("OPENMEMORY_MODEL_STEPS", STEPS), setting("OPENMEMORY_MODEL_SEED", SEED));
    let (mut rng, mut model) = (Rng::new(seed), Model::default());
    let mut fixture = Fixture::with(Durability::Interval);
    for step in 1..=steps {
        // The steps of one seed are the same in every run, so the message suffices to reproduce a failure.
        if let Err(difference) = step::step(&fixture, &mut model, &mut rng).await {
            panic!("seed {seed}, step {step}: {difference}");
        }
        if rng.once_in(200) {
            fixture = fixture.reopened();
        }
        if rng.once_in(100) || step == steps {
            compare::everything(&fixture, &model, &format!("seed {seed}, step {step}")).await;
        }
        if rng.once_in(500) || step == steps {
            compare::round_trip(&fixture, &format!("seed {seed}, step {step}")).await;
        }
        if step % 10_000 == 0 {
            println!("{step} of {steps} steps, {} memories", model.memories.len());
        }
    }
    println!("{steps} steps of seed {seed} without a difference; {} versions made", model.made);
    assert!(model.made > steps / 8, "only {} versions were made", model.made);
}
