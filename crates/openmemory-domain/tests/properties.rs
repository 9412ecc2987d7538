//! What holds for all values? Properties of merges, ids, times, filters and exported lines.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, in its helpers too")]

use std::collections::BTreeMap;

use openmemory_domain::export::{ExportedMemory, Line, MemoryRow, VersionRow};
use openmemory_domain::filter::{self, Field};
use openmemory_domain::{
    Content, Dynamics, Event, MemoryId, Metadata, PartialDate, Provenance, Retired, Scope, Sector, Sectors, Tags,
    Timestamp, Validity, Version,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53)..(1 << 53)).prop_map(Value::from),
        prop::num::f64::NORMAL.prop_filter("whole ones are integers", |n| n.fract() != 0.0).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Few keys, so that merges hit existing fields.
fn fields() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((r#"[abc"\\é]"#, json_value()), 0..5).prop_map(|fields| fields.into_iter().collect())
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800_000_i64..=253_402_300_799_999).prop_map(Timestamp::from_millis)
}

fn sectors() -> impl Strategy<Value = Sectors> {
    prop::sample::subsequence(Sector::ALL.to_vec(), 1..=5)
        .prop_shuffle()
        .prop_map(|all| Sectors::try_from(all).unwrap())
}

fn text() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("a text shows something", |text| Content::read("content", text.clone()).is_ok())
}

fn note() -> impl Strategy<Value = Option<String>> {
    prop::option::of(any::<String>())
}

fn scope() -> impl Strategy<Value = Scope> {
    let value = || prop::option::of(".{1,20}");
    (value(), value(), value(), value()).prop_map(|(user_id, agent_id, app_id, run_id)| Scope {
        user_id,
        agent_id,
        app_id,
        run_id,
    })
}

fn partial_date() -> impl Strategy<Value = PartialDate> {
    (moment(), prop::sample::select(vec![4, 7, 10, 24]))
        .prop_map(|(moment, length)| PartialDate::parse(&moment.to_string()[..length]).unwrap())
}

fn validity() -> impl Strategy<Value = Validity> {
    let date = || prop::option::of(partial_date());
    let retired = prop::option::of(prop::sample::select(vec![Retired::Ended, Retired::Wrong]));
    (date(), date(), retired, any::<bool>()).prop_map(|(from, to, retired, correction)| {
        let known = Validity { from, to, retired, correction };
        known.checked().unwrap_or(Validity { to: None, ..known })
    })
}

prop_compose! {
    fn version()(
        content in text(),
        tags in prop::collection::vec(".{1,10}", 0..4),
        metadata in fields(),
        updated in 0_i64..1_000_000,
        expires_at in prop::option::of(moment()),
        classified in sectors(),
        restored in any::<Option<u64>>(),
        (actor, reason) in (note(), note()),
        validity in validity(),
    ) -> (Version, String) {
        let version = Version {
            id: MemoryId::read("id", "replaced").unwrap(),
            number: 0,
            content: Content::read("content", content.clone()).unwrap().hash(),
            tags: Tags::read("tags", tags).unwrap(),
            metadata: Metadata::read("metadata", metadata).unwrap(),
            scope: Scope::default(),
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(updated),
            expires_at,
            immutable: false,
            classified,
            provenance: Provenance { event: restored.map_or(Event::Update, |from| Event::Restore { from }), actor, reason },
            validity,
        };
        (version, content)
    }
}

prop_compose! {
    /// A memory with its texts, oldest version first, as the engine could create it.
    fn memory()(
        versions in prop::collection::vec(version(), 1..5),
        id in "[^\\p{C}]{1,40}",
        (scope, created, immutable) in (scope(), moment(), any::<bool>()),
        same in any::<[bool; 5]>(),
    ) -> Vec<(Version, String)> {
        let mut memory: Vec<(Version, String)> = Vec::new();
        let mut updated_at = created;
        for (i, (mut version, mut content)) in versions.into_iter().enumerate() {
            if let Some((before, text)) = memory.last().filter(|_| same[i]) {
                (version.content, content) = (before.content, text.clone());
            }
            let number = i as u64 + 1;
            let event = match version.provenance.event {
                _ if number == 1 => Event::Add,
                Event::Restore { from } => Event::Restore { from: from % (number - 1) + 1 },
                event => event,
            };
            updated_at = if number == 1 { created } else {
                Timestamp::from_millis(updated_at.millis() + version.updated_at.millis())
            };
            let provenance = Provenance { event, ..version.provenance.clone() };
            version = Version {
                id: MemoryId::read("id", &id).unwrap(), number, scope: scope.clone(), created_at: created,
                updated_at, immutable, provenance, ..version
            };
            memory.push((version, content));
        }
        memory
    }
}

fn line(memory: &[(Version, String)], dynamics: &Dynamics) -> Vec<u8> {
    let (head, _) = memory.last().unwrap();
    let mut line = MemoryRow::new(head, dynamics, Vec::new()).begin().unwrap();
    let mut newer: Option<&Version> = None;
    for (version, text) in memory.iter().rev() {
        if newer.is_some() {
            line.push(b',');
        }
        let known = newer.is_some_and(|newer| newer.content == version.content);
        serde_json::to_writer(&mut line, &VersionRow::new(version, (!known).then_some(text))).unwrap();
        newer = Some(version);
    }
    line.extend_from_slice(MemoryRow::END);
    line
}

fn read(line: &[u8]) -> ExportedMemory {
    match Line::read(line).unwrap() {
        Line::Memory(memory) => *memory,
        other => panic!("read as {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_merge_equals_that_of_a_plain_map(old in fields(), changes in fields()) {
        let old = Metadata::read("metadata", old).unwrap();
        let merged = old.merged("metadata", &changes).unwrap();
        let mut plain: BTreeMap<String, Value> = old.fields().into_iter().collect();
        for (key, value) in &changes {
            if value.is_null() { plain.remove(key); } else { plain.insert(key.clone(), value.clone()); }
        }
        for name in old.fields().keys().chain(changes.keys()) {
            prop_assert_eq!(merged.field(name), plain.get(name).cloned());
        }
        prop_assert_eq!(merged.fields().into_iter().collect::<BTreeMap<_, _>>(), plain);
        prop_assert!(merged.fields().values().all(|value| !value.is_null()));
        prop_assert_eq!(merged.merged("metadata", &changes).unwrap(), merged.clone());
        // The stored text preserves the order of fields.
        let stored = postcard::to_stdvec(&merged).unwrap();
        let back: Metadata = postcard::from_bytes(&stored).unwrap();
        prop_assert_eq!(back.as_json().get(), merged.as_json().get());
    }

    #[test]
    fn an_accepted_id_reads_back_as_itself(text in "\\PC{0,60}") {
        if let Ok(id) = MemoryId::read("id", &text) {
            prop_assert_eq!(&MemoryId::read("id", id.as_str()).unwrap(), &id);
            if let Some(uuid) = id.uuid() {
                prop_assert_eq!(MemoryId::read("id", &uuid.to_string()).unwrap(), id);
            }
        }
    }

    #[test]
    fn a_time_round_trips(at in moment(), text in ".{0,30}") {
        prop_assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        if let Some(read) = Timestamp::parse(&text) {
            prop_assert_eq!(Timestamp::parse(&read.to_string()), Some(read));
        }
    }

    #[test]
    fn an_exported_line_reproduces_the_memory(
        memory in memory(), salience in 0.0..=1.0_f64, at in moment(), feedback in 0_usize..4, reason in note(),
    ) {
        let (head, newest) = memory.last().unwrap();
        let feedback = openmemory_domain::Feedback::ALL.get(feedback).copied();
        let dynamics = Dynamics::of(salience, at, &head.sectors()).judged(feedback, reason);
        let line = line(&memory, &dynamics);
        let back = read(&line);
        prop_assert_eq!(back.content().unwrap().as_str(), newest);
        let other = Sectors::new(Sector::Emotional, []);
        let versions: Vec<Version> = back.oldest_first(&other).collect::<Result<_, _>>().unwrap();
        let expected: Vec<Version> = memory.iter().map(|(version, _)| version.clone()).collect();
        prop_assert_eq!(versions, expected);
        prop_assert_eq!(back.dynamics(&head.sectors()), dynamics);
        let texts: Vec<&str> = back.versions.iter().rev().map(|version| version.content.as_str()).collect();
        prop_assert_eq!(texts, memory.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>());
    }

    #[test]
    fn a_truncated_line_is_rejected(memory in memory(), share in 0.0..1.0_f64) {
        let (head, _) = memory.last().unwrap();
        let line = line(&memory, &Dynamics::new(&head.sectors(), head.created_at));
        let whole = line.len() - 1;
        let cut = (whole as f64 * share) as usize;
        prop_assert!(Line::read(&line[..cut]).is_err());
    }

    #[test]
    fn not_negates_and_every_match_has_the_required_values(
        (version, text) in version(), user in prop::option::of("[a-c]"), tag in "[a-c]",
        asked in prop::collection::vec("[a-d]", 1..4), either in any::<bool>(),
    ) {
        let version = Version {
            scope: Scope { user_id: user.clone(), ..Scope::default() },
            tags: Tags::read("tags", vec![tag]).unwrap(),
            ..version
        };
        let parts: Vec<Value> = asked
            .iter()
            .enumerate()
            .map(|(i, value)| if i % 2 == 0 { json!({ "user_id": value }) } else { json!({ "tags": value }) })
            .collect();
        let filter = if either { json!({ "OR": parts }) } else { json!({ "AND": parts }) };
        let opposite = filter::parse(&json!({ "NOT": filter })).unwrap();
        let filter = filter::parse(&filter).unwrap();
        let matches = filter.matches(&version, &text);
        prop_assert_ne!(matches, opposite.matches(&version, &text));
        if let Some(users) = filter.required(&Field::UserId) && matches {
            prop_assert!(users.contains(&user.as_deref()));
        }
        if let Some(tags) = filter.required(&Field::Tags) && matches {
            prop_assert!(version.tags.as_slice().iter().any(|tag| tags.contains(&Some(tag.as_str()))));
        }
    }
}
