//! Whose job is next? The clients take turns, however much one of them has queued.

use std::collections::VecDeque;

/// A queue of jobs in which each client that has any gets every n-th turn among n clients.
pub(crate) struct FairQueue<J> {
    /// Clients with jobs, the one whose turn it is first.
    clients: VecDeque<(u64, VecDeque<J>)>,
    len: usize,
}

impl<J> Default for FairQueue<J> {
    fn default() -> Self {
        Self { clients: VecDeque::new(), len: 0 }
    }
}

impl<J> FairQueue<J> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, client: u64, job: J) {
        self.len += 1;
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
        self.len -= usize::from(job.is_some());
        job
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_take_turns_and_each_ones_jobs_keep_their_order() {
        let mut queue = FairQueue::default();
        for job in ["a1", "a2", "a3", "a4"] {
            queue.push(1, job);
        }
        queue.push(2, "b1");
        queue.push(3, "c1");
        queue.push(2, "b2");
        assert_eq!(queue.len(), 7);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
        assert_eq!(queue.len(), 0);
    }
}
