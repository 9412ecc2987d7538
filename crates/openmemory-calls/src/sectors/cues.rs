//! How much do the form and the cue words of a sentence add to its score for each sector?
//!
//! Cues only tip the balance: the model recognizes a sentence about a feeling without them, in any language that it
//! knows. They help most where the model is weak, as with short sentences and other languages.

use openmemory_domain::Sector;

/// Bonus for a cue word, added to a cosine.
const WORD_BONUS: f32 = 0.12;
/// Bonus for a form, such as a numbered line.
const FORM_BONUS: f32 = 0.08;
/// Semantic bonus of a sentence without cues: most of these state a fact.
const PLAIN_BONUS: f32 = 0.07;

const CUE_WORDS: [(Sector, &[&str]); 4] = [
    (
        Sector::Episodic,
        &[
            " yesterday ",
            " ago ",
            " last night ",
            " last week",
            " last month ",
            " last year ",
            " last summer ",
            " this morning ",
            " tonight ",
            " tomorrow ",
            " the other day ",
            " gestern ",
            " letzte woche ",
            " letztes jahr ",
            " ayer ",
            " la semana pasada ",
            " hier ",
            " la semaine dernière ",
            "昨天",
            "明天",
            "上周",
            "昨日",
            "先週",
        ],
    ),
    (
        Sector::Procedural,
        &[
            " how to ",
            " step by step ",
            " make sure ",
            " click ",
            " then run ",
            " run the ",
            " install ",
            " restart ",
            " before you ",
            " klicke ",
            " zuerst ",
            " haz clic ",
            " cliquez ",
            "首先",
            "点击",
            "まず",
        ],
    ),
    (
        Sector::Emotional,
        &[
            " i feel ",
            " feels ",
            " felt ",
            " happy ",
            " sad ",
            " angry ",
            " furious ",
            " afraid ",
            " scared ",
            " anxious ",
            " excited ",
            " thrilled ",
            " lonely ",
            " upset ",
            " grateful ",
            " proud ",
            " overjoyed ",
            " glücklich ",
            " traurig ",
            " wütend ",
            " feliz ",
            " triste ",
            " heureux ",
            " heureuse ",
            "难过",
            "高兴",
            "开心",
            "生气",
            "悲しい",
            "嬉しい",
        ],
    ),
    (
        Sector::Reflective,
        &[
            " realized ",
            " realised ",
            " i learned ",
            " have learned ",
            " lesson ",
            " hindsight ",
            " looking back ",
            " my goal ",
            " taught me ",
            " i believe ",
            " i wonder ",
            " rückblickend ",
            " gelernt ",
            " me di cuenta ",
            " avec le recul ",
            "意识到",
            "学到",
            "反省",
        ],
    ),
];

/// The bonus for each sector, by the form and words of a sentence.
pub(super) fn cues(sentence: &str) -> [f32; 5] {
    let mut cues = [0.0; 5];
    let words = spaced(sentence);
    for (sector, cue_words) in CUE_WORDS {
        if cue_words.iter().any(|word| words.contains(word)) {
            cues[sector.index()] += WORD_BONUS;
        }
    }
    if is_step(sentence) {
        cues[Sector::Procedural.index()] += FORM_BONUS;
    }
    if has_emotional_emoji(sentence) {
        cues[Sector::Emotional.index()] += FORM_BONUS;
    }
    if cues == [0.0; 5] {
        cues[Sector::Semantic.index()] += PLAIN_BONUS;
    }
    if has_clock_time(sentence) {
        cues[Sector::Episodic.index()] += FORM_BONUS;
    }
    cues
}

/// The words in lower case with one space around each, so that only whole words match.
fn spaced(sentence: &str) -> String {
    let lower = sentence.to_lowercase();
    let mut words = String::with_capacity(lower.len() + 2);
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        words.push(' ');
        words.push_str(word);
    }
    words.push(' ');
    words
}

/// A clock time such as `14:35`: facts have dates, but only events have a time of day.
fn has_clock_time(sentence: &str) -> bool {
    let words = sentence.split(|c: char| !c.is_ascii_digit() && c != ':');
    words.filter_map(|word| word.split_once(':')).any(|(hour, rest)| {
        let minute = rest.split(':').next().unwrap_or_default();
        minute.len() == 2
            && hour.parse::<u8>().is_ok_and(|hour| hour < 24)
            && minute.parse::<u8>().is_ok_and(|minute| minute < 60)
    })
}

/// `1.`, `2)`, `- [ ]`, `$ command` or text in backquotes.
fn is_step(sentence: &str) -> bool {
    let start = sentence.trim_start();
    let after_digits = start.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered =
        after_digits.len() < start.len() && after_digits.starts_with([')', '.']) && after_digits[1..].starts_with(' ');
    numbered || start.starts_with("- [") || start.starts_with("$ ") || start.matches('`').count() >= 2
}

/// An emoji of a face, a hand or a heart.
fn has_emotional_emoji(sentence: &str) -> bool {
    sentence.chars().any(|c| matches!(c, '\u{1F600}'..='\u{1F64F}' | '\u{1F910}'..='\u{1F92F}' | '\u{1F970}'..='\u{1F97A}' | '\u{2764}' | '\u{1F493}'..='\u{1F49F}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_times_are_recognized() {
        for text in ["at 14:35 sharp", "[2:05 pm]", "00:00:10"] {
            assert!(has_clock_time(text), "{text}");
        }
        for text in ["version 1.2.3", "port 8080", "ratio 16:9", "since 2025-01-20", "aspect 4:333"] {
            assert!(!has_clock_time(text), "{text}");
        }
    }

    #[test]
    fn cue_words_match_only_as_whole_words() {
        let emotional = |text: &str| cues(text)[Sector::Emotional.index()] > 0.0;
        assert!(emotional("So sad!"));
        assert!(!emotional("The sadhu walked on."));
        assert!(emotional("我今天非常难过。"));
    }

    #[test]
    fn numbered_lines_and_commands_are_steps() {
        for text in ["1. Open it", "2) Close it", "$ npm install", "run `npm test` now"] {
            assert!(is_step(text), "{text}");
        }
        for text in ["3.5 litres", "2024 was good", "a - b"] {
            assert!(!is_step(text), "{text}");
        }
    }
}
