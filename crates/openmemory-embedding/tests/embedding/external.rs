//! Are the results of a caller's function validated, and its calls limited?

use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use openmemory_embedding::{EmbedAnswer, EmbedFailure, EmbeddingError, ExternalEmbedder, ModelIdentity};
use tokio::sync::Semaphore;

fn external(call: impl Fn(Vec<String>) -> Result<Vec<f32>, String> + Send + Sync + 'static) -> ExternalEmbedder {
    answering(move |texts| call(texts).map_err(EmbedFailure::Failed))
}

fn answering(call: impl Fn(Vec<String>) -> Result<Vec<f32>, EmbedFailure> + Send + Sync + 'static) -> ExternalEmbedder {
    let answer = move |texts, _| Box::pin(ready(call(texts))) as EmbedAnswer;
    ExternalEmbedder::new(ModelIdentity { id: "mine".to_owned(), dimensions: 3 }, Arc::new(answer))
}

fn failure(error: EmbeddingError) -> String {
    assert_eq!(error.code().as_str(), "EMBEDDING_FAILED");
    error.to_string()
}

#[tokio::test]
async fn vectors_are_normalised() {
    let embedder = external(|texts| Ok([0.0, 30.0, 40.0].repeat(texts.len())));
    assert_eq!(embedder.query("text").await.unwrap(), [0.0, 0.6, 0.8]);
    let passages = embedder.passages("One. Two.").await.unwrap();
    assert_eq!(passages[0].sentences.len(), 1);
    assert_eq!(passages[0].sentences[0].vector, [0.0, 0.6, 0.8]);
}

#[tokio::test]
async fn a_zero_vector_is_accepted() {
    let embedder = external(|texts| Ok([0.0; 3].repeat(texts.len())));
    assert_eq!(embedder.query("text").await.unwrap(), [0.0; 3]);
    assert_eq!(embedder.passages("text").await.unwrap()[0].vector, [0.0; 3]);
}

#[tokio::test]
async fn an_invalid_vector_fails_only_its_own_text() {
    for bad in [[f32::NAN, 0.0, 0.0], [0.0, f32::INFINITY, 0.0]] {
        let embedder = external(move |texts| {
            let vector = |text: &String| if text == "bad" { bad } else { [1.0, 0.0, 0.0] };
            Ok(texts.iter().flat_map(vector).collect())
        });
        let results = embedder.passages_of(&["good", "bad", "good"], |_| {}).await;
        assert!(results[0].is_ok() && results[2].is_ok());
        failure(results[1].clone().unwrap_err());
    }
}

#[tokio::test]
async fn a_wrong_count_or_dimension_fails() {
    let short = external(|texts| Ok([1.0, 0.0, 0.0].repeat(texts.len() - 1)));
    let narrow = external(|texts| Ok([1.0, 0.0].repeat(texts.len())));
    for embedder in [short, narrow] {
        let message = failure(embedder.passages("text").await.unwrap_err());
        assert!(message.contains("expected 3"), "{message}");
        failure(embedder.query("text").await.unwrap_err());
    }
}

#[tokio::test]
async fn the_error_quotes_the_function() {
    let embedder = external(|_| Err("rate limited".to_owned()));
    assert!(failure(embedder.query("text").await.unwrap_err()).contains("rate limited"));
}

#[tokio::test]
async fn up_to_256_texts_share_a_call() {
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let seen = sizes.clone();
    let embedder = external(move |texts| {
        seen.lock().unwrap().push(texts.len());
        Ok([1.0, 0.0, 0.0].repeat(texts.len()))
    });
    let (texts, mut heard) = (vec!["text"; 600], Vec::new());
    let results = embedder.passages_of(&texts, |done| heard.push(done)).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(heard, (1..=600).collect::<Vec<_>>());
    assert_eq!(*sizes.lock().unwrap(), [256, 256, 88]);
}

#[tokio::test]
async fn the_function_sees_every_character_of_a_long_text() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let embedder = external(move |texts| {
        let characters = texts.iter().map(|text| text.chars().count());
        assert!(characters.clone().all(|count| count <= 2000));
        count.fetch_add(characters.sum(), Ordering::Relaxed);
        Ok([1.0, 0.0, 0.0].repeat(texts.len()))
    });
    embedder.passages(&"é. ".repeat(66_666)).await.unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 199_998);
}

#[tokio::test]
async fn of_a_long_text_that_was_edited_the_function_sees_what_has_changed() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = seen.clone();
    let embedder = external(move |texts| {
        log.lock().unwrap().extend(texts.clone());
        Ok(texts.iter().flat_map(|text| [text.len() as f32, text.matches("dog").count() as f32, 1.0]).collect())
    });
    let lines: Vec<String> = (0..1000).map(|number| format!("The cat number {number} sat there. ")).collect();
    let long = lines.concat();
    let passages = embedder.passages(&long).await.unwrap();
    assert_eq!(seen.lock().unwrap().drain(..).collect::<String>(), long);

    let longer = format!("{long}The last one left.");
    let again = embedder.passages(&longer).await.unwrap();
    let kept = passages.len() - 2;
    assert_eq!(again[..kept], passages[..kept]);
    assert_eq!(seen.lock().unwrap().drain(..).collect::<String>(), longer[passages[kept].range.start..]);

    let edited = long.replacen("number 500", "dog no 500", 1);
    let one_changed = embedder.passages(&edited).await.unwrap();
    let sent: Vec<String> = seen.lock().unwrap().drain(..).collect();
    assert!(sent.len() == 1 && sent[0].contains("dog no 500"), "{sent:?}");
    let alone = external(|texts| {
        Ok(texts.iter().flat_map(|text| [text.len() as f32, text.matches("dog").count() as f32, 1.0]).collect())
    });
    assert_eq!(one_changed, alone.passages(&edited).await.unwrap());
}

#[tokio::test]
async fn a_passage_that_failed_is_sent_again_and_a_query_is_never_remembered() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let embedder = external(move |texts| {
        let first = count.fetch_add(texts.len(), Ordering::Relaxed) == 0;
        Ok(if first { [f32::NAN, 0.0, 0.0] } else { [1.0, 0.0, 0.0] }.repeat(texts.len()))
    });
    let long = "The cat sat there. ".repeat(300);
    failure(embedder.passages(&long).await.unwrap_err());
    let passages = embedder.passages(&long).await.unwrap().len();
    assert_eq!(calls.load(Ordering::Relaxed), 2 * passages);
    embedder.query(&long).await.unwrap();
    embedder.query(&long).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 4 * passages);
}

#[tokio::test]
async fn known_passages_take_no_place_in_a_call() {
    let calls: Arc<Mutex<Vec<usize>>> = Arc::default();
    let log = calls.clone();
    let embedder = external(move |texts| {
        log.lock().unwrap().push(texts.len());
        Ok([1.0, 0.0, 0.0].repeat(texts.len()))
    });
    let long = (0..1000).map(|number| format!("The cat number {number} sat there. ")).collect::<String>();
    let passages = embedder.passages(&long).await.unwrap().len();
    calls.lock().unwrap().clear();
    let short: Vec<String> = (0..256).map(|number| format!("Note {number}")).collect();
    let texts: Vec<&str> =
        [&long[..]].into_iter().chain(short.iter().map(|text| &text[..])).chain([&long[..]]).collect();
    let found = embedder.passages_of(&texts, |_| {}).await;
    assert_eq!(*calls.lock().unwrap(), [256]);
    let lengths: Vec<usize> = found.iter().map(|text| text.as_ref().unwrap().len()).collect();
    assert_eq!((lengths[0], lengths[1], lengths[257]), (passages, 1, passages));
}

/// Answers one call per permit of the gate, and counts concurrent calls.
struct Gated {
    gate: Semaphore,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

fn gated() -> (Arc<Gated>, ExternalEmbedder) {
    let gated = Arc::new(Gated { gate: Semaphore::new(0), under_way: AtomicUsize::new(0), most: AtomicUsize::new(0) });
    let calls = Arc::clone(&gated);
    let call = move |texts: Vec<String>, _| {
        let calls = Arc::clone(&calls);
        Box::pin(async move {
            let now = calls.under_way.fetch_add(1, Ordering::Relaxed) + 1;
            calls.most.fetch_max(now, Ordering::Relaxed);
            calls.gate.acquire().await.map_err(|_| EmbedFailure::CallerExited)?.forget();
            calls.under_way.fetch_sub(1, Ordering::Relaxed);
            Ok([1.0_f32, 0.0, 0.0].repeat(texts.len()))
        }) as EmbedAnswer
    };
    let identity = ModelIdentity { id: "gated".to_owned(), dimensions: 3 };
    (gated, ExternalEmbedder::new(identity, Arc::new(call)))
}

#[tokio::test]
async fn at_most_16_calls_are_concurrent() {
    let (gated, embedder) = gated();
    let queries = futures_util::future::join_all((0..40).map(|_| embedder.query("text")));
    let open = async {
        tokio::task::yield_now().await;
        assert_eq!(gated.under_way.load(Ordering::Relaxed), 16);
        gated.gate.add_permits(40);
    };
    let (found, ()) = tokio::join!(queries, open);
    assert!(found.iter().all(Result::is_ok));
    assert_eq!(gated.most.load(Ordering::Relaxed), 16);
}

#[tokio::test]
async fn a_query_does_not_wait_for_a_batch() {
    let (gated, embedder) = gated();
    let texts = vec!["text"; 256 * 20];
    let batch = embedder.passages_of(&texts, |_| {});
    let query = async {
        tokio::task::yield_now().await;
        let before = gated.under_way.load(Ordering::Relaxed);
        let (found, ()) = tokio::join!(embedder.query("query"), async {
            tokio::task::yield_now().await;
            assert_eq!(gated.under_way.load(Ordering::Relaxed), before + 1);
            gated.gate.add_permits(21);
        });
        assert!(before < 16 && found.is_ok());
    };
    let (results, ()) = tokio::join!(batch, query);
    assert!(results.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_dropped_call_releases_its_permit() {
    let (gated, embedder) = gated();
    for _ in 0..3 {
        let queries = futures_util::future::join_all((0..16).map(|_| embedder.query("text")));
        assert!(tokio::select! { biased; _ = queries => false, () = tokio::task::yield_now() => true });
    }
    gated.gate.add_permits(1);
    assert!(embedder.query("text").await.is_ok());
}

#[tokio::test]
async fn a_fallback_is_used_when_the_function_has_exited() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let embedder = answering(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Err(EmbedFailure::CallerExited)
    });
    let other = |vector: [f32; 3]| Arc::new(external(move |texts| Ok(vector.repeat(texts.len()))));
    let (closed, second, third) = (other([1.0, 0.0, 0.0]), other([0.0, 1.0, 0.0]), other([0.0, 0.0, 1.0]));
    for other in [&closed, &second, &third] {
        embedder.join(other);
    }
    drop(closed);
    assert_eq!(embedder.query("text").await.unwrap(), [0.0, 1.0, 0.0]);
    drop(second);
    assert_eq!(embedder.query("text").await.unwrap(), [0.0, 0.0, 1.0]);
    drop(third);
    let message = failure(embedder.query("text").await.unwrap_err());
    assert!(message.contains("open it again"), "{message}");
    assert_eq!(calls.load(Ordering::Relaxed), 1, "a function that has exited is not called again");
}

#[tokio::test]
async fn a_failing_function_has_no_fallback() {
    let embedder = external(|_| Err("rate limited".to_owned()));
    let other = Arc::new(external(|texts| Ok([1.0, 0.0, 0.0].repeat(texts.len()))));
    embedder.join(&other);
    assert!(failure(embedder.query("text").await.unwrap_err()).contains("rate limited"));
}
