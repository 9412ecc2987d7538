//! How is a call answered with the fewest switches of threads? It is polled where it begins, and then by whoever wakes
//! it: the writer answers JavaScript itself.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use napi::bindgen_prelude::{Error, Object, Result};
use napi::{Env, JsDeferred};
use parking_lot::Mutex;

type Answer = Box<dyn FnOnce(Env) -> Result<String> + Send>;
type Deferred = JsDeferred<String, Answer>;
type Pending = (Pin<Box<dyn Future<Output = String> + Send>>, Deferred, Option<Turn>);

/// Whose turn is it to do its work where it begins? One call's at a time, until JavaScript has heard the answer: so calls
/// that are made together are shared out among threads, and JavaScript's is held up by no more than one.
#[derive(Default)]
pub struct Turns(Arc<AtomicBool>);

/// Dropping it ends the turn.
pub struct Turn(Arc<AtomicBool>);

impl Turns {
    /// None while another call has its turn.
    pub fn take(&self) -> Option<Turn> {
        (!self.0.swap(true, Ordering::Relaxed)).then(|| Turn(Arc::clone(&self.0)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A call on its way; nothing once it is answered.
struct Call {
    pending: Mutex<Option<Pending>>,
    woken: AtomicBool,
}

/// Begins a call here. It must do little between its waits, unless it has its turn: it goes on in the thread that ends each
/// of them.
pub fn answer_at_once<'env>(
    env: &'env Env,
    call: impl Future<Output = String> + Send + 'static,
    turn: Option<Turn>,
) -> Result<Object<'env>> {
    let (deferred, promise) = env.create_deferred::<String, Answer>()?;
    let pending = Mutex::new(Some((Box::pin(call) as Pin<Box<_>>, deferred, turn)));
    Arc::new(Call { pending, woken: AtomicBool::new(true) }).go_on();
    Ok(promise)
}

impl Call {
    fn go_on(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        // Who finds the call being polled leaves it to that thread, which looks again afterwards.
        while self.woken.load(Ordering::SeqCst) {
            let Some(mut slot) = self.pending.try_lock() else { return };
            self.woken.store(false, Ordering::SeqCst);
            let Some((mut future, deferred, turn)) = slot.take() else { return };
            let polled = AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(&waker)));
            match catch_unwind(polled) {
                Ok(Poll::Ready(answer)) => deferred.resolve(Box::new(move |_| {
                    drop(turn);
                    Ok(answer)
                })),
                Ok(Poll::Pending) => *slot = Some((future, deferred, turn)),
                Err(_) => deferred.reject(Error::from_reason("a call panicked")),
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

#[cfg(test)]
mod tests {
    use super::Turns;

    #[test]
    fn one_call_at_a_time_has_its_turn() {
        let turns = Turns::default();
        let turn = turns.take();
        assert!(turn.is_some());
        assert!(turns.take().is_none());
        assert!(turns.take().is_none(), "to ask does not take it away");
        drop(turn);
        assert!(turns.take().is_some());
    }
}
