//! How is an export imported? In groups: new memories are embedded together and committed together, each with its whole
//! history or not at all. Memories that the store already has are skipped, so that a repeated call continues an
//! interrupted import.

mod run;
