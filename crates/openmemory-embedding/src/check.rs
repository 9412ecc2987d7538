//! Does a model file run here, how fast, and does it find what is asked for?

use std::time::{Duration, Instant};

use openmemory_onnx::{Description, Output};

use super::model::{Loaded, read};
use super::pooling::{normalised, pooled};
use super::{EmbeddingError, ModelOptions, Pooling};

/// Texts of a fact, of a turn in a dialogue, and of a paragraph, in tokens.
const LENGTHS: [usize; 3] = [12, 30, 125];
/// Runs of each length, of which the median counts, unless they take longer than this.
const RUNS: usize = 9;
const LONGEST: Duration = Duration::from_secs(2);

/// Questions, and answers that share few words with them.
const ASKED: [(&str, &str); 8] = [
    ("Where does my sister live?", "Ana moved to Lisbon last spring and rents a flat near the river."),
    ("Which food makes me ill?", "Peanuts give me hives, so the kitchen stays free of them."),
    ("How do I bring the service up again?", "Log in as root, run the start script and wait for the green light."),
    ("When do we meet the bank?", "Thursday at ten we sit down with the loan officer."),
    ("What does he do at the weekend?", "Every Saturday morning Tom climbs in the hills behind the town."),
    ("Which pet do we have?", "Our cat Minka sleeps on the radiator all day."),
    ("Why was the flight late?", "A storm kept all planes on the ground for four hours."),
    ("What am I scared of?", "Heights make my knees shaky."),
];

/// A model that is loaded to be tried.
pub struct ModelCheck {
    options: ModelOptions,
    loaded: Loaded,
}

/// What a loaded model does.
#[derive(Clone, Debug)]
pub struct Measured {
    pub dimensions: usize,
    /// Whether its output is one vector, which needs no pooling.
    pub pooled: bool,
    /// The median time of a run on one thread, by the number of tokens.
    pub times: Vec<(usize, Duration)>,
    /// One for each way of pooling, or a single one if the model pools.
    pub trials: Vec<Trial>,
}

/// How well questions find their answers with one way of pooling.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    pub pooling: Pooling,
    /// Questions whose own answer is the nearest.
    pub found: usize,
    pub asked: usize,
    /// By how many standard deviations the cosine with the own answer exceeds the mean.
    pub separation: f32,
}

impl ModelCheck {
    /// What the file says about itself; nothing is loaded.
    ///
    /// # Errors
    /// It cannot be read, or is not an ONNX file.
    pub fn describe(options: &ModelOptions) -> Result<Description, EmbeddingError> {
        let (bytes, _) = read(&options.model, None)?;
        Description::read(&bytes).map_err(|error| EmbeddingError::unavailable(&options.model, error.to_string()))
    }

    /// # Errors
    /// The files are missing, damaged, or do not belong together.
    pub fn load(options: ModelOptions) -> Result<Self, EmbeddingError> {
        let loaded = Loaded::load(&options)?;
        Ok(Self { options, loaded })
    }

    /// Takes some seconds with a large model.
    ///
    /// # Errors
    /// It does not run on texts of some length.
    pub fn measure(&self) -> Result<Measured, EmbeddingError> {
        let long = self.loaded.tokens.encode("", &ASKED.map(|(_, answer)| answer).join(" ").repeat(4))?.ids;
        let cut = |tokens: usize| -> Vec<i64> { long.iter().take(tokens - 1).chain(long.last()).copied().collect() };
        // The longest passage: a model of fewer positions fails here.
        self.run(&cut(self.options.window))?;
        let times = LENGTHS.map(|tokens| Ok((tokens, self.time(&cut(tokens))?)));
        let texts = |prefix: &str, texts: [&str; ASKED.len()]| -> Result<Vec<Output>, EmbeddingError> {
            texts.iter().map(|text| self.run(&self.loaded.tokens.encode(prefix, text)?.ids)).collect()
        };
        let questions = texts(&self.options.query_prefix, ASKED.map(|(question, _)| question))?;
        let answers = texts(&self.options.passage_prefix, ASKED.map(|(_, answer)| answer))?;
        let is_pooled = questions.iter().all(|output| output.pooled);
        let poolings = if is_pooled { &[Pooling::Mean][..] } else { &[Pooling::Mean, Pooling::Cls] };
        Ok(Measured {
            dimensions: self.loaded.identity.dimensions,
            pooled: is_pooled,
            times: times.into_iter().collect::<Result<_, EmbeddingError>>()?,
            trials: poolings.iter().map(|pooling| tried(*pooling, &questions, &answers)).collect::<Result<_, _>>()?,
        })
    }

    fn time(&self, ids: &[i64]) -> Result<Duration, EmbeddingError> {
        let begin = Instant::now();
        let mut times = Vec::new();
        while times.len() < RUNS && (times.is_empty() || begin.elapsed() < LONGEST) {
            let start = Instant::now();
            self.run(ids)?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        Ok(times[times.len() / 2])
    }

    fn run(&self, ids: &[i64]) -> Result<Output, EmbeddingError> {
        let failed = |reason: String| {
            EmbeddingError::unavailable(&self.options.model, format!("with a text of {} tokens: {reason}", ids.len()))
        };
        self.loaded.network.run(ids).map_err(|error| failed(error.to_string()))
    }
}

fn tried(pooling: Pooling, questions: &[Output], answers: &[Output]) -> Result<Trial, EmbeddingError> {
    let vector = |output: &Output| normalised(pooled(pooling, output));
    let answers: Vec<Vec<f32>> = answers.iter().map(vector).collect::<Result<_, _>>()?;
    let mut trial = Trial { pooling, found: 0, asked: questions.len(), separation: 0.0 };
    for (own, question) in questions.iter().enumerate() {
        let question = vector(question)?;
        let cosine = |answer: &Vec<f32>| answer.iter().zip(&question).map(|(a, b)| a * b).sum::<f32>();
        let cosines: Vec<f32> = answers.iter().map(cosine).collect();
        let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
        let variance = cosines.iter().map(|cosine| (cosine - mean).powi(2)).sum::<f32>() / cosines.len() as f32;
        trial.found += usize::from(cosines.iter().enumerate().all(|(at, cosine)| at == own || *cosine < cosines[own]));
        trial.separation += (cosines[own] - mean) / variance.sqrt().max(f32::MIN_POSITIVE) / questions.len() as f32;
    }
    Ok(trial)
}
