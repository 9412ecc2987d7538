//! Is a server's certificate checked as the URL asks? In front of a real server stands one that has a certificate, as
//! PgBouncer would.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use openmemory_domain::ErrorCode;
use openmemory_rules::Error;
use openmemory_rules::contract::MemoryStore;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, crypto::ring};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::server::Server;
use crate::support::{add, options, stores};
use openmemory_postgres::PostgresStores;

/// What a client that wants TLS sends first.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// An authority, whose certificate is in a file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

fn authority(directory: &TempDir, name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let file = directory.path().join(format!("{name}.pem"));
    fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
    Authority { issuer: Issuer::new(params, key), file }
}

/// A server with a certificate for `localhost`, which lets those in whom an authority has certified, or all. Answers its port,
/// and how many connections were encrypted.
async fn front(authority: &Authority, clients: Option<&Authority>, database: &str) -> (u16, Arc<AtomicUsize>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let config =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(&clients.file).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            config.with_client_cert_verifier(verifier)
        }
    };
    let config = config.with_single_cert(vec![certificate.der().clone()], private).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let behind = database.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, encrypted) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&encrypted);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (acceptor, behind, count) = (acceptor.clone(), behind.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                let mut first = [0; 8];
                client.read_exact(&mut first).await.unwrap();
                assert_eq!(first, SSL_REQUEST, "nothing may be sent in the clear");
                client.write_all(b"S").await.unwrap();
                let Ok(mut client) = acceptor.accept(client).await else { return };
                count.fetch_add(1, Ordering::Relaxed);
                let mut server = TcpStream::connect(behind).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (port, encrypted)
}

async fn reach(url: String) -> Result<(), Error> {
    PostgresStores::new(&options(&url))?.tenant("default").await?.stats().await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_has_to_prove_its_name_with_a_certificate_of_a_known_authority() {
    let server = Server::start();
    let url = server.database();
    let name = url.rsplit('/').next().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (known, other) = (authority(&directory, "known"), authority(&directory, "other"));
    let (port, encrypted) = front(&known, None, &url).await;
    let at = |host: &str, query: &str| format!("postgres://postgres@{host}:{port}/{name}?{query}");
    let of = |authority: &Authority| format!("sslrootcert={}", authority.file.display());

    let right = stores(&at("localhost", &of(&known)));
    let store = right.tenant("default").await.unwrap();
    add(&store, json!({ "id": "tea", "content": "Ada drinks tea" })).await.unwrap();
    assert!(encrypted.load(Ordering::Relaxed) > 0);
    assert_eq!(stores(&url).tenant("default").await.unwrap().stats().await.unwrap().memories, 1);

    // What is asked for less passes with less.
    reach(at("127.0.0.1", &format!("sslmode=verify-ca&{}", of(&known)))).await.unwrap();
    reach(at("127.0.0.1", "sslmode=require")).await.unwrap();

    let before = encrypted.load(Ordering::Relaxed);
    for (refused, says) in [
        (at("localhost", &of(&other)), "UnknownIssuer"),
        (at("localhost", "sslmode=verify-full"), "UnknownIssuer"),
        (at("localhost", &format!("sslmode=require&{}", of(&other))), "UnknownIssuer"),
        (at("127.0.0.1", &of(&known)), "use a host name that its certificate has"),
    ] {
        let error = reach(refused.clone()).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unavailable, "{refused}: {error}");
        assert!(error.to_string().contains(says), "{refused}: {error}");
    }
    assert_eq!(encrypted.load(Ordering::Relaxed), before, "a refused server was told something");

    // One that has no certificate at all.
    let error = reach(format!("{url}?sslmode=verify-full")).await.unwrap_err();
    assert!(error.to_string().contains("does not support TLS; turn it on there"), "{error}");
    let missing = reach(at("localhost", "sslrootcert=/nowhere/ca.pem")).await.unwrap_err();
    assert_eq!((missing.code(), missing.field()), (ErrorCode::InvalidArgument, Some("store")), "{missing}");
}

/// The certificate and key of a client, in files.
fn client(directory: &TempDir, authority: &Authority, name: &str) -> String {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let [cert, private] = ["crt", "key"].map(|end| directory.path().join(format!("client-{name}.{end}")));
    fs::write(&cert, certificate.pem()).unwrap();
    fs::write(&private, key.serialize_pem()).unwrap();
    format!("sslcert={}&sslkey={}", cert.display(), private.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_proves_itself_with_a_certificate_that_the_server_asks_for() {
    let server = Server::start();
    let url = server.database();
    let name = url.rsplit('/').next().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (known, clients, other) =
        (authority(&directory, "known"), authority(&directory, "clients"), authority(&directory, "other"));
    let (port, _) = front(&known, Some(&clients), &url).await;
    let with = |query: &str| {
        format!("postgres://postgres@localhost:{port}/{name}?sslrootcert={}&{query}", known.file.display())
    };
    reach(with(&client(&directory, &clients, "right"))).await.unwrap();
    for refused in [String::new(), client(&directory, &other, "wrong")] {
        let error = reach(with(&refused)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unavailable, "{refused}: {error}");
    }
    let missing = reach(with("sslcert=/nowhere/a.pem&sslkey=/nowhere/b.pem")).await.unwrap_err();
    assert_eq!((missing.code(), missing.field()), (ErrorCode::InvalidArgument, Some("store")), "{missing}");
}
