//! How are fuzz inputs made? By random mutation of valid ones.

use serde_json::{Value, json};

use contract_model::rng::Rng;

/// Texts with a meaning to some parser.
const WORDS: &[&str] = &[
    "null",
    "true",
    "{}",
    "[]",
    "[[[[[[[[",
    "\"\"",
    "-0",
    "1e308",
    "1e-400",
    "9007199254740993",
    "-1",
    "0.1",
    "18446744073709551616",
    "\\u0000",
    "\\ud83d\\ude00",
    "\\ud800",
    "\u{feff}",
    "\u{2028}",
    "é",
    "𝒰",
    "\u{202e}",
    "*",
    "..",
    "metadata.",
    "metadata.a.b",
    "AND",
    "OR",
    "NOT",
    "gte",
    "in",
    "contains",
    "__proto__",
    "mem_",
    "mem_01h455vb4pex5vsknk084sn02q",
    "0188b2a0-0000-7000-8000-000000000000",
    "9999-12-31T23:59:59.999Z",
    "-000001-01-01T00:00:00Z",
    "2024-02-30",
    "2024-01-01T00:00:00+99:99",
    "episodic",
    "ADD",
    "RESTORE",
    "\n",
    "\r\n",
    "\t",
    " ",
    ".",
    "!",
    "?",
    "\u{3002}",
    "Dr. ",
    "e.g. ",
    "1.5 ",
    "“",
    "\0",
];

const BYTES: &[u8] = &[0, 1, 0x7f, 0x80, 0xff, 0xfe, 0xc0, b'"', b'{', b'[', b'\\'];

/// One of the seeds with a few mutations, or none. Half of the inputs are mutated as JSON, which stays valid, and half
/// as bytes.
pub fn input(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = rng.one(seeds).clone();
    if rng.once_in(2)
        && let Ok(mut value) = serde_json::from_slice::<Value>(&input)
    {
        for _ in 0..rng.below(4) {
            replace_somewhere(rng, &mut value);
        }
        return value.to_string().into_bytes();
    }
    for _ in 0..rng.below(6) {
        change(rng, &mut input, seeds);
    }
    input
}

/// Follows a random path and changes the value at its end.
fn replace_somewhere(rng: &mut Rng, value: &mut Value) {
    match value {
        Value::Object(fields) if !fields.is_empty() && !rng.once_in(5) => {
            let key = fields.keys().nth(rng.below(fields.len())).cloned().unwrap_or_default();
            match rng.below(8) {
                0 => drop(fields.shift_remove(&key)),
                1 => {
                    let moved = fields.shift_remove(&key).unwrap_or_default();
                    fields.insert((*rng.one(WORDS)).into(), moved);
                }
                _ => {
                    if let Some(field) = fields.get_mut(&key) {
                        replace_somewhere(rng, field);
                    }
                }
            }
        }
        Value::Array(items) if !items.is_empty() && !rng.once_in(5) => {
            let at = rng.below(items.len());
            match rng.below(6) {
                0 => drop(items.remove(at)),
                1 => {
                    let again = items[at].clone();
                    items.extend(std::iter::repeat_n(again, 1 + rng.below(70)));
                }
                _ => replace_somewhere(rng, &mut items[at]),
            }
        }
        other => *other = anything(rng, other),
    }
}

fn anything(rng: &mut Rng, instead_of: &Value) -> Value {
    match rng.below(12) {
        0 => Value::Null,
        1 => (rng.below(2) == 0).into(),
        2 => (rng.bits() as i64 >> rng.below(64)).into(),
        3 => f64::from_bits(rng.bits()).into(),
        4 => json!({}),
        5 => json!([]),
        6 => json!([instead_of, instead_of]),
        7 => (0..rng.below(60)).fold(instead_of.clone(), |inner, _| json!({ "n": inner })),
        8 => "long ".repeat(rng.below(400)).into(),
        _ => (*rng.one(WORDS)).into(),
    }
}

fn change(rng: &mut Rng, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = rng.below(input.len() + 1);
    let end = (at + 1 + rng.below(16)).min(input.len());
    match rng.below(10) {
        0 | 1 if at < input.len() => input[at] ^= 1 << rng.below(8),
        2 if at < input.len() => input[at] = *rng.one(BYTES),
        3 => drop(input.splice(at..end, [])),
        4 => {
            let again = input[at..end].repeat(1 + rng.below(40));
            input.splice(at..at, again);
        }
        5 => input.truncate(at),
        6 => {
            let other = rng.one(seeds);
            let from = rng.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        7 => replace_value(rng, input),
        _ => {
            let word = rng.one(WORDS).as_bytes();
            let replaced = if rng.once_in(2) { at..end } else { at..at };
            input.splice(replaced, word.iter().copied());
        }
    }
}

/// Replaces a JSON value: the bytes from a colon to the next comma or closing bracket.
fn replace_value(rng: &mut Rng, input: &mut Vec<u8>) {
    let colons: Vec<usize> =
        input.iter().enumerate().filter(|(_, byte)| **byte == b':').map(|(at, _)| at + 1).collect();
    if colons.is_empty() {
        return;
    }
    let from = *rng.one(&colons);
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']');
    let to = input[from..].iter().position(ends).map_or(input.len(), |length| from + length);
    let word = *rng.one(WORDS);
    let new = if rng.once_in(2) { format!("\"{word}\"") } else { word.to_owned() };
    input.splice(from..to, new.into_bytes());
}
