//! Does the message say it? Its very words have to be in a message, of somebody whose words may become facts.

use openmemory_domain::learning::{Refusal, RefusalCode};

use super::context::{Checked, Context};
use crate::normal_form::normal;
use crate::proposal::Proposal;
use crate::tokens::is_dense;

const LEAST_WORDS: usize = 2;
/// Characters of scripts without spaces between words.
const LEAST_DENSE: usize = 4;

pub fn check(context: &Context<'_>, proposal: Proposal) -> Checked {
    let unsupported = |problem: &str| Refusal::of_field(RefusalCode::Unsupported, "quote", problem);
    let Some(turn) = context.turn(&proposal) else { return Err(unsupported("the message was not shown")) };
    if !context.from.contains(&turn.role) {
        let problem = format!("nothing is learnt from what the {} says", turn.role.name());
        return Err(Refusal::of_field(RefusalCode::Unsupported, "message", problem));
    }
    let quote = normal(&proposal.quote);
    let quote = bare(&quote);
    let words = quote.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    let dense = quote.chars().filter(|character| is_dense(*character)).count();
    let said = normal(&turn.text);
    // All of a short message shows what was said: "Vegan." after "What do you eat?".
    let is_whole = words > 0 && bare(&said) == quote;
    if words < LEAST_WORDS && dense < LEAST_DENSE && !is_whole {
        return Err(unsupported("the quote is too short to show anything"));
    }
    if said.contains(quote) { Ok(proposal) } else { Err(unsupported("the quote is not in the message")) }
}

/// Without the marks around it.
fn bare(text: &str) -> &str {
    text.trim_matches(|character: char| matches!(character, '"' | '\'' | '.' | '…' | '!') || character.is_whitespace())
}
