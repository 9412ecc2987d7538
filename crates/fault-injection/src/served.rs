//! How does a process with a server handle a fault? Its clients retry until they are served, and nobody restarts it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use openmemory_storage::Durability;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::life::{End, Host, Writers, live};
use crate::service::{Service, Setup};
use crate::session::{check, say};
use crate::writer::{Step, Writer};

const SETUP: Setup = Setup { durability: Durability::Flush, language_model: None };
/// The pause between retries of a client, and their number. Together they take longer than opening waits for a hanging
/// sled.
const PAUSE: Duration = Duration::from_millis(20);
const MAX_REQUESTS: usize = 3000;

/// `served STORE SEED`
pub fn run(arguments: &[String]) -> ExitCode {
    let [store, seed] = arguments else { return ExitCode::from(2) };
    let Ok(seed) = seed.parse() else { return ExitCode::from(2) };
    live(life(store.into(), Writers::new(seed)))
}

async fn life(store: PathBuf, mut writers: Writers) -> Result<(), End> {
    for backup in ["backup0", "backup1"] {
        let mut service = Service::start(&store, &SETUP).await.map_err(End::Problem)?;
        writers.write(&mut service).await?;
        back_up(&service, backup).await.map_err(End::Problem)?;
        writers.write(&mut service).await?;
        let _ = service.close().await;
    }
    let mut service = Service::start(&store, &SETUP).await.map_err(End::Problem)?;
    writers.write(&mut service).await
}

impl Host for Service {
    async fn take(&mut self, step: Step) -> Result<(), String> {
        let rejects_an_item = matches!(step, Step::AddNothing(_));
        let (method, path, body) = step.request();
        match self.request(method, &path, &body).await? {
            // A batch reports the result of each item.
            (200, answer) if answer.contains("\"ok\":false") == rejects_an_item => Ok(()),
            (status, answer) => Err(format!("{status} {answer}")),
        }
    }

    async fn found(&mut self, seed: u64, steps: &[u64]) -> Result<Vec<Writer>, String> {
        let mut problem = "the server does not get ready".to_owned();
        for _ in 0..MAX_REQUESTS {
            if matches!(self.request("GET", "/ready", &Value::Null).await, Ok((200, _))) {
                match check_now(self, seed, steps).await {
                    Ok(found) => return Ok(found),
                    // Calls may still be failing. Lost data would stay lost.
                    Err(found) => problem = found,
                }
            }
            sleep(PAUSE).await;
        }
        Err(problem)
    }
}

/// Checks the server's engine.
async fn check_now(service: &Service, seed: u64, steps: &[u64]) -> Result<Vec<Writer>, String> {
    service.with_engine(|engine| check(engine, seed, steps)).await
}

async fn back_up(service: &Service, name: &str) -> Result<(), String> {
    match service.request("POST", "/backup", &json!({ "name": name })).await? {
        (200, _) => say(&format!("backup default/{name}")),
        (status, answer) => say(&format!("refused {status} {answer}")),
    }
    Ok(())
}
