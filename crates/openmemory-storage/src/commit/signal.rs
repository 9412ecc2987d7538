//! How does the writer wake the checkpointer?

use std::sync::mpsc::SyncSender;

/// Wakes the checkpointer after the log has grown.
#[derive(Clone)]
pub(crate) struct CheckpointSignal(SyncSender<()>);

impl CheckpointSignal {
    pub(crate) fn new(sender: SyncSender<()>) -> Self {
        Self(sender)
    }

    pub(crate) fn segment_is_full(&self) {
        // A pending signal is enough.
        let _ = self.0.try_send(());
    }
}
