//! Which store and which thread serve a request? The store of the caller's tenant. Reads run under the tenant's share of
//! the read permits.

use openmemory_rules::contract::{Control, DeletedMany, Hit, MemoryStore};
use serde_json::{Map, Value};
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use openmemory_domain::Invalid;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::Search;
use openmemory_rules::Error;

use super::{ApiError, Query};
use crate::app_state::AppState;
use crate::blocking::blocking;
use crate::keys::Caller;
use crate::readers::{ReadKind, Share};
use crate::tenant::Tenant;

/// The store of the caller's tenant.
pub struct TenantStore {
    pub store: Arc<dyn MemoryStore>,
    control: Arc<Control>,
    pub share: Arc<Share>,
    pub tenant: Tenant,
}

impl TenantStore {
    /// Cancelled when the client disconnects or the request times out.
    pub fn control(&self) -> Arc<Control> {
        Arc::clone(&self.control)
    }

    /// Reads a few memories.
    pub async fn read<T, F>(&self, read: impl FnOnce(Arc<dyn MemoryStore>) -> F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        self.share.run(ReadKind::Point, read(Arc::clone(&self.store))).await
    }

    /// Reads up to the whole store, until the control is cancelled.
    pub async fn scan<T, F>(&self, scan: impl FnOnce(Arc<dyn MemoryStore>, Arc<Control>) -> F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        self.share.run(ReadKind::Scan, scan(Arc::clone(&self.store), Arc::clone(&self.control))).await
    }

    /// Searches, and serializes the hits with `write`.
    pub async fn search<T: Send + 'static>(
        &self,
        search: Search,
        write: impl FnOnce(&[Hit]) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        // Embed before taking a permit: a user-supplied embedding function may take arbitrarily long.
        let vector = self.store.embed_query(&search).await?;
        let kind = if search.asks_each() { ReadKind::Scan } else { ReadKind::Point };
        let (store, control) = (Arc::clone(&self.store), Arc::clone(&self.control));
        let read = async move {
            let hits = store.search(search, vector, control).await?;
            blocking(move || write(&hits)).await
        };
        self.share.run(kind, read).await
    }

    /// Deletes all matching memories; without a filter, all memories.
    pub async fn delete_matching(&self, filter: Option<Filter>) -> Result<DeletedMany, Error> {
        let filter = filter.map(Arc::new);
        let scanned = filter.clone();
        let ids = self.scan(|store, control| async move { store.ids_matching(scanned, control).await }).await?;
        self.store.delete_matching(ids, filter, Arc::clone(&self.control)).await
    }
}

impl FromRequestParts<Arc<AppState>> for TenantStore {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().ok_or(ApiError::Unauthorized)?;
        let control = parts.extensions.get::<Arc<Control>>().cloned().unwrap_or_default();
        let share = app.readers.share(&caller.tenant);
        let store = app.stores.store(caller.tenant.as_str()).await?;
        app.queue.resume(&caller.tenant, &*store).await?;
        app.webhooks.resume(&caller.tenant, &*store).await?;
        Ok(Self { store, control, share, tenant: caller.tenant.clone() })
    }
}

/// The id in the request path.
pub struct Id(pub String);

impl Id {
    /// The request that a body makes of this memory; the body itself does not name it.
    pub fn join(self, body: Value) -> Result<Map<String, Value>, ApiError> {
        let Value::Object(mut request) = body else { return Err(ApiError::invalid("body", "must be an object")) };
        match request.insert("id".into(), self.0.into()) {
            None => Ok(request),
            Some(_) => Err(ApiError::invalid("id", "is in the path, and not in the body")),
        }
    }

    /// The request that parameters make of this memory.
    pub fn with<P>(self, mut query: Query<P>) -> Map<String, Value> {
        query.fields.insert("id".into(), self.0.into());
        query.fields
    }
}

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
