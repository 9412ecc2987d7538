//! In which order do calls that learn about the same scope run? One after another, so that the second sees what the first
//! has learnt. Calls about others run beside them.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_domain::Scope;
use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// User, agent, app and run.
type Key = [Option<String>; 4];

#[derive(Default)]
pub struct LearningQueue {
    turns: Mutex<HashMap<Key, Arc<AsyncMutex<()>>>>,
}

impl LearningQueue {
    /// Returns when all calls before have ended. The next one begins when the guard is dropped.
    pub async fn turn(&self, scope: &Scope) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock();
            // Those that nobody has or waits for.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            let key = scope.fields().map(|(_, value)| value.map(str::to_owned));
            Arc::clone(turns.entry(key).or_default())
        };
        turn.lock_owned().await
    }
}
