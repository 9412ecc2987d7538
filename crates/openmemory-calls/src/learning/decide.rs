//! What does a person decide about operations that wait? Each is applied as it was checked, or discarded.

use openmemory_domain::Invalid;
use openmemory_domain::learning::{KeptLearning, Learning, LearningId, State};
use openmemory_domain::request::{Decide, Decision, Decisions};
use openmemory_rules::Error;
use openmemory_rules::contract::Control;

use super::apply::{Commit, commit_learning};
use super::store::LearningStore;

/// Applies or discards what waits in a learning.
pub async fn decide(store: &impl LearningStore, request: Decide) -> Result<Learning, Error> {
    let kept = kept_learning(store, &request.id).await?;
    let _turn = store.queue().turn(&kept.learning.scope).await;
    // Another decision may have been made while this one waited.
    let mut kept = kept_learning(store, &request.id).await?;
    let mut now = vec![false; kept.learning.operations.len()];
    for (at, decision) in decisions(&request.decisions, &kept)? {
        let learned = &mut kept.learning.operations[at];
        match decision {
            Decision::Apply => now[at] = true,
            Decision::Discard => learned.state = State::Discarded,
        }
    }
    let actor = request.actor.unwrap_or_else(|| format!("model:{}", kept.learning.model));
    let commit =
        Commit { kept, now, messages: Vec::new(), turns: Vec::new(), actor, reason: request.reason, promised_by: None };
    Ok(commit_learning(store, commit, &Control::default()).await?.learning)
}

pub async fn kept_learning(store: &impl LearningStore, id: &LearningId) -> Result<KeptLearning, Error> {
    let wanted = id.clone();
    let kept = store.read(move |rows| rows.learning(&wanted)).await?;
    kept.ok_or_else(|| Error::NoLearning { id: id.clone() })
}

fn decisions(given: &Decisions, kept: &KeptLearning) -> Result<Vec<(usize, Decision)>, Error> {
    let waits = |at: &usize| kept.learning.operations.get(*at).is_some_and(|learned| learned.state == State::Waiting);
    match given {
        Decisions::All(decision) => {
            Ok((0..kept.learning.operations.len()).filter(waits).map(|at| (at, *decision)).collect())
        }
        Decisions::Each(each) => {
            if let Some((at, _)) = each.iter().find(|(at, _)| !waits(at)) {
                return Err(Invalid::argument(
                    format!("decisions.{at}"),
                    "is not the place of an operation that waits",
                )
                .into());
            }
            Ok(each.iter().map(|(at, decision)| (*at, *decision)).collect())
        }
    }
}
