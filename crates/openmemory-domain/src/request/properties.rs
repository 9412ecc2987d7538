//! Fields that several requests have.

use super::property::{Kind, Property};
use crate::limits;

const fn text(name: &'static str, most: usize) -> Property {
    Property::new(name, Kind::Text { least: 1, most: Some(most) })
}

/// A text with nothing known of its length.
pub(super) const fn any_text(name: &'static str) -> Property {
    Property::new(name, Kind::Text { least: 0, most: None })
}

pub(super) const fn version(name: &'static str) -> Property {
    Property::new(name, Kind::Integer { least: 1, most: limits::EXACT_INTEGER })
}

pub(super) const fn page_limit(default: &'static str) -> Property {
    Property::new("limit", Kind::Integer { least: 1, most: limits::PAGE as u64 }).default(default)
}

pub(super) const ID: Property = text("id", limits::ID_CHARACTERS)
    .about("A TypeID (`mem_…`), the UUID of the same bits, or an id of your own")
    .required();
pub(super) const CONTENT: Property = Property::new("content", Kind::Content { most: limits::CONTENT_CHARACTERS }).about(
    "1 to 200 000 characters, not only white space. The texts of an array, kept as one text with a form feed between \
     them, have a vector each",
);
pub(super) const TAGS: Property =
    Property::new("tags", Kind::Texts { most: Some(limits::TAGS) }).about("At most 64 of 1 to 256 characters");
pub(super) const METADATA: Property =
    Property::new("metadata", Kind::Object).about("At most 1 MiB of JSON, 32 levels deep; `sector` pins the sector");
pub const USER_ID: Property = text("user_id", limits::ID_CHARACTERS);
pub const AGENT_ID: Property = text("agent_id", limits::ID_CHARACTERS);
pub const APP_ID: Property = text("app_id", limits::ID_CHARACTERS);
pub const RUN_ID: Property = text("run_id", limits::ID_CHARACTERS);
pub(super) const EXPIRES_AT: Property = Property::new("expires_at", Kind::Time);
pub(super) const VALID_FROM: Property = Property::new("valid_from", Kind::Date)
    .about("Since when it is true, or when it happened: `2024`, `2024-05`, `2024-05-17` or a time");
pub(super) const VALID_TO: Property =
    Property::new("valid_to", Kind::Date).about("Until when it is true: the end of a year, month or day, or a time");
pub(super) const SHOW_RETIRED: Property =
    Property::new("showRetired", Kind::Boolean).about("Includes memories that are retired or have ended");
pub(super) const AT: Property =
    Property::new("at", Kind::Date).about("What was true at this time; a year, month or day means its first moment");
pub(super) const AS_OF: Property = Property::new("asOf", Kind::Date)
    .about("What the store had been told by this time, without what it was told later");
pub(super) const REFERENCE_TIME: Property = Property::new("referenceTime", Kind::Date)
    .about("When the question is asked: what `last month` refers to; default now");
pub(super) const CORRECTION: Property = Property::new("correction", Kind::Boolean)
    .about("The version before was wrong: `valid_from` is kept, or corrected")
    .default("false");
pub(super) const IF_VERSION: Property =
    version("ifVersion").about("The version that must be current, or the call is refused as a conflict");
pub(super) const ACTOR: Property = Property::new("actor", Kind::Text { least: 0, most: Some(limits::NOTE_CHARACTERS) })
    .about("Recorded in the history");
pub(super) const REASON: Property =
    Property::new("reason", Kind::Text { least: 0, most: Some(limits::NOTE_CHARACTERS) })
        .about("Recorded in the history");
pub(super) const FILTERS: Property = Property::new("filters", Kind::Filters).about("The filter language");
pub(super) const SHOW_EXPIRED: Property = Property::new("showExpired", Kind::Boolean);
pub(super) const ATOMIC: Property = Property::new("atomic", Kind::Boolean).about("All or nothing");
