//! How is a store opened, and how large may its files be?

pub(crate) mod durability;
pub(crate) mod size_limits;
