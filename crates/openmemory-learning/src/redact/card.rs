//! Is a run of digits the number of a payment card? It has 13 to 19 digits, and the last one checks the others.

/// The end of a card number that begins at `from`, with single spaces or hyphens between its digits.
pub(super) fn end(text: &[char], from: usize) -> Option<usize> {
    let (mut digits, mut at, mut end) = (Vec::new(), from, from);
    while let Some(character) = text.get(at) {
        if let Some(digit) = character.to_digit(10).filter(|_| character.is_ascii()) {
            digits.push(digit);
            end = at + 1;
        } else if !matches!(character, ' ' | '-') || at != end {
            break;
        }
        at += 1;
    }
    let follows = text.get(end).is_some_and(|character| character.is_alphanumeric());
    ((13..=19).contains(&digits.len()) && !follows && checks(&digits)).then_some(end)
}

/// The formula of Luhn.
fn checks(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2 == 1, digit * 2) {
            (false, _) => *digit,
            (true, double) if double > 9 => double - 9,
            (true, double) => double,
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}
