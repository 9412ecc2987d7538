//! Which job is next? Clients are served round robin, however many jobs one of them has queued.

use std::collections::VecDeque;

/// A queue of jobs with round-robin scheduling over the clients that have jobs.
pub(crate) struct FairQueue<J> {
    /// Clients with jobs, the next one to serve first.
    clients: VecDeque<(u64, VecDeque<J>)>,
}

impl<J> Default for FairQueue<J> {
    fn default() -> Self {
        Self { clients: VecDeque::new() }
    }
}

impl<J> FairQueue<J> {
    pub(crate) fn push(&mut self, client: u64, job: J) {
        match self.clients.iter_mut().find(|(id, _)| *id == client) {
            Some((_, jobs)) => jobs.push_back(job),
            None => self.clients.push_back((client, VecDeque::from([job]))),
        }
    }

    pub(crate) fn pop(&mut self) -> Option<J> {
        let (client, mut jobs) = self.clients.pop_front()?;
        let job = jobs.pop_front();
        if !jobs.is_empty() {
            self.clients.push_back((client, jobs));
        }
        job
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_served_round_robin_in_fifo_order() {
        let mut queue = FairQueue::default();
        for job in ["a1", "a2", "a3", "a4"] {
            queue.push(1, job);
        }
        queue.push(2, "b1");
        queue.push(3, "c1");
        queue.push(2, "b2");
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
    }
}
