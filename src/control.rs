//! How does a long call report progress, and how is it cancelled? Through one object per call, which the facade
//! creates.

use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, Function, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use openmemory_rules::contract;

#[napi]
pub struct Control {
    shared: Arc<contract::Control>,
}

#[napi]
impl Control {
    #[napi(constructor)]
    pub fn new(on_progress: Option<Function<'_, FnArgs<(u32, u32)>, ()>>) -> Result<Self> {
        let Some(on_progress) = on_progress else { return Ok(Self { shared: Arc::default() }) };
        // Weak: the pending call keeps the process alive, its progress callback need not.
        let callback = on_progress.build_threadsafe_function().weak::<true>().build()?;
        let report = move |done: usize, total: usize| {
            callback.call((done as u32, total as u32).into(), ThreadsafeFunctionCallMode::NonBlocking);
        };
        Ok(Self { shared: Arc::new(contract::Control::new(report)) })
    }

    #[napi]
    pub fn cancel(&self) {
        self.shared.cancel();
    }
}

/// The control of a call, which may have none.
pub fn progress(control: Option<&Control>) -> Arc<contract::Control> {
    control.map(|control| Arc::clone(&control.shared)).unwrap_or_default()
}
