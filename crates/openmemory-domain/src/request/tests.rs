//! Does each table say what its reader accepts?

use serde_json::{Map, Value, json};

use super::*;
use crate::{Invalid, InvalidKind, limits};

struct Reader {
    name: &'static str,
    properties: &'static [Property],
    read: fn(Value) -> Result<(), Invalid>,
    /// The least that is accepted; fields are set beside it.
    base: Value,
}

impl Reader {
    fn with(&self, field: &str, value: Value) -> Result<(), Invalid> {
        let mut request: Map<String, Value> = self.base.as_object().unwrap().clone();
        request.insert(field.into(), value);
        (self.read)(request.into())
    }
}

macro_rules! reader {
    ($properties:expr, $read:expr, $base:tt) => {
        Reader {
            name: stringify!($properties),
            properties: $properties,
            read: |value| $read(value).map(drop),
            base: json!($base),
        }
    };
}

fn readers() -> Vec<Reader> {
    vec![
        reader!(ById::PROPERTIES, ById::read, {"id": "a"}),
        reader!(Delete::PROPERTIES, Delete::read, {"id": "a"}),
        reader!(Get::PROPERTIES, Get::read, {"id": "a"}),
        reader!(History::PROPERTIES, History::read, {"id": "a"}),
        reader!(Restore::PROPERTIES, Restore::read, {"id": "a", "version": 1}),
        reader!(Retire::PROPERTIES, Retire::read, {"id": "a"}),
        reader!(Reinforce::PROPERTIES, Reinforce::read, {"id": "a"}),
        reader!(FeedbackRequest::PROPERTIES, FeedbackRequest::read, {"id": "a", "feedback": null}),
        reader!(AddMany::PROPERTIES, AddMany::read, {"items": [{}]}),
        reader!(Operations::PROPERTIES, Operations::read, {"operations": [{}]}),
        reader!(UpdateMany::PROPERTIES, UpdateMany::read, {"items": [{}]}),
        reader!(DeleteMany::PROPERTIES, DeleteMany::read, {}),
        reader!(NewMemory::PROPERTIES, NewMemory::read, {"content": "x", "tags": ["a"]}),
        reader!(Update::PROPERTIES, Update::read, {"id": "a", "patch": {"tags": []}}),
        reader!(Update::FLAT, Update::read_flat, {"id": "a", "tags": []}),
        reader!(Update::ITEM, read_item, {"id": "a", "tags": []}),
        reader!(List::PROPERTIES, List::read, {}),
        reader!(Search::PROPERTIES, Search::read, {"query": "x"}),
        reader!(Export::PROPERTIES, Export::read, {"file": "x"}),
        reader!(Export::FILTER, Export::read_filter, {}),
        reader!(Import::PROPERTIES, Import::read, {"file": "x"}),
        reader!(Watch::PROPERTIES, Watch::read, {}),
    ]
}

fn read_item(value: Value) -> Result<Update, Invalid> {
    let none = crate::Provenance { event: crate::Event::Update, actor: None, reason: None };
    Update::read_item(value, none)
}

/// Each property with its reader.
fn each(mut check: impl FnMut(&Reader, &Property)) {
    for reader in readers() {
        for property in reader.properties {
            check(&reader, property);
        }
    }
}

#[test]
fn a_field_that_is_not_in_the_table_is_refused() {
    for reader in readers() {
        let refused = reader.with("colour", json!(1)).unwrap_err();
        assert_eq!((refused.kind, &*refused.field), (InvalidKind::Argument, "colour"), "{}", reader.name);
    }
}

#[test]
fn every_field_of_a_table_is_read() {
    each(|reader, property| {
        let wrong = match property.kind {
            Kind::Integer { .. } | Kind::Number { .. } | Kind::Boolean | Kind::Millis => json!("x"),
            _ => json!(7),
        };
        let refused = reader.with(property.name, wrong).expect_err(property.name);
        assert_eq!(refused.field, property.name, "{}", reader.name);
    });
}

#[test]
fn null_is_refused_unless_the_table_says_otherwise() {
    each(|reader, property| match reader.with(property.name, Value::Null) {
        Ok(()) => assert!(property.nullable, "{} of {}", property.name, reader.name),
        Err(refused) => {
            assert!(!property.nullable, "{} of {}", property.name, reader.name);
            assert_eq!(refused.field, property.name, "{}", reader.name);
        }
    });
}

#[test]
fn a_field_that_is_required_is_missed() {
    each(|reader, property| {
        let mut request = reader.base.as_object().unwrap().clone();
        request.remove(property.name);
        let read = (reader.read)(request.into());
        if property.required {
            assert_eq!(read.unwrap_err().field, property.name, "{}", reader.name);
        }
    });
}

#[test]
fn bounds_are_those_of_the_table() {
    let field = |read: Result<(), Invalid>| read.map_err(|refused| refused.field);
    each(|reader, property| {
        let refused = Err(property.name.to_owned());
        let with = |value: Value| field(reader.with(property.name, value));
        match property.kind {
            Kind::Integer { least, most } => {
                assert_eq!(with(json!(least - 1)), refused, "{}", reader.name);
                assert_eq!(with(json!(2 * most)), refused, "{}", reader.name);
                assert_eq!((with(json!(least)), with(json!(most))), (Ok(()), Ok(())), "{}", reader.name);
            }
            Kind::Number { least, open, most } => {
                assert_eq!(with(json!(least - 0.001)), refused, "{}", reader.name);
                assert_eq!(with(json!(least)), if open { refused.clone() } else { Ok(()) }, "{}", reader.name);
                if let Some(most) = most {
                    assert_eq!(
                        (with(json!(most)), with(json!(most + 0.001))),
                        (Ok(()), refused.clone()),
                        "{}",
                        reader.name
                    );
                }
            }
            Kind::Text { least, most } => {
                if let Some(most) = most {
                    assert_eq!(with(json!("é".repeat(most))), Ok(()), "{}", reader.name);
                    assert_eq!(with(json!("é".repeat(most + 1))), refused, "{}", reader.name);
                }
                if least > 0 {
                    assert_eq!(with(json!("")), refused, "{}", reader.name);
                }
            }
            Kind::Content { most } => {
                let half = "é".repeat(most / 2);
                assert_eq!(with(json!("é".repeat(most))), Ok(()), "{}", reader.name);
                assert_eq!(with(json!([half, &half[2..]])), Ok(()), "{}", reader.name);
                for wrong in [json!("é".repeat(most + 1)), json!([half, half]), json!(""), json!([])] {
                    assert_eq!(with(wrong), refused, "{}", reader.name);
                }
            }
            Kind::OneOf(names) => {
                for name in names {
                    assert_eq!(with(json!(name)), Ok(()), "{}", reader.name);
                }
                assert_eq!(with(json!("x")), refused, "{}", reader.name);
            }
            Kind::Items(_) => {
                assert_eq!(with(json!([])), refused, "{}", reader.name);
                assert_eq!(with(json!(vec![json!({}); limits::BATCH + 1])), refused, "{}", reader.name);
            }
            _ => {}
        }
    });
}

#[test]
fn a_default_is_a_value_of_its_field() {
    each(|reader, property| {
        if property.default.is_some() {
            assert_eq!(reader.with(property.name, property.default_value().unwrap()), Ok(()), "{}", property.name);
        }
    });
}

#[test]
fn a_memory_without_text_has_something_else() {
    let read = |request: Value| NewMemory::read(request).map_err(|refused| refused.field);
    let none = read(json!({"content": null, "metadata": {"a": 1}})).unwrap();
    assert!(none.content.is_none() && !none.embed);
    for rest in [json!({}), json!({"tags": [], "metadata": {}}), json!({"tags": null, "user_id": "ada"})] {
        let mut request = rest.as_object().unwrap().clone();
        request.insert("content".into(), Value::Null);
        assert_eq!(read(request.into()).unwrap_err(), "content");
    }
    assert_eq!(read(json!({"content": null, "tags": ["a"], "embed": true})).unwrap_err(), "embed");
    let own = read(json!({"content": null, "tags": ["a"], "vector": [1, 2]})).unwrap();
    assert!(own.embed && own.vectors.is_some());
}

#[test]
fn vectors_are_one_for_all_texts_or_one_for_each() {
    let read = |vector: Value| NewMemory::read(json!({"content": ["a", "b"], "vector": vector}));
    assert_eq!(read(json!([1, 2])).unwrap().vectors, Some(vec![vec![1.0, 2.0]]));
    assert_eq!(read(json!([[1, 2], [3, 4]])).unwrap().vectors, Some(vec![vec![1.0, 2.0], vec![3.0, 4.0]]));
    for (wrong, field) in
        [(json!([[1], 2]), "vector[1]"), (json!([[1], []]), "vector[1]"), (json!([1, [2]]), "vector[1]")]
    {
        assert_eq!(read(wrong).unwrap_err().field, field);
    }
}
