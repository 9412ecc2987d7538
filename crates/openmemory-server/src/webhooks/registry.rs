//! Which webhooks are followed? Those of tenants that are in use, each by a task of its own.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_rules::Error;
use openmemory_rules::contract::{MemoryStore, Stores};
use parking_lot::Mutex;
use tokio::sync::{Notify, OnceCell, Semaphore, watch};
use tokio::task::spawn;

use super::call::WebhookCall;
use super::follow::{Describe, Follower, Sending};
use super::record::all;
use crate::tenant::Tenant;

/// Requests at once, of all webhooks.
const CONCURRENCY: usize = 32;

type Key = (Tenant, String);

/// The webhooks of a tenant, read once.
type Ids = Arc<OnceCell<Mutex<Vec<String>>>>;

pub struct Webhooks {
    /// Absent where the program around the server sends nothing.
    sending: Option<Arc<Sending>>,
    stopped: watch::Receiver<bool>,
    /// Of tenants that were in use.
    known: Mutex<HashMap<Tenant, Ids>>,
    following: Mutex<HashMap<Key, Arc<Notify>>>,
    busy: watch::Sender<usize>,
}

impl Webhooks {
    pub fn new(
        stores: &Arc<dyn Stores>,
        call: Option<WebhookCall>,
        describe: Describe,
        stopped: watch::Receiver<bool>,
    ) -> Arc<Self> {
        let sending = call.map(|call| {
            let (stores, permits) = (Arc::clone(stores), Semaphore::new(CONCURRENCY));
            Arc::new(Sending { stores, call, describe, permits })
        });
        let (known, following, busy) = (Mutex::default(), Mutex::default(), watch::Sender::new(0));
        Arc::new(Self { sending, stopped, known, following, busy })
    }

    /// Whether anything can be sent at all.
    pub fn can_send(&self) -> bool {
        self.sending.is_some()
    }

    /// Follows the webhooks of a tenant that are not followed yet.
    pub async fn resume(self: &Arc<Self>, tenant: &Tenant, store: &dyn MemoryStore) -> Result<(), Error> {
        if !self.can_send() {
            return Ok(());
        }
        let cell = Arc::clone(self.known.lock().entry(tenant.clone()).or_default());
        let known = cell.get_or_try_init(|| async { Ok::<_, Error>(Mutex::new(all(store).await?)) }).await?;
        let ids = known.lock().clone();
        for id in ids {
            self.follow(tenant, id);
        }
        Ok(())
    }

    /// Begins with a webhook that was made, or tells the one that follows that something has changed.
    pub fn changed(self: &Arc<Self>, tenant: &Tenant, id: &str) {
        if let Some(known) = self.known.lock().get(tenant).and_then(|cell| cell.get()) {
            let mut known = known.lock();
            if !known.iter().any(|known| known == id) {
                known.push(id.to_owned());
            }
        }
        let told = self.following.lock().get(&(tenant.clone(), id.to_owned())).map(|changed| changed.notify_one());
        if told.is_none() {
            self.follow(tenant, id.to_owned());
        }
    }

    /// Ends with a webhook that was deleted.
    pub fn deleted(&self, tenant: &Tenant, id: &str) {
        if let Some(known) = self.known.lock().get(tenant).and_then(|cell| cell.get()) {
            known.lock().retain(|known| known != id);
        }
        if let Some(changed) = self.following.lock().get(&(tenant.clone(), id.to_owned())) {
            changed.notify_one();
        }
    }

    /// Returns when nothing is at work.
    pub async fn idle(&self) {
        let _ = self.busy.subscribe().wait_for(|busy| *busy == 0).await;
    }

    fn follow(self: &Arc<Self>, tenant: &Tenant, id: String) {
        let Some(sending) = &self.sending else { return };
        let key = (tenant.clone(), id.clone());
        let changed = Arc::new(Notify::new());
        let mut following = self.following.lock();
        if following.contains_key(&key) {
            return;
        }
        following.insert(key.clone(), Arc::clone(&changed));
        self.busy.send_modify(|busy| *busy += 1);
        let follower = Follower { sending: Arc::clone(sending), tenant: tenant.clone(), id, changed };
        let (webhooks, mut stopped) = (Arc::clone(self), self.stopped.clone());
        spawn(async move {
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => {}
                () = follower.run() => {}
            }
            drop(follower);
            webhooks.following.lock().remove(&key);
            webhooks.busy.send_modify(|busy| *busy -= 1);
        });
    }
}
