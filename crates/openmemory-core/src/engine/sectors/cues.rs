//! What does the form of a sentence add to its meaning? Signs that hold in any language.

use crate::domain::Sector;

const CUE: f32 = 0.06;

/// What each sector's score gains by the sentence's form.
pub(super) fn cues(sentence: &str) -> [f32; 5] {
    let mut cues = [0.0; 5];
    if names_a_moment(sentence) {
        cues[Sector::Episodic.index()] += CUE;
    }
    if is_a_step(sentence) {
        cues[Sector::Procedural.index()] += CUE;
    }
    if shows_a_face(sentence) {
        cues[Sector::Emotional.index()] += 2.0 * CUE;
    }
    cues
}

/// A clock time (`14:35`) or a full date (`2025-01-20`, `20.1.2025`, `1/20/2025`, 2025年1月20日).
fn names_a_moment(sentence: &str) -> bool {
    let words = sentence.split(|c: char| !c.is_ascii_digit() && !":-./年月日".contains(c));
    words.filter(|word| word.len() >= 4).any(|word| {
        let numbers: Vec<&str> = word.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()).collect();
        match numbers[..] {
            [hour, minute, ..] if word.contains(':') => hour.len() <= 2 && minute.len() == 2,
            [a, b, c] => {
                (a.len() == 4 && b.len() <= 2 && c.len() <= 2) || (a.len() <= 2 && b.len() <= 2 && c.len() == 4)
            }
            _ => false,
        }
    })
}

/// `1.`, `2)`, `- [ ]`, `$ command` or text in backquotes.
fn is_a_step(sentence: &str) -> bool {
    let start = sentence.trim_start();
    let after_digits = start.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered =
        after_digits.len() < start.len() && after_digits.starts_with([')', '.']) && after_digits[1..].starts_with(' ');
    numbered || start.starts_with("- [") || start.starts_with("$ ") || start.matches('`').count() >= 2
}

/// An emoji of a face, a hand or a heart.
fn shows_a_face(sentence: &str) -> bool {
    sentence.chars().any(|c| matches!(c, '\u{1F600}'..='\u{1F64F}' | '\u{1F910}'..='\u{1F92F}' | '\u{1F970}'..='\u{1F97A}' | '\u{2764}' | '\u{1F493}'..='\u{1F49F}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_clock_times_name_a_moment() {
        for text in ["at 14:35 sharp", "2025-01-20", "am 20.1.2025", "1/20/2025", "2025年1月20日"] {
            assert!(names_a_moment(text), "{text}");
        }
        for text in ["version 1.2.3", "port 8080", "ratio 16:9", "call 555-0199"] {
            assert!(!names_a_moment(text), "{text}");
        }
    }

    #[test]
    fn numbered_lines_and_commands_are_steps() {
        for text in ["1. Open it", "2) Close it", "$ npm install", "run `npm test` now"] {
            assert!(is_a_step(text), "{text}");
        }
        for text in ["3.5 litres", "2024 was good", "a - b"] {
            assert!(!is_a_step(text), "{text}");
        }
    }
}
