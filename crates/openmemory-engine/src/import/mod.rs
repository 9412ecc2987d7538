//! How does a file become memories? Group by group: what is new is embedded together and committed together, each
//! memory with its whole history or not at all. What is there already is passed over, so a run that was interrupted
//! goes on when it is called again.

mod run;
