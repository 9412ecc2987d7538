//! How does a whole store leave, and how does one come in? As lines of text, streamed both ways; and as a backup beside
//! the server.

use openmemory_rules::contract::{Control, Imported};
use std::sync::Arc;
use std::thread;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::IntoResponse;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{Export, OnConflict};
use openmemory_rules::Error;
use openmemory_rules::ImportFile;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::time::timeout;
use tracing::Span;

use crate::app_state::AppState;
use crate::http::{
    Answer, ApiError, Body, CancelOnDisconnect, ChunkSender, JSON_LINES, Params, Progress, TenantStore, Upload,
    fields_of, stream_body,
};
use crate::keys::Caller;
use crate::openapi::schemas;
use crate::tenants::names_directory;

/// Bytes of an export that are sent at once.
const PIECE: usize = 64 << 10;

/// All memories with their whole history, as JSON lines
///
/// The last line begins with `{"end":true`; without it something was cut off. `docs/reference/export-format.md` has the rest.
#[utoipa::path(
    get, path = "/export", tag = "Store", params(schemas::ExportQuery),
    responses((status = 200, body = String, content_type = "application/jsonl"), schemas::Refusals)
)]
pub async fn export(
    State(app): State<Arc<AppState>>,
    Extension(caller): Extension<Caller>,
    memories: TenantStore,
    mut params: Params,
) -> Answer {
    let mut request = Map::new();
    if let Some(filters) = params.filters()? {
        request.insert("filters".into(), filters);
    }
    params.done()?;
    lines(&app, caller, memories, Export::read_filter(request.into())?).await
}

/// As the above, with filters of any length
#[utoipa::path(
    post, path = "/export", tag = "Store", request_body = schemas::ExportRequest,
    responses((status = 200, body = String, content_type = "application/jsonl"), schemas::Refusals)
)]
pub async fn export_some(
    State(app): State<Arc<AppState>>,
    Extension(caller): Extension<Caller>,
    memories: TenantStore,
    Body(body): Body,
) -> Answer {
    lines(&app, caller, memories, Export::read_filter(body)?).await
}

/// Import the lines of an export; interrupted, it goes on where it stopped when it is asked again
///
/// All is checked before anything is imported. With `Accept: application/jsonl` the answer is a line
/// `{"done": …, "total": …}` now and then, and the report or the refusal as the last one.
#[utoipa::path(
    post, path = "/import", tag = "Store", params(schemas::ImportQuery),
    request_body(content((String = "application/jsonl"), (String = "text/plain"))),
    responses((status = 200, body = schemas::Imported), schemas::Refusals)
)]
pub async fn import(
    State(app): State<Arc<AppState>>,
    memories: TenantStore,
    mut params: Params,
    progress: Progress,
    Upload { file, place }: Upload,
) -> Answer {
    let on_conflict = OnConflict::read(params.take("onConflict").as_deref())?;
    params.done()?;
    let line_bytes = app.limits.import_line_bytes;
    let file = memories.scan(move |_, control| ImportFile::check_opened(file, line_bytes, control)).await?;
    let store = memories.store;
    let import = |control: Arc<Control>| async move {
        let _place = place;
        Ok(report(store.judge(store.import_from(file, on_conflict, &control).await)?))
    };
    progress.follow(import).await
}

/// Copy the store to a directory of this name beside the server; needs a server that was started with one for backups
#[utoipa::path(
    post, path = "/backup", tag = "Store", request_body = schemas::BackupRequest,
    responses((status = 200, body = schemas::BackedUp), schemas::Refusals)
)]
pub async fn backup(
    State(app): State<Arc<AppState>>,
    Extension(caller): Extension<Caller>,
    memories: TenantStore,
    Body(body): Body,
) -> Answer {
    let name = backup_name(body)?;
    let Some(root) = &app.backup_dir else {
        return Err(ApiError::Forbidden("this server makes no backups; it needs --backup-dir for them"));
    };
    let directory = root.join(caller.tenant.as_str()).join(&name);
    let made = memories.scan(move |engine, control| engine.backup(&directory, control)).await;
    let made = made.map_err(|error| match error.field() {
        Some("dir") => ApiError::invalid("name", "is an earlier backup's"),
        _ => error.into(),
    })?;
    Ok(Json(json!({ "name": name, "memories": made.memories, "bytes": made.bytes })).into_response())
}

fn backup_name(body: Value) -> Result<String, ApiError> {
    let Value::Object(mut body) = body else { return Err(ApiError::invalid("body", "must be an object")) };
    let name = match body.shift_remove("name") {
        Some(Value::String(name)) if names_directory(&name) => name,
        _ => return Err(ApiError::invalid("name", "must be 1 to 64 of a to z, 0 to 9, - and _")),
    };
    match body.keys().next() {
        Some(unknown) => Err(ApiError::invalid(unknown, "is not a field here")),
        None => Ok(name),
    }
}

/// Reads on a thread of its own: a client takes as long as it likes, and the threads for reads are few.
async fn lines(app: &Arc<AppState>, caller: Caller, memories: TenantStore, filter: Option<Filter>) -> Answer {
    let place = app.places.exports.acquire(&caller, 1).await;
    let (pieces, taken) = stream_body();
    let (outlet, store) = (Outlet { pieces, runtime: Handle::current(), app: Arc::clone(app) }, memories.store);
    // Goes with the body: a filter may let nothing through for as long as the store is large.
    let exporting = Arc::new(Control::default());
    let gone = CancelOnDisconnect(Arc::clone(&exporting));
    let export = move || {
        let _place = place;
        let mut waiting = Vec::with_capacity(PIECE);
        let outcome = store.export(filter.as_ref(), &exporting, &mut |bytes| {
            waiting.extend_from_slice(bytes);
            if waiting.len() < PIECE {
                return Ok(());
            }
            // A client that reads slowly must not keep a failed store from being opened again.
            if store.directory().is_wanted() {
                return Err(Error::StoreFailed);
            }
            outlet.put(Ok(std::mem::replace(&mut waiting, Vec::with_capacity(PIECE)).into()))
        });
        // Who has gone is not told.
        let _ = outlet.put(outcome.map(|_| waiting.into()));
    };
    let span = Span::current();
    let begun = thread::Builder::new().name("openmemory-export".into()).spawn(move || span.in_scope(export));
    begun.map_err(|_| Error::Internal("there is no thread for an export"))?;
    let kind = [(header::CONTENT_TYPE, JSON_LINES)];
    Ok((kind, taken.begun().await?.into_body(gone)).into_response())
}

/// Where a thread that may block puts pieces; it waits for the client, but not for ever.
struct Outlet {
    pieces: ChunkSender,
    runtime: Handle,
    app: Arc<AppState>,
}

impl Outlet {
    fn put(&self, piece: Result<Bytes, Error>) -> Result<(), Error> {
        let wait = async { timeout(self.app.limits.receive(), self.pieces.send(piece)).await };
        match self.runtime.block_on(wait) {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::Aborted),
        }
    }
}

/// The engine's report, with nothing in it that a stranger must not see.
fn report(imported: Imported) -> Value {
    let mut told = json!(imported);
    let errors = imported.errors.iter();
    told["errors"] = errors
        .map(|refused| json!({ "line": refused.line, "id": refused.id, "error": fields_of(&refused.error) }))
        .collect();
    told
}
