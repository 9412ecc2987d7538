//! What do OpenMemory's routes accept and return?
//!
//! | file | routes |
//! |---|---|
//! | `add` | `POST /memory/add`, `POST /memory/batch` |
//! | `memory` | `GET`, `PATCH` and `DELETE /memory/{id}` |
//! | `update_many` | `PATCH /memory/batch` |
//! | `list` | `GET /memory/all`, `POST /memory/list` |
//! | `delete_many` | `POST /memory/delete` |
//! | `query` | `POST /memory/query`, `POST /memory/search` |
//! | `context` | `POST /memory/context` |
//! | `facets` | `POST /memory/facets` |
//! | `touch` | `POST /memory/touch` |
//! | `history` | `/memory/{id}/history`, `/memory/{id}/restore` |
//! | `signals` | reinforcement, feedback, waypoints |
//! | `users` | `/users/{user_id}/memories` |
//! | `store` | sectors, stats, maintenance, metrics |
//! | `transfer` | `GET` and `POST /export`, `POST /import`, `POST /backup` |
//! | `watch` | `GET` and `POST /watch` |
//! | `record` | how is a memory serialized? |
//! | `requests` | what do the routes accept? |
//! | `missing` | what do paths without an id return? |

mod add;
mod again;
mod context;
mod delete_many;
mod facets;
mod history;
mod learn;
mod list;
mod memory;
mod missing;
mod operations;
mod query;
mod record;
mod requests;
mod routes;
mod signals;
mod store;
mod touch;
mod transfer;
mod update_many;
mod users;
mod watch;

pub use missing::missing_ids;
pub use routes::routes;
