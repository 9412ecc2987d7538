//! How do many commits share one sync? One thread drains what is queued into one batch, syncs once, then answers all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::commit::pipeline::Pipeline;
use crate::commit::transaction::Transaction;
use crate::error::StorageError;

/// Jobs that may wait; the next caller waits before it can queue, so a flood does not grow memory.
const QUEUE_DEPTH: usize = 4096;
/// Jobs and bytes that share one commit: more would make the first of them wait.
const GROUP_JOBS: usize = 1024;
const GROUP_BYTES: usize = 8 * 1024 * 1024;
/// How long the thread stays awake for the next command: to wake it takes a caller a good part of a commit. RocksDB's
/// writers yield for as long (`write_thread_max_yield_usec`).
const SPIN_FOR: Duration = Duration::from_micros(100);

/// Runs after the commit that holds the job is durable, or has failed.
type Finish = Box<dyn FnOnce(Result<(), StorageError>) + Send>;
/// Writes into the transaction and says what to do after the commit.
type Job = Box<dyn FnOnce(&mut Transaction<'_>) -> Finish + Send>;

enum Command {
    Commit(Job, OwnedSemaphorePermit),
    /// Go on in a new segment of the log, and say when it is there.
    RollLog(Sender<Result<(), StorageError>>),
    Stop,
}

pub(crate) struct Writer {
    commands: Sender<Command>,
    queue: Arc<Semaphore>,
    /// None where nothing is written.
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

    /// Refuses every commit.
    pub(crate) fn of_read_only() -> Self {
        let queue = Arc::new(Semaphore::new(QUEUE_DEPTH));
        Self { commands: channel().0, queue, thread: None.into(), read_only: true }
    }

    /// Runs `work` inside the next commit. When that is durable, `publish` runs on the writer's thread, in the order of
    /// commits, and then the caller gets its answer. An error of `work` writes nothing.
    pub(crate) async fn commit<T, E, W, P>(&self, work: W, publish: P) -> Result<Result<T, E>, StorageError>
    where
        T: Send + 'static,
        E: Send + 'static,
        W: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        P: FnOnce(&T) + Send + 'static,
    {
        self.check()?;
        let (answer, answered) = oneshot::channel();
        // A caller that went away does not undo its commit.
        let job = job(work, publish, |outcome| drop(answer.send(outcome)));
        let permit = Arc::clone(&self.queue).acquire_owned().await.map_err(|_| StorageError::Closed)?;
        self.commands.send(Command::Commit(job, permit)).map_err(|_| StorageError::Closed)?;
        answered.await.map_err(|_| StorageError::Dropped)?
    }

    /// As [`commit`](Self::commit), for work that nobody waits for: never waits, and does nothing where the queue is full.
    /// Returns whether the work is queued.
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

    /// Lets the log go on in a new segment, so that the ones before can go; blocks.
    pub(crate) fn roll_log(&self) -> Result<(), StorageError> {
        self.check()?;
        let (answer, answered) = channel();
        self.commands.send(Command::RollLog(answer)).map_err(|_| StorageError::Closed)?;
        answered.recv().map_err(|_| StorageError::Closed)?
    }

    /// Whether commits wait for the writer's thread, or for their answers: then what is done there is kept short.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.queue.available_permits() < QUEUE_DEPTH
    }

    fn check(&self) -> Result<(), StorageError> {
        if self.read_only { Err(StorageError::ReadOnly) } else { Ok(()) }
    }

    /// Lets what is queued finish, then ends the thread.
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
        let (mut stop, mut turn) = (false, None);
        run_job(job, permit, &mut transaction, &mut finishes);
        while finishes.len() < GROUP_JOBS && transaction.bytes() < GROUP_BYTES {
            match commands.try_recv() {
                Ok(Command::Commit(job, permit)) => {
                    run_job(job, permit, &mut transaction, &mut finishes);
                }
                Ok(Command::RollLog(answer)) => {
                    turn = Some(answer);
                    break;
                }
                Ok(Command::Stop) => {
                    stop = true;
                    break;
                }
                Err(_) => break,
            }
        }
        let (batch, before) = transaction.into_batch();
        let committed = commits.commit(batch, &before);
        for (finish, permit) in finishes {
            // What is answered does not wait any more: see `is_waited_for`.
            drop(permit);
            let _ = catch_unwind(AssertUnwindSafe(|| finish(committed.clone())));
        }
        if committed.is_ok() {
            commits.record_acknowledged();
        }
        if let Some(answer) = turn {
            let _ = answer.send(commits.roll_log());
        }
        if stop {
            return;
        }
    }
}

/// Waits for a command, and looks after the log meanwhile.
fn next(commits: &mut Pipeline, commands: &Receiver<Command>) -> Option<Command> {
    if let Some(command) = soon(commands) {
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

/// The next command if it comes at once, as it does from a caller who was just answered.
fn soon(commands: &Receiver<Command>) -> Option<Command> {
    let began = Instant::now();
    loop {
        match commands.try_recv() {
            Ok(command) => return Some(command),
            Err(TryRecvError::Empty) if began.elapsed() < SPIN_FOR => std::hint::spin_loop(),
            Err(_) => return None,
        }
    }
}

/// A job that panics is taken back and answered by dropping it; the others go on.
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
