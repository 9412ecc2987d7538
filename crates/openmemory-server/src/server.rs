//! How does a server start, and how does it shut down without losing a response? It stops accepting connections, completes
//! the requests in progress, syncs, and closes the stores.

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
use crate::connections::{Connections, Slot};
use crate::http::{ConcurrencyLimit, IdempotencyStore, Metrics, RateLimits, normal_path};
use crate::kept_call;
use crate::keys::{Keyring, KeysError};
use crate::mem0;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::router::router;
use crate::studio::{Files, FilesError};
use crate::tenant::Tenant;
use crate::webhooks::Webhooks;

/// Socket send buffer in bytes. A socket becomes writable again only once a third of its buffer has drained, and each
/// client that reads nothing pins this much memory.
const SEND_BUFFER: u32 = 256 << 10;
/// Read and write buffer of a connection in bytes, in addition to a response that is already in memory.
const CONNECTION_BUFFER: usize = 128 << 10;
/// Connections that may wait to be accepted, within the system's limit. The system drops further ones, and their clients
/// retry after seconds.
const BACKLOG: u32 = 4096;

#[derive(Debug, ThisError)]
pub enum StartError {
    #[error("host: a server without keys can only listen on this machine (127.0.0.1, ::1, localhost); configure keys")]
    Exposed,
    #[error("host: {0} is not an address of this machine")]
    Host(String),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error("port: cannot listen on {0}: {1}")]
    Port(u16, io::Error),
    #[error(transparent)]
    Studio(#[from] FilesError),
    #[error(transparent)]
    Engine(#[from] Error),
}

impl StartError {
    /// The public code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Exposed | Self::Host(_) => ErrorCode::InvalidArgument,
            Self::Keys(error) => error.code(),
            Self::Studio(_) => ErrorCode::Io,
            Self::Port(..) => ErrorCode::Unavailable,
            Self::Engine(error) => error.code(),
        }
    }

    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Exposed | Self::Host(_) => Some("host"),
            Self::Keys(error) => error.field(),
            Self::Port(..) => Some("port"),
            Self::Studio(_) => Some("ui"),
            Self::Engine(_) => None,
        }
    }
}

/// A running server.
pub struct ServerHandle {
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<Option<Result<(), Error>>>,
}

impl ServerHandle {
    /// Starts a server. Must be called within a Tokio runtime with timers and I/O.
    pub async fn start(config: Config, stores: Arc<dyn Stores>) -> Result<Self, StartError> {
        let Config {
            directory,
            host,
            port,
            keys,
            metrics_key,
            key_file,
            backup_dir,
            limits,
            log,
            ui,
            mcp,
            facade,
            webhooks,
        } = config;
        let keys = Keyring::new(&keys, metrics_key.as_deref(), key_file)?;
        let found = lookup_host((host.as_str(), port)).await.map(Iterator::collect::<Vec<SocketAddr>>);
        let addresses = found.map_err(|_| StartError::Host(host))?;
        let loopback = addresses.iter().all(|address| address.ip().is_loopback());
        if !loopback && !keys.required() {
            return Err(StartError::Exposed);
        }
        let studio = ui.as_deref().map(Files::read).transpose()?;
        let listener = listen(&addresses).map_err(|error| StartError::Port(port, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Port(port, error))?;
        if !keys.required() {
            // Fail now rather than at the first request if another process has the directory open.
            stores.store(DEFAULT_TENANT).await?;
        }
        let (rates, idempotency, metrics) =
            (limits.rate.map(RateLimits::new), IdempotencyStore::default(), Metrics::default());
        let readers = Readers::new(limits.readers);
        let permits = ConcurrencyLimit::new(&limits);
        let (stop, stopped) = watch::channel(false);
        let queue = Queue::new(Arc::clone(&stores), kept_call::read, stopped.clone());
        let webhooks = Webhooks::new(&stores, webhooks, mem0::webhook_payload, stopped.clone());
        if !keys.required() {
            let tenant = Tenant::default_tenant();
            let store = stores.store(tenant.as_str()).await?;
            queue.resume(&tenant, &*store).await?;
            webhooks.resume(&tenant, &*store).await?;
        }
        let app = Arc::new(AppState {
            stores,
            directory,
            readers,
            keys,
            limits,
            rates,
            idempotency,
            metrics,
            log,
            mcp,
            facade,
            verbatim_warning: Once::new(),
            backup_dir,
            queue,
            webhooks,
            permits,
            stopped,
            loopback,
        });
        if app.keys.required() {
            spawn(resume_all(Arc::clone(&app)));
        }
        let (end, ended) = watch::channel(None);
        spawn(async move {
            serve(Arc::clone(&app), studio, listener).await;
            end.send_replace(Some(app.stores.close().await));
        });
        Ok(Self { address, stop, ended })
    }

    /// Shuts down. Returns once all requests are answered and all writes are on disk. Idempotent.
    pub async fn close(&self) -> Result<(), Error> {
        self.stop.send_replace(true);
        self.ended().await
    }

    /// Waits until the server has shut down.
    pub async fn ended(&self) -> Result<(), Error> {
        match self.ended.clone().wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Ok(())),
            Err(_) => Err(Error::Internal("the server's task has ended")),
        }
    }
}

/// Goes on with what earlier processes have left, one tenant after another, beside the requests.
async fn resume_all(app: Arc<AppState>) {
    let Ok(tenants) = app.stores.tenants().await else { return };
    for tenant in tenants.iter().filter_map(|name| Tenant::read(name)) {
        if *app.stopped.borrow() {
            return;
        }
        // What is wrong with a store is told to its tenant.
        let Ok(store) = app.stores.store(tenant.as_str()).await else { continue };
        let _ = app.queue.resume(&tenant, &*store).await;
        let _ = app.webhooks.resume(&tenant, &*store).await;
    }
}

async fn serve(app: Arc<AppState>, studio: Option<Files>, listener: TcpListener) {
    let mut stopped = app.stopped.clone();
    let service = router(&app, studio).map_request(|mut request: Request<Incoming>| {
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
        // Too many open files, or the client has already disconnected: keep serving the others.
        let Ok((stream, _)) = accepted else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        if let Some(slot) = connections.open(number) {
            spawn(connection(&app, stream, slot, service.clone(), &graceful));
        }
    }
    drop(listener);
    // Clients that have not read their responses by then do not delay closing the stores.
    let drained = async {
        graceful.shutdown().await;
        app.readers.idle().await;
        app.queue.idle().await;
        app.webhooks.idle().await;
    };
    let _ = timeout(app.limits.drain(), drained).await;
    // Waiting watches have ended; those that are reading release their store shortly.
    let _ = timeout(app.limits.drain(), app.permits.watches.idle()).await;
}

/// Listens on the first address that can be bound.
fn listen(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    let listen = |address: SocketAddr| {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if cfg!(unix) {
            // Allows an immediate restart on the same port.
            socket.set_reuseaddr(true)?;
        }
        // Accepted connections inherit it.
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
    slot: Slot,
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
    http.timer(TokioTimer::new())
        .header_read_timeout(app.limits.receive())
        .max_headers(100)
        .max_buf_size(CONNECTION_BUFFER);
    let mut stream = TimeoutStream::new(stream);
    // Applies only while there is something to write: an idle watch stays open.
    stream.set_write_timeout(Some(app.limits.receive()));
    let shared = Arc::clone(&slot.connection);
    let service = service.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&shared));
        request
    });
    let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service));
    let watched = graceful.watch(connection);
    async move {
        // Connection errors are the client's problem and not logged.
        tokio::select! {
            _ = watched => {}
            () = slot.connection.evicted() => {}
        }
    }
}
