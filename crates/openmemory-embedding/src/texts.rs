//! Which texts does a memory consist of? Form feeds separate them, and none shares a vector with another.

use std::ops::Range;

use openmemory_domain::TEXT_SEPARATOR;

/// Ranges of bytes, which cover `content` without a gap; at least one. A separator belongs to the text before it, and
/// what has no visible character is no text of its own.
pub fn texts(content: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for text in content.split_inclusive(TEXT_SEPARATOR) {
        let end = start + text.len();
        let is_blank = text.trim().is_empty();
        match found.last_mut() {
            // What is before the first text belongs to it.
            Some(first) if content[first.clone()].trim().is_empty() => first.end = end,
            Some(last) if is_blank => last.end = end,
            _ => found.push(start..end),
        }
        start = end;
    }
    if found.is_empty() {
        found.push(0..content.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cover_the_content() {
        let parts =
            |content: &'static str| -> Vec<&str> { texts(content).into_iter().map(|range| &content[range]).collect() };
        assert_eq!(parts("tea"), ["tea"]);
        assert_eq!(parts("tea\u{c}coffee\u{c}milk"), ["tea\u{c}", "coffee\u{c}", "milk"]);
        assert_eq!(parts("\u{c} \u{c}tea\u{c}\n\u{c}coffee\u{c}"), ["\u{c} \u{c}tea\u{c}\n\u{c}", "coffee\u{c}"]);
        assert_eq!(parts(""), [""]);
        assert_eq!(parts("\u{c}"), ["\u{c}"]);
    }
}
