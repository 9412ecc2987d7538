//! How do the rules read rows? As storage does, with the errors that every storage engine has.

/// Implements [`openmemory_rules::Rows`] for a type that has [`crate::rows::records::Records`]: the orphan rule forbids one
/// implementation for all of them.
macro_rules! rows_over_records {
    ($type:ty) => {
        impl openmemory_rules::Rows for $type {
            fn number(
                &self,
                id: &openmemory_domain::MemoryId,
            ) -> Result<Option<openmemory_rules::Number>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::number(self, id)?)
            }

            fn head(
                &self,
                number: openmemory_rules::Number,
            ) -> Result<Option<openmemory_domain::Version>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::head(self, number)?)
            }

            /// Without reading the version.
            fn exists(&self, number: openmemory_rules::Number) -> Result<bool, openmemory_rules::Error> {
                let key = $crate::rows::keys::head(number);
                Ok($crate::rows::records::Records::raw(self, &key)?.is_some())
            }

            fn earlier(
                &self,
                number: openmemory_rules::Number,
                version: u64,
            ) -> Result<Option<openmemory_domain::Version>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::earlier(self, number, version)?)
            }

            fn content(
                &self,
                number: openmemory_rules::Number,
                hash: openmemory_domain::ContentHash,
            ) -> Result<Option<String>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::content(self, number, hash)?)
            }

            fn indexed_text(
                &self,
                number: openmemory_rules::Number,
                scope: &openmemory_domain::Scope,
            ) -> Result<Option<openmemory_rules::IndexedText>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::indexed_text(self, number, scope)?)
            }

            fn replaced_embedding(
                &self,
                number: openmemory_rules::Number,
                hash: openmemory_domain::ContentHash,
            ) -> Result<Option<openmemory_domain::Embedding>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::replaced_embedding(self, number, hash)?)
            }

            fn dynamics(
                &self,
                number: openmemory_rules::Number,
                scope: &openmemory_domain::Scope,
            ) -> Result<Option<openmemory_domain::Dynamics>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::dynamics(self, number, scope)?)
            }

            fn tombstone(
                &self,
                id: &openmemory_domain::MemoryId,
            ) -> Result<Option<openmemory_rules::Tombstone>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::tombstone(self, id)?)
            }

            fn waypoints(
                &self,
                number: openmemory_rules::Number,
            ) -> Result<Vec<(openmemory_rules::Number, openmemory_rules::Waypoint)>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::waypoints(self, number)?)
            }

            fn numbers_of_text(
                &self,
                text: openmemory_domain::TextKey,
            ) -> Result<Vec<openmemory_rules::Number>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::numbers_of_text(self, text)?)
            }

            fn model(&self) -> Result<Option<openmemory_domain::ModelIdentity>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::model(self)?)
            }

            fn reindex(&self) -> Result<Option<openmemory_rules::Reindex>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::reindex(self)?)
            }
        }

        impl openmemory_rules::LearningRows for $type {
            fn learning(
                &self,
                id: &openmemory_domain::learning::LearningId,
            ) -> Result<Option<openmemory_domain::learning::KeptLearning>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::learning(self, id)?)
            }

            fn learning_of_key(
                &self,
                key: &str,
            ) -> Result<Option<openmemory_domain::learning::LearningId>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::learning_of_key(self, key)?)
            }

            fn learnings_of(
                &self,
                user: Option<&str>,
            ) -> Result<Vec<openmemory_domain::learning::LearningId>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::learnings_of(self, user)?)
            }

            fn message(
                &self,
                user: Option<&str>,
                id: &openmemory_domain::learning::MessageId,
            ) -> Result<Option<openmemory_domain::learning::KeptMessage>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::message(self, user, id)?)
            }

            fn messages_of(
                &self,
                user: Option<&str>,
            ) -> Result<Vec<openmemory_domain::learning::MessageId>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::messages_of(self, user)?)
            }

            fn sources(
                &self,
                number: openmemory_rules::Number,
            ) -> Result<Vec<openmemory_domain::learning::KeptSource>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::sources(self, number)?)
            }

            fn document(&self, name: &str) -> Result<Option<serde_json::Value>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::document(self, name)?)
            }

            fn document_names(&self, prefix: &str) -> Result<Vec<String>, openmemory_rules::Error> {
                Ok($crate::rows::records::Records::document_names(self, prefix)?)
            }
        }
    };
}

pub(crate) use rows_over_records;
