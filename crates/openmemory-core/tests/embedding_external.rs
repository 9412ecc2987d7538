//! A caller's own function is checked before its vectors are believed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use openmemory_core::embedding::{Embedder, EmbeddingError, ExternalEmbedder, ModelIdentity};

fn external(call: impl Fn(Vec<String>) -> Result<Vec<f32>, String> + Send + Sync + 'static) -> ExternalEmbedder {
    ExternalEmbedder { identity: ModelIdentity { id: "mine".to_owned(), dimensions: 3 }, call: Arc::new(call) }
}

fn failure(error: EmbeddingError) -> String {
    assert_eq!(error.code(), "EMBEDDING_FAILED");
    error.to_string()
}

#[test]
fn vectors_are_normalised() {
    let embedder = external(|texts| Ok([0.0, 30.0, 40.0].repeat(texts.len())));
    assert_eq!(embedder.query("text").unwrap(), [0.0, 0.6, 0.8]);
    let passages = embedder.passages("One. Two.").unwrap();
    assert_eq!(passages[0].sentences.len(), 1);
    assert_eq!(passages[0].sentences[0].vector, [0.0, 0.6, 0.8]);
}

#[test]
fn a_vector_that_is_no_direction_fails_its_own_text_only() {
    for bad in [[f32::NAN, 0.0, 0.0], [0.0, f32::INFINITY, 0.0], [0.0; 3]] {
        let embedder = external(move |texts| {
            let vector = |text: &String| if text == "bad" { bad } else { [1.0, 0.0, 0.0] };
            Ok(texts.iter().flat_map(vector).collect())
        });
        let results = embedder.passages_of(&["good", "bad", "good"]);
        assert!(results[0].is_ok() && results[2].is_ok());
        failure(results[1].clone().unwrap_err());
    }
}

#[test]
fn a_wrong_count_or_dimension_fails() {
    let short = external(|texts| Ok([1.0, 0.0, 0.0].repeat(texts.len() - 1)));
    let narrow = external(|texts| Ok([1.0, 0.0].repeat(texts.len())));
    for embedder in [short, narrow] {
        let message = failure(embedder.passages("text").unwrap_err());
        assert!(message.contains("expected 3"), "{message}");
        failure(embedder.query("text").unwrap_err());
    }
}

#[test]
fn a_failing_function_is_quoted() {
    let embedder = external(|_| Err("rate limited".to_owned()));
    assert!(failure(embedder.query("text").unwrap_err()).contains("rate limited"));
}

#[test]
fn many_texts_are_one_call_up_to_256() {
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let seen = sizes.clone();
    let embedder = external(move |texts| {
        seen.lock().unwrap().push(texts.len());
        Ok([1.0, 0.0, 0.0].repeat(texts.len()))
    });
    let texts = vec!["text"; 600];
    assert!(embedder.passages_of(&texts).iter().all(Result::is_ok));
    assert_eq!(*sizes.lock().unwrap(), [256, 256, 88]);
}

#[test]
fn the_function_sees_every_character_of_a_long_text() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let embedder = external(move |texts| {
        let characters = texts.iter().map(|text| text.chars().count());
        assert!(characters.clone().all(|count| count <= 2000));
        count.fetch_add(characters.sum(), Ordering::Relaxed);
        Ok([1.0, 0.0, 0.0].repeat(texts.len()))
    });
    embedder.passages(&"é. ".repeat(66_666)).unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 199_998);
}
