//! How answers come, and which of them count.

use openmemory_learning::RawOperation;
use openmemory_learning::answer::{Unreadable, read};
use proptest::prelude::*;

use super::support::cases;

const ANSWER: &str = r#"{"operations":[{"op":"add","memory":null,"others":[],"message":1,"quote":"I said \"} ] {\"","text":"x","change":null,"from":null,"until":null,"because":"y"},{"op":"update","memory":101,"others":[],"message":2,"quote":"a b","text":"z","change":"new_state","from":"2026","until":null,"because":""}]}"#;

fn count(text: &str) -> Result<usize, Unreadable> {
    read(text).map(|operations| operations.len())
}

#[test]
fn an_answer_is_found_in_whatever_surrounds_it() {
    for text in [
        ANSWER.to_owned(),
        format!("```json\n{ANSWER}\n```"),
        format!("Sure! Here is {{the}} JSON:\n{ANSWER}\nI hope [this] helps."),
        format!("<think>maybe {{\"operations\":[]}}?</think>{ANSWER}"),
        format!("think>{{\"operations\":[]}} no</think>\n{ANSWER}"),
        format!("{ANSWER}\n{ANSWER}"),
        ANSWER.strip_prefix("{\"operations\":").unwrap().strip_suffix('}').unwrap().to_owned(),
        format!("{{\"type\":\"object\",\"properties\":{{\"operations\":{{}}}}}}\n{ANSWER}"),
        format!("\u{feff}{ANSWER}"),
    ] {
        assert_eq!(count(&text), Ok(2), "{text}");
    }
}

#[test]
fn an_empty_list_is_an_answer_and_no_list_is_none() {
    assert_eq!(count(r#"{"operations": []}"#), Ok(0));
    assert_eq!(count(""), Err(Unreadable::Empty));
    assert_eq!(count("<think>hm</think> \n"), Err(Unreadable::Empty));
    for text in ["[]", "{}", "null", "I found nothing.", r#"{"facts":[]}"#, r#"{"operations":{}}"#, "[1,2]"] {
        assert_eq!(count(text), Err(Unreadable::NoOperations), "{text}");
    }
}

#[test]
fn two_different_lists_are_no_answer() {
    let text = format!("{ANSWER} Wait, actually: {{\"operations\":[]}}");
    assert_eq!(count(&text), Err(Unreadable::Contradictory));
}

#[test]
fn a_cut_answer_is_not_a_shorter_one() {
    let boundaries = (1..ANSWER.len()).filter(|at| ANSWER.is_char_boundary(*at));
    for at in boundaries {
        for text in [ANSWER[..at].to_owned(), format!("```json\n{}\n```", &ANSWER[..at]), format!("{}…", &ANSWER[..at])]
        {
            assert!(count(&text).is_err(), "{text}");
        }
    }
}

#[test]
fn items_that_are_no_operations_spoil_the_answer() {
    for item in ["1", "null", "{}", r#"{"op":"add"}"#, r#"{"op":"add","message":"x","quote":"a"}"#] {
        assert_eq!(count(&format!("{{\"operations\":[{item}]}}")), Err(Unreadable::NotAnOperation), "{item}");
    }
}

#[test]
fn numbers_may_be_texts_and_null_may_be_missing() {
    let read = read(r#"{"operations":[{"op":"retire","memory":"101","message":"1","quote":"a b"}]}"#).unwrap();
    let expected = RawOperation {
        op: "retire".into(),
        memory: Some(101),
        message: 1,
        quote: "a b".into(),
        ..RawOperation::default()
    };
    assert_eq!(read, [expected]);
}

proptest! {
    #![proptest_config(cases(4096))]

    /// Whatever bytes are lost, doubled or changed: the reader never panics, and never takes a part for the whole.
    #[test]
    fn mutated_answers_are_whole_or_refused(edits in prop::collection::vec((0usize..600, 0u8..4, any::<u8>()), 1..6)) {
        let mut bytes = ANSWER.as_bytes().to_vec();
        for (at, edit, byte) in edits {
            if bytes.is_empty() { break; }
            let at = at % bytes.len();
            match edit {
                0 => bytes.truncate(at),
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                _ => bytes[at] = b"{}[]\",:\\ \n"[usize::from(byte) % 10],
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(operations) = read(&text) {
            // A list that was read is closed in the text.
            prop_assert!(operations.len() <= 2);
            prop_assert!(text.trim_end().contains(']'));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = read(&text);
    }
}
