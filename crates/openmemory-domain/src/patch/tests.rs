use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Patch, PatchError, Setting, restore};
use crate::valid_time::ValidityPatch;
use crate::{
    Content, ContentHash, Event, InvalidKind, MemoryId, Metadata, PartialDate, Provenance, Scope, Sector, Sectors,
    Tags, Timestamp, Validity, Version, limits,
};

fn sector() -> impl Strategy<Value = Sector> {
    proptest::sample::select(&Sector::ALL[..])
}

fn sectors() -> impl Strategy<Value = Sectors> {
    (sector(), proptest::collection::vec(sector(), 0..4)).prop_map(|(primary, others)| Sectors::new(primary, others))
}

fn time() -> impl Strategy<Value = Timestamp> {
    (-1_000_000_000_000..4_000_000_000_000_i64).prop_map(Timestamp::from_millis)
}

fn tags() -> impl Strategy<Value = Tags> {
    proptest::collection::vec("[a-cß]{1,2}", 0..4).prop_map(|tags| Tags::read("tags", tags).unwrap())
}

/// Few keys, so that changes hit existing fields.
fn fields(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let plain = proptest::collection::btree_map("[a-e]|__proto__", value, 0..5);
    let pin = proptest::option::of(sector().prop_map(|sector| sector.name().into()));
    (plain, pin).prop_map(|(plain, pin)| plain.into_iter().chain(pin.map(|pin| ("sector".to_owned(), pin))).collect())
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::from),
        "\\PC{0,3}".prop_map(Value::from),
        Just(json!({"inner": [null, 0.5]})),
        Just(json!(false)),
    ]
}

fn change() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![2 => leaf(), 1 => Just(Value::Null)];
    (fields(value), any::<bool>()).prop_map(|(mut fields, unpin)| {
        if unpin {
            fields.insert("sector".into(), Value::Null);
        }
        fields
    })
}

fn version() -> impl Strategy<Value = Version> {
    let texts = ("[a-z]{1,3}", proptest::option::of("[a-z]"), proptest::option::of("[a-z]"));
    let times = (time(), time(), proptest::option::of(time()));
    (texts, 1..u64::MAX / 2, tags(), fields(leaf()), times, sectors()).prop_map(
        |((text, user_id, run_id), number, tags, metadata, (created_at, updated_at, expires_at), classified)| Version {
            id: MemoryId::read("id", &format!("id {text}")).unwrap(),
            number,
            content: ContentHash::of(&text),
            tags,
            metadata: Metadata::read("metadata", metadata).unwrap(),
            scope: Scope { user_id, run_id, ..Scope::default() },
            created_at,
            updated_at: updated_at.max(created_at),
            expires_at,
            immutable: false,
            classified,
            provenance: provenance("before"),
            validity: Validity::default(),
        },
    )
}

fn patch() -> impl Strategy<Value = Patch> {
    let content = proptest::option::of("[a-z]{1,3}".prop_map(|text| Content::read("content", text).unwrap()));
    let expiry = proptest::option::of(prop_oneof![time().prop_map(Setting::Set), Just(Setting::Clear)]);
    (content, proptest::option::of(tags()), proptest::option::of(change()), expiry)
        .prop_map(|(content, tags, metadata, expires_at)| Patch {
            content,
            tags,
            metadata,
            expires_at,
            created_at: None,
            validity: ValidityPatch::default(),
        })
        .prop_filter("an empty patch is rejected earlier", |patch| !patch.is_empty())
}

fn provenance(reason: &str) -> Provenance {
    Provenance { event: Event::Update, actor: Some("ada".into()), reason: Some(reason.into()) }
}

fn known(patch: &Patch, sectors: &Sectors) -> Option<(ContentHash, Sectors)> {
    patch.content.as_ref().map(|content| (content.hash(), sectors.clone()))
}

/// The reference implementation of a merge.
fn merged(current: &Version, changes: Option<&Map<String, Value>>) -> BTreeMap<String, Value> {
    let mut fields: BTreeMap<_, _> = current.metadata.fields().into_iter().collect();
    for (key, value) in changes.into_iter().flatten() {
        fields.remove(key);
        if !value.is_null() {
            fields.insert(key.clone(), value.clone());
        }
    }
    fields
}

proptest! {
    #[test]
    fn a_patch_changes_only_the_fields_it_names(
        current in version(), patch in patch(), meant in sectors(), now in time(),
    ) {
        let next = patch.apply(&current, known(&patch, &meant), now, provenance("why")).unwrap();
        let fields: BTreeMap<_, _> = next.metadata.fields().into_iter().collect();
        prop_assert_eq!(fields, merged(&current, patch.metadata.as_ref()));
        let mut expected = current.clone();
        expected.number += 1;
        expected.updated_at = if now < current.updated_at { current.updated_at } else { now };
        expected.provenance = provenance("why");
        expected.metadata = next.metadata.clone();
        if let Some(content) = patch.content.as_ref().filter(|content| content.hash() != current.content) {
            let since = current.validity.from.filter(|from| from.start() > next.updated_at);
            expected.validity.from = Some(since.unwrap_or_else(|| PartialDate::moment(next.updated_at)));
            expected.content = content.hash();
        }
        if patch.content.is_some() {
            expected.classified = meant;
        }
        if let Some(tags) = &patch.tags {
            expected.tags = tags.clone();
        }
        match patch.expires_at {
            Some(Setting::Set(at)) => expected.expires_at = Some(at),
            Some(Setting::Clear) => expected.expires_at = None,
            None => {}
        }
        prop_assert_eq!(next, expected);
    }

    #[test]
    fn a_pinned_sector_overrides_those_of_the_text(
        current in version(), patch in patch(), meant in sectors(), now in time(),
    ) {
        let next = patch.apply(&current, known(&patch, &meant), now, provenance("why")).unwrap();
        let text = if patch.content.is_some() { meant } else { current.classified.clone() };
        let pin = merged(&current, patch.metadata.as_ref()).get("sector").map(|name| name.as_str().unwrap().to_owned());
        prop_assert_eq!(next.sectors(), pin.map_or(text, |name| Sectors::new(Sector::from_name(&name).unwrap(), [])));
    }

    #[test]
    fn metadata_keeps_its_order_and_appends_new_fields(current in version(), changes in change()) {
        let patch = Patch { metadata: Some(changes.clone()), ..Patch::default() };
        let next = patch.apply(&current, None, current.updated_at, provenance("why")).unwrap();
        let removed = |key: &&String| changes.get(*key) == Some(&Value::Null);
        let before = current.metadata.fields();
        let old = before.keys().filter(|key| !removed(key));
        let new = changes.keys().filter(|key| !removed(key) && !before.contains_key(*key));
        prop_assert!(next.metadata.fields().keys().eq(old.chain(new)));
    }

    #[test]
    fn a_restore_appends_a_copy_of_the_earlier_version(
        earlier in version(), patches in proptest::collection::vec((patch(), sectors(), time()), 1..6), now in time(),
    ) {
        let mut current = earlier.clone();
        for (patch, meant, now) in patches {
            current = patch.apply(&current, known(&patch, &meant), now, provenance("why")).unwrap();
        }
        let restored = restore(&current, &earlier, now, Some("bob".into()), None).unwrap();
        let expected = Version {
            number: current.number + 1,
            updated_at: now.max(current.updated_at),
            provenance: Provenance { event: Event::Restore { from: earlier.number }, actor: Some("bob".into()), reason: None },
            ..earlier
        };
        prop_assert_eq!(restored, expected);
    }

    #[test]
    fn an_immutable_memory_rejects_every_patch_and_restore(current in version(), patch in patch(), now in time()) {
        let fixed = Version { immutable: true, ..current.clone() };
        let content = known(&patch, &fixed.classified);
        prop_assert_eq!(patch.apply(&fixed, content, now, provenance("why")), Err(PatchError::Immutable));
        prop_assert_eq!(restore(&fixed, &current, now, None, None), Err(PatchError::Immutable));
    }

    #[test]
    fn metadata_over_its_limit_rejects_the_whole_patch(current in version(), now in time()) {
        let large = Map::from_iter([("large".to_owned(), Value::from("x".repeat(limits::METADATA_BYTES)))]);
        let patch = Patch { metadata: Some(large), tags: Some(Tags::default()), ..Patch::default() };
        let Err(PatchError::Invalid(invalid)) = patch.apply(&current, None, now, provenance("why")) else {
            panic!("was accepted")
        };
        prop_assert_eq!((invalid.kind, invalid.field.as_str()), (InvalidKind::Limit, "metadata"));
    }
}
