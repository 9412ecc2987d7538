//! How is a conversation cut into parts that a model can read? At turns, with the turns before for context.

use openmemory_domain::Timestamp;
use openmemory_domain::learning::{MessageId, Role};

use crate::tokens::estimate;

/// Turns before a part that are shown with it.
pub const EARLIER: usize = 3;
/// Characters of each of them.
const EARLIER_CHARACTERS: usize = 600;
/// Below so many characters a part is not cut again.
const LEAST_CHARACTERS: usize = 500;
/// Tokens of a turn besides its text.
const TURN_TOKENS: usize = 24;

/// A message, or a piece of a long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub id: MessageId,
    pub role: Role,
    pub name: Option<String>,
    pub at: Timestamp,
    pub text: String,
}

/// What one request asks about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    pub earlier: Vec<Turn>,
    pub turns: Vec<Turn>,
}

/// The parts of a conversation. `is_new` says which turns are asked about; the others are context only.
pub fn parts(turns: &[Turn], is_new: &[bool], budget: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut part, mut tokens) = (Part::default(), 0);
    for (at, turn) in turns.iter().enumerate().filter(|(at, _)| is_new.get(*at) == Some(&true)) {
        for text in pieces(&turn.text, budget) {
            let more = estimate(&text) + TURN_TOKENS;
            if tokens + more > budget && !part.turns.is_empty() {
                parts.push(std::mem::take(&mut part));
                tokens = 0;
            }
            if part.turns.is_empty() {
                part.earlier = before(&turns[..at]);
            }
            tokens += more;
            part.turns.push(Turn { text, ..turn.clone() });
        }
    }
    if !part.turns.is_empty() {
        parts.push(part);
    }
    parts
}

fn before(turns: &[Turn]) -> Vec<Turn> {
    let from = turns.len().saturating_sub(EARLIER);
    let short = |turn: &Turn| Turn { text: turn.text.chars().take(EARLIER_CHARACTERS).collect(), ..turn.clone() };
    turns[from..].iter().map(short).collect()
}

/// Two halves of a part whose answer was cut; `None` if it is too short to be cut.
pub fn halves(part: &Part) -> Option<[Part; 2]> {
    let length = |turns: &[Turn]| turns.iter().map(|turn| turn.text.chars().count()).sum::<usize>();
    let whole = length(&part.turns);
    if whole < 2 * LEAST_CHARACTERS {
        return None;
    }
    let mut turns = part.turns.clone();
    if let [only] = &turns[..] {
        let text: Vec<char> = only.text.chars().collect();
        let at = cut(&text, whole / 2);
        let piece = |text: &[char]| Turn { text: text.iter().collect(), ..only.clone() };
        turns = vec![piece(&text[..at]), piece(&text[at..])];
    }
    let mut at = 1;
    while at < turns.len() - 1 && length(&turns[..=at]) <= whole / 2 {
        at += 1;
    }
    let second = turns.split_off(at);
    let context: Vec<Turn> = part.earlier.iter().chain(&turns).cloned().collect();
    Some([Part { earlier: part.earlier.clone(), turns }, Part { earlier: before(&context), turns: second }])
}

/// A text in pieces that each fit, cut where a sentence or at least a word ends. Nothing is left out.
fn pieces(text: &str, budget: usize) -> Vec<String> {
    let budget = budget.saturating_sub(TURN_TOKENS).max(LEAST_CHARACTERS / 3);
    let mut rest: Vec<char> = text.chars().collect();
    let mut pieces = Vec::new();
    while estimate(&rest.iter().collect::<String>()) > budget {
        let mut most = rest.len() / 2;
        while most > 1 && estimate(&rest[..most].iter().collect::<String>()) > budget {
            most /= 2;
        }
        let at = cut(&rest, most.max(1));
        pieces.push(rest[..at].iter().collect());
        rest.drain(..at);
    }
    if !rest.is_empty() {
        pieces.push(rest.iter().collect());
    }
    pieces
}

/// The best place to cut at or before `most`: after a line, a sentence or a word.
fn cut(text: &[char], most: usize) -> usize {
    let least = most / 2;
    let after = |ends: &dyn Fn(char) -> bool| (least + 1..=most).rev().find(|at| ends(text[at - 1]));
    after(&|character| character == '\n')
        .or_else(|| after(&|character| matches!(character, '.' | '!' | '?' | '。' | '！' | '？')))
        .or_else(|| after(&char::is_whitespace))
        .unwrap_or(most)
}
