//! How does blocking code talk to the database? Over one connection, which it has until it ends. Requests that do not
//! depend on each other are sent together and cost one round trip.

use std::cell::RefCell;
use std::future::Future;
use std::task::Poll;

use deadpool_postgres::Client;
use futures_util::future::Either;
use openmemory_rules::Error;
use tokio::runtime::Handle;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::error::{is_aftermath, of_postgres};

/// A value for a statement.
pub(crate) type Param = Box<dyn ToSql + Send + Sync>;

/// A statement with its values.
pub(crate) struct Request {
    sql: &'static str,
    params: Vec<Param>,
}

impl Request {
    pub(crate) fn new(sql: &'static str, params: Vec<Param>) -> Self {
        Self { sql, params }
    }
}

/// A connection on a thread that may block. Nothing else may wait for a connection while it holds one.
pub(crate) struct Session {
    client: Client,
    runtime: Handle,
    /// The first error, after which a transaction cannot go on.
    broken: RefCell<Option<Error>>,
}

impl Session {
    pub(crate) fn new(client: Client, runtime: Handle) -> Self {
        Self { client, runtime, broken: RefCell::default() }
    }

    /// The first error of this session.
    pub(crate) fn broken(&self) -> Option<Error> {
        self.broken.borrow().clone()
    }

    pub(crate) fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.runtime.block_on(async {
            let statement = self.client.prepare_cached(sql).await.map_err(|error| self.failed(&error))?;
            self.client.query(&statement, params).await.map_err(|error| self.failed(&error))
        })
    }

    /// Sends all requests at once, in order, and returns the rows of each. The first error that is not the consequence
    /// of another one is the error of all.
    pub(crate) fn pipeline(&self, requests: &[Request]) -> Result<Vec<Vec<Row>>, Error> {
        self.runtime.block_on(async {
            let mut statements = Vec::with_capacity(requests.len());
            for request in requests {
                let statement = self.client.prepare_cached(request.sql).await;
                statements.push(statement.map_err(|error| self.failed(&error))?);
            }
            let mut replies = Vec::with_capacity(requests.len());
            for (request, statement) in requests.iter().zip(&statements) {
                let params: Vec<&(dyn ToSql + Sync)> =
                    request.params.iter().map(|param| &**param as &(dyn ToSql + Sync)).collect();
                let mut reply = Box::pin(async move { self.client.query(statement, &params).await });
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
        })
    }

    fn failed(&self, error: &tokio_postgres::Error) -> Error {
        let error = of_postgres(error);
        self.broken.borrow_mut().get_or_insert_with(|| error.clone());
        error
    }

    /// Ends a transaction that is not to be committed. If that fails the connection is gone, and the transaction with it.
    pub(crate) fn roll_back(&self) {
        let ended = self.runtime.block_on(self.client.batch_execute("ROLLBACK"));
        if let Err(error) = ended {
            tracing::debug!(error = %error, "a transaction ended with its connection");
        }
    }

    /// Runs statements that are not prepared.
    pub(crate) fn execute(&self, sql: &str) -> Result<(), Error> {
        self.runtime.block_on(self.client.batch_execute(sql)).map_err(|error| self.failed(&error))
    }
}
