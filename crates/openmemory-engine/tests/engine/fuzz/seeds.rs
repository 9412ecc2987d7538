//! From which valid inputs of each kind are the fuzz inputs made?

pub const REQUESTS: &[&str] = &[
    r#"{"content":"Ada drinks tea","tags":["a","b"],"metadata":{"sector":"semantic","a":{"b":[1,null,0.5]}},"user_id":"ada","agent_id":"x","app_id":"y","run_id":"z","id":"m1","immutable":true,"expires_at":"2030-01-01","created_at":"2024-05-05T10:00:00+02:00"}"#,
    r#"{"id":"m1","patch":{"content":"Ada drinks coffee","tags":[],"metadata":{"a":null,"b":true},"expires_at":null},"ifVersion":3,"actor":"ada","reason":"because"}"#,
    r#"{"items":[{"id":"m1","content":"x","ifVersion":1},{"id":"m2","tags":["t"]}],"atomic":true,"actor":"a"}"#,
    r#"{"items":[{"content":"x"},{"content":"y","id":"z"}],"atomic":false}"#,
    r#"{"id":"0188b2a0-0000-7000-8000-000000000000","version":2,"limit":10,"before":7}"#,
    r#"{"id":"m1","asOf":"2024-01-01T00:00:00.123Z"}"#,
    r#"{"id":"m1","boost":0.25}"#,
    r#"{"id":"m1","feedback":"POSITIVE","reason":"useful"}"#,
    r#"{"ids":["m1","m2"]}"#,
    r#"{"all":true}"#,
    r#"{"filters":{"tags":"a"},"limit":10,"order":"updated_at:asc","showExpired":true}"#,
    r#"{"query":"tea","limit":5,"sectors":["semantic","episodic"],"minScore":0.1,"explain":true,"filters":{"user_id":"ada"}}"#,
    r#"{"file":"/tmp/x.jsonl","onConflict":"replace"}"#,
];

pub const PATCHES: &[&str] = &[
    r#"{"id":"m1","patch":{"content":"Ada drinks coffee"}}"#,
    r#"{"id":"m1","patch":{"tags":["a","b","a"],"expires_at":"2030-01-01T00:00:00Z"},"actor":"ada"}"#,
    r#"{"id":"m1","patch":{"metadata":{"a":null,"sector":"emotional","n":[1.5,{"x":{"y":"z"}}]}},"ifVersion":3}"#,
    r#"{"id":"m1","patch":{"metadata":{"sector":null,"b":{"c":true}},"expires_at":null},"reason":"r"}"#,
];

pub const FILTERS: &[&str] = &[
    r#"{"user_id":"ada","OR":[{"tags":"work"},{"metadata.score":{"gte":3,"lt":5}}],"NOT":{"run_id":"*"}}"#,
    r#"{"AND":[{"tags":{"in":["a","b"]}},{"created_at":{"gte":"2024-01-01","lte":"2030-01-01T00:00:00Z"}}]}"#,
    r#"{"metadata.a.b":{"contains":1},"keywords":{"icontains":["Tea","COFFEE"]},"version":{"ne":1}}"#,
    r#"{"NOT":[{"immutable":true},{"sectors":"episodic"},{"expires_at":{"exists":false}}]}"#,
    r#"{"memory_ids":["m1","0188b2a0-0000-7000-8000-000000000000"],"metadata.x":null,"primary_sector":{"nin":["semantic"]}}"#,
];

pub const LINES: &[&str] = &[
    r#"{"format":"openmemory-export","format_version":1,"model":{"id":"test","dimensions":256}}"#,
    r#"{"id":"m1","user_id":"ada","created_at":"2024-01-01T00:00:00.000Z","immutable":false,"salience":0.5,"salience_at":"2024-01-01T00:00:00.000Z","feedback":"POSITIVE","feedback_reason":"yes","waypoints":[{"id":"m0","weight":0.75,"created_at":"2024-01-01","updated_at":"2024-01-02"}],"versions":[{"version":3,"event":"RESTORE","restored_from":1,"actor":"ada","updated_at":"2024-01-03T00:00:00.000Z","classified":["semantic","episodic"],"tags":["a"],"metadata":{"a":[1,{"b":null}]},"content":"one"},{"version":2,"event":"UPDATE","reason":"x","updated_at":"2024-01-02T00:00:00.000Z","expires_at":"2030-01-01T00:00:00.000Z","classified":["semantic"],"tags":[],"metadata":{},"content":"two"},{"version":1,"event":"ADD","updated_at":"2024-01-01T00:00:00.000Z","classified":["semantic"],"tags":[],"metadata":{},"content":"one"}]}"#,
    r#"{"id":"m2","created_at":"2024-01-01","versions":[{"version":1,"event":"ADD","updated_at":"2024-01-01","content":"x"}]}"#,
    r#"{"deleted":"m3","deleted_at":"2024-01-01T00:00:00Z","version":4}"#,
    r#"{"end":true,"memories":2,"versions":4,"tombstones":1,"blake3":"00"}"#,
];

pub const TEXTS: &[&str] = &[
    "Ada drinks tea in the morning. Dr. Smith, e.g., prefers coffee! \"Really?\" she asked.\nYes — 3.14 times.",
    "今日は天気がいい。散歩に行こう！ 𝒰𝓃𝒾𝒸ℴ𝒹ℯ 👩‍👩‍👧‍👦 e\u{301}\u{301}\u{301}",
    "\u{feff}\u{202e}\0\r\n\t   \u{2028}\u{2029}…",
    "x",
    "2024-02-29T12:00:00+02:00",
    "0188b2a0-0000-7000-8000-000000000000",
    "mem_01h455vb4pex5vsknk084sn02q",
];
