//! How many permits may a tenant hold at once? At most half of them, so that no tenant can starve the others. A server
//! without keys has only one tenant, which may hold all.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::keys::Caller;
use crate::tenant::Tenant;

/// A number of permits, shared among tenants. Waiting requests are served in order, but a tenant that has used up its own
/// share does not block other tenants.
pub struct Quota {
    total: usize,
    all: Arc<Semaphore>,
    /// One for each tenant that has sent a request with a key.
    tenants: Mutex<HashMap<Tenant, Arc<Semaphore>>>,
}

/// Permits of a tenant, returned on drop.
pub struct Permit {
    own: Option<OwnedSemaphorePermit>,
    all: OwnedSemaphorePermit,
}

impl Quota {
    pub fn new(total: usize) -> Self {
        let total = total.clamp(1, Semaphore::MAX_PERMITS);
        Self { total, all: Arc::new(Semaphore::new(total)), tenants: Mutex::default() }
    }

    /// Waits for this many permits, capped at the tenant's share.
    pub async fn acquire(&self, caller: &Caller, permits: u32) -> Option<Permit> {
        let (own, permits) = self.share(caller, permits);
        let own = match own {
            Some(own) => Some(own.acquire_many_owned(permits).await.ok()?),
            None => None,
        };
        let all = Arc::clone(&self.all).acquire_many_owned(permits).await.ok()?;
        Some(Permit { own, all })
    }

    /// Takes one permit if it is available now.
    pub fn try_acquire(&self, caller: &Caller) -> Option<Permit> {
        let own = match self.share(caller, 1).0 {
            Some(own) => Some(own.try_acquire_owned().ok()?),
            None => None,
        };
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Permit { own, all })
    }

    /// Waits until all permits have been returned.
    pub async fn idle(&self) {
        let _ = self.all.acquire_many(u32::try_from(self.total).unwrap_or(u32::MAX)).await;
    }

    fn share(&self, caller: &Caller, permits: u32) -> (Option<Arc<Semaphore>>, u32) {
        let (own, max) = if caller.has_key() {
            let half = (self.total / 2).max(1);
            let mut tenants = self.tenants.lock();
            let own = tenants.entry(caller.tenant.clone()).or_insert_with(|| Arc::new(Semaphore::new(half)));
            (Some(Arc::clone(own)), half)
        } else {
            (None, self.total)
        };
        (own, permits.min(u32::try_from(max).unwrap_or(u32::MAX)))
    }
}

impl Permit {
    /// Returns all but this many permits.
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
    async fn a_tenant_holds_at_most_half_of_the_permits() {
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
    async fn a_tenant_that_waits_for_its_own_share_does_not_block_others() {
        let (quota, ann, bob) = (Quota::new(2), caller("ann", "key_1"), caller("bob", "key_2"));
        let held = quota.acquire(&ann, 1).await.unwrap();
        let mut waiting = Box::pin(quota.acquire(&ann, 1));
        assert!(poll_once(&mut waiting).is_none());
        assert!(quota.acquire(&bob, 1).await.is_some());
        drop(held);
        assert!(waiting.await.is_some());
    }

    #[tokio::test]
    async fn without_keys_the_only_tenant_may_hold_all_permits() {
        let (quota, own) = (Quota::new(3), caller("default", Caller::WITHOUT_KEY));
        assert!(quota.acquire(&own, 9).await.is_some());
        let _held =
            [quota.try_acquire(&own).unwrap(), quota.try_acquire(&own).unwrap(), quota.try_acquire(&own).unwrap()];
        assert!(quota.try_acquire(&own).is_none());
    }

    fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
