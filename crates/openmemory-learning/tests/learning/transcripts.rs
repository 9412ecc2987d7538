//! How conversations are cut.

use openmemory_domain::learning::Role;
use openmemory_learning::tokens::estimate;
use openmemory_learning::transcript::{EARLIER, Part, halves, parts};
use proptest::prelude::*;

use super::support::{said, turn};

fn text(part: &Part) -> String {
    part.turns.iter().map(|turn| turn.text.as_str()).collect()
}

#[test]
fn a_short_conversation_is_one_part() {
    let turns: Vec<_> = (0..10).map(|i| said(&format!("turn {i}"))).collect();
    let parts = parts(&turns, &[true; 10], 4000);
    assert_eq!((parts.len(), parts[0].turns.len(), parts[0].earlier.len()), (1, 10, 0));
}

#[test]
fn turns_that_were_seen_are_context_only() {
    let turns: Vec<_> = (0..6).map(|i| said(&format!("turn {i}"))).collect();
    let parts = parts(&turns, &[false, false, false, false, false, true], 4000);
    assert_eq!(parts.len(), 1);
    assert_eq!(text(&parts[0]), "turn 5");
    let earlier: Vec<&str> = parts[0].earlier.iter().map(|turn| turn.text.as_str()).collect();
    assert_eq!(earlier, ["turn 2", "turn 3", "turn 4"]);
}

#[test]
fn a_part_that_is_too_long_is_halved_until_it_is_short() {
    let long = Part { earlier: vec![], turns: vec![said(&"A sentence of words. ".repeat(100))] };
    let [first, second] = halves(&long).unwrap();
    assert_eq!(text(&first) + &text(&second), text(&long));
    assert!(text(&first).ends_with(". ") || text(&first).ends_with('.'));
    assert_eq!(second.earlier.len(), 1);
    assert_eq!(halves(&Part { earlier: vec![], turns: vec![said(&"x".repeat(999))] }), None);
}

proptest! {
    #[test]
    fn no_word_is_lost_and_every_part_fits(
        texts in prop::collection::vec("[a-z 波尔图.\n]{1,1500}", 1..12),
        budget in 200usize..900,
    ) {
        let turns: Vec<_> = texts.iter().map(|text| turn(Role::User, "2026-01-01", text)).collect();
        let parts = parts(&turns, &vec![true; turns.len()], budget);
        prop_assert_eq!(parts.iter().map(text).collect::<String>(), texts.concat());
        for part in &parts {
            prop_assert!(part.earlier.len() <= EARLIER);
            prop_assert!(part.turns.len() == 1 || part.turns.iter().map(|turn| estimate(&turn.text)).sum::<usize>() <= budget);
        }
    }
}
