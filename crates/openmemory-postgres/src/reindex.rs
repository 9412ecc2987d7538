//! How does a tenant change its model? All current texts are embedded again; an interrupted run continues where it stopped.
//! Servers of the former model find out by the vectors that they meet, and refuse to search.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_calls::index_text::indexed_text;
use openmemory_domain::{Content, ContentHash, ModelTag};
use openmemory_rules::contract::{Control, Reindexed};
use openmemory_rules::{Changes, Error, IndexedText, Number, Reindex, Rows};

use crate::job::{Hints, ScopeRow};
use crate::rows;
use crate::scope_key::ScopeKey;
use crate::store::Tenant;
use crate::workspace::{Workspace, hash};

/// Memories that are read together, with their vectors.
const READ_TOGETHER: i64 = 256;
/// Memories per commit.
const CHUNK: usize = 16;

/// A memory without vectors of the model.
type Stale = (ScopeKey, Number, ContentHash);

impl Tenant {
    /// Makes this process's model the model of the tenant. Until it ends, search, add and updates of content fail with
    /// `MODEL_MISMATCH` here; everything else works. Versions and times do not change.
    pub(crate) async fn reindex(self: &Arc<Self>, control: &Control) -> Result<Reindexed, Error> {
        let model = self.model.identity().await?.clone();
        let hints = || Hints { model: true, ..Hints::default() };
        let (stored, mixed) = self.read(Vec::new(), |rows| Ok((rows.model()?, rows.reindex()?.is_some()))).await?;
        let changes = mixed || stored.as_ref() != Some(&model);
        if changes {
            let target = Reindex { target: model.clone() };
            self.commit(Vec::new(), hints(), move |rows| rows.put_reindex(&target)).await?;
        }
        let mut reindexed = self.reindex_stale(model.tag(), control).await?;
        if changes {
            let target = model.clone();
            self.commit(Vec::new(), hints(), move |rows| rows.put_model(&target)).await?;
            // Servers of the former model could add until now.
            reindexed += self.reindex_stale(model.tag(), control).await?;
        }
        Ok(Reindexed { reindexed, model })
    }

    async fn reindex_stale(self: &Arc<Self>, model: ModelTag, control: &Control) -> Result<usize, Error> {
        let tenant = Arc::clone(self);
        let (total, stale) = self.read(Vec::new(), move |rows| stale(rows, &tenant.name, model)).await?;
        let before = total - stale.len();
        let mut reindexed = 0;
        control.report(before, total);
        for chunk in stale.chunks(CHUNK) {
            reindexed += match self.reindex_chunk(chunk.to_vec(), control).await {
                Err(Error::Aborted) => return Err(Error::Interrupted { done: before + reindexed, total }),
                result => result?,
            };
            control.report(before + reindexed, total);
        }
        Ok(reindexed)
    }

    async fn reindex_chunk(self: &Arc<Self>, chunk: Vec<Stale>, control: &Control) -> Result<usize, Error> {
        let wanted = chunk.clone();
        let contents = self.read(Vec::new(), move |rows| {
            let mut contents: HashMap<ContentHash, Content> = HashMap::new();
            for (scope, number, hash) in &wanted {
                rows.know_scope(*number, *scope);
                if let Some(text) = rows.content(*number, *hash)? {
                    contents.insert(*hash, Content::recorded("content", text)?);
                }
            }
            Ok(contents)
        });
        let contents = contents.await?;
        let texts: Vec<&Content> = contents.values().collect();
        let embedded = self.model.embed_all(&texts, control, |_, _| {}).await?;
        let mut fresh: Vec<(ScopeKey, Number, IndexedText)> = Vec::with_capacity(chunk.len());
        for (scope, number, hash) in chunk {
            if let (Some(embedding), Some(content)) = (embedded.get(&hash), contents.get(&hash)) {
                fresh.push((scope, number, indexed_text(content, embedding.clone()?)));
            }
        }
        let scopes = fresh.iter().map(|(scope, ..)| ScopeRow { key: *scope, user: None }).collect();
        let numbers = fresh.iter().map(|(scope, number, _)| (*scope, number.0)).collect();
        self.commit(scopes, Hints { numbers, ..Hints::default() }, move |rows| {
            let mut put = 0;
            for (scope, number, text) in &fresh {
                rows.know_scope(*number, *scope);
                // The memory may have been deleted or changed meanwhile.
                if let Some(head) = rows.head(*number)?
                    && head.content == text.content
                {
                    rows.put_indexed_text(*number, &head.scope, text)?;
                    put += 1;
                }
            }
            Ok(put)
        })
        .await
    }
}

/// The number of memories, and those that need vectors of a model.
fn stale(rows: &Workspace<'_>, tenant: &str, model: ModelTag) -> Result<(usize, Vec<Stale>), Error> {
    let (mut total, mut stale, mut last) = (0, Vec::new(), -1_i64);
    loop {
        let found = rows.session().query(rows::TENANT_ENTRIES, &[&tenant, &last, &READ_TOGETHER])?;
        for row in &found {
            last = row.get(0);
            total += 1;
            let content = hash(row.get(2))?;
            let text = row.get::<_, Option<&[u8]>>(3).map(rows::entry).transpose()?;
            if !text.is_some_and(|text| text.content == content && text.embedding.model == model) {
                stale.push((row.get(1), Number(last as u64), content));
            }
        }
        if (found.len() as i64) < READ_TOGETHER {
            return Ok((total, stale));
        }
    }
}
