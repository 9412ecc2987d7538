//! Which calls of an object are running, when may they start, and when may it close? Those that were made after a watch
//! wait until it has begun, and those that were made before the object closes are completed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use napi::tokio::select;
use napi::tokio::sync::watch;
use napi::tokio::time::timeout;
use openmemory_rules::Error;
use parking_lot::Mutex;

/// How long `close` waits for calls that may wait for the caller's embedding function, which may never settle.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

pub struct InFlight {
    closed: AtomicBool,
    /// Number of calls that have started and not ended.
    calls: watch::Sender<usize>,
    /// Whether `close` has given up waiting for calls.
    given_up: watch::Sender<bool>,
    /// Closed once the last watch has begun.
    last_watch: Mutex<Option<watch::Receiver<()>>>,
}

/// A call that has started. Dropping it ends the call.
pub struct Running {
    in_flight: Arc<InFlight>,
    /// The watch before this call, unless it had begun already.
    after: Option<watch::Receiver<()>>,
}

/// A watch that has not begun yet. Dropping it lets the calls after it run.
pub struct Beginning(#[allow(dead_code, reason = "its end is what is waited for")] watch::Sender<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.in_flight.calls.send_modify(|calls| *calls -= 1);
    }
}

impl Default for InFlight {
    fn default() -> Self {
        Self {
            closed: AtomicBool::new(false),
            calls: watch::Sender::new(0),
            given_up: watch::Sender::new(false),
            last_watch: Mutex::new(None),
        }
    }
}

impl InFlight {
    /// Starts a call, in the order in which JavaScript makes the calls.
    pub fn begin(self: &Arc<Self>) -> Result<Running, Error> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        self.calls.send_modify(|calls| *calls += 1);
        let mut last_watch = self.last_watch.lock();
        if last_watch.as_ref().is_some_and(|watch| watch.has_changed().is_err()) {
            *last_watch = None;
        }
        Ok(Running { in_flight: Arc::clone(self), after: last_watch.clone() })
    }

    /// Starts a call of a watch. The first one begins it, and gets the changes of all later calls.
    pub fn begin_watch(self: &Arc<Self>, is_first: bool) -> Result<(Running, Option<Beginning>), Error> {
        let running = self.begin()?;
        let beginning = is_first.then(|| {
            let (sender, receiver) = watch::channel(());
            *self.last_watch.lock() = Some(receiver);
            Beginning(sender)
        });
        Ok((running, beginning))
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
    /// Runs the call once the watch before it has begun. Its outcome, unless `close` has given up waiting for it.
    pub async fn unless_given_up<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let in_turn = async {
            if let Some(mut watch) = self.after.clone() {
                let _ = watch.changed().await;
            }
            call.await
        };
        let mut given_up = self.in_flight.given_up.subscribe();
        select! {
            biased;
            outcome = in_turn => outcome,
            _ = given_up.wait_for(|given_up| *given_up) => Err(Error::Closed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    /// Whether a call is over after it was polled once.
    fn runs(call: &Running) -> bool {
        let outcome = pin!(call.unless_given_up(async { Ok(()) }));
        outcome.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn what_is_called_after_a_watch_runs_once_it_has_begun() {
        let calls = Arc::new(InFlight::default());
        let before = calls.begin().unwrap();
        let (watching, beginning) = calls.begin_watch(true).unwrap();
        let (second, beginning_second) = calls.begin_watch(true).unwrap();
        let after = calls.begin().unwrap();
        assert_eq!([runs(&before), runs(&watching), runs(&second), runs(&after)], [true, true, false, false]);
        drop(beginning);
        assert_eq!([runs(&second), runs(&after)], [true, false]);
        drop(beginning_second);
        assert_eq!([runs(&after), runs(&calls.begin().unwrap())], [true, true]);
    }
}
