//! What was answered before its work was done? Messages to learn from are kept in the store before their sender has an
//! answer, and are worked off even if the process was killed in between.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use openmemory_domain::learning::{Learning, LearningId, Status};
use openmemory_domain::request::Learn;
use openmemory_domain::{Clock, ErrorCode, Scope, SystemClock, Timestamp};
use openmemory_rules::Error;
use openmemory_rules::contract::{Control, MemoryStore, Stores};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{OnceCell, Semaphore, oneshot, watch};
use tokio::task::spawn;
use tokio::time::sleep;

use crate::tenant::Tenant;

/// What became of a call. It stays for a while.
pub const EVENTS: &str = "mem0/event/";
/// What is still to be done. It goes with the commit that says what became of it.
pub const WAITING: &str = "mem0/waiting/";
/// Events of a tenant that are kept, the newest.
const EVENTS_KEPT: usize = 10_000;
/// How long an event is kept: 30 days.
const EVENTS_MS: i64 = 30 * 86_400_000;
/// Calls between two times that old events are removed.
const PRUNED_EVERY: u64 = 100;
/// Calls at work.
const CONCURRENCY: usize = 8;
/// Between two attempts while the store fails, or the tenant has no tokens left.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a model is not asked now that has no tokens left.
const BUDGET: &str = "budget";

/// Reads a kept body.
pub type Parse = fn(Value) -> Result<Learn, Error>;

/// What came of the work, for one who waits for it.
pub type Outcome = Result<Learning, Error>;

/// User, agent, app and run of a tenant.
type Lane = (Tenant, [Option<String>; 4]);

struct Job {
    tenant: Tenant,
    id: LearningId,
    request: Learn,
    waiter: Option<oneshot::Sender<Outcome>>,
}

pub struct Queue {
    stores: Arc<dyn Stores>,
    parse: Parse,
    stopped: watch::Receiver<bool>,
    /// Calls about the same scope run one after another, in the order in which they were answered.
    lanes: Mutex<HashMap<Lane, VecDeque<Job>>>,
    resumed: Mutex<HashMap<Tenant, Arc<OnceCell<()>>>>,
    permits: Semaphore,
    busy: watch::Sender<usize>,
    answered: AtomicU64,
}

impl Queue {
    pub fn new(stores: Arc<dyn Stores>, parse: Parse, stopped: watch::Receiver<bool>) -> Arc<Self> {
        Arc::new(Self {
            stores,
            parse,
            stopped,
            lanes: Mutex::default(),
            resumed: Mutex::default(),
            permits: Semaphore::new(CONCURRENCY),
            busy: watch::Sender::new(0),
            answered: AtomicU64::new(0),
        })
    }

    /// Keeps a call in the store, and begins it. Once this returns, the call is not lost.
    pub async fn add(
        self: &Arc<Self>,
        tenant: &Tenant,
        store: &dyn MemoryStore,
        body: Value,
        waiter: Option<oneshot::Sender<Outcome>>,
    ) -> Result<LearningId, Error> {
        let now = SystemClock.now();
        let request = heard(now, (self.parse)(body.clone())?);
        let id = LearningId::generate();
        let event = json!({
            "user_id": request.scope.user_id,
            "agent_id": request.scope.agent_id,
            "app_id": request.scope.app_id,
            "run_id": request.scope.run_id,
            "status": "PENDING",
            "created_at": now.to_string(),
        });
        let waiting = json!({ "user_id": request.scope.user_id, "body": body, "received_at": now.to_string() });
        let documents = vec![(format!("{EVENTS}{id}"), Some(event)), (format!("{WAITING}{id}"), Some(waiting))];
        store.put_documents(documents).await?;
        self.begin(Job { tenant: tenant.clone(), id: id.clone(), request, waiter });
        if self.answered.fetch_add(1, Ordering::Relaxed).is_multiple_of(PRUNED_EVERY) {
            prune(store, now, EVENTS_KEPT).await?;
        }
        Ok(id)
    }

    /// Begins what an earlier process has answered and not done. Later calls of the tenant come after it.
    pub async fn resume(self: &Arc<Self>, tenant: &Tenant, store: &dyn MemoryStore) -> Result<(), Error> {
        if !store.can_learn() {
            return Ok(());
        }
        let resumed = Arc::clone(self.resumed.lock().entry(tenant.clone()).or_default());
        let begin = || async {
            for name in store.document_names(WAITING.into()).await? {
                let Ok(id) = LearningId::read("id", name.trim_start_matches(WAITING)) else { continue };
                let Some(mut kept) = store.document(name).await? else { continue };
                let received = kept.get("received_at").and_then(Value::as_str).and_then(Timestamp::parse);
                match (self.parse)(kept["body"].take())
                    .map(|request| heard(received.unwrap_or(SystemClock.now()), request))
                {
                    Ok(request) => self.begin(Job { tenant: tenant.clone(), id, request, waiter: None }),
                    Err(error) => finish(store, &id, &Err(error)).await?,
                }
            }
            Ok::<(), Error>(())
        };
        resumed.get_or_try_init(begin).await?;
        Ok(())
    }

    /// Returns when nothing is at work.
    pub async fn idle(&self) {
        let _ = self.busy.subscribe().wait_for(|busy| *busy == 0).await;
    }

    fn begin(self: &Arc<Self>, mut job: Job) {
        job.request.promised_by = Some(format!("{WAITING}{}", job.id));
        job.request.id = Some(job.id.clone());
        let lane = (job.tenant.clone(), key(&job.request.scope));
        let mut lanes = self.lanes.lock();
        if let Some(behind) = lanes.get_mut(&lane) {
            behind.push_back(job);
            return;
        }
        lanes.insert(lane.clone(), VecDeque::new());
        self.busy.send_modify(|busy| *busy += 1);
        let queue = Arc::clone(self);
        spawn(async move {
            let mut next = Some(job);
            while let Some(job) = next {
                queue.run(job).await;
                next = queue.next(&lane);
            }
            queue.busy.send_modify(|busy| *busy -= 1);
        });
    }

    fn next(&self, lane: &Lane) -> Option<Job> {
        let mut lanes = self.lanes.lock();
        let next = lanes.get_mut(lane).and_then(VecDeque::pop_front);
        if next.is_none() {
            lanes.remove(lane);
        }
        next
    }

    /// Works until the call is done, or the server stops; what is left is begun again by the next process.
    async fn run(&self, job: Job) {
        let Job { tenant, id, request, waiter } = job;
        let mut stopped = self.stopped.clone();
        let control = Arc::new(Control::default());
        let work = async {
            loop {
                match self.attempt(&tenant, &id, request.clone(), &control).await {
                    Ok(outcome) => return Some(outcome),
                    Err(_) => sleep(PAUSE).await,
                }
            }
        };
        let outcome = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => {
                control.cancel();
                None
            }
            outcome = work => outcome,
        };
        if let Some(waiter) = waiter {
            let _ = waiter.send(outcome.unwrap_or(Err(Error::Aborted)));
        }
    }

    /// Fails only if the store does, or the tenant has no tokens left, which is no fault of the call.
    async fn attempt(
        &self,
        tenant: &Tenant,
        id: &LearningId,
        request: Learn,
        control: &Arc<Control>,
    ) -> Result<Outcome, Error> {
        let store = self.stores.store(tenant.as_str()).await?;
        let name = format!("{WAITING}{id}");
        if store.document(name).await?.is_none() {
            // Deleted with its user, or done.
            return Ok(Err(Error::Aborted));
        }
        // Held only while it works, so that one who waits is in nobody's way.
        let permit = self.permits.acquire().await.map_err(|_| Error::Aborted)?;
        let began = SystemClock.now();
        let outcome = store.learn(request, Arc::clone(control)).await;
        drop(permit);
        if let Err(error) = &outcome
            && is_put_off(error)
        {
            return Err(error.clone());
        }
        finish_since(&*store, id, &outcome, Some(began)).await?;
        Ok(outcome)
    }
}

/// Whether the same call succeeds later.
fn is_put_off(error: &Error) -> bool {
    match error {
        Error::LanguageModelFailed { why, retryable, .. } => *why == BUDGET && *retryable,
        _ => [ErrorCode::Closed, ErrorCode::Io, ErrorCode::Unavailable, ErrorCode::Aborted].contains(&error.code()),
    }
}

/// What is known of a call that was promised: what it has learnt, or that it waits, or why it has failed.
pub async fn promised(store: &dyn MemoryStore, id: &LearningId) -> Result<Option<Learning>, Error> {
    let Some(event) = store.document(format!("{EVENTS}{id}")).await? else { return Ok(None) };
    let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(learnt) = text("learning") {
        // The same call has learnt it before.
        return store.learning(LearningId::read("id", &learnt)?).await.map(Some);
    }
    let [user_id, agent_id, app_id, run_id] = ["user_id", "agent_id", "app_id", "run_id"].map(text);
    let scope = Scope { user_id, agent_id, app_id, run_id };
    let created_at = text("created_at").and_then(|text| Timestamp::parse(&text)).unwrap_or(Timestamp::FIRST);
    let pending = Learning::pending(id.clone(), scope, created_at);
    let failure = event.get("failure").and_then(|failure| serde_json::from_value(failure.clone()).ok());
    Ok(Some(match failure {
        Some(failure) => Learning { status: Status::Failed, error: Some(failure), ..pending },
        None => pending,
    }))
}

/// What a message without a time refers to, however late it is learnt from.
fn heard(at: Timestamp, mut request: Learn) -> Learn {
    for (message, said) in &mut request.messages {
        message.at = said.unwrap_or(at);
    }
    request
}

fn key(scope: &Scope) -> [Option<String>; 4] {
    scope.fields().map(|(_, value)| value.map(str::to_owned))
}

/// Removes the oldest events of what is done, beyond the number and the time that they are kept for.
async fn prune(store: &dyn MemoryStore, now: Timestamp, kept: usize) -> Result<(), Error> {
    let names = store.document_names(EVENTS.into()).await?;
    let surplus = names.len().saturating_sub(kept);
    let mut gone = Vec::new();
    // Their ids are in the order of their times.
    for (at, name) in names.into_iter().enumerate() {
        let Some(event) = store.document(name.clone()).await? else { continue };
        let created = event.get("created_at").and_then(Value::as_str).and_then(Timestamp::parse);
        let is_old = created.is_none_or(|created| now.millis() - created.millis() > EVENTS_MS);
        if at >= surplus && !is_old {
            break;
        }
        if event.get("status").is_some_and(|status| status != "PENDING") {
            gone.push((name, None));
        }
    }
    if gone.is_empty() { Ok(()) } else { store.put_documents(gone).await }
}

async fn finish(store: &dyn MemoryStore, id: &LearningId, outcome: &Outcome) -> Result<(), Error> {
    finish_since(store, id, outcome, None).await
}

/// Says what became of a call, and forgets what it asked for.
async fn finish_since(
    store: &dyn MemoryStore,
    id: &LearningId,
    outcome: &Outcome,
    began: Option<Timestamp>,
) -> Result<(), Error> {
    let name = format!("{EVENTS}{id}");
    let Some(mut event) = store.document(name.clone()).await? else { return Ok(()) };
    event["status"] = if outcome.is_ok() { "SUCCEEDED" } else { "FAILED" }.into();
    event["started_at"] = began.map(|began| began.to_string()).into();
    event["completed_at"] = SystemClock.now().to_string().into();
    match outcome {
        Ok(learning) => event["learning"] = learning.id.to_string().into(),
        Err(error) => {
            let code = error.code().as_str();
            let why = if let Error::LanguageModelFailed { why, .. } = error { why } else { code };
            event["error"] = why.into();
            event["failure"] = json!({ "code": code, "why": why, "message": error.to_string() });
        }
    }
    store.put_documents(vec![(name, Some(event)), (format!("{WAITING}{id}"), None)]).await
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use std::path::Path;

    use openmemory_embedding::TestEmbedder;
    use openmemory_engine::{Directory, OpenDirectory, Options, Registry, TenantDirectories};

    use super::*;

    #[derive(Default)]
    struct Opener(Registry);

    impl OpenDirectory for Opener {
        fn open(&self, directory: &Path) -> Result<Arc<Directory>, Error> {
            self.0.open(Options::new(directory, Arc::new(TestEmbedder)), "test")
        }

        fn release(&self, store: Arc<Directory>) -> Result<(), Error> {
            self.0.release(store)
        }
    }

    async fn events(store: &dyn MemoryStore) -> usize {
        store.document_names(EVENTS.into()).await.unwrap().len()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn old_events_of_what_is_done_are_removed_by_number_and_by_time() {
        let directory = tempfile::tempdir().unwrap();
        let stores = TenantDirectories::new(directory.path().to_owned(), Arc::new(Opener::default()), 1);
        let store = stores.store("ann").await.unwrap();
        let now = SystemClock.now();
        let event = |status: &str| {
            let name = format!("{EVENTS}{}", LearningId::generate());
            (name, Some(json!({ "user_id": "ada", "status": status, "created_at": now.to_string() })))
        };
        let waiting = event("PENDING");
        let mut all = vec![waiting.clone()];
        all.extend((0..9).map(|_| event("SUCCEEDED")));
        store.put_documents(all).await.unwrap();
        prune(&*store, now, 100).await.unwrap();
        assert_eq!(events(&*store).await, 10);
        // What waits is not among those that go.
        prune(&*store, now, 6).await.unwrap();
        assert_eq!(events(&*store).await, 7);
        prune(&*store, Timestamp::from_millis(now.millis() + EVENTS_MS + 1), 100).await.unwrap();
        assert_eq!(store.document_names(EVENTS.into()).await.unwrap(), [waiting.0]);
        drop(store);
        stores.close().await.unwrap();
    }
}
