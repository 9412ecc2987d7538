//! How is a function of the facade called that takes JSON text and promises JSON text?

use std::sync::atomic::{AtomicU32, Ordering};

use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function, Promise, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::js_function::JsFunction;

pub type Text = FnArgs<(String,)>;

/// A function that does not reject.
#[derive(Clone)]
pub struct TextFunction(JsFunction<Text, String>);

impl TextFunction {
    pub fn new(env: &Env, function: Function<'_, Text, Promise<String>>) -> Result<Self> {
        JsFunction::new(env, function).map(Self)
    }

    /// A call that is withdrawn if it is dropped before it is answered.
    pub fn pending(&self) -> PendingCall {
        let number = LAST_CALL.fetch_add(1, Ordering::Relaxed);
        PendingCall { function: self.clone(), number, is_answered: false }
    }

    /// `None` if the thread of JavaScript has ended, or the answer is none.
    pub async fn call<T: DeserializeOwned>(self, request: &impl Serialize) -> Option<T> {
        let text = serde_json::to_string(request).ok()?;
        let answer = self.call_text(text).await?;
        serde_json::from_str(&answer).ok()
    }

    /// `None` if the thread of JavaScript has ended.
    pub async fn call_text(self, request: String) -> Option<String> {
        self.0.call((request,).into()).await.ok()
    }
}

static LAST_CALL: AtomicU32 = AtomicU32::new(1);

/// A call whose answer nobody waits for any longer is withdrawn, so that what it has begun ends as well.
pub struct PendingCall {
    function: TextFunction,
    pub number: u32,
    is_answered: bool,
}

impl PendingCall {
    pub fn answered(mut self) {
        self.is_answered = true;
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        if !self.is_answered {
            self.function.0.notify((json!({ "withdrawn": self.number }).to_string(),).into());
        }
    }
}
