//! Which model files are accepted, and what do errors say about others?

use std::fs;
use std::path::{Path, PathBuf};

use openmemory_embedding::{Embedder, EmbeddingError, ModelEmbedder, ModelIdentity, ModelOptions, Pooling};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../model")
}

fn small(name: &str) -> ModelOptions {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small_models");
    ModelOptions::new(folder.join(format!("{name}.onnx")), shipped().join("tokenizer.json"))
}

/// The error of loading, which names the faulty file.
fn refusal(options: ModelOptions, at_fault: &Path) -> String {
    let error = ModelEmbedder::new(options).load().unwrap_err();
    assert_eq!(error.code().as_str(), "MODEL_UNAVAILABLE");
    let EmbeddingError::ModelUnavailable { file, message } = error else { panic!("{error}") };
    assert_eq!(file, at_fault);
    assert!(message.chars().count() <= 301, "{message}");
    message
}

#[test]
fn the_shipped_identity_is_known_without_its_files() {
    let embedder = ModelEmbedder::new(ModelOptions::shipped(Path::new("nowhere")));
    let ModelIdentity { id, dimensions } = embedder.identity().unwrap();
    assert!(id.starts_with("all-MiniLM-L6-v2@"), "{id}");
    assert_eq!(dimensions, 384);
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let options = ModelOptions::shipped(folder.path());
    let model = options.model.clone();
    refusal(options, &model);

    let options = ModelOptions { tokenizer: folder.path().join("none.json"), ..small("pooled") };
    let tokenizer = options.tokenizer.clone();
    refusal(options, &tokenizer);
}

#[test]
fn a_failed_load_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.onnx");
    let embedder = ModelEmbedder::new(ModelOptions { model: model.clone(), ..small("pooled") });
    assert_eq!(embedder.query("text").unwrap_err().code().as_str(), "MODEL_UNAVAILABLE");
    fs::copy(small("pooled").model, &model).unwrap();
    assert_eq!(embedder.query("text").unwrap().len(), 8);
}

#[test]
fn damaged_files_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(ModelOptions::shipped(&shipped()).model).unwrap();
    let damaged = [&whole[..whole.len() / 2], &whole[..1000], b"", b"<html>not found</html>"];
    for (number, bytes) in damaged.iter().enumerate() {
        let model = folder.path().join(format!("{number}.onnx"));
        fs::write(&model, bytes).unwrap();
        let shipped = ModelOptions::shipped(&shipped());
        let checked = refusal(ModelOptions { model: model.clone(), ..shipped.clone() }, &model);
        assert!(checked.contains("sha256"), "{checked}");
        refusal(ModelOptions { model: model.clone(), model_sha256: None, ..shipped }, &model);

        let tokenizer = folder.path().join(format!("{number}.json"));
        fs::write(&tokenizer, bytes).unwrap();
        refusal(ModelOptions { tokenizer: tokenizer.clone(), ..small("pooled") }, &tokenizer);
    }
}

#[test]
fn incompatible_models_are_rejected() {
    for name in ["no_vectors", "small_vocabulary", "other_input"] {
        let options = small(name);
        let model = options.model.clone();
        refusal(options, &model);
    }
}

#[test]
fn the_id_depends_on_all_that_changes_vectors() {
    let id = |options| ModelEmbedder::new(options).identity().unwrap().id;
    let plain = id(small("token_states"));
    assert_eq!(plain, id(small("token_states")));
    let others = [
        small("pooled"),
        ModelOptions { pooling: Pooling::Cls, ..small("token_states") },
        ModelOptions { query_prefix: "query: ".to_owned(), ..small("token_states") },
        ModelOptions { passage_prefix: "query: ".to_owned(), ..small("token_states") },
        ModelOptions { id: Some("mine".to_owned()), ..small("token_states") },
    ];
    let mut ids: Vec<String> = others.into_iter().map(id).collect();
    assert_eq!(ids[4], "mine");
    ids.push(plain);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[test]
fn pooling_is_done_unless_the_model_does_it() {
    let text = "One sentence here. And another one there.";
    let states = ModelEmbedder::new(small("token_states"));
    let pooled = ModelEmbedder::new(small("pooled"));
    assert_eq!(states.identity().unwrap().dimensions, 8);
    let (a, b) = (states.query(text).unwrap(), pooled.query(text).unwrap());
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6), "{a:?} {b:?}");
    assert_eq!(states.passages(text).unwrap()[0].sentences.len(), 2);
    assert_eq!(pooled.passages(text).unwrap()[0].sentences.len(), 1);
}

#[test]
fn cls_pooling_reads_the_first_token_only() {
    let cls = ModelEmbedder::new(ModelOptions { pooling: Pooling::Cls, ..small("token_states") });
    assert_eq!(cls.query("apples").unwrap(), cls.query("oranges").unwrap());
    let mean = ModelEmbedder::new(small("token_states"));
    assert_ne!(mean.query("apples").unwrap(), mean.query("oranges").unwrap());
}

#[test]
fn prefixes_are_embedded_but_not_part_of_ranges() {
    let prefixed = ModelEmbedder::new(ModelOptions {
        query_prefix: "search for ".to_owned(),
        passage_prefix: "passage é: ".to_owned(),
        window: 32,
        ..small("token_states")
    });
    let plain = ModelEmbedder::new(small("token_states"));
    assert_eq!(prefixed.query("apples").unwrap(), plain.query("search for apples").unwrap());

    let text = "Une pomme très mûre. Two pears are green. ".repeat(20);
    let passages = prefixed.passages(&text).unwrap();
    assert!(passages.len() > 5);
    let mut at = 0;
    for passage in &passages {
        let read = plain.passages(&format!("passage é: {}", &text[passage.range.clone()])).unwrap();
        assert_eq!(passage.vector, read[0].vector);
        for sentence in &passage.sentences {
            assert_eq!(sentence.range.start, at);
            at = sentence.range.end;
        }
    }
    assert_eq!(at, text.len());
}

#[test]
fn a_prefix_that_fills_the_window_is_an_error() {
    let options = ModelOptions { query_prefix: "very ".repeat(40), window: 32, ..small("pooled") };
    let error = ModelEmbedder::new(options).query("text").unwrap_err();
    assert_eq!(error.code().as_str(), "EMBEDDING_FAILED");
}
