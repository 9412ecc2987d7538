//! What does the store of a tenant hold in this process?

use std::sync::{Arc, OnceLock};

use openmemory_calls::learning::LearningQueue;
use openmemory_domain::{Clock, MemoryId, ModelTag, Scope};
use openmemory_learning::LanguageModel;
use openmemory_rules::{Error, Rows};
use quick_cache::sync::Cache;

use crate::connect::Database;
use crate::due::Due;
use crate::feed::Feed;
use crate::job::{ScopeRow, Writer};
use crate::model::Model;
use crate::partitions::HotPartitions;
use crate::past::Past;
use crate::pending::Pending;
use crate::scope_key::{self, ScopeKey};
use crate::wide::wide::Wide;
use crate::workspace::Workspace;

/// Ids whose places are remembered.
const PLACES: usize = 16_384;

/// The memories of a tenant.
pub(crate) struct Tenant {
    pub name: String,
    pub database: Database,
    pub clock: Arc<dyn Clock>,
    pub model: Arc<Model>,
    pub partitions: Arc<HotPartitions>,
    pub past: Past,
    pub writer: Writer,
    pub feed: Arc<Feed>,
    pub pending: Pending,
    pub last_trim: Due,
    pub last_forgotten: Due,
    /// How more memories are searched than a process holds, if that is asked for.
    pub wide: Option<Wide>,
    pub learning_queue: LearningQueue,
    /// Where memories are, which does not change while they exist.
    places: Cache<MemoryId, (ScopeKey, u64)>,
    /// Set once the stored vectors are known to be of this process's model.
    fitting: OnceLock<ModelTag>,
}

/// The store of a tenant in a database.
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) tenant: Arc<Tenant>,
    /// What it learns with.
    pub(crate) language_model: Option<Arc<dyn LanguageModel>>,
}

impl PostgresStore {
    /// The same store with another language model.
    pub fn learning_with(self, language_model: Option<Arc<dyn LanguageModel>>) -> Self {
        Self { language_model, ..self }
    }
}

impl Tenant {
    pub(crate) fn new(
        name: String,
        database: Database,
        clock: Arc<dyn Clock>,
        model: Arc<Model>,
        partitions: Arc<HotPartitions>,
        wide: Option<Wide>,
    ) -> Self {
        Self {
            name,
            database,
            clock,
            model,
            partitions,
            past: Past::default(),
            writer: Writer::default(),
            feed: Arc::default(),
            pending: Pending::default(),
            last_trim: Due::default(),
            last_forgotten: Due::default(),
            wide,
            learning_queue: LearningQueue::default(),
            places: Cache::new(PLACES),
            fitting: OnceLock::new(),
        }
    }

    pub(crate) fn scope_of(&self, scope: &Scope) -> ScopeRow {
        ScopeRow { key: scope_key::of_scope(&self.name, scope), user: scope.user_id.clone() }
    }

    /// Reads with rows of their own. Texts are looked for in `scopes`.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        scopes: Vec<ScopeKey>,
        read: impl Fn(&Workspace<'_>) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let tenant = Arc::clone(self);
        self.database
            .read(move |session| {
                let workspace = Workspace::reading(session, &tenant.name, tenant.clock.now(), &scopes);
                read(&workspace)
            })
            .await
    }

    /// The place of a memory, if this process has met it.
    pub(crate) fn known_place(&self, id: &MemoryId) -> Option<(ScopeKey, u64)> {
        self.places.get(id)
    }

    pub(crate) fn know_place(&self, id: &MemoryId, place: (ScopeKey, u64)) {
        self.places.insert(id.clone(), place);
    }

    /// The place of a memory that exists, or existed a moment ago.
    pub(crate) async fn place(self: &Arc<Self>, id: &MemoryId) -> Result<Option<(ScopeKey, u64)>, Error> {
        if let Some(place) = self.places.get(id) {
            return Ok(Some(place));
        }
        let wanted = id.clone();
        let place = self.read(Vec::new(), move |rows| rows.place_of(&wanted)).await?;
        if let Some(place) = place {
            self.places.insert(id.clone(), place);
        }
        Ok(place)
    }

    pub(crate) fn forget(&self, id: &MemoryId) {
        self.places.remove(id);
    }

    /// The tag of this process's model, if it made the stored vectors or there are none yet.
    pub(crate) async fn fitting_model(self: &Arc<Self>) -> Result<ModelTag, Error> {
        if let Some(tag) = self.fitting.get() {
            return Ok(*tag);
        }
        let embedder = self.model.identity().await?;
        let (stored, mixed) = self.read(Vec::new(), |rows| Ok((rows.model()?, rows.reindex()?.is_some()))).await?;
        match stored {
            Some(stored) if mixed || stored != *embedder => {
                Err(Error::ModelMismatch { stored, embedder: embedder.clone() })
            }
            Some(_) => Ok(*self.fitting.get_or_init(|| embedder.tag())),
            None => Ok(embedder.tag()),
        }
    }

    /// Whether the tenant has a model, and with it vectors.
    pub(crate) async fn has_model(self: &Arc<Self>) -> Result<bool, Error> {
        if self.fitting.get().is_some() {
            return Ok(true);
        }
        self.read(Vec::new(), |rows| Ok(rows.model()?.is_some())).await
    }
}
