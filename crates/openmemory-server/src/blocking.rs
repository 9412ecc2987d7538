//! Where does blocking work run?

use openmemory_rules::Error;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tracing::Span;

/// Runs work on a blocking thread, within the caller's span.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (span, (done, result)) = (Span::current(), oneshot::channel());
    // Of one type whatever it runs: the code of a task is compiled for each type that is spawned.
    let work: Box<dyn FnOnce() + Send> = Box::new(move || drop(done.send(span.in_scope(work))));
    spawn_blocking(work);
    result.await.unwrap_or(Err(Error::Internal("a call panicked")))
}
