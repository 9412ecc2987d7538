//! Is a write done once, if it is repeated at other servers of the same stores? Whoever claims it first does it; the others
//! wait for its answer.

use std::time::Duration;

use axum::response::IntoResponse;
use openmemory_rules::Error;
use openmemory_rules::contract::{Claim, Idempotency};
use tokio::time::{Instant, interval_at, sleep};

use super::ApiError;
use super::stored_response::StoredResponse;

/// How often a server looks whether another one has answered.
const POLL: Duration = Duration::from_millis(50);
/// How often it says that it still writes.
const RENEW: Duration = Duration::from_secs(10);

/// A write, by tenant, key and the hash of its request.
#[derive(Clone, Copy)]
pub struct KeyedWrite<'a> {
    pub tenant: &'a str,
    pub key: &'a [u8],
    pub fingerprint: [u8; 32],
}

/// Who does a write.
pub enum Turn<'a> {
    /// This server, which has claimed it.
    Mine(ClaimedWrite<'a>),
    /// Another one, with this answer; or nobody, and this says why.
    Answered(Box<StoredResponse>),
}

/// A write that no other server does.
pub struct ClaimedWrite<'a> {
    servers: &'a dyn Idempotency,
    write: KeyedWrite<'a>,
}

/// Claims a write, or waits until another server has answered it.
pub async fn turn<'a>(servers: &'a dyn Idempotency, write: KeyedWrite<'a>) -> Turn<'a> {
    loop {
        let refusal = match servers.claim(write.tenant, write.key, write.fingerprint).await {
            Ok(Claim::Mine) => return Turn::Mine(ClaimedWrite { servers, write }),
            Ok(Claim::Running) => {
                sleep(POLL).await;
                continue;
            }
            Ok(Claim::Answered(bytes)) => match StoredResponse::of_other_server(&bytes) {
                Some(answer) => return Turn::Answered(Box::new(answer)),
                None => ApiError::from(Error::Internal("the answer of another server cannot be read")),
            },
            Ok(Claim::OtherRequest) => ApiError::OtherRequest,
            Err(error) => ApiError::from(error),
        };
        return Turn::Answered(Box::new(StoredResponse::read(refusal.into_response()).await));
    }
}

impl ClaimedWrite<'_> {
    /// Does the write, and says meanwhile that it still runs.
    pub async fn run(&self, answer: impl Future<Output = StoredResponse>) -> StoredResponse {
        let mut answer = std::pin::pin!(answer);
        // An interval that begins now would make the write wait for the timer's next millisecond.
        let mut renewals = interval_at(Instant::now() + RENEW, RENEW);
        loop {
            tokio::select! {
                biased;
                stored = &mut answer => return stored,
                _ = renewals.tick() => if let Err(error) = self.servers.renew(self.write.tenant, self.write.key).await {
                    tracing::warn!(%error, "other servers may repeat a write that still runs");
                },
            }
        }
    }

    /// Shares the answer. The client need not wait for that: who repeats the write at another server does.
    pub async fn share(self, stored: &StoredResponse) {
        let answer = stored.is_outcome().then(|| stored.to_bytes());
        if let Err(error) = self.servers.finish(self.write.tenant, self.write.key, answer).await {
            tracing::warn!(%error, "other servers may repeat a write that was answered");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use axum::http::StatusCode;
    use axum::response::Response;
    use openmemory_rules::contract::Reply;
    use parking_lot::Mutex;

    use super::*;

    /// What servers share, for one write.
    #[derive(Default)]
    struct Shared(Mutex<Option<Option<Vec<u8>>>>);

    impl Idempotency for Shared {
        fn claim<'a>(&'a self, _: &'a str, _: &'a [u8], _: [u8; 32]) -> Reply<'a, Claim> {
            let mut claimed = self.0.lock();
            let claim = match &*claimed {
                None => Claim::Mine,
                Some(None) => Claim::Running,
                Some(Some(answer)) => Claim::Answered(answer.clone()),
            };
            claimed.get_or_insert(None);
            Box::pin(std::future::ready(Ok(claim)))
        }

        fn renew<'a>(&'a self, _: &'a str, _: &'a [u8]) -> Reply<'a, ()> {
            Box::pin(std::future::ready(Ok(())))
        }

        fn finish<'a>(&'a self, _: &'a str, _: &'a [u8], answer: Option<Vec<u8>>) -> Reply<'a, ()> {
            *self.0.lock() = answer.map(Some);
            Box::pin(std::future::ready(Ok(())))
        }
    }

    const WRITE: KeyedWrite<'_> = KeyedWrite { tenant: "ann", key: b"key", fingerprint: [0; 32] };

    async fn sent(servers: &Shared, takes: Duration, response: impl IntoResponse) -> Response {
        let answer = async {
            sleep(takes).await;
            StoredResponse::read(response.into_response()).await
        };
        let stored = match turn(servers, WRITE).await {
            Turn::Answered(stored) => *stored,
            Turn::Mine(claimed) => {
                let stored = claimed.run(answer).await;
                claimed.share(&stored).await;
                stored
            }
        };
        stored.into_response(false)
    }

    #[tokio::test]
    async fn a_write_that_another_server_does_is_waited_for() {
        let servers = Shared::default();
        let (first, second) = tokio::join!(
            sent(&servers, POLL * 3, (StatusCode::CREATED, "first")),
            sent(&servers, Duration::ZERO, "second"),
        );
        assert!(!first.headers().contains_key("idempotent-replayed"));
        assert_eq!(
            (second.status(), &second.headers()["idempotent-replayed"]),
            (StatusCode::CREATED, &"true".parse().unwrap())
        );
    }

    #[tokio::test]
    async fn a_write_that_was_rejected_can_be_repeated() {
        let servers = Shared::default();
        assert_eq!(sent(&servers, Duration::ZERO, StatusCode::CONFLICT).await.status(), StatusCode::CONFLICT);
        assert_eq!(sent(&servers, Duration::ZERO, StatusCode::OK).await.status(), StatusCode::OK);
        // It was kept, other than the first one.
        assert_eq!(sent(&servers, Duration::ZERO, StatusCode::CONFLICT).await.status(), StatusCode::OK);
    }
}
