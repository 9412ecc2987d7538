//! What changes? Told as it is committed, as server-sent events, for as long as the client listens. Nothing is held while
//! it waits but the client's place among the changes.

use openmemory_rules::contract::{Control, MemoryChange, Watcher};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_core::Stream;
use openmemory_domain::request::Watch;
use openmemory_rules::Error;
use serde_json::{Map, Value};
use tokio::sync::{Notify, mpsc};
use tokio::task::spawn;
use tokio::time::timeout;
use tracing::Instrument;

use super::requests;
use crate::app_state::AppState;
use crate::http::{
    ApiError, ApiResult, Body, CancelOnDisconnect, GaugeGuard, Permit, Query, TenantStore, caller, log_late_error,
};
use crate::keys::Caller;
use crate::openapi::schemas;
use crate::readers::{ReadKind, Share};

/// Events that wait for the client; each may be as large as a memory.
const QUEUE_DEPTH: usize = 4;

/// Committed changes as they happen, as server-sent events
///
/// The data of an event is a change, and its id the cursor: `Last-Event-ID` or `since` goes on behind it. An event with
/// an id alone tells where to go on from when nothing was told. An event `error` has a refusal, and is the last one.
#[utoipa::path(
    get, path = "/watch", tag = "Store", params(requests::WatchQuery, schemas::LastEventId),
    responses((status = 200, body = schemas::MemoryChange, content_type = "text/event-stream"), schemas::Refusals)
)]
pub async fn watch(
    app: State<Arc<AppState>>,
    headers: HeaderMap,
    memories: TenantStore,
    query: Query<requests::WatchQuery>,
) -> ApiResult {
    begin(app.0, headers, memories, query.fields)
}

/// As the above, with filters of any length
#[utoipa::path(
    post, path = "/watch", tag = "Store", params(schemas::LastEventId), request_body = requests::WatchRequest,
    responses((status = 200, body = schemas::MemoryChange, content_type = "text/event-stream"), schemas::Refusals)
)]
pub async fn watch_some(
    app: State<Arc<AppState>>,
    headers: HeaderMap,
    memories: TenantStore,
    Body(body): Body,
) -> ApiResult {
    let Value::Object(request) = body else { return Err(ApiError::invalid("body", "must be an object")) };
    begin(app.0, headers, memories, request)
}

fn begin(app: Arc<AppState>, headers: HeaderMap, memories: TenantStore, mut request: Map<String, Value>) -> ApiResult {
    if let Some(last) = headers.get("last-event-id").filter(|last| !last.is_empty()) {
        let last = last.to_str().map_err(|_| ApiError::invalid("Last-Event-ID", "must be ASCII"))?;
        request.insert("since".into(), last.into());
    }
    let request = Watch::read(request.into())?;
    let caller = caller(&app, &headers)?;
    let permit = app.permits.watches.try_acquire(&caller).ok_or(ApiError::TooManyWatches)?;
    let watcher = memories.store.watch(request)?;
    let place = Place { watcher, share: memories.share, _counted: app.metrics.start_watch(), _permit: permit };
    let (events, told) = mpsc::channel(QUEUE_DEPTH);
    spawn(tell(place, Listener { app, caller, headers, events }).in_current_span());
    let unbuffered = [("x-accel-buffering", "no")];
    Ok((unbuffered, Sse::new(Events(told)).keep_alive(KeepAlive::default())).into_response())
}

/// A watcher and what it needs. The permit goes last: when it is free, the store is let go of.
struct Place {
    watcher: Box<dyn Watcher>,
    share: Arc<Share>,
    _counted: GaugeGuard,
    _permit: Permit,
}

impl Place {
    /// The next changes; none when the store has closed.
    async fn next(mut self, wake: &Arc<Notify>) -> Result<(Self, Option<Vec<MemoryChange>>), Error> {
        let (wake, share, control) = (Arc::clone(wake), Arc::clone(&self.share), Arc::new(Control::default()));
        let kind = if self.watcher.reads_store() { ReadKind::Scan } else { ReadKind::Point };
        let _gone = CancelOnDisconnect(Arc::clone(&control));
        let next = async move {
            let changes = self.watcher.next(control, Arc::new(move || wake.notify_one())).await?;
            Ok((self, changes))
        };
        share.run(kind, next).await
    }
}

/// Until the client goes, the server ends, or there is something that must be refused.
async fn tell(place: Place, listener: Listener) {
    let mut stopped = listener.app.stopped.clone();
    let outcome = tokio::select! {
        biased;
        _ = stopped.wait_for(|stopped| *stopped) => return,
        () = listener.events.closed() => return,
        outcome = changes(place, &listener) => outcome,
    };
    if let Err(failure) = outcome {
        let told = failure.error_body();
        log_late_error(&told);
        let _ = listener.send(Event::default().event("error").data(told.to_json().to_string())).await;
    }
}

/// Returns when the store has closed or the client takes nothing any more.
async fn changes(mut place: Place, listener: &Listener) -> Result<(), ApiError> {
    let wake = Arc::new(Notify::new());
    let mut last = String::new();
    loop {
        let (back, changes) = place.next(&wake).await?;
        place = back;
        let Some(changes) = changes else { return Ok(()) };
        let waits = changes.is_empty();
        if !waits {
            listener.may_hear()?;
        }
        for change in changes {
            let event = Event::default().id(&change.cursor).json_data(&change);
            if !listener.send(event.map_err(|_| Error::Internal("a change is no JSON"))?).await {
                return Ok(());
            }
            last = change.cursor;
        }
        if waits {
            let cursor = place.watcher.cursor();
            if cursor != last && !listener.send(Event::default().id(&cursor)).await {
                return Ok(());
            }
            last = cursor;
            wake.notified().await;
        }
    }
}

/// Who is told.
struct Listener {
    app: Arc<AppState>,
    caller: Caller,
    headers: HeaderMap,
    events: mpsc::Sender<Event>,
}

impl Listener {
    /// A key that was revoked hears nothing more.
    fn may_hear(&self) -> Result<(), ApiError> {
        if caller(&self.app, &self.headers)? == self.caller { Ok(()) } else { Err(ApiError::Unauthorized) }
    }

    /// Whether the client takes it, in good time.
    async fn send(&self, event: Event) -> bool {
        matches!(timeout(self.app.limits.receive(), self.events.send(event)).await, Ok(Ok(())))
    }
}

struct Events(mpsc::Receiver<Event>);

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}
