//! At which routes are the files, and what may a browser do with them? Each file has a route of its own, so no path of a
//! request reaches the disk.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::read::GzDecoder;

use super::files::{Asset, Files, Page};
use crate::app_state::AppState;
use crate::blocking::blocking;
use crate::http::ApiError;

/// Code, styles and data come from this server only, and no page may show this one in a frame. `data:` is for small
/// pictures in styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The studio never writes HTML, so a browser need not let it.
const INDEX_POLICY: &str = "; require-trusted-types-for 'script'; trusted-types 'none'";

/// Compared at every visit: another version of the package has other files under the same names.
const CACHE: &str = "no-cache";

pub fn routes(files: Files) -> Router<Arc<AppState>> {
    let router = Router::new().merge(page("/", files.index, format!("{POLICY}{INDEX_POLICY}"))).merge(page(
        "/docs",
        files.docs,
        POLICY.into(),
    ));
    files.assets.into_iter().fold(router, |router, asset| router.merge(one(asset))).layer(from_fn(guarded))
}

fn page(route: &str, page: Page, policy: String) -> Router<Arc<AppState>> {
    let Page { html, etag } = page;
    let answer = move |headers: HeaderMap| async move {
        let fresh = [
            (header::ETAG, etag.as_str()),
            (header::CACHE_CONTROL, CACHE),
            (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        ];
        if has(&headers, &etag) {
            return (StatusCode::NOT_MODIFIED, fresh).into_response();
        }
        (fresh, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
    };
    Router::new().route(route, get(answer))
}

fn one(Asset { name, path, is_compressed, content_type, etag }: Asset) -> Router<Arc<AppState>> {
    let route = format!("/studio/assets/{name}");
    let answer = move |headers: HeaderMap| async move {
        let fresh = [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, CACHE)];
        if has(&headers, &etag) {
            return Ok((StatusCode::NOT_MODIFIED, fresh).into_response());
        }
        let bytes = read(path, is_compressed).await?;
        Ok::<Response, ApiError>((fresh, [(header::CONTENT_TYPE, content_type)], bytes).into_response())
    };
    Router::new().route(&route, get(answer))
}

/// Not compressed: the router compresses for those who accept it.
async fn read(path: PathBuf, is_compressed: bool) -> Result<Vec<u8>, ApiError> {
    let read = move || {
        let bytes = fs::read(path)?;
        if !is_compressed {
            return Ok(bytes);
        }
        let mut plain = Vec::new();
        GzDecoder::new(&*bytes).read_to_end(&mut plain)?;
        Ok::<_, io::Error>(plain)
    };
    // Removed or replaced while the server runs, as by an update of the package.
    blocking(move || Ok(read().ok())).await?.ok_or(ApiError::NoRoute)
}

/// Whether the browser has the file already. Proxies that compress make ETags weak.
fn has(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
}

async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value));
    }
    response
}
