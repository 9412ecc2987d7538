//! What is the same for every request?
//!
//! | file | question |
//! |---|---|
//! | `observe` | what is told of each request, in logs, metrics and its id? |
//! | `origin` | may a web page or a renamed host ask a server without keys? |
//! | `identity` | whose request is it? |
//! | `places` | is there room for a request? |
//! | `quota` | how much of something limited may a tenant have at once? |
//! | `held` | how long is a place taken? |
//! | `rate` | has the key asked too often? |
//! | `body` | is the body whole, small enough, and JSON? |
//! | `pace` | does a body come fast enough? |
//! | `upload` | where is a body that is too large to be held? |
//! | `pieces` | how is an answer sent that is not there yet as a whole? |
//! | `progress` | how does long work tell how far it is? |
//! | `once` | was this very write answered before? |
//! | `memories` | which store and which thread serve it? |
//! | `precondition` | which version does `If-Match` name? |
//! | `query` | what do the parameters of the address say? |
//! | `failure` | how is a refusal told? |
//! | `paths` | which spellings of a path are one? |

mod api_error;
mod auth;
mod body;
mod concurrency_limit;
mod held;
mod idempotency;
mod long_query;
mod metrics;
mod observe;
mod origin;
mod pace;
mod paths;
mod precondition;
mod progress;
mod query;
mod quota;
mod rate;
mod stream_body;
mod tenant_store;
mod timeout;
mod upload;

pub use api_error::{Answer, ApiError, ErrorBody, fields_of};
pub use auth::{caller, identify};
pub use body::{Body, LargeBody, buffer};
pub use concurrency_limit::{ConcurrencyLimit, admit, limit_concurrency};
pub use idempotency::{CancelOnDisconnect, IdempotencyStore, idempotent};
pub use long_query::keep_end;
pub use metrics::{Counted, Metrics};
pub use observe::{note, observe};
pub use origin::{guard_origin, is_local};
pub use paths::normal_path;
pub use precondition::{IfMatch, etag};
pub use progress::{JSON_LINES, Progress};
pub use query::{Parameters, Query};
pub use quota::{Permit, Quota};
pub use rate::{RateLimits, limit_rate};
pub use stream_body::{ChunkSender, stream_body};
pub use tenant_store::{Id, TenantStore};
pub use timeout::limit_time;
pub use upload::Upload;
