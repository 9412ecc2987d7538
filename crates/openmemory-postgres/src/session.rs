//! How does blocking code talk to the database? Over one connection, which it has until it ends. Requests that do not
//! depend on each other are sent together and cost one round trip.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

use deadpool_postgres::Client;
use futures_util::future::Either;
use openmemory_rules::Error;
use tokio::runtime::Handle;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::error::{is_aftermath, of_postgres};
use crate::rows;

/// A value for a statement.
pub(crate) type Param = Box<dyn ToSql + Send + Sync>;

/// A statement with its values.
pub(crate) struct Request {
    sql: Cow<'static, str>,
    params: Vec<Param>,
}

impl Request {
    pub(crate) fn new(sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Self {
        Self { sql: sql.into(), params }
    }
}

/// A statement with values of somebody else.
type Statement<'a> = (&'a str, Vec<&'a (dyn ToSql + Sync)>);

/// A connection on a thread that may block. Nothing else may wait for a connection while it holds one.
pub(crate) struct Session {
    client: Client,
    runtime: Handle,
    /// The first error, after which a transaction cannot go on.
    broken: RefCell<Option<Error>>,
    /// The tenant whose rows it sees, if that is for the database to enforce. Each statement is then in a transaction that
    /// names the tenant: a name outside of one could reach the statements of another client behind a pooler.
    tenant: Option<Arc<str>>,
    /// Whether such a transaction has begun.
    confined: Cell<bool>,
}

impl Session {
    pub(crate) fn new(client: Client, runtime: Handle, tenant: Option<Arc<str>>) -> Self {
        Self { client, runtime, broken: RefCell::default(), tenant, confined: Cell::new(false) }
    }

    /// The first error of this session.
    pub(crate) fn broken(&self) -> Option<Error> {
        self.broken.borrow().clone()
    }

    pub(crate) fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        let mut replies = self.send(&[(sql, params.to_vec())])?;
        Ok(replies.pop().unwrap_or_default())
    }

    /// Sends all requests at once, in order, and returns the rows of each. The first error that is not the consequence
    /// of another one is the error of all.
    pub(crate) fn pipeline(&self, requests: &[Request]) -> Result<Vec<Vec<Row>>, Error> {
        let mut statements: Vec<Statement<'_>> = Vec::with_capacity(requests.len());
        for Request { sql, params } in requests {
            statements.push((sql, params.iter().map(|param| &**param as &(dyn ToSql + Sync)).collect()));
        }
        self.send(&statements)
    }

    fn send(&self, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        let sent = match &self.tenant {
            Some(tenant) => self.send_confined(&&**tenant, statements),
            None => self.runtime.block_on(self.exchange(statements)),
        };
        if statements.last().is_some_and(|(sql, _)| *sql == rows::COMMIT) {
            self.confined.set(false);
        }
        sent
    }

    /// Names the tenant first, in a transaction that the statements begin themselves, or that begins here.
    fn send_confined(&self, tenant: &&str, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        let begins = statements.first().is_some_and(|(sql, _)| *sql == rows::BEGIN);
        if !begins && self.confined.get() {
            return self.runtime.block_on(self.exchange(statements));
        }
        let rest = &statements[usize::from(begins)..];
        let named: Vec<&(dyn ToSql + Sync)> = vec![tenant];
        let mut all: Vec<Statement<'_>> = vec![(rows::BEGIN, Vec::new()), (rows::CONFINE, named)];
        all.extend_from_slice(rest);
        self.confined.set(true);
        let mut replies = self.runtime.block_on(self.exchange(&all))?;
        replies.drain(usize::from(begins)..2);
        Ok(replies)
    }

    async fn exchange(&self, requests: &[Statement<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        let mut statements = Vec::with_capacity(requests.len());
        for (sql, _) in requests {
            let statement = self.client.prepare_cached(sql).await;
            statements.push(statement.map_err(|error| self.failed(&error))?);
        }
        let mut replies = Vec::with_capacity(requests.len());
        for ((_, params), statement) in requests.iter().zip(&statements) {
            let mut reply = Box::pin(async move { self.client.query(statement, params).await });
            // The first poll sends the request, so that they are sent in order.
            let sent = std::future::poll_fn(|context| Poll::Ready(reply.as_mut().poll(context))).await;
            replies.push(match sent {
                Poll::Ready(done) => Either::Left(std::future::ready(done)),
                Poll::Pending => Either::Right(reply),
            });
        }
        let (mut rows, mut failed, mut aftermath) = (Vec::with_capacity(replies.len()), None, None);
        for reply in replies {
            match reply.await {
                Ok(found) => rows.push(found),
                Err(error) if is_aftermath(&error) => aftermath = Some(error),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed.or(aftermath) {
            Some(error) => Err(self.failed(&error)),
            None => Ok(rows),
        }
    }

    fn failed(&self, error: &tokio_postgres::Error) -> Error {
        let error = of_postgres(error);
        self.broken.borrow_mut().get_or_insert_with(|| error.clone());
        error
    }

    /// Ends a transaction that is not to be committed. If that fails the connection is gone, and the transaction with it.
    pub(crate) fn roll_back(&self) {
        self.confined.set(false);
        let ended = self.runtime.block_on(self.client.batch_execute("ROLLBACK"));
        if let Err(error) = ended {
            tracing::debug!(error = %error, "a transaction ended with its connection");
        }
    }

    /// Ends a transaction that only reads, and does not wait for that. Called before something that may take long, and at
    /// the end.
    pub(crate) fn pause(&self) {
        if !self.confined.replace(false) {
            return;
        }
        self.runtime.block_on(async {
            let mut ended = std::pin::pin!(self.client.batch_execute(rows::COMMIT));
            // The first poll sends it. The next statement of the connection comes after it.
            let send = std::future::poll_fn(|context| {
                let _ = ended.as_mut().poll(context);
                Poll::Ready(())
            });
            send.await;
        });
    }

    /// Runs statements that are not prepared.
    pub(crate) fn execute(&self, sql: &str) -> Result<(), Error> {
        self.runtime.block_on(self.client.batch_execute(sql)).map_err(|error| self.failed(&error))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.pause();
    }
}
