//! Was this very write answered before? A client that lost an answer sends its write again with the same
//! `Idempotency-Key`, and gets the answer of the first without a second write.

use openmemory_rules::contract::Control;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use openmemory_domain::Invalid;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::{spawn, spawn_blocking};
use tracing::Instrument;

use super::body::SMALL;
use super::{ApiError, ErrorBody};
use crate::app_state::AppState;
use crate::keys::Caller;
use crate::tenant::Tenant;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// How long an answer is kept, where there is room.
const KEEP_FOR: Duration = Duration::from_secs(600);
/// Answers of a tenant that are kept; the oldest go first.
const MOST_ANSWERS: usize = 10_000;
/// Bytes of them; the newest is kept however large it is.
const MOST_BYTES: usize = 32 << 20;
/// Bytes of all tenants' answers; those of the tenant that has most go first.
const MOST_BYTES_OF_ALL: usize = 128 << 20;
/// Bytes that an answer takes beside its body.
const OVERHEAD: usize = 1 << 10;

/// The answers of writes that had a key.
#[derive(Default)]
pub struct IdempotencyStore {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    tenants: HashMap<Tenant, Writes>,
}

/// A tenant's writes by their keys.
#[derive(Default)]
struct Writes {
    known: HashMap<Vec<u8>, Write>,
    /// The oldest first; those that were forgotten are still here.
    order: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
}

struct Write {
    request: [u8; 32],
    began: Instant,
    answer: watch::Receiver<Option<Kept>>,
    /// Of the answer; none while the write is under way.
    bytes: Option<usize>,
}

impl Known {
    fn find(&self, tenant: &Tenant, key: &[u8]) -> Option<&Write> {
        self.tenants.get(tenant)?.known.get(key)
    }

    fn begin(&mut self, tenant: &Tenant, key: &[u8], request: [u8; 32], now: Instant) -> watch::Sender<Option<Kept>> {
        self.tenants.retain(|_, writes| {
            writes.forget_late(now);
            !writes.known.is_empty()
        });
        let writes = self.tenants.entry(tenant.clone()).or_default();
        while writes.known.len() >= MOST_ANSWERS && writes.forget_oldest(key) {}
        let (sender, answer) = watch::channel(None);
        writes.known.insert(key.to_vec(), Write { request, began: now, answer, bytes: None });
        writes.order.push_back((now, key.to_vec()));
        sender
    }

    /// Keeps an answer, and makes room for it: in its tenant's share, and then where most is kept.
    fn end(&mut self, tenant: &Tenant, key: &[u8], bytes: usize) {
        let Some(writes) = self.tenants.get_mut(tenant) else { return };
        let Some(write) = writes.known.get_mut(key) else { return };
        write.bytes = Some(OVERHEAD + bytes);
        writes.bytes += OVERHEAD + bytes;
        while writes.bytes > MOST_BYTES && writes.forget_oldest(key) {}
        while self.tenants.values().map(|writes| writes.bytes).sum::<usize>() > MOST_BYTES_OF_ALL {
            let largest = self.tenants.iter_mut().max_by_key(|(_, writes)| writes.bytes);
            let Some((owner, writes)) = largest else { return };
            if !writes.forget_oldest(if owner == tenant { key } else { b"" }) {
                return;
            }
        }
    }

    /// What was not done may be tried again.
    fn forget(&mut self, tenant: &Tenant, key: &[u8]) {
        if let Some(writes) = self.tenants.get_mut(tenant) {
            writes.forget(key);
        }
    }
}

impl Writes {
    fn forget(&mut self, key: &[u8]) {
        self.bytes -= self.known.remove(key).and_then(|write| write.bytes).unwrap_or(0);
    }

    fn forget_late(&mut self, now: Instant) {
        while let Some((began, _)) = self.oldest(b"").and_then(|at| self.order.get(at))
            && now.duration_since(*began) >= KEEP_FOR
        {
            self.forget_oldest(b"");
        }
    }

    /// Forgets the oldest answer but that of `spared`; false if there is none.
    fn forget_oldest(&mut self, spared: &[u8]) -> bool {
        let oldest = self.oldest(spared).and_then(|at| self.order.remove(at));
        oldest.inspect(|(_, key)| self.forget(key)).is_some()
    }

    /// The place of the oldest answer. A write under way is passed over: it keeps its place, so that it is never done
    /// twice. Places of what was forgotten are given up on the way.
    fn oldest(&mut self, spared: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some((began, key)) = self.order.get(at) {
            match self.known.get(key).filter(|write| write.began == *began) {
                None => drop(self.order.remove(at)),
                Some(write) if write.bytes.is_some() && key != spared => return Some(at),
                Some(_) => at += 1,
            }
        }
        None
    }
}

#[derive(Clone)]
struct Kept {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    told: Option<ErrorBody>,
}

/// Trips the request's control when its client has gone before the answer.
pub struct CancelOnDisconnect(pub Arc<Control>);

impl Drop for CancelOnDisconnect {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

pub async fn idempotent(State(app): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let control = Arc::new(Control::default());
    request.extensions_mut().insert(Arc::clone(&control));
    let _gone = CancelOnDisconnect(control);
    // None changes anything the second time, and none is held in memory.
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
    let Ok(fingerprint) = (if body.len() <= SMALL { Ok(hash()) } else { spawn_blocking(hash).await }) else {
        return ApiError::Panicked.into_response();
    };
    let (sender, mut answer) = {
        let mut known = app.answers.known.lock();
        match known.find(&tenant, &key) {
            Some(earlier) if earlier.request != fingerprint => return ApiError::OtherRequest.into_response(),
            Some(earlier) => (None, earlier.answer.clone()),
            None => {
                let sender = known.begin(&tenant, &key, fingerprint, Instant::now());
                let answer = sender.subscribe();
                (Some(sender), answer)
            }
        }
    };
    let replayed = sender.is_none();
    if let Some(sender) = sender {
        let (app, request) = (Arc::clone(&app), Request::from_parts(parts, body.into()));
        // On a task of its own: it ends, and its answer is kept, also when the client has gone.
        let write = async move {
            let kept = keep(next.run(request).await).await;
            {
                let mut known = app.answers.known.lock();
                // A refusal has done nothing. After a fault nobody knows.
                match kept.status.as_u16() {
                    400..500 | 503 => known.forget(&tenant, &key),
                    _ => known.end(&tenant, &key, kept.body.len()),
                }
            }
            sender.send_replace(Some(kept));
        };
        spawn(write.in_current_span());
    }
    match answer.wait_for(Option::is_some).await.map(|kept| kept.clone()) {
        Ok(Some(kept)) => kept.again(replayed),
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

async fn keep(response: Response) -> Kept {
    let (mut parts, body) = response.into_parts();
    // A copy: the body itself keeps the place of the request.
    let body = body.collect().await.map(|body| Bytes::copy_from_slice(&body.to_bytes())).unwrap_or_default();
    Kept { status: parts.status, headers: parts.headers, body, told: parts.extensions.remove::<ErrorBody>() }
}

impl Kept {
    fn again(self, replayed: bool) -> Response {
        let mut response = (self.status, self.headers, self.body).into_response();
        if replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        let extensions: &mut Extensions = response.extensions_mut();
        if let Some(told) = self.told {
            extensions.insert(told);
        }
        response
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use super::*;

    fn tenant(name: &str) -> Tenant {
        Tenant::read(name).unwrap()
    }

    fn write(known: &mut Known, tenant: &Tenant, key: &str, bytes: usize) {
        known.begin(tenant, key.as_bytes(), [0; 32], Instant::now());
        known.end(tenant, key.as_bytes(), bytes);
    }

    #[test]
    fn answers_of_one_tenant_push_out_none_of_another() {
        let (mut known, ann) = (Known::default(), tenant("ann"));
        write(&mut known, &ann, "first", 100);
        for other in 0..8 {
            let other = tenant(&format!("t{other}"));
            for n in 0..100 {
                write(&mut known, &other, &n.to_string(), 1 << 20);
            }
        }
        for n in 0..2 * MOST_ANSWERS {
            write(&mut known, &tenant("bob"), &n.to_string(), 0);
        }
        assert!(known.find(&ann, b"first").is_some());
        assert_eq!(known.tenants[&tenant("bob")].known.len(), MOST_ANSWERS);
        assert!(known.tenants.values().map(|writes| writes.bytes).sum::<usize>() <= MOST_BYTES_OF_ALL);
    }

    #[test]
    fn a_write_under_way_keeps_its_place_and_keeps_no_other_answers() {
        let (mut known, ann) = (Known::default(), tenant("ann"));
        known.begin(&ann, b"slow", [0; 32], Instant::now());
        for n in 0..100 {
            write(&mut known, &ann, &n.to_string(), 1 << 20);
        }
        assert!(known.tenants[&ann].bytes <= MOST_BYTES);
        assert!(known.find(&ann, b"slow").is_some() && known.find(&ann, b"99").is_some());
        assert!(known.find(&ann, b"0").is_none());
    }

    #[test]
    fn the_newest_answer_is_kept_however_large_it_is() {
        let (mut known, ann) = (Known::default(), tenant("ann"));
        write(&mut known, &ann, "small", 10);
        write(&mut known, &ann, "large", 2 * MOST_BYTES_OF_ALL);
        assert!(known.find(&ann, b"large").is_some() && known.find(&ann, b"small").is_none());
    }

    #[test]
    fn an_answer_goes_after_ten_minutes_and_what_was_refused_at_once() {
        let (mut known, ann, start) = (Known::default(), tenant("ann"), Instant::now());
        known.begin(&ann, b"kept", [0; 32], start);
        known.end(&ann, b"kept", 10);
        known.begin(&ann, b"refused", [0; 32], start);
        known.forget(&ann, b"refused");
        assert!(known.find(&ann, b"refused").is_none());
        known.begin(&ann, b"later", [0; 32], start + KEEP_FOR);
        assert!(known.find(&ann, b"kept").is_none());
        assert_eq!((known.tenants[&ann].bytes, known.tenants[&ann].order.len()), (0, 1));
    }
}
