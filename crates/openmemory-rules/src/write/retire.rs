//! What does retiring a memory change? It gets a version with the same text, which can be restored like any other.

use openmemory_domain::request::Retire;
use openmemory_domain::{Timestamp, patch};

use super::committed::Committed;
use super::current::{check_version, current};
use super::update::replace;
use crate::changes::Changes;
use crate::error::Error;

pub fn retire(changes: &mut impl Changes, request: &Retire, now: Timestamp) -> Result<Committed, Error> {
    let (number, head) = current(changes, &request.id)?;
    check_version(&request.id, &head, request.if_version)?;
    let next = patch::retire(&head, request.retirement, now, request.provenance.clone())
        .map_err(|error| Error::of_patch(error, &request.id))?;
    replace(changes, number, &head, next, None, now)
}
