//! A small conversation about a few memories.

use std::collections::HashMap;

use openmemory_domain::learning::{Message, MessageId, Role};
use openmemory_domain::request::{Allow, Category};
use openmemory_domain::{MemoryId, PartialDate, Scope, Timestamp};
use openmemory_learning::check::once::Before;
use openmemory_learning::plan::{Planned, plan};
use openmemory_learning::{Candidate, Candidates, Context, Neighbour, Part, RawOperation, Standing, Turn};
use proptest::prelude::ProptestConfig;

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub fn date(text: &str) -> PartialDate {
    PartialDate::parse(text).unwrap()
}

pub fn turn(role: Role, at: &str, text: &str) -> Turn {
    let at = time(at);
    let message = Message { role, content: text.into(), name: None, at, id: None };
    Turn { id: MessageId::of(&Scope::default(), &message, Some(at), 0), role, name: None, at, text: text.into() }
}

pub fn said(text: &str) -> Turn {
    turn(Role::User, "2026-03-03T10:00:00Z", text)
}

pub fn memory(id: &str, content: &str) -> Candidate {
    Candidate {
        id: MemoryId::read("id", id).unwrap(),
        version: 1,
        content: content.into(),
        since: None,
        until: None,
        said: time("2024-06-10"),
        standing: Standing::Current,
        immutable: false,
        protected: false,
    }
}

pub struct Case {
    pub part: Part,
    pub candidates: Candidates,
    pub neighbours: HashMap<String, Vec<Neighbour>>,
    pub from: Vec<Role>,
    pub allow: Allow,
    pub categories: Vec<Category>,
}

impl Case {
    pub fn new(turns: Vec<Turn>, memories: Vec<Candidate>) -> Self {
        Self {
            part: Part { earlier: Vec::new(), turns },
            candidates: Candidates::choose(memories),
            neighbours: HashMap::new(),
            from: vec![Role::User],
            allow: Allow::default(),
            categories: Vec::new(),
        }
    }

    pub fn context(&self) -> Context<'_> {
        Context {
            now: time("2026-11-27T12:00:00Z"),
            from: &self.from,
            allow: self.allow,
            categories: &self.categories,
            part: &self.part,
            candidates: &self.candidates,
            neighbours: &self.neighbours,
        }
    }

    pub fn plan(&self, answer: Vec<RawOperation>) -> Vec<Planned> {
        plan(&self.context(), answer, &mut Before::default(), &mut 64)
    }

    /// The proposal of the only operation, or the name of its refusal.
    pub fn one(&self, raw: RawOperation) -> Result<openmemory_learning::Proposal, String> {
        let planned = self.plan(vec![raw]).remove(0);
        planned.outcome.map_err(|refusal| serde_json::to_value(refusal.code).unwrap().as_str().unwrap().to_owned())
    }
}

pub fn add(text: &str, quote: &str) -> RawOperation {
    RawOperation {
        op: "add".into(),
        message: 1,
        quote: quote.into(),
        text: Some(text.into()),
        ..RawOperation::default()
    }
}

pub fn update(memory: i64, change: &str, text: &str, quote: &str) -> RawOperation {
    RawOperation { op: "update".into(), memory: Some(memory), change: Some(change.into()), ..add(text, quote) }
}

pub fn retire(memory: i64, why: &str, quote: &str) -> RawOperation {
    RawOperation { op: "retire".into(), memory: Some(memory), change: Some(why.into()), text: None, ..add("", quote) }
}

/// As many cases as `PROPTEST_CASES` says, or else so many.
pub fn cases(otherwise: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(otherwise),
    }
}
