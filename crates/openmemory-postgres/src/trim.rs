//! How long is it kept what each commit changed? For a day. Who wants to know more reads the memories themselves: a watcher their
//! newest state, and a loaded partition all of them.

use std::sync::Arc;

use openmemory_rules::Error;

use crate::error::damaged;
use crate::rows;
use crate::session::{Param, Request, Session};
use crate::store::Tenant;

const KEPT_MS: i64 = 24 * 3_600_000;
/// How often a server looks for changes that are too old, if it commits.
const INTERVAL_MS: i64 = 3_600_000;
/// Changes that are removed in one transaction.
const TOGETHER: i64 = 10_000;
/// The row of a tenant with the transaction before which changes may be missing.
pub(crate) const TRIMMED: &str = "trimmed";

impl Tenant {
    /// Removes changes that are too old, at most once in a while. Does not wait for that.
    pub(crate) fn trim_now_and_then(self: &Arc<Self>) {
        let now = self.clock.now();
        if !self.last_trim.is_due(now, INTERVAL_MS) {
            return;
        }
        let tenant = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = tenant.trim(now.millis() - KEPT_MS).await {
                tracing::warn!(tenant = tenant.name, %error, "old changes were not removed");
            }
        });
    }

    async fn trim(self: &Arc<Self>, before: i64) -> Result<(), Error> {
        loop {
            let tenant = Arc::clone(self);
            if !self.database.read(move |session| trim_some(session, &tenant.name, before)).await? {
                return Ok(());
            }
        }
    }
}

/// Removes the oldest changes from before a time. Whether there were any.
fn trim_some(session: &Session, tenant: &str, before: i64) -> Result<bool, Error> {
    let bound = session.query(rows::TOO_OLD, &[&tenant, &before])?;
    let bound: Option<i64> = bound.first().and_then(|row| row.get(0));
    let Some(bound) = bound else { return Ok(false) };
    let to = session.query(rows::TRIM_TO, &[&tenant, &bound.to_string(), &TOGETHER])?;
    let to: Option<i64> = to.first().and_then(|row| row.get(0));
    let Some(to) = to else { return Ok(false) };
    session.pause();
    let tenant = || -> Param { Box::new(tenant.to_owned()) };
    let mark: Vec<Param> = vec![tenant(), Box::new(TRIMMED), Box::new(to.to_be_bytes().to_vec())];
    let requests = [
        Request::new(rows::BEGIN, Vec::new()),
        Request::new(rows::SET_TRIMMED, mark),
        Request::new(rows::TRIM, vec![tenant(), Box::new(to.to_string())]),
        Request::new(rows::COMMIT, Vec::new()),
    ];
    session.pipeline(&requests).map(|_| true).inspect_err(|_| session.roll_back())
}

/// The transaction before which changes may be missing, from the row [`TRIMMED`].
pub(crate) fn trimmed(rows: &[tokio_postgres::Row]) -> Result<i64, Error> {
    let Some(row) = rows.first() else { return Ok(0) };
    let bytes: [u8; 8] = row.get::<_, &[u8]>(0).try_into().map_err(|_| damaged("the first change that is kept"))?;
    Ok(i64::from_be_bytes(bytes))
}
