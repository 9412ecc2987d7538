//! How does a caller follow and stop long work?

use tokio::sync::watch;

use openmemory_rules::Error;

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
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() { Err(Error::Aborted) } else { Ok(()) }
    }

    /// Returns when [`Control::cancel`] is called.
    pub(super) async fn cancelled(&self) {
        let mut changes = self.cancelled.subscribe();
        if changes.wait_for(|cancelled| *cancelled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn report(&self, done: usize, total: usize) {
        if let Some(progress) = &self.progress {
            progress(done, total);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Engine, Options};
    use openmemory_domain::request::{History, List, NewMemory, Search, Watch};
    use openmemory_embedding::TestEmbedder;

    #[tokio::test]
    async fn a_read_that_nobody_waits_for_any_more_ends_whichever_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let embedder = std::sync::Arc::new(TestEmbedder);
        let engine = Engine::open(Options::new(directory.path().join("store"), embedder)).unwrap();
        engine.add(NewMemory::read(json!({ "id": "m", "content": "tea" })).unwrap()).await.unwrap();
        let nothing = json!({ "metadata.none": "x" });
        let filter = openmemory_domain::filter::parse(&nothing).unwrap();
        let search = Search::read(json!({ "query": "tea", "filters": nothing })).unwrap();
        let vector = engine.embed_query(&search).await.unwrap();
        let list = List::read(json!({ "filters": nothing })).unwrap();
        let past = Watch::read(json!({ "since": "2000-01-01" })).unwrap();
        let ends = |control: &Control| {
            [
                ("list", engine.list(&list, control).err()),
                ("search", engine.search(&search, &vector, control).err()),
                ("history", engine.history(&History::read(json!({ "id": "m" })).unwrap(), control).err()),
                ("holders", engine.holders(control).err()),
                ("count", engine.count_matching(Some(&filter), false, control).err()),
                ("delete", engine.ids_matching(Some(&filter), control).err()),
                ("watch", engine.watch(&past).unwrap().next(&engine, control, || {}).err()),
                ("export", engine.export(Some(&filter), control, &mut |_| Ok(())).err()),
                ("backup", engine.backup(&directory.path().join("backup"), control).err()),
            ]
        };
        let stopped = Control::default();
        stopped.cancel();
        for (name, error) in ends(&stopped) {
            assert_eq!(error.map(|error| error.code().as_str()), Some("ABORTED"), "{name}");
        }
        let left: Vec<_> =
            std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["store"], "nothing is left of the backup");
        for (name, error) in ends(&Control::default()) {
            assert!(error.is_none(), "{name}: {error:?}");
        }
    }
}
