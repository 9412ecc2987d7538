//! How many tokens does a text take? An upper guess, since every model counts differently.

/// A token for three characters, and for each character of scripts without spaces between words.
pub fn estimate(text: &str) -> usize {
    let (mut dense, mut others) = (0, 0_usize);
    for character in text.chars() {
        if is_dense(character) { dense += 1 } else { others += 1 }
    }
    dense + others.div_ceil(3)
}

/// Whether a character is a word or a syllable: Chinese, Japanese, Korean, Thai and their like, and emoji.
pub fn is_dense(character: char) -> bool {
    matches!(u32::from(character), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0x9FFF | 0xA960..=0xA97F
        | 0xAC00..=0xD7FF | 0xF900..=0xFAFF | 0xFE30..=0xFE4F | 0xFF66..=0xFFDC | 0x1F000..=0x1FAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_takes_a_token_per_character_and_english_one_for_three() {
        assert_eq!((estimate(""), estimate("four"), estimate("波尔图"), estimate("ab波")), (0, 2, 3, 2));
    }
}
