//! How is a store upgraded whose rows are of an earlier version? When it is opened, before anything else.

use openmemory_calls::index_text::words;
use openmemory_index::Terms;
use openmemory_rules::{Error, Number, Words};
use openmemory_storage::{Indexed, Store, Transaction, Unindexed};

/// Memories per commit.
const CHUNK: usize = 256;

/// Gives every memory the rows that the index needs; blocks. An interrupted upgrade goes on where it stopped.
pub(crate) fn upgrade(store: &Store) -> Result<(), Error> {
    let total = store.count()?;
    let done = Indexed { words: Terms::VERSION, next: None };
    let found = store.indexed()?;
    if total == 0 || found == Some(done) {
        return Ok(());
    }
    let from = found.filter(|found| found.words == Terms::VERSION).and_then(|found| found.next).unwrap_or(Number(0));
    tracing::info!(total, from = from.0, "the store is upgraded");
    let (mut chunk, mut upgraded) = (Vec::with_capacity(CHUNK), 0);
    for memory in store.unindexed(from) {
        chunk.push(memory?);
        if chunk.len() == CHUNK {
            upgraded += CHUNK;
            commit(store, std::mem::take(&mut chunk), None)?;
            tracing::debug!(upgraded, total, "the store is upgraded");
        }
    }
    commit(store, chunk, Some(done))
}

/// `end` says that all memories are done.
fn commit(store: &Store, chunk: Vec<Unindexed>, end: Option<Indexed>) -> Result<(), Error> {
    let next = chunk.last().map(|last| Number(last.number.0 + 1));
    let mark = end.unwrap_or(Indexed { words: Terms::VERSION, next });
    let words: Vec<Words> = chunk.iter().map(|memory| words(&memory.text)).collect();
    let work = move |transaction: &mut Transaction<'_>| -> Result<(), Error> {
        for (memory, words) in chunk.iter().zip(&words) {
            transaction.upgrade(memory, words)?;
        }
        Ok(transaction.put_indexed(&mark)?)
    };
    store.commit_blocking(work).map_err(Error::from)?
}
