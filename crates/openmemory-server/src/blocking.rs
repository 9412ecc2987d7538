//! Where does blocking work run?

use openmemory_rules::Error;
use tokio::task::spawn_blocking;
use tracing::Span;

/// Runs work on a blocking thread, within the caller's span.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let span = Span::current();
    spawn_blocking(move || span.in_scope(work)).await.unwrap_or(Err(Error::Internal("a call panicked")))
}
