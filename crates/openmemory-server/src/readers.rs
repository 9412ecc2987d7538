//! How are concurrent reads shared among tenants? Point reads and scans have separate permits, so that reading one memory
//! never waits for a scan. Of either kind, a tenant holds at most half.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use openmemory_rules::Error;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::spawn;
use tracing::Instrument;

use crate::tenant::Tenant;

/// How much a read may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadKind {
    /// A few memories, or the index; takes milliseconds.
    Point,
    /// Up to the whole store.
    Scan,
}

/// The read permits of a server, separate for each kind of read.
pub struct Readers {
    permits: Semaphores,
    /// Permits of each kind.
    count: usize,
    /// Permits of each kind for one tenant.
    share: usize,
    tenants: Mutex<HashMap<Tenant, Weak<Share>>>,
}

#[derive(Clone)]
struct Semaphores {
    points: Arc<Semaphore>,
    scans: Arc<Semaphore>,
}

/// The permits of one tenant.
pub struct Share {
    own: Semaphores,
    all: Semaphores,
}

impl Readers {
    /// Allows `count` concurrent reads of each kind, half of them for one tenant.
    pub fn new(count: usize) -> Self {
        let count = count.max(1);
        Self { permits: Semaphores::new(count), count, share: count.div_ceil(2), tenants: Mutex::default() }
    }

    /// Waits until no read is running. A read whose caller has gone holds its store until it notices the cancellation.
    pub async fn idle(&self) {
        let all = u32::try_from(self.count).unwrap_or(u32::MAX);
        for semaphore in [&self.permits.points, &self.permits.scans] {
            let _ = semaphore.acquire_many(all).await;
        }
    }

    pub fn share(&self, tenant: &Tenant) -> Arc<Share> {
        let mut tenants = self.tenants.lock();
        if let Some(share) = tenants.get(tenant).and_then(Weak::upgrade) {
            return share;
        }
        tenants.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Share { own: Semaphores::new(self.share), all: self.permits.clone() });
        tenants.insert(tenant.clone(), Arc::downgrade(&share));
        share
    }
}

impl Semaphores {
    fn new(count: usize) -> Self {
        Self { points: Arc::new(Semaphore::new(count)), scans: Arc::new(Semaphore::new(count)) }
    }

    async fn acquire(&self, kind: ReadKind) -> Result<OwnedSemaphorePermit, Error> {
        let semaphore = match kind {
            ReadKind::Point => &self.points,
            ReadKind::Scan => &self.scans,
        };
        Arc::clone(semaphore).acquire_owned().await.map_err(|_| Error::Closed)
    }
}

impl Share {
    /// Waits for a permit and runs a read. Dropping the future while it waits cancels the read. A read that has started
    /// keeps its permit until it ends, even if its caller has gone.
    pub async fn run<T: Send + 'static>(
        &self,
        kind: ReadKind,
        read: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        // The tenant's own permit comes first, so that it never has more than its share in the common queue.
        let permits = (self.own.acquire(kind).await?, self.all.acquire(kind).await?);
        let (done, result) = oneshot::channel();
        // Of one type whatever it reads, as in [`blocking`](crate::blocking).
        let read: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            let _permits = permits;
            let _ = done.send(read.await);
        });
        spawn(read.in_current_span());
        result.await.unwrap_or(Err(Error::Internal("a call panicked")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use std::sync::mpsc;

    use tokio::task::JoinHandle;

    use super::*;
    use crate::blocking::blocking;

    /// Running reads that block until their sender is dropped.
    struct Held {
        end: Vec<mpsc::Sender<()>>,
        reads: Vec<JoinHandle<Result<(), Error>>>,
    }

    async fn hold(share: &Arc<Share>, kind: ReadKind, count: usize) -> Held {
        let mut held = Held { end: Vec::new(), reads: Vec::new() };
        for _ in 0..count {
            let (end, wait) = mpsc::channel();
            let (started, starts) = oneshot::channel();
            let share = Arc::clone(share);
            held.end.push(end);
            held.reads.push(spawn(async move {
                let work = move || {
                    started.send(()).unwrap();
                    // Returns an error once the sender is dropped.
                    let _ = wait.recv();
                    Ok(())
                };
                share.run(kind, blocking(work)).await
            }));
            starts.await.unwrap();
        }
        held
    }

    fn tenant(name: &str) -> Tenant {
        Tenant::read(name).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_tenant_holds_half_of_the_permits_and_leaves_the_rest_to_others() {
        let readers = Readers::new(4);
        let (acme, beta) = (readers.share(&tenant("acme")), readers.share(&tenant("beta")));
        let held = hold(&acme, ReadKind::Scan, 2).await;
        let more = spawn({
            let acme = Arc::clone(&acme);
            async move { acme.run(ReadKind::Scan, async { Ok(()) }).await }
        });
        beta.run(ReadKind::Scan, async { Ok(()) }).await.unwrap();
        acme.run(ReadKind::Point, async { Ok(()) }).await.unwrap();
        assert!(!more.is_finished());
        drop(held.end);
        more.await.unwrap().unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_point_read_never_waits_for_scans() {
        let readers = Readers::new(4);
        let names = ["acme", "beta"].map(|name| readers.share(&tenant(name)));
        let mut held = Vec::new();
        for share in &names {
            held.push(hold(share, ReadKind::Scan, 2).await);
        }
        for share in names.iter().chain([&readers.share(&tenant("third"))]) {
            share.run(ReadKind::Point, async { Ok(()) }).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_permit_is_returned_when_the_read_ends_and_not_when_its_caller_goes() {
        let readers = Readers::new(2);
        let acme = readers.share(&tenant("acme"));
        let held = hold(&acme, ReadKind::Scan, 1).await;
        held.reads.iter().for_each(JoinHandle::abort);
        for read in held.reads {
            assert!(read.await.unwrap_err().is_cancelled());
        }
        assert!(acme.own.scans.try_acquire().is_err());
        drop(held.end);
        acme.run(ReadKind::Scan, async { Ok(()) }).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn readers_are_idle_once_the_last_read_has_ended() {
        let readers = Arc::new(Readers::new(4));
        let held = hold(&readers.share(&tenant("acme")), ReadKind::Scan, 2).await;
        held.reads.iter().for_each(JoinHandle::abort);
        let idle = spawn({
            let readers = Arc::clone(&readers);
            async move { readers.idle().await }
        });
        readers.share(&tenant("beta")).run(ReadKind::Point, async { Ok(()) }).await.unwrap();
        assert!(!idle.is_finished());
        drop(held.end);
        idle.await.unwrap();
    }

    #[test]
    fn shares_without_users_are_removed() {
        let readers = Readers::new(8);
        for n in 0..100 {
            readers.share(&tenant(&format!("t{n}")));
        }
        assert_eq!(readers.tenants.lock().len(), 1);
        let acme = readers.share(&tenant("acme"));
        assert!(Arc::ptr_eq(&acme, &readers.share(&tenant("acme"))));
    }
}
