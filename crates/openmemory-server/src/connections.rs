//! Which connections are open, and which one makes room for a new one? One that has shown no key, the oldest first, or
//! else one that waits for its next request, the longest unused first. Never one with a request that was let in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

pub struct Connections {
    places: Arc<Semaphore>,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
}

/// One connection, as its requests and whoever ends it see it.
pub struct Connection {
    usage: Mutex<Usage>,
    end: Notify,
}

struct Usage {
    /// Whether a request of it was ever let in.
    known: bool,
    /// Requests of it that are under way or not sent yet.
    under_way: usize,
    /// When a request last ended, or it was opened.
    since: Instant,
    /// Whether it has to make room: no request is let in any more.
    ending: bool,
}

/// An open connection's place; it is free again when this is dropped.
pub struct Seat {
    pub connection: Arc<Connection>,
    connections: Arc<Connections>,
    number: u64,
    _place: OwnedSemaphorePermit,
}

impl Connections {
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
            open: Mutex::default(),
        })
    }

    /// Takes a place for connection `number`; when all are taken, another connection has to go.
    pub async fn seat(self: &Arc<Self>, number: u64) -> Option<Seat> {
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                if let Some(connection) = self.dispensable() {
                    connection.end.notify_one();
                }
                Arc::clone(&self.places).acquire_owned().await.ok()?
            }
        };
        let usage = Usage { known: false, under_way: 0, since: Instant::now(), ending: false };
        let connection = Arc::new(Connection { usage: Mutex::new(usage), end: Notify::new() });
        self.open.lock().insert(number, Arc::clone(&connection));
        Some(Seat { connection, connections: Arc::clone(self), number, _place: place })
    }

    fn dispensable(&self) -> Option<Arc<Connection>> {
        let open = self.open.lock();
        let order = |connection: &Arc<Connection>| {
            let usage = connection.usage.lock();
            (usage.under_way == 0).then_some((usage.known, usage.since))
        };
        let found = open.values().filter_map(|connection| Some((order(connection)?, connection)));
        let found = found.min_by_key(|(order, _)| *order).map(|(_, connection)| Arc::clone(connection))?;
        let mut usage = found.usage.lock();
        // Unless a request has come in this moment.
        usage.ending = usage.under_way == 0;
        let ends = usage.ending;
        drop(usage);
        ends.then_some(found)
    }
}

impl Connection {
    /// Returns when the connection has to make room.
    pub async fn ended(&self) {
        self.end.notified().await;
    }

    /// Keeps the connection from being ended until the result is dropped; none where it is ending already.
    pub fn in_use(self: &Arc<Self>) -> Option<InUse> {
        let mut usage = self.usage.lock();
        if usage.ending {
            return None;
        }
        usage.known = true;
        usage.under_way += 1;
        drop(usage);
        Some(InUse(Arc::clone(self)))
    }
}

pub struct InUse(Arc<Connection>);

impl Drop for InUse {
    fn drop(&mut self) {
        let mut usage = self.0.usage.lock();
        usage.under_way -= 1;
        usage.since = Instant::now();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.connections.open.lock().remove(&self.number);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_showed_no_key_goes_first_and_who_is_served_never() {
        let connections = Connections::new(4);
        let mut seats = Vec::new();
        for number in 0..4 {
            seats.push(connections.seat(number).await.unwrap());
        }
        let served = seats[0].connection.in_use().unwrap();
        for idle in [1, 3] {
            drop(seats[idle].connection.in_use().unwrap());
        }
        for expected in [2, 1, 3] {
            let gone = connections.dispensable().unwrap();
            let at = seats.iter().position(|seat| Arc::ptr_eq(&seat.connection, &gone)).unwrap();
            assert!(gone.in_use().is_none());
            assert_eq!(seats.remove(at).number, expected);
        }
        assert!(connections.dispensable().is_none());
        drop(served);
        assert!(connections.dispensable().is_some());
    }
}
