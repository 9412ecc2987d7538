//! Can a question make reading its times fail?

use openmemory_domain::Timestamp;
use openmemory_domain::when::asked_time;
use proptest::prelude::*;

/// Words of times of several languages, and what surrounds them.
const WORDS: [&str; 36] = [
    "in",
    "last",
    "next",
    "this",
    "before",
    "after",
    "since",
    "between",
    "and",
    "May",
    "March",
    "summer",
    "winter",
    "Tuesday",
    "week",
    "weeks",
    "ago",
    "the",
    "of",
    "31",
    "29",
    "0",
    "999",
    "2024",
    "9999",
    "2024-02-30",
    "0001-01-01",
    "9999-12-31",
    "yesterday",
    "vor",
    "hace",
    "年",
    "月",
    "上",
    "지난달에",
    "?",
];

proptest! {
    #[test]
    fn any_question_at_any_time_is_read(
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..10),
        noise in ".{0,20}",
        reference in Timestamp::FIRST.millis()..=Timestamp::LAST.millis(),
    ) {
        let reference = Timestamp::from_millis(reference);
        for question in [words.join(" "), words.concat(), format!("{} {noise}", words.join(" ")), noise.clone()] {
            if let Some(window) = asked_time(&question, reference) {
                prop_assert!(window.grain_ms > 0, "{question}");
                prop_assert!(!window.interval.is_empty(), "{question}");
            }
        }
    }
}
