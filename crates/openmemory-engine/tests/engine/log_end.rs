//! The end of the log may be damaged so that nothing of the last commit is left in it: that is noticed all the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use openmemory_domain::request::NewMemory;
use serde_json::json;

use crate::support::open;

fn log(directory: &Path) -> PathBuf {
    directory.join("log-0000000000000001")
}

/// The files as a kill leaves them, but for sled, which may have lost as much. The number of the last commit is noted
/// right after its answer.
fn killed(store: &Path, image: &Path) {
    std::thread::sleep(Duration::from_millis(50));
    fs::create_dir(image).unwrap();
    for name in ["manifest", "acknowledged", "log-0000000000000001"] {
        fs::copy(store.join(name), image.join(name)).unwrap();
    }
}

/// Behind the bytes that both have.
fn overwrite_behind(earlier: &Path, later: &Path) {
    let (before, mut bytes) = (fs::read(earlier).unwrap(), fs::read(later).unwrap());
    let from = before.iter().zip(&bytes).position(|(old, new)| old != new).unwrap();
    bytes[from..from + 8192].fill(0xa5);
    fs::write(later, bytes).unwrap();
}

#[tokio::test]
async fn a_commit_is_missed_whose_record_and_mark_are_overwritten_together() {
    let directory = tempfile::tempdir().unwrap();
    let [store, first, second, lost] = ["store", "first", "second", "lost"].map(|name| directory.path().join(name));
    let engine = open(&store).unwrap();
    for (id, image) in [("a", &first), ("b", &second)] {
        engine.add(NewMemory::read(json!({"id": id, "content": format!("About {id}.")})).unwrap()).await.unwrap();
        killed(&store, image);
    }
    killed(&store, &lost);
    drop(engine);
    assert_eq!(open(&second).unwrap().stats().unwrap().memories, 2);

    overwrite_behind(&log(&first), &log(&lost));
    let error = open(&lost).err().unwrap();
    assert_eq!(error.code().as_str(), "CORRUPTED", "{error}");
    assert!(error.to_string().contains("is damaged or missing"), "{error}");
}
