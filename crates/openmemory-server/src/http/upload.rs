//! Where is a body that is too large to be held? In a file without a name, which goes with the request.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use http_body_util::BodyExt;
use openmemory_core::engine::Error;
use tokio::time::timeout;

use super::Failure;
use super::body::let_pass;
use crate::app::App;
use crate::tenants::blocking;

/// Bytes that are written at once.
const CHUNK: usize = 1 << 20;

pub struct Upload(pub File);

impl FromRequest<Arc<App>> for Upload {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let limit = app.limits.import_bytes;
        let told = request.headers().get(header::CONTENT_LENGTH);
        let told = told.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let mut body = request.into_body();
        if told.is_some_and(|length| length > limit) {
            return too_large(app, body).await;
        }
        let made = Arc::clone(app);
        let mut file = blocking(move || made.tenants.nameless_file()).await?;
        let (mut chunk, mut received) = (Vec::with_capacity(CHUNK), 0);
        loop {
            let frame = match timeout(app.limits.receive(), body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(Failure::invalid("body", "ended too early")),
                Err(_) => return Err(Failure::TimedOut),
            };
            let Some(data) = frame.data_ref() else { continue };
            received += data.len() as u64;
            if received > limit {
                return too_large(app, body).await;
            }
            chunk.extend_from_slice(data);
            if chunk.len() >= CHUNK {
                file = written(file, std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).await?;
            }
        }
        Ok(Self(written(file, chunk).await?))
    }
}

async fn written(mut file: File, chunk: Vec<u8>) -> Result<File, Error> {
    blocking(move || {
        file.write_all(&chunk).map_err(|error| Error::Storage(error.into()))?;
        Ok(file)
    })
    .await
}

async fn too_large(app: &App, body: Body) -> Result<Upload, Failure> {
    let_pass(app, body).await;
    Err(Failure::TooLarge(app.limits.import_bytes))
}
