//! When is the engine opened and closed? Opened by the first call, on a thread that may block; closed when every call
//! has ended.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use napi::tokio::select;
use napi::tokio::sync::{Mutex, watch};
use napi::tokio::task::spawn_blocking;
use napi::tokio::time::timeout;
use openmemory_core::engine::{Error, Registry, Shared};

use crate::options::Opening;

/// How long closing waits for calls that may wait for a function of the caller's: it may never answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Statics are shared by all worker threads of a process, and so are the engines of its directories.
pub static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::default);

/// One JavaScript object's hold on an engine.
pub struct Handle {
    pub opening: Arc<Opening>,
    engine: Mutex<Option<Arc<Shared>>>,
    closed: AtomicBool,
    /// Calls that have begun and not ended.
    in_flight: watch::Sender<usize>,
    given_up: watch::Sender<bool>,
}

/// A call that has begun; dropping it ends the call.
pub struct Call(Arc<Handle>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.in_flight.send_modify(|calls| *calls -= 1);
    }
}

impl Handle {
    pub fn new(opening: Opening) -> Self {
        Self {
            opening: Arc::new(opening),
            engine: Mutex::new(None),
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

    async fn engine(&self) -> Result<Arc<Shared>, Error> {
        let mut engine = self.engine.lock().await;
        if let Some(engine) = &*engine {
            return Ok(Arc::clone(engine));
        }
        let (options, description) = (self.opening.engine_options(), self.opening.description.clone());
        let opened = blocking(move || REGISTRY.open(options, &description)).await?;
        Ok(Arc::clone(engine.insert(opened)))
    }

    /// Ends when nothing is in flight and, for the last who shares the engine, everything is on disk.
    pub async fn close(&self) -> Result<(), Error> {
        self.closed.store(true, Ordering::Relaxed);
        if self.opening.may_never_answer && timeout(PATIENCE, self.idle()).await.is_err() {
            self.given_up.send_replace(true);
        }
        self.idle().await;
        match self.engine.lock().await.take() {
            Some(engine) => blocking(move || REGISTRY.release(engine)).await,
            None => Ok(()),
        }
    }

    async fn idle(&self) {
        // The sender lives as long as this handle, so the wait cannot fail.
        let _ = self.in_flight.subscribe().wait_for(|calls| *calls == 0).await;
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
        select! {
            biased;
            result = call(engine) => result,
            () = self.0.given_up() => Err(Error::Closed),
        }
    }
}

/// Runs what may block on a thread for that.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    spawn_blocking(work).await.unwrap_or(Err(Error::Internal("a call panicked")))
}
