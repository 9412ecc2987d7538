//! How is a JavaScript function called that asks a language model? With requests and answers as JSON text, which the facade
//! writes and reads.

use std::sync::Arc;

use napi::bindgen_prelude::{Function, Promise, Result};
use napi::{Env, Error};
use openmemory_learning::{Answer, Finish, LanguageModel, ModelFailure, Pending, Request, Why};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::text_function::{Text, TextFunction};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Description {
    id: String,
    context_tokens: usize,
    max_output_tokens: usize,
}

/// A model behind a function of the facade, which resolves to an answer or a failure and does not reject.
pub struct FunctionModel {
    description: Description,
    function: TextFunction,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    text: String,
    #[serde(default)]
    finish: Option<String>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    #[serde(default)]
    calls: Option<u64>,
}

#[derive(Deserialize)]
struct Failed {
    why: String,
    message: String,
    retryable: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Ok(Answered),
    Error(Failed),
}

/// The model that a call or a store was given; `description` says its name and limits.
pub fn language_model(
    env: &Env,
    description: Option<String>,
    complete: Option<Function<'_, Text, Promise<String>>>,
) -> Result<Option<Arc<dyn LanguageModel>>> {
    let (Some(description), Some(complete)) = (description, complete) else { return Ok(None) };
    let description = serde_json::from_str(&description).map_err(|error| Error::from_reason(error.to_string()))?;
    Ok(Some(Arc::new(FunctionModel { description, function: TextFunction::new(env, complete)? })))
}

impl LanguageModel for FunctionModel {
    fn id(&self) -> &str {
        &self.description.id
    }

    fn context_tokens(&self) -> usize {
        self.description.context_tokens
    }

    fn output_tokens(&self) -> usize {
        self.description.max_output_tokens
    }

    fn complete(&self, request: Request) -> Pending {
        let Request { system, user, schema } = request;
        let schema: Value = serde_json::from_str(&schema).unwrap_or_default();
        let pending = self.function.pending();
        let request = json!({ "system": system, "user": user, "schema": schema, "call": pending.number }).to_string();
        let answer = self.function.clone().call_text(request);
        Box::pin(async move {
            let answer = answer.await;
            pending.answered();
            read(answer.as_deref())
        })
    }
}

fn read(answer: Option<&str>) -> std::result::Result<Answer, ModelFailure> {
    let failure = |message: &str| ModelFailure { why: Why::Http, message: message.to_owned(), retryable: true };
    let answer = answer.ok_or_else(|| failure("the thread of its function has ended; open the store again"))?;
    match serde_json::from_str(answer).map_err(|_| failure("its function gave no answer"))? {
        Outcome::Ok(Answered { text, finish, input_tokens, output_tokens, calls }) => {
            let finish = match finish.as_deref() {
                Some("length") => Finish::Length,
                Some("refused") => Finish::Refused,
                _ => Finish::Stop,
            };
            Ok(Answer { text, finish, input_tokens, output_tokens, calls: calls.unwrap_or(1) })
        }
        Outcome::Error(Failed { why, message, retryable }) => {
            Err(ModelFailure { why: Why::read(&why).unwrap_or(Why::Http), message, retryable })
        }
    }
}
