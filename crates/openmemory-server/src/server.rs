//! How does a server begin, and how does it end without losing an answer? It stops accepting, answers what it has, syncs,
//! and lets go of the stores.

use openmemory_domain::ErrorCode;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Once};
use std::time::Duration;

use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use openmemory_rules::Error;
use openmemory_rules::contract::{DEFAULT_TENANT, Stores};
use thiserror::Error as ThisError;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::sync::watch;
use tokio::task::spawn;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::app_state::AppState;
use crate::config::Config;
use crate::connections::{Connections, Seat};
use crate::http::{ConcurrencyLimit, IdempotencyStore, Metrics, RateLimits, normal_path};
use crate::keys::{Keyring, KeysError};
use crate::readers::Readers;
use crate::router::router;

/// Bytes of an answer that the system takes before the client has them. The system tells only when a third of them has
/// gone that a client takes any, and it takes that much memory for each that takes none.
const SEND_BUFFER: u32 = 256 << 10;
/// Bytes of a connection that wait to be read or written, beside an answer that is there as a whole.
const BUFFER: usize = 128 << 10;
/// Connections that wait to be accepted, as far as the system allows. Of more than that it drops some, and their clients
/// try again after seconds.
const BACKLOG: u32 = 4096;

#[derive(Debug, ThisError)]
pub enum StartError {
    #[error("host: without keys only this machine may be listened to (127.0.0.1, ::1, localhost); give keys")]
    Exposed,
    #[error("host: {0} is no address of this machine")]
    Host(String),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error("port: {0} cannot be listened on: {1}")]
    Port(u16, io::Error),
    #[error(transparent)]
    Engine(#[from] Error),
}

impl StartError {
    /// The public code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Exposed | Self::Host(_) => ErrorCode::InvalidArgument,
            Self::Keys(error) => error.code(),
            Self::Port(..) => ErrorCode::Unavailable,
            Self::Engine(error) => error.code(),
        }
    }

    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Exposed | Self::Host(_) => Some("host"),
            Self::Keys(error) => error.field(),
            Self::Port(..) => Some("port"),
            Self::Engine(_) => None,
        }
    }
}

/// A server that listens.
pub struct ServerHandle {
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<Option<Result<(), Error>>>,
}

impl ServerHandle {
    /// Begins to listen; must be called in a tokio runtime with timers and I/O.
    pub async fn start(config: Config, stores: Arc<dyn Stores>) -> Result<Self, StartError> {
        let Config { directory, host, port, keys, metrics_key, key_file, backup_dir, limits, log } = config;
        let keys = Keyring::new(&keys, metrics_key.as_deref(), key_file)?;
        let found = lookup_host((host.as_str(), port)).await.map(Iterator::collect::<Vec<SocketAddr>>);
        let addresses = found.map_err(|_| StartError::Host(host))?;
        let loopback = addresses.iter().all(|address| address.ip().is_loopback());
        if !loopback && !keys.required() {
            return Err(StartError::Exposed);
        }
        let listener = listen(&addresses).map_err(|error| StartError::Port(port, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Port(port, error))?;
        if !keys.required() {
            // Refused now rather than with the first request: the directory may be another process's.
            stores.store(DEFAULT_TENANT).await?;
        }
        let (rates, answers, metrics) =
            (limits.rate.map(RateLimits::new), IdempotencyStore::default(), Metrics::default());
        let readers = Readers::new(limits.readers);
        let places = ConcurrencyLimit::new(&limits);
        let (stop, stopped) = watch::channel(false);
        let app = Arc::new(AppState {
            stores,
            directory,
            readers,
            keys,
            limits,
            rates,
            answers,
            metrics,
            log,
            told_verbatim: Once::new(),
            backup_dir,
            places,
            stopped,
            loopback,
        });
        let (end, ended) = watch::channel(None);
        spawn(async move {
            serve(Arc::clone(&app), listener).await;
            end.send_replace(Some(app.stores.close().await));
        });
        Ok(Self { address, stop, ended })
    }

    /// Returns when everything that was asked is answered and on disk. Idempotent.
    pub async fn close(&self) -> Result<(), Error> {
        self.stop.send_replace(true);
        self.ended().await
    }

    /// Returns when the server has ended.
    pub async fn ended(&self) -> Result<(), Error> {
        match self.ended.clone().wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Ok(())),
            Err(_) => Err(Error::Internal("the server's task is gone")),
        }
    }
}

async fn serve(app: Arc<AppState>, listener: TcpListener) {
    let mut stopped = app.stopped.clone();
    let service = router(&app).map_request(|mut request: Request<Incoming>| {
        normal_path(request.uri_mut());
        request
    });
    let graceful = GracefulShutdown::new();
    let connections = Connections::new(app.limits.connections);
    for number in 0.. {
        let accepted = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => break,
            accepted = listener.accept() => accepted,
        };
        // Too many open files, or a client that has gone already: others may go on.
        let Ok((stream, _)) = accepted else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        if let Some(seat) = connections.seat(number) {
            spawn(connection(&app, stream, seat, service.clone(), &graceful));
        }
    }
    drop(listener);
    // Who has not read its answer by then does not keep the store from being closed.
    let settled = async {
        graceful.shutdown().await;
        app.readers.idle().await;
    };
    let _ = timeout(app.limits.drain(), settled).await;
    // Nobody waits in a watch any more; one that is just reading lets go of its store in a moment.
    let _ = timeout(app.limits.drain(), app.places.watches.unused()).await;
}

/// Listens on the first address that can be listened on.
fn listen(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    let listen = |address: SocketAddr| {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if cfg!(unix) {
            // So that a server can be started again at once.
            socket.set_reuseaddr(true)?;
        }
        // Connections inherit it.
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    let mut outcome = Err(io::ErrorKind::AddrNotAvailable.into());
    for address in addresses {
        outcome = listen(*address);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn connection<S>(
    app: &AppState,
    stream: TcpStream,
    seat: Seat,
    service: S,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static
where
    S: tower::Service<Request<Incoming>, Response = axum::response::Response, Error = std::convert::Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    let _ = stream.set_nodelay(true);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(app.limits.receive()).max_headers(100).max_buf_size(BUFFER);
    let mut stream = TimeoutStream::new(stream);
    // Counted only while there is something to write: one who just listens stays.
    stream.set_write_timeout(Some(app.limits.receive()));
    let known = Arc::clone(&seat.connection);
    let service = service.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&known));
        request
    });
    let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service));
    let watched = graceful.watch(connection);
    async move {
        // A connection that breaks is the client's affair.
        tokio::select! {
            _ = watched => {}
            () = seat.connection.ended() => {}
        }
    }
}
