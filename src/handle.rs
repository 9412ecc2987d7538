//! When is the engine opened and closed? Opened by the first call, on a thread that may block; closed when every call
//! has ended. Where its disk has failed, the core opens it again.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use napi::bindgen_prelude::spawn_blocking;
use napi::tokio::select;
use napi::tokio::sync::{Mutex, Semaphore, watch};
use napi::tokio::time::timeout;
use openmemory_engine::{Directory, Registry, Shared};
use openmemory_rules::Error;

use crate::options::StoreSpec;

/// How long closing waits for calls that may wait for a function of the caller's: it may never answer.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Places for reads of JavaScript's own.
static READS: Semaphore = Semaphore::const_new(8);

/// Statics are shared by all worker threads of a process, and so are the engines of its directories.
pub static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::default);

/// One JavaScript object's hold on an engine.
pub struct Handle {
    pub opening: Arc<StoreSpec>,
    directory: Mutex<Option<Arc<Directory>>>,
    closed: AtomicBool,
    /// Calls that have begun and not ended.
    in_flight: watch::Sender<usize>,
    given_up: watch::Sender<bool>,
}

/// Who forgot to close, or was a worker thread that ended, lets go too: on a thread of its own, since this one may be the
/// writer's, which answers calls and cannot wait for itself.
impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(directory) = self.directory.get_mut().take() {
            let release = || drop(REGISTRY.release(directory));
            // A system without a thread to spare cannot do better.
            let _ = std::thread::Builder::new().name("openmemory-close".into()).spawn(release);
        }
    }
}

/// A call that has begun; dropping it ends the call.
pub struct Call(Arc<Handle>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.in_flight.send_modify(|calls| *calls -= 1);
    }
}

impl Handle {
    pub fn new(opening: StoreSpec) -> Self {
        Self {
            opening: Arc::new(opening),
            directory: Mutex::new(None),
            closed: AtomicBool::new(false),
            in_flight: watch::Sender::new(0),
            given_up: watch::Sender::new(false),
        }
    }

    /// Begins a call, in the order in which JavaScript makes them: those before a close are answered.
    pub fn begin(self: &Arc<Self>) -> Result<Call, Error> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        self.in_flight.send_modify(|calls| *calls += 1);
        Ok(Call(Arc::clone(self)))
    }

    /// Whether calls have begun and not ended.
    pub fn is_busy(&self) -> bool {
        *self.in_flight.borrow() > 0
    }

    /// The engine for one call.
    async fn engine(&self) -> Result<Arc<Shared>, Error> {
        let directory = {
            let mut slot = self.directory.lock().await;
            match &*slot {
                Some(directory) => Arc::clone(directory),
                None => {
                    let (options, description) = (self.opening.engine_options(), self.opening.description.clone());
                    Arc::clone(slot.insert(blocking(move || REGISTRY.open(options, &description)).await?))
                }
            }
        };
        directory.engine().await
    }

    /// Ends when nothing is in flight and, for the last who shares the engine, everything is on disk.
    pub async fn close(&self) -> Result<(), Error> {
        self.closed.store(true, Ordering::Relaxed);
        if self.opening.embeds_in_javascript() && timeout(CLOSE_TIMEOUT, none(&self.in_flight)).await.is_err() {
            self.given_up.send_replace(true);
        }
        none(&self.in_flight).await;
        match self.directory.lock().await.take() {
            Some(directory) => blocking(move || REGISTRY.release(directory)).await,
            None => Ok(()),
        }
    }

    async fn given_up(&self) {
        let _ = self.given_up.subscribe().wait_for(|given_up| *given_up).await;
    }
}

impl Call {
    /// Runs the call on the engine, which stays open for as long as it takes.
    pub async fn run<T, F>(self, call: impl FnOnce(Arc<Shared>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let engine = self.0.engine().await?;
        let outcome = select! {
            biased;
            outcome = call(Arc::clone(&engine)) => outcome,
            () = self.0.given_up() => Err(Error::Closed),
        };
        engine.judge(outcome)
    }
}

/// Ends when a count is 0. Its sender lives as long as the handle, so the wait cannot fail.
async fn none(count: &watch::Sender<usize>) {
    let _ = count.subscribe().wait_for(|count| *count == 0).await;
}

/// Runs what takes less time than a change of threads where it stands.
pub fn run_inline<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Error::Internal("a call panicked")))
}

/// Runs a read in turn: of JavaScript's own no more run at once, so that a server in the process has threads too.
pub async fn reading<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let place = READS.acquire().await.map_err(|_| Error::Closed)?;
    blocking(move || {
        let _place = place;
        work()
    })
    .await
}

/// Runs what may block on a thread for that; from any thread, since the writer's goes on with calls that it answers.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    spawn_blocking(work).await.unwrap_or(Err(Error::Internal("a call panicked")))
}
