//! Who makes the calls that are many calls? The program around the server: they are in the facade, which is not written twice.

mod call;

pub use call::{FacadeAnswer, FacadeCall, FacadeError, FacadeRequest, FacadeResult};
