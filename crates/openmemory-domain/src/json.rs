//! How is untrusted JSON parsed within a memory limit? The size of the tree is counted while it grows, because a text
//! such as `[0,0,0,…` takes a hundred times its length in memory.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Bytes of a value in a list, including spare capacity.
const VALUE: usize = 2 * size_of::<Value>();
/// Bytes of an object's table, allocated with its first field.
const TABLE: usize = 512;
/// Bytes of a string in addition to its characters.
const TEXT: usize = 16;

/// The bytes that remain for the values of one text.
#[derive(Debug)]
pub struct Budget {
    left: usize,
    exceeded: bool,
}

impl Budget {
    pub fn new(bytes: usize) -> Self {
        Self { left: bytes, exceeded: false }
    }

    /// Whether parsing failed because the budget was spent.
    pub fn exceeded(&self) -> bool {
        self.exceeded
    }

    fn spend<E: serde::de::Error>(&mut self, bytes: usize) -> Result<(), E> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.exceeded = true;
                Err(E::custom("holds too many values"))
            }
        }
    }
}

/// Why a text cannot be parsed.
#[derive(Debug)]
pub enum Unreadable {
    /// Not JSON.
    Syntax(serde_json::Error),
    /// The values exceed the memory limit.
    TooManyValues,
}

/// Parses a text whose values take at most `bytes` in memory.
pub fn read(text: &[u8], bytes: usize) -> Result<Value, Unreadable> {
    let mut budget = Budget::new(bytes);
    let mut deserializer = serde_json::Deserializer::from_slice(without_bom(text));
    let read = Bounded(&mut budget).deserialize(&mut deserializer);
    match read.and_then(|value| deserializer.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(_) if budget.exceeded() => Err(Unreadable::TooManyValues),
        Err(error) => Err(Unreadable::Syntax(error)),
    }
}

/// Strips the byte order mark that some systems put before UTF-8.
pub fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Parses one value of a larger text.
pub struct Bounded<'b>(pub &'b mut Budget);

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.0.spend(VALUE)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.0.spend(TEXT + text.len())?;
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(Bounded(&mut *self.0))? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            self.0.spend(TEXT + name.len() + if read.is_empty() { TABLE } else { 0 })?;
            let value = fields.next_value_seed(Bounded(&mut *self.0))?;
            read.insert(name, value);
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_equals_that_of_serde_json() {
        for text in [
            r#"{"b":1,"a":[null,true,-1,2.5,"é\u0000\ud83d\ude00",{}],"b":{"c":[]}}"#,
            "18446744073709551615",
            "-9223372036854775808",
            "0.1",
            "-0.0",
            " [ ] ",
            "\"\"",
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            let read = read(text.as_bytes(), 1 << 20).unwrap();
            assert_eq!(read.to_string(), expected.to_string(), "{text}");
        }
        for text in ["", "{", "1 2", "[1,]", "1e999", "nul", "\"\\ud800\"", &"[".repeat(1000)] {
            assert!(matches!(read(text.as_bytes(), 1 << 20), Err(Unreadable::Syntax(_))), "{text}");
        }
    }

    #[test]
    fn a_text_that_expands_in_memory_is_rejected() {
        for piece in ["0,", "[],", "{\"\":0},", "\"\",", "{},"] {
            let text = format!("[{}0]", piece.repeat((1 << 20) / piece.len()));
            assert!(matches!(read(text.as_bytes(), 2 << 20), Err(Unreadable::TooManyValues)), "{piece}");
        }
        let text = format!("[\"{}\"]", "x".repeat(1 << 20));
        assert!(read(text.as_bytes(), 2 << 20).is_ok());
    }
}
