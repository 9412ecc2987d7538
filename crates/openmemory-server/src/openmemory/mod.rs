//! What do OpenMemory's routes take and answer?
//!
//! | file | routes |
//! |---|---|
//! | `add` | `POST /memory/add`, `POST /memory/batch` |
//! | `one` | `GET`, `PATCH` and `DELETE /memory/{id}` |
//! | `update_many` | `PATCH /memory/batch` |
//! | `list` | `GET /memory/all`, `POST /memory/list` |
//! | `delete_many` | `POST /memory/delete` |
//! | `query` | `POST /memory/query`, `POST /memory/search` |
//! | `past` | history and restoring |
//! | `marks` | reinforcement, feedback, links |
//! | `users` | `/users/{user_id}/memories` |
//! | `store` | the store as a whole |
//! | `transfer` | `GET` and `POST /export`, `POST /import`, `POST /backup` |
//! | `watch` | `GET` and `POST /watch` |
//! | `record` | how is a memory written? |
//! | `requests` | what do the routes take? |
//! | `missing` | what do paths without an id answer? |

mod add;
mod delete_many;
mod history;
mod list;
mod memory;
mod missing;
mod query;
mod record;
mod requests;
mod routes;
mod signals;
mod store;
mod transfer;
mod update_many;
mod users;
mod watch;

pub use missing::missing_ids;
pub use routes::routes;
