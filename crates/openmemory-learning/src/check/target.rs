//! What do the numbers of an operation mean? Only those that were shown mean anything: ids cannot be made up, and no scope
//! can be left, since only memories of the scope were shown.

use openmemory_domain::learning::{Change, Refusal, RefusalCode};
use openmemory_domain::{PartialDate, Retired};

use super::context::{Checked, Context};
use crate::proposal::{Kind, Proposal, RawOperation};

pub fn resolve(context: &Context<'_>, raw: &RawOperation) -> Checked {
    let kind = kind(raw)?;
    let shown = |number: i64| {
        context
            .candidates
            .numbered(number)
            .ok_or_else(|| Refusal::new(RefusalCode::UnknownMemory, format!("memory {number} was not shown")))
    };
    let memory = match (kind, raw.memory) {
        (Kind::Add, _) => None,
        (_, Some(number)) => Some(shown(number)?),
        (_, None) => return Err(Refusal::new(RefusalCode::UnknownMemory, "no memory was named")),
    };
    let mut others = Vec::new();
    if kind == Kind::Merge {
        for number in &raw.others {
            let other = shown(*number)?;
            if Some(other) != memory && !others.contains(&other) {
                others.push(other);
            }
        }
        if others.is_empty() {
            return Err(invalid("others", "names no other memory"));
        }
    }
    let turn = usize::try_from(raw.message).ok().and_then(|number| number.checked_sub(1));
    let turn = turn.filter(|index| *index < context.part.turns.len()).ok_or_else(|| {
        Refusal::of_field(RefusalCode::Unsupported, "message", format!("message {} was not shown", raw.message))
    })?;
    Ok(Proposal {
        kind,
        memory,
        others,
        turn,
        quote: raw.quote.clone(),
        text: raw.text.as_deref().unwrap_or_default().trim().to_owned(),
        from: date("from", raw.from.as_deref())?,
        until: date("until", raw.until.as_deref())?,
        because: raw.because.chars().take(NOTE).collect(),
        tags: Vec::new(),
    })
}

/// Characters of a reason.
const NOTE: usize = 500;

fn kind(raw: &RawOperation) -> Result<Kind, Refusal> {
    let change = raw.change.as_deref();
    Ok(match raw.op.as_str() {
        "add" => Kind::Add,
        "update" => Kind::Update(match change {
            None => Change::NewState,
            Some(name) => Change::read("change", name).map_err(|error| invalid("change", &error.problem))?,
        }),
        "retire" => Kind::Retire(match change {
            None => Retired::Ended,
            Some(name) => Retired::read("change", name).map_err(|error| invalid("change", &error.problem))?,
        }),
        "merge" => Kind::Merge,
        "keep" => Kind::Keep,
        _ => return Err(invalid("op", "must be add, update, retire, merge or keep")),
    })
}

fn date(field: &str, text: Option<&str>) -> Result<Option<PartialDate>, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    PartialDate::parse(text)
        .map(Some)
        .ok_or_else(|| invalid(field, "is not a date such as 2024, 2024-05 or 2024-05-17"))
}

fn invalid(field: &str, problem: &str) -> Refusal {
    Refusal::of_field(RefusalCode::InvalidArgument, field, format!("{field} {problem}"))
}
