//! Where is a body that is too large to be held? In a file without a name, which goes with the request.

use std::fs::{File, create_dir_all};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use openmemory_rules::Error;

use super::body::let_pass;
use super::pace::Paced;
use super::{ApiError, Permit};
use crate::app_state::AppState;
use crate::blocking::blocking;
use crate::keys::Caller;

/// Bytes that are written at once.
const CHUNK: usize = 1 << 20;

pub struct Upload {
    pub file: File,
    /// Among the imports of the tenant.
    pub place: Option<Permit>,
}

impl FromRequest<Arc<AppState>> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<AppState>) -> Result<Self, ApiError> {
        let limit = app.limits.import_bytes;
        let told = request.headers().get(header::CONTENT_LENGTH);
        let told = told.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if told.is_some_and(|length| length > limit) {
            return too_large(app, request.into_body()).await;
        }
        let caller = request.extensions().get::<Caller>().ok_or(ApiError::Unauthorized)?;
        let place = app.places.imports.acquire(caller, 1).await;
        let mut body = Paced::new(request.into_body(), app.limits.receive());
        let directory = app.directory.clone();
        let mut file = blocking(move || nameless_file(&directory)).await?;
        let (mut chunk, mut received) = (Vec::new(), 0);
        while let Some(data) = body.next().await? {
            received += data.len() as u64;
            if received > limit {
                return too_large(app, body.into_inner()).await;
            }
            chunk.extend_from_slice(&data);
            if chunk.len() >= CHUNK {
                file = written(file, std::mem::take(&mut chunk)).await?;
            }
        }
        let file = written(file, chunk).await?;
        Ok(Self { file, place })
    }
}

/// A file without a name, on the disk that has the stores. Blocks.
fn nameless_file(directory: &Path) -> Result<File, Error> {
    create_dir_all(directory).and_then(|()| tempfile::tempfile_in(directory)).map_err(Error::disk)
}

async fn written(mut file: File, chunk: Vec<u8>) -> Result<File, Error> {
    blocking(move || {
        file.write_all(&chunk).map_err(Error::disk)?;
        Ok(file)
    })
    .await
}

async fn too_large(app: &AppState, body: Body) -> Result<Upload, ApiError> {
    let_pass(app, body).await;
    Err(ApiError::TooLarge(app.limits.import_bytes))
}
