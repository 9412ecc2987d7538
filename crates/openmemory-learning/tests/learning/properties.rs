//! What holds whatever a model answers?

use std::collections::HashSet;

use openmemory_domain::learning::Role;
use openmemory_domain::request::{Category, LearnMode};
use openmemory_learning::check::radius;
use openmemory_learning::plan::decided;
use openmemory_learning::{Candidate, Kind, RawOperation, Standing};
use proptest::prelude::*;

use super::support::{Case, cases, memory, said, time, turn};

fn raw() -> impl Strategy<Value = RawOperation> {
    let op = prop::sample::select(vec!["add", "update", "retire", "merge", "keep", "delete", ""]);
    let change =
        prop::option::of(prop::sample::select(vec!["new_state", "correction", "detail", "ended", "wrong", "x"]));
    let quote = prop::sample::select(vec!["I moved to Porto", "my sister Maya", "You could move", "not there", ""]);
    let text = prop::option::of(prop::sample::select(vec![
        "Ada lives in Porto",
        "Ada lives in Lisbon",
        "Ada has 3 cats",
        "Ada has a sister",
        "Ada has a sister Maya",
        "",
    ]));
    let date = || prop::option::of(prop::sample::select(vec!["2026-03-02", "2020", "2099", "never", "2026-02-30"]));
    let numbers = (prop::option::of(95i64..112), prop::collection::vec(98i64..110, 0..4), -1i64..5);
    let categories = prop::collection::vec(prop::sample::select(vec!["home", "HOME ", "pets", "invented", ""]), 0..3);
    let fields = (op, change, quote, text, date(), date(), numbers, categories);
    fields.prop_map(|(op, change, quote, text, from, until, numbers, categories)| {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let own_all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let (memory, others, message) = numbers;
        RawOperation {
            op: op.into(),
            memory,
            others,
            message,
            quote: quote.into(),
            text: own(text),
            change: own(change),
            from: own(from),
            until: own(until),
            because: "because".into(),
            categories: own_all(&categories),
        }
    })
}

fn case() -> Case {
    let wrong = Standing::Wrong { since: time("2026-06-01") };
    let mut memories = vec![
        memory("a", "Ada lives in Lisbon"),
        Candidate { immutable: true, ..memory("b", "Ada was born in Faro") },
        Candidate { standing: wrong, ..memory("c", "Ada has a sister") },
        Candidate { standing: Standing::Ended, ..memory("d", "Ada works at Acme") },
        Candidate { protected: true, ..memory("e", "Ada likes tea") },
    ];
    memories.extend((0..3).map(|i| memory(&format!("n{i}"), "Ada has 2 cats")));
    let turns = vec![
        said("I moved to Porto"),
        turn(Role::User, "2026-02-01", "my sister Maya says hello"),
        turn(Role::Assistant, "2026-02-01", "You could move"),
    ];
    let categories = ["home", "pets"].map(|name| Category { name: name.into(), about: None });
    Case { categories: categories.to_vec(), ..Case::new(turns, memories) }
}

proptest! {
    #![proptest_config(cases(2048))]

    #[test]
    fn no_answer_reaches_what_it_must_not(answer in prop::collection::vec(raw(), 0..12)) {
        let case = case();
        let planned = case.plan(answer);
        let shown: HashSet<_> = case.candidates.iter().map(|(_, memory)| memory.id.clone()).collect();
        let accepted: Vec<_> = planned.iter().filter_map(|planned| planned.outcome.as_ref().ok()).collect();
        let mut changed = HashSet::new();
        for proposal in &accepted {
            let turn = &case.part.turns[proposal.turn];
            prop_assert_eq!(turn.role, Role::User);
            prop_assert!(turn.text.contains(&proposal.quote));
            for index in proposal.memories() {
                let memory = case.candidates.get(index).unwrap();
                prop_assert!(shown.contains(&memory.id));
                let is_wrong = matches!(memory.standing, Standing::Wrong { .. });
                prop_assert!(!is_wrong);
                if proposal.changes_memories() {
                    prop_assert!(!memory.immutable && !memory.protected);
                    prop_assert!(changed.insert(memory.id.clone()), "two changes of one memory");
                }
            }
            prop_assert!(proposal.text != "Ada has 3 cats");
            prop_assert!(proposal.tags.iter().all(|tag| tag == "home" || tag == "pets"));
            prop_assert!(proposal.tags.is_empty() || proposal.kind == Kind::Add);
        }
        let decided = decided(&case.context(), LearnMode::Apply, &planned);
        let now = decided.iter().zip(&planned).filter(|((_, now), _)| *now).filter_map(|(_, planned)| planned.outcome.as_ref().ok());
        let now: Vec<_> = now.collect();
        prop_assert!(!radius::exceeded(case.candidates.len(), now.iter().copied()));
        for (operation, _) in &decided {
            prop_assert_eq!(operation.operation.is_none(), operation.error.is_some());
        }
    }
}
