use proptest::prelude::*;

use super::Timeline;
use crate::patch::{Setting, restore, retire};
use crate::valid_time::{Interval, PartialDate, Retired, Retirement, Validity, ValidityPatch};
use crate::{
    ContentHash, Event, MemoryId, Metadata, Patch, Provenance, Scope, Sector, Sectors, Tags, Timestamp, Version,
};

/// Versions of a memory, oldest first.
struct History(Vec<Version>);

/// One change, at the day after the one before.
#[derive(Debug, Clone)]
enum Step {
    Text { text: u8, from: Option<&'static str>, correction: bool },
    Dates { from: Option<Setting<&'static str>>, to: Option<Setting<&'static str>>, correction: bool },
    Tags,
    Retire { why: Retired, to: Option<&'static str> },
    Restore(u8),
}

const DATES: [&str; 8] =
    ["2019", "2020-06", "2021-01-05", "2022", "2023-07", "2024-02-29", "2025-01-01T12:00Z", "2030"];

fn date() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&DATES[..])
}

fn setting() -> impl Strategy<Value = Option<Setting<&'static str>>> {
    prop_oneof![Just(None), Just(Some(Setting::Clear)), date().prop_map(|date| Some(Setting::Set(date)))]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_u8, prop::option::of(date()), any::<bool>())
            .prop_map(|(text, from, correction)| Step::Text { text, from, correction }),
        2 => (setting(), setting(), any::<bool>()).prop_map(|(from, to, correction)| Step::Dates { from, to, correction }),
        1 => Just(Step::Tags),
        2 => (prop::sample::select(vec![Retired::Ended, Retired::Wrong]), prop::option::of(date()))
            .prop_map(|(why, to)| Step::Retire { why, to: to.filter(|_| why == Retired::Ended) }),
        2 => any::<u8>().prop_map(Step::Restore),
    ]
}

fn partial(text: &str) -> PartialDate {
    PartialDate::parse(text).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn provenance() -> Provenance {
    Provenance { event: Event::Update, actor: None, reason: None }
}

fn partial_setting(setting: Option<Setting<&str>>) -> Option<Setting<PartialDate>> {
    setting.map(|setting| match setting {
        Setting::Set(date) => Setting::Set(partial(date)),
        Setting::Clear => Setting::Clear,
    })
}

impl History {
    fn of(validity: Validity) -> Self {
        Self(vec![Version {
            id: MemoryId::read("id", "m").unwrap(),
            number: 1,
            content: ContentHash::of("0"),
            tags: Tags::default(),
            metadata: Metadata::read("metadata", serde_json::Map::new()).unwrap(),
            scope: Scope::default(),
            created_at: at("2024-06-10"),
            updated_at: at("2024-06-10"),
            expires_at: None,
            immutable: false,
            classified: Sectors::new(Sector::Semantic, []),
            provenance: provenance(),
            validity,
        }])
    }

    /// Whether the step was accepted.
    fn apply(&mut self, step: &Step) -> bool {
        let current = self.0.last().unwrap();
        let now = Timestamp::from_millis(current.updated_at.millis() + 86_400_000);
        let patch = |validity| Patch { validity, ..Patch::default() };
        let next = match step {
            Step::Text { text, from, correction } => {
                let from = from.map(|date| Setting::Set(partial(date)));
                let hash = ContentHash::of(&text.to_string());
                let content = Some((hash, current.classified.clone()));
                patch(ValidityPatch { from, to: None, correction: *correction }).apply(
                    current,
                    content,
                    now,
                    provenance(),
                )
            }
            Step::Dates { from, to, correction } => {
                let (from, to) = (partial_setting(*from), partial_setting(*to));
                patch(ValidityPatch { from, to, correction: *correction }).apply(current, None, now, provenance())
            }
            Step::Tags => patch(ValidityPatch::default()).apply(current, None, now, provenance()),
            Step::Retire { why, to } => {
                retire(current, Retirement { why: *why, to: to.map(partial) }, now, provenance())
            }
            Step::Restore(version) => restore(current, &self.0[*version as usize % self.0.len()], now, None, None),
        };
        let Ok(next) = next else { return false };
        self.0.push(next);
        true
    }

    /// The intervals as they were known at a time, oldest first.
    fn known_at(&self, as_of: Timestamp) -> Vec<Interval> {
        let known = self.0.iter().rev().filter(|version| version.updated_at <= as_of);
        let mut timeline = Timeline::default();
        let mut intervals: Vec<Interval> = known.map(|version| timeline.older(version)).collect();
        intervals.reverse();
        intervals
    }

    fn now(&self) -> Vec<Interval> {
        self.known_at(Timestamp::LAST)
    }
}

fn interval(start: Option<&str>, end: Option<&str>) -> Interval {
    Interval { start: start.map(at), end: end.map(at) }
}

fn lisbon_then_porto() -> History {
    let mut history = History::of(Validity { from: Some(partial("2024-06")), ..Validity::default() });
    assert!(history.apply(&Step::Text { text: 1, from: Some("2030"), correction: false }));
    history
}

#[test]
fn a_change_ends_the_version_before_it() {
    let expected = [interval(Some("2024-06-01"), Some("2030-01-01")), interval(Some("2030-01-01"), None)];
    assert_eq!(lisbon_then_porto().now(), expected);
}

#[test]
fn an_unknown_start_reaches_back_for_ever() {
    let mut history = History::of(Validity::default());
    assert_eq!(history.now(), [interval(None, None)]);
    assert!(history.apply(&Step::Text { text: 1, from: None, correction: false }));
    assert_eq!(history.now(), [interval(None, Some("2024-06-11")), interval(Some("2024-06-11"), None)]);
}

#[test]
fn a_corrected_version_never_was_true() {
    let mut history = History::of(Validity::default());
    assert!(history.apply(&Step::Text { text: 1, from: None, correction: true }));
    assert!(history.now()[0].is_empty());
    assert_eq!(history.now()[1], interval(None, None));
    assert_eq!(history.known_at(at("2024-06-10")), [interval(None, None)]);
}

#[test]
fn a_corrected_date_moves_the_end_before_it_in_both_directions() {
    for (date, end) in [("2025-01-01T12:00Z", "2025-01-01T12:00:00Z"), ("2030", "2030-01-01")] {
        let mut history = History::of(Validity { from: Some(partial("2024-02-29")), ..Validity::default() });
        assert!(history.apply(&Step::Text { text: 1, from: Some("2025-01-01T12:00Z"), correction: false }));
        // A change of tags in between makes the same claim.
        assert!(history.apply(&Step::Tags));
        let from = Some(Setting::Set(date));
        assert!(history.apply(&Step::Dates { from, to: None, correction: true }));
        let intervals = history.now();
        assert_eq!(intervals[0], interval(Some("2024-02-29"), Some(end)), "{date}");
        assert!(intervals[1].is_empty() && intervals[2].is_empty());
        assert_eq!(intervals[3], interval(Some(end), None));
    }
}

#[test]
fn a_restored_version_takes_the_time_of_what_replaced_it() {
    let mut history = lisbon_then_porto();
    assert!(history.apply(&Step::Restore(0)));
    let [lisbon, porto, restored] = history.now()[..] else { panic!("three versions") };
    assert!(lisbon.is_empty() && porto.is_empty());
    assert_eq!(restored, interval(Some("2024-06-01"), None));
}

#[test]
fn a_retired_memory_has_ended_or_never_was() {
    let mut ended = History::of(Validity { from: Some(partial("2023-07")), ..Validity::default() });
    assert!(ended.apply(&Step::Retire { why: Retired::Ended, to: Some("2024-02-29") }));
    assert_eq!(ended.now()[1], interval(Some("2023-07-01"), Some("2024-03-01")));
    assert!(ended.now()[0].is_empty());
    let mut wrong = History::of(Validity::default());
    assert!(wrong.apply(&Step::Retire { why: Retired::Wrong, to: None }));
    assert!(wrong.now().iter().all(Interval::is_empty));
}

/// The definition, word by word.
fn by_definition(versions: &[Version]) -> Vec<Interval> {
    let same_claim = |i: usize| {
        let (one, next) = (&versions[i], &versions[i + 1]);
        one.content == next.content && one.validity.start() == next.validity.start()
    };
    let corrected = |mut i: usize| loop {
        if i + 1 == versions.len() {
            return false;
        }
        if versions[i + 1].validity.correction {
            return true;
        }
        if !same_claim(i) {
            return false;
        }
        i += 1;
    };
    let start = |i: usize| versions[i].validity.start();
    (0..versions.len())
        .map(|i| {
            if corrected(i) {
                return Interval::EMPTY;
            }
            let later = (i + 1..versions.len()).filter(|later| !corrected(*later));
            let bounds = later.map(|later| start(later).unwrap_or(Timestamp::FIRST));
            Interval { start: start(i), end: bounds.chain(versions[i].validity.end()).min() }
        })
        .collect()
}

proptest! {
    #[test]
    fn intervals_never_overlap_whatever_is_known(
        from in prop::option::of(date()), steps in prop::collection::vec(step(), 0..12),
    ) {
        let mut history = History::of(Validity { from: from.map(partial), ..Validity::default() });
        for step in &steps {
            history.apply(step);
        }
        for (known, version) in history.0.iter().enumerate() {
            let intervals = history.known_at(version.updated_at);
            prop_assert_eq!(&intervals, &by_definition(&history.0[..=known]));
            for (i, one) in intervals.iter().enumerate() {
                for other in &intervals[i + 1..] {
                    prop_assert!(!one.overlaps(other), "{one:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_change_of_tags_moves_no_interval(
        from in prop::option::of(date()), steps in prop::collection::vec(step(), 0..8), times in prop::collection::vec(date(), 1..4),
    ) {
        let mut history = History::of(Validity { from: from.map(partial), ..Validity::default() });
        for step in &steps {
            history.apply(step);
        }
        let text_at = |history: &History, time: &str| {
            let intervals = history.now();
            let holds = intervals.iter().position(|interval| interval.holds(partial(time).start()));
            holds.map(|i| history.0[i].content)
        };
        let before: Vec<_> = times.iter().map(|time| text_at(&history, time)).collect();
        prop_assert!(history.apply(&Step::Tags));
        let after: Vec<_> = times.iter().map(|time| text_at(&history, time)).collect();
        prop_assert_eq!(before, after);
    }
}
