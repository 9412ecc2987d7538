//! How does a caller observe and cancel a long call?

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
    /// Calls `progress` with the number of items done and the total.
    pub fn new(progress: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Self { progress: Some(Box::new(progress)), ..Self::default() }
    }

    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Fails with [`Error::Aborted`] once cancelled. Reads call it for every row.
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
