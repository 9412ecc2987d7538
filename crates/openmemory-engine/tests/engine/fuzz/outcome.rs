//! Where did an input lead? Which reader took it and what it made of it, or which refused it and why. Inputs that lead to
//! other places run other code: this stands in for what a compiler's instrumentation would count.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use openmemory_domain::Invalid;

/// The places, as hashes that are the same in every run.
#[derive(Default)]
pub struct Outcome(pub Vec<u64>);

impl Outcome {
    pub fn taken(&mut self, reader: &str, value: &impl Debug) {
        let shown = format!("{value:?}");
        self.note((reader, "size", shown.len().ilog2()));
        let words = words(&shown);
        self.note((reader, words.first()));
        for pair in words.windows(2) {
            self.note((reader, pair));
        }
    }

    pub fn refused(&mut self, reader: &str, invalid: &Invalid) {
        let Invalid { kind, field, problem } = invalid;
        // A field that is none may have any name.
        let named = !problem.starts_with("is not a");
        let field = field.split(['.', '[']).next().filter(|_| named);
        self.note((reader, format!("{kind:?}"), field, words(problem)));
    }

    fn note(&mut self, place: impl Hash) {
        let mut hasher = DefaultHasher::new();
        place.hash(&mut hasher);
        self.0.push(hasher.finish());
    }
}

/// The names in what `Debug` shows. Texts and numbers are anybody's.
fn words(shown: &str) -> Vec<&str> {
    let (mut words, mut quoted) = (Vec::new(), false);
    for part in shown.split('"') {
        if !quoted {
            let names = part.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            words.extend(names.filter(|name| !name.is_empty() && !name.contains(|c: char| c.is_ascii_digit())));
        }
        // Within a text, a quote that an odd number of backslashes precedes does not end it.
        let backslashes = part.len() - part.trim_end_matches('\\').len();
        if !quoted || backslashes % 2 == 0 {
            quoted = !quoted;
        }
    }
    words
}
