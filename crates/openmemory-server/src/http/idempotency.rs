//! Was this write already answered? A client that lost a response retries the write with the same `Idempotency-Key`, and
//! gets the stored response without a second write.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use openmemory_domain::Invalid;
use openmemory_rules::contract::Control;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::{spawn, spawn_blocking};
use tracing::Instrument;

use super::ApiError;
use super::body::INLINE_BYTES;
use super::once_among::{KeyedWrite, Turn, turn};
use super::stored_response::StoredResponse;
use crate::app_state::AppState;
use crate::keys::Caller;
use crate::tenant::Tenant;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// How long a response is kept, unless it is evicted earlier.
const TTL: Duration = Duration::from_secs(600);
/// Responses kept per tenant. The oldest are evicted first.
const MAX_RESPONSES_PER_TENANT: usize = 10_000;
/// Bytes kept per tenant. The newest response is kept whatever its size.
const MAX_BYTES_PER_TENANT: usize = 32 << 20;
/// Bytes kept for all tenants. The tenant with the most bytes loses its oldest response first.
const MAX_BYTES: usize = 128 << 20;
/// Bytes counted for each response in addition to its body.
const OVERHEAD: usize = 1 << 10;

/// The responses of writes with an `Idempotency-Key`.
#[derive(Default)]
pub struct IdempotencyStore {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    tenants: HashMap<Tenant, Writes>,
}

/// A tenant's writes, by key.
#[derive(Default)]
struct Writes {
    by_key: HashMap<Vec<u8>, Write>,
    /// Oldest first. Removed writes stay here until [`Writes::oldest`] skips them.
    order: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
}

struct Write {
    /// The hash of the request.
    fingerprint: [u8; 32],
    started: Instant,
    response: watch::Receiver<Option<StoredResponse>>,
    /// Size of the response; none while the write is in progress.
    bytes: Option<usize>,
}

impl Entries {
    fn find(&self, tenant: &Tenant, key: &[u8]) -> Option<&Write> {
        self.tenants.get(tenant)?.by_key.get(key)
    }

    fn begin(
        &mut self,
        tenant: &Tenant,
        key: &[u8],
        fingerprint: [u8; 32],
        now: Instant,
    ) -> watch::Sender<Option<StoredResponse>> {
        self.tenants.retain(|_, writes| {
            writes.remove_expired(now);
            !writes.by_key.is_empty()
        });
        let writes = self.tenants.entry(tenant.clone()).or_default();
        while writes.by_key.len() >= MAX_RESPONSES_PER_TENANT && writes.evict_oldest(key) {}
        let (sender, response) = watch::channel(None);
        writes.by_key.insert(key.to_vec(), Write { fingerprint, started: now, response, bytes: None });
        writes.order.push_back((now, key.to_vec()));
        sender
    }

    /// Records the size of a response, and evicts others: first of the same tenant, then of the tenant with the most bytes.
    fn finish(&mut self, tenant: &Tenant, key: &[u8], bytes: usize) {
        let Some(writes) = self.tenants.get_mut(tenant) else { return };
        let Some(write) = writes.by_key.get_mut(key) else { return };
        write.bytes = Some(OVERHEAD + bytes);
        writes.bytes += OVERHEAD + bytes;
        while writes.bytes > MAX_BYTES_PER_TENANT && writes.evict_oldest(key) {}
        while self.tenants.values().map(|writes| writes.bytes).sum::<usize>() > MAX_BYTES {
            let largest = self.tenants.iter_mut().max_by_key(|(_, writes)| writes.bytes);
            let Some((owner, writes)) = largest else { return };
            if !writes.evict_oldest(if owner == tenant { key } else { b"" }) {
                return;
            }
        }
    }

    /// Removes a write that changed nothing, so that the key can be used again.
    fn remove(&mut self, tenant: &Tenant, key: &[u8]) {
        if let Some(writes) = self.tenants.get_mut(tenant) {
            writes.remove(key);
        }
    }
}

impl Writes {
    fn remove(&mut self, key: &[u8]) {
        self.bytes -= self.by_key.remove(key).and_then(|write| write.bytes).unwrap_or(0);
    }

    fn remove_expired(&mut self, now: Instant) {
        while let Some((started, _)) = self.oldest(b"").and_then(|at| self.order.get(at))
            && now.duration_since(*started) >= TTL
        {
            self.evict_oldest(b"");
        }
    }

    /// Evicts the oldest response other than that of `spared`; false if there is none.
    fn evict_oldest(&mut self, spared: &[u8]) -> bool {
        let oldest = self.oldest(spared).and_then(|at| self.order.remove(at));
        oldest.inspect(|(_, key)| self.remove(key)).is_some()
    }

    /// The index of the oldest completed write in `order`. A write in progress is never evicted, so that it cannot run
    /// twice. Entries of removed writes are dropped on the way.
    fn oldest(&mut self, spared: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some((started, key)) = self.order.get(at) {
            match self.by_key.get(key).filter(|write| write.started == *started) {
                None => drop(self.order.remove(at)),
                Some(write) if write.bytes.is_some() && key != spared => return Some(at),
                Some(_) => at += 1,
            }
        }
        None
    }
}

/// Cancels the control on drop: the client has disconnected, or the work is done.
pub struct CancelOnDisconnect(pub Arc<Control>);

impl Drop for CancelOnDisconnect {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

pub async fn idempotent(State(app): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let control = Arc::new(Control::default());
    request.extensions_mut().insert(Arc::clone(&control));
    let _cancel = CancelOnDisconnect(control);
    // Repeating these changes nothing, and their bodies are never buffered.
    let streamed = matches!(request.uri().path(), "/export" | "/import" | "/watch");
    let key = match request.headers().get(IDEMPOTENCY_KEY) {
        Some(key) if *request.method() != Method::GET && !streamed => key.as_bytes().to_vec(),
        _ => return next.run(request).await,
    };
    if key.is_empty() || key.len() > 256 {
        return ApiError::from(Invalid::argument("Idempotency-Key", "must be 1 to 256 bytes")).into_response();
    }
    let Some(caller) = request.extensions().get::<Caller>() else { return next.run(request).await };
    let tenant = caller.tenant.clone();
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await.map(|body| body.to_bytes()) else {
        return ApiError::invalid("body", "ended too early").into_response();
    };
    let (method, uri, headers) = (parts.method.clone(), parts.uri.to_string(), parts.headers.clone());
    let hashed = body.clone();
    let hash = move || fingerprint(&method, &uri, &headers, &hashed);
    let Ok(fingerprint) = (if body.len() <= INLINE_BYTES { Ok(hash()) } else { spawn_blocking(hash).await }) else {
        return ApiError::Panicked.into_response();
    };
    let (sender, mut response) = {
        let mut entries = app.idempotency.entries.lock();
        match entries.find(&tenant, &key) {
            Some(earlier) if earlier.fingerprint != fingerprint => return ApiError::OtherRequest.into_response(),
            Some(earlier) => (None, earlier.response.clone()),
            None => {
                let sender = entries.begin(&tenant, &key, fingerprint, Instant::now());
                let response = sender.subscribe();
                (Some(sender), response)
            }
        }
    };
    let replayed = sender.is_none();
    if let Some(sender) = sender {
        let (app, request) = (Arc::clone(&app), Request::from_parts(parts, body.into()));
        // A separate task completes the write and stores the response even if the client disconnects.
        let write = async move {
            let answer = async { StoredResponse::read(next.run(request).await).await };
            let write = KeyedWrite { tenant: tenant.as_str(), key: &key, fingerprint };
            let (stored, claimed) = match app.stores.idempotency() {
                None => (answer.await, None),
                Some(servers) => match turn(servers, write).await {
                    Turn::Answered(stored) => (*stored, None),
                    Turn::Mine(claimed) => (claimed.run(answer).await, Some(claimed)),
                },
            };
            {
                let mut entries = app.idempotency.entries.lock();
                if stored.is_outcome() {
                    entries.finish(&tenant, &key, stored.body.len());
                } else {
                    entries.remove(&tenant, &key);
                }
            }
            sender.send_replace(Some(stored.clone()));
            if let Some(claimed) = claimed {
                claimed.share(&stored).await;
            }
        };
        spawn(write.in_current_span());
    }
    match response.wait_for(Option::is_some).await.map(|stored| stored.clone()) {
        Ok(Some(stored)) => stored.into_response(replayed),
        _ => ApiError::Panicked.into_response(),
    }
}

fn fingerprint(method: &Method, uri: &str, headers: &HeaderMap, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in
        [method.as_str().as_bytes(), uri.as_bytes(), headers.get("if-match").map_or(b"", HeaderValue::as_bytes), body]
    {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use super::*;

    fn tenant(name: &str) -> Tenant {
        Tenant::read(name).unwrap()
    }

    fn write(entries: &mut Entries, tenant: &Tenant, key: &str, bytes: usize) {
        entries.begin(tenant, key.as_bytes(), [0; 32], Instant::now());
        entries.finish(tenant, key.as_bytes(), bytes);
    }

    #[test]
    fn responses_of_one_tenant_never_evict_those_of_another() {
        let (mut entries, ann) = (Entries::default(), tenant("ann"));
        write(&mut entries, &ann, "first", 100);
        for other in 0..8 {
            let other = tenant(&format!("t{other}"));
            for n in 0..100 {
                write(&mut entries, &other, &n.to_string(), 1 << 20);
            }
        }
        for n in 0..2 * MAX_RESPONSES_PER_TENANT {
            write(&mut entries, &tenant("bob"), &n.to_string(), 0);
        }
        assert!(entries.find(&ann, b"first").is_some());
        assert_eq!(entries.tenants[&tenant("bob")].by_key.len(), MAX_RESPONSES_PER_TENANT);
        assert!(entries.tenants.values().map(|writes| writes.bytes).sum::<usize>() <= MAX_BYTES);
    }

    #[test]
    fn a_write_in_progress_is_not_evicted_and_does_not_block_eviction() {
        let (mut entries, ann) = (Entries::default(), tenant("ann"));
        entries.begin(&ann, b"slow", [0; 32], Instant::now());
        for n in 0..100 {
            write(&mut entries, &ann, &n.to_string(), 1 << 20);
        }
        assert!(entries.tenants[&ann].bytes <= MAX_BYTES_PER_TENANT);
        assert!(entries.find(&ann, b"slow").is_some() && entries.find(&ann, b"99").is_some());
        assert!(entries.find(&ann, b"0").is_none());
    }

    #[test]
    fn the_newest_response_is_kept_whatever_its_size() {
        let (mut entries, ann) = (Entries::default(), tenant("ann"));
        write(&mut entries, &ann, "small", 10);
        write(&mut entries, &ann, "large", 2 * MAX_BYTES);
        assert!(entries.find(&ann, b"large").is_some() && entries.find(&ann, b"small").is_none());
    }

    #[test]
    fn a_response_expires_after_ten_minutes_and_a_rejected_write_is_removed_at_once() {
        let (mut entries, ann, start) = (Entries::default(), tenant("ann"), Instant::now());
        entries.begin(&ann, b"kept", [0; 32], start);
        entries.finish(&ann, b"kept", 10);
        entries.begin(&ann, b"rejected", [0; 32], start);
        entries.remove(&ann, b"rejected");
        assert!(entries.find(&ann, b"rejected").is_none());
        entries.begin(&ann, b"later", [0; 32], start + TTL);
        assert!(entries.find(&ann, b"kept").is_none());
        assert_eq!((entries.tenants[&ann].bytes, entries.tenants[&ann].order.len()), (0, 1));
    }
}
