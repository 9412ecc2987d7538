//! Is a store healthy, and what can be saved of one that is not?

pub(crate) mod diagnose;
pub(crate) mod evidence;
pub(crate) mod inspect;
pub(crate) mod read_only;
pub(crate) mod salvage;
