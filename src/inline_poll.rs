//! How does a call resolve its promise with the fewest thread switches? It is polled first on the calling thread, and
//! then on the thread that wakes it, such as the writer thread. A call that is ready at once returns a resolved
//! promise.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use napi::bindgen_prelude::{Error, Object, PromiseRaw, Result};
use napi::{Env, JsDeferred, JsValue};
use parking_lot::Mutex;

use crate::loop_budget::{InlinePermit, LoopBudget};

type Work = Pin<Box<dyn Future<Output = String> + Send>>;
type Answer = Box<dyn FnOnce(Env) -> Result<String> + Send>;

/// A promise that is settled by the event loop, because the call was not ready at once or the budget is used up.
struct PendingPromise {
    deferred: JsDeferred<String, Answer>,
    budget: LoopBudget,
    permit: Option<InlinePermit>,
}

/// A running call; empty once it has ended.
#[derive(Default)]
struct Call {
    pending: Mutex<Option<(Work, PendingPromise)>>,
    woken: AtomicBool,
}

/// Starts a call on this thread. After each wait it continues on the thread that woke it, so it must do little work
/// between waits, unless it has a permit.
pub fn poll_inline<'env>(
    env: &'env Env,
    mut work: Work,
    budget: &LoopBudget,
    permit: Option<InlinePermit>,
) -> Result<Object<'env>> {
    let call = Arc::new(Call::default());
    // Locked until the call is stored: a thread that wakes it before that leaves polling to this thread.
    let mut pending = call.pending.lock();
    let start = Instant::now();
    let polled = poll(&mut work, &call);
    budget.spend(start.elapsed());
    if budget.is_left() {
        match polled {
            Poll::Ready(Ok(answer)) => return PromiseRaw::resolve(env, answer)?.coerce_to_object(),
            Poll::Ready(Err(error)) => return PromiseRaw::<String>::reject(env, error)?.coerce_to_object(),
            Poll::Pending => {}
        }
    }
    let (deferred, promise) = env.create_deferred()?;
    let promised = PendingPromise { deferred, budget: budget.clone(), permit };
    match polled {
        Poll::Ready(answer) => promised.settle(answer),
        Poll::Pending => *pending = Some((work, promised)),
    }
    drop(pending);
    call.resume();
    Ok(promise)
}

fn poll(work: &mut Work, call: &Arc<Call>) -> Poll<Result<String>> {
    let waker = Waker::from(Arc::clone(call));
    match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(&mut Context::from_waker(&waker)))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => Poll::Ready(Err(Error::from_reason("a call panicked"))),
    }
}

impl PendingPromise {
    fn settle(self, answer: Result<String>) {
        let Self { deferred, budget, permit } = self;
        deferred.resolve(Box::new(move |_| {
            drop(permit);
            budget.reset();
            answer
        }));
    }
}

impl Call {
    fn resume(self: Arc<Self>) {
        // If another thread is polling the call, that thread checks `woken` again afterwards.
        while self.woken.load(Ordering::SeqCst) {
            let Some(mut pending) = self.pending.try_lock() else { return };
            self.woken.store(false, Ordering::SeqCst);
            let Some((mut work, promised)) = pending.take() else { return };
            match poll(&mut work, &self) {
                Poll::Ready(answer) => promised.settle(answer),
                Poll::Pending => *pending = Some((work, promised)),
            }
        }
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.resume();
    }
}
