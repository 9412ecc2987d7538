//! How is a table of fields written in OpenAPI? As the schema of a body, or as parameters.

use openmemory_domain::request::{Kind, Property};
use openmemory_domain::{Sector, limits};
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Required};

/// An object with these fields and no others.
pub fn object(properties: &[Property], about: &str) -> Object {
    let object = ObjectBuilder::new().schema_type(Type::Object).description(text(about));
    let object = properties.iter().fold(object, |object, property| {
        let object = object.property(property.name, schema(property));
        if property.required { object.required(property.name) } else { object }
    });
    object.additional_properties(Some(AdditionalProperties::FreeForm(false))).build()
}

/// The same fields in the query of an address.
pub fn parameters(properties: &[Property]) -> Vec<Parameter> {
    let parameter = |property: &Property| {
        let shown = match property.kind {
            // Written there as JSON.
            Kind::Filters => Property { kind: Kind::Text { least: 0, most: None }, ..*property },
            _ => *property,
        };
        let described = match property.kind {
            Kind::Filters => "The filter language, as JSON",
            _ => property.about,
        };
        ParameterBuilder::new()
            .name(property.name)
            .parameter_in(ParameterIn::Query)
            .required(if property.required { Required::True } else { Required::False })
            .description(text(described))
            .schema(Some(schema(&Property { about: "", nullable: false, ..shown })))
            .build()
    };
    properties.iter().map(parameter).collect()
}

fn schema(property: &Property) -> RefOr<Schema> {
    let of = |kind: Type| {
        if property.nullable { SchemaType::from_iter([kind, Type::Null]) } else { SchemaType::from(kind) }
    };
    let about = text(property.about);
    let value = |kind| ObjectBuilder::new().schema_type(of(kind)).description(about).default(property.default_value());
    let list = |items: RefOr<Schema>| ArrayBuilder::new().schema_type(of(Type::Array)).items(items).description(about);
    let object = match property.kind {
        Kind::Text { least, most } => value(Type::String).min_length((least > 0).then_some(least)).max_length(most),
        Kind::Pattern(pattern) => value(Type::String).pattern(Some(pattern)),
        Kind::OneOf(names) => value(Type::String).enum_values(Some(values(names, property.nullable))),
        Kind::Time | Kind::Date => value(Type::String),
        Kind::Integer { least, most } => {
            let number = value(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
            number.minimum(Some(least)).maximum((most < limits::EXACT_INTEGER).then_some(most))
        }
        Kind::Millis => value(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64))),
        Kind::Number { least, open, most } => {
            let number = value(Type::Number).format(Some(SchemaFormat::KnownFormat(KnownFormat::Double))).maximum(most);
            if open { number.exclusive_minimum(Some(least)) } else { number.minimum(Some(least)) }
        }
        Kind::Boolean => value(Type::Boolean),
        Kind::Object | Kind::Filters => {
            value(Type::Object).additional_properties(Some(AdditionalProperties::FreeForm(true)))
        }
        Kind::Nested(properties) => return Schema::from(object(properties, property.about)).into(),
        Kind::Texts { most } => {
            return list(ObjectBuilder::new().schema_type(Type::String).into()).max_items(most).into();
        }
        Kind::Numbers { most } => {
            let number = ObjectBuilder::new().schema_type(Type::Number);
            return list(number.into()).min_items(Some(1)).max_items(Some(most)).into();
        }
        Kind::Vectors { most } => {
            let item = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::Array]));
            return list(item.into()).min_items(Some(1)).max_items(Some(most)).into();
        }
        Kind::Content { most } => {
            let kinds = [Type::String, Type::Array].into_iter().chain(property.nullable.then_some(Type::Null));
            let list = list(ObjectBuilder::new().schema_type(Type::String).into());
            // The lengths are those of the text.
            return list.schema_type(SchemaType::from_iter(kinds)).max_items(Some(most)).into();
        }
        Kind::Sectors => {
            let sector = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Sector::NAMES));
            return list(sector.into()).into();
        }
        Kind::Items(properties) => {
            let items = list(Schema::from(object(properties, "")).into());
            return items.min_items(Some(1)).max_items(Some(limits::BATCH)).into();
        }
    };
    object.into()
}

/// The names, and null where it is a value too.
fn values(names: &[&str], nullable: bool) -> Vec<Value> {
    names.iter().map(|name| Value::from(*name)).chain(nullable.then_some(Value::Null)).collect()
}

fn text(about: &str) -> Option<&str> {
    Some(about).filter(|about| !about.is_empty())
}
