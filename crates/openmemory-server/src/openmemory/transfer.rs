//! How does a whole store leave, and how does one come in? As lines of text, streamed both ways; and as a backup beside
//! the server.

use openmemory_rules::contract::{Control, Imported};
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::IntoResponse;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{Export, Fields, OnConflict};
use openmemory_rules::Error;
use openmemory_rules::ImportFile;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::spawn;
use tokio::time::timeout;
use tracing::Instrument;

use super::requests;
use crate::app_state::AppState;
use crate::blocking::blocking;
use crate::http::{
    ApiError, ApiResult, Body, CancelOnDisconnect, ChunkSender, JSON_LINES, Progress, Query, TenantStore, Upload,
    public_error, stream_body,
};
use crate::keys::Caller;
use crate::openapi::schemas;
use crate::tenant::names_directory;

/// Bytes of an export that are sent at once.
const PIECE: usize = 64 << 10;

/// All memories with their whole history, as JSON lines
///
/// The last line begins with `{"end":true`; without it something was cut off. `docs/reference/export-format.md` has the rest.
#[utoipa::path(
    get, path = "/export", tag = "Store", params(requests::ExportQuery),
    responses((status = 200, body = String, content_type = "application/jsonl"), schemas::Refusals)
)]
pub async fn export(
    State(app): State<Arc<AppState>>,
    Extension(caller): Extension<Caller>,
    memories: TenantStore,
    query: Query<requests::ExportQuery>,
) -> ApiResult {
    lines(&app, caller, memories, Export::read_filter(query.fields.into())?).await
}

/// As the above, with filters of any length
#[utoipa::path(
    post, path = "/export", tag = "Store", request_body = requests::ExportRequest,
    responses((status = 200, body = String, content_type = "application/jsonl"), schemas::Refusals)
)]
pub async fn export_some(
    State(app): State<Arc<AppState>>,
    Extension(caller): Extension<Caller>,
    memories: TenantStore,
    Body(body): Body,
) -> ApiResult {
    lines(&app, caller, memories, Export::read_filter(body)?).await
}

/// Import the lines of an export; interrupted, it goes on where it stopped when it is asked again
///
/// All is checked before anything is imported. With `Accept: application/jsonl` the answer is a line
/// `{"done": …, "total": …}` now and then, and the report or the refusal as the last one.
#[utoipa::path(
    post, path = "/import", tag = "Store", params(requests::ImportQuery),
    request_body(content((String = "application/jsonl"), (String = "text/plain"))),
    responses((status = 200, body = schemas::Imported), schemas::Refusals)
)]
pub async fn import(
    State(app): State<Arc<AppState>>,
    memories: TenantStore,
    mut query: Query<requests::ImportQuery>,
    progress: Progress,
    Upload { file, permit }: Upload,
) -> ApiResult {
    let on_conflict = OnConflict::read(query.text("onConflict").as_deref())?;
    let line_bytes = app.limits.import_line_bytes;
    let check = move |_, control: Arc<Control>| blocking(move || ImportFile::check_opened(file, line_bytes, &control));
    let file = memories.scan(check).await?;
    let store = memories.store;
    let import = |control: Arc<Control>| async move {
        let _permit = permit;
        Ok(report(store.import(file, on_conflict, control).await?))
    };
    progress.follow(import).await
}

/// Copy the store to a directory of this name beside the server; needs a server that was started with one for backups
#[utoipa::path(
    post, path = "/backup", tag = "Store", request_body = requests::BackupRequest,
    responses((status = 200, body = schemas::BackedUp), schemas::Refusals)
)]
pub async fn backup(
    State(app): State<Arc<AppState>>,
    Extension(caller): Extension<Caller>,
    memories: TenantStore,
    Body(body): Body,
) -> ApiResult {
    let name = backup_name(body)?;
    let Some(root) = &app.backup_dir else {
        return Err(ApiError::Forbidden("this server makes no backups; it needs --backup-dir for them"));
    };
    let directory = root.join(caller.tenant.as_str()).join(&name);
    let made = memories.scan(|store, control| async move { store.backup(directory, control).await }).await;
    let made = made.map_err(|error| match error.field() {
        Some("dir") => ApiError::invalid("name", "is an earlier backup's"),
        _ => error.into(),
    })?;
    Ok(Json(json!({ "name": name, "memories": made.memories, "bytes": made.bytes })).into_response())
}

fn backup_name(body: Value) -> Result<String, ApiError> {
    match Fields::of(body, requests::BackupRequest::PROPERTIES)?.string("name")? {
        Some(name) if names_directory(&name) => Ok(name),
        _ => Err(ApiError::invalid("name", "must be 1 to 64 of a to z, 0 to 9, - and _")),
    }
}

/// Sends an export while it is written, for as long as the client takes it.
async fn lines(app: &Arc<AppState>, caller: Caller, memories: TenantStore, filter: Option<Filter>) -> ApiResult {
    let place = app.permits.exports.acquire(&caller, 1).await;
    let (pieces, taken) = stream_body();
    let outlet =
        Arc::new(Outlet { pieces, runtime: Handle::current(), app: Arc::clone(app), waiting: Mutex::default() });
    // Goes with the body: a filter may let nothing through for as long as the store is large.
    let exporting = Arc::new(Control::default());
    let gone = CancelOnDisconnect(Arc::clone(&exporting));
    let sink = {
        let outlet = Arc::clone(&outlet);
        Box::new(move |bytes: &[u8]| outlet.write(bytes))
    };
    let export = async move {
        let _place = place;
        let outcome = memories.store.export(filter, exporting, sink).await;
        // Who has gone is not told.
        let _ = outlet.end(outcome.map(drop)).await;
    };
    spawn(export.in_current_span());
    let kind = [(header::CONTENT_TYPE, JSON_LINES)];
    Ok((kind, taken.wait_for_first().await?.into_body(gone)).into_response())
}

/// Where an export writes. It waits for the client, but not for ever.
struct Outlet {
    pieces: ChunkSender,
    runtime: Handle,
    app: Arc<AppState>,
    waiting: Mutex<Vec<u8>>,
}

impl Outlet {
    /// Blocks while the client takes nothing.
    fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut waiting = self.waiting.lock();
        waiting.extend_from_slice(bytes);
        if waiting.len() < PIECE {
            return Ok(());
        }
        let piece = std::mem::replace(&mut *waiting, Vec::with_capacity(PIECE));
        self.runtime.block_on(self.send(Ok(piece.into())))
    }

    /// Sends what is left, or why there is no more.
    async fn end(&self, outcome: Result<(), Error>) -> Result<(), Error> {
        let last = std::mem::take(&mut *self.waiting.lock());
        self.send(outcome.map(|()| last.into())).await
    }

    async fn send(&self, piece: Result<Bytes, Error>) -> Result<(), Error> {
        match timeout(self.app.limits.receive(), self.pieces.send(piece)).await {
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
        .map(|refused| json!({ "line": refused.line, "id": refused.id, "error": public_error(&refused.error) }))
        .collect();
    told
}
