//! Which writes with an `Idempotency-Key` have servers of this database begun or answered? Each has a row, which is claimed
//! before the write.

use std::sync::Arc;

use openmemory_rules::Error;
use openmemory_rules::contract::{Claim, Idempotency, Reply};

use crate::rows;
use crate::session::{Param, Request, Session};
use crate::store::Tenant;
use crate::stores::PostgresStores;

/// Answers that are kept for a tenant.
const MAX_ANSWERS: i64 = 10_000;
/// How often this process looks for answers that are too old or too many, if it keeps new ones.
const FORGET_EVERY_MS: i64 = 5_000;

impl Idempotency for PostgresStores {
    fn claim<'a>(&'a self, tenant: &'a str, key: &'a [u8], fingerprint: [u8; 32]) -> Reply<'a, Claim> {
        let key = key.to_vec();
        Box::pin(async move {
            let tenant = self.tenant(tenant).await?.tenant;
            let name = tenant.name.clone();
            tenant.database.run(move |session| claim(session, &name, &key, fingerprint)).await
        })
    }

    fn renew<'a>(&'a self, tenant: &'a str, key: &'a [u8]) -> Reply<'a, ()> {
        let key = key.to_vec();
        Box::pin(async move { self.tenant(tenant).await?.tenant.write_claim(rows::RENEW_CLAIM, key, None).await })
    }

    fn finish<'a>(&'a self, tenant: &'a str, key: &'a [u8], answer: Option<Vec<u8>>) -> Reply<'a, ()> {
        let key = key.to_vec();
        Box::pin(async move {
            let tenant = self.tenant(tenant).await?.tenant;
            let sql = if answer.is_some() { rows::KEEP_ANSWER } else { rows::REMOVE_CLAIM };
            tenant.write_claim(sql, key, answer).await
        })
    }
}

fn claim(session: &Session, tenant: &str, key: &[u8], fingerprint: [u8; 32]) -> Result<Claim, Error> {
    let params = || -> Vec<Param> { vec![Box::new(tenant.to_owned()), Box::new(key.to_vec())] };
    let mut claiming = params();
    claiming.push(Box::new(fingerprint.to_vec()));
    let requests = [
        Request::new(rows::BEGIN, Vec::new()),
        Request::new(rows::CLAIM, claiming),
        Request::new(rows::CLAIMED, params()),
        Request::new(rows::COMMIT, Vec::new()),
    ];
    let replies = session.pipeline(&requests).inspect_err(|_| session.roll_back())?;
    let [_, mine, claimed, _] = &replies[..] else { return Err(Error::Internal("a reply of the database is missing")) };
    if !mine.is_empty() {
        return Ok(Claim::Mine);
    }
    // Another server may just have removed it.
    let Some(row) = claimed.first() else { return Ok(Claim::Running) };
    if row.get::<_, &[u8]>(0) != fingerprint {
        return Ok(Claim::OtherRequest);
    }
    Ok(row.get::<_, Option<Vec<u8>>>(1).map_or(Claim::Running, Claim::Answered))
}

impl Tenant {
    /// Changes a row that this process has claimed. A second attempt does no harm.
    async fn write_claim(
        self: &Arc<Self>,
        sql: &'static str,
        key: Vec<u8>,
        answer: Option<Vec<u8>>,
    ) -> Result<(), Error> {
        let forgets = answer.is_some() && self.last_forgotten.is_due(self.now(), FORGET_EVERY_MS);
        let tenant = self.name.clone();
        let write = move |session: &Session| {
            let mut params: Vec<Param> = vec![Box::new(tenant.clone()), Box::new(key.clone())];
            if let Some(answer) = &answer {
                params.push(Box::new(answer.clone()));
            }
            let mut requests = vec![Request::new(rows::BEGIN, Vec::new()), Request::new(sql, params)];
            if forgets {
                let params: Vec<Param> = vec![Box::new(tenant.clone()), Box::new(MAX_ANSWERS)];
                requests.push(Request::new(rows::FORGET_ANSWERS, params));
            }
            requests.push(Request::new(rows::COMMIT, Vec::new()));
            session.pipeline(&requests).map(drop).inspect_err(|_| session.roll_back())
        };
        self.database.read(write).await
    }
}
