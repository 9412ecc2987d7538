//! Each rule by the mistake that it catches.

use openmemory_domain::learning::{Change, Role, State};
use openmemory_domain::request::{Allow, LearnMode};
use openmemory_learning::plan::decided;
use openmemory_learning::proposal::Kind;
use openmemory_learning::{Neighbour, RawOperation, Standing};

use super::support::{Case, add, date, memory, retire, said, time, turn, update};

fn moved() -> Case {
    let lives = openmemory_learning::Candidate { since: Some(date("2024-06")), ..memory("a", "Ada lives in Lisbon") };
    Case::new(vec![said("I moved to Porto yesterday")], vec![lives])
}

#[test]
fn a_new_state_replaces_the_memory_since_its_date() {
    let raw = RawOperation {
        from: Some("2026-03-02".into()),
        ..update(101, "new_state", "Ada lives in Porto", "moved to Porto yesterday")
    };
    let proposal = moved().one(raw).unwrap();
    assert_eq!((proposal.kind, proposal.from), (Kind::Update(Change::NewState), Some(date("2026-03-02"))));
}

#[test]
fn a_new_state_of_an_unknown_time_begins_when_it_was_said() {
    let proposal = moved().one(update(101, "new_state", "Ada lives in Porto", "I moved to Porto")).unwrap();
    assert_eq!(proposal.from.unwrap().start(), time("2026-03-03T10:00:00Z"));
}

#[test]
fn numbers_that_were_not_shown_mean_nothing() {
    for number in [999, 100, 102, 1, 0, -1, i64::MIN, i64::MAX] {
        let raw = update(number, "new_state", "Ada lives in Porto", "I moved to Porto");
        assert_eq!(moved().one(raw).unwrap_err(), "UNKNOWN_MEMORY", "{number}");
    }
    for message in [0, 2, -1, 101, i64::MIN] {
        let raw = RawOperation { message, ..add("Ada lives in Porto", "I moved to Porto") };
        assert_eq!(moved().one(raw).unwrap_err(), "UNSUPPORTED", "{message}");
    }
}

#[test]
fn a_quote_has_to_be_in_its_message() {
    for quote in ["I moved to Faro", "", "Porto", "moved", "\"\"", "…"] {
        assert_eq!(moved().one(add("Ada lives in Porto", quote)).unwrap_err(), "UNSUPPORTED", "{quote}");
    }
    for quote in ["i MOVED  to porto", "\u{201c}moved to Porto\u{201d}", "Ｉ moved to Porto..."] {
        assert!(moved().one(add("Ada lives in Porto", quote)).is_ok(), "{quote}");
    }
    let chinese = Case::new(vec![said("我上周搬到波尔图了")], vec![]);
    assert!(chinese.one(add("用户住在波尔图", "搬到波尔图")).is_ok());
    assert_eq!(chinese.one(add("用户住在波尔图", "上周")).unwrap_err(), "UNSUPPORTED");
}

#[test]
fn a_message_of_one_word_can_be_quoted_as_a_whole() {
    for text in ["Vegan", "Vegan.", "\u{201c}Vegan!\u{201d}", "素食"] {
        let case = Case::new(vec![said(text)], vec![]);
        assert!(case.one(add("The user is vegan", text)).is_ok(), "{text}");
    }
    for text in ["…", "!", ""] {
        let case = Case::new(vec![said(text)], vec![]);
        assert_eq!(case.one(add("The user is vegan", text)).unwrap_err(), "UNSUPPORTED", "{text}");
    }
}

#[test]
fn nothing_is_learnt_from_the_words_of_others() {
    let mut case = Case::new(vec![turn(Role::Assistant, "2026-03-03", "You could move to Porto")], vec![]);
    let raw = add("Ada moves to Porto", "could move to Porto");
    assert_eq!(case.one(raw.clone()).unwrap_err(), "UNSUPPORTED");
    case.from = vec![Role::User, Role::Assistant];
    assert!(case.one(raw).is_ok());
}

#[test]
fn figures_come_from_the_message_or_the_memory() {
    let dogs = Case::new(vec![said("my dog Rex is ill")], vec![memory("a", "Ada has 2 dogs")]);
    assert_eq!(dogs.one(update(101, "new_state", "Ada has 3 dogs", "my dog Rex")).unwrap_err(), "UNSUPPORTED");
    assert!(dogs.one(update(101, "detail", "Ada has 2 dogs, one of them is Rex", "my dog Rex")).is_ok());
    let paid = Case::new(vec![said("I paid 1,000 euros in May")], vec![]);
    assert!(paid.one(add("Ada paid 1000 euros", "paid 1,000 euros")).is_ok());
    assert_eq!(paid.one(add("Ada paid 1100 dollars", "paid 1,000 euros")).unwrap_err(), "UNSUPPORTED");
}

#[test]
fn the_dates_of_an_operation_may_be_in_its_text() {
    let raw = RawOperation {
        from: Some("2026-03-02".into()),
        ..add("Ada moved to Porto on March 2, 2026", "moved to Porto")
    };
    assert!(moved().one(raw).is_ok());
    let in_march =
        RawOperation { from: Some("2026-03-02".into()), ..add("Ada has 3 cats since 2026", "moved to Porto") };
    assert_eq!(moved().one(in_march).unwrap_err(), "UNSUPPORTED");
    let raw = add("Ada moved to Porto on March 2, 2026", "moved to Porto");
    assert_eq!(moved().one(raw).unwrap_err(), "UNSUPPORTED");
}

#[test]
fn a_detail_leaves_nothing_out() {
    let case = Case::new(vec![said("he is a beagle")], vec![memory("a", "The dog of Ada is Rex and he is 3")]);
    for text in ["The dog of Ada is a beagle and he is 3", "The dog of Ada is Rex, a beagle"] {
        assert_eq!(case.one(update(101, "detail", text, "is a beagle")).unwrap_err(), "INVALID_ARGUMENT", "{text}");
    }
    let text = "The dog of Ada is Rex, a beagle, and he is 3";
    assert!(case.one(update(101, "detail", text, "is a beagle")).is_ok());
}

#[test]
fn dates_have_to_exist_and_to_fit() {
    for (from, until) in [
        (Some("2026-02-30"), None),
        (Some("soon"), None),
        (Some("2040"), None),
        (Some("2026"), Some("2024")),
        (Some("2019"), None),
    ] {
        let raw = RawOperation {
            from: from.map(str::to_owned),
            until: until.map(str::to_owned),
            ..update(101, "new_state", "Ada lives in Porto", "moved to Porto")
        };
        assert_eq!(moved().one(raw).unwrap_err(), "INVALID_ARGUMENT", "{from:?} {until:?}");
    }
    let correction =
        RawOperation { from: Some("2019".into()), ..update(101, "correction", "Ada lives in Porto", "moved to Porto") };
    assert!(moved().one(correction).is_ok());
}

#[test]
fn what_a_memory_says_already_confirms_it() {
    let case = Case::new(vec![said("As I said, I live in Lisbon")], vec![memory("a", "Ada lives in Lisbon")]);
    for raw in [
        add("ada lives in  Lisbon.", "I live in Lisbon"),
        update(101, "new_state", "Ada lives in Lisbon", "I live in Lisbon"),
    ] {
        let kept = case.one(raw).unwrap();
        assert_eq!((kept.kind, kept.memory, kept.text.as_str()), (Kind::Keep, Some(0), ""));
    }
}

#[test]
fn near_texts_are_the_same_only_with_the_same_facts() {
    let text = "Ada is living in Lisbon";
    let mut case =
        Case::new(vec![said("I am living in Lisbon, not in Porto")], vec![memory("a", "Ada lives in Lisbon")]);
    let near = |content: &str| vec![Neighbour { memory: memory("a", content), similarity: 0.98 }];
    case.neighbours.insert(text.into(), near("Ada lives in Lisbon"));
    assert_eq!(case.one(add(text, "living in Lisbon")).unwrap().kind, Kind::Keep);
    case.neighbours.insert(text.into(), near("Ada does not live in Lisbon"));
    assert_eq!(case.one(add(text, "living in Lisbon")).unwrap().kind, Kind::Add);
    case.neighbours.insert(text.into(), near("Ada lives in Porto"));
    assert_eq!(case.one(add(text, "living in Lisbon")).unwrap().kind, Kind::Add);
}

#[test]
fn what_was_retired_as_wrong_comes_back_only_if_it_is_said_anew() {
    let wrong = openmemory_learning::Candidate {
        standing: Standing::Wrong { since: time("2025-02-01") },
        ..memory("c", "Ada has a sister")
    };
    let at = |at| Case::new(vec![turn(Role::User, at, "I have a sister")], vec![wrong.clone()]);
    let raw = add("Ada has a sister", "have a sister");
    assert_eq!(at("2025-01-20").one(raw.clone()).unwrap_err(), "REJECTED_BEFORE");
    assert_eq!(at("2026-11-20").one(raw).unwrap().kind, Kind::Add);
    let touching = update(101, "new_state", "Ada has two sisters", "have a sister");
    assert_eq!(at("2026-11-20").one(touching).unwrap_err(), "REJECTED_BEFORE");
}

#[test]
fn immutable_and_filtered_memories_are_not_changed() {
    for (immutable, protected, code) in [(true, false, "IMMUTABLE"), (false, true, "NOT_ALLOWED")] {
        let lives = openmemory_learning::Candidate { immutable, protected, ..memory("a", "Ada lives in Lisbon") };
        let other = memory("b", "Ada is in Lisbon");
        let case = Case::new(vec![said("I moved to Porto")], vec![lives, other]);
        let merge = RawOperation {
            op: "merge".into(),
            memory: Some(102),
            others: vec![101],
            ..add("Ada is and lives in Lisbon", "I moved to Porto")
        };
        for raw in [
            update(101, "new_state", "Ada lives in Porto", "moved to Porto"),
            retire(101, "ended", "moved to Porto"),
            merge,
        ] {
            assert_eq!(case.one(raw).unwrap_err(), code);
        }
    }
}

#[test]
fn only_allowed_kinds_pass() {
    let mut case = moved();
    case.allow = Allow { add: true, update: false, retire: false, merge: false };
    assert_eq!(case.one(update(101, "new_state", "Ada lives in Porto", "moved to Porto")).unwrap_err(), "NOT_ALLOWED");
    assert_eq!(case.one(retire(101, "ended", "moved to Porto")).unwrap_err(), "NOT_ALLOWED");
    assert!(case.one(add("Ada has moved to Porto", "moved to Porto")).is_ok());
}

#[test]
fn a_memory_has_one_operation() {
    let planned = moved().plan(vec![
        update(101, "new_state", "Ada lives in Porto", "moved to Porto"),
        retire(101, "ended", "moved to Porto"),
        add("Ada has moved", "moved to Porto"),
        add("ada has moved", "moved to Porto"),
    ]);
    let passed: Vec<bool> = planned.iter().map(|planned| planned.outcome.is_ok()).collect();
    assert_eq!(passed, [true, false, true, false]);
}

#[test]
fn too_many_changes_wait_and_additions_go_on() {
    let memories: Vec<_> = (0..40).map(|i| memory(&format!("m{i}"), &format!("Ada knows person number {i}"))).collect();
    let case = Case::new(vec![said("forget everybody, I am alone now")], memories);
    let mut answer: Vec<RawOperation> = (0..30).map(|i| retire(101 + i, "ended", "forget everybody")).collect();
    answer.push(add("Ada is alone", "I am alone"));
    let planned = case.plan(answer);
    let decided = decided(&case.context(), LearnMode::Apply, &planned);
    assert_eq!(decided.iter().filter(|(_, now)| *now).count(), 1);
    assert!(decided[30].1 && decided.iter().all(|(operation, _)| operation.state == State::Waiting));
    let few = case.plan((0..10).map(|i| retire(101 + i, "ended", "forget everybody")).collect());
    assert!(openmemory_learning::plan::decided(&case.context(), LearnMode::Apply, &few).iter().all(|(_, now)| *now));
}

#[test]
fn review_applies_additions_only_and_propose_nothing() {
    let planned = moved().plan(vec![
        update(101, "new_state", "Ada lives in Porto", "moved to Porto"),
        add("Ada has moved", "moved to Porto"),
    ]);
    let now = |mode| decided(&moved().context(), mode, &planned).into_iter().map(|(_, now)| now).collect::<Vec<_>>();
    assert_eq!(now(LearnMode::Apply), [true, true]);
    assert_eq!(now(LearnMode::Review), [false, true]);
    assert_eq!(now(LearnMode::Propose), [false, false]);
    assert_eq!(now(LearnMode::Dry), [false, false]);
}

#[test]
fn texts_that_cannot_be_memories_are_refused() {
    for text in ["", "  ", "...", "{\"operations\":[]}", &"x".repeat(2001)] {
        assert_eq!(moved().one(add(text, "moved to Porto")).unwrap_err(), "INVALID_ARGUMENT", "{text}");
    }
}
