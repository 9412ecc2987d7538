//! Which parameters do the routes take? Bodies are read field by field, by [`Fields`](super::fields::Fields).

use openmemory_domain::request::{AGENT_ID, APP_ID, Kind, Property, RUN_ID, USER_ID, join};

use super::fields::HOSTED;
use crate::openapi::queries;

pub const MAX_PAGE_SIZE: u64 = 200;
/// Largest list without pages.
pub const MAX_UNPAGED: u64 = 10_000;
/// Entities of one page, at most.
pub const MAX_ENTITIES: u64 = 1000;

queries! {
    EntityQuery: &SCOPE, passes_over: is_hosted;
    Mem0PageQuery: &PAGE, passes_over: is_hosted;
    Mem0ListQuery: &join::<7>(&SCOPE, &PAGE), passes_over: is_hosted;
    EntitiesQuery: &[page(), page_size(MAX_ENTITIES)], passes_over: |_| true;
    EventsQuery: &[page(), page_size(MAX_PAGE_SIZE)], passes_over: is_hosted;
    DeleteQuery: &[Property::new("delete_linked", Kind::Boolean)], passes_over: |_| true;
}

const SCOPE: [Property; 4] = [USER_ID, AGENT_ID, APP_ID, RUN_ID];

const PAGE: [Property; 3] = [
    page(),
    page_size(MAX_PAGE_SIZE),
    Property::new("limit", Kind::Integer { least: 1, most: MAX_UNPAGED })
        .about("Memories of a list without pages; an older name of `page_size` otherwise"),
];

const fn page() -> Property {
    Property::new("page", Kind::Integer { least: 1, most: u32::MAX as u64 })
}

const fn page_size(most: u64) -> Property {
    Property::new("page_size", Kind::Integer { least: 1, most })
}

/// What steers the hosted service changes nothing here. Anything else that is not understood could mean fewer memories.
fn is_hosted(name: &str) -> bool {
    HOSTED.contains(&name)
}
