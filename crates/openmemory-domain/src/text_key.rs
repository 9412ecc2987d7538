//! Which memories have the same text? Memories of one scope whose texts are equal after canonical composition and
//! trimming.

use super::Scope;
use super::filter::canonical;

/// The first 128 bits of the BLAKE3 hash of a scope and a normalised text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextKey([u8; 16]);

impl TextKey {
    pub fn of(scope: &Scope, text: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        for (_, value) in scope.fields() {
            // Prefixed with its length, so that no two scopes hash the same bytes.
            hasher.update(&value.map_or(u64::MAX, |value| value.len() as u64).to_le_bytes());
            hasher.update(value.unwrap_or_default().as_bytes());
        }
        hasher.update(canonical(text.trim()).as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(short)
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(user: Option<&str>, agent: Option<&str>) -> Scope {
        Scope { user_id: user.map(str::to_owned), agent_id: agent.map(str::to_owned), ..Scope::default() }
    }

    #[test]
    fn composition_and_surrounding_white_space_are_ignored() {
        let unscoped = Scope::default();
        assert_eq!(TextKey::of(&unscoped, "Café"), TextKey::of(&unscoped, " Cafe\u{301}\n"));
        assert_ne!(TextKey::of(&unscoped, "Café"), TextKey::of(&unscoped, "café"));
        assert_ne!(TextKey::of(&unscoped, "a b"), TextKey::of(&unscoped, "a  b"));
    }

    #[test]
    fn different_scopes_have_different_keys() {
        let scopes = [
            scope(None, None),
            scope(Some("a"), None),
            scope(None, Some("a")),
            scope(Some("ab"), None),
            scope(Some("a"), Some("b")),
        ];
        for (i, one) in scopes.iter().enumerate() {
            for other in &scopes[i + 1..] {
                assert_ne!(TextKey::of(one, "x"), TextKey::of(other, "x"));
            }
        }
    }
}
