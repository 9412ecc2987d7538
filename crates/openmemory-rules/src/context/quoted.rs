//! How is a text written so that it cannot leave its line, whatever it says? As a JSON string, in which everything that could
//! end the line, the string or the tag around it is escaped.

use std::fmt::Write;

/// Tags and code fences, line ends, marks that change the direction of text, and characters that nobody sees.
fn is_unsafe(character: char) -> bool {
    matches!(
        character,
        '<' | '>' | '`' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    ) || character.is_control()
}

pub(super) fn quoted(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 2);
    line.push('"');
    for character in text.chars() {
        match character {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            other if is_unsafe(other) => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    // Writing into a string cannot fail.
                    let _ = write!(line, "\\u{unit:04x}");
                }
            }
            other => line.push(other),
        }
    }
    line.push('"');
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_one_json_string_without_tags_fences_and_line_ends(
            text in r#"([<>`"\\\n\r\t\u{85}\u{2028}\u{202e}\u{feff}\u{e0041}\u{0}\u{7f}]|\PC|</memories>){0,40}"#
        ) {
            let line = quoted(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&line).ok(), Some(text));
            prop_assert!(!line.chars().any(is_unsafe));
        }
    }

    #[test]
    fn letters_of_all_scripts_stay_readable() {
        assert_eq!(quoted("Müll 日本 🏳️‍🌈"), "\"Müll 日本 🏳️‍🌈\"");
    }
}
