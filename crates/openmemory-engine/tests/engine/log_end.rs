//! Is a lost commit detected if the end of the log is damaged so that no trace of the commit is left in it?

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use openmemory_domain::request::NewMemory;
use serde_json::json;

use crate::support::open;

fn log(directory: &Path) -> PathBuf {
    directory.join("log-0000000000000001")
}

/// Copies the files as a kill leaves them, without sled, which may have lost as much. Waits first, because the number
/// of the last acknowledged commit is recorded just after the acknowledgement.
fn image_after_kill(store: &Path, image: &Path) {
    std::thread::sleep(Duration::from_millis(50));
    fs::create_dir(image).unwrap();
    for name in ["manifest", "acknowledged", "log-0000000000000001"] {
        fs::copy(store.join(name), image.join(name)).unwrap();
    }
}

/// Overwrites `later` after the bytes that it shares with `earlier`.
fn overwrite_end(earlier: &Path, later: &Path) {
    let (before, mut bytes) = (fs::read(earlier).unwrap(), fs::read(later).unwrap());
    let from = before.iter().zip(&bytes).position(|(old, new)| old != new).unwrap();
    bytes[from..from + 8192].fill(0xa5);
    fs::write(later, bytes).unwrap();
}

#[tokio::test]
async fn a_commit_whose_record_and_mark_are_both_overwritten_is_detected() {
    let directory = tempfile::tempdir().unwrap();
    let [store, first, second, lost] = ["store", "first", "second", "lost"].map(|name| directory.path().join(name));
    let engine = open(&store).unwrap();
    for (id, image) in [("a", &first), ("b", &second)] {
        engine.add(NewMemory::read(json!({"id": id, "content": format!("About {id}.")})).unwrap()).await.unwrap();
        image_after_kill(&store, image);
    }
    image_after_kill(&store, &lost);
    drop(engine);
    assert_eq!(open(&second).unwrap().stats().unwrap().memories, 2);

    overwrite_end(&log(&first), &log(&lost));
    let error = open(&lost).err().unwrap();
    assert_eq!(error.code().as_str(), "CORRUPTED", "{error}");
    assert!(error.to_string().contains("is damaged or missing"), "{error}");
}
