//! What goes when all memories of a user are deleted? What a server keeps of the user, learnings and messages.

use std::sync::Arc;

use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::learning::{KeptLearning, KeptMessage};
use openmemory_rules::{Error, LearningChanges, LearningRows};

use crate::job::{Hints, ScopeRow};
use crate::store::Tenant;
use crate::workspace::Workspace;

/// Learnings per commit.
const CHUNK: usize = 256;

/// The users that a filter names and nothing else; `None` if it names something else too.
fn only_users(filter: Option<&Filter>) -> Option<Users> {
    match filter {
        None => Some(Users::All),
        Some(filter) if filter.constrains_only(&Field::UserId) => {
            let users = filter.required(&Field::UserId).unwrap_or_default();
            Some(Users::Named(users.into_iter().map(|user| user.map(str::to_owned)).collect()))
        }
        Some(_) => None,
    }
}

enum Users {
    All,
    Named(Vec<Option<String>>),
}

impl Tenant {
    /// Removes what a server keeps of the users that a filter names and nothing else, or of all users. Whether there was
    /// anything.
    pub(crate) async fn forget_documents_of(self: &Arc<Self>, filter: Option<&Filter>) -> Result<bool, Error> {
        let Some(users) = only_users(filter) else { return Ok(false) };
        let mut gone = Vec::new();
        for name in self.document_names(String::new()).await? {
            let Some(document) = self.document(name.clone()).await? else { continue };
            let Some(user) = document.get("user_id").map(|user| user.as_str().map(str::to_owned)) else { continue };
            let is_meant = match &users {
                Users::All => true,
                Users::Named(named) => named.contains(&user),
            };
            if is_meant {
                gone.push((name, None));
            }
        }
        if gone.is_empty() {
            return Ok(false);
        }
        self.put_documents(gone).await?;
        Ok(true)
    }

    /// Deletes all learnings and messages of the users that a filter names and nothing else, or of all users.
    pub(crate) async fn forget_users(self: &Arc<Self>, filter: Option<&Filter>) -> Result<(), Error> {
        let Some(users) = only_users(filter) else { return Ok(()) };
        let kept = self.read(Vec::new(), move |rows| {
            let (mut learnings, mut messages) = (Vec::new(), Vec::new());
            match &users {
                Users::All => {
                    learnings = rows.all_learnings()?;
                    messages = rows.all_messages()?;
                }
                Users::Named(users) => {
                    for user in users {
                        learnings.extend(rows.learnings_of(user.as_deref())?);
                        messages.extend(rows.messages_of(user.as_deref())?.into_iter().map(|id| (user.clone(), id)));
                    }
                }
            }
            let learnings: Vec<Option<KeptLearning>> =
                learnings.iter().map(|id| rows.learning(id)).collect::<Result<_, _>>()?;
            let messages: Vec<Option<KeptMessage>> =
                messages.iter().map(|(user, id)| rows.message(user.as_deref(), id)).collect::<Result<_, _>>()?;
            Ok((learnings, messages))
        });
        let (learnings, messages) = kept.await?;
        let learnings: Vec<KeptLearning> = learnings.into_iter().flatten().collect();
        for chunk in learnings.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            let scopes: Vec<ScopeRow> = chunk.iter().map(|kept| self.scope_of(&kept.learning.scope)).collect();
            let remove = move |rows: &mut Workspace<'_>| chunk.iter().try_for_each(|kept| rows.remove_learning(kept));
            self.commit(scopes, Hints::default(), remove).await?;
        }
        self.remove_messages(messages.into_iter().flatten().collect()).await
    }
}
