//! How is an answer kept, so that it can be sent again?

use axum::body::Bytes;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};

use super::ErrorBody;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

#[derive(Clone)]
pub struct StoredResponse {
    status: StatusCode,
    headers: HeaderMap,
    pub body: Bytes,
    error: Option<ErrorBody>,
    /// Whether another server has given it.
    replayed: bool,
}

/// What is before the body when servers share an answer.
#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

impl StoredResponse {
    pub async fn read(response: Response) -> Self {
        let (mut parts, body) = response.into_parts();
        // A copy: the original bytes hold the request's permit.
        let body = body.collect().await.map(|body| Bytes::copy_from_slice(&body.to_bytes())).unwrap_or_default();
        let error = parts.extensions.remove::<ErrorBody>();
        Self { status: parts.status, headers: parts.headers, body, error, replayed: false }
    }

    /// Whether it says what became of the write. A rejected write changed nothing; after an internal error, the outcome is
    /// unknown.
    pub fn is_outcome(&self) -> bool {
        !matches!(self.status.as_u16(), 400..500 | 503)
    }

    pub fn into_response(self, replayed: bool) -> Response {
        let mut response = (self.status, self.headers, self.body).into_response();
        if replayed || self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        let extensions: &mut Extensions = response.extensions_mut();
        if let Some(error) = self.error {
            extensions.insert(error);
        }
        response
    }

    /// The answer in bytes, for [`StoredResponse::of_other_server`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let text =
            |(name, value): (&HeaderName, &HeaderValue)| Some((name.to_string(), value.to_str().ok()?.to_owned()));
        let head = Head { status: self.status.as_u16(), headers: self.headers.iter().filter_map(text).collect() };
        // Writing to a vector cannot fail.
        let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// An answer that another server has kept; `None` if it cannot be read.
    pub fn of_other_server(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let mut headers = HeaderMap::new();
        for (name, value) in head.headers {
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
        let body = Bytes::copy_from_slice(&bytes[end + 1..]);
        Some(Self { status: StatusCode::from_u16(head.status).ok()?, headers, body, error: None, replayed: true })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn another_server_sends_the_same_answer() {
        let headers = [("etag", "\"3\""), ("set-cookie", "a"), ("set-cookie", "b")];
        let mut response = (StatusCode::CREATED, "{\"id\":\"\n\"}").into_response();
        for (name, value) in headers {
            response.headers_mut().append(name, HeaderValue::from_static(value));
        }
        let stored = StoredResponse::read(response).await;
        let again = StoredResponse::of_other_server(&stored.to_bytes()).unwrap();
        assert_eq!((again.status, &again.headers, &again.body), (stored.status, &stored.headers, &stored.body));
        let sent = again.into_response(false);
        assert_eq!(sent.headers()["idempotent-replayed"], "true");
        assert!(!stored.into_response(false).headers().contains_key("idempotent-replayed"));
        assert!(StoredResponse::of_other_server(b"").is_none() && StoredResponse::of_other_server(b"{}\n").is_none());
    }
}
