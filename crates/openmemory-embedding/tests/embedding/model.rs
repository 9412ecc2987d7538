//! Does the shipped model agree with the published one, and embed all of any text?

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use half::f16;
use openmemory_embedding::{Embedder, ModelEmbedder, ModelOptions, Passage};

static MODEL: LazyLock<ModelEmbedder> = LazyLock::new(|| ModelEmbedder::new(ModelOptions::shipped(&folder())));

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../model")
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn assert_whole(text: &str, passages: &[Passage]) {
    let mut at = 0;
    for passage in passages {
        assert_eq!(passage.range.start, at);
        for sentence in &passage.sentences {
            assert_eq!(sentence.range.start, at);
            at = sentence.range.end;
            assert!(sentence.tokens >= 1);
            assert_unit(&sentence.vector);
        }
        assert_eq!(passage.range.end, at);
        assert!((1..=256).contains(&passage.tokens));
        assert_unit(&passage.vector);
    }
    assert_eq!(at, text.len());
    assert!(!passages.is_empty());
}

fn assert_unit(vector: &[f32]) {
    assert_eq!(vector.len(), 384);
    let length: f64 = vector.iter().map(|value| f64::from(*value).powi(2)).sum();
    assert!((length - 1.0).abs() < 1e-5, "{length}");
}

#[test]
fn vectors_keep_the_direction_of_the_published_weights() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let texts = fs::read_to_string(folder.join("texts.txt")).unwrap();
    let reference: Vec<f32> = fs::read(folder.join("vectors.f16"))
        .unwrap()
        .chunks_exact(2)
        .map(|pair| f16::from_le_bytes([pair[0], pair[1]]).to_f32())
        .collect();
    let texts: Vec<&str> = texts.lines().collect();
    assert_eq!((texts.len(), reference.len()), (200, 200 * 384));

    let mut cosines: Vec<f64> = Vec::new();
    for (text, reference) in texts.iter().zip(reference.chunks_exact(384)) {
        let passages = MODEL.passages(text).unwrap();
        assert_eq!(passages.len(), 1, "{text}");
        cosines.push(cosine(&passages[0].vector, reference));
        assert!(cosines[cosines.len() - 1] >= 0.999, "{cosines:?} {text}");
    }
    let mean = cosines.iter().sum::<f64>() / 200.0;
    let least = cosines.iter().copied().fold(1.0, f64::min);
    assert!(mean >= 0.9995, "mean {mean}");
    eprintln!("cosine against f32: least {least:.6}, mean {mean:.6}");
}

#[test]
fn paraphrases_are_nearest() {
    let query = MODEL.query("Which animals live with the user?").unwrap();
    let score = |text: &str| cosine(&query, &MODEL.passages(text).unwrap()[0].vector);
    let right = score("She has two cats and a parrot at home.");
    assert!(right > score("The invoice is due on the first of March.") + 0.2);
}

#[test]
fn vectors_are_deterministic() {
    let text = "We met in Porto. It rained all day, and nobody had brought an umbrella!";
    let first = MODEL.passages(text).unwrap();
    assert_eq!(first, MODEL.passages(text).unwrap());
    let again = ModelEmbedder::new(ModelOptions::shipped(&folder()));
    assert_eq!(first, again.passages_of(&["something else", text])[1].clone().unwrap());
}

#[test]
fn a_query_and_a_passage_of_one_text_have_the_same_vector() {
    let text = "User prefers dark mode.";
    let passage = &MODEL.passages(text).unwrap()[0];
    assert_eq!(MODEL.query(text).unwrap(), passage.vector);
    assert_eq!(passage.sentences.len(), 1);
    assert_eq!(passage.sentences[0].vector, passage.vector);
}

#[test]
fn sentences_have_their_own_vectors() {
    let text = "I cried when my dog died last winter. To reset the router, hold the button for ten seconds.";
    let passages = MODEL.passages(text).unwrap();
    let [dog, router] = &passages[0].sentences[..] else { panic!("{passages:?}") };
    assert_eq!(&text[router.range.clone()], "To reset the router, hold the button for ten seconds.");
    let grief = MODEL.query("sad about losing a pet").unwrap();
    let reset = MODEL.query("how to restart network hardware").unwrap();
    assert!(cosine(&grief, &dog.vector) > cosine(&grief, &router.vector) + 0.1);
    assert!(cosine(&reset, &router.vector) > cosine(&reset, &dog.vector) + 0.1);
}

#[test]
fn unusual_texts_are_embedded_completely() {
    let odd = [
        String::new(),
        " ".to_owned(),
        " \t\r\n\u{2028}\u{a0} ".repeat(100),
        "\0".to_owned(),
        "a\0b".to_owned(),
        "[CLS] [SEP] [PAD] [MASK]".to_owned(),
        "🎉👩‍👩‍👧‍👦🏳️‍🌈".repeat(50),
        "我的生日是五月三日。".repeat(60),
        "أعيش في الدار البيضاء منذ عشر سنوات".to_owned(),
        "Z̸̢̛a̷̡l̶̨g̵̢o̴̧ ".repeat(80),
        "\u{feff}\u{200b}\u{202e}abc".to_owned(),
        "x".repeat(100_000),
        ".\n".repeat(2_000),
        "é".repeat(300) + "\u{301}",
        "word ".repeat(1_200),
    ];
    for text in &odd {
        assert_whole(text, &MODEL.passages(text).unwrap());
        assert_unit(&MODEL.query(text).unwrap());
    }
}

#[test]
fn special_tokens_in_a_text_are_ordinary_text() {
    let spelled = MODEL.query("[SEP]").unwrap();
    assert!(cosine(&spelled, &MODEL.query("").unwrap()) < 0.99);
}

#[test]
fn the_longest_text_is_cut_into_passages_that_cover_it() {
    let mut text = String::new();
    while text.chars().count() < 200_000 {
        text.push_str("Le café était fermé, so we walked on along the river. ");
    }
    let text: String = text.chars().take(200_000).collect();
    let ranges = MODEL.cut(&text).unwrap();
    assert!(ranges.len() > 150, "{}", ranges.len());
    assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (0, text.len()));
    assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
    // Every cut is at a sentence boundary, and every piece fits the model.
    assert!(ranges.iter().all(|range| text[range.clone()].starts_with("Le café")));
    for range in [&ranges[0], &ranges[ranges.len() - 1]] {
        let piece = &text[range.clone()];
        assert_whole(piece, &[MODEL.embed(&[piece]).remove(0).unwrap()]);
    }
}

#[test]
fn a_text_that_grows_keeps_all_passages_but_the_last_two() {
    let mut text = String::new();
    let mut before: Vec<String> = Vec::new();
    for line in 0..150 {
        text += &format!("Line {line} says something about the committee and its budget.\n");
        let cut = MODEL.cut(&text).unwrap();
        let now: Vec<String> = cut.into_iter().map(|range| text[range].to_owned()).collect();
        let kept = before.len().saturating_sub(2);
        assert_eq!(now[..kept], before[..kept], "line {line}");
        before = now;
    }
    assert!(before.len() > 6);
}

#[test]
fn the_end_of_a_long_text_affects_its_vectors() {
    let filler = "The committee discussed the budget at length. ".repeat(80);
    let text = format!("{filler}Her favourite fruit is the mango.");
    let query = MODEL.query("What fruit does she like?").unwrap();
    let best = |text: &str| {
        let passages = MODEL.passages(text).unwrap();
        let sentences = passages.iter().flat_map(|passage| &passage.sentences);
        sentences.map(|sentence| cosine(&query, &sentence.vector)).fold(-1.0, f64::max)
    };
    assert!(best(&text) > best(&filler) + 0.2);
}

#[test]
fn all_parts_of_a_long_query_affect_its_vector() {
    let filler = "The committee discussed the budget at length. ".repeat(80);
    let mixed = MODEL.query(&format!("{filler}{}", "I love ripe mangos. ".repeat(80))).unwrap();
    let fruit = MODEL.query("I love ripe mangos.").unwrap();
    assert!(cosine(&mixed, &fruit) > cosine(&MODEL.query(&filler).unwrap(), &fruit) + 0.2);
}

#[test]
fn a_piece_longer_than_the_window_is_rejected() {
    let long = "word ".repeat(300);
    let error = MODEL.embed(&[&long]).remove(0).unwrap_err();
    assert_eq!(error.code().as_str(), "EMBEDDING_FAILED");
}
