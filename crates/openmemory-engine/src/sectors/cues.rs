//! What do a sentence's form and its telling words add to its meaning?
//!
//! Cues only tip the scale: a sentence about a feeling is emotional without any of them, in any language that the model
//! knows. They help most where the model knows little, as with short sentences and other languages.

use openmemory_domain::Sector;

/// What a telling word adds to a cosine.
const WORD: f32 = 0.12;
/// What a form adds, such as a numbered line.
const FORM: f32 = 0.08;
/// Most sentences without a sign of anything else state a fact.
const PLAIN: f32 = 0.07;

const WORDS: [(Sector, &[&str]); 4] = [
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

/// What each sector's score gains by the sentence's form and words.
pub(super) fn cues(sentence: &str) -> [f32; 5] {
    let mut cues = [0.0; 5];
    let words = spaced(sentence);
    for (sector, telling) in WORDS {
        if telling.iter().any(|word| words.contains(word)) {
            cues[sector.index()] += WORD;
        }
    }
    if is_a_step(sentence) {
        cues[Sector::Procedural.index()] += FORM;
    }
    if shows_a_face(sentence) {
        cues[Sector::Emotional.index()] += FORM;
    }
    if cues == [0.0; 5] {
        cues[Sector::Semantic.index()] += PLAIN;
    }
    if names_a_moment(sentence) {
        cues[Sector::Episodic.index()] += FORM;
    }
    cues
}

/// The words in lower case with one space around each, so that a word is found whole.
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

/// A clock time, `14:35`: facts have dates, but only what happens has an hour.
fn names_a_moment(sentence: &str) -> bool {
    let words = sentence.split(|c: char| !c.is_ascii_digit() && c != ':');
    words.filter_map(|word| word.split_once(':')).any(|(hour, rest)| {
        let minute = rest.split(':').next().unwrap_or_default();
        minute.len() == 2
            && hour.parse::<u8>().is_ok_and(|hour| hour < 24)
            && minute.parse::<u8>().is_ok_and(|minute| minute < 60)
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
    fn clock_times_name_a_moment() {
        for text in ["at 14:35 sharp", "[2:05 pm]", "00:00:10"] {
            assert!(names_a_moment(text), "{text}");
        }
        for text in ["version 1.2.3", "port 8080", "ratio 16:9", "since 2025-01-20", "aspect 4:333"] {
            assert!(!names_a_moment(text), "{text}");
        }
    }

    #[test]
    fn a_telling_word_is_found_whole() {
        let emotional = |text: &str| cues(text)[Sector::Emotional.index()] > 0.0;
        assert!(emotional("So sad!"));
        assert!(!emotional("The sadhu walked on."));
        assert!(emotional("我今天非常难过。"));
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
