//! Which store and which thread serve a request? The caller's own store, and a thread that may block for reads.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use openmemory_core::domain::Invalid;
use openmemory_core::engine::{Control, Error, Shared};

use super::Failure;
use crate::app::App;
use crate::keys::Caller;
use crate::tenants::blocking;

/// The memories of the tenant that asks.
pub struct Memories {
    pub store: Arc<Shared>,
    /// Trips when the client has gone.
    pub control: Arc<Control>,
}

impl Memories {
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = Arc::clone(&self.store);
        blocking(move || read(&store)).await
    }
}

impl FromRequestParts<Arc<App>> for Memories {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Caller>().ok_or(Failure::Unauthorized)?;
        let control = parts.extensions.get::<Arc<Control>>().cloned().unwrap_or_default();
        Ok(Self { store: app.tenants.store(&caller.tenant).await?, control })
    }
}

/// The id in a path.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) if id.is_empty() => Err(Invalid::missing_id("id").into()),
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Failure::invalid("id", "is not UTF-8")),
        }
    }
}
