//! How are changes watched? Each committed change is sent as a server-sent event while the client is connected. A waiting
//! watch holds only its position in the changes.

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
use openmemory_rules::contract::{Control, MemoryChange, Watcher};
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

/// Events that may wait for the client. Each may be as large as a memory.
const QUEUE_DEPTH: usize = 4;

/// Watch committed changes as server-sent events
///
/// The data of an event is a change, and its id is the cursor: send it as `Last-Event-ID` or `since` to continue after the
/// change. An event without data has only a cursor to continue from. An event `error` contains an error and is the last
/// one.
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

/// Watch matching changes; like `GET /watch`, with filters of any length
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
    let session = Session { watcher, share: memories.share, _open_watch: app.metrics.start_watch(), _permit: permit };
    let (events, received) = mpsc::channel(QUEUE_DEPTH);
    spawn(run(session, Listener { app, caller, headers, events }).in_current_span());
    let unbuffered = [("x-accel-buffering", "no")];
    Ok((unbuffered, Sse::new(Events(received)).keep_alive(KeepAlive::default())).into_response())
}

/// An open watch. The permit is dropped last, so that the store has been released once the permit is available.
struct Session {
    watcher: Box<dyn Watcher>,
    share: Arc<Share>,
    _open_watch: GaugeGuard,
    _permit: Permit,
}

impl Session {
    /// The next changes; none if the store has closed.
    async fn next(mut self, wake: &Arc<Notify>) -> Result<(Self, Option<Vec<MemoryChange>>), Error> {
        let (wake, share, control) = (Arc::clone(wake), Arc::clone(&self.share), Arc::new(Control::default()));
        let kind = if self.watcher.reads_store() { ReadKind::Scan } else { ReadKind::Point };
        let _cancel = CancelOnDisconnect(Arc::clone(&control));
        let next = async move {
            let changes = self.watcher.next(control, Arc::new(move || wake.notify_one())).await?;
            Ok((self, changes))
        };
        share.run(kind, next).await
    }
}

/// Sends events until the client disconnects, the server shuts down, or an error ends the watch.
async fn run(session: Session, listener: Listener) {
    let mut stopped = listener.app.stopped.clone();
    let outcome = tokio::select! {
        biased;
        _ = stopped.wait_for(|stopped| *stopped) => return,
        () = listener.events.closed() => return,
        outcome = send_changes(session, &listener) => outcome,
    };
    if let Err(error) = outcome {
        let body = error.error_body();
        log_late_error(&body);
        let _ = listener.send(Event::default().event("error").data(body.to_json().to_string())).await;
    }
}

/// Returns when the store has closed or the client no longer reads.
async fn send_changes(mut session: Session, listener: &Listener) -> Result<(), ApiError> {
    let wake = Arc::new(Notify::new());
    let mut last = String::new();
    loop {
        let (returned, changes) = session.next(&wake).await?;
        session = returned;
        let Some(changes) = changes else { return Ok(()) };
        let caught_up = changes.is_empty();
        if !caught_up {
            listener.check_key()?;
        }
        for change in changes {
            let event = Event::default().id(&change.cursor).json_data(&change);
            if !listener.send(event.map_err(|_| Error::Internal("a change does not serialize to JSON"))?).await {
                return Ok(());
            }
            last = change.cursor;
        }
        if caught_up {
            let cursor = session.watcher.cursor();
            if cursor != last && !listener.send(Event::default().id(&cursor)).await {
                return Ok(());
            }
            last = cursor;
            wake.notified().await;
        }
    }
}

/// The client of a watch.
struct Listener {
    app: Arc<AppState>,
    caller: Caller,
    headers: HeaderMap,
    events: mpsc::Sender<Event>,
}

impl Listener {
    /// Fails if the key has been revoked since the watch began.
    fn check_key(&self) -> Result<(), ApiError> {
        if caller(&self.app, &self.headers)? == self.caller { Ok(()) } else { Err(ApiError::Unauthorized) }
    }

    /// Sends an event; false if the client disconnected or did not read it in time.
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
