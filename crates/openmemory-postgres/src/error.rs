//! What does an error of the database mean to a caller?

use std::error::Error as _;
use std::fmt;

use deadpool_postgres::PoolError;
use openmemory_domain::{ErrorCode, Fault};
use openmemory_rules::Error;
use tokio_postgres::error::SqlState;

use crate::tls;

/// An error of the database, with what helps.
#[derive(Debug, Clone)]
pub(crate) struct DatabaseError {
    /// `None`: the connection was lost.
    state: Option<String>,
    message: String,
    remedy: &'static str,
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL: {}; {}", self.message, self.remedy)
    }
}

impl std::error::Error for DatabaseError {}

/// What a writer does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Another transaction was in the way; the same work can be tried again.
    Conflict,
    /// The connection is gone.
    Lost,
    Other,
}

/// Why a call of the database failed.
pub(crate) fn cause(error: &Error) -> Cause {
    let Error::Fault(fault) = error else { return Cause::Other };
    let Some(error) = fault.downcast_ref::<DatabaseError>() else { return Cause::Other };
    match error.state.as_deref() {
        None | Some("57P01" | "57P02" | "08003" | "08006" | "25P03") => Cause::Lost,
        Some("40001" | "40P01" | "23505") => Cause::Conflict,
        Some(_) => Cause::Other,
    }
}

pub(crate) fn of_postgres(error: &tokio_postgres::Error) -> Error {
    if let Some((message, remedy)) = tls::explain(error) {
        // Another attempt would end the same way.
        let state = Some("tls".into());
        return fault(ErrorCode::Unavailable, DatabaseError { state, message, remedy });
    }
    let Some(database) = error.as_db_error() else {
        let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        let message = format!("{error}{source}");
        // A row that could not be read is not a lost connection.
        let is_local = message.contains("deserializing") || message.contains("serializing parameter");
        let (state, code) =
            if is_local { (Some("local".into()), ErrorCode::Internal) } else { (None, ErrorCode::Unavailable) };
        let remedy = "check that the server runs and accepts connections, then try again";
        return fault(code, DatabaseError { state, message, remedy });
    };
    let state = database.code();
    let (code, remedy) = match state.code() {
        "57014" | "55P03" => (ErrorCode::Timeout, "try again later, or raise the limits of the role"),
        "53100" => (ErrorCode::Io, "free space on the server's disk, then try again"),
        "42501" => (ErrorCode::Forbidden, "grant the role access to the tables of OpenMemory"),
        "42P01" => (ErrorCode::Unavailable, "create the tables with a role that may, by starting a server once"),
        "28P01" | "28000" | "3D000" => (ErrorCode::Unavailable, "check the user, password and database of the URL"),
        "25P03" => (ErrorCode::Unavailable, "try again"),
        code if ["08", "53", "57", "40", "23"].iter().any(|class| code.starts_with(class)) => {
            (ErrorCode::Unavailable, "try again later")
        }
        _ => (ErrorCode::Internal, "please report it"),
    };
    let message = format!("{} ({})", database.message(), state.code());
    fault(code, DatabaseError { state: Some(state.code().to_owned()), message, remedy })
}

pub(crate) fn of_pool(error: &PoolError) -> Error {
    match error {
        PoolError::Backend(error) => of_postgres(error),
        PoolError::Timeout(_) => unavailable("all connections were in use for too long", "try again later"),
        PoolError::Closed => Error::Closed,
        _ => unavailable("no connection could be made", "check the URL, then try again"),
    }
}

fn unavailable(message: &str, remedy: &'static str) -> Error {
    fault(ErrorCode::Unavailable, DatabaseError { state: Some("pool".into()), message: message.into(), remedy })
}

/// Why the tables could not be brought up to date; `version` is theirs.
pub(crate) fn of_migration(error: Error, version: Option<usize>, needed: usize) -> Error {
    let Error::Fault(fault) = &error else { return error };
    let Some(DatabaseError { state: Some(state), message, .. }) = fault.downcast_ref::<DatabaseError>() else {
        return error;
    };
    if state != "42501" {
        return error;
    }
    let tables = match version {
        None => "there are no tables yet".to_owned(),
        Some(version) => format!("the tables are of version {version}, and this server needs {needed}"),
    };
    let message = format!("{tables}, and its role may not change that: {message}");
    let remedy = "run `openmemory stats --store URL` once with the role that owns the tables, or may create them";
    self::fault(ErrorCode::Unavailable, DatabaseError { state: Some(state.clone()), message, remedy })
}

/// A row that this version cannot read.
pub(crate) fn damaged(what: &'static str) -> Error {
    let message = format!("{what} cannot be read");
    let remedy = "restore it from a backup, or use a newer version";
    fault(ErrorCode::Corrupted, DatabaseError { state: Some("damaged".into()), message, remedy })
}

fn fault(code: ErrorCode, error: DatabaseError) -> Error {
    Error::Fault(Fault::new(code, error))
}

/// Whether a statement failed only because one before it in its transaction did.
pub(crate) fn is_aftermath(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION)
}
