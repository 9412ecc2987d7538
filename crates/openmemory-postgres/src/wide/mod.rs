//! How are more memories searched than a process holds? The database proposes candidates, and the index ranks them.
//!
//! | file | what |
//! |---|---|
//! | `tables` | the tables and indexes for that, which an option asks for |
//! | `follow` | brings them up to date, behind the writes |
//! | `ready` | whether they are new enough |
//! | `gather` | the candidates of a search |
//! | `neighbours` | those beside them in their runs |
//! | `passing` | the partitions of one search |
//! | `words`, `counts` | those with the words of a query, and how many have each |
//! | `sample` | what the memories that are not candidates are like |

mod counts;
mod follow;
mod gather;
mod marks;
mod neighbours;
mod passing;
pub(crate) mod places;
mod ready;
pub(crate) mod sample;
mod statements;
pub(crate) mod tables;
#[allow(clippy::module_inception, reason = "what it holds")]
pub(crate) mod wide;
mod words;
