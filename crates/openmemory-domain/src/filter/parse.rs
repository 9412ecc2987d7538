//! How is a filter parsed and checked?

use serde_json::{Map, Value};

use super::normal_form::folded;
use super::operator::{self, Operator};
use super::substrings::Substrings;
use super::values::Values;
use super::{Field, Filter, Test, field};
use crate::{Invalid, limits};

/// Nesting of `AND`, `OR` and `NOT`.
const MAX_DEPTH: usize = 32;
/// Tests and groups of one filter.
const MAX_PARTS: usize = 1000;
/// Values of one `in`, `nin`, `contains` or `icontains`.
const MAX_VALUES: usize = 1000;
/// `contains` and `icontains` on texts. Each reads the whole text.
const MAX_TEXT_SEARCHES: usize = 100;
/// Bytes of all values and paths together.
const MAX_BYTES: usize = 256 * 1024;
/// Characters of an overlong path that the error repeats.
const SHOWN_CHARACTERS: usize = 64;

/// Parses a filter. An error names the path, such as `filters.AND[1].colour`.
///
/// | field | operators | values |
/// |---|---|---|
/// | `user_id` `agent_id` `app_id` `run_id` (`userId` … too) | all | strings, null |
/// | `tags` | `eq ne in nin contains icontains startsWith exists` | strings, null |
/// | `sectors` | `eq ne in nin contains exists` | sector names |
/// | `primary_sector` | `eq ne in nin exists` | sector names |
/// | `created_at` `updated_at` `expires_at` | `eq ne in nin gt gte lt lte exists` | ISO 8601 with offset, `YYYY-MM-DD`, null |
/// | `valid_from` `valid_to` | `eq ne in nin gt gte lt lte exists` | the same, `YYYY`, `YYYY-MM` |
/// | `retired` | `eq ne in nin exists` | `ended`, `wrong` |
/// | `version` | `eq ne in nin gt gte lt lte exists` | numbers |
/// | `immutable` | `eq ne in nin exists` | true, false |
/// | `memory_ids` | `eq ne in nin exists`; a bare list means `in` | ids in either form |
/// | `keywords` | `contains icontains`; a bare string means `contains` | strings, looked for in the content |
/// | `metadata.<path>`, `metadata: {<path>: …}` | all | any JSON; `gt gte lt lte` numbers and strings |
///
/// `in` and `nin` take a list, `contains` and `icontains` a value or a list, `startsWith`
/// a string, `exists` true or false. A bare `"*"` in
/// place of operators means `exists: true`. As the operand of an operator it is an ordinary string, so that a value
/// from a request never widens a filter. Empty objects and lists are rejected where a filter is expected, so that an
/// empty filter never matches everything. Limits: nesting 32, 1000 parts, 1000 values in a list, 100 text searches by
/// `contains` or `icontains`, 64 KiB for a path, and 256 KiB for all paths and values.
pub fn parse(filter: &Value) -> Result<Filter, Invalid> {
    Parser::default().filter(filter, "filters", 1)
}

#[derive(Default)]
struct Parser {
    parts: usize,
    text_searches: usize,
    bytes: usize,
}

impl Parser {
    fn filter(&mut self, value: &Value, path: &str, depth: usize) -> Result<Filter, Invalid> {
        if depth > MAX_DEPTH {
            return Err(Invalid::limit(path, format!("a filter nests at most {MAX_DEPTH} deep")));
        }
        let mut all = Vec::new();
        for (name, value) in entries(value, path)? {
            let path = format!("{path}.{name}");
            match name.as_str() {
                "AND" => all.push(Filter::And(self.list(value, &path, depth)?)),
                "OR" => all.push(Filter::Or(self.list(value, &path, depth)?)),
                "NOT" => all.push(not(any(self.list(value, &path, depth)?))),
                "metadata" => {
                    for (key, value) in entries(value, &path)? {
                        let path = format!("{path}.{key}");
                        self.field(Field::Metadata(key.clone()), value, &path, &mut all)?;
                    }
                }
                name => {
                    let field = Field::from_name(name).ok_or_else(|| {
                        Invalid::argument(&path, format!("is not a filter field; known are {}", field::KNOWN))
                    })?;
                    self.field(field, value, &path, &mut all)?;
                }
            }
        }
        Ok(only(all).unwrap_or_else(Filter::And))
    }

    fn list(&mut self, value: &Value, path: &str, depth: usize) -> Result<Vec<Filter>, Invalid> {
        self.count(path)?;
        match value {
            Value::Object(_) => Ok(vec![self.filter(value, path, depth + 1)?]),
            Value::Array(items) if !items.is_empty() => items
                .iter()
                .enumerate()
                .map(|(i, item)| self.filter(item, &format!("{path}[{i}]"), depth + 1))
                .collect(),
            _ => Err(Invalid::argument(path, "needs a list of filters, at least one")),
        }
    }

    fn field(&mut self, field: Field, value: &Value, path: &str, all: &mut Vec<Filter>) -> Result<(), Invalid> {
        if let Field::Metadata(key) = &field
            && key.len() > limits::METADATA_PATH_BYTES
        {
            let shown: String = path.chars().take(SHOWN_CHARACTERS).collect();
            let problem = format!("is a path of {} bytes; the limit is {}", key.len(), limits::METADATA_PATH_BYTES);
            return Err(Invalid::limit(format!("{shown}…"), problem));
        }
        let Value::Object(operators) = value else {
            self.count(path)?;
            if value == "*" {
                all.push(Filter::Is(field, Test::Exists));
                return Ok(());
            }
            let operator = match (&field, value) {
                (Field::MemoryIds, Value::Array(_)) => Operator::In,
                (Field::Keywords, _) => Operator::Contains,
                _ => Operator::Eq,
            };
            all.push(self.test(field, operator, value, path)?);
            return Ok(());
        };
        if operators.is_empty() {
            return Err(Invalid::argument(path, format!("needs an operator; known are {}", operator::KNOWN)));
        }
        for (name, value) in operators {
            let path = format!("{path}.{name}");
            self.count(&path)?;
            let operator = Operator::from_name(name).ok_or_else(|| {
                Invalid::argument(&path, format!("is not an operator; known are {}", operator::KNOWN))
            })?;
            if !field.takes(operator) {
                return Err(Invalid::argument(&path, "is not an operator for this field"));
            }
            all.push(self.test(field.clone(), operator, value, &path)?);
        }
        Ok(())
    }

    fn test(&mut self, field: Field, operator: Operator, value: &Value, path: &str) -> Result<Filter, Invalid> {
        self.bytes += bytes(value) + if let Field::Metadata(key) = &field { key.len() } else { 0 };
        if self.bytes > MAX_BYTES {
            return Err(Invalid::limit(path, format!("a filter has at most {MAX_BYTES} bytes of paths and values")));
        }
        if matches!(operator, Operator::Contains | Operator::Icontains) && !field.is_list() {
            self.text_searches += 1;
            if self.text_searches > MAX_TEXT_SEARCHES {
                return Err(Invalid::limit(
                    path,
                    format!("a filter text_searches into texts at most {MAX_TEXT_SEARCHES} times"),
                ));
            }
        }
        test(field, operator, value, path)
    }

    fn count(&mut self, path: &str) -> Result<(), Invalid> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(Invalid::limit(path, format!("a filter has at most {MAX_PARTS} parts")));
        }
        Ok(())
    }
}

fn test(field: Field, operator: Operator, value: &Value, path: &str) -> Result<Filter, Invalid> {
    let is = |test| Filter::Is(field.clone(), test);
    Ok(match operator {
        Operator::Eq => is(Test::OneOf(Values::new(&[field.operand(value, path)?]))),
        Operator::Ne => not(is(Test::OneOf(Values::new(&[field.operand(value, path)?])))),
        Operator::In => is(Test::OneOf(Values::new(&operands(&field, list(value, path)?, path)?))),
        // An empty `nin` would match everything.
        Operator::Nin if value.as_array().is_some_and(Vec::is_empty) => {
            return Err(Invalid::argument(path, "must name at least one value; leave it out instead"));
        }
        Operator::Nin => not(is(Test::OneOf(Values::new(&operands(&field, list(value, path)?, path)?)))),
        Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte => {
            if !value.is_number() && !value.is_string() {
                return Err(Invalid::argument(path, "needs a number or a string to compare with"));
            }
            is(Test::Beyond {
                greater: matches!(operator, Operator::Gt | Operator::Gte),
                or_equal: matches!(operator, Operator::Gte | Operator::Lte),
                limit: field.operand(value, path)?,
            })
        }
        Operator::Contains => {
            let values = operands(&field, one_or_list(value, path)?, path)?;
            is(Test::Contains { values: Values::new(&values), substrings: Substrings::new(&values) })
        }
        Operator::Icontains => {
            let texts = operands(&field, one_or_list(value, path)?, path)?;
            let texts = texts.iter().map(|text| text.as_str().map(|text| folded(text).into()));
            let texts: Option<Vec<Value>> = texts.collect();
            let texts = texts.ok_or_else(|| Invalid::argument(path, "needs a string or a list of strings"))?;
            is(Test::ContainsIgnoringCase { values: Values::new(&texts), substrings: Substrings::new(&texts) })
        }
        Operator::StartsWith => {
            let prefix = value.as_str().ok_or_else(|| Invalid::argument(path, "needs a string"))?;
            if prefix.is_empty() {
                return Err(Invalid::argument(path, "must not be empty; every text begins so"));
            }
            match field.operand(value, path)? {
                Value::String(prefix) => is(Test::StartsWith(prefix)),
                _ => return Err(Invalid::argument(path, "needs a string")),
            }
        }
        Operator::Exists => match value {
            Value::Bool(true) => is(Test::Exists),
            Value::Bool(false) => not(is(Test::Exists)),
            _ => return Err(Invalid::argument(path, "needs true or false")),
        },
    })
}

fn operands(field: &Field, values: &[Value], path: &str) -> Result<Vec<Value>, Invalid> {
    if values.len() > MAX_VALUES {
        return Err(Invalid::limit(path, format!("has at most {MAX_VALUES} values")));
    }
    let read =
        |(i, value)| field.operand(value, path).map_err(|invalid| Invalid { field: format!("{path}[{i}]"), ..invalid });
    values.iter().enumerate().map(read).collect()
}

/// Approximate bytes.
fn bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| 1 + bytes(item)).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| 1 + name.len() + bytes(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

fn list<'a>(value: &'a Value, path: &str) -> Result<&'a [Value], Invalid> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| Invalid::argument(path, "needs a list"))
}

fn one_or_list<'a>(value: &'a Value, path: &str) -> Result<&'a [Value], Invalid> {
    match value {
        Value::Array(values) => Ok(values),
        Value::Null | Value::Object(_) => Err(Invalid::argument(path, "needs a value or a list of values")),
        one => Ok(std::slice::from_ref(one)),
    }
}

fn entries<'a>(value: &'a Value, path: &str) -> Result<&'a Map<String, Value>, Invalid> {
    match value {
        Value::Object(fields) if !fields.is_empty() => Ok(fields),
        _ => Err(Invalid::argument(path, "needs an object with at least one field")),
    }
}

fn only(mut parts: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
    match parts.pop() {
        Some(part) if parts.is_empty() => Ok(part),
        Some(part) => {
            parts.push(part);
            Err(parts)
        }
        None => Err(parts),
    }
}

fn any(parts: Vec<Filter>) -> Filter {
    only(parts).unwrap_or_else(Filter::Or)
}

fn not(part: Filter) -> Filter {
    Filter::Not(Box::new(part))
}
