//! To whom does a key belong? Every known hash is compared in constant time, whether or not one has already matched.

use std::path::PathBuf;
use std::time::SystemTime;
use std::{fs, io};

use parking_lot::RwLock;
use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::given::{self, KnownKey};
use super::hash::KeyHash;
use super::{Key, KeyError, KeyFile, KeysError, Role};
use crate::tenant::Tenant;

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub tenant: Tenant,
    /// The id of the key for logs and limits, never the key itself.
    pub key: String,
    pub role: Role,
}

pub struct Keyring {
    given: Vec<KnownKey>,
    path: PathBuf,
    file: RwLock<FileState>,
}

/// Modification time and length of the file; none if it does not exist.
type Stamp = Option<(SystemTime, u64)>;

#[derive(Default)]
struct FileState {
    stamp: Stamp,
    /// Stays true once a file has been seen, so that deleting the file does not open the server.
    required: bool,
    keys: Vec<KnownKey>,
    /// Whether the last read failed, which has been logged.
    unreadable: bool,
}

impl Keyring {
    /// `given` are `KEY` or `TENANT=KEY`. If a key file exists, it must be readable: without its keys, the server could be
    /// open to everyone.
    pub fn new(given: &[String], metrics: Option<&str>, path: PathBuf) -> Result<Self, KeysError> {
        let ring = Self { given: given::read(given, metrics)?, path, file: RwLock::default() };
        let now = ring.stamp()?;
        ring.read(now)?;
        Ok(ring)
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
        let known: Vec<&KnownKey> = self.given.iter().chain(&file.keys).collect();
        let mut matching = u32::MAX;
        for (i, known) in (0u32..).zip(&known) {
            matching.conditional_assign(&i, known.hash.0.ct_eq(&hash.0));
        }
        known.get(matching as usize).map(|known| known.caller.clone())
    }

    /// Reads the file if it has changed. If it cannot be read, the keys of the last successful read stay valid, and the next
    /// request tries again.
    fn refresh(&self) {
        let read = match self.stamp() {
            Ok(now) if self.file.read().stamp == now => return,
            Ok(now) => self.read(now),
            Err(error) => Err(error),
        };
        if let Err(error) = read {
            let logged = std::mem::replace(&mut self.file.write().unreadable, true);
            if !logged {
                tracing::error!(
                    code = error.code().as_str(),
                    error = %error,
                    "cannot read the key file; the previously read keys stay valid until it can be read"
                );
            }
        }
    }

    fn stamp(&self) -> Result<Stamp, KeyError> {
        match fs::metadata(&self.path) {
            Ok(data) => Ok(Some((data.modified().unwrap_or(SystemTime::UNIX_EPOCH), data.len()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn read(&self, now: Stamp) -> Result<(), KeyError> {
        let keys = KeyFile::new(&self.path).list()?;
        let mut file = self.file.write();
        file.required |= now.is_some();
        file.stamp = now;
        file.keys = keys.iter().filter_map(known_key).collect();
        file.unreadable = false;
        Ok(())
    }
}

fn known_key(key: &Key) -> Option<KnownKey> {
    if key.revoked_at.is_some() {
        return None;
    }
    let caller = Caller { tenant: Tenant::read(&key.tenant)?, key: key.id.clone(), role: key.role };
    Some(KnownKey { hash: KeyHash::parse(&key.hash)?, caller })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tracing::subscriber::set_default;

    use super::*;
    use crate::log::{self, Level};

    fn ring(given: &[&str], path: &Path) -> Keyring {
        let given: Vec<String> = given.iter().map(|&key| key.into()).collect();
        Keyring::new(&given, None, path.to_owned()).unwrap()
    }

    #[test]
    fn deleting_the_file_does_not_open_the_server() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let ring = ring(&[], &path);
        assert!(!ring.required());
        let made = KeyFile::new(&path).create("acme", "one", Role::Tenant).unwrap();
        assert_eq!(ring.caller(&made.secret).unwrap().tenant.as_str(), "acme");
        fs::remove_file(&path).unwrap();
        assert!(ring.required() && ring.caller(&made.secret).is_none());
    }

    /// A directory at the file's path cannot be read as a file, not even by root.
    #[test]
    fn while_the_file_is_unreadable_known_keys_stay_valid_and_revoked_ones_stay_revoked() {
        let directory = tempfile::tempdir().unwrap();
        let (path, saved) = (directory.path().join("keys.json"), directory.path().join("saved.json"));
        let file = KeyFile::new(&path);
        let [kept, revoked] = ["kept", "revoked"].map(|name| file.create("acme", name, Role::Tenant).unwrap());
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let written = Arc::clone(&lines);
        let _log = set_default(log::subscriber(Level::Info, move |line| written.lock().push(line.to_owned())));
        let ring = Keyring::new(&[], None, path.clone()).unwrap();
        file.revoke(&revoked.key.id).unwrap();
        assert!(ring.caller(&revoked.secret).is_none());
        let made = file.create("acme", "made meanwhile", Role::Tenant).unwrap();
        fs::rename(&path, &saved).unwrap();
        let (intact, truncated) = (fs::read(&saved).unwrap(), fs::read(&saved).unwrap()[..40].to_owned());
        for damage in [None, Some(truncated.as_slice()), Some(b"".as_slice())] {
            match damage {
                None => fs::create_dir(&path).unwrap(),
                Some(bytes) => fs::write(&path, bytes).unwrap(),
            }
            for _ in 0..3 {
                assert!(ring.required());
                assert!(ring.caller(&kept.secret).is_some() && ring.caller(&revoked.secret).is_none());
            }
            match damage {
                None => fs::remove_dir(&path).unwrap(),
                Some(_) => fs::remove_file(&path).unwrap(),
            }
        }
        assert_eq!(lines.lock().len(), 1, "{lines:?}");
        fs::write(&path, intact).unwrap();
        for (new, valid) in [(&kept, true), (&made, true), (&revoked, false)] {
            assert_eq!(ring.caller(&new.secret).is_some(), valid);
        }
    }

    #[test]
    fn a_server_does_not_start_with_an_unreadable_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let error = || Keyring::new(&[], None, path.clone()).err().unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!((error().code().as_str(), error().field()), ("IO", Some("keyFile")));
        fs::remove_dir(&path).unwrap();
        KeyFile::new(&path).create("acme", "one", Role::Tenant).unwrap();
        let intact = fs::read_to_string(&path).unwrap();
        for damaged in [
            "",
            "{",
            &intact[..intact.len() / 2],
            &intact.replace("acme", "../x"),
            &intact.replace(r#""hash": ""#, r#""hash": "z"#),
        ] {
            fs::write(&path, damaged).unwrap();
            assert_eq!((error().code().as_str(), error().field()), ("CORRUPTED", Some("keyFile")), "{damaged}");
        }
    }

    #[test]
    fn given_keys_name_their_tenant_or_get_one_of_their_own() {
        let [one, two, three] = ["first-key-0123456789", "second-key-0123456789", "third-key-0123456789"];
        let ring = ring(&[&format!("acme={one}"), two, three], Path::new("none"));
        let tenant = |key: &str| ring.caller(key).map(|caller| caller.tenant.to_string());
        assert_eq!(tenant(one).as_deref(), Some("acme"));
        assert!(tenant(two).unwrap().starts_with("key-") && tenant(two) != tenant(three));
        assert_eq!(tenant(&format!("acme={one}")), None);
        assert_eq!(tenant(""), None);
    }
}
