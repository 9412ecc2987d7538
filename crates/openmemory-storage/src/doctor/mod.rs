//! Is a store healthy, and how is a damaged one repaired?

pub(crate) mod diagnose;
pub(crate) mod evidence;
pub(crate) mod inspect;
pub(crate) mod read_only;
pub(crate) mod salvage;
