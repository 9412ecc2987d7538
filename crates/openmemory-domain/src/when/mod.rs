//! Which time does a question ask about? Dates and relative times of 21 languages, as a window of time.

mod calendar;
mod find;
mod scanner;
mod vocabulary;
mod window;

pub use find::asked_time;
pub use window::Window;
