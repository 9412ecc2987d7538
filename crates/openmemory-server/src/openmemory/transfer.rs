//! How is a store exported, imported and backed up? Exports and imports are streamed as JSON lines. A backup is written to
//! the server's disk.

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
use openmemory_rules::contract::{Control, Imported};
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

/// Bytes of an export per chunk.
const CHUNK_BYTES: usize = 64 << 10;

/// Export all memories with their history as JSON lines
///
/// The last line starts with `{"end":true`; without it the export is incomplete. `docs/reference/export-format.md`
/// describes the format.
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
    stream_export(&app, caller, memories, Export::read_filter(query.fields.into())?).await
}

/// Export matching memories; like `GET /export`, with filters of any length
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
    stream_export(&app, caller, memories, Export::read_filter(body)?).await
}

/// Import the lines of an export; after an interruption, the same request continues
///
/// All lines are checked before anything is imported. With `Accept: application/jsonl` the response is progress lines
/// `{"done": …, "total": …}`, with the report or the error as the last line.
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
    let on_conflict = OnConflict::named(query.text("onConflict").as_deref())?.unwrap_or_default();
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

/// Back up the store to a directory of this name on the server; requires `--backup-dir`
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
        return Err(ApiError::Forbidden("backups are disabled; start the server with --backup-dir"));
    };
    let directory = root.join(caller.tenant.as_str()).join(&name);
    let backup_result = memories.scan(|store, control| async move { store.backup(directory, control).await }).await;
    let backup_result = backup_result.map_err(|error| match error.field() {
        Some("dir") => ApiError::invalid("name", "is already used by another backup"),
        _ => error.into(),
    })?;
    Ok(Json(json!({ "name": name, "memories": backup_result.memories, "bytes": backup_result.bytes })).into_response())
}

fn backup_name(body: Value) -> Result<String, ApiError> {
    match Fields::of(body, requests::BackupRequest::PROPERTIES)?.string("name")? {
        Some(name) if names_directory(&name) => Ok(name),
        _ => Err(ApiError::invalid(
            "name",
            "must be 1 to 64 characters of a-z, 0-9, - and _, and not the name of a device of Windows, such as con or com1",
        )),
    }
}

/// Streams an export to the client while it is produced.
async fn stream_export(
    app: &Arc<AppState>,
    caller: Caller,
    memories: TenantStore,
    filter: Option<Filter>,
) -> ApiResult {
    let permit = app.permits.exports.acquire(&caller, 1).await;
    let (sender, stream) = stream_body();
    let writer =
        Arc::new(ExportWriter { sender, runtime: Handle::current(), app: Arc::clone(app), buffer: Mutex::default() });
    // Dropping the body cancels the export. Without this, an export whose filter matches nothing would scan the whole store
    // for a client that has disconnected.
    let control = Arc::new(Control::default());
    let cancel = CancelOnDisconnect(Arc::clone(&control));
    let sink = {
        let writer = Arc::clone(&writer);
        Box::new(move |bytes: &[u8]| writer.write(bytes))
    };
    let export = async move {
        let _permit = permit;
        let outcome = memories.store.export(filter, control, sink).await;
        // Fails only if the client has disconnected.
        let _ = writer.finish(outcome.map(drop)).await;
    };
    spawn(export.in_current_span());
    let kind = [(header::CONTENT_TYPE, JSON_LINES)];
    Ok((kind, stream.wait_for_first().await?.into_body(cancel)).into_response())
}

/// Writes an export to the response body. Waits for a slow client up to the receive timeout.
struct ExportWriter {
    sender: ChunkSender,
    runtime: Handle,
    app: Arc<AppState>,
    buffer: Mutex<Vec<u8>>,
}

impl ExportWriter {
    /// Blocks while the client reads nothing.
    fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut buffer = self.buffer.lock();
        buffer.extend_from_slice(bytes);
        if buffer.len() < CHUNK_BYTES {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut *buffer, Vec::with_capacity(CHUNK_BYTES));
        self.runtime.block_on(self.send(Ok(chunk.into())))
    }

    /// Sends the rest of the buffer, or the error that ended the export.
    async fn finish(&self, outcome: Result<(), Error>) -> Result<(), Error> {
        let last = std::mem::take(&mut *self.buffer.lock());
        self.send(outcome.map(|()| last.into())).await
    }

    async fn send(&self, chunk: Result<Bytes, Error>) -> Result<(), Error> {
        match timeout(self.app.limits.receive(), self.sender.send(chunk)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::Aborted),
        }
    }
}

/// The engine's report, without internal causes.
fn report(imported: Imported) -> Value {
    let mut report = json!(imported);
    let errors = imported.errors.iter();
    report["errors"] = errors
        .map(|failed| json!({ "line": failed.line, "id": failed.id, "error": public_error(&failed.error) }))
        .collect();
    report
}
