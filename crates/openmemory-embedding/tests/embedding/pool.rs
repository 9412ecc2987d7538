//! Is embedding off the caller's thread bounded, fair and robust against panics?

use std::collections::HashSet;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use openmemory_embedding::{
    Embedder, EmbedderSource, EmbeddingError, EmbeddingPool, EmbeddingService, FirstPass, ModelIdentity, Passage,
    Priority, TestEmbedder,
};

/// Waits for a permit per piece, and records the pieces.
struct Gated {
    gate: Mutex<Receiver<()>>,
    order: Mutex<Vec<String>>,
}

fn gated() -> (Sender<()>, Arc<Gated>, Arc<dyn Embedder>) {
    let (open, gate) = channel();
    let gated = Arc::new(Gated { gate: Mutex::new(gate), order: Mutex::default() });
    (open, gated.clone(), gated)
}

impl Embedder for Gated {
    fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        TestEmbedder.identity()
    }
    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError> {
        TestEmbedder.cut(text)
    }
    fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>> {
        self.gate.lock().unwrap().recv().unwrap();
        self.order.lock().unwrap().extend(pieces.iter().map(|piece| (*piece).to_owned()));
        TestEmbedder.embed(pieces)
    }
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        self.order.lock().unwrap().push(text.to_owned());
        TestEmbedder.query(text)
    }
}

fn test() -> Arc<dyn Embedder> {
    Arc::new(TestEmbedder)
}

fn texts(count: usize) -> Vec<Arc<str>> {
    (0..count).map(|number| format!("text number {number}").into()).collect()
}

#[tokio::test]
async fn texts_are_returned_in_order_with_progress() {
    let threads = EmbeddingPool::new(None).unwrap();
    let pool = threads.client();
    let texts = texts(1000);
    let mut heard = Vec::new();
    let results = pool.passages_of(&test(), texts.clone(), |done| heard.push(done)).await;
    assert_eq!(heard, (1..=1000).collect::<Vec<_>>());
    for (text, passages) in texts.iter().zip(results) {
        assert_eq!(passages.unwrap(), TestEmbedder.passages(text).unwrap());
    }
}

#[tokio::test]
async fn a_long_text_gives_the_same_vectors_in_parts() {
    let threads = EmbeddingPool::new(Some(3)).unwrap();
    let pool = threads.client();
    let text = "Every sentence of this text has its place. ".repeat(4000);
    let spread = pool.passages(&test(), text.as_str().into()).await.unwrap();
    assert_eq!(spread, TestEmbedder.passages(&text).unwrap());
    assert_eq!(pool.passages(&test(), "".into()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_query_does_not_wait_for_a_batch() {
    let threads = EmbeddingPool::new(Some(1)).unwrap();
    let pool = threads.client();
    let (open, gated, embedder) = gated();
    let batch = pool.passages_of(&embedder, texts(20), |done| {
        // Releases only the first few texts; the others follow after the query.
        if done == 3 {
            open.send(()).unwrap();
        }
    });
    for _ in 0..3 {
        open.send(()).unwrap();
    }
    let query = async {
        pool.query(&embedder, "query".into()).await.unwrap();
        for _ in 0..20 {
            open.send(()).unwrap();
        }
    };
    let (results, ()) = tokio::join!(batch, query);
    assert!(results.iter().all(Result::is_ok));
    let order = gated.order.lock().unwrap();
    assert!(order.iter().position(|text| text == "query").unwrap() <= 4, "{order:?}");
}

#[tokio::test]
async fn a_batch_uses_all_threads() {
    /// Returns only once two threads are inside.
    struct Together(Barrier);
    impl Embedder for Together {
        fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
            TestEmbedder.identity()
        }
        fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError> {
            TestEmbedder.cut(text)
        }
        fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>> {
            self.0.wait();
            TestEmbedder.embed(pieces)
        }
        fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
            TestEmbedder.query(text)
        }
    }
    let threads = EmbeddingPool::new(Some(2)).unwrap();
    let pool = threads.client();
    let embedder: Arc<dyn Embedder> = Arc::new(Together(Barrier::new(2)));
    let results = pool.passages_of(&embedder, texts(10), |_| {}).await;
    assert!(results.iter().all(Result::is_ok));
    let long = "Every sentence of this text has its place. ".repeat(230);
    assert_eq!(TestEmbedder.cut(&long).unwrap().len() % 2, 0);
    assert!(pool.passages(&embedder, long.as_str().into()).await.is_ok());
}

#[tokio::test]
async fn a_panic_fails_only_its_own_job() {
    let threads = EmbeddingPool::new(Some(1)).unwrap();
    let pool = threads.client();
    let job = || -> Result<(), EmbeddingError> { panic!("as a test expects") };
    let error = pool.run(Priority::Interactive, job).await.unwrap_err();
    assert_eq!(error.code().as_str(), "EMBEDDING_FAILED");
    assert_eq!(pool.run(Priority::Bulk, || Ok(7)).await, Ok(7));
}

#[tokio::test]
async fn jobs_run_on_named_threads() {
    let threads = EmbeddingPool::new(Some(1)).unwrap();
    let pool = threads.client();
    let name = || Ok(thread::current().name().map(str::to_owned));
    let name = pool.run(Priority::Interactive, name).await.unwrap();
    assert_eq!(name.as_deref(), Some("openmemory-embed-0"));
}

#[test]
fn a_job_queued_while_threads_stop_spinning_is_run() {
    let busy = |time: Duration| {
        let began = Instant::now();
        while began.elapsed() < time {}
    };
    let (done, finished) = channel();
    thread::spawn(move || {
        let threads = EmbeddingPool::new(Some(2)).unwrap();
        let pool = threads.client();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for number in 0..3000 {
            let took = Duration::from_micros(number % 60);
            let job = || {
                pool.run(Priority::Interactive, move || {
                    busy(took);
                    Ok(())
                })
            };
            let another = async { if number % 3 == 0 { job().await } else { Ok(()) } };
            assert_eq!(runtime.block_on(async { tokio::join!(job(), another) }), (Ok(()), Ok(())));
            // Around the time after which a thread stops spinning.
            busy(took + Duration::from_nanos(number * 7 % 3000));
        }
        done.send(()).unwrap();
    });
    finished.recv_timeout(Duration::from_secs(60)).unwrap();
}

#[tokio::test]
async fn closing_finishes_queued_jobs_and_rejects_new_ones() {
    let threads = EmbeddingPool::new(Some(1)).unwrap();
    let pool = threads.client();
    let (open, gate) = channel::<()>();
    let first = pool.run(Priority::Interactive, move || {
        gate.recv().unwrap();
        Ok(1)
    });
    let second = pool.run(Priority::Bulk, || Ok(2));
    let close = async {
        threads.close();
        open.send(()).unwrap();
    };
    let (first, second, ()) = tokio::join!(biased; first, second, close);
    assert_eq!((first, second), (Ok(1), Ok(2)));
    let refused = pool.run(Priority::Interactive, || Ok(3)).await;
    assert_eq!(refused.unwrap_err().code().as_str(), "CLOSED");
    let refused = pool.passages_of(&test(), texts(2), |_| {}).await;
    assert!(refused.iter().all(|result| result == &Err(EmbeddingError::Closed)));
}

#[tokio::test]
async fn threads_exit_with_the_pool() {
    let threads = EmbeddingPool::new(Some(2)).unwrap();
    let pool = threads.client();
    let (alive, ended) = tokio::sync::oneshot::channel::<()>();
    let lives = Mutex::new(Some(alive));
    // Thread-local values are dropped when the thread exits.
    thread_local!(static LIVES: std::cell::RefCell<Option<tokio::sync::oneshot::Sender<()>>> =
        const { std::cell::RefCell::new(None) });
    pool.run(Priority::Interactive, move || {
        LIVES.set(lives.lock().unwrap().take());
        Ok(())
    })
    .await
    .unwrap();
    drop(threads);
    assert!(ended.await.is_err());
}

#[tokio::test]
async fn a_busy_client_delays_another_by_one_job() {
    let threads = EmbeddingPool::new(Some(1)).unwrap();
    let (busy, other) = (threads.client(), threads.client());
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let order = Arc::clone(&order);
        move || {
            order.lock().unwrap().push(name);
            Ok(())
        }
    };
    let (open, gate) = channel::<()>();
    // Everything is queued while the only thread is blocked here.
    let first = busy.run(Priority::Bulk, move || {
        gate.recv().unwrap();
        Ok(())
    });
    let many = join_all((0..20).map(|_| busy.run(Priority::Bulk, note("busy"))));
    let one = other.run(Priority::Bulk, note("other"));
    let begin = async { open.send(()).unwrap() };
    let (first, many, one, ()) = tokio::join!(biased; first, many, one, begin);
    assert!(first.is_ok() && one.is_ok() && many.iter().all(Result::is_ok));
    let place = order.lock().unwrap().iter().position(|name| *name == "other").unwrap();
    assert!(place <= 1, "{place}");
}

/// Splits queries into words, and waits for a permit for each part.
struct WordByWord {
    gate: Mutex<Receiver<()>>,
    order: Mutex<Vec<String>>,
}

impl Embedder for WordByWord {
    fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        TestEmbedder.identity()
    }
    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError> {
        TestEmbedder.cut(text)
    }
    fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>> {
        TestEmbedder.embed(pieces)
    }
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        self.gate.lock().unwrap().recv().unwrap();
        self.order.lock().unwrap().push(text.to_owned());
        TestEmbedder.query(text)
    }
    fn begin_query(&self, text: &str) -> Result<FirstPass<Vec<f32>>, EmbeddingError> {
        match text.contains(' ') {
            true => Ok(FirstPass::Cut(
                text.split(' ')
                    .map(|word| word.as_ptr() as usize - text.as_ptr() as usize)
                    .map(|at| at..at + 2)
                    .collect(),
            )),
            false => self.query(text).map(FirstPass::Whole),
        }
    }
}

#[tokio::test]
async fn a_query_of_another_store_comes_between_the_parts_of_a_long_one() {
    let threads = EmbeddingPool::new(Some(1)).unwrap();
    let (hostile, other) = (threads.client(), threads.client());
    let (open, gate) = channel();
    let slow = Arc::new(WordByWord { gate: Mutex::new(gate), order: Mutex::default() });
    let embedder: Arc<dyn Embedder> = slow.clone();
    let long = (0..4).map(|_| hostile.query(&embedder, "p1 p2 p3 p4".into()));
    let begin = async { (0..17).for_each(|_| open.send(()).unwrap()) };
    let (long, short, ()) = tokio::join!(biased; join_all(long), other.query(&embedder, "short".into()), begin);
    let order = slow.order.lock().unwrap();
    assert!(order.iter().position(|part| part == "short").unwrap() <= 2, "{order:?}");
    // All parts count, and alike.
    let parts = ["p1", "p2", "p3", "p4"].map(|part| TestEmbedder.query(part).unwrap());
    let sum: Vec<f32> = (0..parts[0].len()).map(|at| parts.iter().map(|part| part[at]).sum()).collect();
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    for vector in long {
        let off = vector.unwrap().iter().zip(&sum).map(|(a, b)| (a - b / length).abs()).fold(0.0, f32::max);
        assert!(off < 1e-6, "{off}");
    }
    assert!(short.is_ok());
}

/// Records the threads that embed.
#[derive(Default)]
struct Threads(Mutex<HashSet<thread::ThreadId>>);

impl Embedder for Threads {
    fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        TestEmbedder.identity()
    }
    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError> {
        TestEmbedder.cut(text)
    }
    fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>> {
        TestEmbedder.embed(pieces)
    }
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        self.0.lock().unwrap().insert(thread::current().id());
        TestEmbedder.query(text)
    }
}

#[tokio::test]
async fn stores_that_share_a_model_share_its_threads() {
    let threads = Arc::new(Threads::default());
    let source = EmbedderSource::from(Arc::clone(&threads));
    let services: Vec<_> = (0..32).map(|_| EmbeddingService::start(source.clone()).unwrap()).collect();
    for service in &services {
        service.query("who computes this").await.unwrap();
    }
    let processors = thread::available_parallelism().unwrap().get();
    assert!(threads.0.lock().unwrap().len() <= processors);
}
