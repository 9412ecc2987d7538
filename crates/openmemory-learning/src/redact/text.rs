//! How is a text written without its secrets? Each becomes `[redacted:kind]`.

use super::card;
use super::prefixes::SHAPES;

const PEM_BEGIN: &str = "-----BEGIN ";
const PEM_END: &str = "-----END ";

pub fn redacted(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut written = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let begins = at == 0 || !characters[at - 1].is_alphanumeric();
        match begins.then(|| secret(&characters, at)).flatten() {
            Some((end, kind)) => {
                written.push_str("[redacted:");
                written.push_str(kind);
                written.push(']');
                at = end;
            }
            None => {
                written.push(characters[at]);
                at += 1;
            }
        }
    }
    written
}

/// The end and the kind of a secret that begins here.
fn secret(text: &[char], from: usize) -> Option<(usize, &'static str)> {
    if let Some(end) = private_key(text, from) {
        return Some((end, "private-key"));
    }
    if text[from].is_ascii_digit() {
        return card::end(text, from).map(|end| (end, "card"));
    }
    let end = from + text[from..].iter().take_while(|character| in_token(**character)).count();
    if starts(text, from, "eyJ") && is_web_token(&text[from..end]) {
        return Some((end, "token"));
    }
    if let Some(end) = bearer(text, from) {
        return Some((end, "token"));
    }
    let shape = SHAPES.iter().find(|shape| {
        let prefix = shape.prefix.chars().count();
        starts(text, from, shape.prefix) && end - from >= prefix + shape.least && has_digit(&text[from + prefix..end])
    })?;
    // A full stop after a key ends the sentence.
    let end = if text[end - 1] == '.' { end - 1 } else { end };
    Some((end, shape.kind))
}

fn in_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '+' | '/' | '=' | '~')
}

fn starts(text: &[char], from: usize, prefix: &str) -> bool {
    let mut rest = text[from..].iter();
    prefix.chars().all(|character| rest.next() == Some(&character))
}

/// Long words without a digit, such as `sk-something-in-words`, are no keys.
fn has_digit(text: &[char]) -> bool {
    text.iter().any(char::is_ascii_digit)
}

/// Three parts in base 64.
fn is_web_token(text: &[char]) -> bool {
    let parts: Vec<&[char]> = text.split(|character| *character == '.').filter(|part| !part.is_empty()).collect();
    parts.len() == 3 && parts.iter().all(|part| part.len() >= 10)
}

/// The end of `Bearer` and a long token.
fn bearer(text: &[char], from: usize) -> Option<usize> {
    let word: String = text[from..].iter().take(7).collect();
    if !word.eq_ignore_ascii_case("bearer ") {
        return None;
    }
    let token = text[from + 7..].iter().take_while(|character| in_token(**character)).count();
    (token >= 20 && has_digit(&text[from + 7..from + 7 + token])).then_some(from + 7 + token)
}

/// The end of a private key in PEM. One that does not end reaches to the end of the text.
fn private_key(text: &[char], from: usize) -> Option<usize> {
    if !starts(text, from, PEM_BEGIN) {
        return None;
    }
    let rest: String = text[from..].iter().collect();
    let (label, _) = rest[PEM_BEGIN.len()..].split_once("-----")?;
    if !label.ends_with("PRIVATE KEY") {
        return None;
    }
    let end = format!("{PEM_END}{label}-----");
    let bytes = rest.find(&end).map_or(rest.len(), |at| at + end.len());
    Some(from + rest[..bytes].chars().count())
}
