//! Which job is next? One of the client that has been served least, however many jobs another has queued.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Every n-th job of a client is taken from its bulk jobs first, so that they never starve.
const BULK_INTERVAL: usize = 4;

/// A client counts as active for so long after its last job.
pub(crate) const ACTIVE: Duration = Duration::from_secs(1);

/// Whether a caller waits for this text alone, or it is part of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    Interactive,
    Bulk,
}

/// A queue that shares the time of its threads equally among the clients that have jobs. While several are active, none
/// of them has all threads, so that a single text of another does not wait for a passage that has begun.
///
/// Start-time fair queueing (Goyal, Vin and Cheng, 1996): a client that was idle starts at the current virtual time, so
/// that it neither waits for what others have taken before, nor saves up time for later.
pub(crate) struct FairQueue<J> {
    /// How many a client may have running while others are active.
    share: usize,
    waiting: BTreeMap<u64, Jobs<J>>,
    served: HashMap<u64, Served>,
    /// The virtual time: when the job that was taken last starts.
    now: Duration,
}

struct Jobs<J> {
    interactive: VecDeque<J>,
    bulk: VecDeque<J>,
    taken: usize,
}

/// What a client has received.
struct Served {
    running: usize,
    /// The virtual time that its finished jobs reach.
    until: Duration,
    last: Instant,
}

impl<J> FairQueue<J> {
    /// A queue of this many threads.
    pub(crate) fn new(threads: usize) -> Self {
        let share = threads.saturating_sub(1).max(1);
        Self { share, waiting: BTreeMap::new(), served: HashMap::new(), now: Duration::ZERO }
    }

    pub(crate) fn push(&mut self, client: u64, priority: Priority, job: J) {
        let jobs = self.waiting.entry(client).or_default();
        match priority {
            Priority::Interactive => jobs.interactive.push_back(job),
            Priority::Bulk => jobs.bulk.push_back(job),
        }
    }

    /// The next job and its client, of which [`done`](Self::done) has to be told. `None` if there is none, or if the
    /// client of each has its share while others are active.
    pub(crate) fn pop(&mut self, at: Instant) -> Option<(u64, J)> {
        let may = |client: &&u64| self.running(**client) < self.share || !self.others_are_active(**client, at);
        let client = *self.waiting.keys().filter(may).min_by_key(|client| self.place(**client))?;
        let jobs = self.waiting.get_mut(&client)?;
        let job = jobs.pop()?;
        if jobs.is_empty() {
            self.waiting.remove(&client);
        }
        let served = self.served.entry(client).or_insert(Served { running: 0, until: self.now, last: at });
        served.until = served.until.max(self.now);
        served.running += 1;
        self.now = served.until;
        Some((client, job))
    }

    /// A job has ended after this time.
    pub(crate) fn done(&mut self, client: u64, took: Duration, at: Instant) {
        if let Some(served) = self.served.get_mut(&client) {
            served.running = served.running.saturating_sub(1);
            served.until += took;
            served.last = at;
        }
        // Whoever is neither active nor ahead of the others is as good as new.
        self.served.retain(|_, served| served.is_active(at) || served.until > self.now);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn running(&self, client: u64) -> usize {
        self.served.get(&client).map_or(0, |served| served.running)
    }

    fn others_are_active(&self, client: u64, at: Instant) -> bool {
        self.served.iter().any(|(other, served)| *other != client && served.is_active(at))
    }

    /// Clients with fewer running jobs come first, and of those who started earliest.
    fn place(&self, client: u64) -> (usize, Duration) {
        self.served.get(&client).map_or((0, self.now), |served| (served.running, served.until.max(self.now)))
    }
}

impl Served {
    fn is_active(&self, at: Instant) -> bool {
        self.running > 0 || at.saturating_duration_since(self.last) < ACTIVE
    }
}

impl<J> Default for Jobs<J> {
    fn default() -> Self {
        Self { interactive: VecDeque::new(), bulk: VecDeque::new(), taken: 0 }
    }
}

impl<J> Jobs<J> {
    fn pop(&mut self) -> Option<J> {
        self.taken += 1;
        let [first, second] = match self.taken.is_multiple_of(BULK_INTERVAL) {
            true => [&mut self.bulk, &mut self.interactive],
            false => [&mut self.interactive, &mut self.bulk],
        };
        first.pop_front().or_else(|| second.pop_front())
    }

    fn is_empty(&self) -> bool {
        self.interactive.is_empty() && self.bulk.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A_WHILE: Duration = Duration::from_millis(10);

    /// Takes all jobs one after another. Each takes as many times a while as `cost` says.
    fn drain(queue: &mut FairQueue<&'static str>, cost: impl Fn(&str) -> u32) -> Vec<&'static str> {
        let now = Instant::now();
        let next = move || {
            let (client, job) = queue.pop(now)?;
            queue.done(client, A_WHILE * cost(job), now);
            Some(job)
        };
        std::iter::from_fn(next).collect()
    }

    fn push(queue: &mut FairQueue<&'static str>, client: u64, priority: Priority, jobs: &[&'static str]) {
        jobs.iter().for_each(|job| queue.push(client, priority, job));
    }

    #[test]
    fn clients_take_turns_in_the_order_of_their_jobs() {
        let mut queue = FairQueue::new(1);
        push(&mut queue, 1, Priority::Interactive, &["a1", "a2", "a3", "a4"]);
        push(&mut queue, 2, Priority::Interactive, &["b1", "b2"]);
        push(&mut queue, 3, Priority::Interactive, &["c1"]);
        assert_eq!(drain(&mut queue, |_| 1), ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
    }

    #[test]
    fn clients_get_equal_time_and_not_equal_numbers_of_jobs() {
        let mut queue = FairQueue::new(1);
        push(&mut queue, 1, Priority::Interactive, &["long1", "long2"]);
        push(&mut queue, 2, Priority::Interactive, &["s1", "s2", "s3", "s4"]);
        assert_eq!(
            drain(&mut queue, |job| if job.starts_with("long") { 3 } else { 1 }),
            ["long1", "s1", "s2", "s3", "long2", "s4"]
        );
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let (mut queue, now) = (FairQueue::new(1), Instant::now());
        push(&mut queue, 1, Priority::Interactive, &["a1", "a2", "a3", "a4", "a5", "a6"]);
        for _ in 0..3 {
            let (client, _) = queue.pop(now).unwrap();
            queue.done(client, A_WHILE, now);
        }
        push(&mut queue, 2, Priority::Interactive, &["b1", "b2", "b3"]);
        assert_eq!(drain(&mut queue, |_| 1), ["b1", "a4", "b2", "a5", "b3", "a6"]);
        queue.done(1, A_WHILE, now + 2 * ACTIVE);
        assert!(queue.served.keys().eq(&[1]), "only those are remembered who are ahead");
    }

    #[test]
    fn a_thread_stays_free_for_others_while_they_are_active() {
        let (mut queue, now) = (FairQueue::new(2), Instant::now());
        push(&mut queue, 1, Priority::Interactive, &["a1", "a2", "a3", "a4", "a5"]);
        assert_eq!(queue.pop(now), Some((1, "a1")));
        assert_eq!(queue.pop(now), Some((1, "a2")), "alone it has all threads");
        push(&mut queue, 2, Priority::Interactive, &["b1"]);
        queue.done(1, A_WHILE, now);
        assert_eq!(queue.pop(now), Some((2, "b1")));
        queue.done(2, A_WHILE, now);
        assert_eq!(queue.pop(now), None, "the other one may come back");
        assert!(!queue.is_empty());
        assert_eq!(queue.pop(now + ACTIVE), Some((1, "a3")));
    }

    #[test]
    fn a_single_thread_serves_everybody() {
        let (mut queue, now) = (FairQueue::new(1), Instant::now());
        push(&mut queue, 1, Priority::Interactive, &["a1", "a2"]);
        push(&mut queue, 2, Priority::Interactive, &["b1"]);
        for expected in ["a1", "b1", "a2"] {
            let (client, job) = queue.pop(now).unwrap();
            assert_eq!(job, expected);
            queue.done(client, A_WHILE, now);
        }
    }

    #[test]
    fn single_texts_of_a_client_come_before_its_batches_which_never_starve() {
        let mut queue = FairQueue::new(1);
        push(&mut queue, 1, Priority::Bulk, &["bulk1", "bulk2"]);
        push(&mut queue, 1, Priority::Interactive, &["one", "two", "three", "four"]);
        assert_eq!(drain(&mut queue, |_| 1), ["one", "two", "three", "bulk1", "four", "bulk2"]);
    }
}
