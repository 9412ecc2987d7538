//! How is one memory changed? Its text is embedded before anything is locked, and the rule applies to what is current inside
//! the commit.

use std::sync::Arc;

use openmemory_domain::request::{Delete, FeedbackRequest, NewMemory, Reinforce, Restore, Retire, Update};
use openmemory_domain::{Dynamics, Memory, MemoryId};
use openmemory_rules::Error;
use openmemory_rules::contract::{Added, Deleted};
use openmemory_rules::write::add::{self, Prepared};
use openmemory_rules::write::forget::delete_and_forget;
use openmemory_rules::write::text::Text;
use openmemory_rules::write::{reinforce, restore, retire, update};

use crate::job::{Hints, ScopeRow};
use crate::prepare::Change;
use crate::store::Tenant;
use crate::workspace::Workspace;

impl Tenant {
    pub(crate) async fn add(self: &Arc<Self>, new: NewMemory) -> Result<Added, Error> {
        if let Some(memory) = self.existing_to_skip(&new).await? {
            return Ok(Added { memory, existed: true });
        }
        self.check_free(&new).await?;
        self.fitting_model().await?;
        let embedding = match self.known_vectors_of(&new).await? {
            Some(known) => known,
            None => self.model.embed(&new.content).await?,
        };
        let scope = self.scope_of(&new.scope);
        let prepared = self.prepare(new, embedding).await?;
        let hints = hints_of(&scope, std::slice::from_ref(&prepared));
        let model = self.model.identity().await?.clone();
        let insertion =
            self.commit(vec![scope], hints, move |rows| add::add(rows, prepared.clone(), &model, rows.now())).await?;
        Ok(insertion.into_added())
    }

    pub(crate) async fn update(self: &Arc<Self>, update: Update) -> Result<Memory, Error> {
        let text = match &update.patch.content {
            Some(content) => {
                let check = Some(update.if_version);
                let change = Change { id: update.id.clone(), text: Some(content.hash()), check };
                let before = self.before(vec![change]).await?.pop();
                let before = before.unwrap_or(Err(Error::Internal("nothing is known of a memory")))?;
                Some(self.text(content, &before).await?)
            }
            None => None,
        };
        let (id, known) = (update.id.clone(), text.clone());
        let work = move |rows: &mut Workspace<'_>| update::update(rows, &update, text.as_ref(), rows.now());
        Ok(self.change(&id, known.as_ref(), work).await?.memory)
    }

    pub(crate) async fn restore(self: &Arc<Self>, request: Restore) -> Result<Memory, Error> {
        let text = self.text_to_restore(&request).await?;
        let (id, known) = (request.id.clone(), text.clone());
        let work = move |rows: &mut Workspace<'_>| restore::restore(rows, &request, text.as_ref(), rows.now());
        Ok(self.change(&id, known.as_ref(), work).await?.memory)
    }

    pub(crate) async fn retire(self: &Arc<Self>, request: Retire) -> Result<Memory, Error> {
        let id = request.id.clone();
        Ok(self.change(&id, None, move |rows| retire::retire(rows, &request, rows.now())).await?.memory)
    }

    pub(crate) async fn reinforce(self: &Arc<Self>, request: Reinforce) -> Result<Memory, Error> {
        let now = self.now();
        self.change_dynamics(request.id, move |dynamics| dynamics.reinforced(request.boost, now)).await
    }

    pub(crate) async fn feedback(self: &Arc<Self>, request: FeedbackRequest) -> Result<Memory, Error> {
        let FeedbackRequest { id, feedback, reason } = request;
        self.change_dynamics(id, move |dynamics| dynamics.judged(feedback, reason.clone())).await
    }

    async fn change_dynamics(
        self: &Arc<Self>,
        id: MemoryId,
        change: impl Fn(&Dynamics) -> Dynamics + Send + 'static,
    ) -> Result<Memory, Error> {
        let wanted = id.clone();
        let work = move |rows: &mut Workspace<'_>| {
            let now = rows.now();
            reinforce::change_dynamics(rows, &wanted, |dynamics| change(dynamics), now).map(|(_, memory)| memory)
        };
        self.change(&id, None, work).await
    }

    pub(crate) async fn delete(self: &Arc<Self>, request: Delete) -> Result<Deleted, Error> {
        let id = request.id.clone();
        let work = move |rows: &mut Workspace<'_>| {
            let now = rows.now();
            delete_and_forget(rows, request.clone(), now)
        };
        let deleted = self.change(&id, None, work).await;
        self.forget(&id);
        deleted.map(|(_, deleted)| deleted)
    }

    /// Commits a change of one memory.
    async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        id: &MemoryId,
        text: Option<&Text>,
        work: impl Fn(&mut Workspace<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (mut scopes, mut hints) = self.places(std::iter::once(id)).await?;
        if scopes.is_empty() {
            // There is no such memory; the rule says how it is refused.
            scopes.push(self.scope_of(&openmemory_domain::Scope::default()));
        }
        if let (Some(text), Some(scope)) = (text, scopes.first()) {
            hints.texts.extend(hints.numbers.iter().map(|(scope, number)| (*scope, *number, text.hash)));
            hints.numbers.extend(text.related.iter().map(|other| (scope.key, other.number.0)));
            hints.model = true;
        }
        self.commit(scopes, hints, work).await
    }
}

fn hints_of(scope: &ScopeRow, prepared: &[Prepared]) -> Hints {
    let numbers = prepared.iter().flat_map(|new| &new.text.related).map(|other| (scope.key, other.number.0)).collect();
    let ids = prepared.iter().map(|new| new.id().clone()).collect();
    Hints { ids, numbers, new: prepared.len(), model: true, ..Hints::default() }
}
