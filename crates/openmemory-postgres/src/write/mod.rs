//! How is one memory changed, and how are many?

mod add_many;
mod delete_many;
mod items;
mod one;
mod operations;
mod update_many;
