//! Which connections are open, and which one is evicted for a new one? First the oldest unauthenticated connection, then
//! the least recently used idle one. A connection with an admitted request is never evicted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Notify;

pub struct Connections {
    max: usize,
    /// All connections that have not been evicted.
    open: Mutex<HashMap<u64, Arc<Connection>>>,
}

/// One connection, shared by its requests and its task.
pub struct Connection {
    usage: Mutex<Usage>,
    evict: Notify,
}

struct Usage {
    /// Whether it ever had an admitted request.
    authenticated: bool,
    /// Admitted requests whose responses have not been sent.
    in_flight: usize,
    /// When the last request ended, or the connection was opened.
    last_used: Instant,
    /// Whether it is being evicted. If so, it admits no requests.
    evicted: bool,
}

/// The slot of an open connection, freed on drop.
pub struct Slot {
    pub connection: Arc<Connection>,
    connections: Arc<Connections>,
    number: u64,
}

impl Connections {
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max: max.max(1), open: Mutex::default() })
    }

    /// A slot for connection `number`. If all are taken, evicts another connection; none if that is impossible. Never
    /// waits, since the operating system drops connections if the accept loop stalls.
    pub fn open(self: &Arc<Self>, number: u64) -> Option<Slot> {
        let mut open = self.open.lock();
        if open.len() >= self.max {
            let victim = evict_one(&open)?;
            open.remove(&victim)?.evict.notify_one();
        }
        let usage = Usage { authenticated: false, in_flight: 0, last_used: Instant::now(), evicted: false };
        let connection = Arc::new(Connection { usage: Mutex::new(usage), evict: Notify::new() });
        open.insert(number, Arc::clone(&connection));
        drop(open);
        Some(Slot { connection, connections: Arc::clone(self), number })
    }
}

/// Marks the best connection to evict, if any, so that it admits no more requests.
fn evict_one(open: &HashMap<u64, Arc<Connection>>) -> Option<u64> {
    let order = |(_, connection): &(&u64, &Arc<Connection>)| {
        let usage = connection.usage.lock();
        (usage.in_flight == 0).then_some((usage.authenticated, usage.last_used))
    };
    loop {
        let idle = open.iter().filter_map(|one| Some((order(&one)?, one)));
        let (number, connection) = idle.min_by_key(|(order, _)| *order)?.1;
        let mut usage = connection.usage.lock();
        // A request may have been admitted since the scan.
        if usage.in_flight == 0 {
            usage.evicted = true;
            return Some(*number);
        }
    }
}

impl Connection {
    /// Waits until the connection is evicted.
    pub async fn evicted(&self) {
        self.evict.notified().await;
    }

    /// Protects the connection from eviction until the guard is dropped. None if it is already being evicted.
    pub fn in_use(self: &Arc<Self>) -> Option<InUse> {
        let mut usage = self.usage.lock();
        if usage.evicted {
            return None;
        }
        usage.authenticated = true;
        usage.in_flight += 1;
        drop(usage);
        Some(InUse(Arc::clone(self)))
    }
}

pub struct InUse(Arc<Connection>);

impl Drop for InUse {
    fn drop(&mut self) {
        let mut usage = self.0.usage.lock();
        usage.in_flight -= 1;
        usage.last_used = Instant::now();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.open.lock().remove(&self.number);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use super::*;

    #[test]
    fn unauthenticated_connections_are_evicted_first_and_busy_ones_never() {
        let connections = Connections::new(4);
        let mut slots: Vec<Slot> = (0..4).map(|number| connections.open(number).unwrap()).collect();
        let busy = [slots[0].connection.in_use().unwrap(), slots[3].connection.in_use().unwrap()];
        drop(slots[1].connection.in_use().unwrap());
        for (new, evicted) in [(4, 2), (5, 4), (6, 5)] {
            slots.push(connections.open(new).unwrap());
            let evicted = slots.iter().find(|slot| slot.number == evicted).unwrap();
            assert!(evicted.connection.in_use().is_none());
            assert_eq!(connections.open.lock().len(), 4);
        }
        let newest = slots.last().unwrap().connection.in_use().unwrap();
        slots.push(connections.open(7).unwrap());
        assert!(slots[1].connection.in_use().is_none(), "an idle authenticated connection can be evicted");
        let last = slots.last().unwrap().connection.in_use().unwrap();
        assert!(connections.open(8).is_none());
        drop((busy, newest, last));
        assert!(connections.open(8).is_some());
    }

    #[tokio::test]
    async fn an_evicted_connection_is_notified_and_frees_its_slot_once() {
        let connections = Connections::new(1);
        let first = connections.open(1).unwrap();
        let _second = connections.open(2).unwrap();
        first.connection.evicted().await;
        drop(first);
        assert_eq!(connections.open.lock().len(), 1);
    }
}
