//! Which connections are open, and which one makes room for a new one? One that has shown no key, the oldest first, or
//! else one that waits for its next request, the longest unused first. Never one with a request that was let in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Notify;

pub struct Connections {
    most: usize,
    /// All but those that have to make room.
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
}

impl Connections {
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), open: Mutex::default() })
    }

    /// A place for connection `number`; where all are taken, that of a connection which has to go. It waits for nothing:
    /// whoever accepts connections must not, since the system drops those that wait too long to be accepted.
    pub fn seat(self: &Arc<Self>, number: u64) -> Option<Seat> {
        let mut open = self.open.lock();
        if open.len() >= self.most {
            let gone = dispensable(&open)?;
            open.remove(&gone)?.end.notify_one();
        }
        let usage = Usage { known: false, under_way: 0, since: Instant::now(), ending: false };
        let connection = Arc::new(Connection { usage: Mutex::new(usage), end: Notify::new() });
        open.insert(number, Arc::clone(&connection));
        drop(open);
        Some(Seat { connection, connections: Arc::clone(self), number })
    }
}

/// The connection that can best be done without, if any; no request of it is let in from here on.
fn dispensable(open: &HashMap<u64, Arc<Connection>>) -> Option<u64> {
    let order = |(_, connection): &(&u64, &Arc<Connection>)| {
        let usage = connection.usage.lock();
        (usage.under_way == 0).then_some((usage.known, usage.since))
    };
    loop {
        let idle = open.iter().filter_map(|one| Some((order(&one)?, one)));
        let (number, connection) = idle.min_by_key(|(order, _)| *order)?.1;
        let mut usage = connection.usage.lock();
        // Unless a request has come in this moment.
        if usage.under_way == 0 {
            usage.ending = true;
            return Some(*number);
        }
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

    #[test]
    fn who_showed_no_key_goes_first_and_who_is_served_never() {
        let connections = Connections::new(4);
        let mut seats: Vec<Seat> = (0..4).map(|number| connections.seat(number).unwrap()).collect();
        let served = [seats[0].connection.in_use().unwrap(), seats[3].connection.in_use().unwrap()];
        drop(seats[1].connection.in_use().unwrap());
        for (new, gone) in [(4, 2), (5, 4), (6, 5)] {
            seats.push(connections.seat(new).unwrap());
            let gone = seats.iter().find(|seat| seat.number == gone).unwrap();
            assert!(gone.connection.in_use().is_none());
            assert_eq!(connections.open.lock().len(), 4);
        }
        let newest = seats.last().unwrap().connection.in_use().unwrap();
        seats.push(connections.seat(7).unwrap());
        assert!(seats[1].connection.in_use().is_none(), "it has shown a key, and waits for its next request");
        let last = seats.last().unwrap().connection.in_use().unwrap();
        assert!(connections.seat(8).is_none());
        drop((served, newest, last));
        assert!(connections.seat(8).is_some());
    }

    #[tokio::test]
    async fn who_has_to_go_is_told_and_frees_nothing_twice() {
        let connections = Connections::new(1);
        let first = connections.seat(1).unwrap();
        let _second = connections.seat(2).unwrap();
        first.connection.ended().await;
        drop(first);
        assert_eq!(connections.open.lock().len(), 1);
    }
}
