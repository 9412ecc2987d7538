//! How many tokens may a tenant spend? So many an hour, which come back evenly; a request is refused while none are left.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use openmemory_domain::Clock;

use crate::language_model::{Answer, LanguageModel, ModelFailure, Pending, Request, Why};
use crate::tokens::estimate;

const HOUR_MS: f64 = 3_600_000.0;

/// The budgets of all tenants.
pub struct Budgets {
    per_hour: u64,
    clock: Arc<dyn Clock>,
    tenants: Mutex<HashMap<String, Arc<Budget>>>,
}

impl Budgets {
    pub fn new(per_hour: u64, clock: Arc<dyn Clock>) -> Self {
        Self { per_hour, clock, tenants: Mutex::default() }
    }

    /// The model as far as the tenant's budget allows.
    pub fn limit(&self, tenant: &str, model: Arc<dyn LanguageModel>) -> Arc<dyn LanguageModel> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let budget = tenants.entry(tenant.to_owned()).or_insert_with(|| {
            let (per_hour, clock) = (self.per_hour, Arc::clone(&self.clock));
            Arc::new(Budget {
                per_hour,
                level: Mutex::new(Level { tokens: per_hour as f64, at: clock.now().millis() }),
                clock,
            })
        });
        Arc::new(Limited { model, budget: Arc::clone(budget) })
    }
}

struct Budget {
    per_hour: u64,
    level: Mutex<Level>,
    clock: Arc<dyn Clock>,
}

/// What is left, and when that was so. It may be less than nothing: what an answer takes is known afterwards.
struct Level {
    tokens: f64,
    at: i64,
}

impl Budget {
    /// Takes tokens, or says after how many seconds there are any.
    fn take(&self, tokens: u64) -> Result<(), u64> {
        let (most, now) = (self.per_hour as f64, self.clock.now().millis());
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back gives nothing.
        let elapsed = now.saturating_sub(level.at).max(0) as f64;
        level.tokens = (level.tokens + elapsed * most / HOUR_MS).min(most);
        level.at = now;
        if level.tokens <= 0.0 {
            return Err(((1.0 - level.tokens) * HOUR_MS / most / 1000.0).ceil() as u64);
        }
        level.tokens -= tokens as f64;
        Ok(())
    }

    fn correct(&self, guessed: u64, used: u64) {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        level.tokens += guessed as f64 - used as f64;
    }
}

struct Limited {
    model: Arc<dyn LanguageModel>,
    budget: Arc<Budget>,
}

impl LanguageModel for Limited {
    fn id(&self) -> &str {
        self.model.id()
    }

    fn context_tokens(&self) -> usize {
        self.model.context_tokens()
    }

    fn output_tokens(&self) -> usize {
        self.model.output_tokens()
    }

    fn complete(&self, request: Request) -> Pending {
        let asked = [&*request.system, &*request.user, &*request.schema].map(estimate).iter().sum::<usize>() as u64;
        if let Err(seconds) = self.budget.take(asked) {
            let most = self.budget.per_hour;
            let message = format!("the {most} tokens of this hour are used up; try again in {seconds} seconds");
            return Box::pin(async move { Err(ModelFailure { why: Why::Budget, message, retryable: true }) });
        }
        let (answer, budget) = (self.model.complete(request), Arc::clone(&self.budget));
        Box::pin(async move {
            let answer = answer.await;
            // What a request took that failed nobody says; the guess stays.
            if let Ok(answer) = &answer {
                budget.correct(asked, used(answer, asked));
            }
            answer
        })
    }
}

/// As the model's server counts them, or as they are guessed.
fn used(answer: &Answer, asked: u64) -> u64 {
    answer.input_tokens.unwrap_or(asked) + answer.output_tokens.unwrap_or(estimate(&answer.text) as u64)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use openmemory_domain::Timestamp;

    use super::*;
    use crate::language_model::Finish;

    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    /// Takes so many tokens, or does not say how many.
    struct Costs(Option<u64>);

    impl LanguageModel for Costs {
        fn id(&self) -> &str {
            "costs"
        }

        fn context_tokens(&self) -> usize {
            1000
        }

        fn output_tokens(&self) -> usize {
            100
        }

        fn complete(&self, _: Request) -> Pending {
            let (input_tokens, output_tokens) = (self.0, self.0.map(|_| 0));
            let text = "12345".into();
            Box::pin(async move { Ok(Answer { text, finish: Finish::Stop, input_tokens, output_tokens, calls: 1 }) })
        }
    }

    /// Why a request of eleven characters is refused.
    fn asked(model: &Arc<dyn LanguageModel>) -> Result<(), (Why, String, bool)> {
        let request = Request { system: "abc".into(), user: "abcdef".into(), schema: "{}".into() };
        let mut answer = model.complete(request);
        let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
        match answer.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => answer.map(drop).map_err(|f| (f.why, f.message, f.retryable)),
            std::task::Poll::Pending => panic!("it waits"),
        }
    }

    #[test]
    fn an_hours_tokens_come_back_evenly_for_each_tenant() {
        let hand = Arc::new(Hand::default());
        let budgets = Budgets::new(3600, Arc::clone(&hand) as _);
        let (ann, bob) =
            (budgets.limit("ann", Arc::new(Costs(Some(3610)))), budgets.limit("bob", Arc::new(Costs(Some(1)))));
        assert_eq!(asked(&ann), Ok(()));
        let message = "the 3600 tokens of this hour are used up; try again in 11 seconds";
        assert_eq!(asked(&ann), Err((Why::Budget, message.to_owned(), true)));
        assert_eq!(asked(&bob), Ok(()));
        // Another store of the same tenant has the same budget.
        let again = budgets.limit("ann", Arc::new(Costs(Some(1))));
        hand.0.store(10_000, Ordering::Relaxed);
        assert!(asked(&again).is_err());
        hand.0.store(11_000, Ordering::Relaxed);
        assert_eq!(asked(&again), Ok(()));
    }

    #[test]
    fn what_a_model_does_not_count_is_guessed() {
        let hand = Arc::new(Hand::default());
        // One, two and one tokens are asked, and two answered.
        let model = Budgets::new(12, hand).limit("ann", Arc::new(Costs(None)));
        assert_eq!((asked(&model), asked(&model)), (Ok(()), Ok(())));
        assert!(asked(&model).is_err());
    }
}
