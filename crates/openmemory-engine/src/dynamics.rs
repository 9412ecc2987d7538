//! How do reinforcement and feedback change a memory? Durably, but without a new version.

use std::sync::Arc;

use super::engine::Engine;
use openmemory_domain::request::{FeedbackRequest, Reinforce};
use openmemory_domain::{Dynamics, Memory, MemoryId};
use openmemory_rules::write::reinforce;
use openmemory_rules::{Error, Number};
use openmemory_storage::Transaction;

impl Engine {
    /// Raises a memory's salience.
    pub async fn reinforce(&self, request: Reinforce) -> Result<Memory, Error> {
        let now = self.now();
        self.change_dynamics(request.id, move |dynamics| dynamics.reinforced(request.boost, now)).await
    }

    /// Sets or clears the feedback on a memory.
    pub async fn feedback(&self, request: FeedbackRequest) -> Result<Memory, Error> {
        let FeedbackRequest { id, feedback, reason } = request;
        self.change_dynamics(id, move |dynamics| dynamics.judged(feedback, reason)).await
    }

    async fn change_dynamics(
        &self,
        id: MemoryId,
        change: impl FnOnce(&Dynamics) -> Dynamics + Send + 'static,
    ) -> Result<Memory, Error> {
        let now = self.now();
        let work = move |transaction: &mut Transaction<'_>| reinforce::change_dynamics(transaction, &id, change, now);
        let partitions = Arc::clone(&self.partitions);
        let publish = move |(number, memory): &(Number, Memory)| {
            partitions.set_dynamics(*number, memory.version.scope.user_id.as_deref(), &memory.dynamics);
        };
        Ok(self.store.commit(work, publish).await??.1)
    }
}
