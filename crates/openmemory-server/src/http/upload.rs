//! Where is a body stored that is too large for memory? In an unnamed temporary file, which the system removes with the
//! request.

use std::fs::{File, create_dir_all};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use openmemory_rules::Error;

use super::body::drain;
use super::pace::Paced;
use super::{ApiError, Permit};
use crate::app_state::AppState;
use crate::blocking::blocking;
use crate::keys::Caller;

/// Bytes per write to the file.
const CHUNK_BYTES: usize = 1 << 20;

pub struct Upload {
    pub file: File,
    /// An import permit of the tenant.
    pub permit: Option<Permit>,
}

impl FromRequest<Arc<AppState>> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<AppState>) -> Result<Self, ApiError> {
        let limit = app.limits.import_bytes;
        let declared = request.headers().get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > limit) {
            return too_large(app, request.into_body()).await;
        }
        let caller = request.extensions().get::<Caller>().ok_or(ApiError::Unauthorized)?;
        let permit = app.permits.imports.acquire(caller, 1).await;
        let mut body = Paced::new(request.into_body(), app.limits.receive());
        let directory = app.directory.clone();
        let mut file = blocking(move || unnamed_file(&directory)).await?;
        let (mut chunk, mut received) = (Vec::new(), 0);
        while let Some(data) = body.next().await? {
            received += data.len() as u64;
            if received > limit {
                return too_large(app, body.into_inner()).await;
            }
            chunk.extend_from_slice(&data);
            if chunk.len() >= CHUNK_BYTES {
                file = append(file, std::mem::take(&mut chunk)).await?;
            }
        }
        let file = append(file, chunk).await?;
        Ok(Self { file, permit })
    }
}

/// An unnamed temporary file on the disk that has the stores. Blocks.
fn unnamed_file(directory: &Path) -> Result<File, Error> {
    create_dir_all(directory).and_then(|()| tempfile::tempfile_in(directory)).map_err(Error::disk)
}

async fn append(mut file: File, chunk: Vec<u8>) -> Result<File, Error> {
    blocking(move || {
        file.write_all(&chunk).map_err(Error::disk)?;
        Ok(file)
    })
    .await
}

async fn too_large(app: &AppState, body: Body) -> Result<Upload, ApiError> {
    drain(app, body).await;
    Err(ApiError::TooLarge(app.limits.import_bytes))
}
