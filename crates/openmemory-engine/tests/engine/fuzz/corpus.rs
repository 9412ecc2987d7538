//! Which inputs are worth keeping? For each outcome the smallest input that led to it, and each that made something panic.
//!
//! A file for each target, an input a line: a JSON string whose characters are the bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use super::outcome::Outcome;

/// Larger ones would fill the repository, and what is made from them would be larger still.
const LARGEST: usize = 1024;

#[derive(Default)]
pub struct Corpus {
    inputs: Vec<Vec<u8>>,
    /// Of each outcome its smallest input, by its place.
    smallest: BTreeMap<u64, usize>,
}

impl Corpus {
    /// What new inputs are made from.
    pub fn inputs(&self) -> &[Vec<u8>] {
        &self.inputs
    }

    pub fn outcomes(&self) -> usize {
        self.smallest.len()
    }

    pub fn take(&mut self, input: &[u8], outcome: &Outcome) {
        if input.len() > LARGEST {
            return;
        }
        self.inputs.push(input.to_vec());
        let place = self.inputs.len() - 1;
        let mut kept = false;
        for outcome in &outcome.0 {
            let known = self.smallest.get(outcome);
            if known.is_none_or(|known| input.len() < self.inputs[*known].len()) {
                self.smallest.insert(*outcome, place);
                kept = true;
            }
        }
        if !kept {
            self.inputs.pop();
        }
    }

    pub fn smallest(&self) -> BTreeSet<&[u8]> {
        self.smallest.values().map(|at| self.inputs[*at].as_slice()).collect()
    }
}

/// What was kept for a target, with what once made it panic.
pub fn read(target: &str) -> Vec<Vec<u8>> {
    let texts = [file(target), panics(target)].map(|file| fs::read_to_string(file).unwrap_or_default());
    texts.iter().flat_map(|text| text.lines()).map(bytes).collect()
}

pub fn write(target: &str, inputs: &BTreeSet<&[u8]>) {
    let mut inputs: Vec<_> = inputs.iter().collect();
    inputs.sort_by_key(|input| input.len());
    let lines: String = inputs.into_iter().map(|input| line(input)).collect();
    fs::write(file(target), lines).unwrap();
}

pub fn keep_panic(target: &str, input: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(panics(target)).unwrap();
    file.write_all(line(input).as_bytes()).unwrap();
}

fn file(target: &str) -> PathBuf {
    let name = format!("{}.jsonl", target.replace(' ', "-"));
    [env!("CARGO_MANIFEST_DIR"), "tests", "engine", "fuzz", "corpus", &name].iter().collect()
}

fn panics(target: &str) -> PathBuf {
    file(&format!("{target} that panicked"))
}

fn line(input: &[u8]) -> String {
    let text: String = input.iter().map(|byte| char::from(*byte)).collect();
    format!("{}\n", serde_json::Value::from(text))
}

fn bytes(line: &str) -> Vec<u8> {
    let text: String = serde_json::from_str(line).unwrap();
    text.chars().map(|character| u8::try_from(character).unwrap()).collect()
}
