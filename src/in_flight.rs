//! Which calls of an object are running, and when may it close? Those that were made before it closes are completed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use napi::tokio::select;
use napi::tokio::sync::watch;
use napi::tokio::time::timeout;
use openmemory_rules::Error;

/// How long `close` waits for calls that may wait for the caller's embedding function, which may never settle.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

pub struct InFlight {
    closed: AtomicBool,
    /// Number of calls that have started and not ended.
    calls: watch::Sender<usize>,
    /// Whether `close` has given up waiting for calls.
    given_up: watch::Sender<bool>,
}

/// A call that has started. Dropping it ends the call.
pub struct Running(Arc<InFlight>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.calls.send_modify(|calls| *calls -= 1);
    }
}

impl Default for InFlight {
    fn default() -> Self {
        Self { closed: AtomicBool::new(false), calls: watch::Sender::new(0), given_up: watch::Sender::new(false) }
    }
}

impl InFlight {
    /// Starts a call, in the order in which JavaScript makes the calls.
    pub fn begin(self: &Arc<Self>) -> Result<Running, Error> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        self.calls.send_modify(|calls| *calls += 1);
        Ok(Running(Arc::clone(self)))
    }

    /// Whether calls are in flight.
    pub fn is_busy(&self) -> bool {
        *self.calls.borrow() > 0
    }

    /// Refuses further calls, and waits until none is in flight. Calls that may never settle end with an error after a while.
    pub async fn close(&self, may_never_settle: bool) {
        self.closed.store(true, Ordering::Relaxed);
        if may_never_settle && timeout(CLOSE_TIMEOUT, self.reach_zero()).await.is_err() {
            self.given_up.send_replace(true);
        }
        self.reach_zero().await;
    }

    /// The sender lives as long as this, so waiting cannot fail.
    async fn reach_zero(&self) {
        let _ = self.calls.subscribe().wait_for(|calls| *calls == 0).await;
    }
}

impl Running {
    /// The outcome of the call, unless `close` has given up waiting for it.
    pub async fn unless_given_up<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut given_up = self.0.given_up.subscribe();
        select! {
            biased;
            outcome = call => outcome,
            _ = given_up.wait_for(|given_up| *given_up) => Err(Error::Closed),
        }
    }
}
