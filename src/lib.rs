//! How does JavaScript call the engine and the server? Through a few classes that pass requests and results as JSON
//! text, which the facade in `sdk/` writes and reads. Nothing here decides anything.
//!
//! | file | question |
//! |---|---|
//! | `engine` | which methods does the engine have in JavaScript? |
//! | `database` | which methods does a store in a database have in JavaScript? |
//! | `database_handle` | when is a database reached, and when are its connections closed? |
//! | `database_watcher` | how does JavaScript watch the changes of a database? |
//! | `request` | what does a call of JavaScript ask for? |
//! | `in_flight` | which calls of an object are running, when may they start, and when may it close? |
//! | `handle` | when is the engine opened and closed? |
//! | `promise` | how does a call become a promise of JavaScript? |
//! | `inline_poll` | how does a call resolve its promise with the fewest thread switches? |
//! | `loop_budget` | how long may calls occupy JavaScript's thread? |
//! | `options` | which store do the constructor's options describe? |
//! | `embedder` | how is a JavaScript function called to embed texts? |
//! | `language_model` | how is a JavaScript function called that asks a language model? |
//! | `control` | how does a long call report progress, and how is it cancelled? |
//! | `watcher` | how does JavaScript watch changes? |
//! | `written` | on which thread is the result of a write serialized? |
//! | `answer` | how does a result reach JavaScript? |
//! | `server` | how does JavaScript start and stop a server? |
//! | `text_function` | how is a function called that takes and promises JSON text? |
//! | `model_check` | how does JavaScript try a model file? |
//! | `mcp`, `facade`, `webhooks` | how does JavaScript answer hosts of models, make calls for a server, and send events? |
//! | `keys` | how does JavaScript create, list and revoke keys? |
//! | `runtime` | which threads run asynchronous and blocking calls? |
//! | `allocator` | which allocator does the addon use? |

mod allocator;
mod answer;
mod control;
#[cfg(feature = "postgres")]
mod database;
#[cfg(feature = "postgres")]
mod database_handle;
#[cfg(feature = "postgres")]
mod database_watcher;
mod embedder;
mod engine;
mod facade;
mod handle;
mod in_flight;
mod inline_poll;
mod js_function;
mod keys;
mod language_model;
mod loop_budget;
mod mcp;
mod model_check;
mod options;
mod promise;
mod request;
mod runtime;
mod server;
mod text_function;
mod watcher;
mod webhooks;
mod written;
