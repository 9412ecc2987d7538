//! How does one webhook follow the changes? It sends them one after another, in the order of their commits. Its position is kept
//! once an event has been taken, so that a kill repeats events and loses none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openmemory_domain::request::Watch;
use openmemory_domain::{Clock, SystemClock, Timestamp};
use openmemory_rules::Error;
use openmemory_rules::contract::{ChangeKind, Control, MemoryChange, MemoryStore, Stores, Watcher};
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};

use super::call::{Delivery, WebhookCall, WebhookOutcome};
use super::event::{Event, events};
use super::record::{Position, Webhook, name, position_name, read, read_position};
use super::schedule::{ATTEMPTS, pause};
use crate::tenant::Tenant;

/// What an event says to its receiver.
pub type Describe = fn(&Event) -> Value;

/// Changes may bear times that are a little earlier than those of changes before them.
const MARGIN_MS: i64 = 60_000;
/// Positions that passed over changes are kept so often.
const KEPT_EVERY: Duration = Duration::from_secs(1);
/// A store without changes for so long may be closed for others. The next request of its tenant goes on.
const IDLE: Duration = Duration::from_secs(600);
/// Between two attempts while the store fails.
const PAUSE: Duration = Duration::from_secs(1);

/// What all webhooks of a server share.
pub struct Sending {
    pub stores: Arc<dyn Stores>,
    pub call: WebhookCall,
    pub describe: Describe,
    /// Requests at once.
    pub permits: Semaphore,
}

pub struct Follower {
    pub sending: Arc<Sending>,
    pub tenant: Tenant,
    pub id: String,
    /// Told when the webhook was changed or deleted.
    pub changed: Arc<Notify>,
}

/// Why following stops.
enum Stop {
    /// The webhook is gone, nothing changes, or the store or the program around the server has ended.
    Ended,
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Follower {
    /// Returns when there is nothing to do for now.
    pub async fn run(&self) {
        loop {
            match self.follow().await {
                Ok(()) | Err(Stop::Ended | Stop::Failed(Error::Closed)) => return,
                // The position that was kept is there.
                Err(Stop::Failed(Error::FellBehind)) => {}
                Err(Stop::Failed(_)) => sleep(PAUSE).await,
            }
        }
    }

    async fn follow(&self) -> Result<(), Stop> {
        let store = self.store().await?;
        if self.active(&*store).await?.is_none() {
            return Ok(());
        }
        let mut position = read_position(&*store, &self.id).await?;
        let watcher = store.watch(Watch { filter: None, since: Some(position.cursor.clone()) })?;
        drop(store);
        let mut kept = Kept { watcher, last: position.cursor.clone(), at: Instant::now() };
        let wake = Arc::new(Notify::new());
        loop {
            // Several changes of a memory are one in what is read from the store.
            let since = kept.watcher.reads_store().then(|| since(&position));
            let woken = Arc::clone(&wake);
            let changes = kept.watcher.next(Arc::new(Control::default()), Arc::new(move || woken.notify_one())).await?;
            let Some(changes) = changes else { return Ok(()) };
            if changes.is_empty() {
                position.cursor = kept.watcher.cursor();
                self.keep_sometimes(&mut kept, &position).await?;
                tokio::select! {
                    () = wake.notified() => {}
                    () = self.changed.notified() => {
                        let store = self.store().await?;
                        // What was passed over was not asked for then.
                        self.keep(&*store, &mut kept, &position).await?;
                        if self.active(&*store).await?.is_none() {
                            return Ok(());
                        }
                    }
                    () = sleep(IDLE), if self.tenant != Tenant::default_tenant() => {
                        let store = self.store().await?;
                        self.keep(&*store, &mut kept, &position).await?;
                        return Ok(());
                    }
                }
                continue;
            }
            // Read after the changes, because what it asks for holds for each change after it was asked.
            let store = self.store().await?;
            let Some(mut webhook) = self.active(&*store).await? else {
                return self.keep(&*store, &mut kept, &position).await;
            };
            drop(store);
            for change in changes {
                let store = self.store().await?;
                let events = events(&*store, &change, since, &webhook).await?;
                drop(store);
                let any = !events.is_empty();
                for event in events {
                    match self.deliver(&event, &mut position).await? {
                        Some(now) => webhook = now,
                        None => return Ok(()),
                    }
                }
                position.changed_at = Some(changed_at(&change).to_string());
                position.cursor = change.cursor;
                if any && kept.last != position.cursor {
                    let store = self.store().await?;
                    self.keep(&*store, &mut kept, &position).await?;
                }
            }
        }
    }

    /// Sends an event until it is taken or given up. Answers the webhook as it is then; none if it is gone.
    async fn deliver(&self, event: &Event, position: &mut Position) -> Result<Option<Webhook>, Stop> {
        let body = (self.sending.describe)(event).to_string();
        let mut attempts = 0;
        loop {
            let store = self.store().await?;
            let Some(mut webhook) = self.active(&*store).await? else { return Ok(None) };
            if !webhook.event_types.contains(&event.kind) {
                return Ok(Some(webhook));
            }
            let delivery = Delivery {
                url: webhook.url.clone(),
                id: event.name(&self.id),
                timestamp: SystemClock.now().millis() / 1000,
                secret: webhook.secret.clone(),
                body: body.clone(),
            };
            drop(store);
            let outcome = {
                let _permit = self.sending.permits.acquire().await;
                (self.sending.call)(delivery).await.ok_or(Stop::Ended)?
            };
            attempts += 1;
            let (why, asked) = match outcome {
                WebhookOutcome::Answered { status: 200..=299, .. } => {
                    position.delivered_at = Some(SystemClock.now().to_string());
                    position.last_error = None;
                    return Ok(Some(webhook));
                }
                WebhookOutcome::Answered { status: 410, .. } => {
                    // The receiver wants nothing any longer.
                    webhook.is_active = false;
                    let document =
                        serde_json::to_value(&webhook).map_err(|_| Error::Internal("a webhook is no JSON"))?;
                    self.store().await?.put_documents(vec![(name(&self.id), Some(document))]).await?;
                    return Ok(None);
                }
                WebhookOutcome::Answered { status, retry_after } => {
                    (format!("its receiver answered {status}"), retry_after)
                }
                WebhookOutcome::Failed(why) => (why, None),
                WebhookOutcome::Refused(why) => {
                    self.note(position, &why);
                    return Ok(Some(webhook));
                }
            };
            if attempts >= ATTEMPTS {
                self.note(position, &format!("{why}, {attempts} times; the event was given up"));
                return Ok(Some(webhook));
            }
            let shown = Position { last_error: Some(why), ..position.clone() };
            self.put(&*self.store().await?, &shown).await?;
            // A changed address is tried at once.
            let _ = timeout(pause(attempts, asked), self.changed.notified()).await;
        }
    }

    fn note(&self, position: &mut Position, why: &str) {
        tracing::warn!(tenant = %self.tenant, webhook = self.id, why, "an event was not delivered");
        position.last_error = Some(why.to_owned());
    }

    async fn keep_sometimes(&self, kept: &mut Kept, position: &Position) -> Result<(), Stop> {
        if kept.last == position.cursor || kept.at.elapsed() < KEPT_EVERY {
            return Ok(());
        }
        let store = self.store().await?;
        self.keep(&*store, kept, position).await
    }

    async fn keep(&self, store: &dyn MemoryStore, kept: &mut Kept, position: &Position) -> Result<(), Stop> {
        self.put(store, position).await?;
        kept.last.clone_from(&position.cursor);
        kept.at = Instant::now();
        Ok(())
    }

    async fn put(&self, store: &dyn MemoryStore, position: &Position) -> Result<(), Error> {
        // What was deleted meanwhile must not come back.
        if read(store, &self.id).await?.is_none() {
            return Ok(());
        }
        let document = serde_json::to_value(position).map_err(|_| Error::Internal("a position is no JSON"))?;
        store.put_documents(vec![(position_name(&self.id), Some(document))]).await
    }

    async fn active(&self, store: &dyn MemoryStore) -> Result<Option<Webhook>, Error> {
        Ok(read(store, &self.id).await?.filter(|webhook| webhook.is_active))
    }

    async fn store(&self) -> Result<Arc<dyn MemoryStore>, Error> {
        self.sending.stores.store(self.tenant.as_str()).await
    }
}

fn since(position: &Position) -> Timestamp {
    let at = position.changed_at().unwrap_or_else(|| SystemClock.now());
    Timestamp::from_millis(at.millis().saturating_sub(MARGIN_MS))
}

/// A watcher, and what is kept of its position.
struct Kept {
    watcher: Box<dyn Watcher>,
    last: String,
    at: Instant,
}

fn changed_at(change: &MemoryChange) -> Timestamp {
    match &change.kind {
        ChangeKind::Stored(memory) => memory.version.updated_at,
        ChangeKind::Deleted { at, .. } => *at,
    }
}
