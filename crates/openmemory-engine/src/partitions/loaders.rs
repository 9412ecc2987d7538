//! On which threads are partitions loaded? On some that stay: the allocator keeps pages for each thread, so that a thread
//! for each partition would leave several half-empty megabytes with it.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use parking_lot::{Condvar, Mutex};

/// So many large partitions must be loading before a small one waits for them.
const MAX_THREADS: usize = 32;

type Job = Box<dyn FnOnce() + Send>;

static LOADERS: Mutex<Loaders> = Mutex::new(Loaders { threads: 0, idle: 0, jobs: VecDeque::new() });
static JOB_WAITS: Condvar = Condvar::new();

/// The threads of the process, which all stores share.
struct Loaders {
    threads: usize,
    idle: usize,
    jobs: VecDeque<Job>,
}

/// Runs a job on an idle thread, or on a new one.
///
/// # Errors
/// There is no thread, and none could be started.
pub(super) fn run(job: Job) -> io::Result<()> {
    let mut loaders = LOADERS.lock();
    if loaders.jobs.len() >= loaders.idle && loaders.threads < MAX_THREADS {
        match thread::Builder::new().name("openmemory-index".into()).spawn(work) {
            // It takes the job, or an idle thread does.
            Ok(_) => loaders.threads += 1,
            Err(error) if loaders.threads == 0 => return Err(error),
            Err(_) => {}
        }
    }
    loaders.jobs.push_back(job);
    JOB_WAITS.notify_one();
    Ok(())
}

fn work() {
    let mut loaders = LOADERS.lock();
    loop {
        let Some(job) = loaders.jobs.pop_front() else {
            loaders.idle += 1;
            JOB_WAITS.wait(&mut loaders);
            loaders.idle -= 1;
            continue;
        };
        drop(loaders);
        let _ = catch_unwind(AssertUnwindSafe(job));
        loaders = LOADERS.lock();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_job_does_not_wait_for_others_and_survives_their_panics() {
        let (answer, answers) = channel();
        let (go, held) = channel::<()>();
        let (answer_of_held, threads) = (answer.clone(), 8);
        run(Box::new(move || {
            let _ = held.recv();
            let _ = answer_of_held.send(threads);
        }))
        .unwrap();
        for number in 0..threads {
            let answer = answer.clone();
            run(Box::new(move || {
                let _ = answer.send(number);
                assert!(number % 2 == 0, "every other job panics");
            }))
            .unwrap();
        }
        let mut others: Vec<usize> = (0..threads).map(|_| answers.recv().unwrap()).collect();
        others.sort_unstable();
        assert!(others.into_iter().eq(0..threads), "the first job still waits");
        go.send(()).unwrap();
        assert_eq!(answers.recv().unwrap(), threads);
    }
}
