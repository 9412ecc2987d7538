//! Since when and until when is a memory true? Valid time, apart from the time at which the store was told.

mod change;
mod interval;
mod partial_date;
mod point_in_time;
mod timeline;
mod validity;

pub use change::{Retirement, ValidityPatch};
pub use interval::Interval;
pub use partial_date::{Grain, PartialDate};
pub use point_in_time::PointInTime;
pub use timeline::Timeline;
pub use validity::{Retired, Validity, or_unknown};
