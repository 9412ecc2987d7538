//! How do many commits share one sync? A thread drains its queue into one batch, syncs once, and answers all callers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::commit::pipeline::Pipeline;
use crate::commit::transaction::Transaction;
use crate::error::StorageError;

/// Queued jobs. Further callers wait before they queue a job, so that the memory of the queue is bounded.
const QUEUE_DEPTH: usize = 4096;
/// Jobs and bytes per group commit. Larger groups would delay their first jobs.
const GROUP_JOBS: usize = 1024;
const GROUP_BYTES: usize = 8 * 1024 * 1024;
/// How long an idle thread spins for the next command, because waking it takes a considerable part of a commit.
/// RocksDB's writers yield for the same time (`write_thread_max_yield_usec`).
const SPIN_FOR: Duration = Duration::from_micros(100);

/// Runs when the commit of the job is durable or has failed.
type Finish = Box<dyn FnOnce(Result<(), StorageError>) + Send>;
/// Writes to the transaction and returns what to do after the commit.
type Job = Box<dyn FnOnce(&mut Transaction<'_>) -> Finish + Send>;

enum Command {
    Commit(Job, OwnedSemaphorePermit),
    /// Begins a new log segment, and replies when it exists.
    RollLog(Sender<Result<(), StorageError>>),
    Stop,
}

pub(crate) struct Writer {
    commands: Sender<Command>,
    queue: Arc<Semaphore>,
    /// `None` if the store is read-only.
    thread: parking_lot::Mutex<Option<JoinHandle<()>>>,
    read_only: bool,
}

impl Writer {
    pub(crate) fn start(commits: Pipeline) -> Result<Self, StorageError> {
        let (commands, receiver) = channel();
        let thread = thread::Builder::new().name("openmemory-writer".into()).spawn(move || run(commits, &receiver))?;
        Ok(Self {
            commands,
            queue: Arc::new(Semaphore::new(QUEUE_DEPTH)),
            thread: Some(thread).into(),
            read_only: false,
        })
    }

    /// A writer that rejects every commit.
    pub(crate) fn of_read_only() -> Self {
        let queue = Arc::new(Semaphore::new(QUEUE_DEPTH));
        Self { commands: channel().0, queue, thread: None.into(), read_only: true }
    }

    /// Runs `work` inside the next commit. When the commit is durable, `publish` runs on the writer's thread, in commit
    /// order, and then the caller gets its answer. If `work` returns an error, it writes nothing.
    pub(crate) async fn commit<T, E, W, P>(&self, work: W, publish: P) -> Result<Result<T, E>, StorageError>
    where
        T: Send + 'static,
        E: Send + 'static,
        W: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        P: FnOnce(&T) + Send + 'static,
    {
        self.check()?;
        let (answer, answered) = oneshot::channel();
        // The commit continues if its caller has gone.
        let job = job(work, publish, |outcome| drop(answer.send(outcome)));
        let permit = Arc::clone(&self.queue).acquire_owned().await.map_err(|_| StorageError::Closed)?;
        self.commands.send(Command::Commit(job, permit)).map_err(|_| StorageError::Closed)?;
        answered.await.map_err(|_| StorageError::Dropped)?
    }

    /// Like [`commit`](Self::commit) for a thread that may block, before anybody else commits.
    pub(crate) fn commit_blocking<T, E, W>(&self, work: W) -> Result<Result<T, E>, StorageError>
    where
        T: Send + 'static,
        E: Send + 'static,
        W: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        self.check()?;
        let (answer, answered) = channel();
        let job = job(work, |_| {}, move |outcome| drop(answer.send(outcome)));
        let permit = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| StorageError::Closed)?;
        self.commands.send(Command::Commit(job, permit)).map_err(|_| StorageError::Closed)?;
        answered.recv().map_err(|_| StorageError::Dropped)?
    }

    /// Like [`commit`](Self::commit) for work without a waiting caller. Returns at once, and returns false if the queue
    /// is full.
    pub(crate) fn commit_detached<T, E, W, P>(&self, work: W, publish: P) -> bool
    where
        T: Send + 'static,
        E: Send + 'static,
        W: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        P: FnOnce(&T) + Send + 'static,
    {
        let Ok(permit) = Arc::clone(&self.queue).try_acquire_owned() else { return false };
        !self.read_only && self.commands.send(Command::Commit(job(work, publish, drop), permit)).is_ok()
    }

    /// Begins a new log segment, so that older ones can be removed; blocks.
    pub(crate) fn roll_log(&self) -> Result<(), StorageError> {
        self.check()?;
        let (answer, answered) = channel();
        self.commands.send(Command::RollLog(answer)).map_err(|_| StorageError::Closed)?;
        answered.recv().map_err(|_| StorageError::Closed)?
    }

    /// Whether callers wait for commits. Work on the writer's thread should then be short.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.queue.available_permits() < QUEUE_DEPTH
    }

    fn check(&self) -> Result<(), StorageError> {
        if self.read_only { Err(StorageError::ReadOnly) } else { Ok(()) }
    }

    /// Finishes queued jobs and stops the thread.
    pub(crate) fn stop(&self) {
        self.queue.close();
        let _ = self.commands.send(Command::Stop);
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn job<T, E, W, P, A>(work: W, publish: P, answer: A) -> Job
where
    T: Send + 'static,
    E: Send + 'static,
    W: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    P: FnOnce(&T) + Send + 'static,
    A: FnOnce(Result<Result<T, E>, StorageError>) + Send + 'static,
{
    Box::new(move |transaction| {
        let result = transaction.undo_on_error(work);
        Box::new(move |committed| {
            if let (Ok(()), Ok(value)) = (&committed, &result) {
                publish(value);
            }
            answer(committed.map(|()| result));
        })
    })
}

fn run(mut commits: Pipeline, commands: &Receiver<Command>) {
    let backend = commits.backend();
    loop {
        let (job, permit) = match next(&mut commits, commands) {
            Some(Command::Commit(job, permit)) => (job, permit),
            Some(Command::RollLog(answer)) => {
                let _ = answer.send(commits.roll_log());
                continue;
            }
            Some(Command::Stop) | None => return,
        };
        let mut transaction = Transaction::new(&*backend);
        let mut finishes = Vec::new();
        let (mut stop, mut roll_answer) = (false, None);
        run_job(job, permit, &mut transaction, &mut finishes);
        while finishes.len() < GROUP_JOBS && transaction.bytes() < GROUP_BYTES {
            match commands.try_recv() {
                Ok(Command::Commit(job, permit)) => {
                    run_job(job, permit, &mut transaction, &mut finishes);
                }
                Ok(Command::RollLog(answer)) => {
                    roll_answer = Some(answer);
                    break;
                }
                Ok(Command::Stop) => {
                    stop = true;
                    break;
                }
                Err(_) => break,
            }
        }
        let committed = commits.commit(transaction);
        for (finish, permit) in finishes {
            // An answered job no longer counts as waiting: see `is_waited_for`.
            drop(permit);
            let _ = catch_unwind(AssertUnwindSafe(|| finish(committed.clone())));
        }
        if committed.is_ok() {
            commits.record_acknowledged();
        }
        if let Some(answer) = roll_answer {
            let _ = answer.send(commits.roll_log());
        }
        if stop {
            return;
        }
    }
}

/// Waits for a command, and syncs the log when that is due.
fn next(commits: &mut Pipeline, commands: &Receiver<Command>) -> Option<Command> {
    if let Some(command) = spin_for_command(commands) {
        return Some(command);
    }
    while let Some(left) = commits.until_due() {
        match commands.recv_timeout(left) {
            Ok(command) => return Some(command),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) if commits.sync_when_due().is_err() => commits.fail(),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    commands.recv().ok()
}

/// The next command if it arrives soon, as it often does from a caller who just got an answer.
fn spin_for_command(commands: &Receiver<Command>) -> Option<Command> {
    let began = Instant::now();
    loop {
        match commands.try_recv() {
            Ok(command) => return Some(command),
            Err(TryRecvError::Empty) if began.elapsed() < SPIN_FOR => std::hint::spin_loop(),
            Err(_) => return None,
        }
    }
}

/// A job that panics is rolled back, and dropping it notifies its caller. Other jobs are not affected.
fn run_job(
    job: Job,
    permit: OwnedSemaphorePermit,
    transaction: &mut Transaction<'_>,
    finishes: &mut Vec<(Finish, OwnedSemaphorePermit)>,
) {
    transaction.begin_job();
    match catch_unwind(AssertUnwindSafe(|| job(transaction))) {
        Ok(finish) => finishes.push((finish, permit)),
        Err(_) => transaction.abort_job(),
    }
}
