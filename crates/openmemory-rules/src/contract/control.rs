//! How does a caller follow and stop long work?

use tokio::sync::watch;

use crate::error::Error;

type Progress = Box<dyn Fn(usize, usize) + Send + Sync>;

/// Shared between a caller and one long call.
pub struct Control {
    cancelled: watch::Sender<bool>,
    progress: Option<Progress>,
}

impl Default for Control {
    fn default() -> Self {
        Self { cancelled: watch::Sender::new(false), progress: None }
    }
}

impl Control {
    /// `progress` is told how many of how many items are done.
    pub fn new(progress: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Self { progress: Some(Box::new(progress)), ..Self::default() }
    }

    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Whether work that changes nothing goes on; asked once for each row that it reads.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() { Err(Error::Aborted) } else { Ok(()) }
    }

    /// Returns when [`Control::cancel`] is called.
    pub async fn cancelled(&self) {
        let mut changes = self.cancelled.subscribe();
        if changes.wait_for(|cancelled| *cancelled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub fn report(&self, done: usize, total: usize) {
        if let Some(progress) = &self.progress {
            progress(done, total);
        }
    }
}
