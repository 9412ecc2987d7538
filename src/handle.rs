//! When is the engine opened and closed? Opened by the first call, on a thread that may block; closed when every call
//! has ended.

use std::future::Future;
use std::sync::{Arc, LazyLock};

use napi::tokio::sync::RwLock;
use napi::tokio::task::spawn_blocking;
use openmemory_core::engine::{Error, Registry, Shared};

use crate::options::Opening;

/// Statics are shared by all worker threads of a process, and so are the engines of its directories.
static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::default);

enum State {
    NotOpened,
    Open(Arc<Shared>),
    Closed,
}

/// One JavaScript object's hold on an engine.
pub struct Handle {
    opening: Opening,
    /// Read for the length of a call, written to open and to close: closing waits for what is in flight.
    state: RwLock<State>,
}

impl Handle {
    pub fn new(opening: Opening) -> Self {
        Self { opening, state: RwLock::new(State::NotOpened) }
    }

    /// Runs a call on the engine, which stays open for as long as it takes.
    pub async fn with<T, F>(self: Arc<Self>, call: impl FnOnce(Arc<Shared>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        loop {
            let state = self.state.read().await;
            match &*state {
                State::Open(engine) => return call(Arc::clone(engine)).await,
                State::Closed => return Err(Error::Closed),
                State::NotOpened => {}
            }
            drop(state);
            self.clone().open().await?;
        }
    }

    async fn open(self: Arc<Self>) -> Result<(), Error> {
        let mut state = self.state.write().await;
        if matches!(*state, State::NotOpened) {
            let (options, description) = (self.opening.engine_options(), self.opening.description.clone());
            let engine = blocking(move || REGISTRY.open(options, &description)).await?;
            *state = State::Open(engine);
        }
        Ok(())
    }

    /// Ends when nothing is in flight and, for the last who shares the engine, everything is on disk.
    pub async fn close(self: Arc<Self>) -> Result<(), Error> {
        let mut state = self.state.write().await;
        match std::mem::replace(&mut *state, State::Closed) {
            State::Open(engine) => blocking(move || REGISTRY.release(engine)).await,
            State::NotOpened | State::Closed => Ok(()),
        }
    }
}

/// Runs what may block on a thread for that.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    spawn_blocking(work).await.unwrap_or(Err(Error::Internal("a call panicked")))
}
