//! How does the writer tell the checkpointer that the log has grown?

use std::sync::mpsc::SyncSender;

/// Tells the checkpoints that the log has grown.
#[derive(Clone)]
pub(crate) struct CheckpointSignal(SyncSender<()>);

impl CheckpointSignal {
    pub(crate) fn new(sender: SyncSender<()>) -> Self {
        Self(sender)
    }

    pub(crate) fn segment_is_full(&self) {
        // One waiting call is enough.
        let _ = self.0.try_send(());
    }
}
