//! Do servers share the writes with an `Idempotency-Key`?

use openmemory_postgres::PostgresStores;
use openmemory_rules::contract::{Claim, Idempotency};
use tokio_postgres::Client;

use crate::server::Server;
use crate::support::{connect, count, stores};

async fn claim(servers: &PostgresStores, key: &str, request: u8) -> Claim {
    servers.claim("default", key.as_bytes(), [request; 32]).await.unwrap()
}

async fn finish(servers: &PostgresStores, key: &str, answer: Option<&str>) {
    servers.finish("default", key.as_bytes(), answer.map(|answer| answer.as_bytes().to_vec())).await.unwrap();
}

async fn age(client: &Client, column: &str, by: &str) {
    client.batch_execute(&format!("UPDATE om_idempotency SET {column} = {column} - interval '{by}'")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_claimed_by_one_server_and_answered_for_all() {
    let server = Server::start();
    let url = server.database();
    let client = connect(&url).await;
    let (one, two) = (stores(&url), stores(&url));
    assert_eq!(claim(&one, "a", 1).await, Claim::Mine);
    assert_eq!(claim(&two, "a", 1).await, Claim::Running);
    assert_eq!(claim(&one, "a", 2).await, Claim::OtherRequest);
    assert_eq!(two.claim("other", b"a", [2; 32]).await.unwrap(), Claim::Mine);
    finish(&one, "a", Some("done")).await;
    assert_eq!(claim(&two, "a", 1).await, Claim::Answered(b"done".to_vec()));
    assert_eq!(claim(&two, "a", 2).await, Claim::OtherRequest);

    // What has changed nothing can be done again, by anybody.
    assert_eq!(claim(&one, "refused", 1).await, Claim::Mine);
    finish(&one, "refused", None).await;
    assert_eq!(claim(&two, "refused", 2).await, Claim::Mine);

    // A server that ended lets go after half a minute, one that still writes does not.
    assert_eq!(claim(&one, "slow", 1).await, Claim::Mine);
    age(&client, "claimed_until", "29 seconds").await;
    one.renew("default", b"slow").await.unwrap();
    age(&client, "claimed_until", "29 seconds").await;
    assert_eq!(claim(&two, "slow", 1).await, Claim::Running);
    age(&client, "claimed_until", "2 seconds").await;
    assert_eq!(claim(&two, "slow", 1).await, Claim::Mine);
    assert_eq!(claim(&one, "slow", 1).await, Claim::Running);
    assert_eq!(claim(&one, "a", 1).await, Claim::Answered(b"done".to_vec()));

    age(&client, "began", "10 minutes").await;
    assert_eq!(claim(&one, "a", 2).await, Claim::Mine);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_newest_answers_are_kept() {
    let server = Server::start();
    let url = server.database();
    let client = connect(&url).await;
    let servers = stores(&url);
    for key in ["old", "running"] {
        assert_eq!(claim(&servers, key, 1).await, Claim::Mine);
    }
    let many = "INSERT INTO om_idempotency SELECT 'default', n::text::bytea, '', now() - n * interval '1 ms', now(), '' \
                FROM generate_series(1, 10010) n";
    client.batch_execute(many).await.unwrap();
    age(&client, "began", "1 minute").await;
    assert_eq!(claim(&servers, "new", 1).await, Claim::Mine);
    finish(&servers, "new", Some("done")).await;
    // The write that still runs is not counted away.
    assert_eq!(count(&client, "om_idempotency", "answer IS NULL").await, 2);
    assert_eq!(count(&client, "om_idempotency", "key = 'new'::bytea").await, 1);
    let left = count(&client, "om_idempotency", "answer IS NOT NULL").await;
    assert!((9_990..=10_001).contains(&left), "{left}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_servers_that_claim_at_once_one_writes() {
    let server = Server::start();
    let url = server.database();
    let all = [stores(&url), stores(&url), stores(&url)];
    for round in 0..50 {
        let key = format!("key {round}");
        let claims = futures_util::future::join_all(all.iter().map(|servers| claim(servers, &key, 1))).await;
        assert_eq!(claims.iter().filter(|claim| **claim == Claim::Mine).count(), 1, "{claims:?}");
        assert!(claims.iter().all(|claim| matches!(claim, Claim::Mine | Claim::Running)), "{claims:?}");
    }
}
