//! Does every figure of the text come from somewhere? This catches sums, counts, conversions and made-up amounts.

use openmemory_domain::PartialDate;
use openmemory_domain::learning::{Change, Refusal, RefusalCode};

use super::context::{Checked, Context};
use crate::normal_form::{figures, names, normal};
use crate::proposal::{Kind, Proposal};

pub fn check(context: &Context<'_>, proposal: Proposal) -> Checked {
    if !proposal.has_text() {
        return Ok(proposal);
    }
    let mut known = figures(&proposal.quote);
    known.extend(context.turn(&proposal).map(|turn| figures(&turn.text)).unwrap_or_default());
    known.extend(context.part.earlier.iter().flat_map(|turn| figures(&turn.text)));
    known.extend(context.touched(&proposal).iter().flat_map(|memory| figures(&memory.content)));
    let mut text = proposal.text.clone();
    for date in [proposal.from, proposal.until].into_iter().flatten() {
        known.extend(in_words(date, &text));
        text = without(date, &text);
    }
    if let Some(made_up) = figures(&text).difference(&known).next() {
        let problem = format!("the figure {made_up} is neither in the message nor in the memory");
        return Err(Refusal::of_field(RefusalCode::Unsupported, "text", problem));
    }
    if matches!(proposal.kind, Kind::Update(Change::Detail) | Kind::Merge) {
        keeps_all(context, &proposal)?;
    }
    Ok(proposal)
}

/// The text without a date of the operation as it is written in ISO 8601.
fn without(date: PartialDate, text: &str) -> String {
    let date = date.to_string();
    let forms = [10, 7].into_iter().filter_map(|length| date.get(..length));
    forms.fold(text.to_owned(), |text, form| text.replace(form, " "))
}

/// The figures of a date of the operation that the text writes in words: the year, and the day next to it. A month is a
/// figure only where it is marked as one.
fn in_words(date: PartialDate, text: &str) -> Vec<String> {
    let date = date.to_string();
    let part = |range: std::ops::Range<usize>| date.get(range).and_then(|part| figures(part).into_iter().next());
    let Some(year) = part(0..4).filter(|year| figures(text).contains(year)) else { return Vec::new() };
    let month = part(5..7).filter(|month| ['月', '월'].iter().any(|mark| text.contains(&format!("{month}{mark}"))));
    [Some(year), part(8..10), month].into_iter().flatten().collect()
}

/// What only adds may leave no figure and no name out.
fn keeps_all(context: &Context<'_>, proposal: &Proposal) -> Result<(), Refusal> {
    let (new, text) = (figures(&proposal.text), normal(&proposal.text));
    for memory in context.touched(proposal) {
        let lost = figures(&memory.content).into_iter().find(|figure| !new.contains(figure));
        if let Some(lost) = lost.or_else(|| names(&memory.content).into_iter().find(|name| !text.contains(name))) {
            let problem = format!("the text leaves out {lost}, which the memory says");
            return Err(Refusal::of_field(RefusalCode::InvalidArgument, "text", problem));
        }
    }
    Ok(())
}
