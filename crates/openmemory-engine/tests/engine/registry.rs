//! Can one directory be opened while another is still opening?

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use openmemory_engine::{Options, Registry};
use openmemory_storage::Durability;

use crate::support::options;

#[test]
fn a_directory_that_opens_slowly_does_not_block_others() {
    let [slow, quick] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let registry = Arc::new(Registry::default());
    let (entered, is_opening) = channel();
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let recover = move || -> Box<dyn Send> {
        entered.send(()).unwrap();
        held.lock().unwrap().recv().unwrap();
        Box::new(())
    };
    let opening = {
        let registry = Arc::clone(&registry);
        let options = Options { while_opening: Some(Arc::new(recover)), ..options(slow.path(), Durability::Flush) };
        thread::spawn(move || registry.open(options, "test").map(|directory| registry.release(directory)))
    };
    is_opening.recv().unwrap();
    let (done, ended) = channel();
    let options = options(quick.path(), Durability::Flush);
    thread::spawn(move || {
        let opened = registry.open(options, "test").unwrap();
        registry.release(opened).unwrap();
        done.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(!opening.is_finished());
    release.send(()).unwrap();
    opening.join().unwrap().unwrap().unwrap();
}
