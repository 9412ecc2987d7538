//! Which memories say the same? Those of one scope with one text, however its characters are composed and whatever
//! white space is around it.

use super::Scope;
use super::filter::canonical;

/// The first 128 bits of the BLAKE3 hash of a scope and a normalised text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextKey([u8; 16]);

impl TextKey {
    pub fn of(scope: &Scope, text: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        for (_, value) in scope.fields() {
            // Behind its length, so that no two scopes give the same bytes.
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
    fn composition_and_white_space_around_do_not_tell_texts_apart() {
        let nobody = Scope::default();
        assert_eq!(TextKey::of(&nobody, "Café"), TextKey::of(&nobody, " Cafe\u{301}\n"));
        assert_ne!(TextKey::of(&nobody, "Café"), TextKey::of(&nobody, "café"));
        assert_ne!(TextKey::of(&nobody, "a b"), TextKey::of(&nobody, "a  b"));
    }

    #[test]
    fn no_scope_passes_for_another() {
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
