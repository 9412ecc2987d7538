//! How are pieces of words, prefixes and rows of 4 bits used? With a small stand-in for the multilingual model.

use std::path::Path;

use openmemory_embedding::{Embedder, ModelEmbedder, ModelOptions};
use tokenizers::Tokenizer;

const TEXTS: [&str; 7] = [
    "grüße",
    "我的生日是五月三日。",
    "passage: query: x",
    "  العربية   हिन्दी  ไทย ",
    "Straße ﬁne ＡＢＣ 한국",
    "</s><unk>",
    "",
];

fn options() -> ModelOptions {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small_models");
    let file = |end: &str| folder.join(format!("small_multilingual.{end}"));
    ModelOptions {
        query_prefix: "query: ".to_owned(),
        passage_prefix: "passage: ".to_owned(),
        window: 60,
        ..ModelOptions::new(file("onnx"), file("json"))
    }
}

#[test]
fn texts_have_the_tokens_of_the_library() {
    let mut library = Tokenizer::from_file(options().tokenizer).unwrap();
    library.set_encode_special_tokens(true);
    let model = ModelEmbedder::new(options());
    for text in TEXTS {
        let encoding = library.encode(format!("passage: {text}"), true).unwrap();
        let own = encoding.get_offsets().iter().zip(encoding.get_special_tokens_mask());
        let own = own.filter(|((start, _), special)| **special == 0 && *start >= "passage: ".len()).count();
        let passages = model.passages(text).unwrap();
        assert_eq!(passages.iter().map(|passage| passage.tokens).sum::<usize>(), own.max(1), "{text}");
    }
}

#[test]
fn a_query_differs_from_a_passage_by_its_prefix() {
    let model = ModelEmbedder::new(options());
    let query = model.query("生日").unwrap();
    assert_ne!(query, model.passages("生日").unwrap()[0].vector);
    let plain = ModelEmbedder::new(ModelOptions { query_prefix: String::new(), ..options() });
    assert_eq!(query, plain.query("query: 生日").unwrap());
}

#[test]
fn long_texts_are_cut_so_that_each_part_fits_with_its_prefix() {
    let text = "我的生日是五月三日。".repeat(40);
    let passages = ModelEmbedder::new(options()).passages(&text).unwrap();
    assert!(passages.len() >= 6, "{}", passages.len());
    assert!(passages.windows(2).all(|two| two[0].range.end == two[1].range.start));
    assert_eq!(passages[passages.len() - 1].range.end, text.len());
}

#[test]
fn the_multilingual_identity_is_known_without_its_files() {
    let identity = ModelEmbedder::new(ModelOptions::multilingual(Path::new("nowhere"))).identity().unwrap();
    assert!(identity.id.starts_with("multilingual-e5-small@"), "{}", identity.id);
    assert_eq!(identity.dimensions, 384);
}

#[test]
fn how_much_a_query_is_like_its_own_text_is_measured_where_prefixes_differ() {
    let model = ModelEmbedder::new(options());
    let text = "I am afraid of flying.";
    let (query, passage) = (model.query(text).unwrap(), model.passages(text).unwrap().remove(0).vector);
    let cosine: f32 = query.iter().zip(&passage).map(|(query, passage)| query * passage).sum();
    assert!((model.echo() - cosine).abs() < 0.2 && model.echo() < 1.0, "{} for {cosine}", model.echo());
    let same = ModelOptions { query_prefix: "passage: ".to_owned(), ..options() };
    assert_eq!(ModelEmbedder::new(same).echo(), 1.0);
    let multilingual = ModelEmbedder::new(ModelOptions::multilingual(Path::new("nowhere")));
    assert_eq!((multilingual.echo(), multilingual.contrast()), (0.95, 1.15));
    assert_eq!(model.contrast(), 1.0);
}
