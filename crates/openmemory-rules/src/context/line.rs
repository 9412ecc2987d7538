//! What does a block say of a memory? Its text, since when and until when it is true, what it replaced, and its id.

use openmemory_domain::{PartialDate, Retired, Timestamp};

use super::quoted::quoted;
use crate::contract::{EarlierText, Hit, Standing};

pub(super) fn line(hit: &Hit, before: &[EarlierText]) -> String {
    let version = &hit.memory.version;
    let since = match version.validity.from {
        Some(from) => format!("since {}", date(from)),
        None => format!("told {}", day(version.created_at)),
    };
    let notes: Vec<String> =
        [since].into_iter().chain(until(hit)).chain(now(hit)).chain(before.iter().map(earlier)).collect();
    format!("- {} ({}) [{}]", quoted(&hit.memory.content), notes.join("; "), id(version.id.as_str()))
}

fn until(hit: &Hit) -> Option<String> {
    let validity = &hit.memory.version.validity;
    if validity.retired == Some(Retired::Wrong) {
        return Some("never was true".into());
    }
    match &hit.standing {
        Some(Standing::Replaced { until: Some(at), .. }) => Some(format!("until {}", day(*at))),
        _ => validity.to.map(|to| format!("until {}", date(to))),
    }
}

fn now(hit: &Hit) -> Option<String> {
    match &hit.standing {
        Some(Standing::Replaced { content, .. }) => Some(format!("now: {}", quoted(content))),
        _ => None,
    }
}

fn earlier(text: &EarlierText) -> String {
    let from = text.valid_from.map(|from| format!(" since {}", date(from))).unwrap_or_default();
    let to = text.until.map(|at| format!(" until {}", day(at))).unwrap_or_default();
    format!("before: {}{from}{to}", quoted(&text.content))
}

/// A year or a month as it is; a day, or the day of a time, with its weekday.
fn date(date: PartialDate) -> String {
    let text = date.to_string();
    if text.len() < 10 { text } else { day(date.start()) }
}

pub(super) fn day(at: Timestamp) -> String {
    let weekday: String = at.weekday().chars().take(3).collect();
    let date: String = at.to_string().chars().take(10).collect();
    format!("{weekday} {date}")
}

fn id(id: &str) -> String {
    let is_plain = id.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | ':' | '-'));
    if is_plain { id.to_owned() } else { quoted(id) }
}
