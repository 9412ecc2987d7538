//! Does every long read end when it is cancelled?

use openmemory_engine::{Engine, Options};
use openmemory_rules::contract::Control;
use serde_json::json;

use openmemory_domain::request::{History, List, NewMemory, Search, Watch};
use openmemory_embedding::TestEmbedder;

#[tokio::test]
async fn every_kind_of_read_ends_when_it_is_cancelled() {
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
            ("entities", engine.entities(control).err()),
            ("count", engine.count_matching(Some(&filter), openmemory_domain::Shown::default(), control).err()),
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
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["store"], "nothing is left of the backup");
    for (name, error) in ends(&Control::default()) {
        assert!(error.is_none(), "{name}: {error:?}");
    }
}
