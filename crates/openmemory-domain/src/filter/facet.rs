//! Which values of a field can be counted?

use serde_json::Value;

use super::Field;
use super::evaluate::find;
use crate::{Invalid, Sector, Version};

/// A field with values that several memories may share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetField(Field);

impl FacetField {
    const KNOWN: &str = "user_id, agent_id, app_id, run_id, tags, sectors, primary_sector, metadata.<path>";

    pub fn read(field: &str, name: &str) -> Result<Self, Invalid> {
        match Field::from_name(name) {
            Some(
                known @ (Field::UserId
                | Field::AgentId
                | Field::AppId
                | Field::RunId
                | Field::Tags
                | Field::Sectors
                | Field::PrimarySector
                | Field::Metadata(_)),
            ) => Ok(Self(known)),
            _ => Err(Invalid::argument(field, format!("must be one of {}", Self::KNOWN))),
        }
    }

    /// Visits the values of a memory: texts, numbers and booleans, each of a list.
    pub fn each(&self, memory: &Version, visit: &mut dyn FnMut(FacetValue<'_>)) {
        let mut name = |name: &Option<String>| name.iter().for_each(|text| visit(FacetValue::Text(text)));
        match &self.0 {
            Field::UserId => name(&memory.scope.user_id),
            Field::AgentId => name(&memory.scope.agent_id),
            Field::AppId => name(&memory.scope.app_id),
            Field::RunId => name(&memory.scope.run_id),
            Field::Tags => memory.tags.distinct().iter().for_each(|tag| visit(FacetValue::Text(tag))),
            Field::Sectors => {
                let sectors = memory.sectors();
                sectors.as_slice().iter().for_each(|sector| visit(FacetValue::Text(Sector::name(*sector))));
            }
            Field::PrimarySector => visit(FacetValue::Text(memory.sectors().primary().name())),
            Field::Metadata(path) => match find(&memory.metadata, path) {
                Some(Value::Array(items)) => {
                    for (at, item) in items.iter().enumerate() {
                        // A memory counts once for a value, however often its list has it.
                        if !items[..at].contains(item) {
                            scalar(item, visit);
                        }
                    }
                }
                Some(value) => scalar(&value, visit),
                None => {}
            },
            _ => {}
        }
    }
}

/// A value that is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FacetValue<'a> {
    Text(&'a str),
    Number(f64),
    Bool(bool),
}

fn scalar(value: &Value, visit: &mut dyn FnMut(FacetValue<'_>)) {
    match value {
        Value::String(text) => visit(FacetValue::Text(text)),
        Value::Number(number) => number.as_f64().into_iter().for_each(|number| visit(FacetValue::Number(number))),
        Value::Bool(yes) => visit(FacetValue::Bool(*yes)),
        Value::Null | Value::Array(_) | Value::Object(_) => {}
    }
}
