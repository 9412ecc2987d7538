//! Which spellings of a path are equivalent? Clients add slashes at both ends of Mem0's paths.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// Leaves one leading slash, and removes a trailing slash from Mem0 paths. Elsewhere a trailing slash means a missing id.
pub fn normal_path(uri: &mut Uri) {
    let path = uri.path();
    let mut normal = format!("/{}", path.trim_start_matches('/'));
    if ["/v1/", "/v2/", "/v3/", "/api/"].iter().any(|mem0| normal.starts_with(mem0)) && normal.ends_with('/') {
        normal.pop();
    }
    if normal == path {
        return;
    }
    if let Some(query) = uri.query() {
        normal.push('?');
        normal.push_str(query);
    }
    // Only slashes have changed, so the path is still valid.
    if let Ok(path) = PathAndQuery::try_from(normal) {
        let mut parts = std::mem::take(uri).into_parts();
        parts.path_and_query = Some(path);
        *uri = Uri::from_parts(parts).unwrap_or_default();
    }
}
