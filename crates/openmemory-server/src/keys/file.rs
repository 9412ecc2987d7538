//! Which keys has the command made? A JSON file with their hashes; the keys themselves are shown once and kept nowhere.

use openmemory_domain::ErrorCode;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use openmemory_domain::{Clock, SystemClock};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::hash::KeyHash;
use crate::tenant::Tenant;

/// What a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// All of one tenant.
    Tenant,
    /// `/metrics`, which counts over all tenants, and nothing else.
    Metrics,
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub id: String,
    pub name: String,
    pub tenant: String,
    pub role: Role,
    /// SHA-256, in hexadecimal digits.
    pub hash: String,
    pub created_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

/// A key as it was just made: the only time that it is seen.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub key: Key,
    pub secret: String,
}

#[derive(Debug, Error)]
pub enum KeyError {
    #[error("tenant must be 1 to 64 lower-case letters, digits, hyphens and underscores")]
    Tenant,
    #[error("name must be 1 to 128 characters")]
    Name,
    #[error("there is no key {0}")]
    Unknown(String),
    #[error("the system gives no random numbers")]
    NoRandomness,
    #[error("the key file is damaged: {0}; restore it, or remove it and make new keys")]
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

/// All keys or none: a key that is passed over could be one that somebody relies on.
fn read(bytes: &[u8]) -> Result<Vec<Key>, String> {
    let Contents { keys, .. } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match keys.iter().find(|key| KeyHash::parse(&key.hash).is_none() || Tenant::read(&key.tenant).is_none()) {
        Some(Key { id, .. }) => Err(format!("{id} has no tenant or no hash")),
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

    /// Every key, revoked ones too; none where there is no file.
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
        let kept = key.clone();
        self.change(move |keys| {
            keys.push(kept);
            Ok(())
        })?;
        Ok(NewKey { key, secret })
    }

    /// From now on the key is refused; a running server sees it with the next request.
    pub fn revoke(&self, id: &str) -> Result<Key, KeyError> {
        self.change(|keys| {
            let key = keys.iter_mut().find(|key| key.id == id).ok_or_else(|| KeyError::Unknown(id.into()))?;
            key.revoked_at.get_or_insert_with(|| SystemClock.now().to_string());
            Ok(key.clone())
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<Key>) -> Result<T, KeyError>) -> Result<T, KeyError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        // Two commands at once must not lose a key; the lock ends with the file.
        let lock = File::create(self.path.with_extension("lock"))?;
        lock.lock()?;
        let mut keys = self.list()?;
        let outcome = change(&mut keys)?;
        // Readable by its owner only, whole or not at all.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, &Contents { version: 1, keys }).map_err(io::Error::from)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(outcome)
    }
}

fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}
