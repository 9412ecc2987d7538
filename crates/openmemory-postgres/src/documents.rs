//! What does a server keep with the memories? JSON by name.

use std::sync::Arc;

use openmemory_rules::Error;
use serde_json::Value;

use crate::error::damaged;
use crate::rows;
use crate::session::{Param, Request};
use crate::store::Tenant;

impl Tenant {
    pub(crate) async fn document(self: &Arc<Self>, name: String) -> Result<Option<Value>, Error> {
        let tenant = Arc::clone(self);
        self.database
            .read(move |session| {
                let rows = session.query(rows::DOCUMENT, &[&tenant.name, &name.as_bytes()])?;
                let read =
                    |row: &tokio_postgres::Row| serde_json::from_slice(row.get(0)).map_err(|_| damaged("a document"));
                rows.first().map(read).transpose()
            })
            .await
    }

    pub(crate) async fn document_names(self: &Arc<Self>, prefix: String) -> Result<Vec<String>, Error> {
        let tenant = Arc::clone(self);
        self.database
            .read(move |session| {
                let rows = session.query(rows::DOCUMENT_NAMES, &[&tenant.name, &prefix.as_bytes()])?;
                let names = rows.iter().map(|row| rows::text(row.get(0)));
                names.take_while(|name| name.as_ref().map_or(true, |name| name.starts_with(&prefix))).collect()
            })
            .await
    }

    pub(crate) async fn put_documents(self: &Arc<Self>, documents: Vec<(String, Option<Value>)>) -> Result<(), Error> {
        let mut bodies = Vec::with_capacity(documents.len());
        for (name, document) in documents {
            let body = document.map(|document| serde_json::to_vec(&document)).transpose();
            bodies.push((name, body.map_err(|_| Error::Internal("a document cannot be written as JSON"))?));
        }
        let tenant = Arc::clone(self);
        // Each of them is set or removed, so that a second attempt does no harm.
        self.database
            .read(move |session| {
                let mut requests = vec![Request::new(rows::BEGIN, Vec::new())];
                for (name, body) in &bodies {
                    let mut params: Vec<Param> =
                        vec![Box::new(tenant.name.clone()), Box::new(name.as_bytes().to_vec())];
                    requests.push(match body {
                        None => Request::new(rows::REMOVE_DOCUMENT, params),
                        Some(body) => {
                            params.push(Box::new(body.clone()));
                            Request::new(rows::PUT_DOCUMENT, params)
                        }
                    });
                }
                requests.push(Request::new(rows::COMMIT, Vec::new()));
                session.pipeline(&requests).map(drop).inspect_err(|_| session.roll_back())
            })
            .await
    }
}
