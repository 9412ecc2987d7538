//! Which rows will a change read? They are read together, because each row on its own is a round trip.

use std::collections::HashMap;

use openmemory_domain::{ContentHash, MemoryId};
use openmemory_rules::Error;
use tokio_postgres::Row;

use crate::rows::{self, encode};
use crate::scope_key::ScopeKey;
use crate::session::{Param, Request};
use crate::workspace::{Key, Place, Workspace};

/// A memory that is to be changed.
pub(crate) struct Wanted {
    pub id: MemoryId,
    /// Where it was before.
    pub place: Option<(ScopeKey, u64)>,
    /// A text that it is to get.
    pub text: Option<ContentHash>,
}

/// A text that a memory is to get.
pub(crate) type TextOf = (ScopeKey, u64, ContentHash);

/// Reads where a memory is.
pub(crate) fn placed(tenant: &str, id: &MemoryId) -> Request {
    Request::new(rows::ID, vec![Box::new(id.as_str().to_owned()), Box::new(tenant.to_owned())])
}

/// Reads what most changes need of memories of a scope.
pub(crate) fn written((scope, numbers): &(ScopeKey, Vec<i64>)) -> Request {
    Request::new(rows::WRITTEN, vec![Box::new(*scope), Box::new(numbers.clone())])
}

/// Reads the present index entries, and the vectors that memories have of earlier texts: two requests for each.
pub(crate) fn text_requests(texts: &[TextOf]) -> impl Iterator<Item = Request> {
    texts.iter().flat_map(|(scope, number, hash)| {
        let params = || -> Vec<Param> { vec![Box::new(*scope), Box::new(*number as i64)] };
        let mut of_text = params();
        of_text.push(Box::new(hash.as_bytes().to_vec()));
        [Request::new(rows::INDEX_ENTRY, params()), Request::new(rows::EMBEDDING, of_text)]
    })
}

impl Workspace<'_> {
    /// Reads what a change needs of memories, each with its place if that is known, and with a text whose vectors it may have:
    /// in two round trips at most.
    pub(crate) fn prefetch(&self, wanted: &[Wanted]) -> Result<(), Error> {
        let unplaced: Vec<&Wanted> = wanted.iter().filter(|wanted| wanted.place.is_none()).collect();
        if !unplaced.is_empty() {
            let requests: Vec<Request> = unplaced.iter().map(|wanted| placed(self.tenant(), &wanted.id)).collect();
            for (wanted, rows) in unplaced.iter().zip(self.session().pipeline(&requests)?) {
                self.know_place(&wanted.id, &rows)?;
            }
        }
        let mut places = Vec::with_capacity(wanted.len());
        for Wanted { id, place, text } in wanted {
            let found = match place {
                Some(place) => Some(*place),
                None => {
                    let Place { scope, number, .. } = self.place(id)?;
                    scope.zip(number)
                }
            };
            places.extend(found.map(|(scope, number)| (id, scope, number, *text)));
        }
        let mut numbers: HashMap<ScopeKey, Vec<i64>> = HashMap::new();
        for (_, scope, number, _) in &places {
            numbers.entry(*scope).or_default().push(*number as i64);
        }
        let numbers: Vec<(ScopeKey, Vec<i64>)> = numbers.into_iter().collect();
        let texts: Vec<TextOf> =
            places.iter().filter_map(|(_, scope, number, text)| Some((*scope, *number, (*text)?))).collect();
        let mut requests: Vec<Request> = numbers.iter().map(written).collect();
        requests.extend(text_requests(&texts));
        let replies = self.session().pipeline(&requests)?;
        for ((scope, _), rows) in numbers.iter().zip(&replies) {
            self.know_written(*scope, rows)?;
        }
        self.know_texts(&texts, &replies[numbers.len()..]);
        for (id, scope, number, _) in places {
            // If it is not there, the memory has been deleted, and may be somewhere else.
            if self.knows(&Key::Head(number)) {
                let place = Place { scope: Some(scope), number: Some(number), tombstone: None };
                self.know(Key::Id(id.clone()), Some(&encode(&place)));
            }
        }
        Ok(())
    }

    /// Records the replies to [`text_requests`].
    pub(crate) fn know_texts(&self, texts: &[TextOf], replies: &[Vec<Row>]) {
        for ((_, number, hash), rows) in texts.iter().zip(replies.chunks_exact(2)) {
            self.know(Key::Entry(*number), rows[0].first().map(|row| row.get(0)));
            self.know(Key::Replaced(*number, *hash), rows[1].first().map(|row| row.get(0)));
        }
    }
}
