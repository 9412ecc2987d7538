//! What do the routes take? The fields of the requests that they make, and those that only this protocol has.

use openmemory_domain::Sector;
use openmemory_domain::request::{
    self, AGENT_ID, APP_ID, AddMany, Consolidate, ContextRequest, Decide, Delete, DeleteMany, Export, Facets,
    FeedbackRequest, Get, History, Kind, Learn, LearningById, List, ListLearnings, ListMessages, OnConflict,
    Operations, Property, RUN_ID, Reinforce, Relearn, Restore, Retire, Sources, Touch, USER_ID, Update, UpdateMany,
    Watch, join, without_id,
};

use crate::openapi::{bodies, queries};

/// Largest `limit` of a list.
const MAX_LIMIT: u64 = 10_000;

bodies! {
    NewMemory: &join::<19>(request::NewMemory::PROPERTIES, &DYNAMICS);
    AddBatch: AddMany::PROPERTIES;
    Patch: without_id(Update::FLAT);
    UpdateBatch: UpdateMany::PROPERTIES;
    OperationsRequest: Operations::PROPERTIES;
    Selection: DeleteMany::PROPERTIES, "Exactly one of these";
    ListRequest: List::PROPERTIES;
    Search: request::Search::PROPERTIES;
    Context: ContextRequest::PROPERTIES;
    FacetsRequest: Facets::PROPERTIES;
    TouchRequest: Touch::PROPERTIES;
    Query: &join::<21>(request::Search::PROPERTIES, &SEARCHED);
    ReinforceRequest: Reinforce::PROPERTIES;
    FeedbackBody: without_id(FeedbackRequest::PROPERTIES);
    RestoreRequest: without_id(Restore::PROPERTIES);
    RetireRequest: without_id(Retire::PROPERTIES);
    LearnRequest: Learn::PROPERTIES;
    ConsolidateRequest: Consolidate::PROPERTIES;
    RelearnRequest: Relearn::PROPERTIES;
    DecideRequest: without_id(Decide::PROPERTIES);
    UndoRequest: without_id(LearningById::PROPERTIES);
    ExportRequest: Export::FILTER;
    WatchRequest: Watch::PROPERTIES;
    BackupRequest: &[Property::new("name", Kind::Pattern("^[a-z0-9_-]{1,64}$")).required()];
}

queries! {
    GetQuery: &join::<4>(&[OWNER], without_id(Get::PROPERTIES));
    DeleteQuery: &join::<4>(&[OWNER], without_id(Delete::PROPERTIES));
    LearningsQuery: ListLearnings::PROPERTIES;
    MessagesQuery: ListMessages::PROPERTIES;
    ScopeQuery: &[USER_ID, AGENT_ID, APP_ID, RUN_ID];
    SourcesQuery: without_id(Sources::PROPERTIES);
    HistoryQuery: without_id(History::PROPERTIES);
    PageQuery: &PAGE;
    AllQuery: &join::<6>(&PAGE, &[USER_ID]);
    ExportQuery: Export::FILTER;
    ImportQuery: &[OnConflict::IMPORTED];
    WatchQuery: Watch::PROPERTIES;
}

/// Sent with every new memory by OpenMemory's clients.
const DYNAMICS: [Property; 2] = [
    Property::new("salience", Kind::Number { least: 0.0, open: false, most: Some(1.0) })
        .about("Taken from OpenMemory's clients; salience follows from the sectors")
        .or_null(),
    Property::new("decay_lambda", Kind::Number { least: 0.0, open: false, most: None })
        .about("Taken from OpenMemory's clients; decay follows from the sectors")
        .or_null(),
];

/// What OpenMemory's searches have beside the filter language.
const SEARCHED: [Property; 5] = [
    USER_ID,
    Property::new("startTime", Kind::Millis).about("Only memories created since, in milliseconds since 1970").or_null(),
    Property::new("endTime", Kind::Millis).about("Only memories created until, in milliseconds since 1970").or_null(),
    Property::new("sector", Kind::OneOf(&Sector::NAMES)).about("The same as one of `sectors`").or_null(),
    Property::new("min_score", Kind::Number { least: 0.0, open: false, most: Some(1.0) })
        .about("The same as `minScore`")
        .or_null(),
];

const OWNER: Property = USER_ID.about("The memory must be this user's");

const PAGE: [Property; 5] = [
    Property::new("l", Kind::Integer { least: 1, most: MAX_LIMIT })
        .about("Maximum number of memories, 1 to 10 000")
        .default("100"),
    Property::new("u", Kind::Integer { least: 0, most: u32::MAX as u64 })
        .about("Number of memories to skip; a cursor is faster, because skipping visits each of them"),
    Property::new("sector", Kind::OneOf(&Sector::NAMES)),
    Property::new("limit", Kind::Integer { least: 1, most: MAX_LIMIT }).about("The same as `l`"),
    Property::new("cursor", Kind::Text { least: 0, most: None }).about("`next_cursor` of the page before"),
];
