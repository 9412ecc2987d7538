//! Do passages and sentences cover every text?

use std::future::ready;
use std::sync::Arc;

use futures_util::FutureExt;
use openmemory_embedding::{EmbedAnswer, Embedder, ExternalEmbedder, ModelIdentity, Passage, TestEmbedder};
use proptest::prelude::*;

fn constant() -> ExternalEmbedder {
    let answer = |texts: Vec<String>, _| Box::pin(ready(Ok([3.0_f32, 4.0].repeat(texts.len())))) as EmbedAnswer;
    ExternalEmbedder::new(ModelIdentity { id: "constant".to_owned(), dimensions: 2 }, Arc::new(answer))
}

fn covers(text: &str, passages: &[Passage]) {
    let mut at = 0;
    for passage in passages {
        assert_eq!(passage.range.start, at);
        assert!(!passage.sentences.is_empty());
        for sentence in &passage.sentences {
            assert_eq!(sentence.range.start, at);
            assert!(text.is_char_boundary(sentence.range.end));
            assert!(sentence.tokens >= 1);
            at = sentence.range.end;
        }
        assert_eq!(passage.range.end, at);
    }
    assert_eq!(at, text.len());
    assert!(!passages.is_empty());
}

fn long_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-z]{1,12}",
        2 => "[ .!?\n\u{c},]{1,3}",
        1 => "\\PC{0,8}",
        1 => any::<char>().prop_map(String::from),
        1 => "[a-z]{1,2500}",
    ];
    prop::collection::vec(part, 0..400).prop_map(|parts| parts.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn passages_cover_any_text(text in long_text()) {
        covers(&text, &TestEmbedder.passages(&text).unwrap());
        let passages = constant().passages(&text).now_or_never().unwrap().unwrap();
        covers(&text, &passages);
        for passage in passages {
            let passage = &text[passage.range];
            prop_assert!(passage.chars().count() <= 2000);
            // Only before and after a text.
            prop_assert!(!passage.trim().contains('\u{c}'), "{passage:?}");
        }
    }

    #[test]
    fn batches_give_the_same_vectors_as_single_texts(texts in prop::collection::vec(long_text(), 0..6)) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let together = TestEmbedder.passages_of(&texts);
        let alone: Vec<_> = texts.iter().map(|text| TestEmbedder.passages(text)).collect();
        prop_assert_eq!(together, alone);
    }
}

#[test]
fn passages_end_where_sentences_end() {
    let text = "Seven words are in this short sentence. ".repeat(100);
    let passages = TestEmbedder.passages(&text).unwrap();
    assert!(passages.len() > 2);
    for passage in passages {
        assert!(text[passage.range.clone()].ends_with("sentence. "));
        assert!(passage.tokens > 200, "{}", passage.tokens);
    }
}

#[test]
fn similar_wording_is_similar_to_the_test_embedder() {
    let vector = |text: &str| TestEmbedder.query(text).unwrap();
    let dot = |a: Vec<f32>, b: Vec<f32>| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let about = vector("She likes cats and dogs");
    assert!(dot(about.clone(), vector("cats, dogs, she likes")) > 0.8);
    let unrelated = dot(about.clone(), vector("Invoice overdue since March"));
    assert!(dot(about, vector("He liked one cat")) > unrelated + 0.08);
}
