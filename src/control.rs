//! How does long work report and stop? One object for each call, made by the facade.

use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, Function, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use openmemory_rules::contract;

#[napi]
pub struct Control {
    pub(crate) shared: Arc<contract::Control>,
}

#[napi]
impl Control {
    #[napi(constructor)]
    pub fn new(on_progress: Option<Function<'_, FnArgs<(u32, u32)>, ()>>) -> Result<Self> {
        let Some(on_progress) = on_progress else { return Ok(Self { shared: Arc::default() }) };
        // Weak: waiting for a report does not keep the process alive; the pending call does.
        let tell = on_progress.build_threadsafe_function().weak::<true>().build()?;
        let report = move |done: usize, total: usize| {
            tell.call((done as u32, total as u32).into(), ThreadsafeFunctionCallMode::NonBlocking);
        };
        Ok(Self { shared: Arc::new(contract::Control::new(report)) })
    }

    #[napi]
    pub fn cancel(&self) {
        self.shared.cancel();
    }
}
