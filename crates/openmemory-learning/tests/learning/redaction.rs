//! Which secrets are taken out, and what stays.

use openmemory_learning::redact::redacted;
use proptest::prelude::*;

#[test]
fn keys_tokens_and_cards_are_taken_out() {
    // Put together here, so that no scanner of repositories finds a key.
    let tail = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0";
    for prefix in ["sk-", "sk-ant-", "ghp_", "github_pat_", "xoxb-", "glpat-", "AIza", "hf_", "npm_", "hvs."] {
        assert_eq!(redacted(&format!("it is {prefix}{tail}.")).split(':').next(), Some("it is [redacted"), "{prefix}");
    }
    assert_eq!(redacted(&format!("key=sk-{tail}, thanks")), "key=[redacted:key], thanks");
    let jwt = format!("eyJ{tail}.eyJ{tail}.{tail}");
    assert_eq!(redacted(&format!("Authorization: {jwt}")), "Authorization: [redacted:token]");
    assert_eq!(redacted(&format!("Authorization: Bearer {tail}")), "Authorization: [redacted:token]");
    let pem = format!("-----BEGIN RSA {0}-----\n{tail}\n-----END RSA {0}-----", "PRIVATE KEY");
    assert_eq!(redacted(&format!("a {pem} b")), "a [redacted:private-key] b");
    assert_eq!(redacted("pay with 4111 1111 1111 1111 please"), "pay with [redacted:card] please");
    assert_eq!(redacted("pay with 4111-1111-1111-1111"), "pay with [redacted:card]");
}

#[test]
fn names_numbers_and_words_stay() {
    for text in [
        "Ada Lovelace, 12 St James's Square, London",
        "call +351 912 345 678 or 4111 1111 1111 1112",
        "sk-ipping rocks is a task-force hobby",
        "the ghp_ prefix and sk-learn",
        "order 1234567890123 was late",
        "-----BEGIN CERTIFICATE-----",
        "the bearer of good news",
        "",
    ] {
        assert_eq!(redacted(text), text);
    }
}

proptest! {
    #[test]
    fn redacting_twice_is_redacting_once(text in "(sk-|ghp_|eyJ|4111 |bearer |[a-zA-Z0-9 .-]){0,60}") {
        let once = redacted(&text);
        prop_assert_eq!(redacted(&once), once);
    }
}
