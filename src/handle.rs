//! When is the engine opened and closed? The first call opens it on the blocking pool, and `close` closes it once every
//! call has ended. After a disk failure the engine crate reopens it.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use napi::bindgen_prelude::spawn_blocking;
use napi::tokio::sync::{Mutex, Semaphore, oneshot};
use openmemory_engine::{Directory, Registry, Shared};
use openmemory_rules::Error;

use crate::in_flight::{Beginning, InFlight, Running};
use crate::options::StoreSpec;

/// Permits for blocking reads of JavaScript calls.
static READS: Semaphore = Semaphore::const_new(8);

/// A static, so that all worker threads of the process share the engines.
pub static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::default);

/// The hold of one JavaScript object on an engine.
pub struct Handle {
    pub spec: Arc<StoreSpec>,
    directory: Mutex<Option<Arc<Directory>>>,
    in_flight: Arc<InFlight>,
}

/// Releases the engine of an object that was not closed, such as one of a worker thread that has ended. This happens on
/// a separate thread, because the current one may be the writer thread, which cannot wait for itself.
impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(directory) = self.directory.get_mut().take() {
            let release = || drop(REGISTRY.release(directory));
            // If no thread can be started, the directory is released without waiting.
            let _ = std::thread::Builder::new().name("openmemory-close".into()).spawn(release);
        }
    }
}

/// A call that has started. Dropping it ends the call.
pub struct Call {
    running: Running,
    handle: Arc<Handle>,
}

impl Handle {
    pub fn new(spec: StoreSpec) -> Self {
        Self { spec: Arc::new(spec), directory: Mutex::new(None), in_flight: Arc::default() }
    }

    /// Starts a call, in the order in which JavaScript makes the calls: those made before `close` are completed.
    pub fn begin(self: &Arc<Self>) -> Result<Call, Error> {
        Ok(Call { running: self.in_flight.begin()?, handle: Arc::clone(self) })
    }

    /// Starts a call of a watch. The first one begins it, and gets the changes of all later calls.
    pub fn begin_watch(self: &Arc<Self>, is_first: bool) -> Result<(Call, Option<Beginning>), Error> {
        let (running, beginning) = self.in_flight.begin_watch(is_first)?;
        Ok((Call { running, handle: Arc::clone(self) }, beginning))
    }

    /// Whether calls are in flight.
    pub fn is_busy(&self) -> bool {
        self.in_flight.is_busy()
    }

    /// The engine for one call.
    async fn engine(&self) -> Result<Arc<Shared>, Error> {
        let directory = {
            let mut slot = self.directory.lock().await;
            match &*slot {
                Some(directory) => Arc::clone(directory),
                None => {
                    let (options, description) = (self.spec.engine_options(), self.spec.description.clone());
                    Arc::clone(slot.insert(blocking(move || REGISTRY.open(options, &description)).await?))
                }
            }
        };
        directory.engine().await
    }

    /// Waits until no call is in flight. The last object that shares the engine also closes it, which syncs all writes.
    pub async fn close(&self) -> Result<(), Error> {
        self.in_flight.close(self.spec.embeds_in_javascript()).await;
        match self.directory.lock().await.take() {
            Some(directory) => blocking(move || REGISTRY.release(directory)).await,
            None => Ok(()),
        }
    }
}

impl Call {
    /// Runs the call on the engine, which stays open until the call has ended.
    pub async fn run<T, F>(self, call: impl FnOnce(Arc<Shared>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let engine = self.handle.engine().await?;
        let outcome = self.running.unless_given_up(call(Arc::clone(&engine))).await;
        engine.judge(outcome)
    }
}

/// Runs work on the current thread, because it takes less time than a switch of threads.
pub fn run_inline<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Error::Internal("a call panicked")))
}

/// Runs a read on the blocking pool. The number of such reads is limited, so that a server in this process gets threads
/// too.
pub async fn reading<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let permit = READS.acquire().await.map_err(|_| Error::Closed)?;
    blocking(move || {
        let _permit = permit;
        work()
    })
    .await
}

/// Runs work that may block on the blocking pool. Callable from any thread, because the writer thread also polls calls.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let (done, result) = oneshot::channel();
    // Of one type whatever it runs: the code of a task is compiled for each type that is spawned.
    let work: Box<dyn FnOnce() + Send> = Box::new(move || drop(done.send(work())));
    spawn_blocking(work);
    result.await.unwrap_or(Err(Error::Internal("a call panicked")))
}
