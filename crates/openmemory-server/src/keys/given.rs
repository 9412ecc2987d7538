//! Which keys does the operator configure at startup? A key must be valid in a header and hard to guess; others are
//! rejected.

use thiserror::Error;

use super::hash::KeyHash;
use super::{Caller, Role};
use crate::tenant::{Tenant, names_device};

/// Length of a key in characters. Shorter ones can be guessed.
const MIN_CHARACTERS: usize = 16;
const MAX_CHARACTERS: usize = 256;

/// Why a key is rejected. The message never contains the key.
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

pub(super) struct KnownKey {
    pub hash: KeyHash,
    pub caller: Caller,
}

/// Reads keys of the form `KEY` or `TENANT=KEY`.
pub(super) fn read(keys: &[String], metrics: Option<&str>) -> Result<Vec<KnownKey>, GivenKeyError> {
    let mut known: Vec<KnownKey> = Vec::new();
    for (number, entry) in (1..).zip(keys) {
        let invalid = |why| GivenKeyError::Tenant(number, why);
        let key = read_key(number, entry).map_err(invalid)?;
        push(&mut known, key).map_err(invalid)?;
    }
    if let Some(key) = metrics {
        check(key).map_err(GivenKeyError::Metrics)?;
        let caller = Caller { tenant: Tenant::default_tenant(), key: "metrics".into(), role: Role::Metrics };
        push(&mut known, KnownKey { hash: KeyHash::of(key), caller }).map_err(GivenKeyError::Metrics)?;
    }
    Ok(known)
}

/// A key without a tenant name gets a tenant of its own, named after the key's hash.
fn read_key(number: usize, entry: &str) -> Result<KnownKey, &'static str> {
    let named = entry.split_once('=');
    // Otherwise all of it would be a key.
    if named.is_some_and(|(tenant, _)| names_device(tenant)) {
        return Err("has a tenant named like a device of Windows, such as con or com1");
    }
    let named = named.and_then(|(tenant, key)| Some((Tenant::read(tenant)?, key)));
    let key = named.as_ref().map_or(entry, |(_, key)| key);
    check(key)?;
    let hash = KeyHash::of(key);
    let tenant = match named {
        Some((tenant, _)) => Some(tenant),
        None => Tenant::read(&format!("key-{}", &hash.text()[..16])),
    };
    let tenant = tenant.ok_or("has no valid tenant name")?;
    Ok(KnownKey { hash, caller: Caller { tenant, key: format!("given-{number}"), role: Role::Tenant } })
}

/// A key must be unique: with a second entry, its tenant or role would be ambiguous.
fn push(known: &mut Vec<KnownKey>, key: KnownKey) -> Result<(), &'static str> {
    if known.iter().any(|earlier| earlier.hash == key.hash) {
        return Err("is a duplicate of another key");
    }
    known.push(key);
    Ok(())
}

/// Checks that a key can be sent in a header (visible ASCII) and is long enough.
fn check(key: &str) -> Result<(), &'static str> {
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("has characters that are invalid in a header; use visible ASCII without spaces");
    }
    if !(MIN_CHARACTERS..=MAX_CHARACTERS).contains(&key.len()) {
        return Err("must be 16 to 256 characters long; openmemory keys create generates one");
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use super::*;

    fn error_of(keys: &[&str], metrics: Option<&str>) -> GivenKeyError {
        let keys: Vec<String> = keys.iter().map(|&key| key.into()).collect();
        read(&keys, metrics).err().unwrap()
    }

    #[test]
    fn keys_that_cannot_be_sent_or_are_too_short_are_rejected_and_not_shown() {
        let long = "x".repeat(257);
        let keys =
            ["", "acme=", "a b", "acme=a-key with-a-space", "acme=tab\tin-a-long-key", "acme=ключ-ключ-ключ-ключ"];
        for key in keys.into_iter().chain(["acme=1", "acme=fifteen-letters", "fifteen-letters", long.as_str()]) {
            let error = error_of(&["acme=a-key-of-some-length", key], None);
            assert_eq!(error.field(), "apiKeys", "{key}");
            assert!(key.is_empty() || !error.to_string().contains(key), "{error}");
            let metrics = key.trim_start_matches("acme=");
            assert_eq!(error_of(&[], Some(metrics)).field(), "metricsKey", "{key}");
        }
    }

    #[test]
    fn a_tenant_cannot_be_named_like_a_device_of_windows() {
        for device in ["con", "nul", "com1", "lpt9"] {
            assert_eq!(error_of(&[&format!("{device}=a-key-of-some-length")], None).field(), "apiKeys", "{device}");
        }
        assert!(read(&["com=a-key-of-some-length".into()], None).is_ok());
    }

    #[test]
    fn a_key_cannot_belong_to_two_tenants() {
        let key = "a-key-of-some-length";
        assert_eq!(error_of(&[&format!("acme={key}"), &format!("globex={key}")], None).field(), "apiKeys");
        assert_eq!(error_of(&[&format!("acme={key}")], Some(key)).field(), "metricsKey");
    }
}
