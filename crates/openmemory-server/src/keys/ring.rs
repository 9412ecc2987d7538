//! Whose key is it? Every known hash is compared, in constant time, whether or not one has fitted already.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use parking_lot::RwLock;
use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::{Key, KeyFile, KeyHash, Role};
use crate::tenants::Tenant;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub tenant: Tenant,
    /// Names the key in logs and limits; never the key itself.
    pub key: String,
    pub role: Role,
}

struct Known {
    hash: KeyHash,
    caller: Caller,
}

pub struct Keyring {
    given: Vec<Known>,
    path: PathBuf,
    file: RwLock<Read>,
}

#[derive(Default)]
struct Read {
    /// When and how long the file was; none: there was no file.
    seen: Option<(SystemTime, u64)>,
    /// Since a file was seen once, keys are asked for: a file that goes away opens nothing.
    required: bool,
    keys: Vec<Known>,
}

impl Keyring {
    /// `given` are `KEY` or `TENANT=KEY`. None if one is empty or names no tenant.
    pub fn new(given: &[String], metrics: Option<&str>, path: PathBuf) -> Option<Self> {
        let mut known =
            given.iter().enumerate().map(|(i, entry)| read_given(i + 1, entry)).collect::<Option<Vec<_>>>()?;
        if let Some(key) = metrics {
            let caller = Caller { tenant: Tenant::own(), key: "metrics".into(), role: Role::Metrics };
            known.push(Known { hash: KeyHash::of(key), caller });
        }
        Some(Self { given: known, path, file: RwLock::default() })
    }

    /// Whether a request needs a key.
    pub fn required(&self) -> bool {
        self.refresh();
        let given = self.given.iter().any(|known| known.caller.role == Role::Tenant);
        given || self.file.read().required
    }

    pub fn caller(&self, presented: &str) -> Option<Caller> {
        self.refresh();
        let hash = KeyHash::of(presented);
        let file = self.file.read();
        let known: Vec<&Known> = self.given.iter().chain(&file.keys).collect();
        let mut found = u32::MAX;
        for (i, known) in (0u32..).zip(&known) {
            found.conditional_assign(&i, known.hash.0.ct_eq(&hash.0));
        }
        known.get(found as usize).map(|known| known.caller.clone())
    }

    fn refresh(&self) {
        let stamp = |data: fs::Metadata| (data.modified().unwrap_or(SystemTime::UNIX_EPOCH), data.len());
        let now = fs::metadata(&self.path).ok().map(stamp);
        if self.file.read().seen == now {
            return;
        }
        let keys = KeyFile::new(&self.path).list().unwrap_or_default();
        let mut file = self.file.write();
        file.required |= now.is_some();
        file.seen = now;
        // A file that cannot be read opens nothing.
        file.keys = keys.iter().filter_map(of_file).collect();
    }
}

fn of_file(key: &Key) -> Option<Known> {
    if key.revoked_at.is_some() {
        return None;
    }
    let caller = Caller { tenant: Tenant::read(&key.tenant)?, key: key.id.clone(), role: key.role };
    Some(Known { hash: KeyHash::parse(&key.hash)?, caller })
}

/// A key without a tenant's name has one of its own, named by the key's hash.
fn read_given(place: usize, entry: &str) -> Option<Known> {
    let named = entry.split_once('=').and_then(|(tenant, key)| Some((Tenant::read(tenant)?, key)));
    let key = named.as_ref().map_or(entry, |(_, key)| key);
    if key.is_empty() || key.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let hash = KeyHash::of(key);
    let short = hash.text()[..16].to_owned();
    let tenant = match named {
        Some((tenant, _)) => tenant,
        None => Tenant::read(&format!("key-{short}"))?,
    };
    Some(Known { hash, caller: Caller { tenant, key: format!("given-{place}"), role: Role::Tenant } })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use super::*;

    fn ring(given: &[&str], path: &std::path::Path) -> Option<Keyring> {
        let given: Vec<String> = given.iter().map(|&key| key.into()).collect();
        Keyring::new(&given, None, path.to_owned())
    }

    #[test]
    fn a_file_that_is_damaged_or_gone_opens_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let ring = ring(&[], &path).unwrap();
        assert!(!ring.required());
        let made = KeyFile::new(&path).create("acme", "one", Role::Tenant).unwrap();
        assert_eq!(ring.caller(&made.secret).unwrap().tenant.as_str(), "acme");
        fs::write(&path, "{").unwrap();
        assert!(ring.required() && ring.caller(&made.secret).is_none());
        fs::remove_file(&path).unwrap();
        assert!(ring.required() && ring.caller(&made.secret).is_none());
    }

    #[test]
    fn given_keys_name_their_tenant_or_have_one_of_their_own() {
        let ring = ring(&["acme=k1", "k2", "k3"], std::path::Path::new("none")).unwrap();
        let tenant = |key: &str| ring.caller(key).map(|caller| caller.tenant.to_string());
        assert_eq!(tenant("k1").as_deref(), Some("acme"));
        assert!(tenant("k2").unwrap().starts_with("key-") && tenant("k2") != tenant("k3"));
        assert_eq!(tenant("acme=k1"), None);
        assert_eq!(tenant(""), None);
    }

    #[test]
    fn keys_that_could_not_be_sent_are_refused() {
        for given in ["", "acme=", "a b", "acme=a b", "tab\t"] {
            assert!(ring(&[given], std::path::Path::new("none")).is_none(), "{given:?}");
        }
    }
}
