//! What do the parameters of the address say? They are fields of a request, and its table says which there are and what
//! each holds.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, Query as Pairs};
use axum::http::request::Parts;
use openmemory_domain::request::{Kind, Property};
use serde_json::{Map, Value};

use super::ApiError;

/// The parameters that a route takes.
pub trait Parameters {
    const PROPERTIES: &'static [Property];

    /// Whether one that is not in the table means nothing, instead of being refused.
    fn passes_over(_name: &str) -> bool {
        false
    }
}

/// The parameters of the address as a request's fields.
pub struct Query<P> {
    pub fields: Map<String, Value>,
    parameters: PhantomData<P>,
}

impl<S: Send + Sync, P: Parameters> FromRequestParts<S> for Query<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Pairs(pairs) = Pairs::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| ApiError::invalid("query", "cannot be read"))?;
        let mut fields = Map::new();
        for (name, text) in pairs {
            let Some(property) = P::PROPERTIES.iter().find(|property| property.name == name) else {
                if P::passes_over(&name) {
                    continue;
                }
                let known: Vec<_> = P::PROPERTIES.iter().map(|property| property.name).collect();
                return Err(ApiError::invalid(
                    &name,
                    &format!("is not a parameter here; known are {}", known.join(", ")),
                ));
            };
            if fields.insert(name.clone(), value(property, text)?).is_some() {
                return Err(ApiError::invalid(&name, "is given more than once"));
            }
        }
        Ok(Self { fields, parameters: PhantomData })
    }
}

impl<P> Query<P> {
    /// Takes a parameter that is a text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.fields.shift_remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Takes a parameter that is a whole number.
    pub fn whole(&mut self, name: &str) -> Option<u64> {
        self.fields.shift_remove(name).and_then(|value| value.as_u64())
    }
}

/// A parameter's text as the value that it stands for.
fn value(property: &Property, text: String) -> Result<Value, ApiError> {
    let refused = |problem: &str| Err(ApiError::invalid(property.name, problem));
    match property.kind {
        Kind::Integer { least, most } => {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.then(|| text.parse::<u64>().ok()).flatten().filter(|n| (least..=most).contains(n));
            number.map_or_else(|| refused(&format!("must be a whole number from {least} to {most}")), |n| Ok(n.into()))
        }
        Kind::Boolean => match text.as_str() {
            "true" | "True" | "1" => Ok(true.into()),
            "false" | "False" | "0" => Ok(false.into()),
            _ => refused("must be true or false"),
        },
        Kind::Filters => serde_json::from_str(&text).or_else(|_| refused("must be JSON")),
        _ => Ok(text.into()),
    }
}
