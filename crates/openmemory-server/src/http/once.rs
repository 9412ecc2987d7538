//! Was this very write answered before? A client that lost an answer sends its write again with the same
//! `Idempotency-Key`, and gets the answer of the first without a second write.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use openmemory_core::domain::Invalid;
use openmemory_core::engine::Control;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::spawn;

use super::{Failure, Told};
use crate::app::App;
use crate::keys::Caller;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(600);
/// Bytes of answers that are kept; the oldest go first.
const MOST_BYTES: usize = 64 << 20;
const MOST_ANSWERS: usize = 10_000;

type Place = (String, Vec<u8>);

/// The answers of writes that had a key, by tenant and key.
#[derive(Default)]
pub struct Answers {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    writes: HashMap<Place, Write>,
    /// The oldest first; those that were taken out are still here.
    order: VecDeque<(Instant, Place)>,
    bytes: usize,
}

struct Write {
    request: [u8; 32],
    began: Instant,
    answer: watch::Receiver<Option<Kept>>,
    /// Of the answer, once there is one.
    bytes: usize,
}

impl Known {
    fn begin(&mut self, place: &Place, request: [u8; 32], now: Instant) -> watch::Sender<Option<Kept>> {
        self.make_room(now);
        let (sender, answer) = watch::channel(None);
        self.writes.insert(place.clone(), Write { request, began: now, answer, bytes: 0 });
        self.order.push_back((now, place.clone()));
        sender
    }

    fn end(&mut self, place: &Place, bytes: usize) {
        if let Some(write) = self.writes.get_mut(place) {
            write.bytes = bytes;
            self.bytes += bytes;
        }
    }

    fn forget(&mut self, place: &Place) {
        self.bytes -= self.writes.remove(place).map_or(0, |write| write.bytes);
    }

    fn make_room(&mut self, now: Instant) {
        while let Some((began, place)) = self.order.front() {
            let full = self.bytes > MOST_BYTES || self.writes.len() >= MOST_ANSWERS;
            let write = self.writes.get(place).filter(|write| write.began == *began);
            // A write under way keeps its place, so that it is never done twice.
            let under_way = write.is_some_and(|write| write.answer.borrow().is_none());
            if under_way || (write.is_some() && !full && now.duration_since(*began) < KEPT) {
                return;
            }
            let stands = write.is_some();
            if let Some((_, place)) = self.order.pop_front()
                && stands
            {
                self.forget(&place);
            }
        }
    }
}

#[derive(Clone)]
struct Kept {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    told: Option<Told>,
}

/// Trips the request's control when its client has gone before the answer.
pub struct Gone(pub Arc<Control>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

pub async fn answer_once(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let control = Arc::new(Control::default());
    request.extensions_mut().insert(Arc::clone(&control));
    let _gone = Gone(control);
    // None changes anything the second time, and none is held in memory.
    let streamed = matches!(request.uri().path(), "/export" | "/import" | "/watch");
    let key = match request.headers().get(IDEMPOTENCY_KEY) {
        Some(key) if *request.method() != Method::GET && !streamed => key.as_bytes().to_vec(),
        _ => return next.run(request).await,
    };
    if key.is_empty() || key.len() > 256 {
        return Failure::from(Invalid::argument("Idempotency-Key", "must be 1 to 256 bytes")).into_response();
    }
    let Some(caller) = request.extensions().get::<Caller>() else { return next.run(request).await };
    let place = (caller.tenant.to_string(), key);
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await.map(|body| body.to_bytes()) else {
        return Failure::invalid("body", "ended too early").into_response();
    };
    let fingerprint = fingerprint(&parts.method, &parts.uri.to_string(), &parts.headers, &body);
    let (sender, mut answer) = {
        let mut known = app.answers.known.lock();
        match known.writes.get(&place) {
            Some(earlier) if earlier.request != fingerprint => return Failure::OtherRequest.into_response(),
            Some(earlier) => (None, earlier.answer.clone()),
            None => {
                let sender = known.begin(&place, fingerprint, Instant::now());
                let answer = sender.subscribe();
                (Some(sender), answer)
            }
        }
    };
    let replayed = sender.is_none();
    if let Some(sender) = sender {
        let (app, request) = (Arc::clone(&app), Request::from_parts(parts, body.into()));
        // On a task of its own: it ends, and its answer is kept, also when the client has gone.
        spawn(async move {
            let kept = keep(next.run(request).await).await;
            {
                let mut known = app.answers.known.lock();
                // What was not done may be tried again.
                match kept.status.as_u16() {
                    429 | 503 => known.forget(&place),
                    _ => known.end(&place, kept.body.len()),
                }
            }
            sender.send_replace(Some(kept));
        });
    }
    match answer.wait_for(Option::is_some).await.map(|kept| kept.clone()) {
        Ok(Some(kept)) => kept.again(replayed),
        _ => Failure::Panicked.into_response(),
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
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Kept { status: parts.status, headers: parts.headers, body, told: parts.extensions.remove::<Told>() }
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
