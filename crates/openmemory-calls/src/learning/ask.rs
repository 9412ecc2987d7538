//! How is a model asked about a part? Once. Again with the problem named if its answer cannot be read, and about halves if
//! its answer was cut.

use openmemory_domain::learning::Usage;
use openmemory_learning::answer::{self, Unreadable};
use openmemory_learning::prompt::{self, Setting};
use openmemory_learning::transcript::halves;
use openmemory_learning::{Candidates, Finish, LanguageModel, ModelFailure, Part, RawOperation, Why};
use openmemory_rules::contract::Control;

/// Why there is no answer.
pub(super) enum NoAnswer {
    Cancelled,
    Model(ModelFailure),
}

/// The operations of each piece that was asked about.
pub(super) type Answers = Vec<(Part, Vec<RawOperation>)>;

/// Tokens of the messages of one request.
pub(super) fn budget(model: &dyn LanguageModel) -> Result<usize, NoAnswer> {
    /// What memories take with their numbers and dates, and the rest of the object.
    const MEMORIES: usize = 4000;
    const LEAST: usize = 300;
    let room = model.context_tokens().saturating_sub(model.output_tokens() + prompt::fixed_tokens() + MEMORIES);
    if room >= LEAST {
        return Ok(room);
    }
    let message = format!("a request needs contextTokens of at least {}", model.context_tokens() - room + LEAST);
    Err(NoAnswer::Model(ModelFailure { why: Why::Budget, message, retryable: false }))
}

pub(super) async fn ask(
    model: &dyn LanguageModel,
    setting: &Setting<'_>,
    candidates: &Candidates,
    part: Part,
    control: &Control,
    usage: &mut Usage,
) -> Result<Answers, NoAnswer> {
    let mut answers = Vec::new();
    let mut left = vec![part];
    while let Some(part) = left.pop() {
        match once(model, setting, candidates, &part, control, usage).await? {
            Some(operations) => answers.push((part, operations)),
            None => {
                let [first, second] = halves(&part).ok_or_else(|| {
                    let message = "its answer is cut even for a short message; raise maxOutputTokens".into();
                    NoAnswer::Model(ModelFailure { why: Why::Length, message, retryable: false })
                })?;
                left.extend([second, first]);
            }
        }
    }
    Ok(answers)
}

/// The operations of an answer; `None` if it was cut.
async fn once(
    model: &dyn LanguageModel,
    setting: &Setting<'_>,
    candidates: &Candidates,
    part: &Part,
    control: &Control,
    usage: &mut Usage,
) -> Result<Option<Vec<RawOperation>>, NoAnswer> {
    let mut problem: Option<Unreadable> = None;
    loop {
        let named = problem.as_ref().map(ToString::to_string);
        let request = prompt::request(setting, candidates, part, named.as_deref());
        let answer = tokio::select! {
            biased;
            () = control.cancelled() => return Err(NoAnswer::Cancelled),
            answer = model.complete(request) => answer,
        };
        let answer = answer.map_err(|failure| {
            usage.calls += 1;
            NoAnswer::Model(failure)
        })?;
        usage.calls += answer.calls;
        add(&mut usage.input_tokens, answer.input_tokens);
        add(&mut usage.output_tokens, answer.output_tokens);
        match answer.finish {
            Finish::Length => return Ok(None),
            Finish::Refused => {
                let message = "it refused to answer".into();
                return Err(NoAnswer::Model(ModelFailure { why: Why::Refused, message, retryable: false }));
            }
            Finish::Stop => {}
        }
        match answer::read(&answer.text) {
            Ok(operations) => return Ok(Some(operations)),
            Err(unreadable) if problem.is_none() => problem = Some(unreadable),
            Err(unreadable) => {
                let message = unreadable.to_string();
                return Err(NoAnswer::Model(ModelFailure { why: Why::Unreadable, message, retryable: true }));
            }
        }
    }
}

fn add(total: &mut Option<u64>, more: Option<u64>) {
    if let Some(more) = more {
        *total = Some(total.unwrap_or(0) + more);
    }
}
