//! What do all routes share?
//!
//! | file | question |
//! |---|---|
//! | `observe` | what do logs and metrics record of each request? |
//! | `metrics` | which metrics does Prometheus read? |
//! | `origin` | may a web page or a rebound host name access a server without keys? |
//! | `auth` | who sent the request? |
//! | `concurrency_limit` | how many requests run at once? |
//! | `quota` | how many permits may a tenant hold at once? |
//! | `guarded_body` | how long is a permit held? |
//! | `timeout` | how long may a request take? |
//! | `rate` | has the key exceeded its rate limit? |
//! | `body` | is the body complete, within its limits, and JSON? |
//! | `pace` | does a body arrive fast enough? |
//! | `upload` | where is a body stored that is too large for memory? |
//! | `stream_body` | how is a response sent while it is being produced? |
//! | `progress` | how does a long operation report progress? |
//! | `idempotency` | was this write already answered? |
//! | `once_among` | is a write done once, if it is repeated at other servers? |
//! | `stored_response` | how is an answer kept, so that it can be sent again? |
//! | `tenant_store` | which store and which thread serve a request? |
//! | `prefer` | does a client want the answer before the work? |
//! | `precondition` | which version does `If-Match` require? |
//! | `query` | which parameters does the query string have? |
//! | `long_query` | how is a query over the length limit shortened? |
//! | `api_error` | how does a request fail? |
//! | `paths` | which spellings of a path are equivalent? |

mod api_error;
mod auth;
mod body;
mod concurrency_limit;
mod guarded_body;
mod idempotency;
mod long_query;
mod metrics;
mod observe;
mod once_among;
mod origin;
mod pace;
mod paths;
mod precondition;
mod prefer;
mod progress;
mod query;
mod quota;
mod rate;
mod stored_response;
mod stream_body;
mod tenant_store;
mod timeout;
mod upload;

pub use api_error::{ApiError, ApiResult, ErrorBody, public_error};
pub use auth::{caller, identify, presented_key};
pub use body::{Body, LargeBody, buffer};
pub use concurrency_limit::{ConcurrencyLimit, admit, limit_concurrency};
pub use idempotency::{CancelOnDisconnect, IdempotencyStore, idempotent};
pub use long_query::keep_end;
pub use metrics::{GaugeGuard, Metrics};
pub use observe::{log_late_error, observe};
pub use origin::{guard_origin, is_local};
pub use paths::normal_path;
pub use precondition::{IfMatch, etag};
pub use prefer::{answered_first, prefers_async};
pub use progress::{JSON_LINES, Progress};
pub use query::{Parameters, Query};
pub use quota::{Permit, Quota};
pub use rate::{RateLimits, limit_rate};
pub use stream_body::{ChunkSender, stream_body};
pub use tenant_store::{Id, TenantStore};
pub use timeout::limit_time;
pub use upload::Upload;
