//! The engine of openmemory: memories kept right as they change.
//!
//! | room | question |
//! |---|---|
//! | [`domain`] | what is a memory, and which values may it hold? |
//! | [`storage`] | how is it kept on disk? |
//! | [`embedding`] | how does a text become vectors? |
//! | [`index`] | which memories lie nearest to a vector? |
//! | [`engine`] | how do these become add, update, search and the rest? |
//!
//! Arrows point one way: the engine knows the three rooms, they know only the domain, and not each other.

#![forbid(unsafe_code)]

pub mod domain;
pub mod embedding;
pub mod engine;
pub mod index;
pub mod storage;
