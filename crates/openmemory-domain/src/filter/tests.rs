use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::evaluate::find;
use super::values::Values;
use super::{Field, Filter, parse};
use crate::{
    ContentHash, Event, InvalidKind, MemoryId, Metadata, PartialDate, Provenance, Retired, Scope, Sector, Sectors,
    Tags, Timestamp, Validity, Version,
};

const CONTENT: &str = "Ada moved to Lisbon; ÉCLAIR days";

fn memory() -> Version {
    let Value::Object(metadata) = json!({
        "score": 4, "ratio": 1.0, "name": "Émile", "nothing": [], "flags": ["Red", 2, null],
        "deep": {"er": {"est": true}, "null": null}, "dotted.key": "here", "deep.er": "shadowed", "object": {"a": 1}
    }) else {
        unreachable!()
    };
    Version {
        id: MemoryId::read("id", "mem_7k9n2x4p8q").unwrap(),
        number: 3,
        content: ContentHash::of(CONTENT),
        tags: Tags::read("tags", vec!["work".into(), "Été".into()]).unwrap(),
        metadata: Metadata::read("metadata", metadata).unwrap(),
        scope: Scope { user_id: Some("ada".into()), run_id: Some("run-1".into()), ..Scope::default() },
        created_at: Timestamp::parse("2025-01-20T14:35:00Z").unwrap(),
        updated_at: Timestamp::parse("2025-02-01").unwrap(),
        expires_at: None,
        immutable: false,
        classified: Sectors::new(Sector::Episodic, [Sector::Emotional]),
        provenance: Provenance { event: Event::Add, actor: None, reason: None },
        validity: Validity {
            from: PartialDate::parse("2024-06"),
            to: PartialDate::parse("2026-05-01"),
            retired: Some(Retired::Ended),
            correction: false,
        },
    }
}

fn matches(filter: &Value) -> bool {
    parse(filter).unwrap_or_else(|e| panic!("{filter}: {e}")).matches(&memory(), CONTENT)
}

fn all_match(expected: bool, filters: &[Value]) {
    for filter in filters {
        assert_eq!(matches(filter), expected, "{filter}");
    }
}

#[test]
fn each_operator_matches() {
    all_match(
        true,
        &[
            json!({"user_id": "ada"}),
            json!({"userId": {"eq": "ada"}, "runId": {"ne": "run-2"}}),
            json!({"user_id": {"in": ["bob", "ada"]}}),
            json!({"user_id": {"nin": ["bob"]}}),
            json!({"user_id": {"contains": "da", "icontains": "AD"}}),
            json!({"user_id": "*"}),
            json!({"agent_id": null}),
            json!({"agent_id": {"exists": false}}),
            json!({"agent_id": {"in": ["x", null]}}),
            json!({"tags": "work"}),
            json!({"tags": {"in": ["x", "work"]}}),
            json!({"tags": {"contains": ["x", "Été"]}}),
            json!({"tags": {"icontains": "ÉTÉ"}}),
            json!({"sectors": "emotional", "primary_sector": "episodic"}),
            json!({"created_at": {"gte": "2025-01-20T14:35:00Z", "lt": "2025-01-20T15:35:00.001+01:00"}}),
            json!({"created_at": "2025-01-20T15:35:00+01:00"}),
            json!({"created_at": {"gt": "2025-01-20", "lte": "2025-01-20T15:35:00+01:00"}}),
            json!({"updated_at": {"in": ["2025-02-01"]}}),
            json!({"version": 3.0}),
            json!({"version": {"gt": 2, "lt": 3.5}}),
            json!({"immutable": false}),
            json!({"expires_at": {"exists": false}}),
            json!({"expires_at": null}),
            json!({"memory_ids": ["mem_1", "mem_7k9n2x4p8q"]}),
            json!({"memory_ids": "mem_7k9n2x4p8q"}),
            json!({"keywords": "Lisbon"}),
            json!({"keywords": {"contains": ["Paris", "moved"], "icontains": "éclair"}}),
        ],
    );
}

#[test]
fn each_operator_rejects() {
    all_match(
        false,
        &[
            json!({"user_id": "Ada"}),
            json!({"user_id": {"ne": "ada"}}),
            json!({"user_id": {"in": []}}),
            json!({"user_id": {"contains": "DA"}}),
            json!({"agent_id": "*"}),
            json!({"agent_id": {"contains": ""}}),
            json!({"agent_id": {"nin": ["x", null]}}),
            json!({"tags": "wor"}),
            json!({"tags": {"contains": "wor"}}),
            json!({"tags": {"contains": "été"}}),
            json!({"tags": {"nin": ["x", "work"]}}),
            json!({"tags": {"exists": false}}),
            json!({"sectors": {"ne": "emotional"}}),
            json!({"created_at": {"gt": "2025-01-20T14:35:00Z"}}),
            json!({"expires_at": {"lt": "2999-01-01"}}),
            json!({"version": {"gte": 4}}),
            json!({"immutable": true}),
            json!({"memory_ids": []}),
            json!({"keywords": "lisbon"}),
        ],
    );
}

#[test]
fn metadata_is_compared_by_value() {
    all_match(
        true,
        &[
            json!({"metadata.score": 4.0}),
            json!({"metadata.ratio": {"eq": 1, "gte": 1, "lte": 1}}),
            json!({"metadata.name": {"icontains": "ÉMI", "gt": "A", "contains": "mile"}}),
            json!({"metadata.flags": "Red"}),
            json!({"metadata.flags": ["Red", 2.0, null]}),
            json!({"metadata.flags": {"contains": [7, 2], "icontains": "rED", "nin": ["Blue", 3]}}),
            json!({"metadata.nothing": "*"}),
            json!({"metadata.nothing": []}),
            json!({"metadata.object": {"eq": {"a": 1.0}}}),
            json!({"metadata": {"score": {"gt": 3}, "deep.er.est": true}}),
            json!({"metadata.absent": null}),
            json!({"metadata.deep.null": {"exists": false}}),
            json!({"metadata.absent": {"ne": 1, "nin": [1, 2]}}),
        ],
    );
    all_match(
        false,
        &[
            json!({"metadata.score": "4"}),
            json!({"metadata.score": {"gt": "3"}}),
            json!({"metadata.score": {"contains": "4"}}),
            json!({"metadata.flags": {"ne": "Red"}}),
            json!({"metadata.flags": {"gt": 1}}),
            json!({"metadata.flags": ["Red"]}),
            json!({"metadata.object": {"eq": {"a": 1, "b": 2}}}),
            json!({"metadata.absent": {"lt": 1}}),
            json!({"metadata.absent": "*"}),
            json!({"metadata": {"score": {"gt": 3}, "name": "x"}}),
        ],
    );
}

#[test]
fn a_dot_descends_first_and_is_part_of_a_key_otherwise() {
    all_match(
        true,
        &[
            json!({"metadata.deep.er.est": true}),
            json!({"metadata.dotted.key": "here"}),
            json!({"metadata.deep.er": {"ne": "shadowed"}}),
            json!({"metadata.deep.er.nowhere": {"exists": false}}),
        ],
    );
}

#[test]
fn groups_nest_and_siblings_mean_and() {
    all_match(
        true,
        &[
            json!({"AND": [{"user_id": "ada"}, {"tags": "work"}], "OR": [{"version": 9}, {"version": 3}]}),
            json!({"NOT": {"user_id": "ada", "version": 9}}),
            json!({"NOT": [{"user_id": "bob"}, {"version": 9}]}),
            json!({"OR": [{"NOT": [{"user_id": "ada"}]}, {"AND": [{"OR": {"tags": "work"}}]}]}),
        ],
    );
    all_match(
        false,
        &[
            json!({"AND": [{"user_id": "ada"}], "OR": [{"version": 9}]}),
            json!({"NOT": [{"user_id": "ada"}, {"version": 9}]}),
            json!({"user_id": "ada", "tags": "home"}),
        ],
    );
}

#[test]
fn an_id_is_one_id_in_both_forms() {
    let mut memory = memory();
    memory.id = MemoryId::generate();
    let uuid = memory.id.uuid().unwrap().to_string();
    let filter = parse(&json!({"memory_ids": [uuid]})).unwrap();
    assert!(filter.matches(&memory, ""));
}

#[test]
fn an_error_names_the_path() {
    let cases = [
        (json!([]), "filters"),
        (json!({}), "filters"),
        (json!("user_id"), "filters"),
        (json!({"AND": [{"user_id": "a"}, {"colour": "red"}]}), "filters.AND[1].colour"),
        (json!({"OR": []}), "filters.OR"),
        (json!({"OR": [{}]}), "filters.OR[0]"),
        (json!({"NOT": "x"}), "filters.NOT"),
        (json!({"user_id": {}}), "filters.user_id"),
        (json!({"tags": {"nin": []}}), "filters.tags.nin"),
        (json!({"user_id": {"like": "a"}}), "filters.user_id.like"),
        (json!({"user_id": 7}), "filters.user_id"),
        (json!({"user_id": ["a"]}), "filters.user_id"),
        (json!({"user_id": {"in": "a"}}), "filters.user_id.in"),
        (json!({"user_id": {"in": ["a", 1]}}), "filters.user_id.in[1]"),
        (json!({"tags": {"gt": "a"}}), "filters.tags.gt"),
        (json!({"sectors": "sematic"}), "filters.sectors"),
        (json!({"created_at": {"gt": "yesterday"}}), "filters.created_at.gt"),
        (json!({"created_at": {"gt": 1_737_383_700_000_i64}}), "filters.created_at.gt"),
        (json!({"created_at": {"gt": "2025-01-20T10:00:00"}}), "filters.created_at.gt"),
        (json!({"created_at": {"contains": "2025"}}), "filters.created_at.contains"),
        (json!({"version": "3"}), "filters.version"),
        (json!({"version": {"gt": null}}), "filters.version.gt"),
        (json!({"immutable": 1}), "filters.immutable"),
        (json!({"keywords": {"eq": "a"}}), "filters.keywords.eq"),
        (json!({"keywords": null}), "filters.keywords"),
        (json!({"memory_ids": [""]}), "filters.memory_ids[0]"),
        (json!({"metadata": "x"}), "filters.metadata"),
        (json!({"metadata.": "x"}), "filters.metadata."),
        (json!({"metadata.a": {"b": 1}}), "filters.metadata.a.b"),
        (json!({"metadata.a": {"exists": "yes"}}), "filters.metadata.a.exists"),
        (json!({"metadata.a": {"gt": [1]}}), "filters.metadata.a.gt"),
        (json!({"metadata.a": {"icontains": 1}}), "filters.metadata.a.icontains"),
        (json!({"metadata.a": 1u64 << 60}), "filters.metadata.a"),
    ];
    for (filter, field) in cases {
        let invalid = parse(&filter).expect_err(&filter.to_string());
        assert_eq!((invalid.field.as_str(), invalid.kind), (field, InvalidKind::Argument), "{filter}");
    }
}

#[test]
fn nesting_values_and_parts_are_limited() {
    let nested = |times| (1..times).fold(json!({"version": 1}), |inner, _| json!({"NOT": inner}));
    assert!(parse(&nested(32)).is_ok());
    assert_eq!(parse(&nested(33)).unwrap_err().kind, InvalidKind::Limit);

    let ids = |n: usize| json!({"memory_ids": (0..n).map(|i| i.to_string()).collect::<Vec<_>>()});
    assert!(parse(&ids(1000)).is_ok());
    assert_eq!(parse(&ids(1001)).unwrap_err().kind, InvalidKind::Limit);

    let wide = |n: usize| json!({"OR": vec![json!({"version": 1}); n]});
    assert!(parse(&wide(999)).is_ok());
    assert_eq!(parse(&wide(1000)).unwrap_err().kind, InvalidKind::Limit);
}

#[test]
fn a_path_is_at_most_as_long_as_metadata() {
    let asks = |dots: usize| json!({ format!("metadata.{}", ".".repeat(dots)): "x" });
    assert!(!matches(&asks(64 * 1024)));
    for too_long in [asks(64 * 1024 + 1), json!({"metadata": {"k".repeat(300_000): {"eq": 1}}})] {
        let invalid = parse(&too_long).unwrap_err();
        assert_eq!(invalid.kind, InvalidKind::Limit);
        assert!(invalid.field.starts_with("filters.metadata.") && invalid.field.len() < 200, "{}", invalid.field);
    }
}

#[test]
fn all_paths_and_values_take_at_most_256_kib() {
    let long = |count: usize| json!({"metadata.a": {"in": vec!["x".repeat(1024); count]}});
    assert!(parse(&long(250)).is_ok());
    let both = json!({"AND": [long(250), {"NOT": {"user_id": "y".repeat(8 * 1024)}}]});
    let nested = json!({"metadata.a": {"eq": {"b": vec![0; 300_000]}}});
    let paths = json!({"OR": vec![json!({format!("metadata.{}", "p".repeat(60_000)): 1}); 5]});
    for too_much in [long(300), both, nested, paths] {
        assert_eq!(parse(&too_much).unwrap_err().kind, InvalidKind::Limit);
    }
}

#[test]
fn a_filter_searches_texts_at_most_100_times() {
    let searches =
        |field: &str, operator: &str, times: usize| json!({"OR": vec![json!({field: {operator: "tea"}}); times]});
    for field in ["keywords", "metadata.name", "user_id"] {
        for operator in ["contains", "icontains"] {
            assert!(parse(&searches(field, operator, 100)).is_ok());
            assert_eq!(parse(&searches(field, operator, 101)).unwrap_err().kind, InvalidKind::Limit, "{field}");
        }
    }
    assert!(parse(&searches("tags", "contains", 500)).is_ok(), "a list's elements are looked up");
}

#[test]
fn the_largest_filters_take_linear_time() {
    let mut memory = memory();
    // Every object lies on the path of dots, and every key is tried.
    let deep = (0..10).fold(json!({}), |inner, _| json!({"": inner, ".": inner}));
    let list: Vec<i64> = (0..6000).collect();
    let Value::Object(metadata) = json!({"": deep, "list": list}) else { unreachable!() };
    memory.metadata = Metadata::read("metadata", metadata).unwrap();
    let content = "lorem ipsum dolor ".repeat(11_000);
    let words: Vec<String> = (0..1000).map(|n| format!("absent {n}")).collect();
    let numbers: Vec<i64> = (0..1000).map(|n| n - 1000).collect();
    let filters = [
        json!({format!("metadata.{}", ".".repeat(64 * 1024)): "x"}),
        json!({"OR": vec![json!({"keywords": {"icontains": words[..100]}}); 100]}),
        json!({"OR": vec![json!({"metadata.list": {"in": numbers}}); 25]}),
    ];
    let begun = std::time::Instant::now();
    for filter in filters {
        let filter = parse(&filter).unwrap();
        for _ in 0..10 {
            assert!(!filter.matches(&memory, &content));
        }
    }
    // It would take minutes to try each dot, text and element separately.
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn several_substrings_match_like_each_alone() {
    all_match(
        true,
        &[
            json!({"keywords": {"contains": ["Paris", "Lisbo"]}}),
            json!({"keywords": {"contains": ["", "Paris"]}}),
            json!({"keywords": {"icontains": ["PARIS", "éCLAIR"]}}),
            json!({"metadata.name": {"contains": ["x", "mil"]}}),
            json!({"metadata.name": {"contains": [1, "mil"]}}),
            json!({"user_id": {"icontains": ["x", "DA"]}}),
        ],
    );
    all_match(
        false,
        &[
            json!({"keywords": {"contains": ["Paris", "lisbon"]}}),
            json!({"keywords": {"contains": []}}),
            json!({"metadata.name": {"contains": [1, null]}}),
            json!({"user_id": {"contains": ["x", "DA"]}}),
        ],
    );
}

#[test]
fn required_values_are_found() {
    let required = |filter: Value, field: Field| {
        let filter = parse(&filter).unwrap();
        filter.required(&field).map(|values| values.into_iter().map(|v| v.map(String::from)).collect::<Vec<_>>())
    };
    let some = |values: &[&str]| Some(values.iter().map(|v| Some(v.to_string())).collect::<Vec<_>>());
    assert_eq!(required(json!({"user_id": "a", "tags": "t"}), Field::UserId), some(&["a"]));
    assert_eq!(required(json!({"user_id": "a", "tags": {"contains": ["t", "s"]}}), Field::Tags), some(&["s", "t"]));
    assert_eq!(required(json!({"AND": [{"user_id": {"in": ["b", "a", "b"]}}]}), Field::UserId), some(&["a", "b"]));
    assert_eq!(
        required(json!({"OR": [{"user_id": "a"}, {"user_id": "b", "version": 1}]}), Field::UserId),
        some(&["a", "b"])
    );
    assert_eq!(
        required(json!({"user_id": {"in": ["a", "b"]}, "AND": [{"user_id": "a"}]}), Field::UserId),
        some(&["a"])
    );
    assert_eq!(required(json!({"user_id": null}), Field::UserId), Some(vec![None]));
    for open in [
        json!({"OR": [{"user_id": "a"}, {"version": 1}]}),
        json!({"NOT": {"user_id": "a"}}),
        json!({"user_id": {"ne": "a"}}),
        json!({"user_id": "*"}),
        json!({"user_id": {"contains": "a"}}),
        json!({"version": 1}),
    ] {
        assert_eq!(required(open.clone(), Field::UserId), None, "{open}");
    }
}

#[test]
fn a_filter_on_users_alone_is_recognised() {
    let constrains_only = |filter: Value| parse(&filter).unwrap().constrains_only(&Field::UserId);
    for users in [
        json!({"user_id": "a"}),
        json!({"user_id": null}),
        json!({"user_id": {"in": ["a", "b"]}}),
        json!({"AND": [{"user_id": "a"}]}),
        json!({"OR": [{"user_id": "a"}, {"OR": [{"user_id": "b"}]}]}),
    ] {
        assert!(constrains_only(users.clone()), "{users}");
    }
    for more in [
        json!({"user_id": "a", "tags": "t"}),
        json!({"AND": [{"user_id": "a"}, {"user_id": "b"}]}),
        json!({"OR": [{"user_id": "a"}, {"version": 1}]}),
        json!({"OR": [{"user_id": "a"}, {"user_id": "b", "version": 1}]}),
        json!({"NOT": {"user_id": "a"}}),
        json!({"user_id": {"ne": "a"}}),
        json!({"user_id": {"contains": "a"}}),
        json!({"user_id": "*"}),
        json!({"agent_id": "a"}),
    ] {
        assert!(!constrains_only(more.clone()), "{more}");
    }
}

#[test]
fn the_content_is_needed_only_for_keywords() {
    assert!(parse(&json!({"OR": [{"version": 1}, {"NOT": {"keywords": "x"}}]})).unwrap().needs_content());
    assert!(!parse(&json!({"metadata.keywords": "x"})).unwrap().needs_content());
}

/// The reference implementation of equality.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// The reference implementation of paths.
fn found<'a>(fields: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    path.match_indices('.')
        .find_map(|(dot, _)| found(fields.get(&path[..dot])?.as_object()?, &path[dot + 1..]))
        .or_else(|| fields.get(path))
}

/// Few distinct values and keys, so that equal ones are common.
fn json_of_few() -> impl Strategy<Value = Value> {
    let scalar = prop::sample::select(vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(0.0),
        json!(-0.0),
        json!(1),
        json!(1.0),
        json!("1"),
        json!(""),
        json!("n"),
    ]);
    let key = prop::sample::select(vec!["", ".", "a", "b", "a.b", "a.", ".a", "a.b.a"]);
    scalar.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5i64..5).prop_map(Value::from),
        Just(json!(1.5)),
        prop::sample::select(vec!["", "*", "ada", "work", "Red", "episodic", "2025-01-20", "mem_7k9n2x4p8q"])
            .prop_map(Value::from),
    ]
}

/// JSON from the words of the language, most of it not a valid filter.
fn anything() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        prop::sample::select(vec![
            "AND",
            "OR",
            "NOT",
            "user_id",
            "runId",
            "tags",
            "sectors",
            "created_at",
            "version",
            "immutable",
            "keywords",
            "memory_ids",
            "expires_at",
            "metadata",
            "metadata.score",
            "metadata.flags",
            "metadata.deep.er",
        ]),
        prop::sample::select(vec!["eq", "ne", "in", "nin", "gt", "lte", "contains", "icontains", "exists"]),
    ];
    scalar().prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

/// A valid filter: a field with a matching operator and value, or groups of such filters.
fn filter() -> impl Strategy<Value = Value> {
    let field = prop::sample::select(vec!["metadata.score", "metadata.flags", "metadata.name", "metadata.absent"]);
    let operator = prop::sample::select(vec!["eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "contains", "exists"]);
    let metadata = (field, operator, scalar()).prop_map(|(field, operator, value)| {
        let value = match operator {
            "in" | "nin" => json!([value]),
            "exists" => json!(value.is_null()),
            "contains" if value.is_null() => json!([value]),
            "gt" | "gte" | "lt" | "lte" if !value.is_number() && !value.is_string() => json!(4),
            _ => value,
        };
        json!({field: {operator: value}})
    });
    let scope = prop::sample::select(vec!["user_id", "agent_id", "tags"]);
    let scope =
        (scope, prop::sample::select(vec!["ada", "work", "*"])).prop_map(|(field, value)| json!({field: value}));
    prop_oneof![metadata, scope].prop_recursive(3, 12, 3, |inner| {
        (prop::sample::select(vec!["AND", "OR", "NOT"]), prop::collection::vec(inner, 1..3))
            .prop_map(|(group, parts)| json!({group: parts}))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_json_panics(value in anything()) {
        if let Ok(filter) = parse(&value) {
            filter.matches(&memory(), CONTENT);
            let _: Option<Vec<_>> = filter.required(&Field::Tags);
        }
    }

    #[test]
    fn a_value_is_in_a_set_if_it_equals_an_element(value in json_of_few(), others in prop::collection::vec(json_of_few(), 0..4)) {
        prop_assert_eq!(Values::new(&others).has(&value), others.iter().any(|other| same(&value, other)));
    }

    #[test]
    fn a_path_prefers_the_shortest_keys(fields in json_of_few(), path in "[ab.]{1,9}") {
        let Value::Object(fields) = fields else { return Ok(()) };
        let metadata = Metadata::from_json(&Value::from(fields.clone()).to_string()).unwrap();
        prop_assert_eq!(find(&metadata, &path), found(&fields, &path).cloned());
    }

    #[test]
    fn not_is_the_opposite(f in filter()) {
        prop_assert_eq!(matches(&json!({"NOT": f})), !matches(&f));
    }

    #[test]
    fn de_morgan_holds(f in filter(), g in filter()) {
        let not_any = matches(&json!({"NOT": {"OR": [f, g]}}));
        let all_not = matches(&json!({"AND": [{"NOT": f}, {"NOT": g}]}));
        prop_assert_eq!(not_any, all_not);
        prop_assert_eq!(matches(&json!({"NOT": [f, g]})), not_any);
        let not_all = matches(&json!({"NOT": {"AND": [f, g]}}));
        prop_assert_eq!(not_all, matches(&json!({"OR": [{"NOT": f}, {"NOT": g}]})));
        prop_assert_eq!(matches(&json!({"NOT": {"AND": [f, g]}})), !(matches(&f) && matches(&g)));
    }

    #[test]
    fn every_match_has_a_required_value(f in filter()) {
        let parsed: Filter = parse(&f).unwrap();
        if parsed.matches(&memory(), CONTENT) && let Some(values) = parsed.required(&Field::UserId) {
            prop_assert!(values.contains(&Some("ada")), "{}", f);
        }
    }

    #[test]
    fn a_filter_on_users_alone_matches_all_their_memories(f in filter()) {
        let parsed: Filter = parse(&f).unwrap();
        if parsed.constrains_only(&Field::UserId) && let Some(values) = parsed.required(&Field::UserId) {
            prop_assert_eq!(parsed.matches(&memory(), CONTENT), values.contains(&Some("ada")), "{}", f);
        }
    }
}
