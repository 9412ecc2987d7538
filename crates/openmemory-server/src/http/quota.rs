//! How much of something limited may a tenant have at once? At most half of it, so that none stops the others; a server
//! without keys has one tenant only, which may have all.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::keys::Caller;
use crate::tenant::Tenant;

/// A number of permits, shared out among tenants. Those who wait are served in order, and a tenant that waits for its own
/// permits keeps nobody else waiting.
pub struct Quota {
    total: usize,
    all: Arc<Semaphore>,
    /// As many as there are tenants with keys that ever asked.
    tenants: Mutex<HashMap<Tenant, Arc<Semaphore>>>,
}

/// Given back when it is dropped.
pub struct Permit {
    own: Option<OwnedSemaphorePermit>,
    all: OwnedSemaphorePermit,
}

impl Quota {
    pub fn new(total: usize) -> Self {
        let total = total.clamp(1, Semaphore::MAX_PERMITS);
        Self { total, all: Arc::new(Semaphore::new(total)), tenants: Mutex::default() }
    }

    /// Waits until there are so many; never for more than a tenant can have.
    pub async fn acquire(&self, caller: &Caller, permits: u32) -> Option<Permit> {
        let (own, permits) = self.share(caller, permits);
        let own = match own {
            Some(own) => Some(own.acquire_many_owned(permits).await.ok()?),
            None => None,
        };
        let all = Arc::clone(&self.all).acquire_many_owned(permits).await.ok()?;
        Some(Permit { own, all })
    }

    /// One permit, if it is there now.
    pub fn try_acquire(&self, caller: &Caller) -> Option<Permit> {
        let own = match self.share(caller, 1).0 {
            Some(own) => Some(own.try_acquire_owned().ok()?),
            None => None,
        };
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Permit { own, all })
    }

    /// Returns when every permit has been given back.
    pub async fn unused(&self) {
        let _ = self.all.acquire_many(u32::try_from(self.total).unwrap_or(u32::MAX)).await;
    }

    fn share(&self, caller: &Caller, permits: u32) -> (Option<Arc<Semaphore>>, u32) {
        let (own, most) = if caller.has_key() {
            let half = (self.total / 2).max(1);
            let mut tenants = self.tenants.lock();
            let own = tenants.entry(caller.tenant.clone()).or_insert_with(|| Arc::new(Semaphore::new(half)));
            (Some(Arc::clone(own)), half)
        } else {
            (None, self.total)
        };
        (own, permits.min(u32::try_from(most).unwrap_or(u32::MAX)))
    }
}

impl Permit {
    /// Gives back what is more than so many.
    pub fn shrink(&mut self, permits: u32) {
        for held in self.own.iter_mut().chain([&mut self.all]) {
            let surplus = held.num_permits().saturating_sub(permits as usize);
            drop(held.split(surplus));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use super::*;
    use crate::keys::Role;

    fn caller(tenant: &str, key: &str) -> Caller {
        Caller { tenant: Tenant::read(tenant).unwrap(), key: key.into(), role: Role::Tenant }
    }

    #[tokio::test]
    async fn a_tenant_has_at_most_half() {
        let (quota, ann, bob) = (Quota::new(4), caller("ann", "key_1"), caller("bob", "key_2"));
        let held = [quota.try_acquire(&ann).unwrap(), quota.try_acquire(&ann).unwrap()];
        assert!(quota.try_acquire(&ann).is_none());
        let mut all = quota.acquire(&bob, 9).await.unwrap();
        assert!(quota.try_acquire(&bob).is_none());
        all.shrink(1);
        assert!(quota.try_acquire(&bob).is_some());
        drop(held);
        assert!(quota.try_acquire(&ann).is_some());
    }

    #[tokio::test]
    async fn who_waits_for_their_own_keeps_nobody_waiting() {
        let (quota, ann, bob) = (Quota::new(2), caller("ann", "key_1"), caller("bob", "key_2"));
        let held = quota.acquire(&ann, 1).await.unwrap();
        let mut waiting = Box::pin(quota.acquire(&ann, 1));
        assert!(futures_poll(&mut waiting).is_none());
        assert!(quota.acquire(&bob, 1).await.is_some());
        drop(held);
        assert!(waiting.await.is_some());
    }

    #[tokio::test]
    async fn without_keys_there_is_one_tenant_which_has_all() {
        let (quota, own) = (Quota::new(3), caller("default", Caller::WITHOUT_KEY));
        assert!(quota.acquire(&own, 9).await.is_some());
        let _held =
            [quota.try_acquire(&own).unwrap(), quota.try_acquire(&own).unwrap(), quota.try_acquire(&own).unwrap()];
        assert!(quota.try_acquire(&own).is_none());
    }

    fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
