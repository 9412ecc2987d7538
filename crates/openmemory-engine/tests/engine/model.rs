//! Any sequence of operations leaves, and answers, what a plain model of the contract in memory says: adding, updating,
//! batches, deleting, restoring, lists, history, time, expiry, reopening, export and import.
//!
//! And it leaves a store that a doctor finds healthy (`histories`).
//!
//! `npm run test:model -- --steps 50000` runs it for longer, and `--seed` with other choices.

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
async fn any_sequence_of_operations_is_answered_as_the_model_says() {
    let (steps, seed) = (setting("OPENMEMORY_MODEL_STEPS", STEPS), setting("OPENMEMORY_MODEL_SEED", SEED));
    let (mut rng, mut model) = (Rng::new(seed), Model::default());
    let mut fixture = Fixture::with(Durability::Interval);
    for step in 1..=steps {
        // What a panic shows is the last line printed; steps of one seed are the same each time.
        let told = step::step(&fixture, &mut model, &mut rng).await;
        if let Err(difference) = told {
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
