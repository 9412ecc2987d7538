//! Whose key is it? Every known hash is compared, in constant time, whether or not one has fitted already.

use std::path::PathBuf;
use std::time::SystemTime;
use std::{fs, io};

use parking_lot::RwLock;
use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::given::{self, Known};
use super::hash::KeyHash;
use super::{Key, KeyError, KeyFile, KeysError, Role};
use crate::tenant::Tenant;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub tenant: Tenant,
    /// Names the key in logs and limits; never the key itself.
    pub key: String,
    pub role: Role,
}

pub struct Keyring {
    given: Vec<Known>,
    path: PathBuf,
    file: RwLock<Read>,
}

/// When and how long the file was; none: there was no file.
type Stamp = Option<(SystemTime, u64)>;

#[derive(Default)]
struct Read {
    seen: Stamp,
    /// Since a file was seen once, keys are asked for: a file that goes away opens nothing.
    required: bool,
    keys: Vec<Known>,
    /// The file could not be read the last time, and the log says so.
    unreadable: bool,
}

impl Keyring {
    /// `given` are `KEY` or `TENANT=KEY`. A key file that is there must be readable: without its keys a server could be
    /// open to everybody.
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
        let known: Vec<&Known> = self.given.iter().chain(&file.keys).collect();
        let mut found = u32::MAX;
        for (i, known) in (0u32..).zip(&known) {
            found.conditional_assign(&i, known.hash.0.ct_eq(&hash.0));
        }
        known.get(found as usize).map(|known| known.caller.clone())
    }

    /// Reads the file if it has changed. One that cannot be read now leaves what was known of it as it is, without what has
    /// been revoked; the next request tries again.
    fn refresh(&self) {
        let read = match self.stamp() {
            Ok(now) if self.file.read().seen == now => return,
            Ok(now) => self.read(now),
            Err(error) => Err(error),
        };
        if let Err(error) = read {
            let told = std::mem::replace(&mut self.file.write().unreadable, true);
            if !told {
                tracing::error!(
                    code = error.code().as_str(),
                    error = %error,
                    "reading the key file; the keys known before are taken until it can be read"
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
        file.seen = now;
        file.keys = keys.iter().filter_map(of_file).collect();
        file.unreadable = false;
        Ok(())
    }
}

fn of_file(key: &Key) -> Option<Known> {
    if key.revoked_at.is_some() {
        return None;
    }
    let caller = Caller { tenant: Tenant::read(&key.tenant)?, key: key.id.clone(), role: key.role };
    Some(Known { hash: KeyHash::parse(&key.hash)?, caller })
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
    fn a_file_that_is_gone_opens_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let ring = ring(&[], &path);
        assert!(!ring.required());
        let made = KeyFile::new(&path).create("acme", "one", Role::Tenant).unwrap();
        assert_eq!(ring.caller(&made.secret).unwrap().tenant.as_str(), "acme");
        fs::remove_file(&path).unwrap();
        assert!(ring.required() && ring.caller(&made.secret).is_none());
    }

    /// A directory in the file's place cannot be read by anybody, root included.
    #[test]
    fn while_the_file_cannot_be_read_known_keys_are_taken_and_revoked_ones_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let (path, aside) = (directory.path().join("keys.json"), directory.path().join("aside.json"));
        let file = KeyFile::new(&path);
        let [kept, revoked] = ["kept", "revoked"].map(|name| file.create("acme", name, Role::Tenant).unwrap());
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = Arc::clone(&lines);
        let _log = set_default(log::subscriber(Level::Info, move |line| told.lock().push(line.to_owned())));
        let ring = Keyring::new(&[], None, path.clone()).unwrap();
        file.revoke(&revoked.key.id).unwrap();
        assert!(ring.caller(&revoked.secret).is_none());
        let made = file.create("acme", "made meanwhile", Role::Tenant).unwrap();
        fs::rename(&path, &aside).unwrap();
        let (whole, half) = (fs::read(&aside).unwrap(), fs::read(&aside).unwrap()[..40].to_owned());
        for damage in [None, Some(half.as_slice()), Some(b"".as_slice())] {
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
        fs::write(&path, whole).unwrap();
        for (new, takes) in [(&kept, true), (&made, true), (&revoked, false)] {
            assert_eq!(ring.caller(&new.secret).is_some(), takes);
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_lets_no_server_begin() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let refused = || Keyring::new(&[], None, path.clone()).err().unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!((refused().code().as_str(), refused().field()), ("IO", Some("keyFile")));
        fs::remove_dir(&path).unwrap();
        KeyFile::new(&path).create("acme", "one", Role::Tenant).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        for damaged in [
            "",
            "{",
            &whole[..whole.len() / 2],
            &whole.replace("acme", "../x"),
            &whole.replace(r#""hash": ""#, r#""hash": "z"#),
        ] {
            fs::write(&path, damaged).unwrap();
            assert_eq!((refused().code().as_str(), refused().field()), ("CORRUPTED", Some("keyFile")), "{damaged}");
        }
    }

    #[test]
    fn given_keys_name_their_tenant_or_have_one_of_their_own() {
        let [one, two, three] = ["first-key-0123456789", "second-key-0123456789", "third-key-0123456789"];
        let ring = ring(&[&format!("acme={one}"), two, three], Path::new("none"));
        let tenant = |key: &str| ring.caller(key).map(|caller| caller.tenant.to_string());
        assert_eq!(tenant(one).as_deref(), Some("acme"));
        assert!(tenant(two).unwrap().starts_with("key-") && tenant(two) != tenant(three));
        assert_eq!(tenant(&format!("acme={one}")), None);
        assert_eq!(tenant(""), None);
    }
}
