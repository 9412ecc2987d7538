//! Which keys has `openmemory keys` created? A JSON file stores their hashes. The keys themselves are shown once and
//! stored nowhere.

use openmemory_domain::ErrorCode;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use openmemory_domain::{Clock, SystemClock};
use openmemory_files::{create, create_directory, replace, restrict_to_owner, sync};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::hash::KeyHash;
use crate::tenant::Tenant;

/// What a key gives access to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// All memories of one tenant.
    Tenant,
    /// Only `/metrics`, which covers all tenants.
    Metrics,
}

/// A stored key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub id: String,
    pub name: String,
    pub tenant: String,
    pub role: Role,
    /// SHA-256 in hexadecimal.
    pub hash: String,
    pub created_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

/// A new key, with the secret that is shown only once.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub key: Key,
    pub secret: String,
}

#[derive(Debug, Error)]
pub enum KeyError {
    #[error(
        "tenant must be 1 to 64 lower-case letters, digits, hyphens or underscores, and not the name of a device of \
         Windows, such as con or com1"
    )]
    Tenant,
    #[error("name must be 1 to 128 characters")]
    Name,
    #[error("there is no key {0}")]
    Unknown(String),
    #[error("the system's random number generator failed")]
    NoRandomness,
    #[error("the key file is damaged: {0}; restore it, or delete it and create new keys")]
    Damaged(String),
    #[error("the key file cannot be used: {0}")]
    Io(#[from] io::Error),
}

impl KeyError {
    /// The public code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Tenant | Self::Name => ErrorCode::InvalidArgument,
            Self::Unknown(_) => ErrorCode::NotFound,
            Self::Damaged(_) => ErrorCode::Corrupted,
            Self::Io(_) => ErrorCode::Io,
            Self::NoRandomness => ErrorCode::Internal,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    version: u32,
    keys: Vec<Key>,
}

/// Reads all keys or fails. Skipping an invalid entry could silently disable a key in use.
fn read(bytes: &[u8]) -> Result<Vec<Key>, String> {
    let Contents { keys, .. } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match keys.iter().find(|key| KeyHash::parse(&key.hash).is_none() || Tenant::read(&key.tenant).is_none()) {
        Some(Key { id, .. }) => Err(format!("{id} has an invalid tenant or hash")),
        None => Ok(keys),
    }
}

pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// All keys, including revoked ones. Empty if the file does not exist.
    pub fn list(&self) -> Result<Vec<Key>, KeyError> {
        match fs::read(&self.path) {
            Ok(bytes) => read(&bytes).map_err(KeyError::Damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    pub fn create(&self, tenant: &str, name: &str, role: Role) -> Result<NewKey, KeyError> {
        let tenant = Tenant::read(tenant).ok_or(KeyError::Tenant)?;
        if !(1..=128).contains(&name.chars().count()) {
            return Err(KeyError::Name);
        }
        let secret = format!("om_{}", data_encoding::BASE64URL_NOPAD.encode(&random::<32>()?));
        let key = Key {
            id: format!("key_{}", data_encoding::HEXLOWER.encode(&random::<6>()?)),
            name: name.to_owned(),
            tenant: tenant.to_string(),
            role,
            hash: KeyHash::of(&secret).text(),
            created_at: SystemClock.now().to_string(),
            revoked_at: None,
        };
        let stored = key.clone();
        self.change(move |keys| {
            keys.push(stored);
            Ok(())
        })?;
        Ok(NewKey { key, secret })
    }

    /// Revokes a key. A running server applies it from the next request on.
    pub fn revoke(&self, id: &str) -> Result<Key, KeyError> {
        self.change(|keys| {
            let key = keys.iter_mut().find(|key| key.id == id).ok_or_else(|| KeyError::Unknown(id.into()))?;
            key.revoked_at.get_or_insert_with(|| SystemClock.now().to_string());
            Ok(key.clone())
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<Key>) -> Result<T, KeyError>) -> Result<T, KeyError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        create_directory(folder)?;
        // Concurrent commands must not lose a key. Closing the file releases the lock.
        let lock = create(&self.path.with_extension("lock"))?;
        lock.lock()?;
        let mut keys = self.list()?;
        let outcome = change(&mut keys)?;
        // Readable by its owner only, and replaced atomically.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        restrict_to_owner(file.path());
        serde_json::to_writer_pretty(&mut file, &Contents { version: 1, keys }).map_err(io::Error::from)?;
        file.write_all(b"\n")?;
        sync(file.as_file())?;
        let temporary = file.into_temp_path().keep().map_err(|error| error.error)?;
        replace(&temporary, &self.path)?;
        Ok(outcome)
    }
}

fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_named_like_a_device_of_windows_gets_no_key() {
        let directory = tempfile::tempdir().unwrap();
        let file = KeyFile::new(&directory.path().join("keys.json"));
        for tenant in ["con", "nul", "com1", "lpt9"] {
            let refused = file.create(tenant, "laptop", Role::Tenant).unwrap_err();
            assert_eq!(refused.code(), ErrorCode::InvalidArgument, "{tenant}");
        }
        assert!(file.list().unwrap().is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn what_is_created_for_keys_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;

        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("store");
        KeyFile::new(&directory.join("keys.json")).create("acme", "laptop", Role::Tenant).unwrap();
        for (name, expected) in [("", 0o700), ("keys.json", 0o600), ("keys.lock", 0o600)] {
            let mode = directory.join(name).metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, expected, "{name}");
        }
    }
}
