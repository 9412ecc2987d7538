//! Which operations follow each other, and when is everything compared?

use crate::compare;
use crate::rng::{Rng, setting};
use crate::state::Model;
use crate::step::step;
use crate::subject::Subject;

const SEED: u64 = 20_250_120;

/// Adds, updates, deletes, restores, lists, searches, reopens, exports and imports, alone and in batches.
///
/// `OPENMEMORY_MODEL_STEPS` sets another number of steps, and `OPENMEMORY_MODEL_SEED` makes other choices.
pub async fn run<S: Subject>(mut subject: S, steps: u64) {
    let (steps, seed) = (setting("OPENMEMORY_MODEL_STEPS", steps), setting("OPENMEMORY_MODEL_SEED", SEED));
    let (mut rng, mut model) = (Rng::new(seed), Model::default());
    for number in 1..=steps {
        // The steps of one seed are the same in every run, so the message suffices to reproduce a failure.
        let place = format!("seed {seed}, step {number}");
        let agreement = step(&subject.calls(&mut rng), subject.clock(), &mut model, &mut rng).await;
        if let Err(difference) = agreement {
            panic!("{place}: {difference}");
        }
        if rng.once_in(200) {
            subject = subject.reopened().await;
        }
        if rng.once_in(100) || number == steps {
            compare::everything(&subject.calls(&mut rng), &model, &place).await;
        }
        if rng.once_in(500) || number == steps {
            compare::round_trip(&subject, &mut rng, &place).await;
        }
        if number % 10_000 == 0 {
            println!("{number} of {steps} steps, {} memories", model.memories.len());
        }
    }
    println!("{steps} steps of seed {seed} without a difference; {} versions made", model.made);
    assert!(model.made > steps / 8, "only {} versions were made", model.made);
}
