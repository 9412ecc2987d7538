//! What is the state of a memory, now or at an earlier time, and which is it linked to?

use std::sync::Arc;

use openmemory_calls::timeline;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{ById, Get};
use openmemory_domain::valid_time::{Interval, PointInTime};
use openmemory_domain::{Memory, Timestamp, Version};
use openmemory_rules::contract::Link;
use openmemory_rules::write::current::{current, memory};
use openmemory_rules::{Error, Number, Rows};

use crate::store::Tenant;
use crate::workspace::Workspace;

impl Workspace<'_> {
    /// The version of a memory at a point in time; `None` if it has none there.
    pub(crate) fn version_in(
        &self,
        number: Number,
        head: Version,
        point: &PointInTime,
    ) -> Result<Option<Version>, Error> {
        if point.is_now() {
            return Ok(Some(head));
        }
        timeline::version_in(self.known_versions(number, head, point.as_of)?, point)
    }

    /// The versions that were known at a time, newest first, each with the interval that was known then.
    pub(crate) fn known_versions(
        &self,
        number: Number,
        head: Version,
        as_of: Option<Timestamp>,
    ) -> Result<impl Iterator<Item = Result<(Version, Interval), Error>> + use<>, Error> {
        let earlier = self.history(number, head.number)?.into_iter().map(Ok);
        Ok(timeline::known_versions(head, earlier, as_of))
    }

    /// Whether a version matches.
    pub(crate) fn matches(&self, number: Number, version: &Version, filter: Option<&Filter>) -> Result<bool, Error> {
        let Some(filter) = filter else { return Ok(true) };
        if !filter.needs_content() {
            return Ok(filter.matches(version, ""));
        }
        let content = self.content(number, version.content)?;
        Ok(content.is_some_and(|content| filter.matches(version, &content)))
    }
}

impl Tenant {
    pub(crate) async fn get(self: &Arc<Self>, request: Get) -> Result<Memory, Error> {
        self.read(Vec::new(), move |rows| {
            let (number, head) = current(rows, &request.id)?;
            let id = || request.id.clone();
            let version = match request.version {
                Some(version) if version != head.number => {
                    rows.earlier(number, version)?.ok_or_else(|| Error::NoVersion { id: id(), version })?
                }
                Some(_) => head,
                None => rows.version_in(number, head, &request.point)?.ok_or_else(|| {
                    if request.point.at.is_some() { Error::NotThen { id: id() } } else { Error::NotYet { id: id() } }
                })?,
            };
            // Between two reads it may have been deleted.
            memory(rows, number, version, rows.now()).map_err(|error| match error {
                Error::Internal(_) => Error::NotFound { id: id(), tombstone: None },
                other => other,
            })
        })
        .await
    }

    /// The links of a memory, strongest first.
    pub(crate) async fn waypoints(self: &Arc<Self>, request: ById) -> Result<Vec<Link>, Error> {
        self.read(Vec::new(), move |rows| {
            let (number, _) = current(rows, &request.id)?;
            let Some(scope) = rows.scope(number) else { return Ok(Vec::new()) };
            let mut links = Vec::new();
            for (other, waypoint) in rows.waypoints(number)? {
                rows.know_scope(other, scope);
                if let Some(head) = rows.head(other)? {
                    links.push(Link {
                        id: head.id.to_string(),
                        weight: waypoint.weight,
                        created_at: waypoint.created_at.to_string(),
                        updated_at: waypoint.updated_at.to_string(),
                    });
                }
            }
            links.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.id.cmp(&b.id)));
            Ok(links)
        })
        .await
    }
}
