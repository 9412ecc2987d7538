//! How are the threads that read shared out? Among tenants, and between those who read little and those who walk through
//! a store: whoever asks for one memory never waits for walks, and no tenant has all threads.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use openmemory_rules::Error;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn;
use tracing::Instrument;

use crate::tenant::Tenant;

/// How much does a read look at?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadKind {
    /// A few memories, or the index: it takes milliseconds.
    Point,
    /// Perhaps all that the store holds.
    Scan,
}

/// Places on threads. Each kind has its own.
pub struct Readers {
    places: ConcurrencyLimit,
    /// Of each kind.
    count: usize,
    /// A tenant's part of them.
    share: usize,
    tenants: Mutex<HashMap<Tenant, Weak<Share>>>,
}

#[derive(Clone)]
struct ConcurrencyLimit {
    points: Arc<Semaphore>,
    scans: Arc<Semaphore>,
}

/// The places of one tenant.
pub struct Share {
    own: ConcurrencyLimit,
    all: ConcurrencyLimit,
}

impl Readers {
    /// So many at once of each kind, half of them for one tenant.
    pub fn new(threads: usize) -> Self {
        let count = threads.max(1);
        Self { places: ConcurrencyLimit::new(count), count, share: count.div_ceil(2), tenants: Mutex::default() }
    }

    /// Returns when nobody reads: a read that nobody waits for any more holds its store until it notices.
    pub async fn idle(&self) {
        let all = u32::try_from(self.count).unwrap_or(u32::MAX);
        for places in [&self.places.points, &self.places.scans] {
            let _ = places.acquire_many(all).await;
        }
    }

    pub fn share(&self, tenant: &Tenant) -> Arc<Share> {
        let mut tenants = self.tenants.lock();
        if let Some(share) = tenants.get(tenant).and_then(Weak::upgrade) {
            return share;
        }
        tenants.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Share { own: ConcurrencyLimit::new(self.share), all: self.places.clone() });
        tenants.insert(tenant.clone(), Arc::downgrade(&share));
        share
    }
}

impl ConcurrencyLimit {
    fn new(count: usize) -> Self {
        Self { points: Arc::new(Semaphore::new(count)), scans: Arc::new(Semaphore::new(count)) }
    }

    async fn take(&self, kind: ReadKind) -> Result<OwnedSemaphorePermit, Error> {
        let places = match kind {
            ReadKind::Point => &self.points,
            ReadKind::Scan => &self.scans,
        };
        Arc::clone(places).acquire_owned().await.map_err(|_| Error::Closed)
    }
}

impl Share {
    /// Runs a read, in turn. Whoever is dropped while waiting has no turn; a read that has begun keeps its place until
    /// it ends, also when nobody waits for it any more.
    pub async fn run<T: Send + 'static>(
        &self,
        kind: ReadKind,
        read: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        // One's own first: before the other tenants stand as many of this one as it may have, and no more.
        let places = (self.own.take(kind).await?, self.all.take(kind).await?);
        let read = async move {
            let _places = places;
            read.await
        };
        spawn(read.in_current_span()).await.unwrap_or(Err(Error::Internal("a call panicked")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use std::sync::mpsc;

    use tokio::task::JoinHandle;

    use super::*;
    use crate::blocking::blocking;

    /// Reads that have begun and go on until told.
    struct Held {
        end: Vec<mpsc::Sender<()>>,
        reads: Vec<JoinHandle<Result<(), Error>>>,
    }

    async fn hold(share: &Arc<Share>, kind: ReadKind, count: usize) -> Held {
        let mut held = Held { end: Vec::new(), reads: Vec::new() };
        for _ in 0..count {
            let (end, wait) = mpsc::channel();
            let (begun, begins) = tokio::sync::oneshot::channel();
            let share = Arc::clone(share);
            held.end.push(end);
            held.reads.push(spawn(async move {
                let work = move || {
                    begun.send(()).unwrap();
                    // An error when the sender is gone: that ends it too.
                    let _ = wait.recv();
                    Ok(())
                };
                share.run(kind, blocking(work)).await
            }));
            begins.await.unwrap();
        }
        held
    }

    fn tenant(name: &str) -> Tenant {
        Tenant::read(name).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_tenant_has_half_of_the_places_and_another_finds_the_rest() {
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
    async fn reading_one_memory_never_waits_for_those_who_read_all() {
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
    async fn a_place_is_free_when_the_work_has_ended_and_not_when_it_is_no_longer_waited_for() {
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
    async fn nobody_reads_when_the_last_work_has_ended() {
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
    fn who_has_gone_is_forgotten() {
        let readers = Readers::new(8);
        for n in 0..100 {
            readers.share(&tenant(&format!("t{n}")));
        }
        assert_eq!(readers.tenants.lock().len(), 1);
        let acme = readers.share(&tenant("acme"));
        assert!(Arc::ptr_eq(&acme, &readers.share(&tenant("acme"))));
    }
}
