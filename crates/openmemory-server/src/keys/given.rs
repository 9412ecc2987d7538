//! Which keys does the operator give at the start? Those that a client can send and nobody can guess; others are refused.

use thiserror::Error;

use super::hash::KeyHash;
use super::{Caller, Role};
use crate::tenant::Tenant;

/// Characters of a key. Short ones can be tried out.
const MIN_CHARACTERS: usize = 16;
const MAX_CHARACTERS: usize = 256;

/// Why a key cannot be used. Never says the key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GivenKeyError {
    #[error("apiKeys: key {0} {1}; give KEY or TENANT=KEY")]
    Tenant(usize, &'static str),
    #[error("metricsKey {0}")]
    Metrics(&'static str),
}

impl GivenKeyError {
    pub fn field(&self) -> &'static str {
        match self {
            Self::Tenant(..) => "apiKeys",
            Self::Metrics(_) => "metricsKey",
        }
    }
}

pub(super) struct Known {
    pub hash: KeyHash,
    pub caller: Caller,
}

/// `keys` are `KEY` or `TENANT=KEY`.
pub(super) fn read(keys: &[String], metrics: Option<&str>) -> Result<Vec<Known>, GivenKeyError> {
    let mut known: Vec<Known> = Vec::new();
    for (place, entry) in (1..).zip(keys) {
        let refused = |why| GivenKeyError::Tenant(place, why);
        let key = read_key(place, entry).map_err(refused)?;
        push(&mut known, key).map_err(refused)?;
    }
    if let Some(key) = metrics {
        check(key).map_err(GivenKeyError::Metrics)?;
        let caller = Caller { tenant: Tenant::own(), key: "metrics".into(), role: Role::Metrics };
        push(&mut known, Known { hash: KeyHash::of(key), caller }).map_err(GivenKeyError::Metrics)?;
    }
    Ok(known)
}

/// A key without a tenant's name has one of its own, named by the key's hash.
fn read_key(place: usize, entry: &str) -> Result<Known, &'static str> {
    let named = entry.split_once('=').and_then(|(tenant, key)| Some((Tenant::read(tenant)?, key)));
    let key = named.as_ref().map_or(entry, |(_, key)| key);
    check(key)?;
    let hash = KeyHash::of(key);
    let tenant = match named {
        Some((tenant, _)) => Some(tenant),
        None => Tenant::read(&format!("key-{}", &hash.text()[..16])),
    };
    let tenant = tenant.ok_or("names no tenant")?;
    Ok(Known { hash, caller: Caller { tenant, key: format!("given-{place}"), role: Role::Tenant } })
}

/// One key must not mean two things: only one of them would be meant.
fn push(known: &mut Vec<Known>, key: Known) -> Result<(), &'static str> {
    if known.iter().any(|earlier| earlier.hash == key.hash) {
        return Err("is given twice");
    }
    known.push(key);
    Ok(())
}

/// What a header can hold: visible ASCII.
fn check(key: &str) -> Result<(), &'static str> {
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("has characters that no header can hold (only ASCII without spaces can be sent)");
    }
    if !(MIN_CHARACTERS..=MAX_CHARACTERS).contains(&key.len()) {
        return Err("must be 16 to 256 characters long; openmemory keys create makes one");
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use super::*;

    fn refused(keys: &[&str], metrics: Option<&str>) -> GivenKeyError {
        let keys: Vec<String> = keys.iter().map(|&key| key.into()).collect();
        read(&keys, metrics).err().unwrap()
    }

    #[test]
    fn keys_that_cannot_be_sent_or_can_be_guessed_are_refused_and_not_told() {
        let long = "x".repeat(257);
        let keys =
            ["", "acme=", "a b", "acme=a-key with-a-space", "acme=tab\tin-a-long-key", "acme=ключ-ключ-ключ-ключ"];
        for key in keys.into_iter().chain(["acme=1", "acme=fifteen-letters", "fifteen-letters", long.as_str()]) {
            let error = refused(&["acme=a-key-of-some-length", key], None);
            assert_eq!(error.field(), "apiKeys", "{key}");
            assert!(key.is_empty() || !error.to_string().contains(key), "{error}");
            let metrics = key.trim_start_matches("acme=");
            assert_eq!(refused(&[], Some(metrics)).field(), "metricsKey", "{key}");
        }
    }

    #[test]
    fn one_key_cannot_be_two_tenants() {
        let key = "a-key-of-some-length";
        assert_eq!(refused(&[&format!("acme={key}"), &format!("globex={key}")], None).field(), "apiKeys");
        assert_eq!(refused(&[&format!("acme={key}")], Some(key)).field(), "metricsKey");
    }
}
