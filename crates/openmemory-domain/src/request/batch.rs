//! What is in a batch? 1 to 1000 items, each of which succeeds or fails on its own unless the batch is atomic.

use serde_json::Value;

use super::new_memory::Duplicates;
use super::properties::{ACTOR, ATOMIC, EXPIRES_AT, FILTERS, REASON};
use super::{Fields, IfExists, Kind, NewMemory, OnConflict, Property, Update, list, update};
use crate::filter::Filter;
use crate::{Invalid, MemoryId, Setting, Timestamp, limits};

/// One item of a batch: its request, or the error with the id that the item named.
pub type Item<T> = Result<T, (Option<String>, Invalid)>;

/// `{items, atomic?, ifExists?, onConflict?}`
#[derive(Debug)]
pub struct AddMany {
    pub items: Vec<Item<NewMemory>>,
    pub atomic: bool,
}

impl AddMany {
    pub const PROPERTIES: &[Property] = &[
        Property::new("items", Kind::Items(NewMemory::PROPERTIES)).required(),
        ATOMIC,
        IfExists::PROPERTY.about("Default for items without their own"),
        OnConflict::ADDED.about("Default for items without their own"),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let duplicates = Duplicates::default().or(&mut fields)?;
        let items = items(&mut fields, "items", |item| NewMemory::read_item(item, duplicates))?;
        Ok(Self { items, atomic: fields.boolean("atomic")?.unwrap_or(false) })
    }
}

/// `{items, atomic?, actor?, reason?}`
#[derive(Debug)]
pub struct UpdateMany {
    pub items: Vec<Item<Update>>,
    pub atomic: bool,
}

impl UpdateMany {
    pub const PROPERTIES: &[Property] =
        &[Property::new("items", Kind::Items(Update::ITEM)).required(), ATOMIC, ACTOR, REASON];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let provenance = update::provenance(&mut fields)?;
        let items = items(&mut fields, "items", |item| Update::read_item(item, provenance.clone()))?;
        Ok(Self { items, atomic: fields.boolean("atomic")?.unwrap_or(false) })
    }
}

pub(super) fn items<T>(
    fields: &mut Fields,
    name: &str,
    read: impl Fn(Value) -> Result<T, Invalid>,
) -> Result<Vec<Item<T>>, Invalid> {
    let values = fields.array(name)?.unwrap_or_default();
    check_count(name, values.len())?;
    Ok(values
        .into_iter()
        .enumerate()
        .map(|(i, value)| {
            let id = value.get("id").and_then(Value::as_str).map(str::to_owned);
            read(value).map_err(|error| (id, update::with_default_field(error, &format!("{name}[{i}]"))))
        })
        .collect())
}

fn check_count(field: &str, count: usize) -> Result<(), Invalid> {
    if count == 0 {
        return Err(Invalid::argument(field, "must not be empty"));
    }
    if count > limits::BATCH {
        return Err(Invalid::limit(field, format!("has {count} items; the limit of a batch is {}", limits::BATCH)));
    }
    Ok(())
}

/// Exactly one of `{ids}`, `{filters}` and `{all: true}`. An empty filter counts as absent.
#[derive(Debug)]
pub enum DeleteMany {
    Ids(Vec<Item<MemoryId>>),
    Matching(Filter),
    All,
}

impl DeleteMany {
    pub const PROPERTIES: &[Property] = &[
        Property::new("ids", Kind::Texts { most: Some(limits::BATCH) }),
        FILTERS,
        Property::new("all", Kind::Boolean).about("True"),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let filter = list::filters(&mut fields)?;
        match (fields.array("ids")?, filter, fields.boolean("all")?) {
            (Some(ids), None, None) => Ok(Self::Ids(read_ids(ids)?)),
            (None, Some(filter), None) => Ok(Self::Matching(filter)),
            (None, None, Some(true)) => Ok(Self::All),
            _ => Err(Invalid::argument(
                "filters",
                "must say which memories; to delete every memory pass {all: true} instead",
            )),
        }
    }
}

/// 1 to 1000 ids.
fn read_ids(ids: Vec<Value>) -> Result<Vec<Item<MemoryId>>, Invalid> {
    check_count("ids", ids.len())?;
    let read = |(i, value): (usize, Value)| {
        let field = format!("ids[{i}]");
        match value {
            Value::String(text) => MemoryId::read(&field, &text).map_err(|error| (Some(text), error)),
            _ => Err((None, Invalid::argument(field, "must be a string"))),
        }
    };
    Ok(ids.into_iter().enumerate().map(read).collect())
}

/// `{ids, expires_at}`
#[derive(Debug)]
pub struct Touch {
    pub ids: Vec<Item<MemoryId>>,
    pub expires_at: Setting<Timestamp>,
}

impl Touch {
    pub const PROPERTIES: &[Property] = &[
        Property::new("ids", Kind::Texts { most: Some(limits::BATCH) }).required(),
        EXPIRES_AT.about("Null clears it").or_null().required(),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let ids = read_ids(fields.array("ids")?.unwrap_or_default())?;
        let expires_at = update::setting(&mut fields, "expires_at", Timestamp::read)?
            .ok_or_else(|| Invalid::argument("expires_at", "is required: a time, or null to clear it"))?;
        Ok(Self { ids, expires_at })
    }
}
