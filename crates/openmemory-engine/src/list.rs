//! Which memories match a filter? Pages in time order, scanned along the narrowest index that the filter allows.

pub(super) use openmemory_calls::list_cursor::only_value;
use openmemory_calls::list_cursor::{read_cursor, write_cursor};
use openmemory_rules::contract::{Control, Page};

use super::engine::Engine;
use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::request::{List, Order, TimeField};
use openmemory_domain::{Memory, Timestamp, Version};
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage::ScanRange;

impl Engine {
    pub fn list(&self, request: &List, control: &Control) -> Result<Page, Error> {
        let position = request.cursor.as_deref().map(|text| read_cursor(text, request.order)).transpose()?;
        // The indexes have the newest version, which may lack what an earlier one had.
        let filter = request.filter.as_ref().filter(|_| request.point.is_now());
        let range = scan_range(filter, request.order);
        let mut memories = Vec::new();
        let (mut last, mut skip) = (None, request.skip);
        for number in self.store.by_time(&range, request.order, position) {
            control.check()?;
            let number = number?;
            let Some(head) = self.store.head(number)? else { continue };
            let time = time_of(&head, request.order);
            let Some(version) = self.version_in(number, head, &request.point)? else { continue };
            let is_hidden = request.point.hides(&version, request.shown, self.now());
            if is_hidden || !self.matches(number, &version, request.filter.as_ref())? {
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            if memories.len() == request.limit {
                return Ok(Page { memories, next_cursor: last.map(|position| write_cursor(request.order, position)) });
            }
            let Some(memory) = self.memory(number, version)? else { continue };
            last = Some((time, number));
            memories.push(memory);
        }
        Ok(Page { memories, next_cursor: None })
    }

    /// The memory, if it matches and still exists.
    pub(super) fn matching(
        &self,
        number: Number,
        head: Version,
        filter: Option<&Filter>,
    ) -> Result<Option<Memory>, Error> {
        if self.matches(number, &head, filter)? { self.memory(number, head) } else { Ok(None) }
    }

    /// Whether a version matches. Reads the text, which may be long, only if the filter needs it.
    pub(super) fn matches(&self, number: Number, head: &Version, filter: Option<&Filter>) -> Result<bool, Error> {
        let Some(filter) = filter else { return Ok(true) };
        if !filter.needs_content() {
            return Ok(filter.matches(head, ""));
        }
        let content = self.store.content(number, head.content)?;
        Ok(content.is_some_and(|content| filter.matches(head, &content)))
    }
}

fn time_of(version: &Version, order: Order) -> Timestamp {
    match order.by {
        TimeField::Created => version.created_at,
        TimeField::Updated => version.updated_at,
    }
}

/// The narrowest range of an index in time order that contains every match.
pub(super) fn scan_range(filter: Option<&Filter>, order: Order) -> ScanRange {
    let filter = filter.filter(|_| order.by == TimeField::Created);
    let scope = |filter| {
        let [run, rest @ ..] = SCOPES;
        let scope = |(name, field): (_, Field)| {
            Some(ScanRange::Scope { field: name, value: only_value(filter, &field)?.to_owned() })
        };
        // The index has tags as they were written, but a filter also matches other Unicode forms of the same tag.
        let tag =
            || only_value(filter, &Field::Tags).filter(|tag| tag.is_ascii()).map(|tag| ScanRange::Tag(tag.to_owned()));
        scope(run).or_else(tag).or_else(|| rest.into_iter().find_map(scope))
    };
    filter.and_then(scope).unwrap_or(ScanRange::All)
}

/// The fields that have an index, the narrowest first.
const SCOPES: [(&str, Field); 4] =
    [("run_id", Field::RunId), ("agent_id", Field::AgentId), ("app_id", Field::AppId), ("user_id", Field::UserId)];
