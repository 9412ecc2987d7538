//! What does being found do to a memory? It becomes a little more present, and the links between memories that are found
//! together grow stronger: noted by a search, and committed now and then for many searches at once.

use std::collections::{BTreeSet, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use parking_lot::Mutex;

use super::commit;
use super::error::Error;
use super::open::Engine;
use openmemory_domain::{Dynamics, Timestamp};
use openmemory_storage::{Number, Records, Transaction, Waypoint};

/// The hits of a search that count as recalled.
const BEST: usize = 8;

/// Searches that share a commit. Those beyond leave no trace.
const SEARCHES: usize = 32;

/// The least time between two such commits.
const REST_MS: i64 = 10_000;

/// The searches that nothing was written of yet.
#[derive(Default)]
pub(super) struct Recalls {
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    searches: Vec<Vec<Number>>,
    written: Option<Timestamp>,
}

/// A memory that was recalled, as it is afterwards.
type Recalled = (Number, Option<String>, Dynamics);

impl Engine {
    /// Notes what a search has found. Never waits: what cannot be queued at once is forgotten.
    pub(super) fn recalled(&self, numbers: impl Iterator<Item = Number>) {
        let numbers: Vec<Number> = numbers.take(BEST).collect();
        if numbers.is_empty() {
            return;
        }
        let now = self.now();
        let mut noted = self.recalls.noted.lock();
        if noted.searches.len() < SEARCHES {
            noted.searches.push(numbers);
        }
        let since = *noted.written.get_or_insert(now);
        // Also after the clock was set back.
        if !(0..REST_MS).contains(&(now.millis() - since.millis())) {
            noted.written = Some(now);
            let searches = std::mem::take(&mut noted.searches);
            drop(noted);
            self.write_recalls(searches, now);
        }
    }

    /// Queues what was noted, before the store closes.
    pub(super) fn finish_recalls(&self) {
        let searches = std::mem::take(&mut self.recalls.noted.lock().searches);
        if !searches.is_empty() {
            self.write_recalls(searches, self.now());
        }
    }

    fn write_recalls(&self, searches: Vec<Vec<Number>>, now: Timestamp) {
        let vectors = Arc::clone(&self.vectors);
        let work = move |transaction: &mut Transaction<'_>| recall(transaction, &searches, now);
        let publish = move |recalled: &Vec<Recalled>| {
            for (number, user, dynamics) in recalled {
                vectors.set_dynamics(*number, user.as_deref(), dynamics);
            }
        };
        // Polled once, the commit is queued, and needs nobody to wait for it; where the queue is full it is not.
        let commit = pin!(self.store.commit(work, publish));
        let _ = commit.poll(&mut Context::from_waker(Waker::noop()));
    }
}

fn recall(transaction: &mut Transaction<'_>, searches: &[Vec<Number>], now: Timestamp) -> Result<Vec<Recalled>, Error> {
    let mut recalled = Vec::new();
    for number in searches.iter().flatten().collect::<BTreeSet<_>>() {
        // Deleted meanwhile.
        let Some(head) = transaction.head(*number)? else { continue };
        let dynamics = commit::dynamics(transaction, *number)?.recalled(now);
        transaction.put_dynamics(*number, &dynamics)?;
        recalled.push((*number, head.scope.user_id, dynamics));
    }
    let mut strengthened = HashSet::new();
    for together in searches {
        for one in together {
            for (other, waypoint) in transaction.waypoints(*one)? {
                if *one < other && together.contains(&other) && strengthened.insert((*one, other)) {
                    transaction.link(*one, other, &stronger(&waypoint, now))?;
                }
            }
        }
    }
    Ok(recalled)
}

/// w + 0.1 · (1 − w) · e^(−Δ / 1 h), with Δ since the link was made or last strengthened (HMD v2).
fn stronger(waypoint: &Waypoint, now: Timestamp) -> Waypoint {
    const HOUR_MS: f64 = 3_600_000.0;
    let since = (now.millis() - waypoint.updated_at.millis()).max(0) as f64;
    let gain = 0.1 * (1.0 - f64::from(waypoint.weight)) * (-since / HOUR_MS).exp();
    // The clock may have been ahead when the link was last strengthened: that is not kept.
    Waypoint { weight: waypoint.weight + gain as f32, updated_at: now.max(waypoint.created_at), ..waypoint.clone() }
}
