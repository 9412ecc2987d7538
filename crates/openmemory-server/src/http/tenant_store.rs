//! Which store and which thread serve a request? The caller's own store, and for reads a thread that may block, in turn
//! with the other tenants.

use openmemory_rules::contract::{Control, DeletedMany, Hit};
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use openmemory_domain::Invalid;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::Search;
use openmemory_engine::Shared;
use openmemory_rules::Error;

use super::ApiError;
use crate::app_state::AppState;
use crate::keys::Caller;
use crate::readers::{ReadKind, Share};

/// The memories of the tenant that asks.
pub struct TenantStore {
    pub store: Arc<Shared>,
    /// Trips when the client has gone, or its time is over.
    pub control: Arc<Control>,
    pub share: Arc<Share>,
}

impl TenantStore {
    /// The outcome of a call of the engine: a disk that failed it has failed the engine, which is then opened again.
    pub async fn judged<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.store.judge(call.await)
    }

    /// Reads a few memories.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = Arc::clone(&self.store);
        self.share.run(ReadKind::Point, move || store.judge(read(&store))).await
    }

    /// Reads what may be all of the store, until the control says that nobody waits for it.
    pub async fn scan<T: Send + 'static>(
        &self,
        scan: impl FnOnce(&Shared, &Control) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (store, control) = (Arc::clone(&self.store), Arc::clone(&self.control));
        self.share.run(ReadKind::Scan, move || store.judge(scan(&store, &control))).await
    }

    /// Searches, and writes what is found.
    pub async fn search<T: Send + 'static>(
        &self,
        search: Search,
        write: impl FnOnce(&[Hit]) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let vector = self.judged(self.store.embed_query(&search)).await?;
        let kind = if search.asks_each() { ReadKind::Scan } else { ReadKind::Point };
        let (store, control) = (Arc::clone(&self.store), Arc::clone(&self.control));
        let read = move || store.search(&search, &vector, &control).and_then(|hits| write(&hits));
        let judged = Arc::clone(&self.store);
        self.share.run(kind, move || judged.judge(read())).await
    }

    /// Deletes what matches, or all.
    pub async fn delete_matching(&self, filter: Option<Filter>) -> Result<DeletedMany, Error> {
        let filter = filter.map(Arc::new);
        let asked = filter.clone();
        let ids = self.scan(move |engine, control| engine.ids_matching(asked.as_deref(), control)).await?;
        self.judged(self.store.delete_matching(ids, filter, &self.control)).await
    }
}

impl FromRequestParts<Arc<AppState>> for TenantStore {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().ok_or(ApiError::Unauthorized)?;
        let control = parts.extensions.get::<Arc<Control>>().cloned().unwrap_or_default();
        let share = app.readers.share(&caller.tenant);
        Ok(Self { store: app.tenants.store(&caller.tenant).await?, control, share })
    }
}

/// The id in a path.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) if id.is_empty() => Err(Invalid::missing_id("id").into()),
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(ApiError::invalid("id", "is not UTF-8")),
        }
    }
}
