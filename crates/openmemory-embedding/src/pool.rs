//! Where are texts embedded? On threads that all stores with the same model share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::job_queue::JobQueue;
use crate::pool_client::PoolClient;

/// Embedding threads for any number of [clients](PoolClient), which are served fairly.
///
/// Dropping the pool closes it.
pub struct EmbeddingPool {
    queue: Arc<JobQueue>,
    next_client: AtomicU64,
}

impl EmbeddingPool {
    /// Starts `threads` threads; by default one per available processor.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn new(threads: Option<usize>) -> std::io::Result<Self> {
        let processors = thread::available_parallelism().map_or(1, Into::into);
        let threads = threads.unwrap_or(processors).max(1);
        let pool = Self { queue: Arc::new(JobQueue::new(threads)), next_client: AtomicU64::new(0) };
        for number in 0..threads {
            let queue = pool.queue.clone();
            let started = thread::Builder::new().name(format!("openmemory-embed-{number}")).spawn(move || queue.work());
            if let (0, Err(error)) = (number, started) {
                return Err(error);
            }
        }
        Ok(pool)
    }

    /// A new client, for one store.
    pub fn client(&self) -> PoolClient {
        PoolClient::new(self.queue.clone(), self.next_client.fetch_add(1, Ordering::Relaxed))
    }

    /// Rejects new work. The threads finish queued jobs and then exit; this does not wait for them.
    pub fn close(&self) {
        self.queue.close();
    }
}

impl Drop for EmbeddingPool {
    fn drop(&mut self) {
        self.close();
    }
}
