//! What does the process run that is killed or recorded? Sessions that check and write a store.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use openmemory_storage::Durability;

use crate::session::{check, open, say, write};

/// `child DIR SEED DURABILITY MODEL SESSIONS STEPS ACKNOWLEDGED…`
pub fn run(arguments: &[String]) -> ExitCode {
    match sessions(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&format!("! {problem}"));
            ExitCode::FAILURE
        }
    }
}

fn sessions(arguments: &[String]) -> Result<(), String> {
    let [directory, seed, durability, model, sessions, steps, acknowledged @ ..] = arguments else {
        return Err("wrong arguments".into());
    };
    let number = |text: &String| text.parse::<u64>().map_err(|error| error.to_string());
    let (seed, model, sessions, steps) = (number(seed)?, number(model)?, number(sessions)?, number(steps)?);
    let durability = if durability == "interval" { Durability::Interval } else { Durability::Flush };
    let mut acknowledged = acknowledged.iter().map(number).collect::<Result<Vec<_>, _>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| error.to_string())?;
    for session in 0..sessions {
        let engine = open(Path::new(directory), durability, (model + session) as usize).map_err(|e| e.to_string())?;
        let engine = Arc::new(engine);
        if let Some(repaired) = engine.stats().map_err(|error| error.to_string())?.repaired {
            say(&format!("~ {repaired}"));
        }
        let writers = check(&engine, seed, &acknowledged)?;
        for (number, writer) in writers.iter().enumerate() {
            say(&format!("{number} {}", writer.steps()));
        }
        let writers =
            runtime.block_on(write(Arc::clone(&engine), writers, steps)).map_err(|error| error.to_string())?;
        acknowledged = writers.iter().map(crate::writer::Writer::steps).collect();
        // Every other session exits without closing the store, as with `process.exit()`.
        if session % 2 == 0 {
            engine.close().map_err(|error| error.to_string())?;
        } else if session + 1 == sessions {
            std::process::exit(0);
        }
    }
    Ok(())
}
