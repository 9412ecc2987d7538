//! How is a call answered with the fewest switches of threads? It is polled where it begins, and then by whoever wakes
//! it: the writer answers JavaScript itself. What is ready at once is a resolved promise.

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

/// How JavaScript hears of the end of a call, unless that was ready at once and may be told so: when its event loop goes on.
struct PendingPromise {
    deferred: JsDeferred<String, Answer>,
    turns: LoopBudget,
    turn: Option<InlinePermit>,
}

/// A call on its way; nothing once it is answered.
#[derive(Default)]
struct Call {
    pending: Mutex<Option<(Work, PendingPromise)>>,
    woken: AtomicBool,
}

/// Begins a call on this thread. It must do little between its waits, unless it has its turn: it goes on in the thread that ends each
/// of them.
pub fn answer_at_once<'env>(
    env: &'env Env,
    work: impl Future<Output = String> + Send + 'static,
    turns: &LoopBudget,
    turn: Option<InlinePermit>,
) -> Result<Object<'env>> {
    let mut work: Work = Box::pin(work);
    let call = Arc::new(Call::default());
    // Who ends the first wait before the call is noted leaves it to this thread.
    let mut noted = call.pending.lock();
    let begun = Instant::now();
    let polled = poll(&mut work, &call);
    turns.used(begun.elapsed());
    if turns.may_go_on() {
        match polled {
            Poll::Ready(Ok(answer)) => return PromiseRaw::resolve(env, answer)?.coerce_to_object(),
            Poll::Ready(Err(error)) => return PromiseRaw::<String>::reject(env, error)?.coerce_to_object(),
            Poll::Pending => {}
        }
    }
    let (deferred, promise) = env.create_deferred()?;
    let telling = PendingPromise { deferred, turns: turns.clone(), turn };
    match polled {
        Poll::Ready(answer) => telling.end(answer),
        Poll::Pending => *noted = Some((work, telling)),
    }
    drop(noted);
    call.go_on();
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
    fn end(self, answer: Result<String>) {
        let Self { deferred, turns, turn } = self;
        deferred.resolve(Box::new(move |_| {
            drop(turn);
            turns.begin_anew();
            answer
        }));
    }
}

impl Call {
    fn go_on(self: Arc<Self>) {
        // Who finds the call being polled leaves it to that thread, which looks again afterwards.
        while self.woken.load(Ordering::SeqCst) {
            let Some(mut pending) = self.pending.try_lock() else { return };
            self.woken.store(false, Ordering::SeqCst);
            let Some((mut work, telling)) = pending.take() else { return };
            match poll(&mut work, &self) {
                Poll::Ready(answer) => telling.end(answer),
                Poll::Pending => *pending = Some((work, telling)),
            }
        }
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.go_on();
    }
}
