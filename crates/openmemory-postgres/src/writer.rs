//! How is a write committed? All that waits for one scope shares a transaction: its lock is taken, the rules are applied to
//! the current rows, and all is written, in two round trips.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use openmemory_domain::{Timestamp, unique::unique};
use openmemory_rules::Error;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::error::{Cause, cause};
use crate::job::{Hints, Job, ScopeRow, Work};
use crate::own_changes;
use crate::prefetch::{placed, text_requests, written};
use crate::rows;
use crate::scope_key::ScopeKey;
use crate::session::{Request, Session};
use crate::store::Tenant;
use crate::workspace::{Key, MODEL, Missing, Workspace};

/// Jobs that share a transaction.
const MAX_GROUP: usize = 64;
/// How often a transaction is tried that conflicts with others, or whose connection is lost.
const MAX_ATTEMPTS: u32 = 20;

impl Tenant {
    /// Commits work in the scopes that it needs. A failed piece of work changes nothing.
    pub(crate) async fn commit<T: Send + 'static>(
        self: &Arc<Self>,
        scopes: Vec<ScopeRow>,
        hints: Hints,
        work: impl Fn(&mut Workspace<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Work::new(hints, work, answer));
        match &scopes[..] {
            [only] => self.enqueue(only.clone(), job),
            _ => {
                let tenant = Arc::clone(self);
                tokio::spawn(async move { tenant.run_group(scopes, vec![job]).await });
            }
        }
        answered.await.unwrap_or(Err(Error::Internal("a commit panicked")))
    }

    fn enqueue(self: &Arc<Self>, scope: ScopeRow, job: Box<dyn Job>) {
        let mut queues = self.writer.queues.lock();
        if let Some(queue) = queues.get_mut(&scope.key) {
            queue.push_back(job);
            return;
        }
        queues.insert(scope.key, VecDeque::from([job]));
        drop(queues);
        let tenant = Arc::clone(self);
        tokio::spawn(async move { tenant.drain(scope).await });
    }

    /// Commits what waits for a scope until nothing does.
    async fn drain(self: &Arc<Self>, scope: ScopeRow) {
        loop {
            let group: Vec<Box<dyn Job>> = {
                let mut queues = self.writer.queues.lock();
                let Some(queue) = queues.get_mut(&scope.key) else { return };
                if queue.is_empty() {
                    queues.remove(&scope.key);
                    return;
                }
                let most = queue.len().min(MAX_GROUP);
                queue.drain(..most).collect()
            };
            self.run_group(vec![scope.clone()], group).await;
        }
    }

    /// Runs jobs in one transaction until it is known what became of it.
    async fn run_group(self: &Arc<Self>, mut scopes: Vec<ScopeRow>, mut jobs: Vec<Box<dyn Job>>) {
        let writer = unique();
        let mut unknown = None;
        let mut attempt = 0;
        let outcome = loop {
            attempt += 1;
            // In one order, so that no two transactions wait for each other. A row that names its user comes first.
            scopes.sort_by_key(|scope| (scope.key, scope.user.is_none()));
            scopes.dedup_by_key(|scope| scope.key);
            let (tenant, locked) = (Arc::clone(self), scopes.clone());
            let client = match self.database.client().await {
                Ok(client) => client,
                // The server may be starting again; what is not known must be found out.
                Err(error) if attempt < MAX_ATTEMPTS && (unknown.is_some() || cause(&error) == Cause::Lost) => {
                    pause(attempt).await;
                    continue;
                }
                Err(error) => break Err(error),
            };
            let mut running = std::mem::take(&mut jobs);
            let ran = self.database.run_on(client, move |session| {
                let ended = tenant.transaction(session, &locked, &mut running, writer, unknown);
                Ok((running, ended))
            });
            let ended = match ran.await {
                Ok((ran, ended)) => {
                    jobs = ran;
                    ended
                }
                // A panic has dropped the jobs, and their callers learn of that.
                Err(_) => return,
            };
            match ended {
                Ended::Committed => break Ok(()),
                Ended::Needs(scope) => scopes.push(scope),
                Ended::Unknown(clock) => unknown = unknown.or(Some(clock)),
                Ended::Failed(error) if attempt < MAX_ATTEMPTS && cause(&error) != Cause::Other => {}
                Ended::Failed(error) => break Err(error),
            }
            if attempt >= MAX_ATTEMPTS {
                break Err(Error::Internal("a write did not come to an end"));
            }
            pause(attempt).await;
        };
        if outcome.is_ok() {
            self.feed.wake();
            self.trim_now_and_then();
            self.follow_now_and_then();
        }
        for job in jobs {
            job.finish(outcome.clone());
        }
    }

    /// `unknown` is the clock of the first scope before a transaction of the same jobs of which it is not known whether it
    /// was committed.
    fn transaction(
        &self,
        session: &Session,
        scopes: &[ScopeRow],
        jobs: &mut [Box<dyn Job>],
        writer: Uuid,
        unknown: Option<i64>,
    ) -> Ended {
        match self.begin(session, scopes, jobs, writer, unknown) {
            Ok(Begun::Done) => Ended::Committed,
            Ok(Begun::Working(mut workspace, clock)) => {
                for job in jobs.iter_mut() {
                    job.run(&mut workspace);
                    if workspace.missing().is_some() || session.broken().is_some() {
                        break;
                    }
                }
                if let Some(Missing { scope, user }) = workspace.missing() {
                    session.roll_back();
                    if let Some(user) = user {
                        return Ended::Needs(ScopeRow { key: scope, user });
                    }
                    return match self.scope_row(session, scope) {
                        Ok(row) => Ended::Needs(row),
                        Err(error) => Ended::Failed(error),
                    };
                }
                if let Some(error) = session.broken() {
                    session.roll_back();
                    return Ended::Failed(error);
                }
                self.write(session, &workspace, writer, clock)
            }
            Err(error) => {
                session.roll_back();
                Ended::Failed(error)
            }
        }
    }

    fn begin<'s>(
        &'s self,
        session: &'s Session,
        scopes: &[ScopeRow],
        jobs: &[Box<dyn Job>],
        writer: Uuid,
        unknown: Option<i64>,
    ) -> Result<Begun<'s>, Error> {
        let tenant = || Box::new(self.name.clone());
        let mut requests = vec![Request::new(rows::BEGIN, Vec::new())];
        for ScopeRow { key, user } in scopes {
            let user = user.as_ref().map(|user| user.as_bytes().to_vec());
            requests.push(Request::new(rows::LOCK_SCOPE, vec![Box::new(*key), tenant(), Box::new(user)]));
        }
        let (mut ids, mut numbers, mut new) = (Vec::new(), HashMap::<ScopeKey, Vec<i64>>::new(), 0);
        let (mut model, mut sources, mut texts) = (false, false, Vec::new());
        for hints in jobs.iter().map(|job| job.hints()) {
            ids.extend(hints.ids.iter());
            for (scope, number) in &hints.numbers {
                numbers.entry(*scope).or_default().push(*number as i64);
            }
            texts.extend_from_slice(&hints.texts);
            new += hints.new;
            model |= hints.model;
            sources |= hints.sources;
        }
        ids.sort();
        ids.dedup();
        let first_id = requests.len();
        requests.extend(ids.iter().map(|id| placed(&self.name, id)));
        let first_memory = requests.len();
        let numbers: Vec<(ScopeKey, Vec<i64>)> = numbers.into_iter().collect();
        requests.extend(numbers.iter().map(written));
        let first_text = requests.len();
        requests.extend(text_requests(&texts));
        let first_sources = requests.len();
        for (scope, numbers) in numbers.iter().filter(|_| sources) {
            requests.push(Request::new(rows::SOURCES_OF, vec![Box::new(*scope), Box::new(numbers.clone())]));
        }
        let first_new = requests.len();
        if new > 0 {
            requests.push(Request::new(rows::NUMBERS, vec![Box::new(new as i32)]));
        }
        if model {
            requests.push(Request::new(rows::META, vec![tenant(), Box::new(MODEL.to_owned())]));
        }
        let replies = session.pipeline(&requests)?;
        let locked: Vec<(ScopeKey, i64)> = scopes
            .iter()
            .zip(&replies[1..])
            .map(|(scope, rows)| (scope.key, rows.first().map_or(0, |row| row.get(0))))
            .collect();
        let clock = locked.first().map_or(0, |(_, clock)| *clock);
        if let Some(before) = unknown {
            for (at, (scope, _)) in locked.iter().enumerate() {
                let since = if at == 0 { before } else { 0 };
                if !session.query(rows::WRITER, &[scope, &since, &writer])?.is_empty() {
                    session.roll_back();
                    return Ok(Begun::Done);
                }
            }
        }
        let new_numbers = match new {
            0 => Vec::new(),
            _ => replies[first_new].iter().rev().map(|row| row.get::<_, i64>(0) as u64).collect(),
        };
        let workspace = Workspace::new(session, &self.name, self.clock.now(), locked, new_numbers)
            .embedded_by(self.model.known_identity());
        for (id, rows) in ids.iter().zip(&replies[first_id..]) {
            workspace.know_place(id, rows)?;
        }
        for ((scope, _), rows) in numbers.iter().zip(&replies[first_memory..]) {
            workspace.know_written(*scope, rows)?;
        }
        workspace.know_texts(&texts, &replies[first_text..first_sources]);
        for ((_, numbers), rows) in numbers.iter().filter(|_| sources).zip(&replies[first_sources..]) {
            for row in rows {
                workspace.know(Key::Sources(row.get::<_, i64>(0) as u64), Some(row.get(1)));
            }
            numbers.iter().for_each(|number| workspace.know(Key::Sources(*number as u64), None));
        }
        if model {
            let rows = &replies[first_new + usize::from(new > 0)];
            workspace.know(Key::Meta(MODEL), rows.first().map(|row| row.get(0)));
        }
        Ok(Begun::Working(Box::new(workspace), clock))
    }

    fn write(&self, session: &Session, workspace: &Workspace<'_>, writer: Uuid, clock: i64) -> Ended {
        let mut requests = match workspace.statements(writer) {
            Ok(requests) => requests,
            Err(error) => {
                session.roll_back();
                return Ended::Failed(error);
            }
        };
        if requests.is_empty() {
            session.roll_back();
            return Ended::Committed;
        }
        // COMMIT is sent with the writes: if one of them fails, the database rolls back.
        requests.push(Request::new(rows::COMMIT, Vec::new()));
        match session.pipeline(&requests) {
            Ok(_) => {
                if let Some(identity) = self.model.known_identity() {
                    own_changes::follow(&self.partitions, workspace, identity.tag());
                }
                Ended::Committed
            }
            Err(error) if cause(&error) == Cause::Lost && workspace.events() > 0 => Ended::Unknown(clock),
            Err(error) => {
                session.roll_back();
                Ended::Failed(error)
            }
        }
    }

    /// The row of a scope that a memory was found in.
    fn scope_row(&self, session: &Session, key: ScopeKey) -> Result<ScopeRow, Error> {
        let rows = session.query("SELECT user_id FROM om_scope WHERE scope = $1", &[&key])?;
        let user: Option<Vec<u8>> = rows.first().and_then(|row| row.get(0));
        Ok(ScopeRow { key, user: user.map(rows::text).transpose()? })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(u64::from(attempt * attempt))).await;
}

enum Begun<'s> {
    /// An earlier attempt was committed.
    Done,
    Working(Box<Workspace<'s>>, i64),
}

/// What became of a transaction.
enum Ended {
    Committed,
    /// A job needs the lock of another scope.
    Needs(ScopeRow),
    /// The connection was lost while it was committed. Carries the clock before.
    Unknown(i64),
    Failed(Error),
}
