//! How does JavaScript create, list and revoke keys? Through synchronous calls that read and write the key file.

use std::path::Path;

use napi_derive::napi;
use openmemory_server::keys::{Key, KeyError, KeyFile, Role};
use serde_json::{Value, json};

use crate::answer::{answer, error};

#[napi]
pub struct Keys {
    file: KeyFile,
}

#[napi]
impl Keys {
    #[napi(constructor)]
    pub fn new(file: String) -> Self {
        Self { file: KeyFile::new(Path::new(&file)) }
    }

    /// Returns the new key, which is not stored anywhere.
    #[napi]
    pub fn create(&self, tenant: String, name: String, for_metrics: bool) -> String {
        let role = if for_metrics { Role::Metrics } else { Role::Tenant };
        to_answer(self.file.create(&tenant, &name, role).map(|new| {
            let mut fields = fields(&new.key);
            fields["key"] = new.secret.into();
            fields
        }))
    }

    #[napi]
    pub fn list(&self) -> String {
        to_answer(self.file.list().map(|keys| keys.iter().map(fields).collect()))
    }

    #[napi]
    pub fn revoke(&self, id: String) -> String {
        to_answer(self.file.revoke(&id).map(|key| fields(&key)))
    }
}

/// Everything but the hash.
fn fields(key: &Key) -> Value {
    let mut fields = json!({
        "id": key.id,
        "name": key.name,
        "tenant": key.tenant,
        "role": key.role,
        "created_at": key.created_at,
    });
    if let Some(at) = &key.revoked_at {
        fields["revoked_at"] = at.as_str().into();
    }
    fields
}

fn to_answer(result: Result<Value, KeyError>) -> String {
    match result {
        Ok(value) => answer(Ok(value)),
        Err(key_error) => {
            let field = match key_error {
                KeyError::Tenant => Some("tenant"),
                KeyError::Name => Some("name"),
                _ => None,
            };
            error(key_error.code().as_str(), field, &key_error.to_string())
        }
    }
}
