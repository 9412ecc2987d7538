//! Which changes does a caller want to make together? Of any kinds, all or none.

use serde_json::{Map, Value};

use super::properties::{ACTOR, ID, IF_VERSION, REASON, VALID_TO, version};
use super::{Delete, Fields, Item, Kind, Merge, NewMemory, Property, Restore, Retire, Update, batch, update};
use crate::{Event, Invalid, MemoryId, Provenance};

/// One change. Its `actor` and `reason` are those of the call.
#[derive(Debug, Clone)]
pub enum Operation {
    Add(Box<NewMemory>),
    Update(Box<Update>),
    Retire(Retire),
    Merge(Box<Merge>),
    Restore(Restore),
    Delete(Delete),
}

/// `{operations: [{add | update | retire | merge | restore | delete}], actor?, reason?}`
#[derive(Debug)]
pub struct Operations {
    pub items: Vec<Item<Operation>>,
}

const RESTORE: [Property; 3] = [ID, version("version").about("The one to restore").required(), IF_VERSION];
const RETIRE: [Property; 4] = [ID, Retire::WHY, VALID_TO.about("Until when it was true; default: now"), IF_VERSION];
const DELETE: [Property; 2] = [ID, IF_VERSION];

/// Exactly one of these.
const OPERATION: [Property; 6] = [
    Property::new("add", Kind::Nested(NewMemory::PROPERTIES)),
    Property::new("update", Kind::Nested(Update::ITEM)),
    Property::new("retire", Kind::Nested(&RETIRE)),
    Property::new("merge", Kind::Nested(Merge::PROPERTIES)),
    Property::new("restore", Kind::Nested(&RESTORE)),
    Property::new("delete", Kind::Nested(&DELETE)),
];

impl Operations {
    pub const PROPERTIES: &[Property] =
        &[Property::new("operations", Kind::Items(&OPERATION)).required(), ACTOR, REASON];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let provenance = update::provenance(&mut fields)?;
        let items = batch::items(&mut fields, "operations", |item| read(item, &provenance))?;
        Ok(Self { items })
    }
}

impl Operation {
    /// The memory that it names; `None` for a new one without an id of its own.
    pub fn id(&self) -> Option<&MemoryId> {
        match self {
            Self::Add(new) => new.id.as_ref(),
            Self::Update(update) => Some(&update.id),
            Self::Retire(retire) => Some(&retire.id),
            Self::Merge(merge) => Some(&merge.into.id),
            Self::Restore(restore) => Some(&restore.id),
            Self::Delete(delete) => Some(&delete.id),
        }
    }
}

fn read(item: Value, by: &Provenance) -> Result<Operation, Invalid> {
    let one = || Invalid::argument("", "must have exactly one of add, update, retire, merge, restore and delete");
    let Value::Object(item) = item else { return Err(one()) };
    super::check_names(&item, &OPERATION)?;
    let mut entries = item.into_iter();
    let (Some((kind, value)), None) = (entries.next(), entries.next()) else { return Err(one()) };
    let read = || match kind.as_str() {
        "add" => Ok(Operation::Add(Box::new(NewMemory::read(value)?))),
        "update" => Ok(Operation::Update(Box::new(Update::read_item(value, by.clone())?))),
        "retire" => {
            let retire = Retire::read(only(value, &RETIRE)?)?;
            let provenance = Provenance { event: Event::Retire, ..by.clone() };
            Ok(Operation::Retire(Retire { provenance, ..retire }))
        }
        "merge" => Ok(Operation::Merge(Box::new(Merge::read(value, by)?))),
        "restore" => {
            let restore = Restore::read(only(value, &RESTORE)?)?;
            let provenance = Provenance { event: restore.provenance.event, ..by.clone() };
            Ok(Operation::Restore(Restore { provenance, ..restore }))
        }
        _ => {
            let delete = Delete::read(only(value, &DELETE)?)?;
            Ok(Operation::Delete(Delete { actor: by.actor.clone(), reason: by.reason.clone(), ..delete }))
        }
    };
    read().map_err(|error: Invalid| update::with_default_field(error, &kind))
}

/// The object, if it has no other fields: `actor` and `reason` are those of the call.
fn only(value: Value, properties: &[Property]) -> Result<Value, Invalid> {
    let Value::Object(fields) = value else { return Err(Invalid::argument("", "must be an object")) };
    let fields: Map<String, Value> = fields;
    super::check_names(&fields, properties)?;
    Ok(fields.into())
}
