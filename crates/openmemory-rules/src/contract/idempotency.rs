//! Which writes have other servers of the same stores begun or answered?

use super::Reply;

/// What became of a write with an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nobody has begun it: it is the caller's now, who renews and finishes it.
    Mine,
    /// Another server does it.
    Running,
    /// The answer that another server has kept.
    Answered(Vec<u8>),
    /// The key belongs to another request.
    OtherRequest,
}

/// The writes with an `Idempotency-Key` of all servers of the same stores. A server that ends without a word loses its
/// writes after half a minute, and answers are kept for ten minutes.
pub trait Idempotency: Send + Sync {
    /// Claims a write. `fingerprint` is the hash of its request.
    fn claim<'a>(&'a self, tenant: &'a str, key: &'a [u8], fingerprint: [u8; 32]) -> Reply<'a, Claim>;

    /// Says that a claimed write still runs; at least every ten seconds.
    fn renew<'a>(&'a self, tenant: &'a str, key: &'a [u8]) -> Reply<'a, ()>;

    /// Keeps the answer of a claimed write. Without one it has changed nothing, and can be claimed again.
    fn finish<'a>(&'a self, tenant: &'a str, key: &'a [u8], answer: Option<Vec<u8>>) -> Reply<'a, ()>;
}
