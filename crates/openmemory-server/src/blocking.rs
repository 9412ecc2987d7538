//! Where does work run that blocks?

use openmemory_rules::Error;
use tokio::task::spawn_blocking;
use tracing::Span;

/// Runs work on a thread that may block, in the span of the caller.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let span = Span::current();
    spawn_blocking(move || span.in_scope(work)).await.unwrap_or(Err(Error::Internal("a call panicked")))
}
